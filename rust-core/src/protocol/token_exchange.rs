//! Token exchange (RFC 8693): a token of another issuer begins a session (Auth0: "Token Exchange for Native Social",
//! "Custom Token Exchange").

use url::Url;

use super::actor::Actor;
use super::failure::{Extras, Grant, about_client};
use super::token::{self, TokenAnswer, pairs};
use crate::model::configuration::Configuration;
use crate::model::proof_key::ProofKey;
use crate::model::secret::Secret;
use crate::model::time::Timestamp;
use crate::protocol::error::ProtocolError;
use crate::protocol::message::{HttpAnswer, HttpRequest};

pub(super) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// The parameters of a token exchange that are separate arguments.
pub const ARGUMENTS: [&str; 5] = [
    "subject_token",
    "subject_token_type",
    "actor_token",
    "actor_token_type",
    "user_profile",
];

const CLIENT_HINT: &str = "the client must be allowed the token exchange grant \
    (urn:ietf:params:oauth:grant-type:token-exchange): at Auth0 for Sign in with Apple in the application's Advanced Settings > \
    Device Settings > Native Social Login, for other tokens by a Custom Token Exchange profile of their type; at Okta by Token Exchange among the Grant types of the \
    application's General settings, and in the rule of the authorization server's Access Policies";

/// The credential of another issuer to sign in with.
#[derive(Clone, Copy, Debug)]
pub struct SubjectToken<'a> {
    /// `subject_token`
    pub token: &'a Secret,
    /// `subject_token_type`: a URI.
    pub kind: &'a str,
    /// `actor_token`: the party that acts for the user.
    pub actor: Option<&'a Actor>,
    /// `user_profile`: JSON with what Apple says about the user, at the first sign-in only (Auth0).
    pub user_profile: Option<&'a Secret>,
}

/// The request that begins a session (RFC 8693 2.1).
pub fn sign_in_request(
    endpoint: &Url,
    configuration: &Configuration,
    subject: SubjectToken<'_>,
    parameters: &[(String, String)],
) -> HttpRequest {
    let scope = configuration.scopes.join(" ");
    let own = [
        ("grant_type", GRANT_TYPE),
        ("client_id", configuration.client_id.as_str()),
        ("subject_token", subject.token.expose()),
        ("subject_token_type", subject.kind),
        ("scope", &scope),
    ];
    let actor = subject.actor.into_iter().flat_map(Actor::fields);
    let profile = subject.user_profile.map(|profile| ("user_profile", profile.expose()));
    let is_among = |name: &str, chosen: &[(String, String)]| chosen.iter().any(|(own, _)| own == name);
    let added = pairs(&configuration.token_parameters).filter(|(name, _)| !is_among(name, parameters));
    let audience = configuration.audience.iter().map(|name| ("audience", name));
    let resources = configuration.resources.iter().map(|name| ("resource", name));
    let apis = audience
        .chain(resources)
        .map(|(name, value)| (name, value.as_str()))
        .filter(|(name, _)| !is_among(name, parameters) && !is_among(name, &configuration.token_parameters));
    let fields = own.into_iter().chain(actor).chain(profile).chain(apis).chain(added);
    HttpRequest::post_form(endpoint.clone(), fields.chain(pairs(parameters)))
}

/// Reads the answer (RFC 8693 2.2). `key` is the key whose proof the request contained, if any.
///
/// # Errors
/// [`ProtocolError::SignIn`] if the issuer does not accept the token (`invalid_grant`, `invalid_request`) or requires
/// the user to interact (`login_required` and similar); [`ProtocolError::MfaRequired`];
/// [`ProtocolError::Configuration`] if the client may not use this grant, or if scopes or audience are refused;
/// otherwise a failure of the server or of an intermediary.
pub fn read_sign_in(
    answer: &HttpAnswer,
    extras: Extras,
    key: Option<&ProofKey>,
    now: Timestamp,
) -> Result<Box<TokenAnswer>, ProtocolError> {
    token::read_with(answer, Grant::TokenExchange, extras, key, now).map_err(|failure| match failure {
        // This already is a sign-in: the app shows the issuer's page, or explains the code.
        ProtocolError::InteractionRequired { code, .. } => ProtocolError::SignIn {
            code: code.to_string(),
            description: code.with_text("the issuer wants the user to take part, as in the browser"),
        },
        failure => about_client(failure, CLIENT_HINT),
    })
}
