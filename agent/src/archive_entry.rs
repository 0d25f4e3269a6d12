//! One small entry of a zip archive (a `.jar`), found by its central directory.
//!
//! Format: PKWARE's APPNOTE, sections 4.3.7, 4.3.12 and 4.3.16; neither zip64 nor encryption. The
//! archive is not trusted: every offset and size is checked, and the output is capped.

use std::io::Read;

use crate::host::Host;

/// The end record, with the longest comment that may follow it.
const END_BYTES_MAX: u64 = 22 + 65_535;
/// A jar of 5,000 classes has a directory of about half a MiB.
const DIRECTORY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Largest entry read, packed and unpacked.
const ENTRY_BYTES_MAX: usize = 64 * 1024;

/// The content of an entry; none when it is not there, or the archive is not as it should be.
pub fn read(host: &Host, archive: &str, entry: &str) -> Option<Vec<u8>> {
    let size = host.stat(archive).ok()?.size_bytes;
    let at = |offset: u64, bytes: usize| Some(host.read_at(archive, offset, bytes).ok()?.bytes);
    let tail_at = size.saturating_sub(END_BYTES_MAX);
    let tail = at(tail_at, usize::try_from(size - tail_at).ok()?)?;
    let end = tail.windows(4).rposition(|window| window == b"PK\x05\x06")?;
    let length = usize::try_from(long(&tail, end + 12)?).ok()?;
    if length > DIRECTORY_BYTES_MAX {
        return None;
    }
    let directory = at(u64::from(long(&tail, end + 16)?), length)?;
    let found = find(&directory, entry.as_bytes())?;
    let head = at(found.offset, 30)?;
    if !head.starts_with(b"PK\x03\x04") {
        return None;
    }
    let skip = 30 + u64::from(short(&head, 26)?) + u64::from(short(&head, 28)?);
    let packed = at(found.offset + skip, found.packed_bytes)?;
    unpack(&packed, found.method)
}

struct Entry {
    offset: u64,
    packed_bytes: usize,
    method: u16,
}

fn find(directory: &[u8], name: &[u8]) -> Option<Entry> {
    let mut at = 0;
    while directory.get(at..at + 4)? == b"PK\x01\x02" {
        let part = |offset: usize| short(directory, at + offset);
        let name_bytes = usize::from(part(28)?);
        let rest = usize::from(part(30)?) + usize::from(part(32)?);
        if directory.get(at + 46..at + 46 + name_bytes)? == name {
            let packed_bytes = usize::try_from(long(directory, at + 20)?).ok()?;
            let offset = u64::from(long(directory, at + 42)?);
            let fits = packed_bytes <= ENTRY_BYTES_MAX;
            return fits.then_some(Entry { offset, packed_bytes, method: part(10)? });
        }
        at += 46 + name_bytes + rest;
    }
    None
}

fn unpack(packed: &[u8], method: u16) -> Option<Vec<u8>> {
    match method {
        0 => Some(packed.to_vec()),
        8 => {
            let mut plain = Vec::new();
            let inflated = flate2::read::DeflateDecoder::new(packed);
            inflated.take(ENTRY_BYTES_MAX as u64).read_to_end(&mut plain).ok()?;
            Some(plain)
        }
        _ => None,
    }
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::host::testing::Folder;

    /// An archive of one entry, packed or stored.
    fn archive(name: &str, text: &[u8], method: u16) -> Vec<u8> {
        let packed = if method == 8 {
            let mut encoder =
                flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        } else {
            text.to_vec()
        };
        let u16s = |n: usize| u16::try_from(n).unwrap().to_le_bytes();
        let u32s = |n: usize| u32::try_from(n).unwrap().to_le_bytes();
        let mut bytes = b"PK\x03\x04".to_vec();
        bytes.extend([0; 22]);
        bytes.extend(u16s(name.len()));
        bytes.extend(u16s(0));
        bytes.extend(name.as_bytes());
        bytes.extend(&packed);
        let directory = bytes.len();
        bytes.extend(b"PK\x01\x02");
        bytes.extend([0; 6]);
        bytes.extend(method.to_le_bytes());
        bytes.extend([0; 8]);
        bytes.extend(u32s(packed.len()));
        bytes.extend(u32s(text.len()));
        bytes.extend(u16s(name.len()));
        bytes.extend([0; 16]);
        bytes.extend(name.as_bytes());
        let length = bytes.len() - directory;
        bytes.extend(b"PK\x05\x06");
        bytes.extend([0; 8]);
        bytes.extend(u32s(length));
        bytes.extend(u32s(directory));
        bytes.extend(u16s(0));
        bytes
    }

    fn check(bytes: &[u8], entry: &str) -> Option<Vec<u8>> {
        let folder = Folder::new("");
        folder.put("root/a.jar", bytes);
        read(&folder.host(), "/a.jar", entry)
    }

    #[test]
    fn an_entry_is_read_and_broken_archives_give_nothing() {
        for method in [0, 8] {
            let bytes = archive("a/b.properties", b"server.number=9.0.87.0\n", method);
            assert_eq!(
                check(&bytes, "a/b.properties").as_deref(),
                Some(&b"server.number=9.0.87.0\n"[..])
            );
            assert_eq!(check(&bytes, "a/c.properties"), None);
            for cut in 0..bytes.len() {
                check(&bytes[cut..], "a/b.properties");
                check(&bytes[..cut], "a/b.properties");
            }
            for at in 0..bytes.len() {
                let mut bent = bytes.clone();
                bent[at] ^= 0xff;
                check(&bent, "a/b.properties");
            }
        }
        assert_eq!(check(b"", "x"), None);
    }

    #[test]
    fn an_entry_that_swells_is_cut() {
        let bytes = archive("bomb", &vec![b'a'; ENTRY_BYTES_MAX * 20], 8);
        assert_eq!(check(&bytes, "bomb").unwrap().len(), ENTRY_BYTES_MAX);
    }
}
