//! The system's clocks, random numbers and tasks.

use std::sync::mpsc::channel;
use std::time::Duration;

use pilotlight_core::adapters::system::{SystemClock, SystemRandomness, TokioSpawner};
use pilotlight_core::ports::{Clock, Randomness, Spawner};

use crate::support::{block_on, runtime};

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
