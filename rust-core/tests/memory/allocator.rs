//! The system's allocator, extended to search freed memory for planted text.
#![allow(unsafe_code, reason = "an allocator is an unsafe interface")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The planted text. It is also found in fragments of a secret that repeats it.
pub(crate) const PLANTED: &str = "planted-secret-0";

/// A token that is long enough to be moved while it is read or written.
pub(crate) fn secret() -> String {
    PLANTED.repeat(40)
}

struct Looking;

#[global_allocator]
static LOOKING: Looking = Looking;

thread_local! {
    static LOOKS: Cell<bool> = const { Cell::new(false) };
    static FOUND: Cell<usize> = const { Cell::new(0) };
}

/// How many blocks that `work` freed still contained planted text.
pub(crate) fn blocks_left_by(work: impl FnOnce()) -> usize {
    FOUND.set(0);
    LOOKS.set(true);
    work();
    LOOKS.set(false);
    FOUND.get()
}

/// # Safety
/// The block must be allocated and all of it initialized.
unsafe fn look(block: *const u8, size: usize) {
    if LOOKS.get() && size >= PLANTED.len() {
        // SAFETY: the caller's promise.
        let bytes = unsafe { std::slice::from_raw_parts(block, size) };
        let is_planted = |window: &[u8]| window == PLANTED.as_bytes();
        if bytes.windows(PLANTED.len()).any(is_planted) {
            FOUND.set(FOUND.get() + 1);
        }
    }
}

// SAFETY: everything is forwarded to the system's allocator. Blocks are zeroed, so all their bytes are initialized, and
// planted text in them was written by their owner.
unsafe impl GlobalAlloc for Looking {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise; see above.
        unsafe {
            look(block, layout.size());
            System.dealloc(block, layout);
        }
    }

    /// Always moves the block, like the worst possible allocator, and searches the old block.
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise: `size` is valid for this alignment. The blocks do not overlap, and each is as large
        // as what is copied.
        unsafe {
            let new = System.alloc_zeroed(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                std::ptr::copy_nonoverlapping(block, new, layout.size().min(size));
                self.dealloc(block, layout);
            }
            new
        }
    }
}
