//! What users do: they sign in as somebody else, and sign out (`session/sign_in/completion.rs`, `session/sign_out.rs`).

use pilotlight_core::machine::{Effect, Stored, input};
use pilotlight_core::model::secret::{Secret, SecretBytes};
use pilotlight_core::protocol::token::TokenAnswer;
use pilotlight_core::storage::envelope::{StoredItem, StoredSession};
use serde_json::json;

use crate::issuer::{Family, family_of};
use crate::process::Saving;
use crate::store::Found;
use crate::world::{NOW, World};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SignIn {
    stage: SignInStage,
    /// A sign-out came after it had begun.
    is_cancelled: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum SignInStage {
    Exchanges,
    Enters(Family, Box<TokenAnswer>),
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
    pub(crate) fn begun() -> Self {
        Self {
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
}

impl SignOut {
    pub(crate) fn saving(&mut self) -> Option<&mut Saving> {
        match self {
            Self::Saves(_, saving) | Self::SavesRevocation(saving) => Some(saving),
            _ => None,
        }
    }
}

fn is_ready(saving: Saving, has_unsaved: bool) -> bool {
    saving == Saving::Done || !has_unsaved
}

impl World {
    pub(crate) fn can_step_sign_in(&self, process: usize) -> bool {
        let has_unsaved = self.machine(process).has_unsaved();
        match &self.processes[process].sign_in {
            None => false,
            Some(SignIn {
                stage: SignInStage::Saves(saving),
                ..
            }) => is_ready(*saving, has_unsaved),
            Some(_) => true,
        }
    }

    pub(crate) fn step_sign_in(&mut self, process: usize) {
        let Some(mut sign_in) = self.processes[process].sign_in.take() else {
            return;
        };
        sign_in.stage = match sign_in.stage {
            SignInStage::Exchanges => {
                let (family, tokens) = self.issuer.sign_in("grace");
                SignInStage::Enters(family, Box::new(tokens))
            }
            SignInStage::Enters(family, tokens) => {
                if sign_in.is_cancelled {
                    self.history.sign_out(family);
                    return self.issuer.revoke(tokens.refresh_token.as_ref().unwrap());
                }
                self.processes[process].knows = true;
                let session = session_of(family, &tokens, "grace").0;
                self.history.check(tokens.access_token.as_ref().unwrap().expose());
                // Whose session it replaces has no place in the store any more.
                for replaced in self
                    .issuer
                    .families()
                    .filter(|other| *other != family)
                    .collect::<Vec<_>>()
                {
                    self.history.sign_out(replaced);
                }
                self.apply(
                    process,
                    input::SignedIn {
                        session: Box::new(session),
                        lacks_refresh_token: false,
                        received: NOW.monotonic,
                    },
                );
                SignInStage::Saves(Saving::Asked)
            }
            SignInStage::Saves(_) => return self.publish(process),
        };
        self.processes[process].sign_in = Some(sign_in);
    }

    pub(crate) fn can_step_sign_out(&self, process: usize) -> bool {
        let has_unsaved = self.machine(process).has_unsaved();
        match &self.processes[process].sign_out {
            None => false,
            Some(SignOut::Saves(_, saving) | SignOut::SavesRevocation(saving)) => is_ready(*saving, has_unsaved),
            Some(_) => true,
        }
    }

    pub(crate) fn begin_sign_out(&mut self, process: usize) {
        if let Some(sign_in) = &mut self.processes[process].sign_in {
            sign_in.is_cancelled = true;
        }
        self.processes[process].sign_out = Some(SignOut::Reads);
    }

    pub(crate) fn step_sign_out(&mut self, process: usize) {
        let Some(sign_out) = self.processes[process].sign_out.take() else {
            return;
        };
        let next = match sign_out {
            SignOut::Reads => Some(SignOut::Leaves(
                self.store.read(Stored::of(self.machine(process)).writes()),
            )),
            SignOut::Leaves(found) => Some(self.leave(process, found)),
            SignOut::Saves(token, _) => {
                self.publish(process);
                token.map(SignOut::Revokes)
            }
            SignOut::Revokes(refresh_token) => {
                self.issuer.revoke(&refresh_token);
                let failure = None;
                self.apply(process, input::RevocationEnded { refresh_token, failure });
                self.machine(process)
                    .has_unsaved()
                    .then_some(SignOut::SavesRevocation(Saving::Asked))
            }
            SignOut::SavesRevocation(_) => None,
        };
        self.processes[process].sign_out = next;
    }

    fn leave(&mut self, process: usize, found: Option<Found>) -> SignOut {
        if let Some(found) = found {
            if self.machine(process).needs_restore() {
                self.apply(
                    process,
                    input::FirstRead {
                        item: found.item,
                        seen: found.seen,
                        unreadable: None,
                    },
                );
            } else {
                // What this process wrote meanwhile is newer.
                let _ = self.merge(process, found);
            }
        }
        // The session that is here; where none is known, whatever is stored.
        let known = self.machine(process).session().map(family_of_session);
        let stored = self.store.sign_in().filter(|_| known.is_none());
        for family in known.into_iter().chain(stored) {
            self.history.sign_out(family);
        }
        self.processes[process].knows = true;
        if let Some(sign_in) = &mut self.processes[process].sign_in {
            sign_in.is_cancelled = true;
        }
        let outcome = self.apply(process, input::SignedOut { at: NOW.wall });
        self.publish(process);
        let token = outcome.effects.into_iter().find_map(|effect| match effect {
            Effect::Revoke(token) => Some(token),
            _ => None,
        });
        SignOut::Saves(token, Saving::Asked)
    }
}

/// A session, and the item that is stored of it.
pub(crate) struct New(pub(crate) StoredSession);

impl New {
    pub(crate) fn item(&self) -> StoredItem {
        StoredItem::Session(Box::new(self.0.clone()))
    }

    pub(crate) fn access_token(&self) -> Option<String> {
        self.0
            .credentials
            .access_token
            .as_ref()
            .map(|token| token.expose().to_owned())
    }
}

/// As it is after a sign-in. Made from what is stored, so that it has whatever a session has.
pub(crate) fn session_of(family: Family, tokens: &TokenAnswer, user: &str) -> New {
    let text = |token: &Option<Secret>| token.as_ref().unwrap().expose().to_owned();
    let stored = json!({
        "version": 1,
        "issuer": "https://issuer.example/",
        "client_id": "client",
        "subject": user,
        "nonce": format!("nonce {family}"),
        "sign_in_id": format!("sign-in {family}"),
        "credentials": {
            "access_token": text(&tokens.access_token),
            "refresh_token": text(&tokens.refresh_token),
            "received_at": NOW.wall.0,
            "lifetime_seconds": 3600,
        },
    });
    let bytes = SecretBytes::new(stored.to_string().into_bytes());
    New(StoredItem::decode(&bytes).unwrap().into_session().unwrap())
}

/// Which sign-in a session began with.
pub(crate) fn family_of_session(session: &StoredSession) -> Family {
    let nonce = session.nonce.as_ref().unwrap().expose();
    let family = nonce.strip_prefix("nonce ").unwrap().parse().unwrap();
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
