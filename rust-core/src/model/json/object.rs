//! An object that was read, and how accurately.

use std::fmt;

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::members::{present, text_of};
use crate::model::secret::Secret;
use crate::model::secret_members::{SecretMembers, SecretValue};

/// An object from a server. Its remaining members are wiped when it is dropped, because they may contain tokens.
#[derive(Default)]
pub struct Object {
    members: SecretMembers,
    /// Values that a later member with the same name replaced.
    replaced: Vec<(Zeroizing<String>, SecretValue)>,
    fidelity: Fidelity,
}

/// How accurately an object was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fidelity {
    /// It is JSON.
    #[default]
    Exact,
    /// It is not JSON, but every member is there.
    Repaired,
    /// Something could not be read and is missing.
    Partial,
}

impl Object {
    /// Whether the bytes were JSON, apart from a byte order mark, with one value for each name.
    pub fn is_exact(&self) -> bool {
        self.fidelity == Fidelity::Exact && self.replaced.is_empty()
    }

    /// Whether no member is missing. Characters that could not be read may be replaced (U+FFFD).
    pub fn is_complete(&self) -> bool {
        self.fidelity < Fidelity::Partial
    }

    /// The members. If a name occurs twice, the later one (RFC 8259 4: "report the last name/value pair only").
    pub fn into_members(mut self) -> Map<String, Value> {
        self.members.take()
    }

    /// The text of a member; `None` if it is absent or not text.
    pub fn text(&self, name: &str) -> Option<&str> {
        text_of(self.members.expose(), name)
    }

    /// A member; `null` counts as absent.
    pub fn get(&self, name: &str) -> Option<&Value> {
        present(self.members.expose(), name)
    }

    /// Removes a token: text that can be sent in a header or a form. Any other value would break the request that
    /// carries it. If the name occurs more than once, returns the last value that is such a text.
    pub fn take_token(&mut self, name: &str) -> Option<Secret> {
        let replaced = self.replaced.iter_mut().filter(|(other, _)| other.as_str() == name);
        let replaced = replaced.map(|(_, value)| value.expose_mut());
        let mut values = replaced.chain(self.members.get_mut(name));
        let is_token = |value: &&mut Value| {
            let text = value.as_str().unwrap_or_default();
            !text.is_empty() && text.as_bytes().iter().all(|byte| (0x20..0x7f).contains(byte))
        };
        match values.by_ref().filter(is_token).last()?.take() {
            // Moved, not copied.
            Value::String(text) => Some(Secret::new(text)),
            _ => None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.expose().is_empty()
    }

    pub(super) fn put(&mut self, name: String, value: Value) {
        self.replaced.extend(self.members.insert(name, value));
    }

    pub(super) fn lower(&mut self, fidelity: Fidelity) {
        self.fidelity = self.fidelity.max(fidelity);
    }
}

/// Shows how accurately it was read, and none of its content.
impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Object({} members, {:?})",
            self.members.expose().len(),
            self.fidelity
        )
    }
}
