//! What the server remembers between two requests.

use std::collections::HashSet;

use crate::grant::Grant;
use crate::params::Params;

/// A checked authorization request.
#[derive(Debug, Clone)]
pub(crate) struct AuthorizationRequest {
    pub(crate) reply: Reply,
    pub(crate) client_id: String,
    pub(crate) scope: Vec<String>,
    pub(crate) audience: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) code_challenge: Option<String>,
    pub(crate) prompt: Vec<String>,
    /// Seconds.
    pub(crate) max_age: Option<i64>,
    pub(crate) login_hint: Option<String>,
    pub(crate) sign_up: bool,
    /// The class that is reached, of those in `acr_values` or in `claims`.
    pub(crate) acr: Option<String>,
    /// `org_id`.
    pub(crate) organization: Option<String>,
    /// `dpop_jkt` (RFC 9449 section 10).
    pub(crate) key: Option<String>,
}

/// Where the answer to an authorization request goes.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
}

impl AuthorizationRequest {
    pub(crate) fn prompts(&self, value: &str) -> bool {
        self.prompt.iter().any(|prompt| prompt == value)
    }
}

/// A sign-in that waits for the user at the login page.
#[derive(Clone)]
pub(crate) struct Transaction {
    pub(crate) request: AuthorizationRequest,
    /// The cookie of the browser that began it: a form posted from another browser lacks it.
    pub(crate) browser: String,
    /// Set once the user has signed in and only consent is missing.
    pub(crate) session: Option<String>,
}

/// The session of a signed-in browser.
#[derive(Clone)]
pub(crate) struct BrowserSession {
    pub(crate) user_id: String,
    /// Seconds since the epoch.
    pub(crate) auth_time: i64,
    /// `sid`.
    pub(crate) sid: String,
}

/// A grant that waits for a second factor.
#[derive(Clone)]
pub(crate) struct SecondFactor {
    pub(crate) user_id: String,
    pub(crate) client_id: String,
    pub(crate) waiting: Waiting,
    pub(crate) expires_at_ms: i64,
    /// `oob_code` of the last challenge, and how often the user's answer was asked for.
    pub(crate) challenge: Option<(String, u32)>,
    /// How many codes were wrong.
    pub(crate) wrong_codes: u32,
}

/// What the grant becomes once the second factor is proven.
#[derive(Clone)]
pub(crate) enum Waiting {
    /// A renewal with this refresh token, for an audience and a scope.
    Refresh(String, Option<String>, Vec<String>),
    /// A session.
    SignIn(Box<Grant>),
    /// An access token for this audience and scope.
    Exchange(Box<Grant>, String, Vec<String>),
}

/// A pushed authorization request that waits for its browser (RFC 9126).
pub(crate) struct Pushed {
    pub(crate) client_id: String,
    pub(crate) params: Params,
    pub(crate) expires_at: i64,
}

/// A device code that a client polls with (RFC 8628).
pub(crate) struct DeviceCode {
    pub(crate) user_code: String,
    pub(crate) grant: Grant,
    pub(crate) decision: Decision,
    pub(crate) expires_at: i64,
    /// Seconds between two polls.
    pub(crate) interval: i64,
    pub(crate) polled_at: Option<i64>,
}

/// The user's decision on the other device.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Decision {
    Pending,
    Approved,
    Denied,
}

/// A session transfer token: the user whose browser session it begins.
pub(crate) struct SessionTransfer {
    pub(crate) email: String,
    pub(crate) expires_at: i64,
}

/// The session that a device secret stands for (OpenID Connect Native SSO).
pub(crate) struct DeviceSecret {
    pub(crate) user_id: String,
    /// `sid`.
    pub(crate) session: String,
    pub(crate) auth_time: i64,
    /// The families of the refresh tokens that were issued with it and by it. They end with it.
    pub(crate) families: Vec<u64>,
}

/// The proofs that were used and the nonces that were given out (RFC 9449).
#[derive(Default)]
pub(crate) struct Proofs {
    pub(crate) used: HashSet<String>,
    /// Each nonce with the time when it was given, in seconds since the epoch.
    pub(crate) nonces: Vec<(String, i64)>,
}
