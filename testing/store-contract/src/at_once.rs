//! Many operations at the same time.

use std::sync::atomic::{AtomicBool, Ordering};

use pilotlight_core::model::secret::Fingerprint;
use tokio::runtime::Handle;

use crate::{Place, bytes, sorted_names};

/// Each thread has a separate item and all share one; half of them have a separate store.
pub async fn eight_threads_lose_nothing(place: &dyn Place) {
    let runtime = Handle::current();
    let stores = [place.open(), place.open()];
    std::thread::scope(|scope| {
        for thread in 0..8_u8 {
            let (store, runtime) = (&stores[usize::from(thread % 2)], &runtime);
            scope.spawn(move || {
                let own = format!("item {thread}");
                for round in 0..25_u8 {
                    runtime.block_on(async {
                        store.write(&own, bytes([thread, round])).await.unwrap();
                        store.write("shared", bytes(vec![thread; 500])).await.unwrap();
                        assert_eq!(store.read(&own).await, Ok(Some(bytes([thread, round]))));
                        let shared = store.read("shared").await.unwrap().unwrap();
                        assert_eq!(shared.expose(), vec![shared.expose()[0]; 500]);
                        assert!(store.names().await.unwrap().contains(&own));
                    });
                }
            });
        }
    });
    for thread in 0..8_u8 {
        let last = stores[1].read(&format!("item {thread}")).await;
        assert_eq!(last, Ok(Some(bytes([thread, 24]))));
    }
    assert_eq!(sorted_names(&*stores[0]).await.len(), 9);
}

/// Each thread counts on from the current value; a swap that came too late is tried again.
pub async fn no_swap_undoes_another(place: &dyn Place) {
    let runtime = Handle::current();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let (store, runtime) = (place.open(), &runtime);
            scope.spawn(move || {
                for _ in 0..25 {
                    runtime.block_on(async {
                        loop {
                            let seen = store.read("count").await.unwrap();
                            let count = seen.as_ref().map_or(0, |bytes| bytes.expose()[0]);
                            let seen = seen.as_ref().map(Fingerprint::of);
                            if store.swap("count", seen, Some(bytes([count + 1]))).await.unwrap() {
                                break;
                            }
                        }
                    });
                }
            });
        }
    });
    assert_eq!(place.open().read("count").await, Ok(Some(bytes([100]))));
}

/// A write is one step: a partial or missing value is never seen.
pub async fn a_reader_sees_the_old_or_the_new_value(place: &dyn Place) {
    let runtime = Handle::current();
    let values = [vec![b'a'; 10], vec![b'b'; 20_000], vec![b'c'; 3000]];
    place.open().write("session", bytes(values[0].clone())).await.unwrap();
    let writing = AtomicBool::new(true);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..2)
            .map(|_| {
                let (store, runtime, values) = (place.open(), &runtime, &values);
                scope.spawn(move || {
                    for value in values.iter().cycle().take(60) {
                        runtime.block_on(store.write("session", bytes(value.clone()))).unwrap();
                    }
                })
            })
            .collect();
        for _ in 0..2 {
            let (store, runtime, values, writing) = (place.open(), &runtime, &values, &writing);
            scope.spawn(move || {
                // Once more after the last write, so that each reader has read.
                loop {
                    let last = !writing.load(Ordering::SeqCst);
                    let read = runtime.block_on(store.read("session")).unwrap().unwrap();
                    let whole = values.iter().any(|value| value == read.expose());
                    assert!(whole, "{} bytes", read.expose().len());
                    if last {
                        break;
                    }
                }
            });
        }
        let ended: Vec<_> = writers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        writing.store(false, Ordering::SeqCst);
        assert!(ended.iter().all(Result::is_ok));
    });
}
