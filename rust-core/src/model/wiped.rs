//! A buffer that leaves no copies behind.

use std::io;
use std::mem;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

const ZEROS: [u8; 512] = [0; 512];

/// Bytes that are wiped when they are dropped, and when they move to a larger buffer: a plain `Vec` would leave copies.
/// This is not `Zeroizing`, which wipes byte by byte: for a large item, that took as long as its digest.
#[derive(Default)]
pub(super) struct Wiped(Vec<u8>);

impl Wiped {
    pub(super) const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Moves to a larger buffer if there is no room for this many more bytes.
    fn make_room(&mut self, more: usize) {
        const FIRST_BYTES: usize = 8 * 1024;
        let needed = self.0.len() + more;
        if needed > self.0.capacity() {
            let room = needed.max(2 * self.0.capacity()).max(FIRST_BYTES);
            let mut larger = Self(Vec::with_capacity(room));
            larger.0.extend_from_slice(&self.0);
            *self = larger;
        }
    }
}

impl Deref for Wiped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl io::Write for Wiped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.make_room(bytes.len());
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    // All of it is written at once.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write(bytes).map(drop)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.fill(0);
        // The spare capacity may have held bytes too. Written in blocks as well: `Vec::resize` writes byte by byte.
        while self.0.len() < self.0.capacity() {
            let more = ZEROS.len().min(self.0.capacity() - self.0.len());
            self.0.extend_from_slice(&ZEROS[..more]);
        }
        // Keeps the compiler from removing the writes.
        zeroize::optimization_barrier(self.0.as_slice());
    }
}

/// Text that is wiped in the same way.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct WipedText(String);

impl WipedText {
    pub(super) const fn new(text: String) -> Self {
        Self(text)
    }
}

impl Deref for WipedText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Drop for WipedText {
    fn drop(&mut self) {
        drop(Wiped::new(mem::take(&mut self.0).into_bytes()));
    }
}
