//! Token exchange (RFC 8693): one of the session's tokens for an access token of another API (Auth0: "Custom Token
//! Exchange").

use std::collections::HashMap;
use std::fmt;

use serde::Serialize;
use url::Url;

use super::access_token::seems_to_be_for;
use super::actor::{Actor, is_blank};
use super::answer::json_object;
use super::exchange_failure::{Asked, ExchangeFailure, meaning, not_an_access_token, of_another_api};
use super::failure::{Extras, Grant};
use super::token::{self, TokenAnswer, pairs};
use super::token_exchange::GRANT_TYPE;
use crate::model::audience::{Audience, RESOURCE_PROBLEM, is_resource_indicator};
use crate::model::configuration::{Configuration, IssuerUrl, parse_parameters};
use crate::model::invalid::InvalidValue;
use crate::model::proof_key::ProofKey;
use crate::model::secret::{Fingerprint, Secret, SecretBytes};
use crate::model::sorted::sorted;
use crate::model::time::Timestamp;
use crate::protocol::error::ProtocolError;
use crate::protocol::message::{HttpAnswer, HttpRequest};

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// The type that an issuer may give for an access token that is a JWT.
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// The parameters of an exchange that are separate arguments.
const ARGUMENTS: [&str; 7] = [
    "subject_token",
    "subject_token_type",
    "actor_token",
    "actor_token_type",
    "requested_token_type",
    "audience",
    "resource",
];

/// Which of the session's tokens is exchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, uniffi::Enum)]
pub enum OwnToken {
    /// The access token.
    #[default]
    AccessToken,
    /// The ID token.
    IdToken,
    /// The refresh token. The issuer must not rotate it in the exchange.
    RefreshToken,
}

impl OwnToken {
    /// The identifier of its type in RFC 8693 3.
    pub fn usual_type(self) -> &'static str {
        match self {
            Self::AccessToken => ACCESS_TOKEN,
            Self::IdToken => "urn:ietf:params:oauth:token-type:id_token",
            Self::RefreshToken => "urn:ietf:params:oauth:token-type:refresh_token",
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::AccessToken => "access token",
            Self::IdToken => "ID token",
            Self::RefreshToken => "refresh token",
        }
    }
}

/// The parameters of an exchange. `Debug` shows no token and no parameter values.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenExchange {
    /// The API (`audience`), and the scopes at that API.
    pub audience: Audience,
    /// `resource`: the API's location, a URI, for issuers that require it.
    pub resource: Option<String>,
    /// Which token is exchanged.
    pub subject: OwnToken,
    /// `subject_token_type`, if the issuer has its own identifier for it; otherwise that of RFC 8693.
    pub subject_type: Option<String>,
    /// The party that acts for the user.
    pub actor: Option<Actor>,
    /// Further parameters of the request.
    pub parameters: HashMap<String, String>,
}

impl TokenExchange {
    /// An exchange of the access token for one for that API.
    pub fn of(audience: Audience) -> Self {
        Self {
            audience,
            resource: None,
            subject: OwnToken::default(),
            subject_type: None,
            actor: None,
            parameters: HashMap::new(),
        }
    }

    /// Checks whether the exchange can be sent.
    ///
    /// # Errors
    /// [`InvalidValue`] naming the argument that cannot be sent.
    pub fn check(&self) -> Result<(), InvalidValue> {
        if self.subject_type.as_deref().is_some_and(is_blank) {
            return Err(InvalidValue::new("type", "has an empty name"));
        }
        if let Some(actor) = &self.actor {
            actor.check()?;
        }
        if self.resource.as_deref().is_some_and(|uri| !is_resource_indicator(uri)) {
            return Err(InvalidValue::new("resource", RESOURCE_PROBLEM));
        }
        if self.audience.scopes.iter().any(|scope| scope == "offline_access") {
            let problem = "has offline_access: a refresh token of an exchange would be kept nowhere";
            return Err(InvalidValue::new("scopes", problem));
        }
        let parameters = parse_parameters("parameters", self.parameters.clone())?;
        match parameters.iter().find(|(name, _)| ARGUMENTS.contains(&name.as_str())) {
            Some((name, _)) => {
                let problem = format!("sets {name:?}, which is a separate argument");
                Err(InvalidValue::new("parameters", problem))
            }
            None => Ok(()),
        }
    }

    /// A fingerprint that distinguishes exchanges. It contains the actor's token only as part of a hash.
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        let (apis, parameters) = ((&self.audience, &self.resource), sorted(self.parameters.clone()));
        let shown = (self.subject, &self.subject_type, &self.actor);
        let bytes = SecretBytes::from_json(&(apis, shown, parameters)).ok()?;
        Some(Fingerprint::of(&bytes))
    }

    fn type_of_subject(&self) -> &str {
        self.subject_type.as_deref().unwrap_or(self.subject.usual_type())
    }
}

/// The request (RFC 8693 2.1).
pub fn request(
    endpoint: &Url,
    configuration: &Configuration,
    exchange: &TokenExchange,
    subject: &Secret,
) -> HttpRequest {
    let scope = exchange.audience.scopes.join(" ");
    let mut fields = vec![
        ("grant_type", GRANT_TYPE),
        ("client_id", configuration.client_id.as_str()),
        ("subject_token", subject.expose()),
        ("subject_token_type", exchange.type_of_subject()),
        ("audience", &exchange.audience.identifier),
    ];
    if !scope.is_empty() {
        fields.push(("scope", &scope));
    }
    fields.extend(exchange.resource.iter().map(|uri| ("resource", uri.as_str())));
    if let Some(actor) = &exchange.actor {
        fields.extend(actor.fields());
    }
    if !is_auth0(configuration) {
        // At other issuers the type would otherwise be the issuer's choice.
        fields.push(("requested_token_type", ACCESS_TOKEN));
    }
    let parameters = sorted(exchange.parameters.clone());
    let is_set =
        |name: &str| fields.iter().any(|(own, _)| *own == name) || parameters.iter().any(|(own, _)| own == name);
    let configured: Vec<_> = pairs(&configuration.token_parameters)
        .filter(|(name, _)| !is_set(name))
        .collect();
    let all = fields.into_iter().chain(configured).chain(pairs(&parameters));
    HttpRequest::post_form(endpoint.clone(), all)
}

/// Reads the answer (RFC 8693 2.2). `key` is the key whose proof the request contained, if any.
///
/// # Errors
/// See [`ExchangeFailure`].
pub fn read(
    answer: &HttpAnswer,
    configuration: &Configuration,
    exchange: &TokenExchange,
    key: Option<&ProofKey>,
    now: Timestamp,
) -> Result<Box<TokenAnswer>, ExchangeFailure> {
    let issued = json_object(answer).and_then(|body| body.text("issued_token_type").map(str::to_owned));
    if let Some(kind) = issued.filter(|kind| answer.is_success() && ![ACCESS_TOKEN, JWT].contains(&kind.as_str())) {
        return Err(not_an_access_token(answer, &kind).into());
    }
    // The app may not have set any parameter, so the issuer's description is more helpful than the name of a setting.
    let read = token::read_with(answer, Grant::TokenExchange, Extras::None, key, now);
    let asked = Asked {
        audience: &exchange.audience,
        subject: exchange.subject.in_words(),
        has_actor: exchange.actor.is_some(),
    };
    let tokens = read.map_err(|failure| meaning(failure, answer, asked))?;
    match &tokens.access_token {
        Some(token) if is_auth0(configuration) && !seems_to_be_for(token, &exchange.audience) => {
            Err(of_another_api(answer, &exchange.audience).into())
        }
        _ => Ok(tokens),
    }
}

fn is_auth0(configuration: &Configuration) -> bool {
    matches!(configuration.issuer, IssuerUrl::Auth0(_))
}

impl From<ProtocolError> for ExchangeFailure {
    fn from(error: ProtocolError) -> Self {
        Self::Other(error)
    }
}

impl fmt::Debug for TokenExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenExchange")
            .field("audience", &self.audience)
            .field("resource", &self.resource)
            .field("subject", &self.subject)
            .field("subject_type", &self.subject_type)
            .field("actor", &self.actor)
            .field("parameters", &self.parameters.keys())
            .finish()
    }
}
