//! How a process renews, step by step (`session/tokens/renewer.rs`): the lock, another look at the store, a store that can be
//! written, the request, the write, the check.

use pilotlight_core::machine::input::CheckResult;
use pilotlight_core::machine::{Effect, RenewalInput, Stored, Tokens, Verdict, input};
use pilotlight_core::model::state::ReauthenticationReason;
use pilotlight_core::protocol::token::TokenAnswer;

use crate::issuer::{Family, family_of};
use crate::process::Saving;
use crate::store::Found;
use crate::world::{NOW, World};

/// How often a lost answer is asked for again.
const MOST_LOSSES: u8 = 2;
/// Refresh tokens that one renewal tries.
const MOST_TOKENS: u8 = 3;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Renewal {
    tokens: u8,
    stage: Stage,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Stage {
    WantsLock,
    Reads,
    Merges(Found),
    Asks,
    Sent {
        input: Box<RenewalInput>,
        losses: u8,
    },
    Answered {
        input: Box<RenewalInput>,
        answer: Box<TokenAnswer>,
    },
    Refused(Box<RenewalInput>),
    MergesAfterRefusal(Box<RenewalInput>, Found),
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
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fate {
    Answered,
    /// The issuer has not seen it.
    LostBefore,
    /// The issuer has acted on it.
    LostAfter,
}

impl Renewal {
    pub(crate) fn begun() -> Self {
        Self {
            tokens: 0,
            stage: Stage::WantsLock,
        }
    }

    pub(crate) fn saving(&mut self) -> Option<&mut Saving> {
        match &mut self.stage {
            Stage::SavesEnd(saving) | Stage::Saves { saving, .. } => Some(saving),
            _ => None,
        }
    }

    /// The sign-in whose token has been sent and may be spent.
    pub(crate) fn family(&self) -> Option<Family> {
        match &self.stage {
            Stage::Sent { input, .. } | Stage::Answered { input, .. } => Some(family_of(&input.token)),
            _ => None,
        }
    }

    pub(crate) fn is_sent(&self) -> bool {
        matches!(self.stage, Stage::Sent { .. })
    }

    pub(crate) fn is_to_be_checked(&self) -> bool {
        matches!(self.stage, Stage::Checks { .. })
    }
}

impl World {
    pub(crate) fn can_step_renewal(&self, process: usize) -> bool {
        let Some(renewal) = &self.processes[process].renewal else {
            return false;
        };
        match &renewal.stage {
            Stage::WantsLock => self.lock.is_none(),
            Stage::Sent { .. } | Stage::Checks { .. } => false,
            Stage::SavesEnd(saving) | Stage::Saves { saving, .. } => {
                *saving == Saving::Done || !self.machine(process).has_unsaved()
            }
            _ => true,
        }
    }

    pub(crate) fn step_renewal(&mut self, process: usize) {
        let Some(Renewal { mut tokens, stage }) = self.processes[process].renewal.take() else {
            return;
        };
        let next = match stage {
            Stage::WantsLock => {
                self.lock = Some(process);
                Some(Stage::Reads)
            }
            Stage::Reads => self
                .store
                .read(Stored::of(self.machine(process)).writes())
                .map(Stage::Merges),
            Stage::Merges(found) => match self.merge(process, found) {
                None => Some(Stage::Reads),
                // Another process has renewed.
                Some(true) if self.gives_token(process) => None,
                Some(_) => Some(Stage::Asks),
            },
            Stage::Asks => self.ask(process, &mut tokens),
            Stage::Answered { input, answer } => self.take_answer(process, input, answer),
            Stage::Refused(input) => {
                let found = self.store.read(Stored::of(self.machine(process)).writes());
                found.map(|found| Stage::MergesAfterRefusal(input, found))
            }
            Stage::MergesAfterRefusal(input, found) => match self.merge(process, found) {
                None => Some(Stage::Refused(input)),
                Some(changed) => self.take_refusal(process, &input, changed),
            },
            Stage::Saves { input, answer, .. } => {
                self.release_lock(process);
                Some(Stage::Checks { input, answer })
            }
            Stage::SavesEnd(_) => {
                self.publish(process);
                None
            }
            Stage::Sent { .. } | Stage::Checks { .. } => None,
        };
        self.go_on(process, tokens, next);
    }

    fn go_on(&mut self, process: usize, tokens: u8, next: Option<Stage>) {
        match next {
            Some(stage) => self.processes[process].renewal = Some(Renewal { tokens, stage }),
            None => self.release_lock(process),
        }
    }

    fn gives_token(&self, process: usize) -> bool {
        let ttl = std::time::Duration::ZERO;
        Tokens::of(self.machine(process)).access_token(None, ttl, NOW).is_some()
    }

    fn ask(&mut self, process: usize, tokens: &mut u8) -> Option<Stage> {
        *tokens += 1;
        // A refresh token is not spent while its successor cannot be stored.
        if *tokens > MOST_TOKENS || !self.store.can_be_written() {
            return None;
        }
        let outcome = self.apply(process, input::RenewalAsked);
        let input = outcome.effects.into_iter().find_map(|effect| match effect {
            Effect::Renew(input) => Some(input),
            _ => None,
        })?;
        self.check_request(process, &input);
        Some(Stage::Sent { input, losses: 0 })
    }

    /// A spent refresh token is sent only for an answer that was lost.
    fn check_request(&mut self, process: usize, input: &RenewalInput) {
        let family = family_of(&input.token);
        // Suspended meanwhile: another process may renew at the same time.
        if self.lock != Some(process) {
            self.history.excuse(family);
        }
        let is_excused = self.history.excused.contains(&family) || self.history.signed_out.contains(&family);
        if self.lock == Some(process) && !self.issuer.is_current(&input.token) && !is_excused {
            self.history
                .break_promise("4: a spent refresh token was sent, though its successor was not lost");
        }
    }

    /// What becomes of the request that is under way.
    pub(crate) fn decide_request(&mut self, process: usize, fate: Fate) {
        let Some(Renewal {
            tokens,
            stage: Stage::Sent { input, losses },
        }) = self.processes[process].renewal.take()
        else {
            return;
        };
        let answer = match fate {
            Fate::LostBefore => None,
            Fate::Answered | Fate::LostAfter => Some(self.issuer.renew(&input.token)),
        };
        let next = match (fate, answer) {
            (Fate::Answered, Some(Some(answer))) => Some(Stage::Answered {
                input,
                answer: Box::new(answer),
            }),
            (Fate::Answered, _) => Some(Stage::Refused(input)),
            _ => {
                self.history.excuse(family_of(&input.token));
                // Asked again at once, with the same token.
                (losses < MOST_LOSSES).then_some(Stage::Sent {
                    input,
                    losses: losses + 1,
                })
            }
        };
        self.go_on(process, tokens, next);
    }

    fn take_answer(&mut self, process: usize, input: Box<RenewalInput>, answer: Box<TokenAnswer>) -> Option<Stage> {
        let before = self.machine(process).session().map(crate::user::family_of_session);
        let outcome = self.apply(
            process,
            input::RenewalAnswered {
                generation: input.generation,
                audience: None,
                asks_for_less: false,
                answer: (*answer).clone(),
                at: NOW,
            },
        );
        if self.machine(process).session().map(crate::user::family_of_session) != before {
            self.history.break_promise("5: a late answer changed a newer session");
        }
        self.revoke(&outcome);
        (outcome.verdict == Verdict::Changed).then_some(Stage::Saves {
            input,
            answer,
            saving: Saving::Asked,
        })
    }

    fn take_refusal(&mut self, process: usize, input: &RenewalInput, changed: bool) -> Option<Stage> {
        if changed {
            return if self.gives_token(process) {
                None
            } else {
                Some(Stage::Asks)
            };
        }
        let outcome = self.apply(
            process,
            input::RenewalRefused {
                generation: input.generation,
                token: input.token.clone(),
                reason: ReauthenticationReason::RefreshTokenRejected,
            },
        );
        match outcome.verdict {
            Verdict::Changed => Some(Stage::SavesEnd(Saving::Asked)),
            Verdict::Unchanged => Some(Stage::Asks),
            _ => None,
        }
    }

    /// The ID token of the renewal was checked.
    pub(crate) fn check_tokens(&mut self, process: usize, accepted: bool) {
        let Some(Renewal {
            stage: Stage::Checks { input, answer },
            ..
        }) = self.processes[process].renewal.take()
        else {
            return;
        };
        let result = if accepted {
            self.history.check(answer.access_token.as_ref().unwrap().expose());
            CheckResult::Accepted {
                refresh_token: answer.refresh_token.clone(),
            }
        } else {
            CheckResult::Rejected {
                last_id_token: input.id_token.clone(),
            }
        };
        let outcome = self.apply(
            process,
            input::TokensChecked {
                generation: input.generation,
                audience: None,
                result,
            },
        );
        self.revoke(&outcome);
        self.publish(process);
    }
}
