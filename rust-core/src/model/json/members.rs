//! Members of an object.

use serde_json::{Map, Value};

/// A member; some servers write `null` for an absent one.
pub fn present<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    members.get(name).filter(|value| !value.is_null())
}

/// The text of a member; `None` if it is absent or not text.
pub fn text_of<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    members.get(name)?.as_str()
}
