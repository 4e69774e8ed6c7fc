//! Reads the store into memory: at launch, and again when other processes may have written.
//!
//! **Promises.** A locked device is a state, not an empty store. A damaged item is kept aside and reported once. An
//! older read never replaces what this process wrote meanwhile. **Needs** the context and the item.

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

/// What became of an item that cannot be decoded.
#[derive(Debug)]
struct Quarantine {
    /// The item, if it is still under the session's own name: it has to be kept aside before anything is written there.
    left: Option<SecretBytes>,
    /// Whether this is reported: the same item was not kept aside before.
    is_news: bool,
}

impl Quarantine {
    const fn stays(bytes: SecretBytes, is_news: bool) -> Self {
        let left = Some(bytes);
        Self { left, is_news }
    }
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

    /// Reads the store unless it has been read already; returns false if it had been.
    ///
    /// # Errors
    /// [`Error::Store`], [`Error::Envelope`]; a locked device is a state here, not an error.
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
        let outcome = match self.read().await {
            Ok((Some(bytes), seen)) => match StoredItem::decode(&bytes) {
                Ok(item) => {
                    self.context.log(LogLevel::Info, "restored a session");
                    self.restored(Some(item), seen, None);
                    Ok(())
                }
                Err(error) => {
                    let Quarantine { left, is_news } = self.quarantine(bytes, error).await;
                    self.restored(None, seen.filter(|_| left.is_some()), left);
                    if is_news { Err(error.into()) } else { Ok(()) }
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

    /// The item, from under its old name too if nobody has looked yet.
    async fn read(&self) -> Result<(Option<SecretBytes>, Option<Fingerprint>), StoreError> {
        if self.context.read(|machine| Stored::of(machine).has_looked()) {
            return self.item.read().await;
        }
        self.item.read_first(|bytes| self.is_own(bytes)).await
    }

    fn restored(&self, item: Option<StoredItem>, seen: Option<Fingerprint>, unreadable: Option<SecretBytes>) {
        self.context.apply(FirstRead { item, seen, unreadable });
    }

    /// Whether the item's content says that it belongs to this client: its old name alone could be another client's.
    fn is_own(&self, bytes: &SecretBytes) -> bool {
        let session = StoredItem::decode(bytes).ok().and_then(StoredItem::into_session);
        session.is_some_and(|session| session.client_id == self.context.configuration().client_id)
    }

    /// Handles an item that was read but could not be decoded. An item of a newer release stays where that release will
    /// find it: the user went back a release and may go forward again.
    async fn quarantine(&self, bytes: SecretBytes, error: EnvelopeError) -> Quarantine {
        self.context.log(LogLevel::Error, &error.to_string());
        if matches!(error, EnvelopeError::NewerVersion(_)) || self.item.is_read_only() {
            return Quarantine::stays(bytes, true);
        }
        match self.put_aside(&bytes).await {
            Ok(is_news) if self.item.is_shared() => Quarantine::stays(bytes, is_news),
            Ok(_) => Quarantine {
                left: None,
                is_news: true,
            },
            Err(error) => {
                let message = format!("the damaged item could not be kept aside yet: {error}");
                self.context.log(LogLevel::Warning, &message);
                Quarantine::stays(bytes, true)
            }
        }
    }

    /// A damaged item is moved at once, so that it is reported once and not at every launch. Where processes share the
    /// store it is copied: another process may hold the session in memory and write it again, and would take the absent
    /// item for a sign-out. False if the copy was there already.
    async fn put_aside(&self, bytes: &SecretBytes) -> Result<bool, StoreError> {
        let is_news = self.item.keep_aside(bytes.clone()).await?;
        if !self.item.is_shared() {
            // The item may have been written anew meanwhile; the comparison leaves that one alone.
            self.item.swap(Some(Fingerprint::of(bytes)), None).await?;
        }
        Ok(is_news)
    }

    /// Reads the store again and merges another process's changes into memory. True if memory changed.
    ///
    /// # Errors
    /// [`Error::Store`]; [`Error::Envelope`] when a newer release wrote the item. Memory then stays as it is.
    pub(super) async fn merge(&self) -> Result<bool, Error> {
        loop {
            let looks = self.context.read(|machine| Stored::of(machine).looks());
            let (found, seen) = self.read().await?;
            let item = match found {
                None => None,
                Some(bytes) => match StoredItem::decode(&bytes) {
                    Ok(item) => Some(item),
                    // The session in memory is better. It overwrites the item, which is never absent meanwhile: other
                    // processes would take that for a sign-out.
                    Err(error) if self.is_better_than(&error) => {
                        if !self.item.is_read_only() {
                            // After a sign-out nothing is kept.
                            if self.holds_session() {
                                self.item.keep_aside(bytes).await?;
                            }
                            self.context.apply(ItemDamaged { seen });
                        }
                        return Ok(false);
                    }
                    Err(EnvelopeError::Undecodable) if !self.item.is_read_only() => {
                        // Nothing here is better than the item. It is reported once.
                        return match self.item.keep_aside(bytes).await {
                            Ok(false) => Ok(false),
                            _ => Err(EnvelopeError::Undecodable.into()),
                        };
                    }
                    Err(error) => return Err(error.into()),
                },
            };
            // On `ReadAgain`, another task of this process has written or merged something newer meanwhile.
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

    /// [`Reader::merge`] if the store is shared. If the device is locked now, nothing changes.
    pub(super) async fn merge_if_shared(&self) -> Result<bool, Error> {
        if !self.item.is_shared() {
            return Ok(false);
        }
        match self.merge().await {
            Err(Error::Store(StoreError::Locked)) => Ok(false),
            outcome => outcome,
        }
    }

    /// Reads the store for its refresh token before a sign-out: the sign-out may be the first thing an app does, and
    /// another process may have renewed.
    pub(super) async fn look_before_sign_out(&self) {
        if !self.needs_first_read() && !self.item.is_shared() {
            return;
        }
        let looks = self.context.read(|machine| Stored::of(machine).looks());
        let Ok((stored, seen)) = self.read().await else {
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
