//! The meaning of the token endpoint's answers to an exchange, for each thing that can be exchanged. The table is in
//! docs/reliability.md.

use std::fmt::Write as _;

use pilotlight_core::machine::error::Error;
use pilotlight_core::session::SessionManager;
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::json;

use super::refusals::TOKEN_EXCHANGE;
use super::{exchange, world};
use crate::classification::{ENDED, bare, refusals, row};
use crate::device_sso::of_another_app;
use crate::documented::{assert_documented, in_words};
use crate::exchange_sign_in::code;
use crate::world::{World, assert_renews, forced, is_signed_in, public};

/// The tokens that are exchanged, in the order of the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exchanged {
    OwnToken,
    AnotherIssuersToken,
    AnotherAppsDeviceSecret,
    RefreshTokenForTransfer,
}

const ALL: [Exchanged; 4] = [
    Exchanged::OwnToken,
    Exchanged::AnotherIssuersToken,
    Exchanged::AnotherAppsDeviceSecret,
    Exchanged::RefreshTokenForTransfer,
];

impl Exchanged {
    async fn ask(self, world: &World, session: &SessionManager) -> Result<(), Error> {
        match self {
            Self::OwnToken => session.exchange(exchange(), forced()).await.map(drop),
            Self::AnotherIssuersToken => {
                let fresh = code(world.control().seen(Endpoint::Token));
                session.sign_in_by_exchange(fresh).await.map(drop)
            }
            Self::AnotherAppsDeviceSecret => {
                let of_another_app = of_another_app(world).await;
                session.sign_in_by_exchange(of_another_app).await.map(drop)
            }
            Self::RefreshTokenForTransfer => session.session_transfer().await.map(drop),
        }
    }
}

fn answers() -> Vec<(String, Fault)> {
    let second_factor = json!({"error": "mfa_required", "mfa_token": "Fe26.2*x"});
    let mut all = refusals();
    all.extend([
        row(400, "invalid_token", ""),
        row(400, "invalid_request", ""),
        row(400, "invalid_request", "The subject_token has expired"),
        row(400, "invalid_target", ""),
        row(400, "invalid_scope", ""),
        row(400, "unsupported_grant_type", ""),
        row(401, "invalid_client", ""),
        row(403, "unauthorized_client", ""),
        row(403, "access_denied", "Denied by a rule"),
        row(403, "access_denied", "Service not found"),
        row(403, "mfa_required", ""),
        bare(
            "403, `mfa_required` with an `mfa_token`",
            Fault::json(403, &second_factor),
        ),
        row(400, "interaction_required", ""),
        row(400, "made_up", ""),
        row(429, "too_many_attempts", ""),
        row(503, "temporarily_unavailable", ""),
        bare("400, empty", Fault::status(400)),
        bare("200, a page: a captive portal", Fault::html(200)),
        bare("200, not JSON", Fault::garbage_json()),
        bare("200, no access token", Fault::answer_without(&["access_token"])),
        bare(
            "200, an access token of another type",
            Fault::answer(json!({"token_type": "mac"})),
        ),
        bare(
            "200, an ID token for an access token",
            Fault::answer(json!({"issued_token_type": "urn:ietf:params:oauth:token-type:id_token"})),
        ),
    ]);
    all
}

/// The outcome for the app if this answer comes every time.
async fn outcome(exchanged: Exchanged, what: &str, fault: Fault) -> String {
    let world = world().await;
    let session = world.signed_in().await;
    let fault = match exchanged {
        Exchanged::RefreshTokenForTransfer => fault,
        // A renewal that it causes gets another answer.
        _ => fault.grant(TOKEN_EXCHANGE),
    };
    world.control().fault(Endpoint::Token, fault.for_ever());
    let outcome = exchanged.ask(&world, &session).await;
    world.control().clear_faults(Endpoint::Token);
    world.cooldown();
    let said = match outcome {
        Ok(()) => "works".to_owned(),
        Err(error) => in_words(public::<(), _>(Err(error))),
    };
    if said == ENDED {
        assert!(
            refusals().iter().any(|(known, _)| known == what),
            "{exchanged:?}, {what}"
        );
        assert_eq!(exchanged, Exchanged::RefreshTokenForTransfer, "{what}");
        return said;
    }
    assert!(is_signed_in(&session), "{exchanged:?}, {what}");
    assert_renews(&session).await;
    said
}

#[tokio::test]
async fn the_table_row_by_row() {
    let mut table = String::from(
        "| the token endpoint's answer | the session's own token | another issuer's token | another app's device secret | for a session transfer token |\n\
         | --- | --- | --- | --- | --- |\n",
    );
    for (what, fault) in answers() {
        let mut cells = Vec::new();
        for exchanged in ALL {
            cells.push(outcome(exchanged, &what, fault.clone()).await);
        }
        writeln!(table, "| {what} | {} |", cells.join(" | ")).unwrap();
    }
    assert_documented("exchanges", &table);
}
