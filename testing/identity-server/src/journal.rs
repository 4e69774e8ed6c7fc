//! The requests to the server: a log without secrets, and counters.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::lock::lock;

/// The endpoints that are counted and that faults can be set for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    Discovery,
    Jwks,
    /// `/authorize` and the pages of the login.
    Authorize,
    /// `/oauth/par`
    PushedAuthorization,
    /// `/oauth/device/code`
    DeviceAuthorization,
    Token,
    Userinfo,
    Revoke,
    Logout,
    /// `/api/v2/users/{id}`
    Users,
    /// `/delegation`
    Delegation,
    /// `/tokeninfo`
    Tokeninfo,
    /// `/oauth/ro`
    ResourceOwner,
    /// `/mfa/authenticators` and `/mfa/challenge`
    Mfa,
    /// For faults and waiting: any endpoint.
    Any,
}

impl Endpoint {
    /// Which endpoint a path belongs to; none for unknown ones.
    pub(crate) fn of(path: &str) -> Option<Self> {
        Some(match path {
            "/.well-known/openid-configuration" => Self::Discovery,
            "/.well-known/jwks.json" => Self::Jwks,
            "/authorize" | "/u/login" | "/u/consent" => Self::Authorize,
            "/oauth/par" => Self::PushedAuthorization,
            "/oauth/device/code" => Self::DeviceAuthorization,
            "/oauth/token" => Self::Token,
            "/userinfo" => Self::Userinfo,
            "/oauth/revoke" => Self::Revoke,
            "/v2/logout" | "/oidc/logout" => Self::Logout,
            "/delegation" => Self::Delegation,
            "/tokeninfo" => Self::Tokeninfo,
            "/oauth/ro" => Self::ResourceOwner,
            "/mfa/authenticators" | "/mfa/challenge" => Self::Mfa,
            users if users.starts_with("/api/v2/users/") => Self::Users,
            _ => return None,
        })
    }

    pub(crate) fn matches(self, endpoint: Self) -> bool {
        self == Self::Any || self == endpoint
    }
}

/// One request. Holds neither parameters nor headers, so it has no secrets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RequestRecord {
    /// The number of the request, from 0 since the server started.
    pub number: u64,
    pub endpoint: Endpoint,
    pub method: String,
    /// The status of the answer; `None` while the request is in progress or if it was never answered.
    pub status: Option<u16>,
    /// On the token endpoint.
    pub grant_type: Option<String>,
    /// The `error` (or `errorCode`) of a refusal.
    pub error: Option<String>,
    /// The fault that replaced or altered the answer, such as `reset`.
    pub fault: Option<&'static str>,
    /// When the request arrived, by the server's clock, in seconds since the epoch.
    pub at: i64,
}

/// Totals since the server started. They are never reset: tests compare before and after.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Requests seen per endpoint, including those that a fault swallowed.
    pub requests: BTreeMap<Endpoint, u64>,
    /// Refresh grants seen, including those that a fault swallowed.
    pub refresh_grants: u64,
    /// Refresh grants that the server accepted, whether or not the client got the answer.
    pub refresh_grants_honoured: u64,
    /// Codes exchanged for tokens.
    pub code_grants_honoured: u64,
    /// Device codes exchanged for tokens.
    pub device_grants_honoured: u64,
    /// Tokens of other issuers exchanged for tokens.
    pub external_tokens_exchanged: u64,
    /// The server's own tokens exchanged for access tokens for other APIs.
    pub own_tokens_exchanged: u64,
    /// Device secrets with which another app was signed in.
    pub device_secrets_exchanged: u64,
    /// Device secrets ended through `/oauth/revoke`.
    pub device_secrets_revoked: u64,
    /// Codes presented again after they had been exchanged.
    pub codes_reused: u64,
    pub refresh_tokens_issued: u64,
    /// Presented refresh tokens that had been exchanged before, within the overlap period or not.
    pub spent_refresh_tokens_presented: u64,
    /// Those of them that the overlap period allowed.
    pub overlap_reuses: u64,
    /// Presented refresh tokens that were unknown, expired or of an ended family.
    pub dead_refresh_tokens_presented: u64,
    /// Families ended by reuse of a refresh token or code.
    pub families_killed: u64,
    /// Families ended by the client through `/oauth/revoke`.
    pub families_revoked: u64,
    /// Sign-ins that ended with a code.
    pub sign_ins: u64,
    /// Sign-ins with a password at `/oauth/ro`.
    pub password_sign_ins: u64,
    /// Refresh tokens issued at `/oauth/ro`, one for each sign-in with `offline_access`; they are bound to a device and
    /// not rotated.
    pub device_refresh_tokens_issued: u64,
    /// Delegations that the server accepted, of every `api_type`.
    pub delegations_honoured: u64,
}

/// The log and the counters, with a signal for code that waits for requests.
#[derive(Debug)]
pub(crate) struct Journal {
    entries: Mutex<Entries>,
    progress: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Entries {
    next: u64,
    records: Vec<RequestRecord>,
    counters: Counters,
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            entries: Mutex::default(),
            progress: watch::Sender::new(()),
        }
    }
}

impl Journal {
    /// Records a request and returns its number.
    pub(crate) fn begin(&self, endpoint: Endpoint, method: &str, grant_type: Option<String>, at: i64) -> u64 {
        let mut entries = lock(&self.entries);
        let number = entries.next;
        entries.next += 1;
        *entries.counters.requests.entry(endpoint).or_default() += 1;
        entries.counters.refresh_grants += u64::from(grant_type.as_deref() == Some("refresh_token"));
        let method = method.to_owned();
        let record = RequestRecord {
            number,
            endpoint,
            method,
            status: None,
            grant_type,
            error: None,
            fault: None,
            at,
        };
        entries.records.push(record);
        drop(entries);
        self.progress.send_replace(());
        number
    }

    /// Adds information to a request's record later.
    pub(crate) fn update(&self, number: u64, change: impl FnOnce(&mut RequestRecord)) {
        if let Some(record) = lock(&self.entries)
            .records
            .iter_mut()
            .rev()
            .find(|record| record.number == number)
        {
            change(record);
        }
    }

    pub(crate) fn count(&self, change: impl FnOnce(&mut Counters)) {
        change(&mut lock(&self.entries).counters);
    }

    pub(crate) fn counters(&self) -> Counters {
        lock(&self.entries).counters.clone()
    }

    pub(crate) fn records(&self) -> Vec<RequestRecord> {
        lock(&self.entries).records.clone()
    }

    pub(crate) fn clear_records(&self) {
        lock(&self.entries).records.clear();
    }

    /// Requests seen by an endpoint so far.
    pub(crate) fn seen(&self, endpoint: Endpoint) -> u64 {
        let entries = lock(&self.entries);
        let requests = entries.counters.requests.iter();
        requests
            .filter(|(seen, _)| endpoint.matches(**seen))
            .map(|(_, count)| count)
            .sum()
    }

    /// Wakes at each request.
    pub(crate) fn progress(&self) -> watch::Receiver<()> {
        self.progress.subscribe()
    }
}
