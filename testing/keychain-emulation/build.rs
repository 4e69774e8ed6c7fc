//! Where the adapter's files and CoreFoundation are, and which of its calls are counted.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// What gives a reference away or takes it: every one of these that the adapter's code can reach.
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
    println!("cargo::rerun-if-env-changed=PILOTLIGHT_KEYCHAIN_ADAPTER_DIR");
    if env::var_os("CARGO_FEATURE_FOUNDATION").is_none() {
        return;
    }
    // Another folder holds an adapter with a mistake in it, which the tests have to find.
    let adapter = env::var_os("PILOTLIGHT_KEYCHAIN_ADAPTER_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rust-core/src/adapters/keychain"),
        PathBuf::from,
    );
    let modules: String = ["constants", "content", "system"]
        .map(|name| {
            format!(
                "#[path = {:?}]\npub(crate) mod {name};\n",
                adapter.join(format!("{name}.rs"))
            )
        })
        .concat();
    let adapters = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rust-core/src/adapters");
    let module = |path: &str, name: &str| format!("#[path = {:?}]\npub(crate) mod {name};\n", adapters.join(path));
    let proxies = module("proxy/cfnetwork.rs", "cfnetwork");
    let notifications = module("darwin_notifications.rs", "darwin_notifications");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    for (name, content) in [
        ("adapter.rs", modules),
        ("proxies.rs", proxies),
        ("notifications.rs", notifications),
    ] {
        if let Err(error) = fs::write(out.join(name), content) {
            println!("cargo::error=the list of the adapter's files cannot be written: {error}");
        }
    }
    // Lints check the code without linking it, and so without CoreFoundation.
    let Ok(foundation) = env::var("PILOTLIGHT_FOUNDATION_DIR") else {
        return;
    };
    println!("cargo::rustc-link-search=native={foundation}");
    println!("cargo::rustc-link-lib=dylib=Foundation");
    // What libFoundation.so needs itself is found when the tests are started.
    println!("cargo::rustc-link-arg=-Wl,--allow-shlib-undefined");
    for name in COUNTED {
        println!("cargo::rustc-link-arg=-Wl,--wrap={name}");
    }
}
