//! The maximum age of a session: after that it gives no token, renews none, and says why.

mod absolute;
mod claim;
mod events;
mod idle;

use std::time::Duration;

use pilotlight_core::ffi::{SessionError, SignInReason};
use pilotlight_core::machine::error::Error;
use pilotlight_core::machine::event::{Report, SessionEvent};
use pilotlight_core::model::configuration::{SessionConfiguration, SessionLifetime};
use pilotlight_core::model::secret::Secret;
use pilotlight_core::model::state::{ReauthenticationReason, SessionState};
use pilotlight_core::session::{RefreshOptions, SessionManager, StepUpOptions, TokenOptions};
use tokio::sync::mpsc::UnboundedReceiver;

pub(super) use crate::audiences::api;
use crate::world::{ADA, World, at_least, cached, forced, is_signed_in, public};

pub(super) const HOUR: i64 = 3600;
pub(super) const DAY: i64 = 24 * HOUR;
pub(super) const ENDED: ReauthenticationReason = ReauthenticationReason::LifetimeEnded;
pub(super) const IDLE: ReauthenticationReason = ReauthenticationReason::IdleTooLong;

pub(super) fn seconds(time: i64) -> Option<u64> {
    Some(time.unsigned_abs())
}

/// Legacy calls are allowed, because of the ID token.
pub(crate) fn limited(world: &World, absolute_seconds: Option<u64>, idle_seconds: Option<u64>) -> SessionConfiguration {
    SessionConfiguration {
        lifetime: SessionLifetime {
            absolute_seconds,
            idle_seconds,
            warning_seconds: 300,
        },
        legacy: true,
        ..world.configuration()
    }
}

pub(super) async fn restored(world: &World, configuration: &SessionConfiguration) -> SessionManager {
    let session = world.session_with(configuration.clone());
    session.restore().await.unwrap();
    session
}

pub(super) async fn signed_in(world: &World, configuration: &SessionConfiguration) -> SessionManager {
    let session = world.session_with(configuration.clone());
    world.sign_in(&session, ADA).await;
    session
}

pub(super) fn events(reports: &mut UnboundedReceiver<Report>) -> Vec<SessionEvent> {
    let mut events = Vec::new();
    while let Ok(report) = reports.try_recv() {
        if let Report::Event(event) = report
            && !matches!(event, SessionEvent::WillEnd { .. })
        {
            events.push(event);
        }
    }
    events
}

/// Each of these sessions continues until that many seconds were added to the clock, and no longer.
pub(super) async fn assert_ends(world: &World, end: i64, sessions: [&SessionManager; 2]) {
    world.clock.advance(end - 60 - world.clock.passed());
    for session in sessions {
        assert!(is_signed_in(session));
    }
    world.clock.advance(61);
    for session in sessions {
        assert_over(world, session, ENDED).await;
    }
}

/// No call returns a token, and the issuer gets no request for one.
pub(super) async fn assert_over(world: &World, session: &SessionManager, reason: ReauthenticationReason) {
    let asked = world.refresh_grants();
    assert_eq!(session.state(), Some(SessionState::ReauthenticationRequired { reason }));
    assert_eq!(cached(session), None);
    assert_eq!(session.access_token_lease(), None);
    assert_eq!(
        session.with_cached_access_token_for(&api(), Duration::ZERO, str::to_owned),
        None
    );
    assert_eq!(session.with_cached_id_token(Duration::ZERO, str::to_owned), None);
    assert!(!session.has_valid_session(Duration::ZERO));
    let any = TokenOptions {
        allow_expired: true,
        ..TokenOptions::default()
    };
    let refused = Err(Error::Reauthenticate(reason));
    for options in [TokenOptions::default(), at_least(60), forced(), any] {
        assert_eq!(session.access_token(options).await, refused, "{options:?}");
        assert_eq!(session.access_token_for(&api(), options).await, refused, "{options:?}");
    }
    assert_eq!(session.refresh(RefreshOptions::default()).await, refused);
    assert_eq!(session.id_token(Duration::ZERO).await, refused);
    let other = session.access_token_other_than(Secret::new("other"), None, Duration::ZERO);
    assert_eq!(other.await, refused);
    assert_eq!(session.profile(true).await.unwrap_err(), Error::Reauthenticate(reason));
    let stepped_up = session.begin_step_up(StepUpOptions::default()).await;
    assert_eq!(stepped_up.unwrap_err(), Error::Reauthenticate(reason));
    assert_eq!(world.refresh_grants(), asked);
    let SessionError::SignIn { reason: shown, message } = public(session.access_token(at_least(0)).await) else {
        panic!("the app is to sign in");
    };
    let (expected, words) = match reason {
        ReauthenticationReason::IdleTooLong => (SignInReason::IdleTooLong, "not used"),
        _ => (SignInReason::LifetimeEnded, "lasted"),
    };
    assert_eq!(shown, expected);
    assert!(
        message.contains("sign in again") && message.contains(words),
        "{message}"
    );
}
