//! The possible next steps.

use crate::changes::Sender;
use crate::clock::Wall;
use crate::issuer::User;
use crate::process::Process;
use crate::renewal::{Fate, Renewal};
use crate::step_up::Grant;
use crate::user::SignIn;
use crate::world::{PROCESSES, World};

/// One step. The number is the number of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    Restore(usize),
    BeginRenewal(usize),
    Renew(usize),
    Request(usize, Fate),
    CheckTokens(usize, bool),
    Write(usize),
    BeginSignIn(usize, User),
    SignIn(usize),
    BeginSignOut(usize),
    SignOut(usize),
    BeginStepUp(usize, Grant),
    StepUp(usize),
    MakeChange(usize),
    BeginSending(usize),
    Send(usize),
    Change(usize, ChangeFate),
    TakeLease(usize),
    TakeText(usize),
    Crash(usize),
    Suspend(usize),
    LockStore,
    UnlockStore,
    RefuseNextWrite,
    HoursPass,
    SetClock(Wall),
}

/// The fate of a change that is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ChangeFate {
    Made,
    LostBefore,
    LostAfter,
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
        if self.left.hours > 0 {
            actions.push(Action::HoursPass);
        }
        if self.left.clocks > 0 {
            actions.extend([Wall::Ahead, Wall::Back, Wall::Stopped].map(Action::SetClock));
        }
        actions
    }

    /// The possible next steps of the process itself.
    pub(crate) fn steps_of(&self, number: usize, actions: &mut Vec<Action>) {
        let process: &Process = &self.processes[number];
        if process.machine.needs_restore() && !(self.store.is_locked && process.machine.state(self.now()).is_some()) {
            actions.push(Action::Restore(number));
        }
        let may_renew = || self.is_signed_in(number) && self.may_renew(number, self.now());
        if process.renewal.is_none() && process.renewals < self.left.renewals && may_renew() {
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
        if process.sender.is_none()
            && !self.store.is_locked
            && self.is_signed_in(number)
            && !self.pending_updates(number).is_empty()
        {
            actions.push(Action::BeginSending(number));
        }
        if self.can_step_sender(number) {
            actions.push(Action::Send(number));
        }
        if process.sender.as_ref().is_some_and(Sender::is_sent) {
            actions.push(Action::Change(number, ChangeFate::Made));
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
        if self.can_step_step_up(number) {
            actions.push(Action::StepUp(number));
        }
        if self.can_take_lease(number) {
            actions.push(Action::TakeLease(number));
        }
        if self.can_take_text(number) {
            actions.push(Action::TakeText(number));
        }
    }

    /// Faults that others cause in it.
    fn faults_of(&self, number: usize, actions: &mut Vec<Action>) {
        let process = &self.processes[number];
        if process.sign_in.is_none() && self.left.sign_ins > 0 {
            actions.push(Action::BeginSignIn(number, User::Grace));
        }
        if process.sign_in.is_none() && self.left.sign_ins_again > 0 {
            actions.push(Action::BeginSignIn(number, User::Ada));
        }
        if process.sign_out.is_none() && self.left.sign_outs > 0 {
            actions.push(Action::BeginSignOut(number));
        }
        if process.step_up.is_none() && self.left.step_ups > 0 && self.is_signed_in(number) && !self.is_over(number) {
            let grants = [Grant::WithRefreshToken, Grant::AccessTokenOnly];
            actions.extend(grants.map(|grant| Action::BeginStepUp(number, grant)));
        }
        if process.sender.is_none() && self.left.changes > 0 && self.is_signed_in(number) {
            actions.push(Action::MakeChange(number));
        }
        let is_sent = process.renewal.as_ref().is_some_and(Renewal::is_sent);
        if is_sent && self.left.losses > 0 {
            let fates = [Fate::Unreachable, Fate::LostBefore, Fate::LostAfter];
            actions.extend(fates.map(|fate| Action::Request(number, fate)));
        }
        if is_sent && self.left.declines > 0 {
            actions.push(Action::Request(number, Fate::Declined));
        }
        if process.sender.as_ref().is_some_and(Sender::is_sent) && self.left.losses > 0 {
            let fates = [ChangeFate::LostBefore, ChangeFate::LostAfter];
            actions.extend(fates.map(|fate| Action::Change(number, fate)));
        }
        if process.renewal.as_ref().is_some_and(Renewal::is_to_be_checked) && self.left.rejections > 0 {
            actions.push(Action::CheckTokens(number, false));
        }
        if self.left.crashes > 0 && !(process.is_idle() && process.machine.needs_restore()) {
            actions.push(Action::Crash(number));
        }
        if self.left.suspensions > 0 && (self.lock == Some(number) || self.changes_lock == Some(number)) {
            actions.push(Action::Suspend(number));
        }
    }

    pub(crate) fn take(&mut self, action: Action) {
        match action {
            Action::Restore(number) => self.restore(number),
            Action::BeginRenewal(number) => self.begin_renewal(number),
            Action::Renew(number) => self.step_renewal(number),
            Action::Request(number, fate) => {
                match fate {
                    Fate::Answered => {}
                    Fate::Declined => self.left.declines -= 1,
                    _ => self.left.losses -= 1,
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
            Action::BeginSignIn(number, user) => {
                match user {
                    User::Ada => self.left.sign_ins_again -= 1,
                    User::Grace => self.left.sign_ins -= 1,
                }
                self.process(number).sign_in = Some(SignIn::begun(user));
            }
            Action::SignIn(number) => self.step_sign_in(number),
            Action::BeginSignOut(number) => {
                self.left.sign_outs -= 1;
                self.begin_sign_out(number);
            }
            Action::SignOut(number) => self.step_sign_out(number),
            Action::BeginStepUp(number, grant) => {
                self.left.step_ups -= 1;
                self.begin_step_up(number, grant);
            }
            Action::StepUp(number) => self.step_step_up(number),
            Action::MakeChange(number) => {
                self.left.changes -= 1;
                self.make_change(number);
            }
            Action::BeginSending(number) => self.process(number).sender = Some(Sender::WantsLock),
            Action::Send(number) => self.step_sender(number),
            Action::Change(number, fate) => {
                if fate != ChangeFate::Made {
                    self.left.losses -= 1;
                }
                self.decide_change(number, fate != ChangeFate::LostBefore, fate == ChangeFate::Made);
            }
            Action::TakeLease(number) => {
                self.left.leases -= 1;
                self.take_lease(number);
            }
            Action::TakeText(number) => self.take_text(number),
            Action::Crash(number) => {
                self.left.crashes -= 1;
                self.crash(number);
            }
            Action::Suspend(number) => {
                self.left.suspensions -= 1;
                self.excuse_process(number);
                let sender = self.processes[number].sender.as_ref();
                self.history.order_is_unknown |= sender.is_some();
                self.release_lock(number);
                self.release_changes_lock(number);
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
            Action::HoursPass => {
                self.left.hours -= 1;
                self.clock.pass();
            }
            Action::SetClock(wall) => {
                self.left.clocks -= 1;
                self.clock.set(wall);
                self.history.order_is_unknown = true;
            }
        }
    }
}
