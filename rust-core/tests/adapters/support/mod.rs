//! Shared code of these tests.

pub(crate) mod exchange;
pub(crate) mod fake_keychain;
pub(crate) mod raw_server;
pub(crate) mod slow_check;
pub(crate) mod store_folder;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use pilotlight_core::adapters::keychain::{KeychainAccessibility, KeychainOptions};
use pilotlight_core::model::secret::SecretBytes;
use tokio::runtime::Runtime;

pub(crate) fn bytes(value: impl Into<Vec<u8>>) -> SecretBytes {
    SecretBytes::new(value.into())
}

pub(crate) fn keychain_options() -> KeychainOptions {
    KeychainOptions {
        service: "org.example".to_owned(),
        access_group: None,
        all_groups: false,
        accessibility: KeychainAccessibility::default(),
        synchronizable: false,
        access_control: None,
    }
}

/// A runtime like the core's: a single worker, with time.
pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .unwrap()
}

/// Polls on this thread, outside any runtime.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
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
