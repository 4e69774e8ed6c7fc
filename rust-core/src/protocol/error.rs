//! What an answer of the issuer's says when it does not say yes.

use crate::model::invalid::{InvalidValue, quoted};
use crate::protocol::endpoint::Server;
use crate::protocol::issuer_message::{Explanation, IssuerMessage};
use crate::protocol::mfa_token::{MfaRequirements, MfaToken};

/// Why a request was not written, or what an unsuccessful answer means. An issuer's own words are in it only after
/// [`super::sanitized`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProtocolError {
    /// An argument of the call cannot be sent, or the issuer refused it.
    Argument(InvalidValue),
    /// The configuration is wrong, here or at the issuer.
    Configuration {
        /// Who answered.
        server: Server,
        /// The field of the configuration to look at first.
        field: &'static str,
        /// What the server said, and the usual cause.
        problem: Explanation,
    },
    /// The refresh token is dead: the session has ended.
    RefreshTokenRejected,
    /// The issuer wants the user to do something; the session has not ended.
    InteractionRequired {
        /// Who answered.
        server: Server,
        /// The issuer's error code.
        code: Explanation,
    },
    /// The issuer wants a second factor, and said how to go on; the session has not ended.
    MfaRequired {
        /// Who answered.
        server: Server,
        /// For Auth0's MFA API.
        token: MfaToken,
        /// Which factors would do.
        requirements: Box<MfaRequirements>,
        /// The issuer's words.
        description: Explanation,
    },
    /// The issuer denies a renewal by its own rule; the session has not ended.
    AccessDenied {
        /// Who answered.
        server: Server,
        /// The issuer's words.
        description: Explanation,
    },
    /// The issuer refused a renewal with a code that does not say why. Some issuers mean that the refresh token is dead.
    Refused {
        /// Who answered.
        server: Server,
        /// The status code.
        status: u16,
        /// The issuer's error code.
        code: String,
        /// The issuer's words.
        description: Explanation,
    },
    /// A sign-in attempt failed.
    SignIn {
        /// The issuer's error code or our own.
        code: String,
        /// In words.
        description: Explanation,
    },
    /// 429, or the same in OAuth's words.
    RateLimited {
        /// Who answered.
        server: Server,
        /// Seconds to wait, where the server said so.
        retry_after: Option<u64>,
    },
    /// 5xx, or `temporarily_unavailable`.
    ServerFault {
        /// Who answered.
        server: Server,
        /// The status code.
        status: u16,
        /// Seconds to wait, where the server said so.
        retry_after: Option<u64>,
    },
    /// An answer that the protocol does not know: a captive portal, a proxy, a broken server.
    UnexpectedAnswer {
        /// Who answered, or seemed to.
        server: Server,
        /// The status code.
        status: u16,
        /// What is unexpected.
        problem: String,
    },
    /// A request could not be written as JSON.
    NotWritable,
}

impl ProtocolError {
    /// The same error; where it is about the audience, it names the one that was asked for, which the app chose.
    #[must_use]
    pub fn about_audience(mut self, audience: Option<&str>) -> Self {
        if let (
            Self::Configuration {
                field: "audience",
                problem,
                ..
            },
            Some(audience),
        ) = (&mut self, audience)
        {
            problem.text = format!("{problem}; asked for {}", quoted(audience));
        }
        self
    }

    /// A sign-in attempt that failed.
    pub fn sign_in(code: &str, description: &str) -> Self {
        Self::SignIn {
            code: code.to_owned(),
            description: description.into(),
        }
    }

    /// The same with what the issuer said of it, in its own words. Other trouble than a refusal is not the issuer's word.
    #[must_use]
    pub fn in_issuers_words(mut self, words: &str) -> Self {
        if let Self::Configuration { problem: said, .. }
        | Self::InteractionRequired { code: said, .. }
        | Self::MfaRequired { description: said, .. }
        | Self::AccessDenied { description: said, .. }
        | Self::Refused { description: said, .. }
        | Self::SignIn { description: said, .. } = &mut self
        {
            said.issuer = IssuerMessage::read(words);
        }
        self
    }
}
