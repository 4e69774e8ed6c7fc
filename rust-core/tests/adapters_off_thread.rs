//! Blocking stores behind the asynchronous port, and the tokio-based adapters on threads that know no runtime.

use std::future::Future;
use std::pin::pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use pilotlight_core::adapters::memory_store::MemoryStore;
use pilotlight_core::adapters::off_thread::{BlockingStore, OffThread};
use pilotlight_core::adapters::system::{SystemClock, SystemRandomness, TokioSpawner};
use pilotlight_core::ports::{Clock, Randomness, SecretStore, Spawner, StoreError};
use pilotlight_core::secret::SecretBytes;
use tokio::runtime::Runtime;

/// Polls on this thread, outside of every runtime.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .unwrap()
}

fn value(text: &str) -> SecretBytes {
    SecretBytes::new(text.as_bytes().to_vec())
}

/// Says where it runs, waits for leave before it writes, and panics with the value in the message when asked to.
#[derive(Debug)]
struct Scripted {
    began: Mutex<Sender<thread::ThreadId>>,
    leave: Mutex<Receiver<()>>,
    inner: MemoryStore,
}

impl BlockingStore for Scripted {
    fn read(&self, name: &str) -> Result<Option<SecretBytes>, StoreError> {
        self.inner.read(name)
    }

    fn write(&self, name: &str, value: &SecretBytes) -> Result<(), StoreError> {
        assert_ne!(name, "panic", "{:?}", value.expose());
        self.began.lock().unwrap().send(thread::current().id()).unwrap();
        self.leave.lock().unwrap().recv().unwrap();
        self.inner.write(name, value)
    }

    fn delete(&self, name: &str) -> Result<(), StoreError> {
        self.inner.delete(name)
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
    block_on(store.write("session", value("tokens"))).unwrap();
    assert_ne!(began.recv().unwrap(), thread::current().id());
    assert_eq!(block_on(store.read("session")), Ok(Some(value("tokens"))));
    block_on(store.delete("session")).unwrap();
    assert_eq!(block_on(store.read("session")), Ok(None));
}

#[test]
fn a_write_that_has_begun_ends_although_nobody_waits() {
    let runtime = runtime();
    let Script { store, began, leave } = scripted(&runtime);
    {
        let mut write = store.write("session", value("tokens"));
        let mut context = Context::from_waker(Waker::noop());
        assert!(write.as_mut().poll(&mut context).is_pending());
        began.recv().unwrap();
    }
    leave.send(()).unwrap();
    // The second write asks for leave after the first has ended: both receivers are behind one lock.
    leave.send(()).unwrap();
    block_on(store.write("other", value("x"))).unwrap();
    while block_on(store.read("session")).unwrap().is_none() {
        thread::yield_now();
    }
}

#[test]
fn a_panicking_store_is_an_error_that_does_not_repeat_the_panic() {
    let runtime = runtime();
    let store = scripted(&runtime).store;
    let error = block_on(store.write("panic", value("planted"))).unwrap_err();
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

#[test]
fn work_is_spawned_and_slept_for_from_threads_without_a_runtime() {
    let runtime = runtime();
    let spawner = TokioSpawner::new(runtime.handle().clone());
    let (done, is_done) = channel();
    let sleeper = spawner.clone();
    spawner.spawn(Box::pin(async move {
        sleeper.sleep(Duration::from_millis(1)).await;
        done.send(()).unwrap();
    }));
    is_done.recv().unwrap();
    block_on(spawner.sleep(Duration::from_millis(1)));
    drop(spawner.sleep(Duration::MAX));
}

#[test]
fn the_monotonic_clock_is_one_for_the_process_and_never_goes_back() {
    let mut last = SystemClock.now();
    for _ in 0..1_000 {
        let now = SystemClock.now();
        assert!(now.monotonic >= last.monotonic);
        last = now;
    }
    let wall = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    assert!(u64::try_from(last.wall.0).unwrap() <= wall);
}

#[test]
fn random_bytes_fill_the_whole_buffer_and_differ() {
    let mut buffers = [[0_u8; 32]; 2];
    for buffer in &mut buffers {
        SystemRandomness.fill(buffer).unwrap();
        assert!(buffer[16..].iter().any(|byte| *byte != 0) && buffer[..16].iter().any(|byte| *byte != 0));
    }
    assert_ne!(buffers[0], buffers[1]);
    SystemRandomness.fill(&mut []).unwrap();
}
