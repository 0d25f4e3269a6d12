//! How much of an archive is taken, whatever it claims to hold.

/// Caps on one archive. Every number is reached by hostile files only: a large host's report is
/// 200,000 entries, 2 GiB unpacked, of which some 20 MiB are looked at.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Entries of any kind.
    pub entries_max: u64,
    /// Longest name and longest link target, in bytes (Linux's own `PATH_MAX`).
    pub name_bytes_max: usize,
    /// Folders below each other, when a folder is read.
    pub depth_max: usize,
    /// Symbolic links kept.
    pub links_max: usize,
    /// Taken of one file; it goes on as truncated.
    pub file_bytes_max: usize,
    /// Taken of one log. sosreport itself cuts each at 25 MB unless it is told not to.
    pub log_bytes_max: usize,
    /// Taken of all files together.
    pub kept_bytes_max: usize,
    /// Bytes after decompression, looked at or passed over.
    pub unpacked_bytes_max: u64,
    /// Unpacked bytes for each packed one, counted after [`Self::ratio_free_bytes`]. Logs pack
    /// thirtyfold; a bomb of zeroes a thousandfold (gzip) or more (xz).
    pub ratio_max: u64,
    /// The first bytes may be of any ratio: a short archive is mostly padding.
    pub ratio_free_bytes: u64,
    /// Memory of the xz decoder's dictionary in KiB; `xz -9` needs 64 MiB.
    pub dictionary_kib_max: u32,
}

impl Limits {
    /// Most bytes taken of an entry.
    pub fn of(&self, name: &str) -> usize {
        if super::sources::is_log(name) { self.log_bytes_max } else { self.file_bytes_max }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries_max: 500_000,
            name_bytes_max: 4096,
            depth_max: 64,
            links_max: 100_000,
            file_bytes_max: 4 * 1024 * 1024,
            log_bytes_max: 64 * 1024 * 1024,
            kept_bytes_max: 384 * 1024 * 1024,
            unpacked_bytes_max: 16 * 1024 * 1024 * 1024,
            ratio_max: 300,
            ratio_free_bytes: 32 * 1024 * 1024,
            dictionary_kib_max: 80 * 1024,
        }
    }
}
