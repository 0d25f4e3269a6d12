//! What `import` and `assess` share for archives of other tools.

use std::io::Read;
use std::path::Path;

use anyhow::Context;
use carepack_shared::Snapshot;
use jiff::Timestamp;

use super::print;
use crate::archives::{self, Limits};

/// Where a tar header says what it is.
const TAR_MAGIC: std::ops::Range<usize> = 257..262;

/// Whether a path is to be read as another tool's archive: a folder that is no recorded host, or
/// a file that begins as gzip, xz, bzip2 or tar do.
pub fn is_archive(path: &Path) -> bool {
    if path.is_dir() {
        return !path.join("host.toml").is_file();
    }
    let mut head = Vec::new();
    let opened = std::fs::File::open(path);
    if opened.and_then(|file| file.take(TAR_MAGIC.end as u64).read_to_end(&mut head)).is_err() {
        return false;
    }
    let packed: [&[u8]; 3] = [b"\x1f\x8b", b"\xfd7zXZ", b"BZh"];
    packed.iter().any(|magic| head.starts_with(magic)) || head.get(TAR_MAGIC) == Some(b"ustar")
}

/// The snapshot of an archive; what is odd about it is told on stderr.
pub fn read(path: &Path, taken_at: Option<Timestamp>) -> anyhow::Result<Snapshot> {
    let imported = archives::read(path, &Limits::default(), taken_at)
        .with_context(|| format!("{} is refused", path.display()))?;
    if imported.refused > 0 {
        print::note(&format!(
            "{}: {} entries have names that lead out of the archive; they were passed over",
            path.display(),
            imported.refused
        ));
    }
    Ok(imported.snapshot)
}
