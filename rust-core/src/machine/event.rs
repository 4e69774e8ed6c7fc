//! What happened to a session. Holds no token, code or other secret, so that it may be logged and sent anywhere.

use crate::machine::error::Error;
use crate::model::state::{ReauthenticationReason, SessionState};
use crate::model::time::Timestamp;

/// Something that happened. It is announced once, after it is true and, where tokens came along, after the store holds them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum SessionEvent {
    /// A user signed in.
    SignedIn {
        /// The user's `sub` claim.
        subject: String,
        /// How.
        by: SignInWay,
    },
    /// The sign-in asked for a refresh token (`offline_access`) and the issuer gave none: when the access token expires, the
    /// user has to sign in again. What helps is `prompt=consent` among the parameters of the authorization request (OpenID
    /// Connect Core 11); at Auth0, Allow Offline Access in the settings of the API.
    RefreshTokenMissing,
    /// The session of an earlier launch was read from the store: at launch, or after the device was unlocked. Or a session
    /// goes on of which [`SessionEvent::Ended`] was announced: the refresh token that the issuer refused had been used a moment
    /// before, by another process or by a request that was still under way, and that brought a newer one.
    Restored {
        /// The user's `sub` claim.
        subject: String,
    },
    /// There is a new access token; where a session lives by its ID token, a new one of these.
    Renewed {
        /// Which further audience it is for; nil for the session's own.
        audience: Option<String>,
        /// When it expires, by the device's clock.
        expires_at: Timestamp,
        /// Whether another process got it.
        elsewhere: bool,
    },
    /// No access token could be had for now; the session goes on.
    RenewalFailed {
        /// Which further audience it was for; nil for the session's own.
        audience: Option<String>,
        /// Why.
        cause: RenewalFailure,
        /// Calls before this moment, by the device's clock, fail without the issuer being asked; nil when the next call
        /// may ask.
        retry_at: Option<Timestamp>,
    },
    /// The session will end by its age: as the app set it, or as the issuer said. Announced 5 minutes before, or as the
    /// app set that; once more where it was put off meanwhile.
    WillEnd {
        /// When, by the device's clock.
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
    /// The profile says something else than before, or is the first.
    ProfileChanged,
    /// A change of the metadata that may wait for the network was made.
    MetadataUpdateSent {
        /// Its number.
        id: u64,
    },
    /// The server refused a change of the metadata that may wait for the network; it is gone.
    MetadataUpdateRefused {
        /// Its number.
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
    /// With what another issuer gave, such as the code of Sign in with Apple (RFC 8693).
    TokenExchange,
    /// With a password, at an older Auth0 tenant.
    Password,
    /// Another library's session was taken over.
    Migration,
    /// In another process that shares the store: the app, or one of its extensions.
    Elsewhere,
}

/// Why a renewal failed: the public error crosses to Swift. Boxed, so that the queue of a listener, which has room for 32 reports
/// from the beginning, takes 1.5 KB and not 5.4.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RenewalFailure(pub Box<Error>);

/// What a listener hears, in the order in which it happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Report {
    /// The state is another one.
    State(SessionState),
    /// Something happened.
    Event(SessionEvent),
}

impl SessionEvent {
    /// Whether it is announced only when the store holds what it speaks of. A user who is gone is gone, also from a store that
    /// cannot be written now.
    pub fn waits_for_the_store(&self) -> bool {
        !matches!(self, Self::SignedOut { .. } | Self::Ended { .. })
    }

    /// Whether it need not be announced any more once `later` has happened before it was stored.
    pub fn gives_way_to(&self, later: &Self) -> bool {
        match (self, later) {
            (Self::Renewed { audience, .. }, Self::Renewed { audience: of, .. }) => audience == of,
            _ => matches!((self, later), (Self::ProfileChanged, Self::ProfileChanged)),
        }
    }

    /// Whether it is nothing but the work of a renewal, which another process's can overtake.
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
