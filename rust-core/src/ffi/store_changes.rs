//! Notices at once what other processes do with the session, if the system has notifications between processes.

use std::sync::Arc;

use super::runtime::spawn;
use super::storage::SessionStorage;
use crate::adapters::process_calls::between_processes;
use crate::adapters::store_changes::{Observing, StoreChanges};
use crate::session::{SessionManager, WeakSessionManager};

/// How changes of this store are posted; `None` if only one process uses it.
pub(super) fn changes_of(storage: &SessionStorage) -> Option<Arc<dyn StoreChanges>> {
    match storage {
        SessionStorage::Memory => None,
        SessionStorage::File { path } => between_processes(path),
        SessionStorage::Keychain { options } => {
            let is_shared = options.access_group.is_some() || options.lock_path.is_some();
            let group = options.access_group.as_deref().unwrap_or_default();
            let store = format!("{}|{group}", options.service);
            is_shared.then(|| between_processes(&store)).flatten()
        }
    }
}

/// The same, for reading the store at once. A store behind access control is not read unasked: that would show the
/// system's dialog.
pub(super) fn changes_to_look_at(storage: &SessionStorage) -> Option<Arc<dyn StoreChanges>> {
    match storage {
        SessionStorage::Keychain { options } if options.access_control.is_some() => None,
        _ => changes_of(storage),
    }
}

/// Reads the store after each change, as long as the session is open and the returned observer lives.
pub(super) fn look_after_changes(
    manager: &SessionManager,
    changes: Option<Arc<dyn StoreChanges>>,
) -> Option<Box<dyn Observing>> {
    let weak = WeakSessionManager::of(manager);
    let react = move || {
        if let Some(manager) = weak.upgrade() {
            spawn(Box::pin(async move { manager.look_again().await }));
        }
    };
    changes.map(|changes| changes.observe(Arc::new(react)))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::super::session::CoreSession;
    use super::*;
    use crate::adapters::keychain::{KeychainAccessConstraint, KeychainAccessControl};
    use crate::adapters::store_changes::Reaction;
    use crate::ffi::KeychainStorage;
    use crate::ffi::examples::{configuration, keychain};

    /// Notifications within this process.
    #[derive(Default)]
    struct Local(Mutex<Option<Reaction>>);

    impl std::fmt::Debug for Local {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Local")
        }
    }

    #[derive(Debug)]
    struct Nothing;

    impl Observing for Nothing {}

    impl StoreChanges for Local {
        fn post(&self) {
            self.0.lock().unwrap().as_ref().unwrap()();
        }

        fn observe(&self, react: Reaction) -> Box<dyn Observing> {
            *self.0.lock().unwrap() = Some(react);
            Box::new(Nothing)
        }
    }

    #[test]
    fn a_change_that_is_heard_after_the_session_was_closed_is_nobodys() {
        let session = CoreSession::new(
            configuration(),
            SessionStorage::Memory,
            "default".to_owned(),
            false,
            None,
            None,
        );
        let (session, changes) = (session.unwrap(), Arc::new(Local::default()));
        let weak = WeakSessionManager::of(&session.manager);
        let looking = look_after_changes(&session.manager, Some(changes.clone()));
        drop(session);
        assert!(weak.upgrade().is_none(), "looking keeps it open");
        changes.post();
        drop(looking);
    }

    #[test]
    fn only_what_several_processes_have_is_called_about_and_nothing_asks_the_user_unasked() {
        let keychain = |access_group: Option<&str>, lock_path: Option<&str>, asks: bool| SessionStorage::Keychain {
            options: KeychainStorage {
                access_group: access_group.map(str::to_owned),
                access_control: asks.then(|| KeychainAccessControl {
                    constraint: KeychainAccessConstraint::UserPresence,
                    prompt: "p".to_owned(),
                    reuse_seconds: 0,
                }),
                lock_path: lock_path.map(str::to_owned),
                ..keychain("com.example.app")
            },
        };
        let has_calls = cfg!(target_vendor = "apple");
        for (storage, posts, looks) in [
            (SessionStorage::Memory, false, false),
            (keychain(None, None, false), false, false),
            (keychain(Some("TEAM.shared"), None, false), true, true),
            (keychain(None, Some("/container/lock"), false), true, true),
            (keychain(Some("TEAM.shared"), None, true), true, false),
        ] {
            assert_eq!(changes_of(&storage).is_some(), posts && has_calls, "{storage:?}");
            assert_eq!(
                changes_to_look_at(&storage).is_some(),
                looks && has_calls,
                "{storage:?}"
            );
        }
    }
}
