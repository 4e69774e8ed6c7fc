//! What the stored items are called: `NAME|CLIENT|ISSUER`, so that a session belongs to one client at one issuer. An app
//! that changes its tenant never presents one issuer's refresh token to another.
//!
//! A `|` in a name or a client identifier is escaped, or the session `default` of the client `app|x` and the session
//! `default|app` of the client `x` would be one item. Releases before did not; their items are found by
//! [`ItemNames::old`].

use std::borrow::Cow;

use url::Url;

/// What is added to an item's name when the item cannot be decoded and is kept aside.
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

    /// What the item was called before names were escaped, where that is another name. An item of that name may be
    /// another client's, which it says itself; no session is called so today.
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

/// Nothing in it is escaped, nor looks like it. Nearly every one is, and each session that is opened asks.
fn is_plain(part: &str) -> bool {
    !part.contains(['%', '|'])
}

/// Whether it could be what [`escaped`] made, and so a part of a name of today.
fn is_escaped(part: &str) -> bool {
    is_plain(part) || escaped(&unescaped(part)) == part
}

fn unescaped(part: &str) -> String {
    part.replace("%7C", "|").replace("%25", "%")
}

/// The name of the `number`th damaged item, from 1 on, that is kept aside of the item called `item_name`.
pub fn unreadable_name(item_name: &str, number: u32) -> String {
    if number < 2 {
        format!("{item_name}{UNREADABLE_SUFFIX}")
    } else {
        format!("{item_name}|{number}{UNREADABLE_SUFFIX}")
    }
}

/// Whether an item of that name is Pilotlight's, of whatever client: in a store that has others too.
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
