//! What is left out of an item so that it can be written and read again: never the tokens.

use std::borrow::Cow;

use super::item::StoredSession;
use crate::model::depth::is_too_deep_to_store;
use crate::model::secret::SecretBytes;

/// Keychain items are small things. What can be fetched again is left out of one that would be larger.
const DESIRED_BYTES: usize = 1024 * 1024;

/// What is fetched again goes first: the profile, then access tokens of further audiences, the oldest first; then what
/// waits to be revoked. Changes of the metadata that wait were promised, and are bounded where they are accepted.
pub(super) fn encode(session: &StoredSession) -> serde_json::Result<SecretBytes> {
    let mut session = readable(session);
    loop {
        let bytes = SecretBytes::from_json(&*session)?;
        if bytes.expose().len() <= DESIRED_BYTES || !leave_something_out(&mut session) {
            return Ok(bytes);
        }
    }
}

/// Without what is nested too deep to be read again.
fn readable(session: &StoredSession) -> Cow<'_, StoredSession> {
    let mut session = Cow::Borrowed(session);
    let profile = session.profile.as_ref();
    if profile.is_some_and(|profile| is_too_deep_to_store(&profile.other_claims.0)) {
        session.to_mut().profile = None;
    }
    if session
        .pending_updates
        .iter()
        .any(|update| is_too_deep_to_store(&update.changes.0))
    {
        let waiting = &mut session.to_mut().pending_updates;
        waiting.retain(|update| !is_too_deep_to_store(&update.changes.0));
    }
    session
}

/// False when nothing is left but what must be stored.
fn leave_something_out(session: &mut Cow<'_, StoredSession>) -> bool {
    if session.profile.is_some() {
        session.to_mut().profile = None;
        return true;
    }
    if !session.audience_tokens.is_empty() {
        session.to_mut().audience_tokens.remove(0);
        return true;
    }
    if !session.revocations.is_empty() {
        session.to_mut().revocations.remove(0);
        return true;
    }
    false
}
