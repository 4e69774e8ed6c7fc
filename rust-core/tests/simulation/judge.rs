//! The rules, judged where things happen: a refresh token is sent, something is written, a state is published, a call
//! returns. The first mistake ends the run.

use std::collections::BTreeSet;
use std::time::Duration;

use pilotlight_core::envelope::{StoredItem, StoredSession};
use pilotlight_core::error::Error;
use pilotlight_core::ports::StoreError;
use pilotlight_core::secret::SecretBytes;
use pilotlight_core::state::{ReauthenticationReason, SessionState};

use crate::answers::{Asked, BEGINNING};
use crate::server::{Cause, Minted, RefreshToken, Who};
use crate::world::{State, name_of};

/// What an item holds, as far as the rules ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    Nothing,
    SignedOut,
    Session {
        family: usize,
        token: Option<String>,
        is_ended: bool,
    },
}

impl State {
    /// A refresh token is sent to the token endpoint. Gives its family.
    pub(crate) fn presents(&mut self, who: Who, token: &str, now: Duration) -> Option<usize> {
        let Some(known) = self.server.refresh_tokens.get(token) else {
            self.blame(format!("{token} was never issued"));
            return None;
        };
        let (family, is_spent) = (known.family, known.spent_at.is_some());
        for (other, busy) in self.in_flight.clone() {
            if busy != family || !self.is_alive(other) {
                continue;
            }
            if other == who {
                self.blame(format!("{token} is sent while the same process waits for an answer"));
            } else if !self.is_without_lock(other) && !self.is_without_lock(who) {
                self.blame(format!(
                    "{token} is sent while process {} is renewing",
                    name_of(other.process)
                ));
            }
        }
        // At once after a lost answer it may be sent again, whatever others know by now.
        let is_at_once = |lost: &(String, Duration)| lost.0 == token && lost.1 == now;
        let is_at_once = self
            .seen(who)
            .is_some_and(|seen| seen.lost.as_ref().is_some_and(is_at_once));
        // What was signed out of can come back through a process that went on without its lock.
        if is_spent {
            if !is_at_once
                && !self.removed.contains_key(&family)
                && let Some(mistake) = self.why_it_should_know_better(who, token)
            {
                self.blame(format!("the spent {token} is sent: {mistake}"));
            }
            self.figures.spent_presented += 1;
        }
        if let Some(seen) = self.seen(who) {
            seen.asked_again = if is_at_once { seen.asked_again + 1 } else { 0 };
            if seen.asked_again > 2 {
                self.blame(format!("{token} is sent at once for the fourth time"));
            }
        }
        self.in_flight.push((who, family));
        Some(family)
    }

    /// A spent token may be sent only by who cannot know a newer one.
    fn why_it_should_know_better(&self, who: Who, token: &str) -> Option<String> {
        let stored = self.stored_token();
        for (later, known) in self.server.descendants(token) {
            let without_lock =
                self.is_without_lock(who) || known.reached.iter().any(|(other, _)| self.is_without_lock(*other));
            if known.reached.iter().any(|(other, _)| *other == who) {
                return Some(format!("the process itself received {later}"));
            }
            // Where the first write failed, the second may come after everybody's last look.
            let is_news = known.write_failed && self.processes[who.process].seen.read_at < self.store_clock;
            if stored.as_ref() == Some(later) && !without_lock && !is_news {
                return Some(format!("{later} is in the store"));
            }
            let is_known = known.reached.iter().any(|(other, _)| self.is_alive(*other));
            if is_known && !known.write_failed && !without_lock {
                return Some(format!("another process is about to store {later}"));
            }
        }
        None
    }

    /// Why the issuer gets to see a spent token: what the simulation itself did, or else a mistake.
    pub(crate) fn why_spent(&self, token: &str, sender: Who, is_zombie: bool) -> Cause {
        if is_zombie {
            return Cause::Zombie;
        }
        let stored = self.stored_token();
        let later: Vec<_> = self.server.descendants(token).collect();
        let reached = || later.iter().flat_map(|(_, known)| &known.reached);
        if later.iter().all(|(_, known)| known.reached.is_empty()) {
            Cause::LostAnswer
        } else if self.is_without_lock(sender) || reached().any(|(who, _)| self.is_without_lock(*who)) {
            Cause::Suspended
        } else if later.iter().any(|(_, known)| known.write_failed) {
            Cause::FailedWrite
        } else if reached().all(|(who, _)| !self.is_alive(*who))
            && !later.iter().any(|(later, _)| stored.as_ref() == Some(*later))
        {
            Cause::LostInCrash
        } else {
            Cause::Unexplained
        }
    }

    /// An answer with tokens reached its sender.
    pub(crate) fn has_reached(&mut self, who: Who, minted: &Minted, is_sign_in: bool, now: Duration) {
        let wall = BEGINNING + i64::try_from(now.as_secs()).unwrap() + self.processes[who.process].wall_ahead;
        let expires = wall + i64::try_from(minted.lifetime).unwrap();
        let is_without_lock = self.is_without_lock(who);
        if let Some(token) = self.server.refresh_tokens.get_mut(&minted.refresh_token) {
            token.reached.push((who, expires));
            // Somebody else may have renewed meanwhile; then these tokens are dropped.
            token.write_tried |= is_without_lock;
            token.write_failed |= is_without_lock;
        }
        if let Some(seen) = self.seen(who)
            && is_sign_in
        {
            seen.signed_in.insert(minted.family);
        }
    }

    pub(crate) fn has_lost(&mut self, who: Who, asked: &Asked, now: Duration) {
        if let (Asked::Renewal(token), Some(seen)) = (asked, self.seen(who)) {
            seen.lost = Some((token.clone(), now));
        }
    }

    /// The store was read, up to which change of it.
    pub(crate) fn has_read(&mut self, who: Who, outcome: &Result<(Option<Vec<u8>>, u64), StoreError>) {
        match outcome {
            Ok((bytes, at)) => {
                let held = self.look(bytes.as_deref());
                let Some(seen) = self.seen(who) else { return };
                seen.read_at = seen.read_at.max(*at);
                match held {
                    Held::Session {
                        family, is_ended: true, ..
                    } => drop(seen.read_ended.insert(family)),
                    Held::Session { .. } => {}
                    Held::Nothing | Held::SignedOut => seen.read_nothing = true,
                }
            }
            Err(error) => {
                self.figures.failed_reads += 1;
                // A write looks first at what it will replace: where that fails, it is the write that failed.
                for token in self.server.refresh_tokens.values_mut() {
                    if !token.write_tried && token.reached.iter().any(|(reached, _)| *reached == who) {
                        (token.write_tried, token.write_failed) = (true, true);
                    }
                }
                if let Some(seen) = self.seen(who) {
                    seen.read_locked |= *error == StoreError::Locked;
                    seen.is_blind |= seen.sign_outs_under_way > 0;
                }
            }
        }
    }

    /// Something is written, or taken away, by a process that knew the store up to a change of it when it decided that.
    /// Judged also when the store refuses it.
    pub(crate) fn writes(
        &mut self,
        (who, known): (Who, u64),
        name: &str,
        bytes: Option<&[u8]>,
        succeeds: bool,
        now: Duration,
    ) {
        let there = self.items.get(name).cloned();
        let was = self.look(there.as_deref());
        let will_be = self.look(bytes);
        if let Held::Session { token: Some(token), .. } = &will_be
            && let Some(known) = self.server.refresh_tokens.get_mut(token)
        {
            known.write_tried = true;
            known.write_failed |= !succeeds;
        }
        if let Some(mistake) = self.why_not_write((who, known), &was, &will_be, now) {
            self.blame(format!(
                "process {} writes {will_be:?} over {was:?}: {mistake}",
                name_of(who.process)
            ));
        }
        if !succeeds {
            self.figures.failed_writes += 1;
            if let Some(seen) = self.seen(who) {
                seen.is_blind |= bytes.is_some();
            }
            return;
        }
        if let (Held::Session { token: Some(older), .. }, Held::Session { token: Some(newer), .. }) = (&was, &will_be)
            && self.server.is_descendant(older, newer)
        {
            // Only who goes on without its lock does that; what was written since is not, any more.
            let undone: Vec<_> = self.server.descendants(newer).map(|(token, _)| token.clone()).collect();
            for token in undone {
                self.server.refresh_tokens.get_mut(&token).unwrap().write_failed = true;
            }
        }
        self.store_clock += 1;
        if let Held::Session {
            family, is_ended: true, ..
        } = will_be
        {
            let ended = &mut self.server.families[family];
            if let Some(cause) = ended.ended.or(ended.refused)
                && !std::mem::replace(&mut ended.end_is_stored, true)
            {
                *self.figures.ends.entry(cause).or_default() += 1;
            }
        }
        if let Held::Session { family, .. } = was
            && !matches!(will_be, Held::Session { .. })
        {
            self.removed.insert(family, self.store_clock);
            if let Some(seen) = self.seen(who) {
                seen.left.insert(family);
            }
        }
        match bytes {
            Some(bytes) => drop(self.items.insert(name.to_owned(), bytes.to_vec())),
            None => drop(self.items.remove(name)),
        }
    }

    fn why_not_write(&self, (who, known): (Who, u64), was: &Held, will_be: &Held, now: Duration) -> Option<String> {
        let is_without_lock = self.is_without_lock(who);
        let seen = &self.processes[who.process].seen;
        match (was, will_be) {
            (Held::Session { .. }, Held::Nothing | Held::SignedOut) if seen.sign_outs == 0 => {
                Some("nobody signed out in this process".to_owned())
            }
            (Held::Session { family, .. }, Held::Nothing | Held::SignedOut)
                if !seen.is_blind
                    && seen.sign_outs_under_way == 0
                    && self.server.families[*family].began > seen.last_sign_out =>
            {
                Some("it began after the sign-out".to_owned())
            }
            (_, Held::Session { family, .. }) if seen.left.contains(family) => {
                Some("the process has signed out of it".to_owned())
            }
            (_, Held::Session { family, .. })
                if self.removed.get(family).is_some_and(|removed| known >= *removed)
                    && !matches!(was, Held::Session { family: there, .. } if there == family) =>
            {
                Some("the process has seen that it was signed out of".to_owned())
            }
            (Held::Session { family: old, .. }, Held::Session { family: new, .. })
                if old != new && !seen.signed_in.contains(new) && !is_without_lock =>
            {
                Some("another sign-in is replaced by one that was made elsewhere".to_owned())
            }
            (
                Held::Session {
                    family: old,
                    token: Some(older),
                    ..
                },
                Held::Session {
                    family: new,
                    token: Some(newer),
                    ..
                },
            ) if old == new && self.server.is_descendant(older, newer) && !is_without_lock => {
                Some("a spent token over its successor".to_owned())
            }
            (
                Held::Session {
                    family: old,
                    token: Some(token),
                    ..
                },
                Held::Session {
                    family, is_ended: true, ..
                },
            ) if old == family && self.server.is_usable(token, &self.profile, now) => {
                Some("the refresh token in the store is good".to_owned())
            }
            (
                _,
                Held::Session {
                    family, is_ended: true, ..
                },
            ) => self.why_not_end(*family),
            _ => None,
        }
    }

    fn why_not_end(&self, family: usize) -> Option<String> {
        let ended = &self.server.families[family];
        match ended.ended.or(ended.refused) {
            None => Some("the issuer has not ended the session".to_owned()),
            Some(cause) if !self.profile.may_end_by.contains(&cause) => Some(format!("ended by {cause:?}")),
            Some(_) => None,
        }
    }

    /// Every item can be read, and its parts belong together.
    fn look(&mut self, bytes: Option<&[u8]>) -> Held {
        let Some(bytes) = bytes else {
            return Held::Nothing;
        };
        let session = match StoredItem::decode(&SecretBytes::new(bytes.to_vec())) {
            Ok(StoredItem::Session(session)) => session,
            Ok(StoredItem::SignedOut(_)) => return Held::SignedOut,
            Err(error) => {
                self.blame(format!("what is stored cannot be decoded: {error}"));
                return Held::Nothing;
            }
        };
        let nonce = session.nonce.as_ref().map(|nonce| nonce.expose().to_owned());
        let family = self
            .server
            .families
            .iter()
            .position(|family| Some(&family.nonce) == nonce.as_ref());
        let Some(family) = family else {
            self.blame("a session is stored that never began".to_owned());
            return Held::Nothing;
        };
        let token = session
            .credentials
            .refresh_token
            .as_ref()
            .map(|token| token.expose().to_owned());
        let access_token = session
            .credentials
            .access_token
            .as_ref()
            .map(|token| token.expose().to_owned());
        let family_of = |token: &String| self.server.refresh_tokens.get(token).map(|token| token.family);
        let brought_by =
            access_token.and_then(|token| Some(self.server.access_tokens.get(&token)?.refresh_token.clone()));
        let belongs = session.subject == self.server.families[family].subject
            && token.as_ref().is_none_or(|token| family_of(token) == Some(family))
            && brought_by.is_none_or(|brought_by| Some(brought_by) == token);
        if !belongs {
            self.blame("the stored tokens belong to different sign-ins or renewals".to_owned());
        }
        Held::Session {
            family,
            token,
            is_ended: session.ended.is_some(),
        }
    }

    fn stored_session(&self) -> Option<StoredSession> {
        let item = self.items.values().next()?;
        StoredItem::decode(&SecretBytes::new(item.clone())).ok()?.into_session()
    }

    fn stored_token(&self) -> Option<String> {
        Some(self.stored_session()?.credentials.refresh_token?.expose().to_owned())
    }

    /// What the store holds.
    pub(crate) fn stored(&mut self) -> Held {
        let item = self.items.values().next().cloned();
        self.look(item.as_deref())
    }

    /// A state was published, or an error says what the state is.
    pub(crate) fn publishes(&mut self, who: Who, published: &SessionState) {
        let seen = &self.processes[who.process].seen;
        let mistake = match published {
            SessionState::SignedOut if seen.sign_outs == 0 && !seen.read_nothing => {
                Some("nobody signed out, and the store was not empty".to_owned())
            }
            SessionState::Locked if !seen.read_locked => Some("the store was never locked".to_owned()),
            SessionState::ReauthenticationRequired { reason } => self.why_not_ended(who, *reason),
            SessionState::SignedIn { expires_at, .. } => {
                // Two renewals may have brought the same expiry, and one of them was dropped.
                let is_it = |known: &&RefreshToken| known.reached.contains(&(who, expires_at.0));
                let mut brought = self.server.refresh_tokens.values().filter(is_it).peekable();
                let early = self.profile.rotation
                    && brought.peek().is_some()
                    && brought.all(|known| !known.write_tried)
                    && self
                        .stored_session()
                        .is_none_or(|stored| stored.credentials.expires_at() != *expires_at);
                early.then(|| "its refresh token was not written yet".to_owned())
            }
            _ => None,
        };
        if let Some(mistake) = mistake {
            self.blame(format!(
                "process {} publishes {published:?}: {mistake}",
                name_of(who.process)
            ));
        }
    }

    fn why_not_ended(&self, who: Who, reason: ReauthenticationReason) -> Option<String> {
        let seen = &self.processes[who.process].seen;
        let mut ends = seen.refused.union(&seen.read_ended);
        if reason == ReauthenticationReason::NoRefreshToken {
            Some("there always is a refresh token".to_owned())
        } else if ends.any(|family| self.why_not_end(*family).is_none()) {
            None
        } else {
            let whole = seen
                .refused
                .union(&seen.read_ended)
                .map(|family| self.why_not_end(*family));
            Some(format!("no good reason: {:?}", whole.collect::<Vec<_>>()))
        }
    }

    /// A call failed.
    pub(crate) fn fails(&mut self, who: Who, error: &Error) {
        match error {
            Error::NoSession => self.publishes(who, &SessionState::SignedOut),
            Error::Reauthenticate(reason) => {
                let ended = SessionState::ReauthenticationRequired { reason: *reason };
                self.publishes(who, &ended);
            }
            Error::Internal(_) | Error::Envelope(_) | Error::Configuration { .. } => {
                self.blame(format!("process {}: {error}", name_of(who.process)));
            }
            _ => {}
        }
    }

    /// A caller got an access token.
    pub(crate) fn hands_out(&mut self, who: Who, left_before: &BTreeSet<usize>, token: &str) {
        let Some(access) = self.server.access_tokens.get(token) else {
            self.blame(format!("{token} was never issued"));
            return;
        };
        let known = &self.server.refresh_tokens[&access.refresh_token];
        // Whoever went on without the lock may find a later renewal in the store, and then keeps that one.
        // A sign-in whose call has not returned is in nobody's books yet.
        let is_sign_in = known.parent.is_none();
        if !known.write_tried && !is_sign_in && !self.is_without_lock(who) {
            self.blame(format!("{token} is handed out before its refresh token was written"));
        } else if left_before.contains(&known.family) {
            self.blame(format!("{token} is handed out after the sign-out"));
        }
    }

    /// And it is good, as far as a process can know: by clocks that nobody sets, and when it does not stand still.
    pub(crate) fn is_fresh(&mut self, token: &str, now: Duration) {
        let can_know = self.profile.clock_jump == 0 && self.profile.freeze == 0;
        let expires = self.server.access_tokens.get(token).map(|access| access.expires);
        // The device reads whole seconds, and counts from the receipt of the answer.
        let margin = self.profile.slowest_answer + Duration::from_secs(2);
        if can_know && expires.is_some_and(|expires| now > expires + margin) {
            self.blame(format!("{token} is handed out after it has expired"));
        }
    }
}
