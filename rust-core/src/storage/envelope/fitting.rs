//! Leaves data out of an item so that it can be written and read again, but never the tokens.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::Arc;

use super::item::{PROFILE_PLACE, StoredSession, stored_audience_tokens};
use crate::model::depth::is_too_deep_to_store;
use crate::model::profile::Profile;
use crate::model::secret::{Beginning, SecretBytes};

/// The desired maximum size, because Keychain items should be small. Data that can be fetched again is left out of a
/// larger item.
const DESIRED_BYTES: usize = 1024 * 1024;

/// The encoded profile, kept from one encoding to the next: it may be large, and seldom changes.
#[derive(Default)]
pub struct ProfileJson(Option<(Arc<Profile>, Option<Beginning>)>);

impl ProfileJson {
    /// The beginning of the item up to the end of its first member, the profile; `None` if the profile is nested too
    /// deep to be read again.
    fn of(&mut self, profile: &Arc<Profile>) -> serde_json::Result<Option<&Beginning>> {
        let is_kept = self.0.as_ref().is_some_and(|(kept, _)| Arc::ptr_eq(kept, profile));
        if !is_kept {
            let mut json = None;
            if !is_too_deep_to_store(&profile.other_claims.0) {
                let mut beginning = br#"{"profile":"#.to_vec();
                serde_json::to_writer(&mut beginning as &mut dyn io::Write, &**profile)?;
                json = Some(Beginning::new(beginning));
            }
            self.0 = Some((Arc::clone(profile), json));
        }
        Ok(self.0.as_ref().and_then(|(_, json)| json.as_ref()))
    }
}

impl fmt::Debug for ProfileJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProfileJson")
    }
}

/// Data that can be fetched again is left out first: the profile, then access tokens for further audiences, oldest
/// first. Pending revocations follow. Queued metadata changes always stay: they were promised to the app, and their
/// size is limited when they are accepted.
pub(super) fn encode(session: &StoredSession, kept: &mut ProfileJson) -> serde_json::Result<SecretBytes> {
    let mut session = readable(session);
    let profile = session.profile.clone();
    let json = match &profile {
        Some(profile) => kept.of(profile)?,
        None => {
            *kept = ProfileJson::default();
            None
        }
    };
    if json.is_none() && profile.is_some() {
        session.to_mut().profile = None;
    }
    loop {
        let mut bytes = SecretBytes::from_json(&*session)?;
        if let Some(json) = json
            && let Some(rest) = bytes.expose().strip_prefix(PROFILE_PLACE)
        {
            bytes = SecretBytes::with_beginning(json, rest);
        }
        if bytes.expose().len() <= DESIRED_BYTES || !leave_something_out(&mut session) {
            return Ok(bytes);
        }
    }
}

/// The session without changes that are nested too deep to be read again.
fn readable(session: &StoredSession) -> Cow<'_, StoredSession> {
    let mut session = Cow::Borrowed(session);
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

/// Leaves one value out; false if only required data remains.
fn leave_something_out(session: &mut Cow<'_, StoredSession>) -> bool {
    if session.profile.is_some() {
        session.to_mut().profile = None;
        return true;
    }
    if !session.audience_tokens.is_empty() {
        let without_oldest = stored_audience_tokens(&session.audience_tokens)[1..].to_vec();
        session.to_mut().audience_tokens = without_oldest;
        return true;
    }
    if !session.revocations.is_empty() {
        session.to_mut().revocations.remove(0);
        return true;
    }
    false
}
