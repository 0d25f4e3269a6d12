//! Berkeley DB hash file `Packages` (RHEL 8 and before), read only.
//!
//! Source: Berkeley DB `dbinc/db_page.h` (`HASHMETA`, `PAGE`, `HOFFPAGE`). Both byte orders. The
//! buckets are not followed: every hash page in the file is in use (a freed one has no type), so
//! the file is read from its beginning to its end. No environment, no lock, no `__db.*` file.

use std::collections::HashSet;

use crate::{BLOB_BYTES_MAX, Error, PACKAGES_MAX, ReadAt, VisitPackage, header};

const HASH_MAGIC: u32 = 0x0006_1561;
const META_BYTES: usize = 72;
const PAGE_HEAD_BYTES: usize = 26;
const HASH_UNSORTED: u8 = 2;
const OVERFLOW: u8 = 7;
const HASH_META: u8 = 8;
const HASH: u8 = 13;
const KEYDATA: u8 = 1;
const OFFPAGE: u8 = 3;
const PAGE: &str = "Berkeley DB page";

/// Hands on every package of an RPM database, or why its header could not be read.
///
/// # Errors
/// The database itself cannot be read; what `visit` returns is passed on.
pub fn packages(file: &dyn ReadAt, visit: &mut VisitPackage<'_>) -> Result<(), Error> {
    let database = Database::open(file)?;
    let mut page = vec![0; database.page_bytes];
    let mut chained = HashSet::new();
    let mut blob = Vec::new();
    let mut count = 0;
    for number in 1..=database.last {
        database.page(number, &mut page)?;
        if !matches!(page[25], HASH | HASH_UNSORTED) {
            continue;
        }
        for pair in 0..usize::from(database.order.u16(&page, 20)) / 2 {
            let key = database.item(&page, 2 * pair)?;
            // Key 0 holds the next free number and no package.
            if key.first() != Some(&KEYDATA) || key.len() != 5 {
                return Err(Error::Malformed("key in Packages"));
            }
            if key[1..] == [0; 4] {
                continue;
            }
            count += 1;
            if count > PACKAGES_MAX {
                return Err(Error::Limit("number of packages"));
            }
            let item = database.item(&page, 2 * pair + 1)?;
            match item.first() {
                Some(&KEYDATA) => visit(header::package(&item[1..]))?,
                Some(&OFFPAGE) if item.len() >= 12 => {
                    let chain = database.chain(item, &mut chained, &mut blob);
                    visit(chain.and_then(|()| header::package(&blob)))?;
                }
                _ => return Err(Error::Unsupported("kind of a Berkeley DB item")),
            }
        }
    }
    Ok(())
}

struct Database<'a> {
    file: &'a dyn ReadAt,
    order: Order,
    page_bytes: usize,
    /// Number of the last page.
    last: u32,
}

impl<'a> Database<'a> {
    fn open(file: &'a dyn ReadAt) -> Result<Self, Error> {
        let mut meta = [0; META_BYTES];
        file.read_at(0, &mut meta)?;
        let order = [Order::Little, Order::Big].into_iter();
        let order = order.clone().find(|order| order.u32(&meta, 12) == HASH_MAGIC);
        let order = order.ok_or(Error::Malformed("magic of a Berkeley DB hash"))?;
        if meta[24] != 0 {
            return Err(Error::Unsupported("encrypted Berkeley DB"));
        }
        let page_bytes = order.u32(&meta, 20) as usize;
        // DB_MIN_PGSIZE and DB_MAX_PGSIZE.
        let fits = (512..=65_536).contains(&page_bytes) && page_bytes.is_power_of_two();
        if meta[25] != HASH_META || !fits {
            return Err(Error::Malformed("first page of a Berkeley DB hash"));
        }
        let last = order.u32(&meta, 32);
        if (u64::from(last) + 1) * page_bytes as u64 > file.len() {
            return Err(Error::Truncated("Berkeley DB file"));
        }
        Ok(Self { file, order, page_bytes, last })
    }

    fn page(&self, number: u32, page: &mut [u8]) -> Result<(), Error> {
        self.file.read_at(u64::from(number) * self.page_bytes as u64, page)
    }

    /// An item reaches from its offset to that of the item before it; they fill the page backwards.
    fn item<'p>(&self, page: &'p [u8], index: usize) -> Result<&'p [u8], Error> {
        let offset = |index: usize| {
            let at = PAGE_HEAD_BYTES + 2 * index;
            (at + 2 <= page.len()).then(|| usize::from(self.order.u16(page, at)))
        };
        let end = if index == 0 { Some(page.len()) } else { offset(index - 1) };
        let range = offset(index).zip(end).ok_or(Error::Truncated(PAGE))?;
        page.get(range.0..range.1).ok_or(Error::Malformed("item of a Berkeley DB page"))
    }

    /// Puts an item of overflow pages together; a page that is met twice closes a circle.
    fn chain(
        &self,
        item: &[u8],
        chained: &mut HashSet<u32>,
        blob: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let mut next = self.order.u32(item, 4);
        let length = self.order.u32(item, 8) as usize;
        if length > BLOB_BYTES_MAX {
            return Err(Error::Limit("size of a package header"));
        }
        blob.clear();
        let mut page = vec![0; self.page_bytes];
        while blob.len() < length {
            if next == 0 || next > self.last || !chained.insert(next) {
                return Err(Error::Malformed("chain of Berkeley DB pages"));
            }
            self.page(next, &mut page)?;
            let bytes = usize::from(self.order.u16(&page, 22));
            let body = page.get(PAGE_HEAD_BYTES..PAGE_HEAD_BYTES + bytes);
            if page[25] != OVERFLOW {
                return Err(Error::Malformed("kind of a Berkeley DB page"));
            }
            blob.extend_from_slice(body.ok_or(Error::Truncated(PAGE))?);
            next = self.order.u32(&page, 16);
        }
        blob.truncate(length);
        Ok(())
    }
}

/// The byte order of the machine that made the file. Its readers are for offsets known to fit.
#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn u16(self, bytes: &[u8], at: usize) -> u16 {
        let bytes = [bytes[at], bytes[at + 1]];
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    fn u32(self, bytes: &[u8], at: usize) -> u32 {
        let bytes = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }
}
