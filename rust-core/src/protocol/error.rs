//! What an unsuccessful answer of the issuer means.

use crate::model::invalid::{InvalidValue, quoted};
use crate::protocol::endpoint::Server;
use crate::protocol::issuer_message::{Explanation, IssuerMessage};
use crate::protocol::mfa_token::{MfaRequirements, MfaToken};

/// Why a request was not written, or what an unsuccessful answer means. It contains an issuer's own words only after
/// [`super::sanitized`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProtocolError {
    /// An argument of the call cannot be sent, or the issuer refused it.
    Argument(InvalidValue),
    /// The configuration is wrong, in the app or at the issuer.
    Configuration {
        /// The server that answered.
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
        /// The server that answered.
        server: Server,
        /// The issuer's error code.
        code: Explanation,
    },
    /// The issuer wants a second factor, and said how to continue; the session has not ended.
    MfaRequired {
        /// The server that answered.
        server: Server,
        /// The token for Auth0's MFA API.
        token: MfaToken,
        /// The factors that the issuer accepts.
        requirements: Box<MfaRequirements>,
        /// The issuer's words.
        description: Explanation,
    },
    /// The issuer denied the renewal by a rule or policy; the session has not ended.
    AccessDenied {
        /// The server that answered.
        server: Server,
        /// The issuer's words.
        description: Explanation,
    },
    /// The issuer refused a renewal with a code that does not say why. Some issuers mean that the refresh token is dead.
    Refused {
        /// The server that answered.
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
        /// The description.
        description: Explanation,
    },
    /// 429, or the OAuth error code for it.
    RateLimited {
        /// The server that answered.
        server: Server,
        /// Seconds to wait, if the server said so.
        retry_after: Option<u64>,
    },
    /// 5xx, or `temporarily_unavailable`.
    ServerFault {
        /// The server that answered.
        server: Server,
        /// The status code.
        status: u16,
        /// Seconds to wait, if the server said so.
        retry_after: Option<u64>,
    },
    /// An answer that the protocol does not define: from a captive portal, a proxy, or a broken server.
    UnexpectedAnswer {
        /// The server that answered, or seemed to.
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
    /// The same error. If it is about the audience, it also names the audience that was requested, which the app chose.
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
            problem.set_text(format!("{problem}; asked for {}", quoted(audience)));
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

    /// The same error with the issuer's own words about it. Failures that are not refusals stay as they are: they are
    /// not the issuer's.
    #[must_use]
    pub fn in_issuers_words(mut self, words: &str) -> Self {
        if let Self::Configuration { problem: said, .. }
        | Self::InteractionRequired { code: said, .. }
        | Self::MfaRequired { description: said, .. }
        | Self::AccessDenied { description: said, .. }
        | Self::Refused { description: said, .. }
        | Self::SignIn { description: said, .. } = &mut self
        {
            said.set_issuer(IssuerMessage::read(words));
        }
        self
    }
}
