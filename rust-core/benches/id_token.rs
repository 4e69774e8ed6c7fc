//! The cost of an ID token beyond its signature: the whole verification beside `ring` alone, over the same bytes in one
//! run.
//!
//! `cargo bench -p pilotlight-core --bench id_token`. The goal is a ratio of at most 1.3 for each algorithm; it is
//! printed last.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark tells by printing, and fails loudly"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use pilotlight_core::jose::verify;
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;
use support::{SigningKey, all_algorithms, decode_base64url, key_set, right_claims, sign_in};

#[allow(dead_code, reason = "shared with the tests, which need more of it")]
#[path = "../tests/id_token/support.rs"]
mod support;

#[path = "support/mod.rs"]
mod rounds;

fn id_tokens(criterion: &mut Criterion) {
    for algorithm in ["RS256", "ES256"] {
        let key = SigningKey::new("1", algorithm);
        let (token, keys, allowed, expected) = (
            key.token(&right_claims()),
            key_set(&[key.jwk()]),
            all_algorithms(),
            sign_in(),
        );
        let (message, signature) = token.expose().rsplit_once('.').unwrap();
        let signature = decode_base64url(signature);
        let bare = bare_verification(&key.jwk());

        let whole = || verify(black_box(&token), &keys, &allowed, &expected).unwrap();
        let alone = || bare(black_box(message.as_bytes()), black_box(&signature));
        let mut group = criterion.benchmark_group(algorithm);
        group.bench_function("ID token", |bencher| bencher.iter(whole));
        group.bench_function("signature alone", |bencher| bencher.iter(alone));
        group.finish();
        rounds::compare(&format!("{algorithm} ID token, beside its signature"), 20, whole, alone);
    }
}

/// Verifies with `ring` and panics if it fails.
fn bare_verification(jwk: &Value) -> impl Fn(&[u8], &[u8]) + use<> {
    let member = |name: &str| jwk[name].as_str().map(decode_base64url).unwrap_or_default();
    let components = RsaPublicKeyComponents {
        n: member("n"),
        e: member("e"),
    };
    let point = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, [vec![4], member("x"), member("y")].concat());
    let is_rsa = jwk["kty"] == "RSA";
    move |message, signature| {
        let result = if is_rsa {
            components.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
        } else {
            point.verify(message, signature)
        };
        result.unwrap();
    }
}

criterion_group!(benches, id_tokens);
criterion_main!(benches);
