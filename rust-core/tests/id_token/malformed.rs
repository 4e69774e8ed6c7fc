//! Input that no issuer sends: always an error, never a panic, and nothing is accepted.

use pilotlight_core::jose::IdTokenProblem;
use pilotlight_core::jose::{KeySet, verify};

use pilotlight_core::model::secret::Secret;
use serde_json::{Value, json};

use crate::support::{
    CLIENT, ISSUER, NOW, SigningKey, all_algorithms, base64url, key_set, right_claims, sign_in, verify_signature,
};

#[test]
fn what_is_not_a_jwt_is_called_malformed() {
    let key = SigningKey::new("1", "ES256");
    let keys = key_set(&[key.jwk()]);
    let right = key.token(&right_claims()).expose().to_owned();
    let parts: Vec<_> = right.split('.').collect();
    let (header, payload, signature) = (parts[0], parts[1], parts[2]);
    let none = base64url(br#"{"alg":"ES256","#);
    let rows = [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "....".to_owned(),
        "an opaque token".to_owned(),
        format!("{header}.{payload}"),
        format!("{right}."),
        format!(".{right}"),
        format!("{header}.{payload}.{payload}.{signature}"),
        format!("{header}.{payload}.{signature}.{signature}.{signature}"),
        format!("{none}.{payload}.{signature}"),
        format!(" {right}"),
        format!("{right}\n"),
        format!("{right}\0"),
        format!("\0{right}"),
        format!("{right}="),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}.{signature}é"),
        format!("🛂{right}"),
        format!("{}.{payload}.{signature}", header.replace('e', "+")),
        format!("{}.{payload}.{signature}", base64url(&[0xff, 0xfe, 0xfd])),
        "a.".repeat(500_000),
        "A".repeat(1_000_000),
        format!("{header}.{}.{signature}", "A".repeat(1_000_000)),
        format!("{}.{payload}.{signature}", base64url("[".repeat(100_000).as_bytes())),
    ];
    for row in rows {
        let problem = verify_signature(&Secret::new(row.clone()), &keys, &all_algorithms()).unwrap_err();
        let start: String = row.chars().take(60).collect();
        assert!(matches!(problem, IdTokenProblem::Malformed(_)), "{start}: {problem:?}");
    }
}

#[test]
fn a_token_has_at_most_256_kibibytes() {
    let problem_of =
        |bytes| verify_signature(&Secret::new("A".repeat(bytes)), &key_set(&[]), &all_algorithms()).unwrap_err();
    assert_eq!(problem_of(256 * 1024), IdTokenProblem::Malformed("not three parts"));
    assert_eq!(
        problem_of(256 * 1024 + 1),
        IdTokenProblem::Malformed("longer than 256 KiB")
    );
}

#[test]
fn a_signed_payload_that_is_not_an_object_is_malformed() {
    let key = SigningKey::new("1", "ES256");
    let keys = key_set(&[key.jwk()]);
    let deep = "{\"a\":".repeat(5_000);
    for payload in [
        "",
        "null",
        "[]",
        "\"text\"",
        "1",
        "{",
        "{}x",
        "{\"exp\":1e999}",
        deep.as_str(),
    ] {
        let token = key.token_with(&key.header(), payload.as_bytes());
        let problem = verify_signature(&token, &keys, &all_algorithms()).unwrap_err();
        assert_eq!(
            problem,
            IdTokenProblem::Malformed("the payload is not a JSON object in base64url"),
            "{payload:.20}"
        );
    }
}

#[test]
fn no_mutation_of_a_token_is_believed() {
    let key = SigningKey::new("1", "ES256");
    let keys = key_set(&[
        key.jwk(),
        SigningKey::new("2", "RS256").jwk(),
        SigningKey::new("3", "EdDSA").jwk(),
    ]);
    let right = key.token(&right_claims()).expose().to_owned();
    let mut random = Random(0x5eed_0f70_6b65_6e73);
    for round in 0..20_000 {
        let mut mutated = right.clone().into_bytes();
        for _ in 0..=random.below(3) {
            mutate(&mut mutated, &mut random);
        }
        let mutated = String::from_utf8_lossy(&mutated).into_owned();
        if mutated != right {
            assert!(
                verify(&Secret::new(mutated), &keys, &all_algorithms(), &sign_in()).is_err(),
                "round {round}"
            );
        }
    }
}

#[test]
fn no_mutation_of_a_key_set_causes_a_panic() {
    let keys: Vec<_> = ["RS256", "ES256", "EdDSA"]
        .map(|name| SigningKey::new("1", name).jwk())
        .to_vec();
    let right = json!({"keys": keys}).to_string().into_bytes();
    let token = SigningKey::new("1", "ES256").token(&right_claims());
    let mut random = Random(0x5eed_006b_6579_7321);
    for round in 0..5_000 {
        let mut mutated = right.clone();
        mutate(&mut mutated, &mut random);
        if let Ok(keys) = KeySet::parse(&mutated) {
            assert!(
                verify(&token, &keys, &all_algorithms(), &sign_in()).is_err(),
                "round {round}"
            );
        }
    }
}

/// Claims of any JSON type and size, with a valid signature: those that are accepted obey the rules nevertheless.
#[test]
fn claims_of_any_shape_are_judged() {
    let key = SigningKey::new("1", "EdDSA");
    let keys = key_set(&[key.jwk()]);
    let names = [
        "iss",
        "aud",
        "azp",
        "sub",
        "exp",
        "iat",
        "nbf",
        "nonce",
        "auth_time",
        "at_hash",
    ];
    let values = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e308),
        json!(NOW),
        json!(NOW + 100),
        json!(NOW as f64 + 0.25),
        json!(""),
        json!(ISSUER),
        json!(CLIENT),
        json!([CLIENT]),
        json!([CLIENT, "b"]),
        json!([]),
        json!({}),
        json!([[null]]),
        json!("\u{0}\u{202e}🛂"),
    ];
    let mut random = Random(0x5eed_0063_6c61_696d);
    let mut believed = 0;
    for round in 0..4_000 {
        let mut claims = right_claims();
        for _ in 0..=random.below(2) {
            claims[names[random.below(names.len())]] = values[random.below(values.len())].clone();
        }
        if let Ok(id_token) = verify(&key.token(&claims), &keys, &all_algorithms(), &sign_in()) {
            believed += 1;
            assert_eq!(claims["iss"], json!(ISSUER), "round {round}");
            assert_eq!(claims["sub"].as_str(), Some(id_token.subject.as_str()), "round {round}");
            assert!(claims["exp"].as_f64().unwrap() > NOW as f64 - 60.0, "round {round}");
            assert!(claims["aud"] == CLIENT || claims["aud"][0] == CLIENT, "round {round}");
            assert!(
                matches!(claims.get("azp"), None | Some(Value::Null)) || claims["azp"] == CLIENT,
                "round {round}"
            );
        }
    }
    assert!((1..4_000).contains(&believed), "{believed}");
}

fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    if bytes.is_empty() {
        return;
    }
    let (position, other) = (random.below(bytes.len()), random.below(bytes.len()));
    match random.below(7) {
        0 => bytes[position] ^= 1 << random.below(8),
        1 => bytes[position] = b"ABYZabyz0189-_.=+/\0\"{}[]"[random.below(24)],
        2 => drop(bytes.remove(position)),
        3 => bytes.insert(position, b"A.=\0\"{"[random.below(6)]),
        4 => bytes.truncate(position),
        5 => bytes.swap(position, other),
        _ => {
            let piece = bytes[position.min(other)..position.max(other)].to_vec();
            bytes.splice(position..position, piece);
        }
    }
}

/// SplitMix64: the same numbers on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }
}
