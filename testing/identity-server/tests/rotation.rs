//! Refresh tokens over the wire: rotation, the overlap period, reuse, revocation.

mod common;

use std::time::Duration;

use common::*;
use pilotlight_identity_server::DeadRefreshToken;
use serde_json::json;

async fn first_token(server: &pilotlight_identity_server::IdentityServer) -> String {
    text(&tokens(server, ADA, SCOPE, "").await, "refresh_token")
}

#[tokio::test]
async fn a_refresh_replaces_the_token_and_answers_as_auth0_does() {
    let server = server().await;
    let first = first_token(&server).await;
    let answer = refresh(&server, &first).await.json();
    assert_ne!(text(&answer, "refresh_token"), first);
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["expires_in"], 86_400);
    assert_eq!(answer["scope"], SCOPE);
    assert_eq!(decode(&text(&answer, "id_token")).1["sub"], "auth0|ada");
}

#[tokio::test]
async fn without_rotation_the_answer_has_no_refresh_token_and_the_old_one_stays_good() {
    let server = server_with(|s| s.rotation = false).await;
    let token = first_token(&server).await;
    for _ in 0..3 {
        let answer = refresh(&server, &token).await;
        assert_eq!(answer.status, 200);
        assert!(answer.json().get("refresh_token").is_none());
    }
    assert_eq!(server.control().counters().spent_refresh_tokens_presented, 0);
}

#[tokio::test]
async fn without_overlap_reuse_ends_the_family() {
    let server = server().await;
    let first = first_token(&server).await;
    let second = rotated(&server, &first).await;
    let reuse = refresh(&server, &first).await;
    assert_eq!(reuse.error(), (403, "invalid_grant".into()));
    assert_eq!(reuse.json()["error_description"], "Unknown or invalid refresh token.");
    assert_eq!(refresh(&server, &second).await.error(), (403, "invalid_grant".into()));
    let counters = server.control().counters();
    assert_eq!((counters.refresh_grants, counters.refresh_grants_honoured), (3, 1));
    assert_eq!(
        (counters.spent_refresh_tokens_presented, counters.families_killed),
        (1, 1)
    );
    assert_eq!(counters.dead_refresh_tokens_presented, 1);
}

#[tokio::test]
async fn inside_the_overlap_the_previous_token_works_again_and_each_use_issues_a_new_one() {
    let server = server_with(|s| s.leeway = 10).await;
    server.control().freeze_clock();
    let first = first_token(&server).await;
    let second = rotated(&server, &first).await;
    server.control().advance(Duration::from_millis(9_999));
    let third = rotated(&server, &first).await;
    assert_ne!(second, third);
    rotated(&server, &second).await;
    assert_eq!(server.control().counters().overlap_reuses, 1);
    assert_eq!(server.control().counters().families_killed, 0);
}

#[tokio::test]
async fn after_the_overlap_reuse_ends_the_family() {
    let server = server_with(|s| s.leeway = 10).await;
    server.control().freeze_clock();
    let first = first_token(&server).await;
    let second = rotated(&server, &first).await;
    server.control().advance(Duration::from_secs(10));
    assert_eq!(refresh(&server, &first).await.status, 403);
    assert_eq!(refresh(&server, &second).await.status, 403);
}

#[tokio::test]
async fn an_older_token_ends_the_family_even_inside_the_overlap() {
    let server = server_with(|s| s.leeway = 10).await;
    server.control().freeze_clock();
    let first = first_token(&server).await;
    let third = rotated(&server, &rotated(&server, &first).await).await;
    assert_eq!(refresh(&server, &first).await.status, 403);
    assert_eq!(refresh(&server, &third).await.status, 403);
    assert_eq!(server.control().counters().families_killed, 1);
}

#[tokio::test]
async fn a_dead_token_is_refused_in_the_way_that_was_chosen() {
    let server = server().await;
    for (answer, status, error) in [
        (DeadRefreshToken::InvalidGrant403, 403, "invalid_grant"),
        (DeadRefreshToken::AccessDenied403, 403, "access_denied"),
        (DeadRefreshToken::InvalidGrant400, 400, "invalid_grant"),
    ] {
        server.control().change(|s| s.dead_refresh_token = answer);
        let refused = refresh(&server, "v1.unknown").await;
        assert_eq!(refused.error(), (status, error.into()));
        assert_eq!(refused.json()["error_description"], "Unknown or invalid refresh token.");
    }
    server
        .control()
        .change(|s| s.dead_refresh_token = DeadRefreshToken::Empty400);
    let refused = refresh(&server, "v1.unknown").await;
    assert_eq!((refused.status, refused.text.as_str()), (400, ""));
}

#[tokio::test]
async fn refresh_tokens_expire_when_their_time_or_idle_time_is_over() {
    let server = server_with(|s| {
        s.refresh_token_lifetime = 100;
        s.refresh_token_idle_lifetime = Some(60);
    })
    .await;
    let first = first_token(&server).await;
    server.control().advance(Duration::from_secs(50));
    let second = rotated(&server, &first).await;
    server.control().advance(Duration::from_secs(51));
    assert_eq!(
        refresh(&server, &second).await.status,
        403,
        "the family's absolute lifetime"
    );
    let other = first_token(&server).await;
    server.control().advance(Duration::from_secs(61));
    assert_eq!(refresh(&server, &other).await.status, 403, "the idle lifetime");
}

#[tokio::test]
async fn a_refresh_may_narrow_the_scope_and_never_widen_it() {
    let server = server().await;
    let token = first_token(&server).await;
    let ask = async |token: &str, scope: &str| {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", CLIENT),
            ("refresh_token", token),
            ("scope", scope),
        ];
        post(&server, "oauth/token", &form).await
    };
    assert_eq!(
        ask(&token, "openid address").await.error(),
        (400, "invalid_scope".into())
    );
    let narrow = ask(&token, "openid").await;
    assert_eq!(narrow.json()["scope"], "openid", "the refusal did not spend the token");
    let wide = refresh(&server, &text(&narrow.json(), "refresh_token")).await;
    assert_eq!(wide.json()["scope"], SCOPE, "what was granted is remembered");
}

#[tokio::test]
async fn audience_on_a_refresh_counts_only_with_multi_resource_refresh_tokens() {
    let server = server().await;
    let token = first_token(&server).await;
    let ask = async |token: &str, audience: &str| {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", CLIENT),
            ("refresh_token", token),
            ("audience", audience),
        ];
        post(&server, "oauth/token", &form).await
    };
    let ignored = ask(&token, "https://api.example.com/").await.json();
    assert!(!text(&ignored, "access_token").contains('.'), "still opaque");
    server.control().change(|s| s.multi_resource_refresh = true);
    let token = text(&ignored, "refresh_token");
    assert_eq!(
        ask(&token, "https://nowhere.example.com/").await.error(),
        (403, "access_denied".into())
    );
    let other = ask(&token, "https://api.example.com/").await.json();
    assert_eq!(
        decode(&text(&other, "access_token")).1["aud"][0],
        "https://api.example.com/"
    );
    // According to RFC 8707, in which an unknown API is an invalid target.
    let token = text(&other, "refresh_token");
    let by_resource = async |token: &str, resource: &str| {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", CLIENT),
            ("refresh_token", token),
            ("resource", resource),
        ];
        post(&server, "oauth/token", &form).await
    };
    assert_eq!(
        by_resource(&token, "https://nowhere.example.com/").await.error(),
        (400, "invalid_target".into())
    );
    let answer = by_resource(&token, "https://api.example.com/").await.json();
    assert!(text(&answer, "scope").contains("read:messages"), "what the API allows");
}

#[tokio::test]
async fn revocation_ends_the_family_and_knows_no_unknown_tokens() {
    let server = server().await;
    let first = first_token(&server).await;
    let second = rotated(&server, &first).await;
    let form = |token| json!({ "client_id": CLIENT, "token": token });
    let url = format!("{}oauth/revoke", server.issuer());
    for token in [first.as_str(), "v1.unknown"] {
        let answer = Answer::of(http().post(&url).json(&form(token))).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    }
    assert_eq!(
        refresh(&server, &second).await.status,
        403,
        "even through a spent token"
    );
    assert_eq!(server.control().counters().families_revoked, 1);
    let nobody = post(&server, "oauth/revoke", &[("client_id", "nobody"), ("token", "x")]).await;
    assert_eq!(nobody.error(), (401, "invalid_client".into()));
    assert_eq!(
        post(&server, "oauth/revoke", &[("client_id", CLIENT)]).await.error(),
        (400, "invalid_request".into())
    );
}

#[tokio::test]
async fn the_end_of_a_family_reaches_its_access_tokens_where_that_is_chosen() {
    for (ends, status) in [(false, 200), (true, 401)] {
        let server = server_with(|s| s.family_ends_access_tokens = ends).await;
        let answer = tokens(&server, ADA, SCOPE, "").await;
        let first = text(&answer, "refresh_token");
        rotated(&server, &first).await;
        refresh(&server, &first).await;
        let userinfo = get(&server, "userinfo", &text(&answer, "access_token")).await;
        assert_eq!(userinfo.status, status);
    }
}

#[tokio::test]
async fn a_refresh_ends_the_previous_access_token_where_that_is_chosen() {
    let server = server_with(|s| s.refresh_ends_access_token = true).await;
    let answer = tokens(&server, ADA, SCOPE, "").await;
    let next = refresh(&server, &text(&answer, "refresh_token")).await.json();
    assert_eq!(
        get(&server, "userinfo", &text(&answer, "access_token")).await.status,
        401
    );
    assert_eq!(get(&server, "userinfo", &text(&next, "access_token")).await.status, 200);
}

#[tokio::test]
async fn past_the_limit_the_oldest_refresh_token_goes() {
    let server = server_with(|s| s.refresh_token_limit = 2).await;
    let first = first_token(&server).await;
    let second = first_token(&server).await;
    first_token(&server).await;
    assert_eq!(refresh(&server, &first).await.status, 403);
    assert_eq!(refresh(&server, &second).await.status, 200);
}

#[tokio::test]
async fn a_user_may_be_signed_out_blocked_asked_for_mfa_or_deleted() {
    let server = server().await;
    let control = server.control();
    let token = first_token(&server).await;
    control.change_account(ADA, |ada| ada.mfa_required = true);
    let mfa = refresh(&server, &token).await;
    assert_eq!(mfa.error(), (403, "mfa_required".into()));
    assert!(mfa.json()["mfa_token"].is_string());
    control.change_account(ADA, |ada| (ada.mfa_required, ada.blocked) = (false, true));
    let blocked = refresh(&server, &token).await;
    assert_eq!(blocked.error(), (403, "access_denied".into()));
    assert_eq!(blocked.json()["error_description"], "user is blocked");
    control.change_account(ADA, |ada| ada.blocked = false);
    let token = rotated(&server, &token).await;
    assert_eq!(control.revoke_user(ADA), 1);
    assert_eq!(refresh(&server, &token).await.error(), (403, "invalid_grant".into()));
    let token = first_token(&server).await;
    assert!(control.delete_account(ADA));
    assert_eq!(refresh(&server, &token).await.error(), (403, "invalid_grant".into()));
}
