//! Members of a JSON object that may contain tokens or a user's data.

use std::fmt;
use std::mem;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use zeroize::{Zeroize as _, Zeroizing};

/// A JSON object whose `Debug` shows nothing of it. Its texts are wiped when it is dropped: serde_json would free
/// tokens without wiping them.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct SecretMembers(Map<String, Value>);

impl SecretMembers {
    /// Parses an object; `None` for other JSON and for invalid JSON. A text without escapes is copied once, into the
    /// value that is wiped.
    pub fn parse(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok().and_then(Self::of)
    }

    /// Takes an object's members; `None` for other JSON.
    pub fn of(value: Value) -> Option<Self> {
        match value {
            Value::Object(members) => Some(Self(members)),
            mut other => {
                wipe(&mut other);
                None
            }
        }
    }

    /// Inserts a member. If it replaces a value, returns its name and that value.
    pub fn insert(&mut self, name: String, value: Value) -> Option<(Zeroizing<String>, SecretValue)> {
        if let Some(place) = self.0.get_mut(&name) {
            return Some((Zeroizing::new(name), SecretValue(mem::replace(place, value))));
        }
        self.0.insert(name, value);
        None
    }

    /// The members.
    pub fn expose(&self) -> &Map<String, Value> {
        &self.0
    }

    /// One of the members.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.0.get_mut(name)
    }

    /// Removes a member, which the caller has to keep secret.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// Removes all remaining members, which the caller has to keep secret.
    pub fn take(&mut self) -> Map<String, Value> {
        mem::take(&mut self.0)
    }
}

impl From<Map<String, Value>> for SecretMembers {
    fn from(members: Map<String, Value>) -> Self {
        Self(members)
    }
}

impl Serialize for SecretMembers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl fmt::Debug for SecretMembers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} redacted members]", self.0.len())
    }
}

impl Drop for SecretMembers {
    fn drop(&mut self) {
        wipe_members(&mut self.0);
    }
}

/// A JSON value that is wiped when dropped, for a value under construction that may be abandoned.
#[derive(Default)]
pub struct SecretValue(Value);

impl SecretValue {
    /// Takes a value.
    pub fn new(value: Value) -> Self {
        Self(value)
    }

    /// The value.
    pub fn expose_mut(&mut self) -> &mut Value {
        &mut self.0
    }

    /// The value, which the caller has to keep secret.
    pub fn take(mut self) -> Value {
        self.0.take()
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Drop for SecretValue {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// Wipes every text in `value`.
pub fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(members) => wipe_members(members),
        _ => {}
    }
}

/// The names too: a server may put a secret anywhere.
fn wipe_members(members: &mut Map<String, Value>) {
    for (mut name, mut value) in mem::take(members) {
        name.zeroize();
        wipe(&mut value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_debug_text_shows_how_many_there_are_and_none_of_them() {
        let members = SecretMembers::parse(br#"{"token":"planted","more":["planted"]}"#).unwrap();
        assert_eq!(format!("{members:?}"), "[2 redacted members]");
        assert_eq!(SecretMembers::parse(b"[\"planted\"]"), None);
    }
}
