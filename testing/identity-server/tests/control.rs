//! Control over HTTP, and the program.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests too")]

mod common;

use std::process::Stdio;

use common::*;
use pilotlight_identity_server::Endpoint;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

async fn call(method: &str, url: String, body: &Value) -> Answer {
    let method = method.parse().unwrap();
    let request = http().request(method, url);
    Answer::of(if body.is_null() {
        request
    } else {
        request.body(body.to_string())
    })
    .await
}

#[tokio::test]
async fn faults_clock_keys_settings_and_users_are_steered_over_http() {
    let server = server().await;
    let on = |path: &str| format!("{}_control/{path}", server.issuer());
    let fault = json!({ "endpoint": "jwks", "effect": { "kind": "status", "status": 503 }, "times": 2 });
    assert_eq!(call("POST", on("faults"), &fault).await.status, 201);
    assert_eq!(get(&server, ".well-known/jwks.json", "x").await.status, 503);
    let waiting = call("GET", on("faults"), &Value::Null).await.json();
    assert_eq!(
        (&waiting[0]["endpoint"], &waiting[0]["times"]),
        (&json!("jwks"), &json!(1))
    );
    assert_eq!(
        call("DELETE", on("faults?endpoint=jwks"), &Value::Null).await.status,
        204
    );
    assert_eq!(get(&server, ".well-known/jwks.json", "x").await.status, 200);
    let odd = json!({ "endpoint": "jwks", "effect": { "kind": "explode" } });
    assert_eq!(call("POST", on("faults"), &odd).await.status, 400);

    let before = server.control().now();
    let clock = call("POST", on("clock"), &json!({ "frozen": true, "advance_seconds": 3600 }))
        .await
        .json();
    assert!(clock["now"].as_i64().unwrap() >= before + 3600 && clock["frozen"] == true);
    let kid = text(
        &call("POST", on("keys/rotate"), &json!({ "old": "withdraw" }))
            .await
            .json(),
        "kid",
    );
    assert_eq!(
        get(&server, ".well-known/jwks.json", "x").await.json()["keys"][0]["kid"],
        kid
    );

    let changed = call("PATCH", on("settings"), &json!({ "leeway": 7, "algorithm": "EdDSA" }))
        .await
        .json();
    assert_eq!((&changed["leeway"], &changed["rotation"]), (&json!(7), &json!(true)));
    assert_eq!(server.control().settings().leeway, 7);
    assert_eq!(
        call("PATCH", on("settings"), &json!({ "no_such": 1 })).await.status,
        400
    );

    let user = json!({ "password": "pw", "user_metadata": { "a": 1 }, "claims": { "name": "Lin" } });
    assert_eq!(call("PUT", on("users/lin@example.com"), &user).await.status, 201);
    assert_eq!(
        call("PATCH", on("users/lin@example.com"), &json!({ "blocked": true }))
            .await
            .status,
        204
    );
    let lin = call("GET", on("users/lin@example.com"), &Value::Null).await;
    assert_eq!(
        (&lin.json()["claims"]["name"], &lin.json()["blocked"]),
        (&json!("Lin"), &json!(true))
    );
    assert!(!lin.text.contains("pw"));
    call("PUT", on("users/ada@example.com/metadata"), &json!({ "b": 2 })).await;
    assert_eq!(
        call("GET", on("users/ada@example.com/metadata"), &Value::Null)
            .await
            .json(),
        json!({ "b": 2 })
    );
    assert_eq!(
        call("GET", on("users/nobody@example.com"), &Value::Null).await.status,
        404
    );
    assert_eq!(call("GET", on("no/such"), &Value::Null).await.status, 404);
}

#[tokio::test]
async fn the_log_and_the_counters_tell_what_happened_and_no_secrets() {
    let server = server().await;
    let on = |path: &str| format!("{}_control/{path}", server.issuer());
    let answer = tokens(&server, ADA, SCOPE, "").await;
    let refresh_token = text(&answer, "refresh_token");
    refresh(&server, &refresh_token).await;
    refresh(&server, &refresh_token).await;
    let log = call("GET", on("requests"), &Value::Null).await;
    let records = log.json();
    let last = &records[3];
    assert_eq!(
        (&last["endpoint"], &last["grant_type"]),
        (&json!("token"), &json!("refresh_token"))
    );
    assert_eq!(
        (&last["status"], &last["error"]),
        (&json!(403), &json!("invalid_grant"))
    );
    for secret in [&refresh_token, &text(&answer, "access_token"), &VERIFIER.to_owned()] {
        assert!(!log.text.contains(secret.as_str()));
        assert!(!format!("{server:?}").contains(secret.as_str()));
    }
    let counters = call("GET", on("counters"), &Value::Null).await.json();
    assert_eq!(
        counters["requests"]["token"], 3,
        "control requests are not counted: {counters}"
    );
    assert_eq!(
        (&counters["refresh_grants"], &counters["families_killed"]),
        (&json!(2), &json!(1))
    );
    call("DELETE", on("requests"), &Value::Null).await;
    assert_eq!(call("GET", on("requests"), &Value::Null).await.json(), json!([]));
    tokens(&server, ADA, SCOPE, "").await;
    let revoked = call("POST", on("users/ada@example.com/revoke"), &Value::Null)
        .await
        .json();
    assert_eq!(revoked["families"], 1);
}

#[tokio::test]
async fn requests_are_held_awaited_and_released_over_http() {
    let server = server().await;
    let on = |path: &str| format!("{}_control/{path}", server.issuer());
    call(
        "POST",
        on("faults"),
        &json!({ "endpoint": "jwks", "effect": { "kind": "hold" } }),
    )
    .await;
    let (answer, ()) = tokio::join!(get(&server, ".well-known/jwks.json", "x"), async {
        let held = call("GET", on("wait?endpoint=jwks&held=1"), &Value::Null).await.json();
        assert_eq!(held["held"], 1);
        let released = call("POST", on("release"), &json!({ "endpoint": "jwks" })).await.json();
        assert_eq!(released["released"], 1);
    });
    assert_eq!(answer.status, 200);
    assert_eq!(
        call("GET", on("wait?endpoint=jwks&requests=1"), &Value::Null)
            .await
            .json()["requests"],
        1
    );
    assert_eq!(call("GET", on("wait"), &Value::Null).await.status, 400);
}

#[tokio::test]
async fn the_server_goes_offline_over_either_port_and_comes_back_over_the_control_port() {
    let server = server().await;
    let answer = call("POST", format!("{}_control/offline", server.issuer()), &Value::Null).await;
    let control_url = text(&answer.json(), "control_url");
    assert!(http().get(server.issuer()).send().await.unwrap_err().is_connect());
    let about = call("GET", control_url.clone(), &Value::Null).await.json();
    assert_eq!(about["issuer"], server.issuer());
    assert_eq!(
        call("POST", format!("{control_url}online"), &Value::Null).await.status,
        204
    );
    assert_eq!(get(&server, ".well-known/jwks.json", "x").await.status, 200);
    assert_eq!(
        call("POST", format!("{control_url}offline"), &Value::Null).await.status,
        200
    );
    assert!(http().get(server.issuer()).send().await.unwrap_err().is_connect());
    assert_eq!(server.control().seen(Endpoint::Any), 1);
}

/// Starts the program. Returns it and its issuer.
async fn program(flags: &[&str]) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_identity-server"))
        .args(flags)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().unwrap();
    (child, line.strip_prefix("listening: ").unwrap().to_owned())
}

#[tokio::test]
async fn the_program_serves_as_its_flags_say_and_quits_when_asked() {
    let ready = std::env::temp_dir().join(format!("identity-server-{}.ready", std::process::id()));
    let flags = [
        "--ttl-access",
        "60",
        "--alg",
        "ES256",
        "--no-rotation",
        "--user",
        "lin@example.com:pw",
    ];
    let flags = [
        &flags[..],
        &["--ready-file", ready.to_str().unwrap(), "--redirect-uri", "app://x"],
    ]
    .concat();
    let (mut child, issuer) = program(&flags).await;
    // The program has one thread, so it answers only after it has written the file.
    let settings = call("GET", format!("{issuer}_control/settings"), &Value::Null)
        .await
        .json();
    assert_eq!(
        (&settings["access_token_lifetime"], &settings["algorithm"]),
        (&json!(60), &json!("ES256"))
    );
    assert_eq!(settings["rotation"], false);
    assert_eq!(std::fs::read_to_string(&ready).unwrap(), issuer);
    let users = |email| format!("{issuer}_control/users/{email}");
    assert_eq!(call("GET", users("lin@example.com"), &Value::Null).await.status, 200);
    assert_eq!(
        call("GET", users(ADA), &Value::Null).await.status,
        404,
        "the flag replaces the usual users"
    );
    assert_eq!(
        call("POST", format!("{issuer}_control/shutdown"), &Value::Null)
            .await
            .status,
        200
    );
    assert!(child.wait().await.unwrap().success());
    std::fs::remove_file(ready).unwrap();
}

#[tokio::test]
async fn the_program_ends_with_its_parent_and_at_a_signal() {
    let (mut child, _) = program(&["--until-stdin-closes"]).await;
    drop(child.stdin.take());
    assert!(child.wait().await.unwrap().success());
    let (mut child, _) = program(&[]).await;
    let id = child.id().unwrap().to_string();
    assert!(
        std::process::Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .unwrap()
            .success()
    );
    assert!(child.wait().await.unwrap().success());
}

#[tokio::test]
async fn the_program_explains_itself() {
    let run = async |flag: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_identity-server"))
            .arg(flag)
            .output()
            .await
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).unwrap())
    };
    let (code, help) = run("--help").await;
    assert!(code == Some(0) && help.contains("--until-stdin-closes"));
    let (code, problem) = run("--no-such-flag").await;
    assert!(code == Some(2) && problem.contains("--no-such-flag"), "{problem}");
}
