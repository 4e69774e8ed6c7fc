//! The server's clock, and how long it asks to wait.

use crate::model::time::Timestamp;
use crate::protocol::message::HttpAnswer;

/// The seconds that the server asks to wait: `Retry-After` in seconds or as an HTTP date (RFC 9110 10.2.3), otherwise
/// Auth0's `X-RateLimit-Reset` or Okta's `X-Rate-Limit-Reset` (times in seconds since 1970), otherwise `RateLimit-Reset`
/// (seconds). `now` is the server's time as well as it is known; the answer's own `Date` is better and takes precedence.
///
/// Only a wait between one second and one day counts. Servers also send zero, times in the past, seconds in place of a
/// time, a time in place of seconds, and milliseconds. Those are ignored.
pub(super) fn retry_after(answer: &HttpAnswer, now: Timestamp) -> Option<u64> {
    const LONGEST_SECONDS: u64 = 24 * 3600;
    let now = server_date(answer).unwrap_or(now);
    let is_wait = |seconds: &u64| (1..=LONGEST_SECONDS).contains(seconds);
    let until = |moment: Timestamp| u64::try_from(moment.seconds_since(now)).ok();
    let asked = answer.header("retry-after").map(str::trim);
    let asked = asked.and_then(|value| value.parse().ok().or_else(|| parse_http_date(value).and_then(until)));
    let number = |name| answer.header(name)?.trim().parse::<i64>().ok();
    let moment = |name| number(name).and_then(|moment| until(Timestamp(moment))).filter(is_wait);
    let delay = |name| {
        number(name)
            .and_then(|seconds| u64::try_from(seconds).ok())
            .filter(is_wait)
    };
    asked
        .filter(is_wait)
        .or_else(|| moment("x-ratelimit-reset"))
        .or_else(|| moment("x-rate-limit-reset"))
        .or_else(|| delay("ratelimit-reset"))
}

/// The server's time when it answered, from its `Date` header. None for an answer from a cache: it has an `Age`, and its
/// date may be long past (RFC 9111 4.2.3). Servers that answer themselves may send `Age: 0`. An `Age` that is not a number
/// is ignored (5.1).
pub fn server_date(answer: &HttpAnswer) -> Option<Timestamp> {
    const LARGEST_AGE_OF_NOW: u64 = 5;
    let is_number = |age: &&str| !age.is_empty() && age.bytes().all(|byte| byte.is_ascii_digit());
    let age = answer.header("age").map(str::trim).filter(is_number);
    let is_of_now = age.is_none_or(|age| age.parse().is_ok_and(|seconds: u64| seconds <= LARGEST_AGE_OF_NOW));
    answer.header("date").filter(|_| is_of_now).and_then(parse_http_date)
}

fn parse_http_date(text: &str) -> Option<Timestamp> {
    let since_1970 = httpdate::parse_http_date(text)
        .ok()?
        .duration_since(std::time::UNIX_EPOCH)
        .ok()?;
    i64::try_from(since_1970.as_secs()).ok().map(Timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::secret::SecretBytes;

    const NOW: Timestamp = Timestamp(1_700_000_000);

    fn answer(headers: &[(&str, &str)]) -> HttpAnswer {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        HttpAnswer {
            host: String::new(),
            status: 429,
            headers: headers.iter().map(owned).collect(),
            body: SecretBytes::new(Vec::new()),
        }
    }

    #[test]
    fn a_wait_that_makes_no_sense_is_none() {
        for (name, value, wait) in [
            ("retry-after", "1", Some(1)),
            ("retry-after", " 86400 ", Some(86_400)),
            ("retry-after", "Tue, 14 Nov 2023 22:14:20 GMT", Some(60)),
            ("retry-after", "0", None),
            ("retry-after", "-5", None),
            ("retry-after", "86401", None),
            ("retry-after", "1700000030", None),
            ("retry-after", "1700000030000", None),
            ("retry-after", "Tue, 14 Nov 2023 22:13:20 GMT", None),
            ("retry-after", "Tue, 14 Nov 1995 22:13:20 GMT", None),
            ("retry-after", "soon", None),
            ("x-ratelimit-reset", "1700000030", Some(30)),
            ("x-ratelimit-reset", "1700000000", None),
            ("x-ratelimit-reset", "30", None),
            ("x-ratelimit-reset", "0", None),
            ("x-ratelimit-reset", "1700000030000", None),
            ("x-rate-limit-reset", "1700000030", Some(30)),
            ("x-rate-limit-reset", "30", None),
            ("ratelimit-reset", "30", Some(30)),
            ("ratelimit-reset", "0", None),
            ("ratelimit-reset", "1700000030", None),
            ("retry-after", "", None),
            ("retry-after", "5.5", None),
            ("retry-after", "1e3", None),
            ("retry-after", "NaN", None),
            ("retry-after", "inf", None),
            ("retry-after", "5, 10", None),
            ("retry-after", "PT30S", None),
            ("retry-after", "99999999999999999999999999", None),
            ("retry-after", "Thu, 01 Jan 1970 00:00:00 GMT", None),
            ("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT", None),
            ("retry-after", "2023-11-14T22:14:20Z", None),
            ("x-ratelimit-reset", " 1700000030 ", Some(30)),
            ("x-ratelimit-reset", "-1700000030", None),
            ("x-ratelimit-reset", "-9223372036854775808", None),
            ("x-ratelimit-reset", "9223372036854775807", None),
            ("x-ratelimit-reset", "99999999999999999999999999", None),
            ("x-ratelimit-reset", "1700000030.5", None),
            ("x-ratelimit-reset", "1.7e9", None),
            ("x-ratelimit-reset", "Tue, 14 Nov 2023 22:14:20 GMT", None),
        ] {
            assert_eq!(retry_after(&answer(&[(name, value)]), NOW), wait, "{name}: {value}");
        }
    }

    #[test]
    fn the_date_of_a_stored_answer_is_not_now_and_that_of_a_fresh_one_is() {
        let date = ("date", "Tue, 14 Nov 2023 22:13:20 GMT");
        assert_eq!(server_date(&answer(&[date])), Some(NOW));
        for age in ["6", "21600", "99999999999999999999"] {
            assert_eq!(server_date(&answer(&[date, ("age", age)])), None, "{age}");
        }
        for age in ["0", "5", " 1 ", "", "-1", "soon", "1, 2"] {
            assert_eq!(server_date(&answer(&[date, ("age", age)])), Some(NOW), "{age}");
        }
    }
}
