//! An issuer's own words for the user, in any language. For logs see [`super::sanitized`].

use std::fmt;
use std::ops::Deref;

/// What an issuer said about a failure (`error_description`, RFC 6749 5.2), for an app to show and not to log: it may
/// quote what the user entered. Text that could be a token or an address is replaced by "…", because servers quote what
/// they were sent.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IssuerMessage(String);

impl IssuerMessage {
    /// At most 1000 characters, on one line; none if nothing is left.
    pub fn read(words: &str) -> Option<Self> {
        const LONGEST: usize = 1000;
        let words = words.split(|c: char| c.is_whitespace() || c.is_control() || is_direction(c));
        let words = words.filter(|word| !word.is_empty()).map(without_values);
        let message = words.collect::<Vec<_>>().join(" ");
        let cut = message.char_indices().nth(LONGEST).map(|(end, _)| end);
        let shown = match cut {
            Some(end) => format!("{}…", message.get(..end).unwrap_or_default()),
            None => message,
        };
        (!shown.is_empty()).then_some(Self(shown))
    }

    /// The words.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Whether the character changes the direction of text, which could make it read differently.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The word without addresses and without parts that look like tokens: those of letters and digits that are too long
/// for a number, and very long ones.
fn without_values(word: &str) -> String {
    const LONGEST: usize = 16;
    if word.contains('@') {
        return "…".to_owned();
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut shown = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(start) = rest.find(is_part) {
        let (before, from) = rest.split_at(start);
        let (part, after) = from.split_at(from.find(|c| !is_part(c)).unwrap_or(from.len()));
        shown.push_str(before);
        let is_mixed =
            part.bytes().any(|byte| byte.is_ascii_digit()) && part.bytes().any(|byte| byte.is_ascii_alphabetic());
        let is_value = part.len() >= 3 * LONGEST || (part.len() >= LONGEST && is_mixed);
        shown.push_str(if is_value { "…" } else { part });
        rest = after;
    }
    shown.push_str(rest);
    shown
}

/// Shows nothing of the message.
impl fmt::Debug for IssuerMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} characters of the issuer's]", self.0.chars().count())
    }
}

/// What went wrong, in words for a log, and what the issuer said about it. As large as a pointer, because it is part of
/// most errors.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Explanation(Box<Words>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Words {
    /// For logs.
    text: String,
    /// For the app to show.
    issuer: Option<IssuerMessage>,
}

impl Explanation {
    /// The issuer's own words, for the app to show.
    pub fn issuer(&self) -> Option<&IssuerMessage> {
        self.0.issuer.as_ref()
    }

    /// Replaces the issuer's own words.
    pub fn set_issuer(&mut self, issuer: Option<IssuerMessage>) {
        self.0.issuer = issuer;
    }

    /// Replaces the words for a log.
    pub fn set_text(&mut self, text: String) {
        self.0.text = text;
    }

    /// The same with other words for a log.
    #[must_use]
    pub fn with_text(mut self, text: &str) -> Self {
        self.set_text(text.to_owned());
        self
    }
}

impl<T: Into<String>> From<T> for Explanation {
    fn from(text: T) -> Self {
        Self(Box::new(Words {
            text: text.into(),
            issuer: None,
        }))
    }
}

impl Deref for Explanation {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0.text
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

uniffi::custom_type!(IssuerMessage, String, {
    lower: |message| message.0,
    try_lift: |text| Ok(IssuerMessage(text)),
});

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &str) -> Option<String> {
        IssuerMessage::read(words).map(|message| message.0)
    }

    #[test]
    fn every_language_and_every_number_is_kept() {
        for words in [
            "Bitte bestätigen Sie zuerst Ihre E-Mail-Adresse.",
            "メールアドレスを確認してください",
            "AADSTS700016: Application with identifier 'x' was not found in the directory 'Contoso'.",
            "Fehler 0x80048823 (50126), Vorgang 7c9e6679-7425-40de-944b-e07fc1f90ae7",
            "Заблокировано до 12:30, код 90210-17",
            "Der Donaudampfschifffahrtsgesellschaftskapitän darf nicht",
            "تم حظر الحساب (رقم 4711)",
            "<b>5 %</b> & more",
        ] {
            assert_eq!(read(words).as_deref(), Some(words));
        }
    }

    #[test]
    fn values_that_a_server_quotes_are_cut_out() {
        for (words, shown) in [
            ("token v1.MjAyNS1wbGFudGVk is spent", "token v1.… is spent"),
            (
                "der Code SplxlOBeZQQYbYS6WxSbIA ist verbraucht",
                "der Code … ist verbraucht",
            ),
            ("kein Konto für ada@example.com,", "kein Konto für …"),
            (&"x".repeat(48), "…"),
            ("two\nlines\u{0}\tand \u{202e}more", "two lines and more"),
        ] {
            assert_eq!(read(words).as_deref(), Some(shown));
        }
        for nothing in ["", " \n", "\u{7}"] {
            assert_eq!(read(nothing), None);
        }
        let long = read(&"ä ".repeat(2000)).unwrap();
        assert_eq!(long.chars().count(), 1001);
    }

    #[test]
    fn debug_output_shows_nothing_of_it() {
        let shown = format!("{:?}", IssuerMessage::read("gesperrt"));
        assert_eq!(shown, "Some([8 characters of the issuer's])");
    }
}
