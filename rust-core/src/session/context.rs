//! What every part receives.
//!
//! **Promises.** Provides the configuration, the session machine, the clock, the log, random numbers, and tasks that
//! keep the whole session open until they end. **Needs** the ports for these. It knows neither store nor network.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use super::alarm::Alarm;
use super::dependencies::Dependencies;
use super::metering::{MeasuredResult, Metering, Operation};
use super::shared_machine::SharedMachine;
use crate::machine::error::Error;
use crate::machine::event::Report;
use crate::machine::input::{AttemptFailed, TimePassed};
use crate::machine::{Attempt, Generation, Input, Machine, Outcome, Tokens};
use crate::model::configuration::Configuration;
use crate::model::lifetime::SessionEnd;
use crate::model::profile::Profile;
use crate::model::proof_key::ProofKey;
use crate::model::secret::Secret;
use crate::model::state::SessionState;
use crate::model::time::Instant;
use crate::ports::{BoxFuture, Clock, Log, LogLevel, Randomness, Spawner, awaited};
use crate::protocol::pkce::{RandomBytes, unguessable};

/// A user who needs longer in the browser has to begin again. What a sign-in or a sign-out keeps for the user's return
/// does not stay in memory for as long as the process lives.
pub(super) const LONGEST_WAIT_FOR_A_USER: Duration = Duration::from_secs(15 * 60);

/// The session that consists of all parts, as one of them sees it.
pub(super) trait WholeSession: fmt::Debug + Send + Sync {
    /// The issuer has just answered: what waits for the network can be sent.
    fn network_answered(&self);
    /// The alarm's time has come.
    fn time_passed(&self, due: Duration);
}

#[derive(Debug)]
pub(super) struct Context {
    whole: Weak<dyn WholeSession>,
    configuration: Mutex<Arc<Configuration>>,
    machine: SharedMachine,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    spawner: Arc<dyn Spawner>,
    log: Arc<dyn Log>,
    metering: Metering,
    alarm: Alarm,
}

impl Context {
    pub(super) fn new(
        whole: Weak<dyn WholeSession>,
        configuration: Configuration,
        dependencies: &Dependencies,
    ) -> Arc<Self> {
        Arc::new(Self {
            whole,
            machine: SharedMachine::limited(configuration.lifetime),
            configuration: Mutex::new(Arc::new(configuration)),
            clock: Arc::clone(&dependencies.clock),
            randomness: Arc::clone(&dependencies.randomness),
            spawner: Arc::clone(&dependencies.spawner),
            log: Arc::clone(&dependencies.log),
            metering: Metering::default(),
            alarm: Alarm::default(),
        })
    }

    /// The current configuration. Code that needs consistent values takes it once, because it may be replaced at any
    /// time.
    pub(super) fn configuration(&self) -> Arc<Configuration> {
        Arc::clone(&self.locked_configuration())
    }

    /// Replaces the configuration by one of the same issuer and client.
    pub(super) fn configure(&self, configuration: Configuration) {
        self.machine.limit(configuration.lifetime);
        *self.locked_configuration() = Arc::new(configuration);
        self.publish();
    }

    fn locked_configuration(&self) -> MutexGuard<'_, Arc<Configuration>> {
        self.configuration.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// See [`WholeSession::network_answered`].
    pub(super) fn network_answered(&self) {
        if let Some(whole) = self.whole.upgrade() {
            whole.network_answered();
        }
    }

    // The machine.

    /// Applies one input and sends its announcements. The caller handles the other effects.
    pub(super) fn apply(&self, input: impl Into<Input>) -> Outcome {
        self.machine.apply(input)
    }

    /// Reads the current session.
    pub(super) fn read<T>(&self, look: impl FnOnce(&Machine) -> T) -> T {
        self.machine.read(look)
    }

    /// See [`SharedMachine::read_with_epoch`].
    pub(super) fn read_with_epoch<T>(&self, look: impl FnOnce(&Machine) -> T) -> (u64, T) {
        self.machine.read_with_epoch(look)
    }

    /// See [`SharedMachine::binding`].
    pub(super) fn binding(&self, token: &Secret) -> Option<ProofKey> {
        self.machine.binding(token)
    }

    /// See [`SharedMachine::epoch`].
    pub(super) fn epoch(&self) -> &AtomicU64 {
        self.machine.epoch()
    }

    /// The last announced state, followed by all later announcements.
    pub(super) fn subscribe(&self) -> UnboundedReceiver<Report> {
        self.machine.subscribe(self.now())
    }

    /// Records the failure of an attempt that is repeated without the user: see
    /// [`crate::machine::input::AttemptFailed`].
    pub(super) fn note_failed_attempt(&self, attempt: Attempt, error: Error) {
        self.apply(AttemptFailed {
            attempt,
            error,
            now: self.now(),
            chance: self.chance().unwrap_or_default(),
        });
    }

    /// The error that such an attempt gets without a request if an earlier one has just failed.
    pub(super) fn attempt_refusal(&self, attempt: Attempt) -> Option<Error> {
        let now = self.now();
        self.read(|machine| machine.attempt_refusal(attempt, now))
    }

    /// Announces the state if it differs from the last announced one.
    pub(super) fn publish(&self) {
        let now = self.now();
        self.apply(TimePassed { now });
        let next = self.read(|machine| machine.next_end(now));
        if let Some(wait) = next.and_then(SessionEnd::next_announcement) {
            // The task does not keep the session open.
            let whole = Weak::clone(&self.whole);
            self.alarm.set(wait, now, self.spawner.as_ref(), move |due| {
                if let Some(whole) = whole.upgrade() {
                    whole.time_passed(due);
                }
            });
        }
    }

    /// [`Context::publish`] if something limits the session: time may have passed without an announcement.
    pub(super) fn publish_end(&self) {
        let now = self.now();
        if self.read(|machine| machine.next_end(now)).is_some() {
            self.publish();
        }
    }

    /// See [`Alarm::came`].
    pub(super) fn alarm_came(&self, due: Duration) -> bool {
        self.alarm.came(due)
    }

    /// The state; `None` until the store has been read.
    pub(super) fn state(&self) -> Option<SessionState> {
        let now = self.now();
        self.read(|machine| machine.state(now))
    }

    /// Fails if the session's lifetime has ended.
    ///
    /// # Errors
    /// [`Error::Reauthenticate`] with the reason.
    pub(super) fn ensure_not_over(&self) -> Result<(), Error> {
        let now = self.now();
        let reason = self.read(|machine| machine.reason_of_end(now));
        reason.map_or(Ok(()), |reason| Err(Error::Reauthenticate(reason)))
    }

    /// The session's user, and the generation that the session belongs to.
    pub(super) fn subject(&self) -> Result<(Generation, String), Error> {
        self.read(Machine::subject).ok_or(Error::NoSession)
    }

    /// The profile as last fetched.
    pub(super) fn profile(&self) -> Option<Arc<Profile>> {
        self.read(Machine::profile)
    }

    /// See [`SharedMachine::profile_version`].
    pub(super) fn profile_version(&self) -> u64 {
        self.machine.profile_version()
    }

    /// Whether there is a token that is good for `min_ttl`, or a refresh token to renew it.
    pub(super) fn is_usable(&self, min_ttl: Duration) -> bool {
        let now = self.now();
        self.read(|machine| Tokens::of(machine).is_usable(min_ttl, now))
    }

    // Clock, log and random numbers.

    pub(super) fn now(&self) -> Instant {
        self.clock.now()
    }

    pub(super) fn log(&self, level: LogLevel, message: &str) {
        self.log.log(level, message);
    }

    /// Counters and measurements.
    pub(super) fn metering(&self) -> &Metering {
        &self.metering
    }

    /// Records the measurement of an operation that began at `began` and ends now.
    pub(super) fn measure(&self, operation: Operation, result: MeasuredResult, began: Instant) {
        let duration = self.now().monotonic.saturating_sub(began.monotonic);
        self.metering.record(operation, result, duration);
    }

    pub(super) fn chance(&self) -> Result<u64, Error> {
        let mut bytes = [0; 8];
        self.randomness.fill(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    /// An unguessable value.
    pub(super) fn random(&self) -> Result<Secret, Error> {
        let mut bytes = RandomBytes::default();
        self.randomness.fill(&mut bytes)?;
        Ok(unguessable(bytes))
    }

    // Tasks.

    /// Completes after `duration`.
    pub(super) fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.spawner.sleep(duration)
    }

    pub(super) fn spawner(&self) -> &dyn Spawner {
        self.spawner.as_ref()
    }

    /// Keeps the session open while the returned value exists: a caller that opens it by name meanwhile gets this
    /// session, and not a second one that is unaware of the work in progress.
    pub(super) fn keep_open(&self) -> Option<Arc<dyn WholeSession>> {
        self.whole.upgrade()
    }

    /// Starts `work`, which keeps the session open, and returns at once.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let session = self.keep_open();
        self.spawner.spawn(Box::pin(async move {
            work.await;
            drop(session);
        }));
    }

    /// Runs `work` to its end, even if nobody waits for it any more.
    pub(super) async fn run_to_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let session = self.keep_open();
        let (work, outcome) = awaited(async move {
            let outcome = work.await;
            drop(session);
            outcome
        });
        self.spawner.spawn(work);
        let not_finished = || Error::Internal("a task ended without a result".to_owned());
        outcome.await.unwrap_or_else(|| Err(not_finished()))
    }
}
