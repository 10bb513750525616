//! Read buffers, lent for the length of one command.
//!
//! An idle session or pooled connection holds no buffer: they are taken from a small stock per thread when bytes
//! arrive and go back when the command is over. That is what keeps thousands of idle sessions cheap.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// Capacity of a fresh buffer: large enough that long results cost few system calls (64 KiB is where the gain ends).
pub const SIZE: usize = 64 * 1024;

/// Buffers that a thread keeps for later; more are freed.
const STOCK: usize = 32;

/// A buffer that had to grow beyond this for a large packet is freed, not kept.
const LARGEST_KEPT: usize = 2 * SIZE;

thread_local! {
    static STOCKED: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
    static SCRATCHES: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Bytes read and not yet consumed: `data[start..end]`. It has memory from the first read into it on.
#[derive(Debug, Default)]
pub struct Buffer {
    data: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// What was read and not consumed.
    pub fn filled(&self) -> &[u8] {
        &self.data[self.start..self.end]
    }

    pub fn filled_mut(&mut self) -> &mut [u8] {
        &mut self.data[self.start..self.end]
    }

    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// True when nothing more can be read before something is consumed or the buffer grows.
    pub fn is_full(&self) -> bool {
        self.end == self.data.len() && self.start == 0 && self.end > 0
    }

    /// Drops the first `n` bytes of what is filled.
    pub fn consume(&mut self, n: usize) {
        debug_assert!(n <= self.end - self.start, "more consumed than was read");
        self.start += n;
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
    }

    /// Drops all that is filled.
    pub fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }

    /// Room to read into, after moving what is left to the front when the end is reached. Of a fresh buffer it is
    /// `SIZE` bytes or more.
    pub fn space(&mut self) -> &mut [u8] {
        if self.end == self.data.len() {
            self.make_space();
        }
        &mut self.data[self.end..]
    }

    fn make_space(&mut self) {
        if self.data.is_empty() {
            self.data = STOCKED.with_borrow_mut(Vec::pop).unwrap_or_else(|| vec![0; SIZE]);
        }
        if self.start > 0 {
            self.data.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
    }

    /// Gives the memory back if nothing is in it.
    pub fn release(&mut self) {
        if self.is_empty() {
            *self = Buffer::default();
        }
    }

    /// Tells that `n` bytes were read into `space()`.
    pub fn advance(&mut self, n: usize) {
        self.end += n;
        debug_assert!(self.end <= self.data.len(), "more read than there was space");
    }

    /// Makes room for a packet of `total` bytes, header included, that begins at the first filled byte.
    pub fn grow(&mut self, total: usize) {
        if self.start > 0 {
            self.data.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.data.len() < total {
            self.data.resize(total, 0);
        }
    }

    /// Appends bytes that were read elsewhere, growing as needed.
    pub fn append(&mut self, bytes: &[u8]) {
        if self.space().len() < bytes.len() {
            self.data.resize(self.end + bytes.len(), 0);
        }
        self.data[self.end..self.end + bytes.len()].copy_from_slice(bytes);
        self.end += bytes.len();
    }

    /// Keeps only the first `n` filled bytes.
    pub fn truncate(&mut self, n: usize) {
        self.end = self.end.min(self.start + n);
    }
}

/// Room for bytes that are made here, an altered statement or renamed columns, lent in the same way: empty at first.
#[derive(Debug, Default)]
pub struct Scratch(Vec<u8>);

impl Scratch {
    pub fn take() -> Scratch {
        Scratch(SCRATCHES.with_borrow_mut(Vec::pop).unwrap_or_default())
    }
}

impl Deref for Scratch {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.0);
        if (1..=SIZE).contains(&bytes.capacity()) {
            bytes.clear();
            let _ = SCRATCHES.try_with(|stock| {
                let mut stock = stock.borrow_mut();
                if stock.len() < STOCK {
                    stock.push(bytes);
                }
            });
        }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let data = std::mem::take(&mut self.data);
        if (SIZE..=LARGEST_KEPT).contains(&data.len()) {
            // A thread that is going down has no stock any more; the buffer is freed then.
            let _ = STOCKED.try_with(|stock| {
                let mut stock = stock.borrow_mut();
                if stock.len() < STOCK {
                    stock.push(data);
                }
            });
        }
    }
}
