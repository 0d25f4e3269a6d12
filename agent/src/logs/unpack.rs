//! A log file as a stream of plain bytes, whatever it is packed with.
//!
//! `.gz`, `.zst`, `.xz` and `.bz2` are unpacked as they are read, with bounded memory and up to a
//! bound of plain bytes; past either the reader fails with words that name it, and the gap is told.

use std::io::{BufReader, Error, ErrorKind, Read};

use carepack_shared::Unseen;
use carepack_shared::bzip2::Bzip2;

use crate::host::{Host, Look, Missed, OpenFile};

/// Bytes read from a packed file at a time.
const PACKED_BUFFER_BYTES: usize = 32 * 1024;
/// Largest window of a `.zst` file: 2 MiB, what its usual levels use.
const ZSTD_WINDOW_LOG_MAX: u32 = 21;
/// Largest memory of an `.xz` decoder: a window of 16 MiB, what levels up to 7 use (6 is usual),
/// and its own tables.
const XZ_MEMORY_KIB_MAX: u32 = 16 * 1024 + 256;
/// Most plain bytes of one packed file: twice what a scan takes of a log. What unpacks to more is
/// no log.
const PLAIN_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;

/// Endings of rotated files, and how they are packed.
const ENDINGS: [(&str, Packing); 5] = [
    (".gz", Packing::Gzip),
    (".zst", Packing::Zstd),
    (".xz", Packing::Xz),
    (".bz2", Packing::Bzip2),
    (".lz4", Packing::Unknown),
];

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Plain,
    Gzip,
    Zstd,
    Xz,
    Bzip2,
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
                Box::new(Capped::new(flate2::bufread::MultiGzDecoder::new(buffered)))
            }
            Packing::Zstd => {
                let buffered = BufReader::with_capacity(PACKED_BUFFER_BYTES, limited);
                let mut decoder =
                    zstd::stream::read::Decoder::with_buffer(buffered).map_err(failed)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(failed)?;
                Box::new(Capped::new(decoder))
            }
            Packing::Xz => {
                let buffered = BufReader::with_capacity(PACKED_BUFFER_BYTES, limited);
                let memory = XZ_MEMORY_KIB_MAX;
                let decoder = lzma_rust2::XzReader::new_mem_limit(buffered, true, memory);
                Box::new(Capped::new(decoder))
            }
            Packing::Bzip2 => Box::new(Capped::new(Bzip2::new(limited))),
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

/// A decoder whose plain bytes are counted, and whose refusal for want of memory is in words that
/// a reader of the report understands.
struct Capped<R> {
    decoder: R,
    left: u64,
}

impl<R> Capped<R> {
    fn new(decoder: R) -> Self {
        Self { decoder, left: PLAIN_BYTES_MAX }
    }
}

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.decoder.read(buffer).map_err(|error| match error.kind() {
            ErrorKind::OutOfMemory => {
                let mib = XZ_MEMORY_KIB_MAX / 1024;
                Error::other(format!("its dictionary is larger than the {mib} MiB allowed"))
            }
            _ => error,
        })?;
        let Some(left) = self.left.checked_sub(count as u64) else {
            let gib = PLAIN_BYTES_MAX >> 30;
            return Err(Error::other(format!("it unpacks to more than the {gib} GiB allowed")));
        };
        self.left = left;
        Ok(count)
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.plain.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    //! Files made by the tools themselves; `xz` and `bzip2` are asked for more where installed.
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;
    use crate::host::testing::Folder;

    /// `printf 'one\ntwo\n' | xz -6`.
    const XZ: &str = "\
        fd377a585a000004e6d6b4460200210116000000742fe5a30100076f6e650a74776f0a0051ab9eaf\
        5775704900012008bb19d9bb1fb6f37d010000000004595a";
    /// The same of `bzip2`.
    const BZIP2: &str = "\
        425a6839314159265359a7142b77000002c180001002018480200021800c0238f51b8bb9229c2848\
        538a15bb80";

    fn bytes(hex: &str) -> Vec<u8> {
        let digits = hex.as_bytes().chunks(2);
        digits.map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap()).collect()
    }

    fn unpacked(name: &str, packed: &[u8]) -> Result<Vec<u8>, String> {
        let folder = Folder::new("");
        folder.put(&format!("root/{name}"), packed);
        let host = folder.host();
        let mut plain = Vec::new();
        let mut source = Source::open(&host, &format!("/{name}")).unwrap();
        source.read_to_end(&mut plain).map_err(|error| error.to_string())?;
        Ok(plain)
    }

    /// What a tool makes of a text; none where it is not installed.
    fn packed(words: &[&str], text: &[u8]) -> Option<Vec<u8>> {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let Ok(mut child) = command.spawn() else {
            eprintln!("SKIPPED: {} is not installed", words[0]);
            return None;
        };
        let (mut input, text) = (child.stdin.take().unwrap(), text.to_vec());
        let writer = std::thread::spawn(move || input.write_all(&text).unwrap());
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        assert!(output.status.success());
        Some(output.stdout)
    }

    #[test]
    fn small_files_of_the_tools_are_unpacked_and_streams_follow_each_other() {
        for (name, hex) in [("a.xz", XZ), ("a.bz2", BZIP2)] {
            let file = bytes(hex);
            assert_eq!(unpacked(name, &file).unwrap(), b"one\ntwo\n", "{name}");
            assert_eq!(unpacked(name, &file.repeat(3)).unwrap(), b"one\ntwo\n".repeat(3));
        }
    }

    #[test]
    fn whatever_is_bent_or_cut_is_told_and_no_byte_breaks_the_decoder() {
        for (name, hex) in [("a.xz", XZ), ("a.bz2", BZIP2)] {
            let file = bytes(hex);
            for end in 0..file.len() {
                assert!(unpacked(name, &file[..end]).is_err(), "{name} cut at {end}");
            }
            for at in 0..file.len() {
                for flip in [1, 0x10, 0x80, 0xff] {
                    let mut bent = file.clone();
                    bent[at] ^= flip;
                    // Padding bits are looked at by nobody; a wrong text is never given.
                    if let Ok(plain) = unpacked(name, &bent) {
                        assert_eq!(plain, b"one\ntwo\n", "{name} {at} {flip}");
                    }
                }
            }
            assert!(unpacked(name, &[&file[..], b"tail"].concat()).is_err());
        }
    }

    #[test]
    fn long_texts_come_back_as_they_were() {
        let mut text = Vec::new();
        for n in 0..10_000_u32 {
            writeln!(text, "Nov  4 01:{:02}:00 a x[{n}]: {}", n % 60, n.wrapping_mul(77)).unwrap();
        }
        // Runs of every length, across the ends of blocks.
        for length in (0..700).chain([100_000, 1_000_000]) {
            text.resize(text.len() + length, b'a' + (length % 3) as u8);
            text.push(b'\n');
        }
        for (name, words) in [
            ("a.xz", &["xz", "-6"][..]),
            ("a.xz", &["xz", "-0", "--block-size=100000", "--check=sha256"]),
            ("a.bz2", &["bzip2", "-1"]),
            ("a.bz2", &["bzip2", "-9"]),
        ] {
            let Some(file) = packed(words, &text) else { continue };
            assert!(unpacked(name, &file).unwrap() == text, "{words:?}");
            let twice = unpacked(name, &[&file[..], &file[..]].concat()).unwrap();
            assert!(twice.len() == 2 * text.len(), "{words:?}");
            let cut = unpacked(name, &file[..file.len() / 2]);
            assert!(cut.is_err(), "{words:?}");
        }
        // A byte may take its whole block with it, but is never taken for a text.
        let Some(file) = packed(&["bzip2", "-1"], &text[..300_000]) else { return };
        for at in (0..file.len()).step_by(file.len() / 40) {
            let mut bent = file.clone();
            bent[at] ^= 0x55;
            assert!(unpacked("a.bz2", &bent).is_err(), "{at}");
        }
    }

    #[test]
    fn too_large_a_dictionary_is_refused_by_name() {
        let Some(file) = packed(&["xz", "--lzma2=dict=1GiB"], b"one\n") else { return };
        let fault = unpacked("a.xz", &file).unwrap_err();
        assert_eq!(fault, "its dictionary is larger than the 16 MiB allowed");
    }

    #[test]
    fn plain_bytes_are_capped() {
        let mut capped = Capped { decoder: std::io::repeat(b'x'), left: 1_000 };
        let mut plain = Vec::new();
        let fault = capped.read_to_end(&mut plain).unwrap_err();
        assert_eq!(fault.to_string(), "it unpacks to more than the 2 GiB allowed");
        assert!(plain.len() <= 1_000);
    }
}
