//! The store's interface for the other parts: see the parent module.

use std::sync::Arc;

use super::super::context::Context;
use super::super::dependencies::Dependencies;
use super::item::Item;
use super::process_lock::{ProcessLockGuard, SharedProcessLock};
use super::reader::Reader;
use super::writer::Writer;
use crate::machine::Generation;
use crate::machine::error::Error;
use crate::model::secret::SecretBytes;
use crate::model::state::SessionState;
use crate::ports::{SecretStore, StoreError};
use crate::storage::envelope::StoredSession;

#[derive(Debug)]
pub(in crate::session) struct SessionStore {
    context: Arc<Context>,
    item: Arc<Item>,
    reader: Arc<Reader>,
    writer: Arc<Writer>,
    process_lock: SharedProcessLock,
    /// Held while queued changes are sent. It is separate from the lock of renewals, which need not wait for this one
    /// and may happen meanwhile.
    sending_lock: SharedProcessLock,
}

impl SessionStore {
    pub(in crate::session) fn new(context: Arc<Context>, name: &str, dependencies: &Dependencies) -> Arc<Self> {
        let configuration = context.configuration();
        let (item_name, old_name) = (configuration.item_name(name), configuration.old_item_name(name));
        let (store, sharing) = (Arc::clone(&dependencies.store), dependencies.sharing.clone());
        let process_lock = SharedProcessLock::new(Arc::clone(&context), sharing.clone(), item_name.clone());
        let sending_name = format!("{item_name}|sending");
        let sending_lock = SharedProcessLock::new(Arc::clone(&context), sharing.clone(), sending_name);
        let item = Arc::new(Item::new(store, sharing, item_name, old_name));
        let reader = Arc::new(Reader::new(Arc::clone(&context), Arc::clone(&item)));
        let writer = Writer::new(Arc::clone(&context), Arc::clone(&item), Arc::clone(&reader));
        Arc::new(Self {
            context,
            item,
            reader,
            writer,
            process_lock,
            sending_lock,
        })
    }

    /// Replaces the way to the same items, for example with other Keychain options.
    pub(in crate::session) fn use_store(&self, store: Arc<dyn SecretStore>) {
        self.item.use_store(store);
    }

    /// Whether other processes use the store.
    pub(in crate::session) fn is_shared(&self) -> bool {
        self.item.is_shared()
    }

    /// Whether this process only reads.
    pub(in crate::session) fn is_read_only(&self) -> bool {
        self.item.is_read_only()
    }

    /// Fails unless this process may change the session.
    pub(in crate::session) fn ensure_writable(&self) -> Result<(), Error> {
        if self.is_read_only() {
            Err(Error::ReadOnly)
        } else {
            Ok(())
        }
    }

    /// Reads the store: once, or on every call if other processes share it.
    ///
    /// # Errors
    /// As [`SessionStore::ensure_restored`] and [`SessionStore::merge_if_shared`].
    pub(in crate::session) async fn restore(&self) -> Result<(), Error> {
        if self.reader.needs_first_read() {
            return self.ensure_restored().await;
        }
        self.merge_if_shared().await?;
        self.writer.retry().await;
        Ok(())
    }

    /// Reads the store unless it has been read already.
    ///
    /// # Errors
    /// [`Error::Store`], [`Error::Envelope`]; a locked device is a state here, not an error.
    pub(in crate::session) async fn ensure_restored(&self) -> Result<(), Error> {
        if !self.reader.read_first().await? {
            self.writer.retry().await;
        }
        Ok(())
    }

    /// Makes sure that the store has been read.
    ///
    /// # Errors
    /// As [`SessionStore::ensure_restored`]; [`Error::Store`] also on a locked device.
    pub(in crate::session) async fn ensure_known(&self) -> Result<(), Error> {
        self.ensure_restored().await?;
        if self.reader.needs_first_read() {
            return Err(StoreError::Locked.into());
        }
        Ok(())
    }

    /// Fails unless a user is signed in.
    pub(in crate::session) async fn ensure_session(&self) -> Result<(), Error> {
        self.ensure_restored().await?;
        let mut state = self.context.state();
        // A user may have signed in, or used the session, in another process.
        if !matches!(state, Some(SessionState::SignedIn { .. })) {
            self.merge_if_shared().await?;
            state = self.context.state();
        }
        self.context.publish();
        match state {
            Some(SessionState::SignedIn { .. }) => Ok(()),
            Some(SessionState::ReauthenticationRequired { reason }) => Err(Error::Reauthenticate(reason)),
            Some(SessionState::Locked) => Err(StoreError::Locked.into()),
            Some(SessionState::SignedOut) | None => Err(Error::NoSession),
        }
    }

    /// See [`Reader::merge`].
    pub(in crate::session) fn merge(&self) -> impl Future<Output = Result<bool, Error>> {
        self.reader.merge()
    }

    /// See [`Reader::merge_if_shared`].
    pub(in crate::session) fn merge_if_shared(&self) -> impl Future<Output = Result<bool, Error>> {
        self.reader.merge_if_shared()
    }

    /// See [`Reader::look_before_sign_out`].
    pub(in crate::session) fn look_before_sign_out(&self) -> impl Future<Output = ()> {
        self.reader.look_before_sign_out()
    }

    /// See [`Writer::save`].
    pub(in crate::session) fn save(&self) -> impl Future<Output = Result<(), Error>> {
        self.writer.save()
    }

    /// [`SessionStore::save`] for callers whose result does not depend on the store.
    pub(in crate::session) async fn save_if_possible(&self) {
        // The failure is logged where it occurs; the next call tries again.
        let _ = self.save().await;
    }

    /// See [`Writer::save_in_flight`].
    pub(in crate::session) fn save_in_flight(&self) -> impl Future<Output = Result<(), Error>> {
        self.writer.save_in_flight()
    }

    /// See [`Writer::prove_writable`].
    pub(in crate::session) fn prove_writable(&self) -> impl Future<Output = Result<bool, Error>> {
        self.writer.prove_writable()
    }

    /// See [`Writer::prove_insertable`].
    pub(in crate::session) fn prove_insertable(&self) -> impl Future<Output = Result<bool, Error>> {
        self.writer.prove_insertable()
    }

    /// See [`Writer::insert`].
    pub(in crate::session) fn insert(
        &self,
        asked: Generation,
        session: StoredSession,
        bytes: SecretBytes,
    ) -> impl Future<Output = Result<bool, Error>> {
        self.writer.insert(asked, session, bytes)
    }

    /// See [`SharedProcessLock::take`].
    pub(in crate::session) fn take_process_lock(&self) -> impl Future<Output = Result<ProcessLockGuard<'_>, Error>> {
        self.process_lock.take()
    }

    /// The process lock for sending queued changes. See [`SharedProcessLock::take`].
    pub(in crate::session) fn take_sending_lock(&self) -> impl Future<Output = Result<ProcessLockGuard<'_>, Error>> {
        self.sending_lock.take()
    }

    /// Releases the lock of a renewal. See [`SharedProcessLock::release`].
    pub(in crate::session) fn release_process_lock(&self) {
        self.process_lock.release();
    }

    /// See [`SharedProcessLock::suspend`].
    pub(in crate::session) fn suspend(&self) {
        self.process_lock.suspend();
        self.sending_lock.suspend();
    }

    /// See [`SharedProcessLock::await_background_time`].
    pub(in crate::session) fn await_background_time(&self) {
        self.process_lock.await_background_time();
        self.sending_lock.await_background_time();
    }

    /// See [`SharedProcessLock::resume`].
    pub(in crate::session) fn resume(&self) {
        self.process_lock.resume();
        self.sending_lock.resume();
    }

    /// See [`Item::has_companion`].
    pub(in crate::session) fn has_companion(&self, suffix: &str) -> impl Future<Output = Result<bool, StoreError>> {
        self.item.has_companion(suffix)
    }

    /// See [`Item::write_companion`].
    pub(in crate::session) fn write_companion(
        &self,
        suffix: &str,
        value: SecretBytes,
    ) -> impl Future<Output = Result<(), StoreError>> {
        self.item.write_companion(suffix, value)
    }
}
