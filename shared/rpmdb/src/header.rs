//! The header blob of one package, as every RPM database stores it.
//!
//! Two big-endian counts (index entries, bytes of the store), the index (tag, type, offset, count:
//! four big-endian words), the store. Source: rpm `docs/manual/hregions.md`, `lib/header.cc`
//! (`hdrblobInit`). In the database the signature tags of the package file stand under
//! `HEADER_SIGBASE`: the file's `SIGPGP` 1002 is 259 here, where 1002 is the release.

use crate::{BLOB_BYTES_MAX, Error, be32, openpgp};

/// Most index entries: RPM's `HEADER_TAGS_MAX`.
const ENTRIES_MAX: usize = 0xffff;
const ENTRY_BYTES: usize = 16;
/// Longest name, version and so on that is kept, in bytes; longer is a bent header.
const TEXT_BYTES_MAX: usize = 4096;

const TYPE_INT32: u32 = 4;
const TYPE_STRING: u32 = 6;
const TYPE_BIN: u32 = 7;
const TYPE_STRING_ARRAY: u32 = 8;
const TYPE_I18N_STRING: u32 = 9;

const SIGPGP: u32 = 259;
const SIGGPG: u32 = 262;
const DSAHEADER: u32 = 267;
const RSAHEADER: u32 = 268;
const NAME: u32 = 1000;
const VERSION: u32 = 1001;
const RELEASE: u32 = 1002;
const EPOCH: u32 = 1003;
const INSTALLTIME: u32 = 1008;
const VENDOR: u32 = 1011;
const ARCH: u32 = 1022;
const SOURCERPM: u32 = 1044;
const MODULARITYLABEL: u32 = 5096;

/// One installed package. A text that the header does not have is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    pub name: String,
    /// None: the package names no epoch, which compares as 0.
    pub epoch: Option<u32>,
    pub version: String,
    pub release: String,
    /// Empty for `gpg-pubkey`, which is a key and no package.
    pub arch: String,
    pub vendor: String,
    /// Seconds since the epoch.
    pub install_time: Option<u32>,
    /// `name:stream:version:context` of the module it came with.
    pub modularity_label: String,
    pub source_rpm: String,
    /// Key that signed it, 16 lower-case hexadecimal digits; None when it carries no signature.
    pub key_id: Option<String>,
}

/// Reads the package out of a header blob.
///
/// # Errors
/// [`Error::Truncated`], [`Error::Malformed`] or [`Error::Limit`] for bytes that are no header,
/// and for a header without a name.
pub fn package(blob: &[u8]) -> Result<Package, Error> {
    let store = Store::open(blob)?;
    let mut package = Package::default();
    let mut keys: [Option<&[u8]>; 4] = [None; 4];
    for entry in store.index.chunks_exact(ENTRY_BYTES) {
        let word = |at| be32(entry, at).unwrap_or(0);
        let found = Entry { kind: word(4), offset: word(8) as usize, count: word(12) as usize };
        match word(0) {
            NAME => package.name = store.text(&found)?,
            VERSION => package.version = store.text(&found)?,
            RELEASE => package.release = store.text(&found)?,
            EPOCH => package.epoch = Some(store.int(&found)?),
            INSTALLTIME => package.install_time = Some(store.int(&found)?),
            VENDOR => package.vendor = store.text(&found)?,
            ARCH => package.arch = store.text(&found)?,
            SOURCERPM => package.source_rpm = store.text(&found)?,
            MODULARITYLABEL => package.modularity_label = store.text(&found)?,
            RSAHEADER => keys[0] = Some(store.bytes(&found)?),
            DSAHEADER => keys[1] = Some(store.bytes(&found)?),
            SIGPGP => keys[2] = Some(store.bytes(&found)?),
            SIGGPG => keys[3] = Some(store.bytes(&found)?),
            _ => {}
        }
    }
    if package.name.is_empty() {
        return Err(Error::Malformed("package header without a name"));
    }
    package.key_id = keys.into_iter().flatten().find_map(openpgp::key_id);
    Ok(package)
}

struct Entry {
    kind: u32,
    offset: usize,
    count: usize,
}

struct Store<'a> {
    index: &'a [u8],
    bytes: &'a [u8],
}

impl<'a> Store<'a> {
    fn open(blob: &'a [u8]) -> Result<Self, Error> {
        let short = || Error::Truncated("package header");
        if blob.len() > BLOB_BYTES_MAX {
            return Err(Error::Limit("size of a package header"));
        }
        let entries = be32(blob, 0).ok_or_else(short)? as usize;
        let length = be32(blob, 4).ok_or_else(short)? as usize;
        if entries == 0 || entries > ENTRIES_MAX || length > BLOB_BYTES_MAX {
            return Err(Error::Malformed("counts of a package header"));
        }
        let (index, rest) = blob[8..].split_at_checked(entries * ENTRY_BYTES).ok_or_else(short)?;
        Ok(Self { index, bytes: rest.get(..length).ok_or_else(short)? })
    }

    fn from(&self, entry: &Entry) -> Result<&'a [u8], Error> {
        self.bytes.get(entry.offset..).ok_or(Error::Truncated("store of a package header"))
    }

    /// A string up to its NUL; of several, the first.
    fn text(&self, entry: &Entry) -> Result<String, Error> {
        if !matches!(entry.kind, TYPE_STRING | TYPE_STRING_ARRAY | TYPE_I18N_STRING) {
            return Err(Error::Malformed("type of a text in a package header"));
        }
        let from = self.from(entry)?;
        let window = &from[..from.len().min(TEXT_BYTES_MAX)];
        let end = window.iter().position(|&byte| byte == 0);
        let end = end.ok_or(Error::Limit("length of a text in a package header"))?;
        Ok(String::from_utf8_lossy(&window[..end]).into_owned())
    }

    fn int(&self, entry: &Entry) -> Result<u32, Error> {
        if entry.kind != TYPE_INT32 || entry.count == 0 {
            return Err(Error::Malformed("type of a number in a package header"));
        }
        be32(self.from(entry)?, 0).ok_or(Error::Truncated("store of a package header"))
    }

    fn bytes(&self, entry: &Entry) -> Result<&'a [u8], Error> {
        if entry.kind != TYPE_BIN {
            return Err(Error::Malformed("type of a signature in a package header"));
        }
        self.from(entry)?.get(..entry.count).ok_or(Error::Truncated("signature of a package"))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A header with these tags: what a database would hold.
    pub(crate) fn made(tags: &[(u32, u32, &[u8])]) -> Vec<u8> {
        let mut index = Vec::new();
        let mut store = Vec::new();
        for (tag, kind, bytes) in tags {
            let count = if *kind == TYPE_BIN { bytes.len() } else { 1 };
            for word in [*tag, *kind, store.len() as u32, count as u32] {
                index.extend(word.to_be_bytes());
            }
            store.extend_from_slice(bytes);
        }
        let counts = [tags.len() as u32, store.len() as u32];
        [counts.map(u32::to_be_bytes).concat(), index, store].concat()
    }

    /// A package with all that is read, signed by key 199e2f91fd431d51.
    pub(crate) fn bash() -> Vec<u8> {
        let key = [0x88, 19, 3, 5, 0, 1, 2, 3, 4, 0x19, 0x9e, 0x2f, 0x91, 0xfd, 0x43, 0x1d, 0x51];
        let signature = [&key[..], &[1, 8, 0, 0]].concat();
        made(&[
            (NAME, 6, b"bash\0"),
            (VERSION, 6, b"5.1.8\0"),
            (RELEASE, 6, b"9.el9\0"),
            (EPOCH, 4, &[0, 0, 0, 2]),
            (INSTALLTIME, 4, &[0, 0, 1, 0]),
            (VENDOR, 6, b"Red Hat, Inc.\0"),
            (ARCH, 6, b"x86_64\0"),
            (RSAHEADER, 7, &signature),
        ])
    }

    #[test]
    fn a_whole_package() {
        let package = package(&bash()).unwrap();
        assert_eq!((package.name.as_str(), package.epoch), ("bash", Some(2)));
        assert_eq!((package.release.as_str(), package.install_time), ("9.el9", Some(256)));
        assert_eq!(package.key_id.as_deref(), Some("199e2f91fd431d51"));
    }

    #[test]
    fn every_cut_is_an_error_and_no_flip_panics() {
        let whole = bash();
        for end in 0..whole.len() {
            assert!(package(&whole[..end]).is_err(), "cut at {end}");
        }
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut bent = whole.clone();
                bent[at] ^= 1 << bit;
                let _ = package(&bent);
            }
        }
    }
}
