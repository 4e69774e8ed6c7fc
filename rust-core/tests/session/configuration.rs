//! A wrong configuration is an error that names the field, found before anything is sent.

use pilotlight_core::model::configuration::{Configuration, Provider};

use crate::error_shapes::shape;
use crate::world::{World, public};

#[test]
fn a_wrong_configuration_names_the_field() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let good = runtime.block_on(async { World::new().await.configuration() });
    assert!(Configuration::parse(good.clone()).is_ok());
    type Change = Box<dyn Fn(&mut pilotlight_core::model::configuration::SessionConfiguration)>;
    let auth0 = |domain: &'static str| -> Change {
        Box::new(move |c| {
            c.provider = Provider::Auth0 {
                domain: domain.to_owned(),
            }
        })
    };
    let oidc = |issuer: &'static str| -> Change {
        Box::new(move |c| {
            c.provider = Provider::OpenIdConnect {
                issuer: issuer.to_owned(),
            }
        })
    };
    let redirect = |uri: &'static str| -> Change { Box::new(move |c| c.redirect_uri = uri.to_owned()) };
    let parameter = |name: &'static str| -> Change {
        Box::new(move |c| drop(c.authorize_parameters.insert(name.to_owned(), "x".to_owned())))
    };
    let header = |name: &'static str, value: &'static str| -> Change {
        Box::new(move |c| drop(c.headers.insert(name.to_owned(), value.to_owned())))
    };
    let cases: Vec<(&str, Change)> = vec![
        ("domain", auth0("")),
        ("domain", auth0("http://tenant.auth0.com")),
        ("domain", auth0("tenant.auth0.com/path")),
        ("domain", auth0("ten ant")),
        ("issuer", oidc("issuer.example")),
        ("issuer", oidc("http://issuer.example")),
        ("issuer", oidc("https://user:secret@issuer.example")),
        ("issuer", oidc("https://issuer.example/?tenant=1")),
        (
            "issuer",
            oidc("https://issuer.example/.well-known/openid-configuration"),
        ),
        ("client_id", Box::new(|c| c.client_id = " ".to_owned())),
        ("redirect_uri", redirect("")),
        ("redirect_uri", redirect("callback")),
        ("redirect_uri", redirect("http://app.example.com/callback")),
        ("redirect_uri", redirect("com.example.app://callback#fragment")),
        ("redirect_uri", redirect("javascript:alert(1)")),
        ("scopes", Box::new(|c| c.scopes = vec!["profile".to_owned()])),
        ("scopes", Box::new(|c| c.scopes.push("two words".to_owned()))),
        ("audience", Box::new(|c| c.audience = Some(String::new()))),
        (
            "resources",
            Box::new(|c| c.resources.push("https://api.example.com/".to_owned())),
        ),
        (
            "resources",
            Box::new(|c| {
                c.provider = Provider::OpenIdConnect {
                    issuer: "https://issuer.example".to_owned(),
                };
                c.resources = vec!["https://api.example.com/".to_owned(), "not a uri".to_owned()];
            }),
        ),
        ("authorize_parameters", parameter("state")),
        ("authorize_parameters", parameter("code_challenge")),
        ("authorize_parameters", parameter("")),
        // RFC 9101: a request object would undo PKCE, `state` and `nonce`.
        ("authorize_parameters", parameter("request")),
        ("authorize_parameters", parameter("request_uri")),
        ("authorize_parameters", parameter("max_age")),
        // A secret would appear in a URL.
        ("authorize_parameters", parameter("client_secret")),
        ("authorize_parameters", parameter("client_assertion")),
        ("authorize_parameters", parameter("password")),
        (
            "token_parameters",
            Box::new(|c| {
                drop(
                    c.token_parameters
                        .insert("grant_type".to_owned(), "password".to_owned()),
                )
            }),
        ),
        ("headers", header("Authorization", "Basic x")),
        (
            "header_origins",
            Box::new(|c| c.header_origins = vec!["login.example.com".to_owned()]),
        ),
        (
            "header_origins",
            Box::new(|c| c.header_origins = vec!["http://login.example.com".to_owned()]),
        ),
        (
            "header_origins",
            Box::new(|c| c.header_origins = vec!["https://login.example.com/realm".to_owned()]),
        ),
        // Headers that frame the message (RFC 9110 7.6.1, RFC 9112 6).
        ("headers", header("Transfer-Encoding", "chunked")),
        ("headers", header("Content-Encoding", "gzip")),
        ("headers", header("connection", "close")),
        ("headers", header("Expect", "100-continue")),
        ("headers", header("Proxy-Authorization", "Basic x")),
        ("headers", header("If-None-Match", "\"x\"")),
        ("headers", header("x y", "1")),
        ("headers", header("x-tenant", "a\r\nb: c")),
        ("leeway_seconds", Box::new(|c| c.leeway_seconds = 301)),
    ];
    for (field, change) in cases {
        let mut configuration = good.clone();
        change(&mut configuration);
        assert_eq!(
            shape(public(Configuration::parse(configuration.clone()))),
            format!("fix {field}"),
            "{configuration:?}"
        );
    }
    for domain in [
        "tenant.eu.auth0.com",
        "https://login.example.com",
        "https://login.example.com/",
        "http://localhost:4000",
        "http://[::1]:4000",
    ] {
        let provider = Provider::Auth0 {
            domain: domain.to_owned(),
        };
        assert!(
            Configuration::parse(pilotlight_core::model::configuration::SessionConfiguration {
                provider,
                ..good.clone()
            })
            .is_ok(),
            "{domain}"
        );
    }
}

/// docs/adr/0007: names are not converted, so that the tables for it are in no app. Two spellings of a name would also
/// be two issuers when `iss` is compared.
#[test]
fn an_internationalized_host_is_given_in_punycode() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let good = runtime.block_on(async { World::new().await.configuration() });
    let with = |provider, redirect_uri: &str| {
        Configuration::parse(pilotlight_core::model::configuration::SessionConfiguration {
            provider,
            redirect_uri: redirect_uri.to_owned(),
            ..good.clone()
        })
    };
    let auth0 = |domain: &str| Provider::Auth0 {
        domain: domain.to_owned(),
    };
    let oidc = |issuer: &str| Provider::OpenIdConnect {
        issuer: issuer.to_owned(),
    };
    let custom_scheme = "com.example.app://callback";
    let refused = [
        ("domain", auth0("anmeldung.m\u{fc}nchen.example"), custom_scheme),
        ("domain", auth0("m%C3%BCnchen.example"), custom_scheme),
        ("domain", auth0("tenant\u{3002}auth0.com"), custom_scheme),
        ("domain", auth0("xn--\u{fc}.example"), custom_scheme),
        ("issuer", oidc("https://\u{4f8b}\u{3048}.example/realm"), custom_scheme),
        (
            "redirect_uri",
            auth0("tenant.auth0.com"),
            "https://m\u{fc}nchen.example/callback",
        ),
    ];
    for (field, provider, redirect_uri) in refused {
        let error = public(with(provider.clone(), redirect_uri));
        let text = format!("{error:?}");
        assert_eq!(shape(error), format!("fix {field}"), "{provider:?} {redirect_uri}");
        assert!(text.contains("xn--"), "{text}");
    }

    let spelled = "login.xn--mnchen-3ya.example";
    let parsed = with(auth0(spelled), "https://xn--mnchen-3ya.example/callback").unwrap();
    assert_eq!(parsed.issuer.as_url().host_str(), Some(spelled));
    let upper_case = with(auth0("Login.XN--Mnchen-3ya.Example"), custom_scheme).unwrap();
    assert_eq!(upper_case.issuer.as_url().host_str(), Some(spelled));
    // Only the host matters: paths and custom schemes are escaped as before.
    assert!(
        with(
            oidc("https://login.example/m\u{fc}nchen"),
            "com.example.app://m\u{fc}nchen"
        )
        .is_ok()
    );
}
