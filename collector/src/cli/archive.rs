//! What `import` and `assess` share for archives of other tools.

use std::io::Read;
use std::path::Path;

use anyhow::Context;
use carepack_shared::Snapshot;
use jiff::Timestamp;

use super::print;
use crate::archives::{self, Limits};

/// Whether a path is to be read as another tool's archive: a folder that is no recorded host, or
/// a file that is neither a bundle nor a snapshot document.
pub fn is_archive(path: &Path) -> bool {
    if path.is_dir() {
        return !path.join("host.toml").is_file();
    }
    let mut head = [0; 4];
    let Ok(count) = std::fs::File::open(path).and_then(|mut file| file.read(&mut head)) else {
        return false;
    };
    let head = &head[..count];
    !head.is_empty() && !b"CPK1".starts_with(head) && !head.trim_ascii_start().starts_with(b"{")
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
