//! The session's own tokens, exchanged for access tokens for other APIs (RFC 8693).

mod classification;
mod refusals;
mod sessions;
mod tokens;

use pilotlight_core::machine::error::Error;
use pilotlight_core::model::secret::Secret;
use pilotlight_core::protocol::exchanged_token::{OwnToken, TokenExchange};
use pilotlight_core::session::{SessionManager, TokenOptions};
use pilotlight_identity_server::{Options, Settings};

pub(crate) use self::refusals::TOKEN_EXCHANGE;
use crate::audiences::{api, with_resources};
use crate::world::World;

/// The issuer's name for such an exchange: a profile's type at Auth0.
pub(crate) const PROFILE: &str = "urn:example:partner-token";

/// An exchange of the access token for an API's token, under a type for which the tenant has a profile.
pub(crate) fn exchange() -> TokenExchange {
    TokenExchange {
        subject_type: Some(PROFILE.to_owned()),
        ..TokenExchange::of(api())
    }
}

/// The same under its standard type.
pub(crate) fn standard(subject: OwnToken) -> TokenExchange {
    TokenExchange {
        subject,
        ..TokenExchange::of(api())
    }
}

pub(crate) async fn world() -> World {
    world_with(|_| {}).await
}

/// An issuer that exchanges its own tokens.
pub(crate) async fn world_with(change: impl FnOnce(&mut Settings)) -> World {
    World::with(options().with(change)).await
}

pub(crate) fn options() -> Options {
    let options = with_resources(&["https://third.example.com/".to_owned()]);
    options.with(|settings| settings.standard_token_exchange = true)
}

pub(crate) fn asked<'a>(
    session: &'a SessionManager,
    exchange: &TokenExchange,
) -> impl Future<Output = Result<Secret, Error>> + use<'a> {
    session.exchange(exchange.clone(), TokenOptions::default())
}

pub(crate) async fn token(session: &SessionManager, exchange: &TokenExchange) -> String {
    asked(session, exchange).await.unwrap().expose().to_owned()
}

/// How many exchanges were made.
pub(crate) fn exchanges(world: &World) -> u64 {
    world.control().counters().own_tokens_exchanged
}
