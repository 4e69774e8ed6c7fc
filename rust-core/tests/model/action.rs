//! What can happen next.

use crate::process::Process;
use crate::renewal::{Fate, Renewal};
use crate::user::SignIn;
use crate::world::{PROCESSES, World};

/// One step. The number is the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    Restore(usize),
    BeginRenewal(usize),
    Renew(usize),
    Request(usize, Fate),
    CheckTokens(usize, bool),
    Write(usize),
    BeginSignIn(usize),
    SignIn(usize),
    BeginSignOut(usize),
    SignOut(usize),
    Crash(usize),
    Suspend(usize),
    LockStore,
    UnlockStore,
    RefuseNextWrite,
}

impl World {
    pub(crate) fn actions(&self) -> Vec<Action> {
        let mut actions = Vec::new();
        for number in 0..PROCESSES {
            self.steps_of(number, &mut actions);
            self.faults_of(number, &mut actions);
        }
        if self.store.is_locked {
            actions.push(Action::UnlockStore);
        } else if self.left.locks > 0 {
            actions.push(Action::LockStore);
        }
        if self.left.refusals > 0 && !self.store.refuses {
            actions.push(Action::RefuseNextWrite);
        }
        actions
    }

    /// What the process itself does next.
    pub(crate) fn steps_of(&self, number: usize, actions: &mut Vec<Action>) {
        let process: &Process = &self.processes[number];
        if process.machine.needs_restore()
            && !(self.store.is_locked && process.machine.state(crate::world::NOW).is_some())
        {
            actions.push(Action::Restore(number));
        }
        if process.renewal.is_none() && process.renewals < self.left.renewals && self.is_signed_in(number) {
            actions.push(Action::BeginRenewal(number));
        }
        if self.can_step_renewal(number) {
            actions.push(Action::Renew(number));
        }
        if process.renewal.as_ref().is_some_and(Renewal::is_sent) {
            actions.push(Action::Request(number, Fate::Answered));
        }
        if process.renewal.as_ref().is_some_and(Renewal::is_to_be_checked) {
            actions.push(Action::CheckTokens(number, true));
        }
        if self.can_write(number) {
            actions.push(Action::Write(number));
        }
        if self.can_step_sign_in(number) {
            actions.push(Action::SignIn(number));
        }
        if self.can_step_sign_out(number) {
            actions.push(Action::SignOut(number));
        }
    }

    /// What others do to it.
    fn faults_of(&self, number: usize, actions: &mut Vec<Action>) {
        let process = &self.processes[number];
        if process.sign_in.is_none() && self.left.sign_ins > 0 {
            actions.push(Action::BeginSignIn(number));
        }
        if process.sign_out.is_none() && self.left.sign_outs > 0 {
            actions.push(Action::BeginSignOut(number));
        }
        if process.renewal.as_ref().is_some_and(Renewal::is_sent) && self.left.losses > 0 {
            actions.push(Action::Request(number, Fate::LostBefore));
            actions.push(Action::Request(number, Fate::LostAfter));
        }
        if process.renewal.as_ref().is_some_and(Renewal::is_to_be_checked) && self.left.rejections > 0 {
            actions.push(Action::CheckTokens(number, false));
        }
        if self.left.crashes > 0 && !(process.is_idle() && process.machine.needs_restore()) {
            actions.push(Action::Crash(number));
        }
        if self.left.suspensions > 0 && self.lock == Some(number) {
            actions.push(Action::Suspend(number));
        }
    }

    pub(crate) fn take(&mut self, action: Action) {
        match action {
            Action::Restore(number) => self.restore(number),
            Action::BeginRenewal(number) => {
                self.processes[number].renewals += 1;
                self.processes[number].renewal = Some(Renewal::begun());
            }
            Action::Renew(number) => self.step_renewal(number),
            Action::Request(number, fate) => {
                if fate != Fate::Answered {
                    self.left.losses -= 1;
                }
                self.decide_request(number, fate);
            }
            Action::CheckTokens(number, accepted) => {
                if !accepted {
                    self.left.rejections -= 1;
                }
                self.check_tokens(number, accepted);
            }
            Action::Write(number) => self.step_write(number),
            Action::BeginSignIn(number) => {
                self.left.sign_ins -= 1;
                self.processes[number].sign_in = Some(SignIn::begun());
            }
            Action::SignIn(number) => self.step_sign_in(number),
            Action::BeginSignOut(number) => {
                self.left.sign_outs -= 1;
                self.begin_sign_out(number);
            }
            Action::SignOut(number) => self.step_sign_out(number),
            Action::Crash(number) => {
                self.left.crashes -= 1;
                self.crash(number);
            }
            Action::Suspend(number) => {
                self.left.suspensions -= 1;
                self.excuse_process(number);
                self.release_lock(number);
            }
            Action::LockStore => {
                self.left.locks -= 1;
                self.store.is_locked = true;
            }
            Action::UnlockStore => self.store.is_locked = false,
            Action::RefuseNextWrite => {
                self.left.refusals -= 1;
                self.store.refuses = true;
            }
        }
    }
}
