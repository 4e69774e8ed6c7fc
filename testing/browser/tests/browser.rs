//! The scripted browser against a real HTTP server.

// Clippy recognises only the test functions themselves as tests.
#![allow(clippy::unwrap_used)]

mod site;

use std::process::Command;

use pilotlight_test_browser::{Browser, BrowserError, Credentials};
use site::Site;

const REDIRECT_URI: &str = "app://callback";

fn browser(password: &str) -> Browser {
    Browser::new(Credentials {
        username: "ada@example.com".into(),
        password: password.into(),
    })
    .unwrap()
}

async fn fails(site: &Site, path: &str) -> BrowserError {
    browser("correct horse")
        .sign_in(&site.url(path), REDIRECT_URI)
        .await
        .unwrap_err()
}

#[tokio::test]
async fn signs_in_consents_and_returns_the_callback() {
    let site = Site::start().await;
    let callback = browser("correct horse")
        .sign_in(&site.url("/authorize?a=1"), REDIRECT_URI)
        .await
        .unwrap();
    assert_eq!(callback, "app://callback?code=c0de&state=s");
    assert_eq!(site.received("/authorize"), ["a=1"]);
    assert_eq!(site.received("/consent/answer"), ["allow=Authorize"]);
}

#[tokio::test]
async fn a_second_sign_in_finds_the_session() {
    let site = Site::start().await;
    let browser = browser("correct horse");
    for _ in 0..2 {
        browser.sign_in(&site.url("/authorize"), REDIRECT_URI).await.unwrap();
    }
    assert_eq!(site.received("/authorize").len(), 2);
    assert_eq!(
        site.received("/login").len(),
        2,
        "one page and one answer: the password was asked for once"
    );
}

#[tokio::test]
async fn a_refused_password_ends_the_sign_in_and_stays_secret() {
    let site = Site::start().await;
    let error = browser("wr0ng pass")
        .sign_in(&site.url("/authorize"), REDIRECT_URI)
        .await
        .unwrap_err();
    assert!(matches!(&error, BrowserError::CredentialsRefused { page } if page.contains("Wrong e-mail")));
    assert!(!format!("{error} {error:?} {:?}", browser("wr0ng pass")).contains("wr0ng"));
    assert_eq!(site.received("/login").len(), 2, "not tried again");
}

#[tokio::test]
async fn sends_forms_as_browsers_do() {
    let site = Site::start().await;
    browser("correct horse")
        .sign_in(&site.url("/form"), REDIRECT_URI)
        .await
        .unwrap();
    let sent = "login_hint=ada@example.com&plain=kept&terms=yes&mfa=none&note=hello & you&lang=cy&next=";
    assert_eq!(site.received("POST /received"), [sent], "307 repeats the POST");
    assert_eq!(site.received("GET /received"), [""], "303 becomes a GET");
}

#[tokio::test]
async fn a_redirect_loop_ends() {
    let site = Site::start().await;
    let error = fails(&site, "/loop").await;
    assert!(matches!(error, BrowserError::TooManyHops(_)), "{error:?}");
    assert_eq!(site.received("/loop").len(), 20);
}

#[tokio::test]
async fn never_leaves_this_machine() {
    let site = Site::start().await;
    let error = fails(&site, "/away").await;
    assert!(
        matches!(&error, BrowserError::NotLoopback(url) if url == "http://192.0.2.1/authorize"),
        "{error:?}"
    );
    for elsewhere in [
        "http://10.0.0.1/",
        "https://127.0.0.1/",
        "http://localhost.example.com/",
        "file:///etc/hosts",
    ] {
        let error = browser("x").sign_in(elsewhere, REDIRECT_URI).await.unwrap_err();
        assert!(matches!(error, BrowserError::NotLoopback(_)), "{elsewhere}: {error:?}");
    }
}

#[tokio::test]
async fn a_lookalike_of_the_redirect_uri_is_no_callback() {
    let site = Site::start().await;
    let error = fails(&site, "/lookalike").await;
    assert!(matches!(error, BrowserError::NotLoopback(_)), "{error:?}");
}

#[tokio::test]
async fn an_error_callback_is_a_callback() {
    let site = Site::start().await;
    let callback = browser("x").sign_in(&site.url("/denied"), REDIRECT_URI).await.unwrap();
    assert_eq!(callback, "app://callback?error=access_denied&state=s");
}

#[tokio::test]
async fn error_pages_and_dead_ends_are_distinguished() {
    let site = Site::start().await;
    let error = fails(&site, "/broken?code=secret").await;
    assert!(
        matches!(&error, BrowserError::Page { status: 502, page, .. } if page == "Come back later"),
        "{error:?}"
    );
    assert!(!format!("{error} {error:?}").contains("secret"));
    let error = fails(&site, "/only-cancel").await;
    assert!(matches!(error, BrowserError::NoForm { .. }), "{error:?}");
    let error = fails(&site, "/missing").await;
    assert!(matches!(error, BrowserError::Page { status: 404, .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_that_is_gone_is_an_error() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/authorize?state=secret", listener.local_addr().unwrap());
    drop(listener);
    let error = browser("x").sign_in(&url, REDIRECT_URI).await.unwrap_err();
    assert!(matches!(error, BrowserError::Http(_)), "{error:?}");
    assert!(!format!("{error:?}").contains("secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_prints_the_callback_and_delivers_it() {
    let site = Site::start().await;
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_test-browser"))
            .args(arguments)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (authorize, callback) = (site.url("/authorize"), site.url("/callback"));
    assert_eq!(
        run(&[&authorize, REDIRECT_URI]),
        (Some(0), "app://callback?code=c0de&state=s\n".into())
    );
    assert_eq!(
        run(&[&authorize, REDIRECT_URI, "--password", "no"]),
        (Some(1), String::new())
    );
    assert_eq!(run(&[&authorize]), (Some(2), String::new()));
    assert_eq!(run(&["--help"]).0, Some(0));
    let redirected = site.url("/go");
    assert_eq!(
        run(&[&redirected, &callback, "--deliver"]),
        (Some(0), format!("{callback}?code=1\n"))
    );
    assert_eq!(site.received("/callback"), ["code=1"]);
}
