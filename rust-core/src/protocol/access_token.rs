//! What can be read from an access token without its issuer.

use serde_json::Value;

use crate::jose::{decode_object, names_audience};
use crate::model::audience::Audience;
use crate::model::secret::Secret;

/// Whether an Auth0 access token is for `audience`, as far as this can be determined. Auth0 ignores an audience that
/// the refresh token is not allowed to use, and answers with a token for the session's own audience. Tokens for an API
/// are JWTs at Auth0; tokens for userinfo alone are not (Auth0: "Access Tokens"). The contents are only read, not
/// verified.
pub fn seems_to_be_for(access_token: &Secret, audience: &Audience) -> bool {
    let mut parts = access_token.expose().split('.');
    let (Some(payload), Some(_), None) = (parts.nth(1), parts.next(), parts.next()) else {
        // An encrypted token has five parts and cannot be read here.
        return access_token.expose().contains('.');
    };
    let claims = decode_object(payload);
    match claims.as_ref().and_then(|claims| claims.get("aud")) {
        Some(aud @ (Value::String(_) | Value::Array(_))) => names_audience(aud, &audience.identifier),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    #[test]
    fn a_token_for_another_api_is_noticed_where_it_can_be_read() {
        let jwt = |claims: &str| Secret::new(format!("h.{}.s", URL_SAFE_NO_PAD.encode(claims)));
        let api = Audience::parse("https://api/".to_owned(), Vec::new()).unwrap();
        assert!(seems_to_be_for(&jwt(r#"{"aud":"https://api/"}"#), &api));
        assert!(seems_to_be_for(&jwt(r#"{"aud":["x","https://api/"]}"#), &api));
        assert!(seems_to_be_for(&jwt("{}"), &api) && seems_to_be_for(&Secret::new("not.a.jwt"), &api));
        assert!(seems_to_be_for(&Secret::new("a.b.c.d.e"), &api), "encrypted");
        assert!(!seems_to_be_for(&jwt(r#"{"aud":"https://other/"}"#), &api));
        assert!(!seems_to_be_for(&Secret::new("opaque"), &api));
    }
}
