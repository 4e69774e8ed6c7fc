//! The rules, checked where things happen: when a refresh token is sent, or something is read or written. `verdicts`
//! checks the results that a session gives out. The first mistake ends the run.

use std::time::Duration;

use pilotlight_core::model::secret::SecretBytes;
use pilotlight_core::ports::StoreError;
use pilotlight_core::storage::envelope::{StoredItem, StoredSession};

use crate::answers::{Asked, BEGINNING};
use crate::server::{Cause, Minted, Who};
use crate::world::{State, name_of};

/// The contents of an item, as far as the rules need them.
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
    /// Checks a refresh token that is sent to the token endpoint. Returns its family.
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
        // At once after a lost answer it may be sent again, whatever other processes know by now.
        let is_at_once = |lost: &(String, Duration)| lost.0 == token && lost.1 == now;
        let is_at_once = self
            .seen(who)
            .is_some_and(|seen| seen.lost.as_ref().is_some_and(is_at_once));
        // A session that was signed out can come back through a process that continued without its lock.
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

    /// A spent token may be sent only by a process that cannot know a newer one.
    fn why_it_should_know_better(&self, who: Who, token: &str) -> Option<String> {
        let stored = self.stored_token();
        for (later, known) in self.server.descendants(token) {
            let without_lock =
                self.is_without_lock(who) || known.reached.iter().any(|(other, _)| self.is_without_lock(*other));
            if known.reached.iter().any(|(other, _)| *other == who) {
                return Some(format!("the process itself received {later}"));
            }
            // If the first write failed, the second may come after everybody's last read.
            let is_news = known.write_failed && self.processes[who.process].seen.read_at < self.store_clock;
            if stored.as_ref() == Some(later) && !without_lock && !is_news {
                return Some(format!("{later} is in the store"));
            }
            let is_about_to_store = |who: &Who| self.is_alive(*who) && !self.has_left(*who, known.family);
            let is_known = known.reached.iter().any(|(other, _)| is_about_to_store(other));
            if is_known && !known.write_failed && !without_lock {
                return Some(format!("another process is about to store {later}"));
            }
        }
        None
    }

    /// Why the issuer receives a spent token: because of what the simulation itself did, or else by mistake.
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
        } else if later.iter().any(|(_, known)| known.write_failed)
            || later
                .iter()
                .all(|(_, known)| known.reached.iter().all(|(who, _)| self.has_left(*who, known.family)))
        {
            // The later tokens, or the sign-out before them, could not be stored.
            Cause::FailedWrite
        } else if reached().all(|(who, _)| !self.is_alive(*who))
            && !later.iter().any(|(later, _)| stored.as_ref() == Some(*later))
        {
            Cause::LostInCrash
        } else {
            Cause::Unexplained
        }
    }

    /// An answer with tokens reached its sender. Their lifetime counts from the time of the request.
    pub(crate) fn has_reached(&mut self, who: Who, minted: &Minted, is_sign_in: bool, sent: Duration) {
        let wall = BEGINNING + i64::try_from(sent.as_secs()).unwrap() + self.processes[who.process].wall_ahead;
        let expires = wall + i64::try_from(minted.lifetime).unwrap();
        let is_without_lock = self.is_without_lock(who);
        if let Some(token) = self.server.refresh_tokens.get_mut(&minted.refresh_token) {
            token.reached.push((who, expires));
            // Another process may have renewed meanwhile; then these tokens are dropped.
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

    /// The store was read; the result includes its changes up to that one.
    pub(crate) fn has_read(&mut self, who: Who, outcome: &Result<(Option<Vec<u8>>, u64), StoreError>) {
        match outcome {
            Ok((bytes, at)) => {
                let held = self.look(bytes.as_deref());
                let Some(seen) = self.seen(who) else { return };
                seen.read_at = seen.read_at.max(*at);
                if let Held::Session { family, .. } = held {
                    seen.known.insert(family);
                }
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
                // A write first reads the item that it will replace. If that fails, the write has failed.
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

    /// Something is written or removed by a process that knew the store up to a certain change when it decided that.
    /// This is checked even if the store refuses it.
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
        self.tried_to_write(&will_be, succeeds);
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
        self.store_clock += 1;
        if let (Held::Session { family, .. }, Some(seen)) = (&will_be, self.seen(who)) {
            seen.known.insert(*family);
        }
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
        let expiry = self.stored_session().map(|session| session.credentials.expires_at().0);
        self.stored_expiries.extend(expiry);
    }

    /// A swap that the store refused, and that would not have changed anything anyway.
    pub(crate) fn fails_to_swap(&mut self, bytes: Option<&[u8]>) {
        let would_be = self.look(bytes);
        self.tried_to_write(&would_be, false);
        self.figures.failed_writes += 1;
    }

    fn tried_to_write(&mut self, item: &Held, succeeds: bool) {
        if let Held::Session { token: Some(token), .. } = item
            && let Some(known) = self.server.refresh_tokens.get_mut(token)
        {
            known.write_tried = true;
            known.write_failed |= !succeeds;
        }
    }

    fn why_not_write(&self, (who, known): (Who, u64), was: &Held, will_be: &Held, now: Duration) -> Option<String> {
        let seen = &self.processes[who.process].seen;
        match (was, will_be) {
            (Held::Session { .. }, Held::Nothing | Held::SignedOut) if seen.sign_outs == 0 => {
                Some("nobody signed out in this process".to_owned())
            }
            (Held::Session { family, .. }, Held::Nothing | Held::SignedOut) if !seen.known.contains(family) => {
                Some("it has never seen that".to_owned())
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
                if old != new && !seen.signed_in.contains(new) =>
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
            ) if old == new && self.server.is_descendant(older, newer) => {
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

    pub(crate) fn why_not_end(&self, family: usize) -> Option<String> {
        let ended = &self.server.families[family];
        match ended.ended.or(ended.refused) {
            None => Some("the issuer has not ended the session".to_owned()),
            Some(cause) if !self.profile.may_end_by.contains(&cause) => Some(format!("ended by {cause:?}")),
            Some(_) => None,
        }
    }

    /// Checks that every item can be read, and that its parts belong together.
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

    pub(crate) fn stored_session(&self) -> Option<StoredSession> {
        let item = self.items.values().next()?;
        StoredItem::decode(&SecretBytes::new(item.clone())).ok()?.into_session()
    }

    fn stored_token(&self) -> Option<String> {
        Some(self.stored_session()?.credentials.refresh_token?.expose().to_owned())
    }

    /// The contents of the store.
    pub(crate) fn stored(&mut self) -> Held {
        let item = self.items.values().next().cloned();
        self.look(item.as_deref())
    }
}
