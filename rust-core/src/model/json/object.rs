//! An object that was read, and how well.

use std::{fmt, mem};

use serde_json::{Map, Value};
use zeroize::Zeroize;

use super::members::{present, text_of};
use crate::model::secret::Secret;

/// An object that a server sent. What is left of it is wiped when it is dropped, because it may hold tokens.
#[derive(Default)]
pub struct Object {
    members: Map<String, Value>,
    /// Values that a later member of the same name replaced.
    replaced: Vec<(String, Value)>,
    fidelity: Fidelity,
}

/// How well an object could be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fidelity {
    /// It is JSON.
    #[default]
    Exact,
    /// It is not, but every member is there.
    Repaired,
    /// Something could not be read and is missing.
    Partial,
}

impl Object {
    /// Whether the bytes were JSON, byte order mark aside, with one value for each name.
    pub fn is_exact(&self) -> bool {
        self.fidelity == Fidelity::Exact && self.replaced.is_empty()
    }

    /// Whether no member is missing. Characters that could not be read may be replaced (U+FFFD).
    pub fn is_complete(&self) -> bool {
        self.fidelity < Fidelity::Partial
    }

    /// The members. Of two of one name the later one (RFC 8259 4: "report the last name/value pair only").
    pub fn into_members(mut self) -> Map<String, Value> {
        mem::take(&mut self.members)
    }

    /// A member that is text; else `None`.
    pub fn text(&self, name: &str) -> Option<&str> {
        text_of(&self.members, name)
    }

    /// A member; `null` counts as absent.
    pub fn get(&self, name: &str) -> Option<&Value> {
        present(&self.members, name)
    }

    /// Takes out a token: text that can be sent in a header or a form. Anything else would break the request that carries
    /// it. Where members have the name twice, the last that is such a text.
    pub fn take_token(&mut self, name: &str) -> Option<Secret> {
        let replaced = self.replaced.iter_mut().filter(|(other, _)| other == name);
        let mut values = replaced.map(|(_, value)| value).chain(self.members.get_mut(name));
        let is_token = |value: &&mut Value| {
            let text = value.as_str().unwrap_or_default();
            !text.is_empty() && text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
        };
        match values.by_ref().filter(is_token).last()?.take() {
            // Moved, not copied.
            Value::String(text) => Some(Secret::new(text)),
            _ => None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub(super) fn put(&mut self, name: String, value: Value) {
        if let Some(replaced) = self.members.insert(name.clone(), value) {
            self.replaced.push((name, replaced));
        }
    }

    pub(super) fn lower(&mut self, fidelity: Fidelity) {
        self.fidelity = self.fidelity.max(fidelity);
    }
}

/// Wipes every text in `value`.
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        _ => {}
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        let replaced = self.replaced.iter_mut().map(|(_, value)| value);
        self.members.values_mut().chain(replaced).for_each(wipe);
    }
}

/// Shows how well it was read and nothing of what it holds.
impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object({} members, {:?})", self.members.len(), self.fidelity)
    }
}
