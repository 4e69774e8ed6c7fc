//! Every call to an issuer is tested with every network fault, over real sockets, once and every time. The results are
//! the table in docs/reliability.md; this test also asserts that nothing is lost.

mod faults;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use pilotlight_core::machine::error::Error;
use pilotlight_core::model::configuration::SessionConfiguration;
use pilotlight_core::model::proof_key::TokenBinding;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::{SessionManager, SignInOptions, SignOutOutcome, StepUpOptions};
use pilotlight_identity_server::{Dpop, Endpoint, Fault, OTP, Options, Settings};
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

use self::faults::faults;
use crate::device_sso::of_another_app;
use crate::documented::{assert_documented, in_words};
use crate::exchange::exchange;
use crate::exchange_sign_in::code;
use crate::lifetimes::{DAY, assert_ends, limited, seconds};
use crate::mfa;
use crate::world::{ADA, World, forced, is_signed_in, public, until};

/// Longer than everything that a row needs.
const LIFETIME: i64 = 10 * DAY;

/// A request of the session, and its situation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    DiscoveryAtSignIn,
    DiscoveryAtRenewal,
    PushedAuthorization,
    KeysAtSignIn,
    KeysAtRenewal,
    TokenByCode,
    TokenByCodeOfStepUp,
    DeviceAuthorization,
    TokenByDeviceCode,
    TokenByExternalCode,
    TokenByDeviceSecret,
    TokenByRefresh,
    TokenForTransfer,
    TokenByExchange,
    MfaAuthenticators,
    MfaChallenge,
    TokenBySecondFactor,
    TokenByCodeBound,
    TokenByRefreshBound,
    UserInfoBound,
    TokenByCodeLimited,
    TokenByRefreshLimited,
    UserInfo,
    UserRead,
    UserChange,
    Revocation,
}

const CALLS: [(Call, &str); 26] = [
    (Call::DiscoveryAtSignIn, "discovery, at a sign-in"),
    (Call::DiscoveryAtRenewal, "discovery, at a renewal"),
    (Call::PushedAuthorization, "pushed authorization request"),
    (Call::KeysAtSignIn, "keys, at a sign-in"),
    (Call::KeysAtRenewal, "keys, at a renewal"),
    (Call::TokenByCode, "token by code"),
    (Call::TokenByCodeOfStepUp, "token by code, of a step-up"),
    (Call::DeviceAuthorization, "device authorization"),
    (Call::TokenByDeviceCode, "token by device code"),
    (Call::TokenByExternalCode, "token by Sign in with Apple's code"),
    (Call::TokenByDeviceSecret, "token by another app's device secret"),
    (Call::TokenByRefresh, "token by refresh token"),
    (Call::TokenForTransfer, "session transfer token"),
    (Call::TokenByExchange, "token by exchange of the session's own"),
    (Call::MfaAuthenticators, "second factors, listed"),
    (Call::MfaChallenge, "second factor, challenged"),
    (Call::TokenBySecondFactor, "token by second factor"),
    (Call::TokenByCodeBound, "token by code, with a proof (DPoP)"),
    (Call::TokenByRefreshBound, "token by refresh token, with a proof"),
    (Call::UserInfoBound, "userinfo, with a proof"),
    (Call::TokenByCodeLimited, "token by code, of a session with a lifetime"),
    (
        Call::TokenByRefreshLimited,
        "token by refresh token, of a session with a lifetime",
    ),
    (Call::UserInfo, "userinfo"),
    (Call::UserRead, "user, read"),
    (Call::UserChange, "user, changed"),
    (Call::Revocation, "revocation, at a sign-out"),
];

impl Call {
    fn endpoint(self) -> Endpoint {
        match self {
            Self::DiscoveryAtSignIn | Self::DiscoveryAtRenewal => Endpoint::Discovery,
            Self::PushedAuthorization => Endpoint::PushedAuthorization,
            Self::KeysAtSignIn | Self::KeysAtRenewal => Endpoint::Jwks,
            Self::DeviceAuthorization => Endpoint::DeviceAuthorization,
            Self::MfaAuthenticators | Self::MfaChallenge => Endpoint::Mfa,
            Self::TokenByCode
            | Self::TokenByCodeOfStepUp
            | Self::TokenByDeviceCode
            | Self::TokenByExternalCode
            | Self::TokenByDeviceSecret
            | Self::TokenByRefresh
            | Self::TokenForTransfer
            | Self::TokenByExchange
            | Self::TokenBySecondFactor
            | Self::TokenByCodeBound
            | Self::TokenByRefreshBound
            | Self::TokenByCodeLimited
            | Self::TokenByRefreshLimited => Endpoint::Token,
            Self::UserInfo | Self::UserInfoBound => Endpoint::Userinfo,
            Self::UserRead | Self::UserChange => Endpoint::Users,
            Self::Revocation => Endpoint::Revoke,
        }
    }

    /// Auth0's endpoints are known; others are discovered.
    fn configuration(self, world: &World) -> SessionConfiguration {
        match self.endpoint() {
            Endpoint::Discovery | Endpoint::Jwks => world.oidc_configuration(),
            Endpoint::PushedAuthorization => SessionConfiguration {
                pushes_authorization_requests: true,
                ..world.configuration()
            },
            _ if self.is_bound() => SessionConfiguration {
                dpop: TokenBinding::Required,
                ..world.configuration()
            },
            _ if self.is_limited() => limited(world, seconds(LIFETIME), None),
            _ => world.configuration(),
        }
    }

    /// With a session that ends at a certain age.
    fn is_limited(self) -> bool {
        matches!(self, Self::TokenByCodeLimited | Self::TokenByRefreshLimited)
    }

    /// With tokens that are bound to a key, and proofs that need a nonce.
    fn is_bound(self) -> bool {
        matches!(
            self,
            Self::TokenByCodeBound | Self::TokenByRefreshBound | Self::UserInfoBound
        )
    }

    /// A launch of the app that has only the stored data.
    async fn launch(self, world: &World) -> SessionManager {
        let session = world.session_with(self.configuration(world));
        session.restore().await.unwrap();
        session
    }

    fn is_sign_in(self) -> bool {
        matches!(
            self,
            Self::DiscoveryAtSignIn
                | Self::KeysAtSignIn
                | Self::TokenByCode
                | Self::TokenByCodeBound
                | Self::TokenByCodeLimited
                | Self::TokenByCodeOfStepUp
                | Self::TokenByDeviceCode
                | Self::TokenByExternalCode
                | Self::TokenByDeviceSecret
        )
    }

    /// Makes the call; `before` runs right before the request in question can be sent.
    async fn make(self, world: &World, session: &SessionManager, before: impl FnOnce()) -> Result<Outcome, Error> {
        if matches!(
            self,
            Self::KeysAtSignIn | Self::TokenByCode | Self::TokenByCodeBound | Self::TokenByCodeLimited
        ) {
            let callback = world.callback(session, ADA).await;
            before();
            return session.complete_sign_in(&callback).await.map(|_| Outcome::Works);
        }
        if self == Self::TokenByDeviceCode {
            let begun = session.begin_device_sign_in(HashMap::new()).await?;
            assert!(world.control().decide_device(&begun.user_code, Some(ADA)));
            before();
            return session
                .complete_device_sign_in(begun.attempt)
                .await
                .map(|_| Outcome::Works);
        }
        if self == Self::TokenByCodeOfStepUp {
            let request = session.begin_step_up(StepUpOptions::default()).await?;
            let callback = world.server.authorize(&request.url, ADA).await.unwrap();
            before();
            return session.complete_sign_in(&callback).await.map(|_| Outcome::Works);
        }
        if matches!(
            self,
            Self::MfaAuthenticators | Self::MfaChallenge | Self::TokenBySecondFactor
        ) {
            mfa::require(world, true);
            let challenge = mfa::refused(session).await;
            mfa::require(world, false);
            before();
            match self {
                Self::MfaAuthenticators => drop(session.mfa_authenticators(challenge).await?),
                Self::MfaChallenge => drop(session.mfa_challenge(challenge, None).await?),
                _ => drop(session.mfa_answer(challenge, mfa::otp(OTP)).await?),
            }
            return Ok(Outcome::Works);
        }
        if matches!(self, Self::TokenByExternalCode | Self::TokenByDeviceSecret) {
            let token = match self {
                Self::TokenByDeviceSecret => of_another_app(world).await,
                _ => code(world.control().seen(Endpoint::Token)),
            };
            before();
            return session.sign_in_by_exchange(token).await.map(|_| Outcome::Works);
        }
        before();
        match self {
            Self::TokenForTransfer => drop(session.session_transfer().await?),
            Self::TokenByExchange => drop(session.exchange(exchange(), forced()).await?),
            Self::DeviceAuthorization => drop(session.begin_device_sign_in(HashMap::new()).await?),
            Self::DiscoveryAtSignIn | Self::PushedAuthorization => {
                drop(session.begin_sign_in(SignInOptions::default()).await?)
            }
            Self::UserInfo | Self::UserInfoBound => drop(session.profile(true).await?),
            Self::UserRead => drop(session.fetch_metadata(&[]).await?),
            Self::UserChange => {
                let changed = session.update_metadata(patch()).await?;
                assert_eq!(changed.get("country"), Some(&json!("USA")));
            }
            Self::Revocation => match session.sign_out().await {
                SignOutOutcome::Revoked => {}
                other => return Ok(Outcome::SignedOut(other)),
            },
            _ => drop(session.access_token(forced()).await?),
        }
        Ok(Outcome::Works)
    }
}

enum Outcome {
    Works,
    SignedOut(SignOutOutcome),
}

fn patch() -> Map<String, Value> {
    json!({"country": "USA"}).as_object().cloned().unwrap()
}

/// The stored session, without the age of a limited session.
fn without_age(world: &World) -> Option<Value> {
    let mut stored = world.stored();
    if let Some(Value::Object(stored)) = &mut stored {
        stored.remove("lifetime");
    }
    stored
}

/// The outcome in the table's words.
async fn outcome_of(call: Call, fault: Fault) -> String {
    // Issuers offer an overlap against lost answers.
    let settings = |settings: &mut Settings| {
        settings.leeway = 30;
        settings.device_code_lifetime = 60;
        if call.is_bound() {
            settings.dpop = Dpop::Required;
            settings.dpop_nonce_lifetime = Some(60);
        }
    };
    let world = World::with(Options::default().with(settings)).await.impatient();
    let first = world.session_with(call.configuration(&world));
    world.sign_in(&first, ADA).await;
    drop(first);
    let mut began = world.clock.passed();
    if call.endpoint() == Endpoint::Discovery {
        world.forget_discovery();
    }
    let session = call.launch(&world).await;
    let stored = without_age(&world);
    let endpoint = call.endpoint();
    let what = format!("{call:?} {fault:?}");
    let outcome = call
        .make(&world, &session, || world.control().fault(endpoint, fault))
        .await;
    world.control().clear_faults(endpoint);

    if call == Call::Revocation {
        return after_the_sign_out(&world, &session, outcome, &what).await;
    }
    assert!(is_signed_in(&session), "{what}");
    if outcome.is_err() {
        assert_eq!(without_age(&world), stored, "{what}");
    }
    world.cooldown();
    if call.is_sign_in() {
        began = world.clock.passed();
    }
    // The same call works afterwards, and so does the stored session, for a process that knows nothing else.
    let again = call.make(&world, &session, || ()).await;
    assert!(matches!(again, Ok(Outcome::Works)), "{what}: {:?}", again.err());
    world.cooldown();
    let restarted = call.launch(&world).await;
    restarted
        .access_token(forced())
        .await
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    let counters = world.control().counters();
    assert_eq!((counters.families_killed, counters.families_revoked), (0, 0), "{what}");
    assert_eq!(
        counters.spent_refresh_tokens_presented, counters.overlap_reuses,
        "{what}"
    );
    if call.is_sign_in() || call.endpoint() != Endpoint::Token {
        assert_eq!(
            counters.overlap_reuses, 0,
            "{what}: only a lost renewal is asked for again"
        );
    }
    if call.is_limited() {
        // Neither the lost nor the repeated request changes the session's age.
        assert_ends(&world, began + LIFETIME, [&session, &restarted]).await;
    }
    match outcome {
        Ok(_) => "works".to_owned(),
        Err(error) => in_words(public::<(), _>(Err(error))),
    }
}

/// Nobody is signed in, whatever the fault; the issuer gets the missed revocation at the next launch.
async fn after_the_sign_out(
    world: &World,
    session: &SessionManager,
    outcome: Result<Outcome, Error>,
    what: &str,
) -> String {
    assert_eq!(session.state(), Some(SessionState::SignedOut), "{what}");
    let kept = world.stored();
    assert!(kept.as_ref().is_none_or(|kept| kept["signed_out"] == true), "{what}");
    let said = match outcome.unwrap() {
        Outcome::Works => "works".to_owned(),
        Outcome::SignedOut(SignOutOutcome::RevocationPending) => {
            assert!(kept.is_some(), "{what}");
            "revoked later".to_owned()
        }
        Outcome::SignedOut(other) => format!("{other:?}"),
    };
    world.cooldown();
    let restarted = Call::Revocation.launch(world).await;
    until("the store is empty", || world.store.items().is_empty()).await;
    assert_eq!(restarted.state(), Some(SessionState::SignedOut), "{what}");
    if said == "revoked later" {
        assert_eq!(world.control().counters().families_revoked, 1, "{what}");
    }
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_meets_every_fault() {
    // Many worlds at a time, because they wait more than they work.
    let places = Arc::new(Semaphore::new(16));
    let mut rows = Vec::new();
    for (call, name) in CALLS {
        for (fault_name, fault) in faults() {
            let cells = [fault.clone(), fault.for_ever()].map(|fault| {
                let places = Arc::clone(&places);
                tokio::spawn(async move {
                    let _place = places.acquire().await.unwrap();
                    outcome_of(call, fault).await
                })
            });
            rows.push((name, fault_name, cells));
        }
    }
    let mut table = String::from("| call | fault | met once | met every time |\n| --- | --- | --- | --- |\n");
    let mut groups: Vec<(&str, Vec<&str>, String)> = Vec::new();
    for (name, fault, [once, always]) in rows {
        let outcome = format!("{} | {}", once.await.unwrap(), always.await.unwrap());
        match groups
            .iter_mut()
            .find(|(call, _, other)| *call == name && *other == outcome)
        {
            Some((_, faults, _)) => faults.push(fault),
            None => groups.push((name, vec![fault], outcome)),
        }
    }
    for (name, faults, outcome) in groups {
        writeln!(table, "| {name} | {} | {outcome} |", faults.join("; ")).unwrap();
    }
    assert_documented("wire-faults", &table);
}
