//! A stream of bytes as blocks of whole lines, in one buffer of fixed size.
//!
//! A line that is longer than the buffer gives its beginning, once, and the rest of it is passed
//! over: whatever a file holds, memory stays the same.

use std::io::Read;
use std::ops::ControlFlow;

/// The buffer: small enough for the second-level cache, large enough for few system calls.
pub(super) const BUFFER_BYTES: usize = 128 * 1024;

/// The buffer, kept between files.
pub(super) struct Blocks {
    buffer: Vec<u8>,
}

/// What happens to a last line without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// It waits for the next scan: the file is still being written.
    Waits,
    /// It is a line: nobody writes here any more.
    Counts,
}

impl Blocks {
    pub fn new() -> Self {
        Self { buffer: vec![0; BUFFER_BYTES] }
    }

    /// Hands on every line of a stream, in blocks that end with a line's end; gives the bytes that
    /// were taken, whole lines only.
    pub fn feed(
        &mut self,
        from: &mut dyn Read,
        tail: Tail,
        hand_on: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> (u64, std::io::Result<()>) {
        let mut taken = 0;
        let mut filled = 0;
        // Inside a line that is too long.
        let mut over = false;
        loop {
            let count = match from.read(&mut self.buffer[filled..]) {
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return (taken, Err(error)),
            };
            if count == 0 {
                break;
            }
            let end = filled + count;
            let mut start = 0;
            if over {
                match memchr::memchr(b'\n', &self.buffer[..end]) {
                    Some(at) => {
                        over = false;
                        start = at + 1;
                    }
                    None => start = end,
                }
            }
            let last = memchr::memrchr(b'\n', &self.buffer[filled.max(start)..end])
                .map_or(start, |at| filled.max(start) + at + 1);
            taken += last as u64;
            if last > start && hand_on(&self.buffer[start..last]).is_break() {
                return (taken, Ok(()));
            }
            filled = end - last;
            self.buffer.copy_within(last..end, 0);
            if filled == self.buffer.len() {
                taken += filled as u64;
                // The hole that emptying a file in place leaves behind is no line.
                if self.buffer.iter().all(|&byte| byte == 0) {
                    filled = 0;
                    continue;
                }
                if hand_on(&self.buffer).is_break() {
                    return (taken, Ok(()));
                }
                (filled, over) = (0, true);
            }
        }
        if tail == Tail::Counts && filled > 0 {
            taken += filled as u64;
            let _ = hand_on(&self.buffer[..filled]);
        }
        (taken, Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes a few at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn lines(text: &[u8], step: usize, tail: Tail) -> (Vec<Vec<u8>>, u64) {
        let mut seen = Vec::new();
        let (taken, ended) = Blocks::new().feed(&mut Slow(text, step), tail, &mut |block| {
            let block = block.strip_suffix(b"\n").unwrap_or(block);
            seen.extend(block.split(|&b| b == b'\n').map(<[u8]>::to_vec));
            ControlFlow::Continue(())
        });
        ended.unwrap();
        (seen, taken)
    }

    #[test]
    fn lines_stay_whole_however_they_come() {
        let text = b"one\ntwo\n\nfour";
        for step in [1, 2, 5, 100] {
            let (seen, taken) = lines(text, step, Tail::Waits);
            assert_eq!(seen, [&b"one"[..], b"two", b""]);
            assert_eq!(taken, 9);
            let (seen, taken) = lines(text, step, Tail::Counts);
            assert_eq!(seen.last().unwrap(), b"four");
            assert_eq!(taken, 13);
        }
        assert_eq!(lines(b"", 1, Tail::Counts).1, 0);
    }

    #[test]
    fn a_line_longer_than_the_buffer_is_one_line() {
        for extra in [0, 1, BUFFER_BYTES, 5 * BUFFER_BYTES + 17] {
            let mut text = b"short\n".to_vec();
            text.resize(text.len() + BUFFER_BYTES + extra, b'x');
            text.extend_from_slice(b"\nlast\n");
            for step in [1_000, 77_777, BUFFER_BYTES] {
                let (seen, taken) = lines(&text, step, Tail::Waits);
                assert_eq!(seen.len(), 3, "{extra} {step}");
                assert_eq!(seen[2], b"last");
                assert_eq!(taken, text.len() as u64);
            }
        }
    }
}
