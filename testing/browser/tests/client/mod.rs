//! A minimal client. Tests look at its requests and their answers.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use pilotlight_test_browser::{Browser, InteropServer};
use reqwest::StatusCode;
use serde_json::Value;
use url::Url;

pub(crate) const REDIRECT_URI: &str = "com.example.pilotlight://callback";
const SCOPE: &str = "openid profile email address offline_access";
/// RFC 7636, appendix B. A published verifier is enough, because nobody attacks.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) struct Client {
    http: reqwest::Client,
    pub(crate) discovery: Value,
    client_id: &'static str,
}

impl Client {
    pub(crate) async fn discover(server: &InteropServer) -> Self {
        let http = pilotlight_test_browser::plain_http_client().build().unwrap();
        let url = format!("{}/.well-known/openid-configuration", server.issuer());
        let discovery: Value = http.get(url).send().await.unwrap().json().await.unwrap();
        assert_eq!(discovery["issuer"], server.issuer());
        Self {
            http,
            discovery,
            client_id: server.client_id(),
        }
    }

    fn endpoint(&self, name: &str) -> Url {
        Url::parse(self.discovery[name].as_str().unwrap()).unwrap()
    }

    pub(crate) fn authorize_url(&self, redirect_uri: &str, prompt: &str) -> String {
        let parameters = [
            ("response_type", "code"),
            ("client_id", self.client_id),
            ("redirect_uri", redirect_uri),
            ("scope", SCOPE),
            ("state", "st4te"),
            ("nonce", "n0nce"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("prompt", prompt),
        ];
        let mut url = self.endpoint("authorization_endpoint");
        url.query_pairs_mut()
            .extend_pairs(parameters.iter().filter(|(_, value)| !value.is_empty()));
        url.into()
    }

    /// Signs in and exchanges the code. Returns the token endpoint's answer.
    pub(crate) async fn sign_in(&self, browser: &Browser, redirect_uri: &str, prompt: &str) -> Value {
        let callback = browser
            .sign_in(&self.authorize_url(redirect_uri, prompt), redirect_uri)
            .await
            .unwrap();
        let callback = Url::parse(&callback).unwrap();
        assert_eq!(parameter(&callback, "state").as_deref(), Some("st4te"), "{callback}");
        let code = parameter(&callback, "code").unwrap_or_else(|| panic!("no code in {callback}"));
        let exchange = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        let (status, answer) = self.token(&exchange).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }

    pub(crate) async fn refresh(&self, answer: &Value) -> (StatusCode, Value) {
        let refresh_token = answer["refresh_token"].as_str().unwrap();
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)])
            .await
    }

    async fn token(&self, form: &[(&str, &str)]) -> (StatusCode, Value) {
        let form: Vec<_> = form.iter().copied().chain([("client_id", self.client_id)]).collect();
        let response = self
            .http
            .post(self.endpoint("token_endpoint"))
            .form(&form)
            .send()
            .await
            .unwrap();
        (response.status(), response.json().await.unwrap())
    }

    /// The status, media type and body.
    pub(crate) async fn userinfo(&self, answer: &Value) -> (StatusCode, String, String) {
        let access_token = answer["access_token"].as_str().unwrap();
        let request = self
            .http
            .get(self.endpoint("userinfo_endpoint"))
            .bearer_auth(access_token);
        let response = request.send().await.unwrap();
        let media_type = response
            .headers()
            .get("content-type")
            .map(|value| value.to_str().unwrap());
        let media_type = media_type.unwrap_or_default().split(';').next().unwrap().to_owned();
        (response.status(), media_type, response.text().await.unwrap())
    }

    pub(crate) async fn revoke(&self, answer: &Value, endpoint: Url) -> StatusCode {
        let form = [
            ("client_id", self.client_id),
            ("token", answer["refresh_token"].as_str().unwrap()),
        ];
        self.http.post(endpoint).form(&form).send().await.unwrap().status()
    }

    pub(crate) async fn key_ids(&self) -> Vec<String> {
        let jwks: Value = self
            .http
            .get(self.endpoint("jwks_uri"))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        jwks["keys"]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// A JWT's header (0) or claims (1). The smoke test of a server does not verify the signature; that is the client's
/// task.
pub(crate) fn jwt_part(jwt: &str, part: usize) -> Value {
    let encoded = jwt.split('.').nth(part).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(encoded).unwrap()).unwrap()
}

pub(crate) fn jwt_claims(jwt: &Value) -> Value {
    jwt_part(jwt.as_str().unwrap(), 1)
}
