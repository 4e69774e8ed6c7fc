//! Finds the adapter's files and CoreFoundation, and selects the calls that are counted.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// The functions that give or take a reference: every one that the adapter's code can reach.
const COUNTED: [&str; 10] = [
    "CFRetain",
    "CFRelease",
    "CFStringCreateWithBytes",
    "CFDataCreate",
    "CFDictionaryCreate",
    "CFArrayCreate",
    "CFNumberCreate",
    "CFErrorCreate",
    "CFURLCreateWithBytes",
    "CFRunLoopSourceCreate",
];

fn main() {
    println!("cargo::rerun-if-env-changed=PILOTLIGHT_FOUNDATION_DIR");
    println!("cargo::rerun-if-env-changed=PILOTLIGHT_CORE_SOURCE_DIR");
    if env::var_os("CARGO_FEATURE_FOUNDATION").is_none() {
        return;
    }
    let module = |folder: &str, name: &str| {
        let file = sources().join(folder).join(format!("{name}.rs"));
        format!("#[path = {file:?}]\npub mod {name};\n")
    };
    let modules = |folder: &str, names: &[&str]| names.iter().map(|name| module(folder, name)).collect::<String>();
    let keychain = modules("adapters/keychain", &["constants", "content", "system"]);
    let proxies = module("adapters/proxy", "cfnetwork");
    let notifications = module("adapters", "darwin_notifications");
    let tls = [
        "aes_gcm",
        "no_private_keys",
        "system_hashes",
        "system_key_exchange",
        "system_provider",
        "system_signatures",
        "x25519",
    ];
    let tls = modules("adapters/tls", &tls);
    let crypto = [
        "algorithm",
        "common_crypto",
        "dalek",
        "der",
        "ecdsa",
        "ed25519",
        "hashing",
        "rsa",
        "security_framework",
    ];
    let crypto = modules("crypto", &crypto);
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    for (name, content) in [
        ("adapter.rs", keychain),
        ("crypto.rs", crypto + CRYPTO),
        ("tls.rs", tls),
        ("proxies.rs", proxies),
        ("notifications.rs", notifications),
    ] {
        if let Err(error) = fs::write(out.join(name), content) {
            println!("cargo::error=the list of the adapter's files cannot be written: {error}");
        }
    }
    // Lints check the code without linking it, and thus without CoreFoundation.
    let Ok(foundation) = env::var("PILOTLIGHT_FOUNDATION_DIR") else {
        return;
    };
    println!("cargo::rustc-link-search=native={foundation}");
    println!("cargo::rustc-link-lib=dylib=Foundation");
    // The libraries that libFoundation.so needs are found when the tests are started.
    println!("cargo::rustc-link-arg=-Wl,--allow-shlib-undefined");
    for name in COUNTED {
        println!("cargo::rustc-link-arg=-Wl,--wrap={name}");
    }
}

/// Another folder may contain a core with a mistake, which the tests have to find.
fn sources() -> PathBuf {
    env::var_os("PILOTLIGHT_CORE_SOURCE_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rust-core/src"),
        PathBuf::from,
    )
}

/// The contents of `crypto/mod.rs`, and of this crate's replacement for the file that chooses the back end.
const CRYPTO: &str = "
mod backend {
    pub(super) use super::common_crypto::State;
    pub(super) use super::dalek::verify_ed25519;
    pub(super) use super::security_framework::{verify_ecdsa, verify_rsa};
}
pub use algorithm::{Curve, Hash, Padding};
pub use hashing::Digest;
";
