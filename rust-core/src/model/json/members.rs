//! Members of an object.

use serde_json::{Map, Value};

/// A member; `null` is how some servers spell an absent one.
pub fn present<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    members.get(name).filter(|value| !value.is_null())
}

/// A member that is text; else `None`.
pub fn text_of<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    members.get(name)?.as_str()
}
