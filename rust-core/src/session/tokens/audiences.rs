//! Rules about access tokens for further audiences under the same refresh token. Each is cached and renewed separately.
//!
//! Auth0 is sent `audience` ("Multi-Resource Refresh Token"), any other provider `resource` (RFC 8707). Pure: the rules
//! need only the configuration.

use super::requirement::Renewal;
use crate::machine::error::Error;
use crate::model::audience::{Audience, RESOURCE_PROBLEM, is_resource_indicator};
use crate::model::configuration::{Configuration, IssuerUrl};
use crate::model::secret::Secret;
use crate::protocol::access_token::seems_to_be_for;
use crate::protocol::endpoint::{Endpoint, Server};

/// `None` if the audience is that of the session's own token.
pub(super) fn further<'a>(configuration: &Configuration, audience: &'a Audience) -> Option<&'a Audience> {
    let own = configuration.own_audience() == Some(&audience.identifier) && audience.scopes.is_empty();
    (!own).then_some(audience)
}

/// [`further`] for an audience for which tokens can be requested.
pub(super) fn checked_further<'a>(
    configuration: &Configuration,
    audience: &'a Audience,
) -> Result<Option<&'a Audience>, Error> {
    if is_auth0(configuration) || is_resource_indicator(&audience.identifier) {
        return Ok(further(configuration, audience));
    }
    Err(Error::Argument {
        name: "audience",
        problem: RESOURCE_PROBLEM.to_owned(),
    })
}

/// A provider issues tokens only for APIs that the sign-in named (RFC 8707 2.2). It may refuse others only after it has
/// rotated the refresh token: oidc-provider does, and the next renewal would end the session.
pub(super) fn ensure_named(
    configuration: &Configuration,
    of: Option<&Audience>,
    named: &[String],
) -> Result<(), Error> {
    let unnamed = of.filter(|audience| !is_auth0(configuration) && !named.contains(&audience.identifier));
    match unnamed {
        None => Ok(()),
        Some(audience) if configuration.resources.contains(&audience.identifier) => Err(Error::InteractionRequired {
            server: Endpoint::TOKEN.into(),
            code: "the sign-in did not name this API".into(),
        }),
        Some(audience) => Err(Error::Configuration {
            field: "resources",
            problem: format!("must name {:?}, so that the sign-in asks for it", audience.identifier),
        }),
    }
}

/// The scopes and parameters to send.
pub(super) fn asked_for<'a>(
    configuration: &Configuration,
    renewal: &'a Renewal,
) -> (&'a [String], Vec<(String, String)>) {
    let Some(audience) = &renewal.audience else {
        return (&renewal.options.scopes, renewal.options.parameters.clone());
    };
    let name = if is_auth0(configuration) {
        "audience"
    } else {
        "resource"
    };
    (&audience.scopes, vec![(name.to_owned(), audience.identifier.clone())])
}

/// Other issuers may write another name of the API into their tokens (RFC 8707 2), or nothing that can be read.
pub(super) fn is_for_another_audience(configuration: &Configuration, token: &Secret, of: Option<&Audience>) -> bool {
    of.is_some_and(|audience| is_auth0(configuration) && !seems_to_be_for(token, audience))
}

/// The error for an ignored audience: Auth0 sends none ("Configure and Implement Multi-Resource Refresh Token").
pub(super) fn is_ignored(issuer: &IssuerUrl, of: Option<&Audience>) -> Error {
    let audience = of.map_or("", |audience| &audience.identifier);
    Error::ServerConfiguration {
        server: Server::at(Endpoint::TOKEN, issuer.as_url()),
        field: "audience",
        problem: format!(
            "the issuer ignored the audience {audience:?} and gave a token for another one: name the API and its \
             scopes in the application's Multi-Resource Refresh Token settings at Auth0; metadata needs \
             `metadataAccess: true`, or the Management API there"
        )
        .into(),
    }
}

fn is_auth0(configuration: &Configuration) -> bool {
    matches!(configuration.issuer, IssuerUrl::Auth0(_))
}
