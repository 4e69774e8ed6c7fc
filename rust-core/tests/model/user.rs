//! The actions of users: they sign in, as another user or again, and sign out.

use pilotlight_core::machine::event::SignInWay;
use pilotlight_core::machine::{Effect, input};
use pilotlight_core::model::secret::{Secret, SecretBytes};
use pilotlight_core::model::time::Instant;
use pilotlight_core::protocol::token::TokenAnswer;
use pilotlight_core::storage::envelope::{StoredItem, StoredSession};
use serde_json::json;

use crate::clock::hour_of;
use crate::issuer::{Family, User, family_of, name_of};
use crate::process::Saving;
use crate::store::Found;
use crate::world::World;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SignIn {
    user: User,
    stage: SignInStage,
    /// A sign-out came after it had begun.
    is_cancelled: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum SignInStage {
    Exchanges,
    Enters(Family, Box<TokenAnswer>, Instant),
    Saves(Saving),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum SignOut {
    Reads,
    Leaves(Option<Found>),
    Saves(Option<Secret>, Saving),
    Revokes(Secret),
    SavesRevocation(Saving),
}

impl SignIn {
    pub(crate) fn begun(user: User) -> Self {
        Self {
            user,
            stage: SignInStage::Exchanges,
            is_cancelled: false,
        }
    }

    pub(crate) fn saving(&mut self) -> Option<&mut Saving> {
        match &mut self.stage {
            SignInStage::Saves(saving) => Some(saving),
            _ => None,
        }
    }

    pub(crate) fn asks_for_write(&self) -> bool {
        matches!(self.stage, SignInStage::Saves(Saving::Asked))
    }
}

impl SignOut {
    pub(crate) fn saving(&mut self) -> Option<&mut Saving> {
        match self {
            Self::Saves(_, saving) | Self::SavesRevocation(saving) => Some(saving),
            _ => None,
        }
    }

    pub(crate) fn asks_for_write(&self) -> bool {
        matches!(
            self,
            Self::Saves(_, Saving::Asked) | Self::SavesRevocation(Saving::Asked)
        )
    }
}

fn is_ready(saving: Saving, has_unsaved: bool) -> bool {
    saving == Saving::Done || !has_unsaved
}

impl World {
    pub(crate) fn can_step_sign_in(&self, process: usize) -> bool {
        match &self.processes[process].sign_in {
            None => false,
            Some(SignIn {
                stage: SignInStage::Saves(saving),
                ..
            }) => is_ready(*saving, self.has_unsaved(process)),
            Some(_) => true,
        }
    }

    pub(crate) fn step_sign_in(&mut self, process: usize) {
        let Some(mut sign_in) = self.process(process).sign_in.take() else {
            return;
        };
        sign_in.stage = match sign_in.stage {
            SignInStage::Exchanges => {
                let (family, tokens) = self.issuer.sign_in(sign_in.user);
                let hour = self.left.lifetime.map(|_| self.clock.hours);
                self.history.signed_in.extend(hour);
                SignInStage::Enters(family, Box::new(tokens), self.now())
            }
            SignInStage::Enters(family, tokens, at) => {
                if sign_in.is_cancelled {
                    self.history.signed_out.insert(family);
                    return self.issuer.revoke(tokens.refresh_token.as_ref().unwrap());
                }
                self.enter(process, sign_in.user, family, &tokens, at);
                SignInStage::Saves(Saving::Asked)
            }
            SignInStage::Saves(_) => return self.publish(process),
        };
        self.process(process).sign_in = Some(sign_in);
    }

    fn enter(&mut self, process: usize, user: User, family: Family, tokens: &TokenAnswer, at: Instant) {
        if self.machine(process).needs_restore() {
            self.restore(process);
        }
        let session = Box::new(session_of(family, tokens, user, at));
        let access_token = name_of(tokens.access_token.as_ref().unwrap());
        self.history.check(access_token);
        // The replaced sign-in may no longer be in the store.
        let entered = self.history.entered;
        for replaced in self.issuer.families().filter(|other| entered.contains(other)) {
            self.history.signed_out.insert(replaced);
            if self.issuer.user_of(replaced) != user {
                self.history.gone.insert(replaced);
            }
        }
        self.history.entered.insert(family);
        let received = at.monotonic;
        let lacks_refresh_token = false;
        let signed_in = input::SignedIn {
            session,
            by: SignInWay::Browser,
            lacks_refresh_token,
            received,
        };
        self.apply(process, signed_in);
        let process = self.process(process);
        process.knows = true;
        process.received = Some((access_token, hour_of(at)));
        process.failed = None;
    }

    pub(crate) fn can_step_sign_out(&self, process: usize) -> bool {
        match &self.processes[process].sign_out {
            None => false,
            Some(SignOut::Saves(_, saving) | SignOut::SavesRevocation(saving)) => {
                is_ready(*saving, self.has_unsaved(process))
            }
            Some(_) => true,
        }
    }

    pub(crate) fn begin_sign_out(&mut self, process: usize) {
        let process = self.process(process);
        if let Some(sign_in) = &mut process.sign_in {
            sign_in.is_cancelled = true;
        }
        process.sign_out = Some(SignOut::Reads);
    }

    pub(crate) fn step_sign_out(&mut self, process: usize) {
        let Some(sign_out) = self.process(process).sign_out.take() else {
            return;
        };
        let next = match sign_out {
            SignOut::Reads => Some(SignOut::Leaves(self.store.read(self.looks(process)))),
            SignOut::Leaves(found) => Some(self.leave(process, found)),
            SignOut::Saves(token, _) => {
                self.publish(process);
                token.map(SignOut::Revokes)
            }
            SignOut::Revokes(refresh_token) => {
                self.issuer.revoke(&refresh_token);
                let failure = None;
                let token = refresh_token;
                let at = self.now().wall;
                self.apply(process, input::RevocationEnded { token, failure, at });
                self.has_unsaved(process)
                    .then_some(SignOut::SavesRevocation(Saving::Asked))
            }
            SignOut::SavesRevocation(_) => None,
        };
        self.process(process).sign_out = next;
    }

    fn leave(&mut self, process: usize, found: Option<Found>) -> SignOut {
        match found {
            Some(found) if self.machine(process).needs_restore() => self.read_first(process, &found),
            // Data that this process wrote meanwhile is newer.
            Some(found) => drop(self.merge(process, &found)),
            None => {}
        }
        // The session in this process and, if it was never stored, also the one that was seen in the store.
        let known = self.machine(process).session().map(family_of_session);
        let seen = self.processes[process].seen.filter(|_| known.is_some());
        self.leaves(known);
        self.leaves(seen);
        let has_looked = self.has_looked(process);
        let at = self.now().wall;
        let outcome = self.apply(process, input::SignedOut { at });
        let changed = self.process(process);
        changed.knows = true;
        changed.has_left_unread |= !has_looked;
        changed.left = known.or(changed.left);
        if let Some(sign_in) = &mut changed.sign_in {
            sign_in.is_cancelled = true;
        }
        self.publish(process);
        let token = outcome.effects.into_iter().find_map(|effect| match effect {
            Effect::Revoke(what) => Some(what.token),
            _ => None,
        });
        SignOut::Saves(token, Saving::Asked)
    }
}

/// The session after a sign-in. Decoded from a stored item, so that it is complete.
pub(crate) fn session_of(family: Family, tokens: &TokenAnswer, user: User, now: Instant) -> StoredSession {
    let text = |token: &Option<Secret>| token.as_ref().unwrap().expose().to_owned();
    let stored = json!({
        "version": 1,
        "issuer": "i",
        "client_id": "c",
        "subject": user.name(),
        "nonce": format!("n{family}"),
        "sign_in_id": format!("s{family}"),
        "credentials": {
            "access_token": text(&tokens.access_token),
            "refresh_token": text(&tokens.refresh_token),
            "received_at": now.wall.0,
            "lifetime_seconds": 3600,
        },
    });
    let bytes = SecretBytes::new(stored.to_string().into_bytes());
    StoredItem::decode(&bytes).unwrap().into_session().unwrap()
}

/// The sign-in with which a session began.
pub(crate) fn family_of_session(session: &StoredSession) -> Family {
    let family = session.nonce.as_ref().unwrap().expose().as_bytes()[1] - b'0';
    let tokens = &session.credentials;
    assert!(
        tokens
            .refresh_token
            .as_ref()
            .is_none_or(|token| family_of(token) == family),
        "another sign-in's token"
    );
    family
}
