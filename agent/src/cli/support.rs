//! `support-bundle`: what a supporter asks for first, as one text file that a person can read before
//! it goes anywhere. It holds no key and no snapshot, is masked like everything else, and is sent by
//! nobody but a person.

use std::fmt::Write;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use carepack_shared::mask::Masker;
use clap::Args;

use super::{Exit, print, state_of};
use crate::config::Loaded;
use crate::spool::Spool;

/// Bytes taken of the end of each file.
const TAIL_BYTES_MAX: u64 = 64 * 1024;
/// Records of the state folder that hold no secret.
const RECORDS: [&str; 5] =
    ["status.json", "enrolment.json", "policy.json", "handed.json", "journal.log"];

#[derive(Debug, Args)]
pub struct SupportBundle {
    /// A file that is not there yet.
    file: PathBuf,
}

impl SupportBundle {
    pub fn run(self, loaded: &Loaded) -> anyhow::Result<Exit> {
        ensure!(!self.file.exists(), "{} is there already; name another", self.file.display());
        let state = state_of(&loaded.config);
        let mut text = format!("# carepack-agent {}\n", env!("CARGO_PKG_VERSION"));
        let records = RECORDS.iter().map(|name| state.dir().join(name));
        for path in loaded.read.iter().cloned().chain(records) {
            section(&mut text, &path);
        }
        let listed = Spool::new(state.spool_dir(), loaded.config.spool).list();
        let spooled = match listed {
            Ok(ids) => ids.iter().map(|id| format!("{id}\n")).collect(),
            Err(error) => format!("{error}\n"),
        };
        // Never an error of formatting into a String.
        let _ = write!(text, "\n# spool\n{spooled}");
        let mut masker = Masker::new(&crate::state::random_key());
        for word in &loaded.config.withhold.keywords {
            masker.deny_keyword(word);
        }
        let text = masker.mask(&text);
        crate::state::files::write_durable(&self.file, text.as_bytes(), 0o600)
            .with_context(|| format!("writing {}", self.file.display()))?;
        print::line(&format!("{} {} bytes", self.file.display(), text.len()));
        Ok(Exit::Ok)
    }
}

/// The end of a file under its name, or why it is not there.
fn section(text: &mut String, path: &Path) {
    let _ = writeln!(text, "\n# {}", path.display());
    match tail(path) {
        Ok(bytes) => text.push_str(&String::from_utf8_lossy(&bytes)),
        Err(error) => {
            let _ = writeln!(text, "{error}");
        }
    }
}

fn tail(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::{Seek, SeekFrom};
    let mut file = std::fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES_MAX)))?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}
