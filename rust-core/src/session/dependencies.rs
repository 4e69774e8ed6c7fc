//! The outside world as the session sees it.

use std::sync::Arc;

use crate::ports::{Clock, KeychainItems, Log, ProcessLock, ProofKeys, Randomness, SecretStore, Spawner, Transport};

/// One implementation of each port.
#[derive(Clone, Debug)]
pub struct Dependencies {
    /// Stores the session.
    pub store: Arc<dyn SecretStore>,
    /// Which other processes use that store.
    pub sharing: Sharing,
    /// The items that other libraries stored.
    pub foreign_items: Arc<dyn KeychainItems>,
    /// The keys that tokens are bound to.
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

/// Which other processes use the store.
#[derive(Clone, Debug)]
pub enum Sharing {
    /// None: the store is read once.
    Alone,
    /// Other processes, and the lock that orders their renewals: the store is read again before a renewal.
    Processes(Arc<dyn ProcessLock>),
    /// Other processes, while this one only reads: it never renews, signs in or out, or writes.
    ReadOnly,
}
