//! What is stored is taken into memory: at launch, and again where other processes write.
//!
//! **Promises.** A locked device is a state and not an empty store; a damaged item is kept aside and reported once; what
//! this process wrote meanwhile is never replaced by an older read. **Needs** the context and the item.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::super::context::Context;
use super::item::Item;
use crate::machine::error::Error;
use crate::machine::input::{FirstRead, ItemDamaged, ItemSeen, StoreLocked};
use crate::machine::{Machine, Stored, Verdict};
use crate::model::secret::{Fingerprint, SecretBytes};
use crate::ports::{LogLevel, StoreError};
use crate::storage::envelope::{EnvelopeError, StoredItem};

#[derive(Debug)]
pub(super) struct Reader {
    context: Arc<Context>,
    item: Arc<Item>,
    first_read: Mutex<()>,
}

impl Reader {
    pub(super) fn new(context: Arc<Context>, item: Arc<Item>) -> Self {
        Self {
            context,
            item,
            first_read: Mutex::default(),
        }
    }

    pub(super) fn needs_first_read(&self) -> bool {
        self.context.read(Machine::needs_restore)
    }

    /// Reads the store unless that was done; false when it was.
    ///
    /// # Errors
    /// [`Error::Store`], [`Error::Envelope`]; a locked device is not an error here but a state.
    pub(super) async fn read_first(&self) -> Result<bool, Error> {
        if !self.needs_first_read() {
            return Ok(false);
        }
        let _turn = self.first_read.lock().await;
        if !self.needs_first_read() {
            return Ok(false);
        }
        self.restore().await.map(|()| true)
    }

    async fn restore(&self) -> Result<(), Error> {
        let found = match self.item.rename_old(|bytes| self.is_own(bytes)).await {
            Ok(()) => self.item.read().await,
            Err(error) => Err(error),
        };
        let outcome = match found {
            Ok((Some(bytes), seen)) => match StoredItem::decode(&bytes) {
                Ok(item) => {
                    self.context.log(LogLevel::Info, "restored a session");
                    self.restored(Some(item), seen, None);
                    Ok(())
                }
                Err(error) => {
                    let left = self.quarantine(bytes, error).await;
                    self.restored(None, seen.filter(|_| left.is_some()), left);
                    Err(error.into())
                }
            },
            Ok((None, _)) => {
                self.restored(None, None, None);
                Ok(())
            }
            Err(StoreError::Locked) => {
                self.context.log(
                    LogLevel::Warning,
                    "the device is locked; the session will be read after the unlock",
                );
                self.context.apply(StoreLocked);
                Ok(())
            }
            Err(error) => Err(error.into()),
        };
        self.context.publish();
        outcome
    }

    fn restored(&self, item: Option<StoredItem>, seen: Option<Fingerprint>, unreadable: Option<SecretBytes>) {
        self.context.apply(FirstRead { item, seen, unreadable });
    }

    /// Whether the item says that it is this client's: by its old name alone it could be another's.
    fn is_own(&self, bytes: &SecretBytes) -> bool {
        let session = StoredItem::decode(bytes).ok().and_then(StoredItem::into_session);
        session.is_some_and(|session| session.client_id == self.context.configuration().client_id)
    }

    /// Deals with an item that was read and not understood. What comes back is still under the session's own name, and
    /// has to be kept aside before anything is written there.
    ///
    /// A damaged item is moved at once, so that it is reported once and not at every launch. One of a newer release
    /// stays where that release finds it again: the user went back a release and may go forward.
    async fn quarantine(&self, bytes: SecretBytes, error: EnvelopeError) -> Option<SecretBytes> {
        self.context.log(LogLevel::Error, &error.to_string());
        if matches!(error, EnvelopeError::NewerVersion(_)) || self.item.is_read_only() {
            return Some(bytes);
        }
        let moved = async {
            self.item.keep_aside(bytes.clone()).await?;
            // Another process may have put a good one there meanwhile, which then is none of this one's business.
            let seen = Some(Fingerprint::of(&bytes));
            self.item.swap(seen, None).await
        };
        match moved.await {
            Ok(_) => None,
            Err(error) => {
                let message = format!("it could not be kept aside yet: {error}");
                self.context.log(LogLevel::Warning, &message);
                Some(bytes)
            }
        }
    }

    /// Reads the store again and takes over what another process made of the session. True when it changed.
    ///
    /// # Errors
    /// [`Error::Store`]; [`Error::Envelope`] when a newer release wrote it. Then memory stays as it is.
    pub(super) async fn merge(&self) -> Result<bool, Error> {
        loop {
            let looks = self.context.read(|machine| Stored::of(machine).looks());
            let (found, seen) = self.item.read().await?;
            let item = match found {
                None => None,
                Some(bytes) => match StoredItem::decode(&bytes) {
                    Ok(item) => Some(item),
                    // What is in memory is better. It is written over the item, which is never missing meanwhile: to
                    // other processes that would be a sign-out.
                    Err(error) if self.is_better_than(&error) => {
                        if !self.item.is_read_only() {
                            // After a sign-out nothing stays.
                            if self.holds_session() {
                                self.item.keep_aside(bytes).await?;
                            }
                            self.context.apply(ItemDamaged { seen });
                        }
                        return Ok(false);
                    }
                    Err(error) => return Err(error.into()),
                },
            };
            // Otherwise another task of this process has written meanwhile or seen something newer: the store is read again.
            match self.context.apply(ItemSeen { item, seen, looks }).verdict {
                Verdict::ReadAgain => {}
                Verdict::Changed => {
                    let message = "took over what another process made of the session";
                    self.context.log(LogLevel::Info, message);
                    self.context.publish();
                    return Ok(true);
                }
                _ => return Ok(false),
            }
        }
    }

    /// The same where the store is shared; a device that is locked just now changes nothing.
    pub(super) async fn merge_if_shared(&self) -> Result<bool, Error> {
        if !self.item.is_shared() {
            return Ok(false);
        }
        match self.merge().await {
            Err(Error::Store(StoreError::Locked)) => Ok(false),
            outcome => outcome,
        }
    }

    /// What is stored matters for its refresh token: a sign-out can be the first thing an app does, and another process
    /// may have renewed.
    pub(super) async fn look_before_sign_out(&self) {
        if !self.needs_first_read() && !self.item.is_shared() {
            return;
        }
        let looks = self.context.read(|machine| Stored::of(machine).looks());
        let Ok((stored, seen)) = self.item.read().await else {
            return;
        };
        match stored.map(|bytes| StoredItem::decode(&bytes)).transpose() {
            Ok(item) if self.needs_first_read() => self.restored(item, seen, None),
            // What this process wrote meanwhile is newer.
            Ok(item) => drop(self.context.apply(ItemSeen { item, seen, looks })),
            Err(_) if self.needs_first_read() => self.restored(None, seen, None),
            Err(_) => drop(self.context.apply(ItemDamaged { seen })),
        }
    }

    fn is_better_than(&self, error: &EnvelopeError) -> bool {
        let is_damaged = matches!(error, EnvelopeError::Undecodable);
        self.context
            .read(|machine| Stored::of(machine).replaces_unreadable(is_damaged))
    }

    fn holds_session(&self) -> bool {
        self.context.read(|machine| machine.session().is_some())
    }
}
