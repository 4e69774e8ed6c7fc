//! What happened in the runs, as figures.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::server::Cause;

#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) runs: u64,
    pub(crate) steps: u64,
    pub(crate) actions: u64,
    pub(crate) abandoned_calls: u64,
    pub(crate) renewals: u64,
    pub(crate) sign_ins: u64,
    pub(crate) sign_outs: u64,
    pub(crate) crashes: u64,
    pub(crate) freezes: u64,
    pub(crate) clock_jumps: u64,
    pub(crate) lost_answers: u64,
    pub(crate) zombies: u64,
    pub(crate) refusals: u64,
    pub(crate) failed_writes: u64,
    pub(crate) failed_reads: u64,
    pub(crate) spent_presented: u64,
    pub(crate) without_lock: u64,
    pub(crate) ends: BTreeMap<Cause, u64>,
    pub(crate) longest_call: Duration,
    pub(crate) time: Duration,
}

impl Figures {
    pub(crate) fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.steps += other.steps;
        self.actions += other.actions;
        self.abandoned_calls += other.abandoned_calls;
        self.renewals += other.renewals;
        self.sign_ins += other.sign_ins;
        self.sign_outs += other.sign_outs;
        self.crashes += other.crashes;
        self.freezes += other.freezes;
        self.clock_jumps += other.clock_jumps;
        self.lost_answers += other.lost_answers;
        self.zombies += other.zombies;
        self.refusals += other.refusals;
        self.failed_writes += other.failed_writes;
        self.failed_reads += other.failed_reads;
        self.spent_presented += other.spent_presented;
        self.without_lock += other.without_lock;
        for (cause, count) in &other.ends {
            *self.ends.entry(*cause).or_default() += count;
        }
        self.longest_call = self.longest_call.max(other.longest_call);
        self.time += other.time;
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let years = self.time.as_secs_f64() / (365.25 * 24.0 * 3600.0);
        for (name, number) in [
            ("runs", self.runs),
            ("scheduler steps", self.steps),
            ("calls of the public API", self.actions),
            ("of these abandoned by their caller", self.abandoned_calls),
            ("renewals by the issuer", self.renewals),
            ("sign-ins", self.sign_ins),
            ("sign-outs", self.sign_outs),
            ("crashes", self.crashes),
            ("suspensions", self.freezes),
            ("of these with a lock given up", self.without_lock),
            ("clock jumps", self.clock_jumps),
            ("answers lost", self.lost_answers),
            ("requests acted upon after their sender gave up", self.zombies),
            ("requests refused or not delivered", self.refusals),
            ("failed writes", self.failed_writes),
            ("failed reads", self.failed_reads),
            ("spent tokens presented, with reason", self.spent_presented),
        ] {
            writeln!(f, "{number:>14}  {name}")?;
        }
        for (cause, count) in &self.ends {
            writeln!(f, "{count:>14}  sessions ended: {cause:?}")?;
        }
        writeln!(
            f,
            "{:>14.0}  seconds: the longest call, on the simulated clock",
            self.longest_call.as_secs_f64()
        )?;
        write!(f, "{years:>14.1}  simulated years")
    }
}
