//! RPM's own `Packages.db` (SUSE), read only.
//!
//! Source: rpm `lib/backend/ndb/rpmpkg.c`. Little-endian throughout: a header of 32 bytes, slots of
//! 16 bytes that fill the first pages, blobs in blocks of 16 bytes. The checksum of a blob is not
//! computed: a bent blob shows in its header.

use crate::{BLOB_BYTES_MAX, Error, PACKAGES_MAX, ReadAt, VisitPackage, header};

const PAGE_BYTES: usize = 4096;
const HEAD_BYTES: usize = 32;
const SLOT_BYTES: usize = 16;
const BLOCK_BYTES: u64 = 16;
const BLOB_HEAD_BYTES: usize = 16;
/// Slots for all the packages that are taken at most.
const SLOT_PAGES_MAX: u32 = (PACKAGES_MAX * SLOT_BYTES / PAGE_BYTES) as u32 + 1;

/// Hands on every package of an RPM database, or why its header could not be read.
///
/// # Errors
/// The database itself cannot be read; what `visit` returns is passed on.
pub fn packages(file: &dyn ReadAt, visit: &mut VisitPackage<'_>) -> Result<(), Error> {
    let mut page = vec![0; PAGE_BYTES];
    file.read_at(0, &mut page)?;
    if !page.starts_with(b"RpmP") {
        return Err(Error::Malformed("magic of an ndb file"));
    }
    if le32(&page, 4) != 0 {
        return Err(Error::Unsupported("version of an ndb file"));
    }
    let pages = le32(&page, 12);
    if pages == 0 || pages > SLOT_PAGES_MAX {
        return Err(Error::Malformed("number of slots of an ndb file"));
    }
    let mut blob = Vec::new();
    // Blobs do not share bytes: together they are no longer than the file.
    let mut left = file.len();
    for number in 0..pages {
        file.read_at(u64::from(number) * PAGE_BYTES as u64, &mut page)?;
        let start = if number == 0 { HEAD_BYTES } else { 0 };
        for slot in page[start..].chunks_exact(SLOT_BYTES) {
            if !slot.starts_with(b"Slot") {
                return Err(Error::Malformed("slot of an ndb file"));
            }
            // A free slot has neither a package nor a place.
            if le32(slot, 4) == 0 || le32(slot, 8) == 0 {
                continue;
            }
            if let Err(error) = read(file, slot, &mut blob) {
                visit(Err(error))?;
                continue;
            }
            let taken = (blob.len() + BLOB_HEAD_BYTES) as u64;
            left = left.checked_sub(taken).ok_or(Error::Malformed("blobs of an ndb file"))?;
            visit(header::package(&blob))?;
        }
    }
    Ok(())
}

/// Reads the blob that a slot names.
fn read(file: &dyn ReadAt, slot: &[u8], blob: &mut Vec<u8>) -> Result<(), Error> {
    let offset = u64::from(le32(slot, 8)) * BLOCK_BYTES;
    let room = u64::from(le32(slot, 12)) * BLOCK_BYTES;
    let mut head = [0; BLOB_HEAD_BYTES];
    file.read_at(offset, &mut head)?;
    if !head.starts_with(b"BlbS") || head[4..8] != slot[4..8] {
        return Err(Error::Malformed("blob of an ndb file"));
    }
    let length = le32(&head, 12) as usize;
    let start = offset + BLOB_HEAD_BYTES as u64;
    if length > BLOB_BYTES_MAX {
        return Err(Error::Limit("size of a package header"));
    }
    if length as u64 > room || start + length as u64 > file.len() {
        return Err(Error::Truncated("blob of an ndb file"));
    }
    blob.resize(length, 0);
    file.read_at(start, blob)
}

/// A little-endian word at an offset known to fit.
fn le32(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
