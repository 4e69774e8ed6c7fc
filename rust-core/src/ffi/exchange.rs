//! Token exchange (RFC 8693), as Swift requests it.

use std::collections::HashMap;
use std::fmt;

use crate::model::audience::Audience;
use crate::model::invalid::InvalidValue;
use crate::model::secret::Secret;
use crate::protocol::actor::Actor;
use crate::protocol::exchanged_token::{OwnToken, TokenExchange};
use crate::session::{DeviceSso, SessionTransfer};

/// Which of the session's tokens is exchanged, and for what. `Debug` shows only the audience.
#[derive(Clone, uniffi::Record)]
pub struct ExchangeRequest {
    /// The API's identifier.
    pub audience: String,
    /// The scopes at that API.
    pub scopes: Vec<String>,
    /// The API's location, a URI, for issuers that require it.
    pub resource: Option<String>,
    /// Which token is exchanged.
    pub subject: OwnToken,
    /// The issuer's own identifier for the type of that token; nil for that of RFC 8693.
    pub subject_type: Option<String>,
    /// The party that acts for the user.
    pub actor: Option<ExchangeActor>,
    /// Further parameters of the request.
    pub parameters: HashMap<String, String>,
}

/// The party that acts for the user. Passed as text, because the app got it elsewhere.
#[derive(Clone, uniffi::Record)]
pub struct ExchangeActor {
    /// The actor's token.
    pub token: String,
    /// The token's type, a URI.
    pub kind: String,
}

/// A token that signs in a browser or web view too.
#[derive(uniffi::Record)]
pub struct SessionTransferToken {
    /// The token. Anyone who has it can sign in with it, once.
    pub token: String,
    /// How long it is valid, in seconds.
    pub lifetime_seconds: u32,
    /// The issuer's host.
    pub host: String,
}

/// Does not show the token.
impl fmt::Debug for SessionTransferToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionTransferToken")
            .field("lifetime_seconds", &self.lifetime_seconds)
            .finish_non_exhaustive()
    }
}

/// The tokens that another app of the vendor signs in with. Passed as text: they are for another session.
#[derive(uniffi::Record)]
pub struct DeviceSsoToken {
    /// The ID token.
    pub id_token: String,
    /// The device secret.
    pub device_secret: String,
}

/// Shows neither of them.
impl fmt::Debug for DeviceSsoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceSsoToken").finish_non_exhaustive()
    }
}

impl From<DeviceSso> for DeviceSsoToken {
    fn from(of: DeviceSso) -> Self {
        Self {
            id_token: of.id_token.expose().to_owned(),
            device_secret: of.device_secret.expose().to_owned(),
        }
    }
}

impl From<SessionTransfer> for SessionTransferToken {
    fn from(transfer: SessionTransfer) -> Self {
        Self {
            token: transfer.token.expose().to_owned(),
            lifetime_seconds: u32::try_from(transfer.lifetime_seconds).unwrap_or(u32::MAX),
            host: transfer.host,
        }
    }
}

impl TryFrom<ExchangeRequest> for TokenExchange {
    type Error = InvalidValue;

    fn try_from(request: ExchangeRequest) -> Result<Self, InvalidValue> {
        Ok(Self {
            audience: Audience::parse(request.audience, request.scopes)?,
            resource: request.resource,
            subject: request.subject,
            subject_type: request.subject_type,
            actor: request.actor.map(Actor::from),
            parameters: request.parameters,
        })
    }
}

impl From<ExchangeActor> for Actor {
    fn from(ExchangeActor { token, kind }: ExchangeActor) -> Self {
        Self {
            token: Secret::new(token),
            kind,
        }
    }
}

impl fmt::Debug for ExchangeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangeRequest")
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ExchangeActor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangeActor").finish_non_exhaustive()
    }
}
