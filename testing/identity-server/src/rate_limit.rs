//! Rate limits and their headers in answers.

use std::collections::HashMap;

use axum::http::{HeaderName, header};
use axum::response::Response;

use crate::answers::set_header;
use crate::clock::http_date;
use crate::journal::Endpoint;
use crate::settings::{RateLimit, RetryAfter};

/// The windows in which requests are counted.
#[derive(Debug, Default)]
pub(crate) struct Windows(HashMap<(Endpoint, String), Window>);

#[derive(Debug, Clone, Copy)]
struct Window {
    ends_at: i64,
    used: u32,
}

/// A request's position within its limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Standing {
    limit: RateLimit,
    remaining: u32,
    resets_at: i64,
    now: i64,
    pub(crate) exceeded: bool,
}

impl Windows {
    /// Counts a request of `who`, which `limit` may refuse. `None` if there is no limit.
    pub(crate) fn count(
        &mut self,
        endpoint: Endpoint,
        who: &str,
        limit: Option<RateLimit>,
        now: i64,
    ) -> Option<Standing> {
        let limit = limit?;
        let fresh = Window {
            ends_at: now + limit.per,
            used: 0,
        };
        let window = self.0.entry((endpoint, who.to_owned())).or_insert(fresh);
        if window.ends_at <= now {
            *window = fresh;
        }
        let exceeded = window.used >= limit.requests;
        window.used = window.used.saturating_add(1).min(limit.requests);
        let remaining = limit.requests - window.used;
        Some(Standing {
            limit,
            remaining,
            resets_at: window.ends_at,
            now,
            exceeded,
        })
    }
}

impl Standing {
    /// Adds `X-RateLimit-*`, and `Retry-After` to a refusal.
    pub(crate) fn mark(standing: Option<Self>, mut response: Response) -> Response {
        let Some(standing) = standing else { return response };
        let mut set = |name: &'static str, value: String| {
            set_header(&mut response, HeaderName::from_static(name), &value);
        };
        set("x-ratelimit-limit", standing.limit.requests.to_string());
        set("x-ratelimit-remaining", standing.remaining.to_string());
        set("x-ratelimit-reset", standing.resets_at.to_string());
        let retry_after = match standing.limit.retry_after {
            RetryAfter::Seconds => Some((standing.resets_at - standing.now).to_string()),
            RetryAfter::HttpDate => Some(http_date(standing.resets_at)),
            RetryAfter::Missing => None,
        };
        if let Some(retry_after) = retry_after.filter(|_| standing.exceeded) {
            set_header(&mut response, header::RETRY_AFTER, &retry_after);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_begins_with_its_first_request_and_ends_on_time() {
        let mut windows = Windows::default();
        let limit = Some(RateLimit::new(2, 60));
        let mut exceeded = |who: &str, at| windows.count(Endpoint::Users, who, limit, at).unwrap().exceeded;
        assert!(!exceeded("ada", 100) && !exceeded("ada", 130) && exceeded("ada", 159));
        assert!(!exceeded("grace", 159), "each user has their own window");
        assert!(!exceeded("ada", 160));
        assert_eq!(windows.count(Endpoint::Users, "ada", None, 160), None);
    }
}
