//! A renewal, step by step (as in `session/`): the lock, another read of the store, proof that the store is writable,
//! the request, the write, the check.

use pilotlight_core::machine::error::Error;
use pilotlight_core::machine::{Effect, Generation, RenewalInput, RenewalKind, Verdict, input};
use pilotlight_core::model::state::ReauthenticationReason;
use pilotlight_core::model::time::Instant;
use pilotlight_core::protocol::token::TokenAnswer;

use crate::errors;
use crate::issuer::{Family, Granted, family_of};
use crate::process::Saving;
use crate::step_up::StepUp;
use crate::store::Found;
use crate::world::World;

/// How many refresh tokens one attempt tries.
const MOST_TOKENS: u8 = 3;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Renewal {
    /// The session that is renewed.
    pub(crate) asked: Generation,
    /// Refresh tokens that this attempt has tried.
    tokens: u8,
    pub(crate) stage: Stage,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    WantsLock,
    Reads,
    Merges(Found),
    /// A pending write proves that the store is writable.
    Proves(Saving),
    Asks,
    Sent {
        input: Box<RenewalInput>,
        at: Instant,
    },
    Answered {
        input: Box<RenewalInput>,
        answer: Box<TokenAnswer>,
        at: Instant,
    },
    Refused(Box<RenewalInput>, Refusal),
    MergesAfterRefusal(Box<RenewalInput>, Refusal, Found),
    SavesEnd(Saving),
    Saves {
        input: Box<RenewalInput>,
        answer: Box<TokenAnswer>,
        saving: Saving,
    },
    Checks {
        input: Box<RenewalInput>,
        answer: Box<TokenAnswer>,
    },
    /// Waits for the next attempt.
    Pauses,
}

/// The kinds of refusals by the issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Refusal {
    Dead,
    Unclear,
}

/// The fate of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fate {
    Answered,
    /// It reached no server, and that is known.
    Unreachable,
    /// The issuer has not seen it.
    LostBefore,
    /// The issuer has processed it.
    LostAfter,
    /// The issuer refuses it without saying why.
    Declined,
}

impl Renewal {
    pub(crate) fn saving(&mut self) -> Option<&mut Saving> {
        match &mut self.stage {
            Stage::SavesEnd(saving) | Stage::Saves { saving, .. } | Stage::Proves(saving) => Some(saving),
            _ => None,
        }
    }

    pub(crate) fn asks_for_write(&self) -> bool {
        matches!(
            self.stage,
            Stage::SavesEnd(Saving::Asked)
                | Stage::Proves(Saving::Asked)
                | Stage::Saves {
                    saving: Saving::Asked,
                    ..
                }
        )
    }

    /// The sign-in whose token has been sent and may be spent.
    pub(crate) fn family(&self) -> Option<Family> {
        match &self.stage {
            Stage::Sent { input, .. } | Stage::Answered { input, .. } => Some(family_of(&input.token)),
            _ => None,
        }
    }

    /// Whether no step-up of the same process is in progress.
    pub(crate) fn has_turn(&self) -> bool {
        !matches!(self.stage, Stage::WantsLock | Stage::Pauses)
    }

    pub(crate) fn is_sent(&self) -> bool {
        matches!(self.stage, Stage::Sent { .. })
    }

    /// It holds the lock until its tokens are written.
    pub(crate) fn is_saving(&self) -> bool {
        matches!(self.stage, Stage::Saves { .. })
    }

    pub(crate) fn is_to_be_checked(&self) -> bool {
        matches!(self.stage, Stage::Checks { .. })
    }
}

impl World {
    pub(crate) fn begin_renewal(&mut self, process: usize) {
        let (kind, now) = (RenewalKind::Own, self.now());
        self.process(process).renewals += 1;
        let outcome = self.apply(process, input::RenewalBegun { kind, now });
        let is_too_early = matches!(outcome.verdict, Verdict::TooEarly(_));
        if is_too_early
            && self.processes[process]
                .failed
                .is_none_or(|hour| hour < self.clock.hours)
        {
            self.history
                .break_promise("9: a renewal is too early, though hours have passed");
        }
        if !is_too_early {
            self.process(process).renewal = Some(Renewal {
                asked: self.machine(process).generation(),
                tokens: 0,
                stage: Stage::WantsLock,
            });
        }
    }

    pub(crate) fn can_step_renewal(&self, process: usize) -> bool {
        let Some(renewal) = &self.processes[process].renewal else {
            return false;
        };
        match &renewal.stage {
            Stage::WantsLock => {
                let step_up = self.processes[process].step_up.as_ref();
                self.lock.is_none() && !step_up.is_some_and(StepUp::has_turn)
            }
            Stage::Sent { .. } | Stage::Checks { .. } => false,
            Stage::SavesEnd(saving) | Stage::Saves { saving, .. } | Stage::Proves(saving) => {
                *saving == Saving::Done || !self.has_unsaved(process)
            }
            _ => true,
        }
    }

    pub(crate) fn step_renewal(&mut self, process: usize) {
        let Some(Renewal {
            mut asked,
            mut tokens,
            stage,
        }) = self.process(process).renewal.take()
        else {
            return;
        };
        let next = match stage {
            Stage::WantsLock => {
                self.lock = Some(process);
                tokens = 0;
                Ok(Stage::Reads)
            }
            Stage::Reads => self.look(process).map(Stage::Merges),
            Stage::Merges(found) => match self.merge(process, &found) {
                None => Ok(Stage::Reads),
                // Another process has renewed.
                Some(true) if self.gives_token(process) => return self.succeed(process),
                Some(_) if self.has_unsaved(process) => Ok(Stage::Proves(Saving::Asked)),
                Some(_) => Ok(Stage::Asks),
            },
            Stage::Proves(_) if self.has_unsaved(process) => Err(errors::disk_full()),
            Stage::Proves(_) => Ok(Stage::Asks),
            Stage::Asks => self.ask(process, &mut asked, &mut tokens),
            Stage::Answered { input, answer, at } => match self.take_answer(process, input, answer, at) {
                Some(stage) => Ok(stage),
                // A late answer: there is a newer session, or none.
                None => return self.succeed(process),
            },
            Stage::Refused(input, refusal) => match self.look(process) {
                Ok(found) => Ok(Stage::MergesAfterRefusal(input, refusal, found)),
                Err(error) => Err(error),
            },
            Stage::MergesAfterRefusal(input, refusal, found) => match self.merge(process, &found) {
                None => Ok(Stage::Refused(input, refusal)),
                Some(true) if self.gives_token(process) => return self.succeed(process),
                Some(true) => Ok(Stage::Asks),
                Some(false) => self.take_refusal(process, &input, refusal),
            },
            // A write that failed for a moment is repeated while the lock is held.
            Stage::Saves { input, answer, .. } if self.has_unsaved(process) && self.store.can_be_written() => {
                let saving = Saving::Asked;
                Ok(Stage::Saves { input, answer, saving })
            }
            Stage::Saves { input, answer, .. } => {
                self.excuse_unwritten(process);
                self.release_lock(process);
                Ok(Stage::Checks { input, answer })
            }
            Stage::SavesEnd(_) => {
                self.publish(process);
                Err(Error::Reauthenticate(ReauthenticationReason::RefreshTokenRejected))
            }
            Stage::Pauses => Ok(Stage::WantsLock),
            Stage::Sent { .. } | Stage::Checks { .. } => return,
        };
        self.go_on(process, asked, tokens, next);
    }

    fn go_on(&mut self, process: usize, asked: Generation, tokens: u8, next: Result<Stage, Error>) {
        let stage = match next {
            Ok(stage) => Some(stage),
            Err(error) => self.fail(process, asked, error),
        };
        self.process(process).renewal = stage.map(|stage| Renewal { asked, tokens, stage });
    }

    /// What the machine decides after a failure.
    pub(crate) fn fail(&mut self, process: usize, generation: Generation, error: Error) -> Option<Stage> {
        self.release_lock(process);
        let outcome = self.apply(
            process,
            input::RenewalFailed {
                generation,
                kind: RenewalKind::Own,
                error,
                now: self.now(),
                chance: 0,
            },
        );
        let pauses = outcome.effects.iter().any(|effect| matches!(effect, Effect::Pause(_)));
        if !pauses {
            self.process(process).failed = Some(self.clock.hours);
        }
        pauses.then_some(Stage::Pauses)
    }

    pub(crate) fn succeed(&mut self, process: usize) {
        self.release_lock(process);
        let kind = RenewalKind::Own;
        self.apply(process, input::RenewalSucceeded { kind });
        self.process(process).failed = None;
    }

    pub(crate) fn look(&self, process: usize) -> Result<Found, Error> {
        self.store.read(self.looks(process)).ok_or_else(errors::locked)
    }

    fn gives_token(&self, process: usize) -> bool {
        self.access_token(process, self.now()).is_some()
    }

    fn ask(&mut self, process: usize, asked: &mut Generation, tokens: &mut u8) -> Result<Stage, Error> {
        if self.left.binds
            && let Some(generation) = self.has_no_key(process)
        {
            let key = self.issuer.make_key();
            self.apply(process, input::ProofKeyMade { generation, key });
        }
        // A pending write proves that the store is writable.
        if self.has_unsaved(process) {
            return Ok(Stage::Proves(Saving::Asked));
        }
        *tokens += 1;
        if *tokens > MOST_TOKENS {
            return Err(Error::Busy);
        }
        // A refresh token is not spent while its successor cannot be stored, so the stored item is first replaced with
        // itself.
        if let Some(saved) = self.saved_session(process) {
            match self.store.swap(saved.seen, saved.content.as_ref(), &mut self.history) {
                Err(()) => return Err(errors::disk_full()),
                Ok(false) => return Ok(Stage::Reads),
                Ok(true) => self.note_written(process, saved),
            }
        }
        let outcome = self.apply(process, input::RenewalAsked { now: self.now() });
        let is_input = |effect| match effect {
            Effect::Renew(input) => Some(input),
            _ => None,
        };
        let Some(input) = outcome.effects.into_iter().find_map(is_input) else {
            return Err(Error::NoSession);
        };
        *asked = input.generation;
        if self.is_over(process) {
            self.history.break_promise("age: a session that is over is renewed");
        }
        self.check_request(process, &input);
        Ok(Stage::Sent { input, at: self.now() })
    }

    /// A spent refresh token is sent only after a lost answer.
    fn check_request(&mut self, process: usize, input: &RenewalInput) {
        let family = family_of(&input.token);
        if !self.store.can_be_written() {
            self.history
                .break_promise("3: a refresh token was sent though its successor cannot be stored");
        }
        // The process was suspended meanwhile: another process may renew at the same time.
        if self.lock != Some(process) {
            self.history.excused.insert(family);
        }
        let history = &self.history;
        let is_excused = [
            history.excused,
            history.unwritten,
            history.signed_out,
            history.superseded,
        ]
        .iter()
        .any(|families| families.contains(&family));
        if self.lock == Some(process) && !self.issuer.is_current(&input.token) && !is_excused {
            self.history
                .break_promise("4: a spent refresh token was sent, though its successor was not lost");
        }
    }

    /// Decides the fate of the request in flight.
    pub(crate) fn decide_request(&mut self, process: usize, fate: Fate) {
        let Some(Renewal {
            asked,
            tokens,
            stage: Stage::Sent { input, at },
        }) = self.process(process).renewal.take()
        else {
            return;
        };
        let family = family_of(&input.token);
        self.clock.request();
        let next = match fate {
            Fate::Answered => match self.issuer.renew(&input.token, input.proof_key.as_ref()) {
                Granted::Tokens(answer) => Ok(Stage::Answered {
                    input,
                    answer: Box::new(answer),
                    at,
                }),
                Granted::Dead => Ok(Stage::Refused(input, Refusal::Dead)),
                Granted::OfAnotherKey => {
                    self.history
                        .break_promise("1: the key is lost that the refresh token is bound to");
                    Ok(Stage::Refused(input, Refusal::Dead))
                }
            },
            Fate::Declined => Ok(Stage::Refused(input, Refusal::Unclear)),
            Fate::Unreachable => Err(errors::unreachable()),
            Fate::LostBefore | Fate::LostAfter => {
                self.history.excused.insert(family);
                if fate == Fate::LostAfter {
                    let _ = self.issuer.renew(&input.token, input.proof_key.as_ref());
                }
                let (error, now) = (errors::lost(), self.now().monotonic);
                let failed = input::RequestFailed {
                    error: error.clone(),
                    sent: at.monotonic,
                    now,
                };
                // Sent again at once, with the same token.
                if self.apply(process, failed).effects.contains(&Effect::SendAgain) {
                    Ok(Stage::Sent { input, at: self.now() })
                } else {
                    Err(error)
                }
            }
        };
        self.go_on(process, asked, tokens, next);
    }
}
