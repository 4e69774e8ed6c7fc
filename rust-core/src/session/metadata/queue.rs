//! Metadata changes that are queued until the network is available.
//!
//! **Promises.** They are sent in order, kept with the session, and discarded by a sign-out. A change that the server
//! refuses for good is dropped and reported to its own user. After a transient failure, that change and all later ones
//! stay queued. **Needs** the context, the store, the issuer and the Management API.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};
use url::Url;

use super::super::context::Context;
use super::super::issuer::Issuer;
use super::super::options::{DroppedUpdate, FlushReport};
use super::super::store::SessionStore;
use super::management_api::{ManagementApi, Target};
use crate::machine::error::Error;
use crate::machine::event::SessionEvent;
use crate::machine::input::{UpdateAdded, UpdateRemoved};
use crate::machine::{Attempt, Generation, Machine, Stored, Verdict, retry};
use crate::model::metadata::of_user;
use crate::model::pending_update::PendingUpdate;
use crate::model::profile::Claims;
use crate::model::secret::Secret;
use crate::ports::{LogLevel, TransportErrorKind};
use crate::protocol::users;

#[derive(Debug)]
pub(in crate::session) struct MetadataQueue {
    context: Arc<Context>,
    store: Arc<SessionStore>,
    issuer: Arc<Issuer>,
    api: Arc<ManagementApi>,
    sending: tokio::sync::Mutex<()>,
    refused: Mutex<Vec<Refused>>,
    unreadable: Mutex<Unreadable>,
}

/// How often in a row one change got an answer that is too large to be read.
#[derive(Debug, Default)]
struct Unreadable {
    id: u64,
    answers: u32,
}

/// After that many of them the change is dropped. It would get the same answer at any time, and hold up all others.
const MOST_UNREADABLE_ANSWERS: u32 = 3;

/// What became of a change that the server has decided about.
#[derive(Debug)]
pub(super) enum Patched {
    /// It was made. The metadata after it, if it could be read.
    Applied(Option<Map<String, Value>>),
    /// It was refused for good: the same change would be refused at any time.
    Refused(Error),
}

/// The result of sending the queue.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// The changes that were made, with the metadata after each, if it could be read.
    pub(super) applied: Vec<(u64, Option<Map<String, Value>>)>,
    /// Why the rest stays queued.
    pub(super) stopped_by: Option<Error>,
}

/// A change that the server refused for good, until this is reported to the app.
#[derive(Debug)]
struct Refused {
    /// The user of the change: nobody else is notified.
    subject: String,
    id: u64,
    error: Error,
}

impl MetadataQueue {
    pub(in crate::session) fn new(
        context: Arc<Context>,
        store: Arc<SessionStore>,
        issuer: Arc<Issuer>,
        api: Arc<ManagementApi>,
    ) -> Arc<Self> {
        Arc::new(Self {
            context,
            store,
            issuer,
            api,
            sending: tokio::sync::Mutex::default(),
            refused: Mutex::default(),
            unreadable: Mutex::default(),
        })
    }

    /// The queued changes, oldest first. Memory only.
    pub(in crate::session) fn pending(&self) -> Vec<PendingUpdate> {
        self.context
            .read(|machine| Stored::of(machine).pending_updates().to_vec())
    }

    /// Adds a change to the queue.
    pub(super) fn add(&self, generation: Generation, id: u64, patch: Map<String, Value>) -> Result<(), Error> {
        let update = PendingUpdate {
            id,
            changes: Claims(patch),
            since: self.context.now().wall,
        };
        match self.context.apply(UpdateAdded { generation, update }).verdict {
            Verdict::Changed => Ok(()),
            Verdict::Refused(refusal) => Err((*refusal).into()),
            _ => Err(Error::NoSession),
        }
    }

    /// Removes a change from the queue; false if it was not there.
    pub(super) fn remove(&self, id: u64) -> bool {
        self.settle(id, None)
    }

    pub(in crate::session) async fn cancel(&self, id: u64) -> Result<bool, Error> {
        self.store.ensure_writable()?;
        self.store.ensure_restored().await?;
        let was_waiting = self.remove(id);
        self.store.save().await?;
        Ok(was_waiting)
    }

    pub(in crate::session) async fn flush(&self) -> Result<FlushReport, Error> {
        self.store.ensure_writable()?;
        self.store.ensure_session().await?;
        let sent = self.send().await;
        if let Some(error) = sent.stopped_by.filter(|error| !retry::is_passing(error)) {
            return Err(error);
        }
        let subject = self.context.subject().ok().map(|(_, subject)| subject);
        let mut dropped = std::mem::take(&mut *self.refused());
        dropped.retain(|refused| Some(&refused.subject) == subject.as_ref());
        Ok(FlushReport {
            applied: sent.applied.into_iter().map(|(id, _)| id).collect(),
            dropped: dropped.into_iter().map(DroppedUpdate::from).collect(),
            waiting: u32::try_from(self.pending().len()).unwrap_or(u32::MAX),
        })
    }

    /// Sends the queue before a call that must not overtake it.
    pub(super) async fn send_first(&self) -> Result<(), Error> {
        if self.store.is_read_only() || !self.has_pending() {
            return Ok(());
        }
        self.send().await.stopped_by.map_or(Ok(()), Err)
    }

    /// Sends the queue in the background because the network may be available, unless an attempt has just failed.
    pub(in crate::session) fn send_in_background(self: &Arc<Self>) {
        // A call that is already sending will send these changes too.
        if self.store.is_read_only() || !self.has_pending() || self.sending.try_lock().is_err() {
            return;
        }
        if self.context.attempt_refusal(Attempt::Update).is_some() {
            return;
        }
        let queue = Arc::clone(self);
        self.context.spawn(async move { queue.send_again().await });
    }

    /// The attempt that [`MetadataQueue::send_in_background`] begins. Another attempt may have failed since then.
    async fn send_again(&self) {
        let Ok(only) = self.sending.try_lock() else {
            return;
        };
        if self.context.attempt_refusal(Attempt::Update).is_some() {
            return;
        }
        if let Some(error) = self.send_alone(&only).await.stopped_by {
            self.context.note_failed_attempt(Attempt::Update, error);
        }
    }

    pub(super) async fn send(&self) -> Sent {
        let only = self.sending.lock().await;
        self.send_alone(&only).await
    }

    async fn send_alone(&self, _only: &tokio::sync::MutexGuard<'_, ()>) -> Sent {
        let mut sent = Sent::default();
        // An earlier change that another process is sending must not arrive after a later one from this process.
        let _between_processes = match self.store.take_sending_lock().await {
            Ok(guard) => guard,
            Err(error) => {
                sent.stopped_by = Some(error);
                return sent;
            }
        };
        // Another process may have sent them already.
        if let Err(error) = self.store.merge_if_shared().await {
            sent.stopped_by = Some(error);
            return sent;
        }
        while self.has_pending() {
            // A change that has been sent must not be sent again after a later one.
            let next = if self.context.read(|machine| Stored::of(machine).holds_settled_update()) {
                self.store.save().await
            } else {
                self.send_next(&mut sent).await
            };
            if let Err(error) = next {
                let message = format!("changes of the metadata wait: {error}");
                self.context.log(LogLevel::Warning, &message);
                sent.stopped_by = Some(error);
                break;
            }
        }
        sent
    }

    async fn send_next(&self, sent: &mut Sent) -> Result<(), Error> {
        let target = self.api.target().await?;
        let next = |machine: &Machine| Stored::of(machine).next_update(target.generation).cloned();
        let Some(update) = self.context.read(next) else {
            return Ok(());
        };
        let id = update.id;
        let patched = match self.patch(&target, &update.changes.0).await {
            Err(error) if self.is_never_readable(id, &error) => Patched::Refused(error),
            patched => patched?,
        };
        let event = match patched {
            Patched::Applied(metadata) => {
                sent.applied.push((id, metadata));
                SessionEvent::MetadataUpdateSent { id }
            }
            Patched::Refused(error) => {
                let message = "a change of the metadata that waited was refused, and is dropped";
                self.context.log(LogLevel::Error, message);
                self.refused().push(Refused {
                    subject: target.user_id,
                    id,
                    error,
                });
                SessionEvent::MetadataUpdateRefused { id }
            }
        };
        self.settle(id, Some(event));
        self.store.save_if_possible().await;
        Ok(())
    }

    /// Whether this is one of too many answers to the change that are too large to be read.
    fn is_never_readable(&self, id: u64, error: &Error) -> bool {
        let is_too_large =
            matches!(error, Error::Transport { error, .. } if error.kind == TransportErrorKind::TooLarge);
        let mut unreadable = self.unreadable.lock().unwrap_or_else(PoisonError::into_inner);
        let before = if unreadable.id == id { unreadable.answers } else { 0 };
        let answers = if is_too_large { before + 1 } else { 0 };
        *unreadable = Unreadable { id, answers };
        answers >= MOST_UNREADABLE_ANSWERS
    }

    /// Sends one change.
    ///
    /// # Errors
    /// A failure that says nothing about the change.
    pub(super) async fn patch(&self, target: &Target, patch: &Map<String, Value>) -> Result<Patched, Error> {
        let request = |base: &Url, user_id: &str, token: &Secret| users::patch_metadata(base, user_id, patch, token);
        let answer = self.api.call(target, users::ENDPOINT, request).await?;
        match users::read(&answer, "metadata", self.issuer.server_now()) {
            Ok(user) => Ok(Patched::Applied(Some(of_user(user)))),
            Err(_) if users::applied(&answer) => Ok(Patched::Applied(None)),
            Err(refusal) if users::refuses_for_good(&answer) => Ok(Patched::Refused(refusal.into())),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes a change from the queue; `event` announces the result.
    fn settle(&self, id: u64, event: Option<SessionEvent>) -> bool {
        self.context.apply(UpdateRemoved { id, event }).verdict == Verdict::Changed
    }

    /// Whether a change has not been sent, or its removal from the queue has not been stored.
    fn has_pending(&self) -> bool {
        self.context.read(|machine| {
            let stored = Stored::of(machine);
            !stored.pending_updates().is_empty() || stored.holds_settled_update()
        })
    }

    /// Discards the refusals: the user has signed out, and nobody else is notified.
    pub(in crate::session) fn forget_refused(&self) {
        self.refused().clear();
    }

    pub(super) fn take_refusal_of(&self, id: u64) -> Option<Error> {
        let mut refused = self.refused();
        let place = refused.iter().position(|refused| refused.id == id)?;
        Some(refused.remove(place).error)
    }

    fn refused(&self) -> MutexGuard<'_, Vec<Refused>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Refused> for DroppedUpdate {
    fn from(refused: Refused) -> Self {
        Self {
            id: refused.id,
            message: refused.error.to_string(),
        }
    }
}
