//! The party that acts for the user in a token exchange (RFC 8693 2.1).

use std::fmt;

use serde::Serialize;

use crate::model::invalid::InvalidValue;
use crate::model::secret::Secret;

/// The party that acts for the user (RFC 8693 2.1). `Debug` shows only the type.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Actor {
    /// `actor_token`
    pub token: Secret,
    /// `actor_token_type`: a URI.
    pub kind: String,
}

impl Actor {
    /// Checks whether the actor can be sent.
    ///
    /// # Errors
    /// [`InvalidValue`] if its token or type is empty.
    pub fn check(&self) -> Result<(), InvalidValue> {
        if is_blank(self.token.expose()) || is_blank(&self.kind) {
            return Err(InvalidValue::new("actor", "has an empty token or type"));
        }
        Ok(())
    }

    /// The actor's fields in a request.
    pub(super) fn fields(&self) -> [(&str, &str); 2] {
        [("actor_token", self.token.expose()), ("actor_token_type", &self.kind)]
    }
}

pub(super) fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Actor")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
