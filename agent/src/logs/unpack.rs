//! A log file as a stream of plain bytes, whatever it is packed with.
//!
//! `.gz` and `.zst` are unpacked as they are read, with a bounded window. `.xz`, `.bz2` and
//! others are not: their decoders need more memory than the agent may take, and the gap is told.

use std::io::{BufReader, Read};

use carepack_shared::Unseen;

use crate::host::{Host, Look, Missed, OpenFile};

/// Bytes read from a packed file at a time.
const PACKED_BUFFER_BYTES: usize = 32 * 1024;
/// Largest window of a `.zst` file: 2 MiB, what its usual levels use.
const ZSTD_WINDOW_LOG_MAX: u32 = 21;

/// Endings of rotated files, and how they are packed.
const ENDINGS: [(&str, Packing); 5] = [
    (".gz", Packing::Gzip),
    (".zst", Packing::Zstd),
    (".xz", Packing::Unknown),
    (".bz2", Packing::Unknown),
    (".lz4", Packing::Unknown),
];

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Plain,
    Gzip,
    Zstd,
    /// By something that is not unpacked here.
    Unknown,
}

/// A name without the ending of its packing, and that.
pub(super) fn packing(name: &str) -> (&str, Packing) {
    let packed = ENDINGS.iter().find_map(|(end, kind)| Some((name.strip_suffix(end)?, *kind)));
    packed.unwrap_or((name, Packing::Plain))
}

/// An open log file.
pub(super) struct Source {
    pub inode: u64,
    /// As stored.
    pub size_bytes: u64,
    plain: Box<dyn Read>,
}

impl Source {
    /// Opens a file; its size is fixed at this moment, however it grows.
    pub fn open(host: &Host, path: &str) -> Look<Self> {
        let (_, packing) = packing(path);
        let file = host.open(path)?;
        let OpenFile { inode, size_bytes, .. } = file;
        let limited = file.take(size_bytes);
        let failed = |error: std::io::Error| Missed::from_io(path, &error);
        let plain: Box<dyn Read> = match packing {
            Packing::Plain => Box::new(limited),
            Packing::Gzip => {
                let buffered = BufReader::with_capacity(PACKED_BUFFER_BYTES, limited);
                Box::new(flate2::bufread::MultiGzDecoder::new(buffered))
            }
            Packing::Zstd => {
                let buffered = BufReader::with_capacity(PACKED_BUFFER_BYTES, limited);
                let mut decoder =
                    zstd::stream::read::Decoder::with_buffer(buffered).map_err(failed)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(failed)?;
                Box::new(decoder)
            }
            Packing::Unknown => {
                let detail = format!("{path}: packed in a way that is not unpacked here");
                return Err(Missed::new(Unseen::Failed, detail));
            }
        };
        Ok(Self { inode, size_bytes, plain })
    }

    /// Opens a file and passes over its first `offset` plain bytes.
    pub fn open_at(host: &Host, path: &str, offset: u64) -> Look<Self> {
        if packing(path).1 == Packing::Plain {
            let mut file = host.open(path)?;
            file.seek(path, offset)?;
            let OpenFile { inode, size_bytes, .. } = file;
            let plain = Box::new(file.take(size_bytes.saturating_sub(offset)));
            return Ok(Self { inode, size_bytes, plain });
        }
        let mut source = Self::open(host, path)?;
        let passed = std::io::copy(&mut (&mut source.plain).take(offset), &mut std::io::sink());
        passed.map_err(|error| Missed::from_io(path, &error))?;
        Ok(source)
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.plain.read(buffer)
    }
}
