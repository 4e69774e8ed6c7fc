//! The handling of the issuer's answer to a renewal.

use pilotlight_core::machine::error::Error;
use pilotlight_core::machine::input::CheckResult;
use pilotlight_core::machine::{RenewalInput, Verdict, input};
use pilotlight_core::model::state::ReauthenticationReason;
use pilotlight_core::model::time::Instant;
use pilotlight_core::protocol::token::TokenAnswer;

use crate::clock::hour_of;
use crate::errors;
use crate::issuer::name_of;
use crate::process::Saving;
use crate::renewal::{Refusal, Renewal, Stage};
use crate::user::family_of_session;
use crate::world::World;

impl World {
    pub(crate) fn take_answer(
        &mut self,
        process: usize,
        input: Box<RenewalInput>,
        answer: Box<TokenAnswer>,
        at: Instant,
    ) -> Option<Stage> {
        let before = self.machine(process).session().map(family_of_session);
        let outcome = self.apply(
            process,
            input::RenewalAnswered {
                generation: input.generation,
                subject: input.subject.clone(),
                audience: None,
                sent: Some(input.token.clone()),
                asks_for_less: false,
                answer: answer.clone(),
                at,
            },
        );
        if self.machine(process).session().map(family_of_session) != before {
            self.history.break_promise("5: a late answer changed a newer session");
        }
        self.revoke(&outcome);
        (outcome.verdict == Verdict::Changed).then(|| {
            let received = answer.access_token.as_ref().map(|token| (name_of(token), hour_of(at)));
            self.process(process).received = received;
            Stage::Saves {
                input,
                answer,
                saving: Saving::Asked,
            }
        })
    }

    pub(crate) fn take_refusal(
        &mut self,
        process: usize,
        input: &RenewalInput,
        refusal: Refusal,
    ) -> Result<Stage, Error> {
        let (generation, token) = (input.generation, input.token.clone());
        match refusal {
            Refusal::Unclear if !self.would_renew_with(process, &token) => Ok(Stage::Asks),
            Refusal::Unclear => {
                let (plain, now) = (true, self.now().monotonic);
                let refused = input::RenewalRefused {
                    generation,
                    token,
                    plain,
                    now,
                };
                if self.apply(process, refused).verdict == Verdict::SignInAgain {
                    self.history
                        .break_promise("1: the user has to sign in after fewer than three refusals");
                }
                Err(errors::refused())
            }
            Refusal::Dead => {
                let reason = ReauthenticationReason::RefreshTokenRejected;
                let rejected = input::RefreshTokenRejected {
                    generation,
                    token,
                    reason,
                };
                match self.apply(process, rejected).verdict {
                    Verdict::Changed => Ok(Stage::SavesEnd(Saving::Asked)),
                    Verdict::Unchanged => Ok(Stage::Asks),
                    _ => Err(Error::NoSession),
                }
            }
        }
    }

    /// The ID token of the renewal was checked.
    pub(crate) fn check_tokens(&mut self, process: usize, accepted: bool) {
        let Some(Renewal {
            asked,
            stage: Stage::Checks { input, answer },
            ..
        }) = self.process(process).renewal.take()
        else {
            return;
        };
        let result = if accepted {
            self.history.check(name_of(answer.access_token.as_ref().unwrap()));
            CheckResult::Accepted {
                refresh_token: answer.refresh_token.clone(),
                session_end: None,
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
                token: answer.access_token.clone(),
                result,
            },
        );
        self.revoke(&outcome);
        self.publish(process);
        if accepted {
            self.succeed(process);
        } else {
            let failed = self.fail(process, asked, errors::not_accepted());
            assert!(failed.is_none(), "there is nothing to wait for");
        }
    }
}
