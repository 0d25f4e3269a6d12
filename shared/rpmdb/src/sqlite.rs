//! SQLite format 3, read only: the rows of one table, in the order of their row ids.
//!
//! Source: <https://www.sqlite.org/fileformat2.html>. Committed frames of a write-ahead log lie
//! over the file, as SQLite itself would see them. No index, no SQL, no rollback journal: a
//! caller that finds a hot `-journal` must not believe the file.

mod record;
mod schema;
mod wal;

use std::collections::HashSet;

use crate::{BLOB_BYTES_MAX, Error, PACKAGES_MAX, ReadAt, VisitPackage, be16, be32, header};

pub use record::Value;

const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const LEAF: u8 = 13;
const INTERIOR: u8 = 5;
/// The first page begins with the file header.
const FILE_HEADER_BYTES: usize = 100;
/// Deepest tree: SQLite's own `BTCURSOR_MAX_DEPTH`.
const DEPTH_MAX: usize = 20;
/// Most rows of one table handed on by name: ten years of daily transactions stay far below.
const ROWS_MAX: usize = 2_000_000;

/// An opened database.
pub struct Database<'a> {
    file: &'a dyn ReadAt,
    wal: Option<wal::Wal<'a>>,
    page_bytes: usize,
    /// Page size less the bytes reserved at its end.
    usable: usize,
    pages: u32,
}

/// A table as the schema names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    root: u32,
    /// The `CREATE TABLE` statement: the order of the columns.
    pub sql: String,
}

/// Who takes a row: its id and its columns. An `INTEGER PRIMARY KEY` is null in its column and
/// stands in the id.
pub type Visit<'v> = dyn FnMut(i64, &[Value<'_>]) -> Result<(), Error> + 'v;

/// Hands on every package of an RPM database, or why its header could not be read.
///
/// # Errors
/// The database itself cannot be read; what `visit` returns is passed on.
pub fn packages(
    file: &dyn ReadAt,
    wal: Option<&dyn ReadAt>,
    visit: &mut VisitPackage<'_>,
) -> Result<(), Error> {
    let database = Database::open(file, wal)?;
    let table = database.table("Packages")?.ok_or(Error::Malformed("schema without Packages"))?;
    let mut count = 0;
    database.rows(&table, &mut |_, columns| {
        count += 1;
        if count > PACKAGES_MAX {
            return Err(Error::Limit("number of packages"));
        }
        match columns.get(1) {
            Some(Value::Blob(blob)) => visit(header::package(blob)),
            _ => Err(Error::Malformed("row of Packages")),
        }
    })
}

impl<'a> Database<'a> {
    /// Reads the file header and the log's frames.
    ///
    /// # Errors
    /// Not an SQLite database, or cut short.
    pub fn open(file: &'a dyn ReadAt, wal: Option<&'a dyn ReadAt>) -> Result<Self, Error> {
        let mut head = [0; FILE_HEADER_BYTES];
        file.read_at(0, &mut head)?;
        if !head.starts_with(MAGIC) {
            return Err(Error::Malformed("magic of an SQLite file"));
        }
        let page_bytes = match be16(&head, 16) {
            Some(1) => 65_536,
            Some(size) if size >= 512 && size.is_power_of_two() => usize::from(size),
            _ => return Err(Error::Malformed("page size of an SQLite file")),
        };
        if head[19] > 2 {
            return Err(Error::Unsupported("read version of an SQLite file"));
        }
        let usable = page_bytes - usize::from(head[20]);
        if usable < 480 {
            return Err(Error::Malformed("reserved bytes of an SQLite page"));
        }
        let wal = wal.map(|log| wal::Wal::open(log, page_bytes)).transpose()?.flatten();
        let whole = file.len() / page_bytes as u64;
        let pages = match &wal {
            Some(wal) => wal.pages,
            None => u32::try_from(whole).map_err(|_| Error::Limit("SQLite file"))?,
        };
        Ok(Self { file, wal, page_bytes, usable, pages })
    }

    /// Finds a table; None when the schema has none of that name.
    ///
    /// # Errors
    /// The schema cannot be read.
    pub fn table(&self, name: &str) -> Result<Option<Table>, Error> {
        let mut found = None;
        self.walk(1, &mut |_, columns| {
            let [Value::Text(kind), Value::Text(own), _, Value::Int(root), Value::Text(sql)] =
                columns
            else {
                // An index that SQLite made itself has no statement.
                return Ok(());
            };
            if *kind == b"table" && own.eq_ignore_ascii_case(name.as_bytes()) {
                let root = u32::try_from(*root).map_err(|_| Error::Malformed("root page"))?;
                found = Some(Table { root, sql: String::from_utf8_lossy(sql).into_owned() });
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Hands on some columns of every row of a table by their names, the row id in its column's
    /// place. A column that a row or the table does not have is null.
    ///
    /// # Errors
    /// There is no such table; as [`Self::rows`].
    pub fn select(
        &self,
        table: &'static str,
        names: &[&str],
        visit: &mut Visit<'_>,
    ) -> Result<(), Error> {
        let found = self.table(table)?.ok_or(Error::Malformed(table))?;
        let (columns, row_id) = schema::columns(&found.sql);
        let places: Vec<Option<usize>> =
            names.iter().map(|name| columns.iter().position(|column| column == name)).collect();
        let mut count = 0;
        self.rows(&found, &mut |id, row| {
            count += 1;
            if count > ROWS_MAX {
                return Err(Error::Limit("number of rows"));
            }
            let value = |place: &Option<usize>| match place {
                Some(at) if Some(*at) == row_id => Value::Int(id),
                Some(at) => row.get(*at).copied().unwrap_or(Value::Null),
                None => Value::Null,
            };
            visit(id, &places.iter().map(value).collect::<Vec<_>>())
        })
    }

    /// Hands on every row of a table.
    ///
    /// # Errors
    /// A page cannot be read or is malformed; what `visit` returns is passed on.
    pub fn rows(&self, table: &Table, visit: &mut Visit<'_>) -> Result<(), Error> {
        self.walk(table.root, visit)
    }

    fn walk(&self, root: u32, visit: &mut Visit<'_>) -> Result<(), Error> {
        let mut seen = HashSet::new();
        let mut stack = vec![(root, 0)];
        let mut page = vec![0; self.page_bytes];
        let mut payload = Vec::new();
        while let Some((number, depth)) = stack.pop() {
            self.page(number, &mut seen, &mut page)?;
            let start = if number == 1 { FILE_HEADER_BYTES } else { 0 };
            let cells = usize::from(be16(&page, start + 3).unwrap_or(0));
            match page[start] {
                INTERIOR if depth < DEPTH_MAX => {
                    stack.push((be32(&page, start + 8).unwrap_or(0), depth + 1));
                    for cell in (0..cells).rev() {
                        let at = cell_at(&page[..self.usable], start + 12, cell)?;
                        let child = be32(&page[..self.usable], at).ok_or(Error::Truncated(CELL))?;
                        stack.push((child, depth + 1));
                    }
                }
                LEAF => {
                    for cell in 0..cells {
                        let at = cell_at(&page[..self.usable], start + 8, cell)?;
                        let id = self.payload(&page[at..self.usable], &mut seen, &mut payload)?;
                        visit(id, &record::columns(&payload)?)?;
                    }
                }
                _ => return Err(Error::Malformed("kind of an SQLite page")),
            }
        }
        Ok(())
    }

    /// Reads a page once: a page that is met twice closes a circle.
    fn page(&self, number: u32, seen: &mut HashSet<u32>, page: &mut [u8]) -> Result<(), Error> {
        if number == 0 || number > self.pages {
            return Err(Error::Malformed("number of an SQLite page"));
        }
        if !seen.insert(number) {
            return Err(Error::Malformed("SQLite page that is used twice"));
        }
        if let Some(wal) = &self.wal
            && wal.read(number, page)?
        {
            return Ok(());
        }
        self.file.read_at(u64::from(number - 1) * self.page_bytes as u64, page)
    }

    /// Puts the payload of a leaf cell together and gives the row's id.
    fn payload(
        &self,
        cell: &[u8],
        seen: &mut HashSet<u32>,
        payload: &mut Vec<u8>,
    ) -> Result<i64, Error> {
        let (length, size) = record::varint(cell)?;
        let (id, id_size) = record::varint(&cell[size..])?;
        let body = &cell[size + id_size..];
        let length = usize::try_from(length).map_err(|_| Error::Malformed("length of a row"))?;
        if length > BLOB_BYTES_MAX {
            return Err(Error::Limit("length of a row"));
        }
        let local = local_bytes(length, self.usable);
        payload.clear();
        payload.extend_from_slice(body.get(..local).ok_or(Error::Truncated(CELL))?);
        if local < length {
            let mut next = be32(body, local).ok_or(Error::Truncated(CELL))?;
            let mut page = vec![0; self.page_bytes];
            while payload.len() < length {
                self.page(next, seen, &mut page)?;
                let take = (length - payload.len()).min(self.usable - 4);
                payload.extend_from_slice(&page[4..4 + take]);
                next = be32(&page, 0).unwrap_or(0);
            }
        }
        Ok(id)
    }
}

const CELL: &str = "SQLite cell";

fn cell_at(page: &[u8], pointers: usize, cell: usize) -> Result<usize, Error> {
    let at = be16(page, pointers + 2 * cell).map(usize::from);
    at.filter(|&at| at < page.len()).ok_or(Error::Truncated(CELL))
}

/// Bytes of a payload that lie in the leaf itself ("Cell Payload Overflow Pages").
fn local_bytes(length: usize, usable: usize) -> usize {
    let most = usable - 35;
    if length <= most {
        return length;
    }
    let least = (usable - 12) * 32 / 255 - 23;
    let even = least + (length - least) % (usable - 4);
    if even <= most { even } else { least }
}
