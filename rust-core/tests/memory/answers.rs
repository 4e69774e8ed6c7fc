//! Answers that contain tokens, and stored items: every buffer that a token passes through is wiped.

use pilotlight_core::model::secret::SecretBytes;
use pilotlight_core::model::time::Timestamp;
use pilotlight_core::protocol::content_coding::decoded;
use pilotlight_core::protocol::failure::Grant;
use pilotlight_core::protocol::legacy::delegation::{self, Shown};
use pilotlight_core::protocol::legacy::resource_owner;
use pilotlight_core::protocol::message::HttpAnswer;
use pilotlight_core::protocol::{revocation, token};
use pilotlight_core::storage::envelope::StoredItem;

use crate::allocator::{blocks_left_by, secret};

const NOW: Timestamp = Timestamp(1_700_000_000);

fn answer(status: u16, body: impl Into<Vec<u8>>) -> HttpAnswer {
    HttpAnswer {
        host: String::new(),
        status,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: SecretBytes::new(body.into()),
    }
}

/// Bodies with tokens in every place and every notation.
fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let secret = secret();
    let plain = format!(
        r#"{{"access_token":"{secret}","token_type":"Bearer","expires_in":60,"refresh_token":"{secret}","id_token":"{secret}"}}"#
    );
    let with = |member: &str| plain.replacen('{', &format!("{{{member},"), 1).into_bytes();
    let as_utf16 = plain.encode_utf16().flat_map(u16::to_le_bytes);
    vec![
        ("plain", plain.clone().into_bytes()),
        ("after a byte order mark", format!("\u{feff}{plain}").into_bytes()),
        ("in UTF-16", [0xff, 0xfe].into_iter().chain(as_utf16).collect()),
        (
            "escaped",
            plain.replace('-', "\\u002d").replace('_', "\\u005f").into_bytes(),
        ),
        (
            "after escapes that grow",
            with(&format!(r#""a":"{}{secret}""#, r"\u".repeat(400))),
        ),
        (
            "beside bytes that are not UTF-8",
            [b"{\"a\":\"\xff\",".as_slice(), &plain.as_bytes()[1..]].concat(),
        ),
        (
            "in a text with bytes that are not UTF-8",
            [
                b"{\"a\":\"\xff\xfe".as_slice(),
                secret.as_bytes(),
                b"\",",
                &plain.as_bytes()[1..],
            ]
            .concat(),
        ),
        ("twice", with(&format!(r#""refresh_token":"{secret}""#))),
        (
            "within an object",
            with(&format!(
                r#""a":{{"b":"{secret}","b":"{secret}","c":["{secret}",{{"d":"{secret}"}}]}}"#
            )),
        ),
        (
            "within an object that cannot be read",
            with(&format!(r#""a":{{"b":"{secret}",c}}"#)),
        ),
        (
            "within an array that cannot be read",
            with(&format!(r#""a":["{secret}",nothing]"#)),
        ),
        ("too deep", with(&format!(r#""a":{}"{secret}""#, "[".repeat(101)))),
        (
            "as a name",
            with(&format!(
                r#""{secret}":1,"{secret}":2,"a":{{"{secret}":1,"{secret}":2}}"#
            )),
        ),
        ("as a name without a value", with(&format!(r#""{secret}","#))),
        ("with a quote too many", with(&format!(r#""a":"{secret}"x""#))),
        ("without an end", plain.as_bytes()[..plain.len() - 30].to_vec()),
        ("of another type", plain.replace("Bearer", "mac").into_bytes()),
        (
            "that cannot be sent",
            plain.replace("\"planted", "\"\\u0000planted").into_bytes(),
        ),
        ("in an array", format!("[{plain}]").into_bytes()),
        ("without JSON", secret.clone().into_bytes()),
    ]
}

#[test]
fn the_allocator_sees_what_is_left() {
    assert_eq!(blocks_left_by(|| drop(secret())), 1);
    assert_eq!(blocks_left_by(|| drop(SecretBytes::new(secret().into_bytes()))), 0);
}

#[test]
fn an_answer_of_the_token_endpoint_leaves_nothing_of_its_tokens() {
    for (what, body) in bodies() {
        for status in [200, 400, 403, 503] {
            let answer = answer(status, body.clone());
            for grant in [
                Grant::AuthorizationCode,
                Grant::RefreshToken,
                Grant::RefreshTokenForAudience,
            ] {
                let left = blocks_left_by(|| drop(token::read(&answer, grant, NOW)));
                assert_eq!(left, 0, "{status}, tokens {what}");
            }
        }
    }
}

#[test]
fn answers_of_older_endpoints_and_of_the_revocation_leave_nothing_either() {
    for (what, body) in bodies() {
        for status in [200, 400, 403] {
            let answer = answer(status, body.clone());
            let left = blocks_left_by(|| {
                drop(delegation::read_renewal(&answer, Shown::RefreshToken, NOW));
                drop(resource_owner::read(&answer, NOW));
                drop(revocation::read(&answer, NOW));
            });
            assert_eq!(left, 0, "{status}, tokens {what}");
        }
    }
}

#[test]
fn an_answer_that_is_coded_leaves_nothing() {
    let body = deflated(&bodies()[0].1);
    let mut answer = answer(200, body);
    answer
        .headers
        .push(("content-encoding".to_owned(), "deflate".to_owned()));
    let left = blocks_left_by(|| {
        let answer = decoded(answer);
        drop(token::read(&answer, Grant::RefreshToken, NOW).unwrap());
    });
    assert_eq!(left, 0);
}

/// A stored block of Deflate, which is not compressed (RFC 1951 3.2.4).
fn deflated(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap();
    [&[1][..], &length.to_le_bytes(), &(!length).to_le_bytes(), bytes].concat()
}

#[test]
fn a_stored_item_leaves_nothing_of_its_tokens() {
    let secret = secret();
    let json = format!(
        r#"{{"version":1,"issuer":"i","client_id":"c","subject":"s","nonce":"{secret}","newer":{{"a":["{secret}"]}},"credentials":{{"refresh_token":"{secret}","received_at":1,"lifetime_seconds":1}}}}"#
    );
    let bytes = SecretBytes::new(json.into_bytes());
    let left = blocks_left_by(|| {
        let item = StoredItem::decode(&bytes).unwrap();
        drop(item.encode().unwrap());
    });
    assert_eq!(left, 0);
}
