//! A host replayed from a folder: `host.toml`, a file tree, command outputs, whole surveys.
//!
//! Refusals and hangs are replayed too: a hanging look sleeps longer than any deadline, so that
//! the same code gives it up as on a live host. It does not know which probes will ask.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use carepack_shared::Unseen;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{Command, Listing, Live, Look, Missed, Sink, Space};

/// How long a hanging path sleeps: longer than the deadline of any collection.
const HANG: Duration = Duration::from_secs(3600);

/// Longest survey or `statfs.json`, and the largest recorded command output kept, in bytes.
const RECORD_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A recorded host.
pub struct Recorded {
    /// The folders in the order they are asked: the overlay, then the host itself.
    layers: Vec<PathBuf>,
    hostname: String,
    taken_at: Timestamp,
    commands: Vec<CommandRecord>,
    deny: Vec<PathRecord>,
    hang: Vec<PathRecord>,
}

/// A folder that is not a recorded host.
#[derive(Debug, thiserror::Error)]
pub enum RecordedError {
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{} is not a description of a recorded host", path.display())]
    Malformed { path: PathBuf, source: toml::de::Error },
    #[error("{} says neither its hostname nor its time", path.display())]
    Incomplete { path: PathBuf },
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    hostname: Option<String>,
    taken_at: Option<Timestamp>,
    #[serde(default)]
    command: Vec<CommandRecord>,
    #[serde(default)]
    deny: Vec<PathRecord>,
    #[serde(default)]
    hang: Vec<PathRecord>,
    /// What the recording is for, in words; not used here.
    #[serde(default, rename = "about")]
    _about: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct CommandRecord {
    name: Option<String>,
    argv: Option<String>,
    stdout: Option<String>,
    #[serde(default)]
    stderr: String,
    #[serde(default)]
    status: i32,
    #[serde(default)]
    hang: bool,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct PathRecord {
    path: String,
}

impl Recorded {
    /// Opens a recorded folder; with an overlay, its files stand before the folder's own.
    ///
    /// # Errors
    /// [`RecordedError`] names the file that is missing or bent.
    pub fn open(folder: &Path, overlay: Option<&str>) -> Result<Self, RecordedError> {
        let base = describe(folder, true)?;
        let mut layers = vec![folder.to_owned()];
        let mut over = Description::default();
        if let Some(name) = overlay {
            let upper = folder.join(name);
            over = describe(&upper, false)?;
            layers.insert(0, upper);
        }
        let path = folder.join("host.toml");
        let hostname = over.hostname.or(base.hostname);
        let taken_at = over.taken_at.or(base.taken_at);
        let (Some(hostname), Some(taken_at)) = (hostname, taken_at) else {
            return Err(RecordedError::Incomplete { path });
        };
        Ok(Self {
            layers,
            hostname,
            taken_at,
            // The first match wins, so what the overlay says comes first.
            commands: [over.command, base.command].concat(),
            deny: [over.deny, base.deny].concat(),
            hang: [over.hang, base.hang].concat(),
        })
    }

    pub(super) fn hostname(&self) -> &str {
        &self.hostname
    }

    pub(super) const fn now(&self) -> Timestamp {
        self.taken_at
    }

    /// The file tree that answers for a path: the first layer that holds it.
    pub(super) fn tree(&self, path: &str) -> Look<Live> {
        self.admit(path)?;
        let holds = |layer: &&PathBuf| {
            layer.join("root").join(path.trim_start_matches('/')).symlink_metadata().is_ok()
        };
        let layer = self.layers.iter().find(holds);
        let missing = || Missed::new(Unseen::Absent, format!("{path}: not recorded"));
        Ok(Live::new(layer.ok_or_else(missing)?.join("root")))
    }

    /// A link's target. A recording holds a plain file with the target as text instead of a link.
    pub(super) fn link(&self, path: &str) -> Look<String> {
        /// Longest path of the system (PATH_MAX).
        const PATH_BYTES_MAX: usize = 4096;
        let tree = self.tree(path)?;
        tree.link(path).or_else(|_| {
            let piece = tree.read_at(path, 0, PATH_BYTES_MAX)?;
            Ok(String::from_utf8_lossy(&piece.bytes).trim().to_owned())
        })
    }

    /// The union of a directory's names over the layers.
    pub(super) fn list(&self, path: &str) -> Look<Listing> {
        self.admit(path)?;
        let mut names = std::collections::BTreeSet::new();
        let mut missed = None;
        let mut seen = false;
        for layer in &self.layers {
            match Live::new(layer.join("root")).list(path) {
                Ok(listing) => {
                    seen = true;
                    // Git keeps no empty folder; a placeholder stands in for one.
                    names.extend(listing.names.into_iter().filter(|name| name != ".gitkeep"));
                }
                Err(error) => missed = Some(error),
            }
        }
        match (seen, missed) {
            (false, Some(missed)) => Err(missed),
            _ => Ok(Listing { names: names.into_iter().collect(), truncated: false }),
        }
    }

    /// Space by mount point, from `surveys/statfs.json`.
    pub(super) fn statfs(&self, path: &str) -> Look<Space> {
        #[derive(Deserialize)]
        struct Line {
            mount: String,
            #[serde(flatten)]
            space: Space,
        }
        self.admit(path)?;
        let absent = || Missed::new(Unseen::Absent, format!("{path}: no space recorded"));
        let value = self.recorded_survey("statfs").ok_or_else(absent)??;
        let lines: Vec<Line> = serde_json::from_value(value).map_err(|error| {
            Missed::new(Unseen::Malformed, format!("surveys/statfs.json: {error}"))
        })?;
        lines.iter().find(|line| line.mount == path).map(|line| line.space).ok_or_else(absent)
    }

    /// A survey recorded whole. `statfs` may hold the numbers alone, by mount point; the survey
    /// itself is then counted over the recorded mount table.
    pub(super) fn survey(&self, name: &str) -> Option<Look<Value>> {
        let survey = self.recorded_survey(name)?;
        let numbers_alone = |value: &Value| value[0].is_object() && value[0]["fstype"].is_null();
        match &survey {
            Ok(value) if name == "statfs" && numbers_alone(value) => None,
            _ => Some(survey),
        }
    }

    fn recorded_survey(&self, name: &str) -> Option<Look<Value>> {
        let path = self.layered(&format!("surveys/{name}.json"))?;
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) => return Some(Err(Missed::from_io(&path.to_string_lossy(), &error))),
        };
        Some(serde_json::from_slice(&text).map_err(|error| {
            Missed::new(Unseen::Malformed, format!("surveys/{name}.json: {error}"))
        }))
    }

    /// Replays a command.
    pub(super) fn stream(
        &self,
        command: &Command,
        argv: &[String],
        deadline: Instant,
        sink: &mut Sink<'_>,
    ) -> Look<()> {
        let line = argv.join(" ");
        let record = self.commands.iter().find(|record| {
            record.name.as_deref() == Some(command.name)
                || record.argv.as_ref().is_some_and(|recorded| *recorded == line)
        });
        let name = command.name;
        let Some(record) = record else {
            return Err(Missed::new(Unseen::Absent, format!("{}: not recorded", argv[0])));
        };
        if record.hang {
            std::thread::sleep(deadline.saturating_duration_since(Instant::now()));
            let detail = format!("{name}: no answer within its deadline");
            return Err(Missed::new(Unseen::TimedOut, detail));
        }
        if let Some(relative) = &record.stdout {
            let bytes = self.output(relative)?;
            for piece in bytes.chunks(16 * 1024) {
                if let ControlFlow::Break(()) = sink(piece) {
                    return Ok(());
                }
            }
        }
        match record.status {
            0 => Ok(()),
            status => {
                let last = record.stderr.lines().last().unwrap_or("").trim();
                let detail = format!("{name}: exit status: {status}: {last}");
                Err(Missed::new(Unseen::Failed, detail))
            }
        }
    }

    fn output(&self, relative: &str) -> Look<Vec<u8>> {
        let missing = || Missed::new(Unseen::Failed, format!("{relative}: not in the recording"));
        let path = self.layered(relative).ok_or_else(missing)?;
        let mut bytes = std::fs::read(path).map_err(|e| Missed::from_io(relative, &e))?;
        bytes.truncate(RECORD_BYTES_MAX);
        Ok(bytes)
    }

    fn layered(&self, relative: &str) -> Option<PathBuf> {
        self.layers.iter().map(|layer| layer.join(relative)).find(|path| path.exists())
    }

    /// Replays refusals and hangs on a path.
    fn admit(&self, path: &str) -> Look<()> {
        let covers = |record: &PathRecord| {
            path.strip_prefix(record.path.as_str()).is_some_and(|rest| {
                rest.is_empty() || rest.starts_with('/') || record.path.ends_with('/')
            })
        };
        if self.hang.iter().any(covers) {
            std::thread::sleep(HANG);
            return Err(Missed::new(Unseen::TimedOut, format!("{path}: no answer")));
        }
        if self.deny.iter().any(covers) {
            let detail = format!("{path}: Permission denied (os error 13)");
            return Err(Missed::new(Unseen::Denied, detail));
        }
        Ok(())
    }
}

fn describe(folder: &Path, required: bool) -> Result<Description, RecordedError> {
    let path = folder.join("host.toml");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(_) if !required => return Ok(Description::default()),
        Err(source) => return Err(RecordedError::Read { path, source }),
    };
    toml::from_str(&text).map_err(|source| RecordedError::Malformed { path, source })
}
