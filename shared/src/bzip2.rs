//! A `.bz2` stream as plain bytes, of one block's memory: at most four megabytes.
//!
//! Written here, because `bzip2-rs` keeps all packed bytes of a file in memory and ends after the
//! first of several streams, and `bzip2` is C. Every block's sum and every stream's is checked.
//! Knows no file: the packed bytes come from whatever reads.

use std::io::{Error, ErrorKind, Read};

/// Packed bytes read at a time.
const PACKED_BUFFER_BYTES: usize = 32 * 1024;
/// Bytes of a block are so many for each level.
const LEVEL_BYTES: usize = 100_000;
const BLOCK_MAGIC: u64 = 0x3141_5926_5359;
const END_MAGIC: u64 = 0x1772_4538_5090;
/// Longest code, in bits.
const CODE_BITS_MAX: u32 = 20;
/// Symbols that one table serves before the next is chosen.
const GROUP_SYMBOLS: usize = 50;
/// Most tables of a block.
const TABLES_MAX: u32 = 6;
/// Symbols of a table: bytes, two of runs, the end.
const SYMBOLS_MAX: usize = 258;

/// The unpacked stream.
pub struct Bzip2<R> {
    bits: Bits<R>,
    /// Most bytes of a block of this stream; none before a stream's head was read.
    block_bytes_max: Option<usize>,
    /// In the low byte of each a byte of the block, above it where the next one stands.
    block: Vec<u32>,
    /// The next byte's place, and how many bytes of the block are left.
    place: u32,
    left: usize,
    run: Run,
    /// Of the block: as stored, and so far; of the stream so far.
    sum_stored: u32,
    sum: u32,
    sums: u32,
    ended: bool,
}

/// Four equal bytes are followed by how many more of them there are.
#[derive(Default)]
struct Run {
    byte: u8,
    equal: u8,
    more: u8,
}

impl<R: Read> Bzip2<R> {
    /// A decoder at the start of a packed file; nothing is read yet.
    pub fn new(packed: R) -> Self {
        Self {
            bits: Bits::new(packed),
            block_bytes_max: None,
            block: Vec::new(),
            place: 0,
            left: 0,
            run: Run::default(),
            sum_stored: 0,
            sum: u32::MAX,
            sums: 0,
            ended: false,
        }
    }

    /// Goes to the next block; false after the last one of the last stream.
    fn next(&mut self) -> Result<bool, Error> {
        loop {
            let Some(bytes_max) = self.block_bytes_max else {
                if !self.head()? {
                    return Ok(false);
                }
                continue;
            };
            match u64::from(self.bits.take(24)?) << 24 | u64::from(self.bits.take(24)?) {
                BLOCK_MAGIC => {
                    self.read_block(bytes_max)?;
                    return Ok(true);
                }
                END_MAGIC => {
                    if self.bits.take(32)? != self.sums {
                        return Err(bent("the stream's sum is wrong"));
                    }
                    // To the next whole byte.
                    self.bits.count -= self.bits.count % 8;
                    self.block_bytes_max = None;
                }
                _ => return Err(bent("no block begins where one must")),
            }
        }
    }

    /// A stream's head; false where the file ends instead.
    fn head(&mut self) -> Result<bool, Error> {
        let Some(first) = self.bits.byte()? else {
            // An empty file is no stream.
            return if self.block.capacity() > 0 { Ok(false) } else { Err(cut()) };
        };
        let (b'B', 0x5a68, level @ 0x31..=0x39) = (first, self.bits.take(16)?, self.bits.take(8)?)
        else {
            return Err(bent("no bzip2 stream"));
        };
        let bytes_max = (level - 0x30) as usize * LEVEL_BYTES;
        self.block.clear();
        self.block.reserve_exact(bytes_max);
        self.block_bytes_max = Some(bytes_max);
        self.sums = 0;
        Ok(true)
    }

    fn read_block(&mut self, bytes_max: usize) -> Result<(), Error> {
        self.sum_stored = self.bits.take(32)?;
        if self.bits.take(1)? != 0 {
            return Err(bent("a randomised block, which no program has written for 25 years"));
        }
        let origin = self.bits.take(24)? as usize;
        let mut front = self.used()?;
        let end = front.len() + 1;
        let (selectors, tables) = self.tables(front.len() + 2)?;
        let mut selectors = selectors.into_iter();
        let mut counts = [0_u32; 256];
        self.block.clear();
        let (mut table, mut group) = (&tables[0], 0);
        let (mut run, mut weight) = (0_usize, 1_usize);
        loop {
            if group == 0 {
                let chosen = selectors.next().ok_or_else(|| bent("a table is missing"))?;
                table = tables.get(usize::from(chosen)).ok_or_else(|| bent("no such table"))?;
                group = GROUP_SYMBOLS;
            }
            group -= 1;
            let symbol = usize::from(table.symbol(&mut self.bits)?);
            if symbol < 2 {
                run += weight << symbol;
                weight <<= 1;
                if run > bytes_max {
                    return Err(bent("a run longer than a block"));
                }
                continue;
            }
            let of_run = std::mem::take(&mut run);
            weight = 1;
            let more = of_run + usize::from(symbol < end);
            if self.block.len() + more > bytes_max {
                return Err(bent("more bytes than a block may hold"));
            }
            self.block.resize(self.block.len() + of_run, u32::from(front[0]));
            counts[usize::from(front[0])] += u32::try_from(of_run).unwrap_or(u32::MAX);
            if symbol >= end {
                break;
            }
            front[..symbol].rotate_right(1);
            self.block.push(u32::from(front[0]));
            counts[usize::from(front[0])] += 1;
        }
        self.unsort(origin, counts)
    }

    /// The bytes that the block uses, in order; at least one.
    fn used(&mut self) -> Result<Vec<u8>, Error> {
        let rows = self.bits.take(16)?;
        let mut used = Vec::with_capacity(256);
        for row in (0..16_u8).filter(|row| rows >> (15 - row) & 1 == 1) {
            let columns = self.bits.take(16)?;
            let columns = (0..16_u8).filter(|column| columns >> (15 - column) & 1 == 1);
            used.extend(columns.map(|column| row * 16 + column));
        }
        if used.is_empty() { Err(bent("a block of no bytes")) } else { Ok(used) }
    }

    /// Which table serves each group, and the tables.
    fn tables(&mut self, symbols: usize) -> Result<(Vec<u8>, Vec<Table>), Error> {
        let count = self.bits.take(3)?;
        if !(2..=TABLES_MAX).contains(&count) {
            return Err(bent("a wrong number of tables"));
        }
        let groups = self.bits.take(15)?;
        let mut front: Vec<u8> = (0..6).collect();
        let mut selectors = Vec::with_capacity(groups as usize);
        for _ in 0..groups {
            let mut place = 0;
            while self.bits.take(1)? == 1 {
                place += 1;
                if place >= count {
                    return Err(bent("no such table"));
                }
            }
            front[..=place as usize].rotate_right(1);
            selectors.push(front[0]);
        }
        let mut tables = Vec::with_capacity(count as usize);
        for _ in 0..count {
            let mut lengths = [0_u8; SYMBOLS_MAX];
            let mut length = self.bits.take(5)?;
            for place in &mut lengths[..symbols] {
                loop {
                    if !(1..=CODE_BITS_MAX).contains(&length) {
                        return Err(bent("a code of a wrong length"));
                    }
                    if self.bits.take(1)? == 0 {
                        break;
                    }
                    length = if self.bits.take(1)? == 0 { length + 1 } else { length - 1 };
                }
                *place = length as u8;
            }
            tables.push(Table::new(&lengths[..symbols]));
        }
        Ok((selectors, tables))
    }

    /// Undoes the sorting: above each byte comes the place of the one after it.
    fn unsort(&mut self, origin: usize, counts: [u32; 256]) -> Result<(), Error> {
        let mut next = [0_u32; 256];
        for byte in 1..256 {
            next[byte] = next[byte - 1] + counts[byte - 1];
        }
        for at in 0..self.block.len() {
            let byte = (self.block[at] & 0xff) as usize;
            self.block[next[byte] as usize] |= u32::try_from(at).unwrap_or(0) << 8;
            next[byte] += 1;
        }
        let first = self.block.get(origin).ok_or_else(|| bent("a block begins outside itself"))?;
        self.place = first >> 8;
        self.left = self.block.len();
        self.run = Run::default();
        self.sum = u32::MAX;
        Ok(())
    }

    /// Bytes of the block.
    fn unpack(&mut self, buffer: &mut [u8]) -> usize {
        let mut count = 0;
        while count < buffer.len() {
            if self.run.more > 0 {
                self.run.more -= 1;
                buffer[count] = self.run.byte;
                count += 1;
                continue;
            }
            if self.left == 0 {
                break;
            }
            let entry = self.block[self.place as usize];
            (self.place, self.left) = (entry >> 8, self.left - 1);
            let byte = (entry & 0xff) as u8;
            if self.run.equal == 4 {
                (self.run.more, self.run.equal) = (byte, 0);
                continue;
            }
            let same = self.run.equal > 0 && self.run.byte == byte;
            self.run.equal = if same { self.run.equal + 1 } else { 1 };
            self.run.byte = byte;
            buffer[count] = byte;
            count += 1;
        }
        self.sum = buffer[..count]
            .iter()
            .fold(self.sum, |sum, &byte| sum << 8 ^ SUMS[((sum >> 24) as u8 ^ byte) as usize]);
        count
    }
}

impl<R: Read> Read for Bzip2<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        while !self.ended && !buffer.is_empty() {
            if self.left > 0 || self.run.more > 0 {
                let count = self.unpack(buffer);
                if self.left == 0 && self.run.more == 0 {
                    if !self.sum != self.sum_stored {
                        return Err(bent("a block's sum is wrong"));
                    }
                    self.sums = self.sums.rotate_left(1) ^ self.sum_stored;
                }
                if count > 0 {
                    return Ok(count);
                }
                continue;
            }
            self.ended = !self.next()?;
        }
        Ok(0)
    }
}

/// Codes of one table, by length.
struct Table {
    /// For each length the first code past its last, and what makes of a code a place.
    codes: [(u32, u32); CODE_BITS_MAX as usize + 1],
    symbols: Vec<u16>,
}

impl Table {
    fn new(lengths: &[u8]) -> Self {
        let mut symbols: Vec<u16> = (0..).take(lengths.len()).collect();
        symbols.sort_by_key(|&symbol| lengths[usize::from(symbol)]);
        let mut codes = [(0, 0); CODE_BITS_MAX as usize + 1];
        let (mut code, mut place) = (0_u32, 0_u32);
        for (length, entry) in codes.iter_mut().enumerate().skip(1) {
            let count = lengths.iter().filter(|&&one| usize::from(one) == length).count() as u32;
            code <<= 1;
            *entry = (code + count, place.wrapping_sub(code));
            (code, place) = (code + count, place + count);
        }
        Self { codes, symbols }
    }

    fn symbol<R: Read>(&self, bits: &mut Bits<R>) -> Result<u16, Error> {
        let mut code = 0;
        for &(past, to_place) in &self.codes[1..] {
            code = code << 1 | bits.take(1)?;
            if code < past {
                let place = code.wrapping_add(to_place) as usize;
                return self.symbols.get(place).copied().ok_or_else(|| bent("no such code"));
            }
        }
        Err(bent("no such code"))
    }
}

/// Bits, the highest of a byte first.
struct Bits<R> {
    packed: R,
    buffer: Box<[u8]>,
    at: usize,
    filled: usize,
    held: u64,
    count: u32,
}

impl<R: Read> Bits<R> {
    fn new(packed: R) -> Self {
        let buffer = vec![0; PACKED_BUFFER_BYTES].into();
        Self { packed, buffer, at: 0, filled: 0, held: 0, count: 0 }
    }

    /// The next byte, between streams.
    fn byte(&mut self) -> Result<Option<u8>, Error> {
        if self.count >= 8 {
            return self.take(8).map(|byte| u8::try_from(byte).ok());
        }
        while self.at == self.filled {
            match self.packed.read(&mut self.buffer) {
                Ok(0) => return Ok(None),
                Ok(count) => (self.at, self.filled) = (0, count),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.at += 1;
        Ok(Some(self.buffer[self.at - 1]))
    }

    /// The next bits, 32 at most.
    #[inline]
    fn take(&mut self, count: u32) -> Result<u32, Error> {
        while self.count < count {
            let byte = match self.buffer[..self.filled].get(self.at) {
                Some(&byte) => {
                    self.at += 1;
                    byte
                }
                None => self.refill()?,
            };
            self.held = self.held << 8 | u64::from(byte);
            self.count += 8;
        }
        self.count -= count;
        Ok((self.held >> self.count & ((1 << count) - 1)) as u32)
    }

    #[cold]
    fn refill(&mut self) -> Result<u8, Error> {
        let held = std::mem::take(&mut self.count);
        let byte = self.byte();
        self.count = held;
        byte?.ok_or_else(cut)
    }
}

/// CRC-32 with the highest bit first, as bzip2 has it.
static SUMS: [u32; 256] = {
    let mut sums = [0; 256];
    // Eight bits of each byte.
    let mut step = 0;
    while step < 256 * 8 {
        let (byte, bit) = (step / 8, step % 8);
        let sum = if bit == 0 { (byte as u32) << 24 } else { sums[byte] };
        sums[byte] = if sum >> 31 == 1 { sum << 1 ^ 0x04c1_1db7 } else { sum << 1 };
        step += 1;
    }
    sums
};

fn bent(what: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}

fn cut() -> Error {
    Error::new(ErrorKind::UnexpectedEof, "the file ends inside a bzip2 stream")
}
