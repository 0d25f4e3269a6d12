//! The write-ahead log: for each page the version of the last committed frame ("WAL File Format").
//!
//! Frames count while their salts and their running checksum hold; those after the last commit
//! belong to a transaction that nobody has seen yet.

use std::collections::HashMap;

use crate::{Error, ReadAt, be32};

const MAGIC_LITTLE: u32 = 0x377f_0682;
const MAGIC_BIG: u32 = 0x377f_0683;
const VERSION: u32 = 3_007_000;
const HEAD_BYTES: usize = 32;
const FRAME_HEAD_BYTES: usize = 24;
/// RPM's logs are checkpointed at 1,000 pages; one far above that is not read.
const LOG_BYTES_MAX: u64 = 1024 * 1024 * 1024;

pub(super) struct Wal<'a> {
    log: &'a dyn ReadAt,
    /// Where the bytes of a page lie.
    places: HashMap<u32, u64>,
    /// Pages of the database after the last commit.
    pub(super) pages: u32,
}

impl<'a> Wal<'a> {
    /// None: the log holds no committed frame.
    pub(super) fn open(log: &'a dyn ReadAt, page_bytes: usize) -> Result<Option<Self>, Error> {
        if log.len() < HEAD_BYTES as u64 {
            return Ok(None);
        }
        if log.len() > LOG_BYTES_MAX {
            return Err(Error::Limit("size of the write-ahead log"));
        }
        let mut head = [0; HEAD_BYTES];
        log.read_at(0, &mut head)?;
        let word = |at| be32(&head, at).unwrap_or(0);
        let big = match word(0) {
            MAGIC_BIG => true,
            MAGIC_LITTLE => false,
            _ => return Ok(None),
        };
        let mut sum = Sum { big, words: [0, 0] };
        sum.add(&head[..24]);
        if sum.words != [word(24), word(28)] {
            return Ok(None);
        }
        if word(4) != VERSION || word(8) as usize != page_bytes {
            return Err(Error::Malformed("header of the write-ahead log"));
        }
        let mut wal = Self { log, places: HashMap::new(), pages: 0 };
        wal.scan(&head[16..24], sum, page_bytes)?;
        Ok((wal.pages > 0).then_some(wal))
    }

    fn scan(&mut self, salts: &[u8], mut sum: Sum, page_bytes: usize) -> Result<(), Error> {
        let mut frame = vec![0; FRAME_HEAD_BYTES + page_bytes];
        let mut pending = Vec::new();
        let mut offset = HEAD_BYTES as u64;
        while offset + frame.len() as u64 <= self.log.len() {
            self.log.read_at(offset, &mut frame)?;
            let word = |at| be32(&frame, at).unwrap_or(0);
            sum.add(&frame[..8]);
            sum.add(&frame[FRAME_HEAD_BYTES..]);
            if frame[8..16] != *salts || sum.words != [word(16), word(20)] || word(0) == 0 {
                break;
            }
            pending.push((word(0), offset + FRAME_HEAD_BYTES as u64));
            if word(4) != 0 {
                self.pages = word(4);
                self.places.extend(pending.drain(..));
            }
            offset += frame.len() as u64;
        }
        Ok(())
    }

    /// Fills the page when the log holds it.
    pub(super) fn read(&self, number: u32, page: &mut [u8]) -> Result<bool, Error> {
        match self.places.get(&number) {
            Some(&offset) => self.log.read_at(offset, page).map(|()| true),
            None => Ok(false),
        }
    }
}

/// The log's running checksum ("Checksum Algorithm"): words of the order that the magic names.
struct Sum {
    big: bool,
    words: [u32; 2],
}

impl Sum {
    fn add(&mut self, bytes: &[u8]) {
        let [mut a, mut b] = self.words;
        for pair in bytes.chunks_exact(8) {
            let word = |at: usize| {
                let word = [pair[at], pair[at + 1], pair[at + 2], pair[at + 3]];
                if self.big { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) }
            };
            a = a.wrapping_add(word(0)).wrapping_add(b);
            b = b.wrapping_add(word(4)).wrapping_add(a);
        }
        self.words = [a, b];
    }
}
