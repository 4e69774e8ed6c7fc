//! The world as the session sees it.

use std::sync::Arc;

use crate::ports::{Clock, KeychainItems, Log, ProcessLock, ProofKeys, Randomness, SecretStore, Spawner, Transport};

/// One implementation of each port.
#[derive(Clone, Debug)]
pub struct Dependencies {
    /// Where the session is kept.
    pub store: Arc<dyn SecretStore>,
    /// Who else uses that store.
    pub sharing: Sharing,
    /// What other libraries stored.
    pub foreign_items: Arc<dyn KeychainItems>,
    /// Keys that tokens are bound to.
    pub proof_keys: Arc<dyn ProofKeys>,
    /// The network.
    pub transport: Arc<dyn Transport>,
    /// The device's clocks.
    pub clock: Arc<dyn Clock>,
    /// Random numbers.
    pub randomness: Arc<dyn Randomness>,
    /// Work that outlives its caller.
    pub spawner: Arc<dyn Spawner>,
    /// Log lines.
    pub log: Arc<dyn Log>,
}

/// Who else uses the store.
#[derive(Clone, Debug)]
pub enum Sharing {
    /// Nobody: the store is read once.
    Alone,
    /// Other processes, with the lock that puts them in order: the store is read again before a renewal.
    Processes(Arc<dyn ProcessLock>),
    /// Other processes, and this one only looks: it never renews, signs in or out, or writes.
    ReadOnly,
}
