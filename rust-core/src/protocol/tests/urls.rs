//! Which parts of a URL are shown, kept and compared.

use serde_json::{Map, Value};
use url::Url;

use crate::protocol::authorization::is_at;
use crate::protocol::discovery::{kept_part, shown};
use crate::protocol::endpoint::host_of;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

#[test]
fn errors_name_the_host_and_a_port_that_is_not_the_usual() {
    for (text, host) in [
        (
            "https://user:secret@issuer.example.com/path?query",
            "issuer.example.com",
        ),
        ("https://issuer.example.com:443/", "issuer.example.com"),
        ("http://127.0.0.1:4000/", "127.0.0.1:4000"),
        ("data:text/plain,secret", ""),
    ] {
        assert_eq!(host_of(&url(text)), host);
    }
}

#[test]
fn an_issuer_is_shown_without_what_could_be_a_secret() {
    assert_eq!(
        shown("https://issuer.example.com/a?b#c"),
        "https://issuer.example.com/a"
    );
    for odd in [
        "no URL",
        "data:text/plain,secret",
        "https://user@issuer.example.com/",
        "https://:secret@issuer.example.com/",
        "https://user:secret@issuer.example.com/",
    ] {
        assert_eq!(shown(odd), "what is not a URL", "{odd}");
    }
    let long = format!("https://issuer.example.com/{}", "a".repeat(300));
    assert_eq!(shown(&long), long[..200]);
}

#[test]
fn a_redirect_uri_comes_back_as_it_was_with_an_answer_added() {
    for (sent, redirect, fits) in [
        ("com.example.app://callback?code=1", "com.example.app://callback", true),
        ("com.example.app://other?code=1", "com.example.app://callback", false),
        (
            "com.example.other://callback?code=1",
            "com.example.app://callback",
            false,
        ),
        ("https://example.com/a?code=1", "https://example.com/a", true),
        ("https://example.com/b?code=1", "https://example.com/a", false),
        ("https://example.com:444/a?code=1", "https://example.com/a", false),
        ("https://other.example.com/a?code=1", "https://example.com/a", false),
        ("https://example.com/?code=1", "https://example.com", true),
        ("https://example.com/a?x=1&code=1", "https://example.com/a?x=1", true),
        ("https://example.com/a?x=2&code=1", "https://example.com/a?x=1", false),
        ("https://example.com/a?code=1", "https://example.com/a?x=1", false),
        // RFC 8252 7.3: any port, for plain http on this machine.
        ("http://127.0.0.1:5000/a", "http://127.0.0.1/a", true),
        ("http://127.0.0.1:5000/a", "http://127.0.0.1:6000/a", true),
        ("https://127.0.0.1:5000/a", "https://127.0.0.1/a", false),
        ("http://example.com:5000/a", "http://example.com/a", false),
    ] {
        assert_eq!(is_at(&url(sent), &url(redirect)), fits, "{sent} at {redirect}");
    }
}

#[test]
fn sixteen_kilobytes_of_a_document_are_kept_and_only_what_is_read() {
    let document = |bytes: usize| {
        let mut document = Map::new();
        document.insert("issuer".to_owned(), Value::String("x".repeat(bytes)));
        document.insert("unread".to_owned(), Value::Bool(true));
        document
    };
    let frame = r#"{"issuer":""}"#.len();
    let kept = kept_part(document(16_384 - frame)).unwrap();
    assert_eq!((kept.len(), kept.contains("unread")), (16_384, false));
    assert_eq!(kept_part(document(16_385 - frame)), None);
}
