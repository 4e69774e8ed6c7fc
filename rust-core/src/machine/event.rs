//! The events of a session. An event holds no token, code or other secret, so it can be logged and sent anywhere.

use crate::machine::error::Error;
use crate::model::state::{ReauthenticationReason, SessionState};
use crate::model::time::Timestamp;

/// Something that happened to the session. It is announced once, after it is true. If it brought tokens, it is
/// announced after the store holds them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum SessionEvent {
    /// A user signed in.
    SignedIn {
        /// The user's `sub` claim.
        subject: String,
        /// How the user signed in.
        by: SignInWay,
    },
    /// The sign-in asked for a refresh token (`offline_access`) but the issuer gave none: when the access token
    /// expires, the user has to sign in again. To fix this, add `prompt=consent` to the parameters of the authorization
    /// request (OpenID Connect Core 11); at Auth0, turn on Allow Offline Access in the settings of the API.
    RefreshTokenMissing,
    /// The session of an earlier launch was read from the store, at launch or after the device was unlocked. Or a
    /// session continues although [`SessionEvent::Ended`] was announced: another process, or a request that was still
    /// under way, had just used the refresh token that the issuer refused, and got a newer one.
    Restored {
        /// The user's `sub` claim.
        subject: String,
    },
    /// There is a new access token; if the session lives by its ID token, a new ID token.
    Renewed {
        /// The further audience that the token is for; nil for the session's own.
        audience: Option<String>,
        /// When the token expires, by the device's clock.
        expires_at: Timestamp,
        /// Whether another process got the token.
        elsewhere: bool,
    },
    /// No access token could be obtained for now; the session continues.
    RenewalFailed {
        /// The further audience that the token was for; nil for the session's own.
        audience: Option<String>,
        /// Why.
        cause: RenewalFailure,
        /// Until this moment, by the device's clock, calls fail without a request to the issuer; nil if the next call
        /// may ask the issuer.
        retry_at: Option<Timestamp>,
    },
    /// The session will end because of its age, as the app or the issuer has limited it. Announced 5 minutes before the
    /// end, or as long before as the app has set; announced again if the end was put off in the meantime.
    WillEnd {
        /// When the session will end, by the device's clock.
        at: Timestamp,
        /// Why.
        reason: ReauthenticationReason,
    },
    /// The session cannot go on without the user.
    Ended {
        /// Why.
        reason: ReauthenticationReason,
    },
    /// The user signed out.
    SignedOut {
        /// Whether another process did it.
        elsewhere: bool,
    },
    /// The profile was fetched for the first time, or differs from the one before.
    ProfileChanged,
    /// A change of the metadata that may wait for the network was sent, and the server made it.
    MetadataUpdateSent {
        /// The number of the change.
        id: u64,
    },
    /// The server refused a change of the metadata that may wait for the network; it is not sent again.
    MetadataUpdateRefused {
        /// The number of the change.
        id: u64,
    },
}

/// How a user signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum SignInWay {
    /// In the browser.
    Browser,
    /// On another device, with a code that this one showed (RFC 8628).
    AnotherDevice,
    /// With a credential of another issuer, such as the code of Sign in with Apple (RFC 8693).
    TokenExchange,
    /// With a password, at an older Auth0 tenant.
    Password,
    /// By a migration: the session of another library was taken over.
    Migration,
    /// In another process that shares the store: the app, or one of its extensions.
    Elsewhere,
}

/// Why a renewal failed; Swift gets it as the public error. Boxed, so that the queue of a listener, which has room for
/// 32 reports from the beginning, takes 1.5 KB instead of 5.4 KB.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RenewalFailure(pub Box<Error>);

/// What a listener receives, in the order in which it happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Report {
    /// The state has changed.
    State(SessionState),
    /// An event happened.
    Event(SessionEvent),
}

impl SessionEvent {
    /// Whether the event is announced only when the store holds what it reports. A sign-out or an end counts even if
    /// the store cannot be written now.
    pub fn waits_for_the_store(&self) -> bool {
        !matches!(self, Self::SignedOut { .. } | Self::Ended { .. })
    }

    /// Whether this event is dropped if `later` happens before this one was stored.
    pub fn gives_way_to(&self, later: &Self) -> bool {
        match (self, later) {
            (Self::Renewed { audience, .. }, Self::Renewed { audience: of, .. }) => audience == of,
            _ => matches!((self, later), (Self::ProfileChanged, Self::ProfileChanged)),
        }
    }

    /// Whether the event is the work of a renewal only. The renewal of another process can supersede it.
    pub fn is_of_a_renewal(&self) -> bool {
        matches!(self, Self::Renewed { .. } | Self::Ended { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renewed(audience: Option<&str>) -> SessionEvent {
        SessionEvent::Renewed {
            audience: audience.map(str::to_owned),
            expires_at: Timestamp(1),
            elsewhere: false,
        }
    }

    #[test]
    fn a_later_renewal_of_the_same_token_says_it_all() {
        let profile = || SessionEvent::ProfileChanged;
        for (event, later, gives_way) in [
            (renewed(None), renewed(None), true),
            (renewed(Some("a")), renewed(Some("a")), true),
            (renewed(Some("a")), renewed(Some("b")), false),
            (renewed(None), renewed(Some("a")), false),
            (profile(), profile(), true),
            (profile(), renewed(None), false),
            (renewed(None), profile(), false),
        ] {
            assert_eq!(event.gives_way_to(&later), gives_way, "{event:?} to {later:?}");
        }
        assert!(renewed(None).is_of_a_renewal() && !profile().is_of_a_renewal());
        assert!(renewed(None).waits_for_the_store());
        let gone = SessionEvent::SignedOut { elsewhere: false };
        assert!(!gone.waits_for_the_store() && !gone.is_of_a_renewal());
    }
}
