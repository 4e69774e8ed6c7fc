//! Device authorization (RFC 8628; Auth0: "Device Authorization Flow"): the user signs in on another device, with a
//! code that this device shows. Meanwhile this device polls the token endpoint.

use std::time::Duration;

use url::Url;

use super::answer::{json_object, passing_trouble, unexpected};
use super::discovery::IssuerMetadata;
use super::failure::{Extras, Grant, about_client, callback_failure, explained, token_failure};
use super::token::{self, TokenAnswer, pairs};
use crate::model::configuration::Configuration;
use crate::model::json::Object;
use crate::model::numeric_date::lenient_seconds;
use crate::model::proof_key::ProofKey;
use crate::model::secret::Secret;
use crate::model::time::Timestamp;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::intermediary::may_be_from_an_intermediary;
use crate::protocol::message::{HttpAnswer, HttpRequest};

/// The device authorization endpoint.
pub const ENDPOINT: Endpoint = Endpoint::named("device authorization endpoint");
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const CLIENT_HINT: &str = "the client must be allowed the device code grant \
    (urn:ietf:params:oauth:grant-type:device_code): at Auth0 in the application's Advanced Settings > Grant Types > Device Code";

/// The polling interval if the issuer does not give one (RFC 8628 3.2).
const USUAL_INTERVAL: u64 = 5;
/// What `slow_down` adds, permanently (RFC 8628 3.5).
const SLOWER_BY: Duration = Duration::from_secs(5);
/// The longest pause, whatever went wrong.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The longest lifetime of a code, whatever the issuer says.
const LONGEST_LIFETIME: u64 = 24 * 3600;
/// The longest user code: a person has to read and type it.
const LONGEST_USER_CODE: usize = 100;

/// The issuer's answer for one sign-in.
#[derive(Clone)]
pub struct DeviceAuthorization {
    /// `device_code`: the code that this device polls with.
    pub device_code: Secret,
    /// `user_code`: the code that the user types.
    pub user_code: String,
    /// `verification_uri`: the page where the user types it.
    pub verification_uri: Url,
    /// `verification_uri_complete`: the same page with the code in the URL, for a QR code.
    pub verification_uri_complete: Option<Url>,
    /// `expires_in`
    pub lifetime: Duration,
    /// `interval`
    pub interval: Duration,
}

/// The result of one poll.
#[derive(Clone, Debug)]
pub enum Polled {
    /// The user has signed in.
    Tokens(Box<TokenAnswer>),
    /// Not yet (`authorization_pending`).
    Pending,
    /// Not yet, and this device polled too often (`slow_down`).
    TooFast,
}

/// How long to wait before the next poll (RFC 8628 3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollPace {
    interval: Duration,
    /// The current pause while polls have been failing since the last answer.
    backoff: Option<Duration>,
}

/// The request for a code.
///
/// # Errors
/// [`ProtocolError::Configuration`] if the issuer has no such endpoint.
pub fn request(
    metadata: &IssuerMetadata,
    configuration: &Configuration,
    parameters: &[(String, String)],
) -> Result<HttpRequest, ProtocolError> {
    let no_endpoint = || {
        ProtocolError::Configuration {
        server: Endpoint::DISCOVERY.into(),
        field: "issuer",
        problem: "the issuer has no device_authorization_endpoint, so a sign-in on another device is not possible (RFC 8628 4)"
            .into(),
    }
    };
    let endpoint = metadata.device_authorization_endpoint.clone().ok_or_else(no_endpoint)?;
    let scope = configuration.scopes.join(" ");
    let own = [("client_id", configuration.client_id.as_str()), ("scope", &scope)];
    let audience = configuration
        .audience
        .iter()
        .map(|audience| ("audience", audience.as_str()));
    let resources = configuration
        .resources
        .iter()
        .map(|resource| ("resource", resource.as_str()));
    let configured = audience
        .chain(resources)
        .filter(|(name, _)| !parameters.iter().any(|(own, _)| own == name));
    let fields = own.into_iter().chain(configured).chain(pairs(parameters));
    Ok(HttpRequest::post_form(endpoint, fields))
}

/// Reads the answer (RFC 8628 3.2).
///
/// # Errors
/// [`ProtocolError::Configuration`] if the client or the scopes are refused, or if there is no such endpoint;
/// [`ProtocolError::SignIn`] for another refusal; otherwise a failure of the server or of an intermediary.
pub fn read(answer: &HttpAnswer, now: Timestamp) -> Result<DeviceAuthorization, ProtocolError> {
    let body = json_object(answer);
    if answer.is_success() {
        let read = body.and_then(read_body);
        return read.ok_or_else(|| {
            unexpected(
                ENDPOINT,
                answer,
                "no device code, user code and address that can be shown",
            )
        });
    }
    if let Some(passing) = passing_trouble(ENDPOINT, answer, now) {
        return Err(passing);
    }
    let text = |name: &str| body.as_ref().and_then(|body| body.text(name)).unwrap_or_default();
    Err(match (text("error"), answer.status) {
        (code, 400..=499) if !code.is_empty() => {
            let failure = callback_failure(&answer.server(ENDPOINT), code, text("error_description"));
            match code {
                "unsupported_grant_type" => client_problem(answer, code),
                _ => about_client(failure, CLIENT_HINT),
            }
        }
        (_, 404 | 405 | 410) if !may_be_from_an_intermediary(answer) => client_problem(answer, ""),
        _ => unexpected(ENDPOINT, answer, "neither success nor an error"),
    })
}

fn read_body(mut body: Object) -> Option<DeviceAuthorization> {
    let device_code = body.take_token("device_code")?;
    let text = |name: &str| body.text(name).filter(|text| !text.is_empty());
    let user_code = text("user_code").filter(|code| is_readable(code))?.to_owned();
    // Google's name for it, which is older than the RFC.
    let address = text("verification_uri").or_else(|| text("verification_url"))?;
    let number = |name: &str| {
        body.get(name)
            .and_then(lenient_seconds)
            .and_then(|number| u64::try_from(number).ok())
    };
    Some(DeviceAuthorization {
        device_code,
        user_code,
        verification_uri: shown(address)?,
        verification_uri_complete: text("verification_uri_complete").and_then(shown),
        lifetime: Duration::from_secs(number("expires_in")?.min(LONGEST_LIFETIME)),
        interval: Duration::from_secs(number("interval").unwrap_or(USUAL_INTERVAL).max(1)).min(LONGEST_PAUSE),
    })
}

fn is_readable(code: &str) -> bool {
    code.len() <= LONGEST_USER_CODE && !code.chars().any(char::is_control)
}

/// The URL that a person has to open. It must be a web page.
fn shown(address: &str) -> Option<Url> {
    let url = Url::parse(address).ok()?;
    (matches!(url.scheme(), "https" | "http") && url.has_host()).then_some(url)
}

/// The request that polls for the tokens (RFC 8628 3.4).
pub fn poll(endpoint: &Url, configuration: &Configuration, device_code: &Secret) -> HttpRequest {
    let fields = [
        ("grant_type", GRANT_TYPE),
        ("client_id", &configuration.client_id),
        ("device_code", device_code.expose()),
    ];
    HttpRequest::post_form(
        endpoint.clone(),
        fields.into_iter().chain(pairs(&configuration.token_parameters)),
    )
}

/// Reads the answer (RFC 8628 3.5). `key` is the key whose proof the request contained, if any.
///
/// # Errors
/// [`ProtocolError::SignIn`] with `access_denied` if the user refused, and with `expired_token` if the user did not
/// sign in in time; otherwise as for an authorization code.
pub fn read_poll(
    answer: &HttpAnswer,
    extras: Extras,
    key: Option<&ProofKey>,
    now: Timestamp,
) -> Result<Polled, ProtocolError> {
    if answer.is_success() {
        return token::read_with(answer, Grant::AuthorizationCode, extras, key, now).map(Polled::Tokens);
    }
    let body = json_object(answer);
    let text = |name: &str| body.as_ref().and_then(|body| body.text(name)).unwrap_or_default();
    // Auth0 answers `slow_down` with 429. In this case that does not mean a rate limit.
    match text("error") {
        "authorization_pending" if (400..500).contains(&answer.status) => Ok(Polled::Pending),
        "slow_down" if (400..500).contains(&answer.status) => Ok(Polled::TooFast),
        _ => {
            let failure = token_failure(answer, Grant::AuthorizationCode, extras, now);
            Err(about_client(failure, CLIENT_HINT))
        }
    }
}

fn client_problem(answer: &HttpAnswer, words: &str) -> ProtocolError {
    ProtocolError::Configuration {
        server: answer.server(ENDPOINT),
        field: "client_id",
        problem: explained(words, CLIENT_HINT).into(),
    }
}

impl PollPace {
    /// The pace that the issuer asked for.
    pub fn of(authorization: &DeviceAuthorization) -> Self {
        Self {
            interval: authorization.interval,
            backoff: None,
        }
    }

    /// The default pace, if the issuer has given none.
    pub fn usual() -> Self {
        Self {
            interval: Duration::from_secs(USUAL_INTERVAL),
            backoff: None,
        }
    }

    /// The pause before the next poll.
    pub fn pause(&self) -> Duration {
        self.backoff.unwrap_or(self.interval)
    }

    /// The issuer answered that the user is not done.
    pub fn answered(&mut self) {
        self.backoff = None;
    }

    /// The issuer permanently asks for longer pauses.
    pub fn slow_down(&mut self) {
        self.interval = (self.interval + SLOWER_BY).min(LONGEST_PAUSE);
        self.backoff = None;
    }

    /// There was no answer, or the server has a fault: the pauses double as long as that lasts. `wait` is how long the
    /// server asked to wait.
    pub fn failed(&mut self, wait: Option<Duration>) {
        let doubled = self.pause().saturating_mul(2);
        self.backoff = Some(doubled.max(wait.unwrap_or_default()).min(LONGEST_PAUSE));
    }
}

/// Leaves out the codes: anyone who has one can sign in with it.
impl std::fmt::Debug for DeviceAuthorization {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceAuthorization")
            .field("lifetime", &self.lifetime)
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::secret::SecretBytes;

    const NOW: Timestamp = Timestamp(1_700_000_000);

    fn answer(status: u16, body: &str) -> HttpAnswer {
        HttpAnswer {
            host: String::new(),
            status,
            headers: Vec::new(),
            body: SecretBytes::new(body.as_bytes().to_vec()),
        }
    }

    #[test]
    fn what_is_left_out_is_as_the_standard_says_and_what_cannot_be_shown_is_no_answer() {
        let read = |body: &str| read(&answer(200, body), NOW);
        let whole = r#"{"device_code":"d","user_code":"AB-CD","verification_uri":"https://example.com/activate","expires_in":"900"}"#;
        let authorization = read(whole).unwrap();
        assert_eq!(authorization.interval, Duration::from_secs(5));
        assert_eq!(authorization.lifetime, Duration::from_secs(900));
        assert_eq!(authorization.verification_uri_complete, None);
        for (odd, in_its_place) in [
            ("https://example.com/activate", "javascript:alert(1)"),
            ("AB-CD", r"AB\n-CD"),
            (r#""device_code":"d","#, ""),
            (r#""900""#, "null"),
        ] {
            assert!(read(&whole.replace(odd, in_its_place)).is_err(), "{odd}");
        }
        assert_eq!(
            format!("{authorization:?}"),
            "DeviceAuthorization { lifetime: 900s, interval: 5s, .. }",
            "no code is in it"
        );
    }

    #[test]
    fn no_code_lives_longer_than_a_day_and_no_pause_is_longer_than_a_minute() {
        let whole = r#"{"device_code":"d","user_code":"AB-CD","verification_uri":"https://example.com/activate"}"#;
        for (lifetime, interval, expected) in [
            (86_399, 59, (86_399, 59)),
            (86_401, 61, (86_400, 60)),
            (u64::MAX, u64::MAX, (86_400, 60)),
            (900, 0, (900, 1)),
        ] {
            let numbers = format!(r#","expires_in":{lifetime},"interval":{interval}}}"#);
            let read = read(&answer(200, &whole.replace('}', &numbers)), NOW).unwrap();
            assert_eq!((read.lifetime.as_secs(), read.interval.as_secs()), expected);
        }
    }

    #[test]
    fn pauses_grow_by_five_seconds_for_good_and_double_while_there_is_no_answer() {
        let seconds = Duration::from_secs;
        let mut pace = PollPace {
            interval: seconds(5),
            backoff: None,
        };
        pace.slow_down();
        assert_eq!(pace.pause(), seconds(10));
        pace.failed(None);
        pace.failed(None);
        assert_eq!(pace.pause(), seconds(40));
        pace.failed(Some(seconds(1000)));
        assert_eq!(pace.pause(), LONGEST_PAUSE);
        pace.answered();
        assert_eq!(pace.pause(), seconds(10));
    }

    #[test]
    fn a_client_without_the_grant_is_sent_to_its_settings() {
        let refused = r#"{"error":"unauthorized_client","error_description":"Grant type not allowed for the client."}"#;
        for error in [
            read(&answer(403, refused), NOW).unwrap_err(),
            read_poll(&answer(403, refused), Extras::None, None, NOW).unwrap_err(),
        ] {
            let words = format!("{error:?}");
            assert!(
                words.contains("Advanced Settings > Grant Types > Device Code"),
                "{words}"
            );
        }
    }

    #[test]
    fn an_answer_to_slow_down_is_none_of_too_many_requests() {
        let polled = read_poll(&answer(429, r#"{"error":"slow_down"}"#), Extras::None, None, NOW);
        assert!(matches!(polled, Ok(Polled::TooFast)), "{polled:?}");
        let limited = read_poll(
            &answer(429, r#"{"error":"too_many_requests"}"#),
            Extras::None,
            None,
            NOW,
        );
        assert!(matches!(limited, Err(ProtocolError::RateLimited { .. })), "{limited:?}");
    }
}
