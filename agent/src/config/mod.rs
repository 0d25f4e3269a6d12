//! The agent's settings: one TOML file and its drop-ins, read whole or refused whole.
//!
//! It does not know what the settings are for; it names the file and the key that are wrong.

mod merge;
mod proxy;
mod relay;

use std::path::{Path, PathBuf};
use std::time::Duration;

use carepack_shared::privacy::Mode;
use serde::Deserialize;

use crate::host::WALK_ENTRIES_MAX;
use crate::probes;
use crate::snapshot;

pub use proxy::Proxy;
pub use relay::Relay;

/// Where the file is when nobody says otherwise.
pub const DEFAULT_FILE: &str = "/etc/carepack-agent/agent.toml";
/// Where the agent keeps what it must not lose.
const DEFAULT_STATE_DIR: &str = "/var/lib/carepack-agent";

/// Seconds between polls that make sense: below, a fleet is a burden; above, nobody hears of it.
const POLL_SECONDS: std::ops::RangeInclusive<u32> = 1..=86_400;
/// Seconds that a collection may take.
const DEADLINE_SECONDS: std::ops::RangeInclusive<u32> = 5..=3_600;
/// Entries of a walk; within its time it comes no further.
const TREE_ENTRIES: std::ops::RangeInclusive<u64> = 0..=10_000_000;
/// The source that a walk of no entries keeps back.
const TREE_SOURCE: &str = "survey:file-tree";
/// The smallest spool still holds one largest snapshot and the next one.
const SPOOL_BYTES_LEAST: u64 = 2 * carepack_shared::wire::BODY_BYTES_MAX as u64;
const SPOOL_COUNT: std::ops::RangeInclusive<u32> = 1..=10_000;

/// All settings.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `https://NAME:PORT` of the collector; without it, the one of the enrolment.
    pub server: Option<String>,
    pub state_dir: PathBuf,
    /// Seconds between polls, instead of the policy's.
    pub poll_seconds: Option<u32>,
    /// The minisign public key (its base 64 line) of pattern packs; without it none is taken.
    pub patterns_key: Option<String>,
    pub collect: Collect,
    pub withhold: Withhold,
    pub privacy: Privacy,
    pub spool: Spool,
    pub proxy: Proxy,
    pub relay: Relay,
    /// Whether a person has to let a snapshot go before it is sent.
    pub approval: Approval,
}

/// How a collection is started and what it may do.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Collect {
    pub start: Start,
    /// A recorded folder to replay instead of this host.
    pub recorded: Option<PathBuf>,
    /// Subfolder of the recorded folder whose files come first.
    pub recorded_overlay: Option<String>,
    pub on_demand: OnDemand,
    /// Seconds for one collection.
    pub deadline_seconds: u32,
    /// Most files that the walk over the local file systems looks at (probe `file-tree`: files of
    /// nobody, set-id files, files that anybody may write). A host with more of them is walked
    /// where programs, settings and accounts live, a quarter as far: such a walk finds, but cannot
    /// say that there is nothing. 0: it is not walked, and what would be judged by it is 점검불가 by
    /// the customer's policy.
    pub tree_entries_max: u64,
}

/// Who starts the collecting process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// A systemd path unit that waits for a file in `requests/`: the collecting process then has
    /// privileges that the resident one never had.
    RequestFile,
    /// The resident process itself.
    Child,
}

/// Whether the collector may ask for a collection outside the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnDemand {
    Allow,
    Refuse,
}

/// Who decides that a snapshot leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Approval {
    /// Nobody: it leaves when it is taken.
    #[default]
    Auto,
    /// A person, for the first one and for each that brings fields that never left before.
    Hold,
    /// A person, for every one.
    Manual,
}

/// What the customer keeps back; lists of drop-ins add up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Withhold {
    /// Probe ids, as `carepack-agent probes` lists them.
    pub probes: Vec<String>,
    /// Paths and source keys; each covers what lies under it.
    pub paths: Vec<String>,
    /// Regular expressions; a matching line is masked whole.
    pub patterns: Vec<String>,
    /// Words masked wherever they stand.
    pub keywords: Vec<String>,
}

/// How much of what was seen leaves, and under which names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Privacy {
    /// `full`, `facts-only` or `numbers-only`.
    pub mode: Mode,
    /// Names of hosts and people, IP and MAC addresses leave as codes.
    pub pseudonyms: bool,
    /// The codes' key, where several hosts share one; each has its own without it.
    pub key_file: Option<PathBuf>,
}

/// Limits of the spool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Spool {
    pub bytes_max: u64,
    pub count_max: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            server: None,
            state_dir: DEFAULT_STATE_DIR.into(),
            poll_seconds: None,
            patterns_key: None,
            collect: Collect::default(),
            withhold: Withhold::default(),
            privacy: Privacy::default(),
            spool: Spool::default(),
            proxy: Proxy::default(),
            relay: Relay::default(),
            approval: Approval::default(),
        }
    }
}

impl Default for Collect {
    fn default() -> Self {
        Self {
            start: Start::RequestFile,
            recorded: None,
            recorded_overlay: None,
            on_demand: OnDemand::Allow,
            deadline_seconds: 300,
            tree_entries_max: WALK_ENTRIES_MAX,
        }
    }
}

impl Default for Spool {
    /// Sixty-four snapshots: five years of months, or a quarter of daily requests.
    fn default() -> Self {
        Self { bytes_max: 128 * 1024 * 1024, count_max: 64 }
    }
}

/// Settings that cannot be used. Every message names the file, the key and the way out.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{path}: there is no such file; write it, or name another with --config FILE")]
    Missing { path: PathBuf },
    #[error("{path}: cannot be read; check its owner and mode, or name another with --config")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path}: not a configuration; correct the line that is shown")]
    Syntax { path: PathBuf, source: toml::de::Error },
    #[error("{path}: {key} is {found}; {way_out}")]
    Value { path: PathBuf, key: &'static str, found: String, way_out: String },
    #[error("no collector is named; set `server = \"https://…\"` in {path}")]
    NoServer { path: PathBuf },
}

/// Settings and where they came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub config: Config,
    /// The main file, whether it is there or not.
    pub file: PathBuf,
    /// Files that were read, in order.
    pub read: Vec<PathBuf>,
}

/// Reads the named file (or the default one) and its drop-ins `agent.d/*.toml` beside it.
///
/// A file that was named must be there; the default one may be missing when `optional`.
///
/// # Errors
/// [`ConfigError`].
pub fn load(named: Option<&Path>, optional: bool) -> Result<Loaded, ConfigError> {
    let file = named.unwrap_or_else(|| Path::new(DEFAULT_FILE)).to_path_buf();
    let mut read = Vec::new();
    let mut whole = toml::Table::new();
    match merge::table(&file)? {
        Some(table) => {
            check_file(&file, &table)?;
            merge::into(&mut whole, table);
            read.push(file.clone());
        }
        None if optional && named.is_none() => {}
        None => return Err(ConfigError::Missing { path: file }),
    }
    for path in merge::drop_ins(&file)? {
        let Some(table) = merge::table(&path)? else { continue };
        check_file(&path, &table)?;
        merge::into(&mut whole, table);
        read.push(path);
    }
    let config =
        whole.try_into().map_err(|source| ConfigError::Syntax { path: file.clone(), source })?;
    Ok(Loaded { config, file, read })
}

/// Each file must be sound by itself, so that the one at fault is named.
fn check_file(path: &Path, table: &toml::Table) -> Result<(), ConfigError> {
    let config: Config = table
        .clone()
        .try_into()
        .map_err(|source| ConfigError::Syntax { path: path.to_path_buf(), source })?;
    config.check().map_err(|(key, found, way_out)| ConfigError::Value {
        path: path.to_path_buf(),
        key,
        found,
        way_out,
    })
}

type Wrong = (&'static str, String, String);

impl Config {
    fn check(&self) -> Result<(), Wrong> {
        if let Some(server) = &self.server {
            check_server(server).map_err(|way_out| ("server", format!("{server:?}"), way_out))?;
        }
        if !self.state_dir.is_absolute() {
            let found = self.state_dir.display().to_string();
            return Err(("state_dir", found, "write an absolute path".to_owned()));
        }
        if let Some(seconds) = self.poll_seconds {
            within("poll_seconds", seconds.into(), &wide(&POLL_SECONDS))?;
        }
        let deadline = u64::from(self.collect.deadline_seconds);
        within("collect.deadline_seconds", deadline, &wide(&DEADLINE_SECONDS))?;
        within("collect.tree_entries_max", self.collect.tree_entries_max, &TREE_ENTRIES)?;
        within("spool.count_max", self.spool.count_max.into(), &wide(&SPOOL_COUNT))?;
        within("spool.bytes_max", self.spool.bytes_max, &(SPOOL_BYTES_LEAST..=1 << 40))?;
        if let Some(file) = self.privacy.key_file.as_ref().filter(|file| !file.is_absolute()) {
            let found = file.display().to_string();
            return Err(("privacy.key_file", found, "write an absolute path".to_owned()));
        }
        self.proxy.check()?;
        self.relay.check()?;
        self.withhold.check()
    }

    /// What is kept back, as the collection wants it: what the customer lists, and what no entry
    /// may be looked at for.
    #[must_use]
    pub fn policy(&self) -> snapshot::Withhold {
        let Withhold { probes, paths, patterns, keywords } = self.withhold.clone();
        let mut policy = snapshot::Withhold { probes, paths, patterns, keywords };
        if self.collect.tree_entries_max == 0 {
            policy.paths.push(TREE_SOURCE.to_owned());
        }
        policy
    }

    /// How long one collection may take.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        Duration::from_secs(self.collect.deadline_seconds.into())
    }
}

impl Withhold {
    fn check(&self) -> Result<(), Wrong> {
        let unknown = |id: &&String| probes::all().iter().all(|probe| probe.id != id.as_str());
        if let Some(id) = self.probes.iter().find(unknown) {
            let way_out = "`carepack-agent probes` lists the ids".to_owned();
            return Err(("withhold.probes", format!("{id:?}, which is no probe"), way_out));
        }
        let plain = |path: &&String| !path.starts_with('/') && !path.contains(':');
        if let Some(path) = self.paths.iter().find(plain) {
            let way_out = "write an absolute path or a source key such as cmd:NAME".to_owned();
            return Err(("withhold.paths", format!("{path:?}"), way_out));
        }
        for pattern in &self.patterns {
            regex::Regex::new(pattern).map_err(|error| {
                ("withhold.patterns", format!("{pattern:?}"), format!("correct it: {error}"))
            })?;
        }
        if self.keywords.iter().any(|word| word.trim().is_empty()) {
            let way_out = "remove the empty word: it would mask everything".to_owned();
            return Err(("withhold.keywords", "empty".to_owned(), way_out));
        }
        Ok(())
    }
}

/// Refuses an address that is not `https://NAME[:PORT]`.
///
/// # Errors
/// The way out.
pub fn check_server(server: &str) -> Result<(), String> {
    let Some(rest) = server.strip_prefix("https://") else {
        return Err("write https://NAME:PORT; nothing is sent without TLS".to_owned());
    };
    let rest = rest.trim_end_matches('/');
    let odd = |c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '@');
    if rest.is_empty() || rest.contains(odd) {
        return Err("write https://NAME:PORT and nothing behind it".to_owned());
    }
    Ok(())
}

fn wide(range: &std::ops::RangeInclusive<u32>) -> std::ops::RangeInclusive<u64> {
    u64::from(*range.start())..=u64::from(*range.end())
}

fn within(
    key: &'static str,
    value: u64,
    range: &std::ops::RangeInclusive<u64>,
) -> Result<(), Wrong> {
    if range.contains(&value) {
        return Ok(());
    }
    Err((key, value.to_string(), format!("allowed are {} to {}", range.start(), range.end())))
}

#[cfg(test)]
mod tests;
