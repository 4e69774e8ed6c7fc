//! A user authenticates again because an API requires it (RFC 9470): the browser, the lock, another read of the store,
//! the new tokens, the write.

use pilotlight_core::machine::{Generation, Verdict, input};
use pilotlight_core::model::time::Instant;
use pilotlight_core::protocol::token::TokenAnswer;

use crate::clock::hour_of;
use crate::issuer::{Family, User, name_of};
use crate::process::Saving;
use crate::renewal::Renewal;
use crate::store::Found;
use crate::user::{family_of_session, session_of};
use crate::world::World;

/// Whether the step-up brings a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Grant {
    WithRefreshToken,
    AccessTokenOnly,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct StepUp {
    /// The session that continues with the new tokens.
    of: Generation,
    family: Family,
    user: User,
    grant: Grant,
    stage: Stage,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Stage {
    Exchanges,
    WantsLock(Came),
    Reads(Came),
    Merges(Came, Found),
    Enters(Came),
    Saves(Saving),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Came {
    family: Family,
    tokens: Box<TokenAnswer>,
    at: Instant,
}

impl StepUp {
    pub(crate) fn saving(&mut self) -> Option<&mut Saving> {
        match &mut self.stage {
            Stage::Saves(saving) => Some(saving),
            _ => None,
        }
    }

    pub(crate) fn asks_for_write(&self) -> bool {
        matches!(self.stage, Stage::Saves(Saving::Asked))
    }

    /// Whether no renewal of the same process is in progress, even if a suspension has released the lock between
    /// processes.
    pub(crate) fn has_turn(&self) -> bool {
        !matches!(self.stage, Stage::Exchanges | Stage::WantsLock(_))
    }
}

impl World {
    pub(crate) fn begin_step_up(&mut self, process: usize, grant: Grant) {
        let machine = self.machine(process);
        let Some(family) = machine.session().map(family_of_session) else {
            return;
        };
        let step_up = StepUp {
            of: machine.generation(),
            family,
            user: self.issuer.user_of(family),
            grant,
            stage: Stage::Exchanges,
        };
        self.process(process).step_up = Some(step_up);
    }

    pub(crate) fn can_step_step_up(&self, process: usize) -> bool {
        match self.processes[process].step_up.as_ref().map(|step_up| &step_up.stage) {
            None => false,
            Some(Stage::WantsLock(_)) => {
                let renewal = self.processes[process].renewal.as_ref();
                self.lock.is_none() && !renewal.is_some_and(Renewal::has_turn)
            }
            Some(Stage::Saves(saving)) => *saving == Saving::Done || !self.has_unsaved(process),
            Some(_) => true,
        }
    }

    pub(crate) fn step_step_up(&mut self, process: usize) {
        let Some(mut step_up) = self.process(process).step_up.take() else {
            return;
        };
        step_up.stage = match step_up.stage.clone() {
            Stage::Exchanges => {
                self.clock.request();
                let (family, tokens) = self.issuer.step_up(step_up.family, step_up.grant);
                let hour = self.history.signed_in.get(usize::from(step_up.family)).copied();
                if family != step_up.family {
                    // A session's age counts from its sign-in.
                    self.history.signed_in.extend(hour);
                }
                Stage::WantsLock(Came {
                    family,
                    tokens: Box::new(tokens),
                    at: self.now(),
                })
            }
            Stage::WantsLock(came) => {
                self.lock = Some(process);
                Stage::Reads(came)
            }
            Stage::Reads(came) => match self.look(process) {
                Ok(found) => Stage::Merges(came, found),
                Err(_) => return self.release_lock(process),
            },
            Stage::Merges(came, found) => match self.merge(process, &found) {
                None => Stage::Reads(came),
                Some(_) => Stage::Enters(came),
            },
            Stage::Enters(came) => {
                if !self.enter_step_up(process, &step_up, came) {
                    return self.release_lock(process);
                }
                Stage::Saves(Saving::Asked)
            }
            Stage::Saves(_) => {
                self.release_lock(process);
                return self.publish(process);
            }
        };
        self.process(process).step_up = Some(step_up);
    }

    /// False if the session no longer exists.
    fn enter_step_up(&mut self, process: usize, step_up: &StepUp, came: Came) -> bool {
        let Came { family, tokens, at } = came;
        let access_token = name_of(tokens.access_token.as_ref().unwrap());
        self.history.check(access_token);
        let mut session = session_of(family, &tokens, step_up.user, at);
        if step_up.grant == Grant::AccessTokenOnly {
            session.credentials.refresh_token = None;
        } else {
            self.history.stepped_up.insert(family);
        }
        // The process was suspended meanwhile: another process may renew at the same time.
        if self.lock != Some(process) {
            self.history.excused.insert(family);
        }
        let before = self.machine(process).session().map(family_of_session);
        let stepped_up = input::SteppedUp {
            generation: step_up.of,
            session: Box::new(session),
            received: at.monotonic,
        };
        let outcome = self.apply(process, stepped_up);
        self.revoke(&outcome);
        if outcome.verdict == Verdict::Superseded {
            if self.machine(process).session().map(family_of_session) != before {
                self.history
                    .break_promise("5: a step-up of an older session changed a newer one");
            }
            return false;
        }
        if before.is_none_or(|before| self.history.session_of(before) != self.history.session_of(step_up.family)) {
            self.history.break_promise("5: a step-up changed another session");
        }
        if step_up.grant == Grant::WithRefreshToken
            && let Some(before) = before
        {
            self.history.replaced.push((before, family));
            self.history.entered.insert(family);
            if self.history.gone.contains(&before) {
                self.history.gone.insert(family);
            }
        }
        self.process(process).received = Some((access_token, hour_of(at)));
        true
    }
}
