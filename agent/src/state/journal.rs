//! `journal.log`: one JSON object a line, what became of each snapshot. Durable before the spool
//! entry goes, so that what it calls acknowledged can be held against the collector's store.

use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{State, StateError, files};

/// Above this many bytes the older half goes: about five thousand snapshots stay.
const JOURNAL_BYTES_MAX: u64 = 1024 * 1024;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub at: Timestamp,
    pub id: Uuid,
    /// Of the uncompressed document, hex.
    pub sha256: String,
    /// Bytes of the spool entry.
    pub bytes: u64,
    /// `approved`, `acknowledged`, `refused` or `dropped`.
    pub outcome: String,
    /// Who approved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

impl State {
    /// Appends a line; when it returns, the line survives a power cut.
    ///
    /// # Errors
    /// [`StateError::Io`].
    pub fn journal(&self, entry: &Entry) -> Result<(), StateError> {
        let path = self.dir.join("journal.log");
        self.append(entry).map_err(|source| StateError::Io { operation: "write", path, source })
    }

    fn append(&self, entry: &Entry) -> std::io::Result<()> {
        let path = self.dir.join("journal.log");
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(&path)?;
        let length = file.metadata()?.len();
        let mut line = Vec::new();
        if length > 0 && last_byte(&mut file)? != b'\n' {
            // A power cut left half a line.
            line.push(b'\n');
        }
        serde_json::to_writer(&mut line, entry)?;
        line.push(b'\n');
        if length > JOURNAL_BYTES_MAX {
            let mut kept = Vec::new();
            file.seek(SeekFrom::Start(length / 2))?;
            file.read_to_end(&mut kept)?;
            let begin = kept.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            kept.drain(..begin);
            kept.extend_from_slice(&line);
            return files::write_durable(&path, &kept, 0o600);
        }
        file.write_all(&line)?;
        file.sync_all()
    }
}

fn last_byte(file: &mut std::fs::File) -> std::io::Result<u8> {
    let mut byte = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut byte)?;
    Ok(byte[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: u128) -> Entry {
        Entry {
            at: Timestamp::UNIX_EPOCH,
            id: Uuid::from_u128(id),
            sha256: "ab".repeat(32),
            bytes: 1,
            outcome: "acknowledged".to_owned(),
            by: None,
        }
    }

    #[test]
    fn half_a_line_costs_only_itself_and_the_journal_stays_short() {
        let dir = tempfile::tempdir().unwrap();
        let state = State::look(dir.path());
        let path = dir.path().join("journal.log");
        std::fs::write(&path, "{\"at\":").unwrap();
        state.journal(&entry(1)).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let last: Entry = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert_eq!(last, entry(1));
        let line = serde_json::to_string(&entry(2)).unwrap() + "\n";
        std::fs::write(&path, line.repeat(8000)).unwrap();
        state.journal(&entry(3)).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!((3000..5000).contains(&text.lines().count()));
        assert!(text.lines().all(|line| serde_json::from_str::<Entry>(line).is_ok()));
    }
}
