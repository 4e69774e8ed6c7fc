//! Blocking stores behind the asynchronous port.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::thread;

use pilotlight_core::adapters::memory_store::MemoryStore;
use pilotlight_core::adapters::off_thread::{BlockingStore, OffThread};
use pilotlight_core::model::secret::{Fingerprint, SecretBytes};
use pilotlight_core::ports::{SecretStore, StoreError};
use tokio::runtime::Runtime;

use crate::support::{block_on, bytes, runtime};

/// Reports where it runs, waits for permission before it writes, and panics on request with the value in the message.
#[derive(Debug)]
struct Scripted {
    began: Mutex<Sender<thread::ThreadId>>,
    leave: Mutex<Receiver<()>>,
    inner: MemoryStore,
}

impl BlockingStore for Scripted {
    fn read(&self, name: &str) -> Result<Option<SecretBytes>, StoreError> {
        BlockingStore::read(&self.inner, name)
    }

    fn write(&self, name: &str, value: &SecretBytes) -> Result<(), StoreError> {
        assert_ne!(name, "panic", "{:?}", value.expose());
        self.began.lock().unwrap().send(thread::current().id()).unwrap();
        self.leave.lock().unwrap().recv().unwrap();
        BlockingStore::write(&self.inner, name, value)
    }

    fn delete(&self, name: &str) -> Result<(), StoreError> {
        BlockingStore::delete(&self.inner, name)
    }

    fn swap(&self, name: &str, seen: Option<Fingerprint>, new: Option<&SecretBytes>) -> Result<bool, StoreError> {
        BlockingStore::swap(&self.inner, name, seen, new)
    }

    fn names(&self) -> Result<Vec<String>, StoreError> {
        BlockingStore::names(&self.inner)
    }
}

struct Script {
    store: OffThread<Scripted>,
    began: Receiver<thread::ThreadId>,
    leave: Sender<()>,
}

fn scripted(runtime: &Runtime) -> Script {
    let (began_sender, began) = channel();
    let (leave, leave_receiver) = channel();
    let store = Scripted {
        began: Mutex::new(began_sender),
        leave: Mutex::new(leave_receiver),
        inner: MemoryStore::new(),
    };
    Script {
        store: OffThread::new(Arc::new(store), runtime.handle().clone()),
        began,
        leave,
    }
}

#[test]
fn operations_run_on_another_thread_wherever_they_are_polled() {
    let runtime = runtime();
    let Script { store, began, leave } = scripted(&runtime);
    leave.send(()).unwrap();
    block_on(store.write("session", bytes("tokens"))).unwrap();
    assert_ne!(began.recv().unwrap(), thread::current().id());
    assert_eq!(block_on(store.read("session")), Ok(Some(bytes("tokens"))));
    block_on(store.delete("session")).unwrap();
    assert_eq!(block_on(store.read("session")), Ok(None));
}

#[test]
fn a_write_that_has_begun_ends_although_nobody_waits() {
    let runtime = runtime();
    let Script { store, began, leave } = scripted(&runtime);
    {
        let mut write = store.write("session", bytes("tokens"));
        let mut context = Context::from_waker(Waker::noop());
        assert!(write.as_mut().poll(&mut context).is_pending());
        began.recv().unwrap();
    }
    leave.send(()).unwrap();
    // The second write asks for permission after the first has ended: both receivers are behind one lock.
    leave.send(()).unwrap();
    block_on(store.write("other", bytes("x"))).unwrap();
    while block_on(store.read("session")).unwrap().is_none() {
        thread::yield_now();
    }
}

#[test]
fn a_panicking_store_is_an_error_that_does_not_repeat_the_panic() {
    let runtime = runtime();
    let store = scripted(&runtime).store;
    let error = block_on(store.write("panic", bytes("planted"))).unwrap_err();
    assert_eq!(
        error,
        StoreError::Failed {
            explanation: "it panicked".to_owned(),
            status: None
        }
    );
}

#[test]
fn a_runtime_that_has_ended_is_an_error() {
    let runtime = runtime();
    let store = OffThread::new(Arc::new(MemoryStore::new()), runtime.handle().clone());
    runtime.shutdown_background();
    let error = block_on(store.read("session")).unwrap_err();
    assert!(matches!(error, StoreError::Failed { status: None, .. }), "{error:?}");
}
