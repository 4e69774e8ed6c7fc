//! Settings that can be changed while the server runs.

use serde::{Deserialize, Serialize};

use crate::keys::Algorithm;

/// Auth0's class for a sign-in with a second factor ("Step-Up Authentication").
pub const MULTI_FACTOR: &str = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";

/// How the server behaves. The defaults are those of a current Auth0 tenant with refresh token rotation on.
///
/// All lifetimes are seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The value of `expires_in`, from which `exp` of JWT access tokens is computed. Default 86400.
    pub access_token_lifetime: i64,
    /// Default 36000.
    pub id_token_lifetime: i64,
    /// Counted from the sign-in, however often the token is rotated. Default 2592000 (30 days).
    pub refresh_token_lifetime: i64,
    /// Counted from the last use, if set. Default none.
    pub refresh_token_idle_lifetime: Option<i64>,
    /// Default 60.
    pub code_lifetime: i64,
    /// How long the browser stays signed in. Default 259200 (3 days).
    pub session_lifetime: i64,

    /// Whether each refresh replaces the refresh token and detects reuse. Default true.
    pub rotation: bool,
    /// The rotation overlap period, in seconds: how long the immediately previous refresh token still works. Default 0.
    pub leeway: i64,
    /// The maximum number of live refresh tokens per user and client; the oldest goes first. Default 200.
    pub refresh_token_limit: usize,
    /// How a dead refresh token is refused.
    pub dead_refresh_token: DeadRefreshToken,
    /// Whether the end of a refresh token family also ends its access tokens (like oidc-provider). Default false.
    pub family_ends_access_tokens: bool,
    /// Whether a refresh ends the previous access token at once (like django-oauth-toolkit). Default false.
    pub refresh_ends_access_token: bool,
    /// Whether `audience` (multi-resource refresh tokens) or `resource` (RFC 8707) on a refresh picks another API. Default
    /// false: it is ignored.
    pub multi_resource_refresh: bool,

    /// The algorithm that signs tokens. Default RS256.
    pub algorithm: Algorithm,
    /// Whether the published keys contain their `alg`. Default true.
    pub jwk_alg: bool,
    /// When access tokens are JWTs.
    pub access_tokens: AccessTokens,
    /// The API if a request names none. Default none.
    pub default_audience: Option<String>,
    /// Whether the ID token of a refresh repeats the sign-in's nonce (like oidc-provider). Default false.
    pub refresh_repeats_nonce: bool,
    /// Whether ID tokens carry `at_hash` (OpenID Connect Core section 3.1.3.6). Default false.
    pub at_hash: bool,
    /// Whether the authorization response carries `iss` (RFC 9207). Default true.
    pub iss_in_authorization_response: bool,

    /// Whether clients may use the device code grant (RFC 8628). Default true.
    pub device_code_grant: bool,
    /// Default 900.
    pub device_code_lifetime: i64,
    /// How often a device may ask, in seconds. Default 5.
    pub device_interval: i64,
    /// Whether clients may use the token exchange grant (RFC 8693) to sign in with a Sign in with Apple code or a token
    /// of one of [`Settings::custom_token_types`]: `external:EMAIL` is a token of that user. Default true.
    pub token_exchange: bool,
    /// The token types for which the tenant has a Custom Token Exchange profile. Default `urn:example:partner-token`.
    /// The server's own tokens can be exchanged under such a type too.
    pub custom_token_types: Vec<String>,
    /// Whether the server's own tokens can be exchanged under their types from RFC 8693, which Auth0 does not support.
    /// Default false.
    pub standard_token_exchange: bool,
    /// Whether the scope `device_sso` yields a device secret, as at Okta (OpenID Connect Native SSO for Mobile Apps
    /// 1.0). Default true.
    pub device_sso: bool,
    /// Whether each refresh replaces the device secret. Default false.
    pub device_secret_rotation: bool,
    /// Whether clients may create session transfer tokens (`session_transfer.can_create_session_transfer_token`). Default true.
    pub session_transfer: bool,
    /// The authentication context classes that a sign-in can reach (`acr_values`). Default: Auth0's class for a second
    /// factor.
    pub authentication_classes: Vec<String>,
    /// Whether discovery announces that authorization requests may request single claims (`claims`). Default false, as
    /// at Auth0.
    pub claims_parameter: bool,
    /// Whether tokens are bound to a key (RFC 9449), which discovery then announces. Default off: proofs are ignored.
    pub dpop: Dpop,
    /// Whether proofs need a nonce, and how long a nonce is valid, in seconds. Default none.
    pub dpop_nonce_lifetime: Option<i64>,
    /// How far `iat` of a proof may be from now, in seconds. Default 60.
    pub dpop_leeway: i64,

    /// How often `mfa-oob` answers `authorization_pending` before the user accepts. Default 1.
    pub push_polls: u32,
    /// Whether the user then rejects. Default false.
    pub push_rejected: bool,

    /// Whether authorization requests must be pushed (RFC 9126), which discovery then announces. Default false.
    pub requires_pushed_authorization: bool,

    /// Whether `/userinfo` answers with a signed `application/jwt`. Default false.
    pub userinfo_jwt: bool,
    /// The form of `updated_at`.
    pub updated_at: UpdatedAt,
    /// Whether the profile has `user_id`, `identities`, `clientID` and `created_at`, as in older tenants. Default
    /// false.
    pub older_tenant_profile: bool,
    /// Whether the Management API accepts an ID token as bearer token, as in older tenants. Default false.
    pub id_token_as_bearer: bool,
    /// Whether a 401 carries `WWW-Authenticate`. Default true.
    pub www_authenticate: bool,

    /// Whether `/delegation`, `/tokeninfo` and `/oauth/ro` are on, as they can be for tenants created before June 2017.
    /// Default false.
    pub legacy: bool,
    /// Whether those endpoints sign ID tokens with HS256 and accept no others, as for clients of that time. Default
    /// false.
    pub legacy_hs256: bool,
    /// Wrong passwords in a row at `/oauth/ro` after which a user is locked out there. Default 10.
    pub legacy_attempts: u32,

    /// Per client. Default none.
    pub rate_limit_token: Option<RateLimit>,
    /// Per user. Default none; Auth0's is 5 a minute.
    pub rate_limit_userinfo: Option<RateLimit>,
    /// Per user. Default none; Auth0's is 10 a minute.
    pub rate_limit_management: Option<RateLimit>,
    /// Per user, on `/delegation`. Default none; Auth0's is 10 a minute.
    pub rate_limit_delegation: Option<RateLimit>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            access_token_lifetime: 86_400,
            id_token_lifetime: 36_000,
            refresh_token_lifetime: 2_592_000,
            refresh_token_idle_lifetime: None,
            code_lifetime: 60,
            session_lifetime: 259_200,
            rotation: true,
            leeway: 0,
            refresh_token_limit: 200,
            dead_refresh_token: DeadRefreshToken::default(),
            family_ends_access_tokens: false,
            refresh_ends_access_token: false,
            multi_resource_refresh: false,
            algorithm: Algorithm::default(),
            jwk_alg: true,
            access_tokens: AccessTokens::default(),
            default_audience: None,
            refresh_repeats_nonce: false,
            at_hash: false,
            iss_in_authorization_response: true,
            device_code_grant: true,
            device_code_lifetime: 900,
            device_interval: 5,
            token_exchange: true,
            custom_token_types: vec!["urn:example:partner-token".to_owned()],
            standard_token_exchange: false,
            device_sso: true,
            device_secret_rotation: false,
            session_transfer: true,
            authentication_classes: vec![MULTI_FACTOR.to_owned()],
            claims_parameter: false,
            dpop: Dpop::Off,
            dpop_nonce_lifetime: None,
            dpop_leeway: 60,
            push_polls: 1,
            push_rejected: false,
            requires_pushed_authorization: false,
            userinfo_jwt: false,
            updated_at: UpdatedAt::default(),
            older_tenant_profile: false,
            id_token_as_bearer: false,
            www_authenticate: true,
            legacy: false,
            legacy_hs256: false,
            legacy_attempts: 10,
            rate_limit_token: None,
            rate_limit_userinfo: None,
            rate_limit_management: None,
            rate_limit_delegation: None,
        }
    }
}

/// The refusals of a dead refresh token that occur in practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadRefreshToken {
    /// 403 `invalid_grant` "Unknown or invalid refresh token."
    #[default]
    InvalidGrant403,
    /// 403 `access_denied` with the same words, as in Auth0's table of standard errors.
    AccessDenied403,
    /// 400 `invalid_grant`, as in RFC 6749 section 5.2.
    InvalidGrant400,
    /// 400 with an empty body.
    Empty400,
}

/// Whether tokens are bound to a key (RFC 9449).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dpop {
    #[default]
    Off,
    /// If the client sends a proof.
    Offered,
    /// A token request without a proof is refused.
    Required,
}

/// When access tokens are JWTs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessTokens {
    /// A JWT for an audience, opaque without one, as at Auth0.
    #[default]
    ByAudience,
    Opaque,
    Jwt,
}

/// The form of `updated_at` in the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpdatedAt {
    /// A string, as Auth0 sends it.
    #[default]
    Iso8601,
    /// Seconds since the epoch, as in OpenID Connect Core section 5.1.
    Number,
}

/// The allowed number of requests in a number of seconds, counted from the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    pub requests: u32,
    /// Seconds.
    pub per: i64,
    /// How a 429 says when to retry, in addition to `X-RateLimit-Reset`.
    #[serde(default)]
    pub retry_after: RetryAfter,
}

impl RateLimit {
    /// `requests` in `per` seconds, with `Retry-After` in seconds.
    #[must_use]
    pub fn new(requests: u32, per: i64) -> Self {
        Self {
            requests,
            per,
            retry_after: RetryAfter::Seconds,
        }
    }
}

/// The two forms of `Retry-After` (RFC 9110 section 10.2.3), or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    #[default]
    Seconds,
    HttpDate,
    Missing,
}
