//! Callback URLs: anybody can send an app one.

use pilotlight_core::machine::error::Error;
use pilotlight_core::model::configuration::{Configuration, Provider, SessionConfiguration};
use pilotlight_core::model::secret::Secret;
use pilotlight_core::protocol::authorization::{Callback, read_callback};
use pilotlight_core::protocol::discovery::IssuerMetadata;
use url::Url;

use super::assert_presentable;

const STATE: &str = "af0ifjsldkj";

/// The input is the URL.
pub fn callback_url(input: &[u8]) {
    let callback = String::from_utf8_lossy(input);
    for (redirect_uri, iss_promised) in [
        ("com.example.pilotlight://callback", false),
        ("com.example.pilotlight://callback?tenant=a", true),
        ("https://app.example.com/callback", true),
        ("http://127.0.0.1/callback", false),
    ] {
        let (configuration, mut metadata) = issuer(redirect_uri);
        metadata.iss_parameter_promised = iss_promised;
        match read_callback(&callback, &configuration, &metadata, &Secret::new(STATE)).map_err(Error::from) {
            Ok(Callback::Code(code)) => {
                assert_answers(&callback, redirect_uri);
                assert!(!code.expose().is_empty());
                assert_eq!(values(&callback, "code"), [code.expose()]);
                assert!(values(&callback, "error").is_empty());
                let issuers = values(&callback, "iss");
                assert!(issuers == [metadata.issuer] || (issuers.is_empty() && !iss_promised));
            }
            Ok(Callback::Refused(error)) => {
                let error = Error::from(error);
                assert_answers(&callback, redirect_uri);
                assert_presentable(&error);
                assert!(matches!(error, Error::SignIn { .. }));
            }
            Err(error) => {
                assert_presentable(&error);
                assert!(!error.to_string().contains(STATE));
            }
        }
    }
}

/// It is this redirect URI's, and it knows this sign-in's state.
fn assert_answers(callback: &str, redirect_uri: &str) {
    let (callback_url, redirect) = (Url::parse(callback).unwrap(), Url::parse(redirect_uri).unwrap());
    assert_eq!(
        (callback_url.scheme(), callback_url.host_str()),
        (redirect.scheme(), redirect.host_str())
    );
    assert_eq!(
        callback_url.path().trim_end_matches('/'),
        redirect.path().trim_end_matches('/')
    );
    assert_eq!(values(callback, "state"), [STATE]);
}

fn values(url: &str, name: &str) -> Vec<String> {
    let url = Url::parse(url).unwrap();
    let pairs = url.query_pairs().filter(|(key, _)| key == name);
    pairs.map(|(_, value)| value.into_owned()).collect()
}

fn issuer(redirect_uri: &str) -> (Configuration, IssuerMetadata) {
    let written = SessionConfiguration::new(
        Provider::Auth0 {
            domain: "tenant.example.com".to_owned(),
        },
        "client",
        redirect_uri,
        &["openid"],
    );
    let metadata = IssuerMetadata::of_auth0(&"https://tenant.example.com/".parse().unwrap());
    (Configuration::parse(written).unwrap(), metadata)
}
