//! Requests that contain tokens and passwords: every buffer that one passes through is wiped.

use pilotlight_core::protocol::message::HttpRequest;
use url::Url;

use crate::allocator::{blocks_left_by, secret};

#[test]
fn a_request_leaves_nothing_of_what_it_sends() {
    let url = Url::parse("https://issuer.example.com/oauth/token").unwrap();
    // Escaping makes the rest two or three times as long.
    for rest in ["", "/", "\u{e9}", "\""] {
        let value = secret() + &rest.repeat(10_000);
        let fields = [("grant_type", "refresh_token"), ("refresh_token", value.as_str())];
        let left = blocks_left_by(|| drop(HttpRequest::post_form(url.clone(), fields)));
        assert_eq!(left, 0, "a form, {rest:?}");
        let left = blocks_left_by(|| drop(HttpRequest::post_json(url.clone(), &fields).unwrap()));
        assert_eq!(left, 0, "JSON, {rest:?}");
    }
}
