//! The names of stored items: `NAME|CLIENT|ISSUER`, so that a session belongs to one client at one issuer. An app that
//! changes its tenant never sends one issuer's refresh token to another.
//!
//! A `|` in a name or a client identifier is escaped. Otherwise the session `default` of the client `app|x` and the
//! session `default|app` of the client `x` would share one item. Earlier releases did not escape it; [`ItemNames::old`]
//! finds their items.

use std::borrow::Cow;

use url::Url;

/// The suffix of the name under which an item that cannot be decoded is kept aside.
pub const UNREADABLE_SUFFIX: &str = "|unreadable";

/// The names of one client's items at one issuer.
pub(super) struct ItemNames<'a> {
    pub(super) client_id: &'a str,
    pub(super) issuer: &'a str,
}

impl ItemNames<'_> {
    pub(super) fn of(&self, session_name: &str) -> String {
        [&escaped(session_name), self.suffix().as_str()].concat()
    }

    /// The name of the item before names were escaped, if it was another. An item with that name may belong to another
    /// client, which its content shows; no session has such a name today.
    pub(super) fn old(&self, session_name: &str) -> Option<String> {
        let has_another = [session_name, self.client_id].iter().any(|part| !is_escaped(part));
        has_another.then(|| format!("{session_name}{}", self.old_suffix()))
    }

    pub(super) fn session_name(&self, item_name: &str) -> Option<String> {
        let name = item_name
            .strip_suffix(&self.suffix())
            .or_else(|| item_name.strip_suffix(&self.old_suffix()))?;
        (!name.is_empty()).then(|| unescaped(name))
    }

    fn suffix(&self) -> String {
        ["|", &escaped(self.client_id), "|", self.issuer].concat()
    }

    fn old_suffix(&self) -> String {
        format!("|{}|{}", self.client_id, self.issuer)
    }
}

fn escaped(part: &str) -> Cow<'_, str> {
    match is_plain(part) {
        true => Cow::Borrowed(part),
        false => Cow::Owned(part.replace('%', "%25").replace('|', "%7C")),
    }
}

/// Whether nothing in it needs escaping or looks escaped. This is true for nearly every name, and checked for each
/// session.
fn is_plain(part: &str) -> bool {
    !part.contains(['%', '|'])
}

/// Whether it could be a result of [`escaped`], and so part of a current name.
fn is_escaped(part: &str) -> bool {
    is_plain(part) || escaped(&unescaped(part)) == part
}

fn unescaped(part: &str) -> String {
    part.replace("%7C", "|").replace("%25", "%")
}

/// The name of the `number`th damaged item, counted from 1, that is kept aside for the item called `item_name`.
pub fn unreadable_name(item_name: &str, number: u32) -> String {
    if number < 2 {
        format!("{item_name}{UNREADABLE_SUFFIX}")
    } else {
        format!("{item_name}|{number}{UNREADABLE_SUFFIX}")
    }
}

/// Whether an item with this name belongs to Pilotlight, for any client, in a store that has other items too.
pub fn is_item_name(name: &str) -> bool {
    let name = match name.strip_suffix(UNREADABLE_SUFFIX) {
        Some(kept) => without_number(kept),
        None => name,
    };
    let mut parts = name.rsplitn(3, '|');
    let issuer = parts.next().and_then(|issuer| Url::parse(issuer).ok());
    issuer.is_some_and(|issuer| issuer.has_host()) && parts.count() == 2
}

fn without_number(name: &str) -> &str {
    match name.rsplit_once('|') {
        Some((item, number)) if number.parse::<u32>().is_ok() => item,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_aside_is_recognised_whatever_its_number() {
        let item = "work|client|https://tenant.example.com/";
        for name in [item.to_owned(), unreadable_name(item, 1), unreadable_name(item, 2)] {
            assert!(is_item_name(&name), "{name}");
        }
        assert_ne!(unreadable_name(item, 1), unreadable_name(item, 2));
        for other in [
            "work",
            "work|client",
            "work|client|no url",
            "|unreadable",
            "a|2|unreadable",
        ] {
            assert!(!is_item_name(other), "{other}");
        }
    }
}
