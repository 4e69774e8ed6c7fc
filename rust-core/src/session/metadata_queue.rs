//! Changes of the metadata that wait for the network: in order, kept with the session, gone with the sign-out.

use std::sync::PoisonError;

use serde_json::{Map, Value};

use super::options::{DroppedUpdate, FlushReport, UpdateOutcome};
use super::{SessionManager, Shared};
use crate::machine::error::Error;
use crate::machine::event::SessionEvent;
use crate::machine::retry;
use crate::model::metadata::check_patch;
use crate::model::pending_update::PendingUpdate;
use crate::model::profile::Claims;
use crate::ports::LogLevel;

/// What became of those that were sent.
#[derive(Debug, Default)]
struct Sent {
    applied: Vec<(u64, Map<String, Value>)>,
    /// Why the rest waits on.
    stopped_by: Option<Error>,
}

/// A change that the server refused for good, until the app has heard of it.
#[derive(Debug)]
pub(super) struct Refused {
    /// Whose it was: nobody else is told.
    subject: String,
    id: u64,
    error: Error,
}

impl SessionManager {
    /// Changes the metadata as [`SessionManager::update_metadata`] does, or lets the change wait while the network or the
    /// server has passing trouble (persists). What waits is sent in order, and before any other call of the metadata: at
    /// the next launch, at the next renewal or fetched profile, or by [`SessionManager::flush_metadata_updates`]. It goes
    /// with the sign-out, and stays when the same user signs in again.
    ///
    /// # Errors
    /// As [`SessionManager::update_metadata`] but for passing trouble; nothing waits then. [`Error::Argument`] also
    /// when 100 changes or 64 KiB of them wait; [`Error::Store`] when the waiting change could not be written.
    pub async fn update_metadata_or_queue(&self, patch: Map<String, Value>) -> Result<UpdateOutcome, Error> {
        check_patch(&patch)?;
        let shared = &self.shared;
        shared.ensure_writable()?;
        let target = self.management_target().await?;
        let id = shared.chance()?;
        let update = PendingUpdate {
            id,
            changes: Claims(patch),
            since: shared.now().wall,
        };
        shared.current.add_update(target.generation, update)?;
        let saved = shared.save().await;
        let sent = self.send_waiting().await;
        if let Some((_, metadata)) = sent.applied.into_iter().find(|(applied, _)| *applied == id) {
            return Ok(UpdateOutcome::Done {
                metadata: Claims(metadata),
            });
        }
        if let Some(refusal) = shared.take_refusal_of(id) {
            return Err(refusal);
        }
        match sent.stopped_by {
            Some(error) if retry::is_passing(&error) => saved.map(|()| UpdateOutcome::Queued { id }),
            Some(error) => {
                shared.current.remove_update(id, None);
                shared.save_if_possible().await;
                Err(error)
            }
            // Another task or process has sent it already.
            None => self.fetch_metadata(&[]).await.map(|metadata| UpdateOutcome::Done {
                metadata: Claims(metadata),
            }),
        }
    }

    /// The changes that wait, the oldest first. Memory only.
    pub fn pending_metadata_updates(&self) -> Vec<PendingUpdate> {
        self.shared.current.pending_updates()
    }

    /// Takes back a change that waits (persists); false when it does not wait. One that is on its way may be made all the
    /// same.
    ///
    /// # Errors
    /// A locked or failing store; [`Error::ReadOnly`].
    pub async fn cancel_metadata_update(&self, id: u64) -> Result<bool, Error> {
        let shared = &self.shared;
        shared.ensure_writable()?;
        shared.ensure_restored().await?;
        let was_waiting = shared.current.remove_update(id, None);
        shared.save().await?;
        Ok(was_waiting)
    }

    /// Sends the changes that wait, in order (network; persists), and says what became of these and of those that were
    /// sent by themselves and refused. A change that the server refuses for good (4xx but 401, 408, 425 and 429,
    /// RFC 9110 15.5) is dropped; passing trouble keeps it and all after it.
    ///
    /// # Errors
    /// As [`SessionManager::update_metadata`] but for passing trouble.
    pub async fn flush_metadata_updates(&self) -> Result<FlushReport, Error> {
        let shared = &self.shared;
        shared.ensure_writable()?;
        shared.ensure_session().await?;
        let sent = self.send_waiting().await;
        if let Some(error) = sent.stopped_by.filter(|error| !retry::is_passing(error)) {
            return Err(error);
        }
        let subject = shared.current.subject().map(|(_, subject)| subject);
        let mut dropped = std::mem::take(&mut *shared.dropped_updates());
        dropped.retain(|refused| Some(&refused.subject) == subject.as_ref());
        Ok(FlushReport {
            applied: sent.applied.into_iter().map(|(id, _)| id).collect(),
            dropped: dropped.into_iter().map(DroppedUpdate::from).collect(),
            waiting: u32::try_from(shared.current.pending_updates().len()).unwrap_or(u32::MAX),
        })
    }

    /// For calls that must not overtake what waits.
    pub(super) async fn send_waiting_first(&self) -> Result<(), Error> {
        let shared = &self.shared;
        if shared.is_read_only() || !shared.current.has_pending_updates() {
            return Ok(());
        }
        self.send_waiting().await.stopped_by.map_or(Ok(()), Err)
    }

    /// The network is there, or may be.
    pub(super) fn send_waiting_in_background(&self) {
        let shared = &self.shared;
        // Whoever sends already will come to them.
        if shared.is_read_only() || !shared.current.has_pending_updates() || shared.sending_updates.try_lock().is_err()
        {
            return;
        }
        let manager = self.clone();
        let work = async move { drop(manager.send_waiting().await) };
        shared.dependencies.spawner.spawn(Box::pin(work));
    }

    async fn send_waiting(&self) -> Sent {
        let shared = &self.shared;
        let _only = shared.sending_updates.lock().await;
        let mut sent = Sent::default();
        // Another process may have sent them already.
        if let Err(error) = shared.merge_if_shared().await {
            sent.stopped_by = Some(error);
            return sent;
        }
        while shared.current.has_pending_updates() {
            if let Err(error) = self.send_next(&mut sent).await {
                shared.log(LogLevel::Warning, &format!("changes of the metadata wait: {error}"));
                sent.stopped_by = Some(error);
                break;
            }
        }
        sent
    }

    async fn send_next(&self, sent: &mut Sent) -> Result<(), Error> {
        let shared = &self.shared;
        let target = self.management_target().await?;
        let Some(update) = shared.current.next_update(target.generation) else {
            return Ok(());
        };
        let id = update.id;
        let event = match self.send_change(&target, &update.changes.0).await? {
            Ok(metadata) => {
                sent.applied.push((id, metadata));
                SessionEvent::MetadataUpdateSent { id }
            }
            Err(error) => {
                shared.log(
                    LogLevel::Error,
                    "a change of the metadata that waited was refused, and is dropped",
                );
                shared.dropped_updates().push(Refused {
                    subject: target.user_id,
                    id,
                    error,
                });
                SessionEvent::MetadataUpdateRefused { id }
            }
        };
        shared.current.remove_update(id, Some(event));
        shared.save_if_possible().await;
        Ok(())
    }
}

impl Shared {
    fn dropped_updates(&self) -> std::sync::MutexGuard<'_, Vec<Refused>> {
        self.dropped_updates.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The user is gone, and nobody else is told what became of the changes.
    pub(super) fn forget_dropped_updates(&self) {
        self.dropped_updates().clear();
    }

    fn take_refusal_of(&self, id: u64) -> Option<Error> {
        let mut dropped = self.dropped_updates();
        let place = dropped.iter().position(|refused| refused.id == id)?;
        Some(dropped.remove(place).error)
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
