//! Answers that firewalls, proxies and captive portals send in the server's place. They say nothing about the request.

use crate::protocol::message::HttpAnswer;

/// Whether the answer is a firewall's challenge or a page for people. What is in the body counts more than its label:
/// pages come as plain text too, and servers label JSON and plain text as HTML.
pub(super) fn is_from_an_intermediary(answer: &HttpAnswer) -> bool {
    let body = answer.body.expose().trim_ascii_start();
    let is_labelled = matches!(answer.media_type().as_str(), "text/html" | "application/xhtml+xml");
    let begins_with = |tag: &str| {
        body.get(..tag.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(tag.as_bytes()))
    };
    answer.is_from_a_firewall()
        || is_labelled && (body.is_empty() || body.starts_with(b"<"))
        || begins_with("<!doctype html")
        || begins_with("<html")
}

/// The same, also for a body without a tag that is labelled as HTML: where the server itself answers with JSON, that is
/// most likely not the server's either.
pub(super) fn may_be_from_an_intermediary(answer: &HttpAnswer) -> bool {
    answer.media_type() == "text/html" || is_from_an_intermediary(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::secret::SecretBytes;

    #[test]
    fn pages_and_challenges_are_recognised_whatever_their_label() {
        for (headers, body, expected) in [
            (&[("content-type", "text/html; charset=utf-8")][..], "<p>no</p>", true),
            (&[("content-type", "text/html")], "", true),
            (&[("content-type", "text/html")], " {\"error\":\"no\"}", false),
            (&[("content-type", "text/html")], "no", false),
            (&[("content-type", "application/xhtml+xml")], "<html></html>", true),
            (
                &[("content-type", "text/plain")],
                "\r\n<!DOCTYPE HTML><title>no</title>",
                true,
            ),
            (&[], "<html lang=\"en\">", true),
            (&[("content-type", "application/xml")], "<error>no</error>", false),
            (&[("content-type", "application/json")], "{}", false),
            (&[], "", false),
            (&[("x-amzn-waf-action", "captcha")], "", true),
        ] {
            let answer = HttpAnswer {
                host: String::new(),
                status: 403,
                headers: headers
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                    .collect(),
                body: SecretBytes::new(body.as_bytes().to_vec()),
            };
            assert_eq!(is_from_an_intermediary(&answer), expected, "{headers:?} {body}");
        }
    }
}
