//! `collector.toml`: where the collector keeps things, where it listens, its limits, its mail.
//!
//! Parsed and checked whole before anything is opened. A mistake names the key, its value and
//! what is allowed; the process then ends with [`ConfigError::EXIT`].

mod mail;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use mail::{Dkim, DkimAlgorithm, Mail, Tls, Transport};

/// The whole file. Every key but `agents.public_names` has a default.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Folder of everything the collector keeps.
    #[serde(default = "default_data")]
    pub data: PathBuf,
    /// `sqlite:PATH` or a PostgreSQL address; `sqlite:DATA/collector.db` when absent.
    #[serde(default)]
    pub database: Option<String>,
    pub agents: Agents,
    #[serde(default)]
    pub people: People,
    #[serde(default)]
    pub limits: Limits,
    #[serde(default)]
    pub notices: Notices,
    #[serde(default)]
    pub mail: Mail,
    /// Where advisories come from: `[[feed]]`.
    #[serde(default, rename = "feed")]
    pub feeds: Vec<Feed>,
    #[serde(default)]
    pub advisories: Advisories,
}

/// A feed of advisories at an address.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// Letters, digits, `-` and `.`; it stands in reports.
    pub name: String,
    pub kind: FeedKind,
    /// `https://…`, or `http://…` of a mirror inside: the folder above `repodata`, the folder of
    /// `changes.csv`, or the file itself.
    pub from: String,
    /// Of a repository: `repo:ID` as the hosts' `dnf repolist` names it, or `os:ID:MAJOR`.
    #[serde(default)]
    pub stream: Option<String>,
    /// Certificates (PEM) to trust beside those of the system.
    #[serde(default)]
    pub ca: Option<PathBuf>,
}

/// What lies at a feed's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedKind {
    /// `repodata/repomd.xml` and the `updateinfo` that it names.
    Repository,
    /// A CSAF provider's folder: `changes.csv`, `archive_latest.txt`, files by year.
    Csaf,
    /// One file of any form.
    File,
}

/// How advisories are kept up to date.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Advisories {
    /// Hours between two looks at the feeds.
    pub every_hours: u32,
}

impl Default for Advisories {
    fn default() -> Self {
        Self { every_hours: 6 }
    }
}

/// The listener for agents (mTLS).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agents {
    /// Address and port; port 0 takes any free one.
    #[serde(default = "default_agents_listen")]
    pub listen: SocketAddr,
    /// DNS names and IP addresses by which agents reach it: the names in its certificate.
    pub public_names: Vec<String>,
}

/// The listener for people: health, readiness, the console. Plain HTTP, and therefore
/// loopback only.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct People {
    pub listen: SocketAddr,
    /// `https://host[:port]` by which people reach it, through the reverse proxy: links in mail
    /// begin with it. The address it listens on when absent.
    pub url: Option<String>,
    /// Whether a reverse proxy stands before it and names callers in `X-Forwarded-For`.
    pub behind_proxy: bool,
}

/// Notices of advisories; when each is sent stands in the policy (`DATA/notices/policy.yaml`).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Notices {
    /// Seconds between the runs that draft, queue, send, verify and escalate.
    pub period_seconds: u32,
}

impl Default for Notices {
    fn default() -> Self {
        Self { period_seconds: 60 }
    }
}

/// Bounds on what strangers may cost.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Open connections of agents, in all and from one address.
    pub connections: usize,
    pub connections_per_address: usize,
    /// Enrolment attempts in a minute, in all and from one address.
    pub enrolments_per_minute: u32,
    pub enrolments_per_minute_per_address: u32,
    /// Snapshots being received at once; each may hold 24 MiB.
    pub uploads: usize,
    /// Seconds between an agent's polls.
    pub poll_seconds: u32,
    /// Snapshots are refused (507) while fewer MiB than this are free in `data`.
    pub free_mib_min: u64,
}

impl Default for People {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            url: None,
            behind_proxy: false,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            connections_per_address: 256,
            enrolments_per_minute: 300,
            enrolments_per_minute_per_address: 60,
            uploads: 16,
            poll_seconds: 300,
            free_mib_min: 256,
        }
    }
}

fn default_data() -> PathBuf {
    PathBuf::from("/var/lib/carepack-collector")
}

fn default_agents_listen() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8443))
}

/// A file that is not a sound configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("configuration {path} cannot be read")]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("configuration {path} is not sound")]
    Parse {
        path: PathBuf,
        #[source]
        source: Box<toml::de::Error>,
    },
    #[error("configuration {path}: {key} is {value:?}; {allowed}")]
    Value { path: PathBuf, key: &'static str, value: String, allowed: &'static str },
}

impl ConfigError {
    /// `EX_CONFIG` of sysexits(3): a supervisor should not start us again.
    pub const EXIT: u8 = 78;
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`ConfigError`] names the file and what is wrong in it.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        Self::parse(&text, path)
    }

    /// Checks a file's text; `path` is only named in errors.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|source| ConfigError::Parse {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        match config.mistake() {
            Some((key, value, allowed)) => {
                Err(ConfigError::Value { path: path.to_owned(), key, value, allowed })
            }
            None => Ok(config),
        }
    }

    /// The database's address, the default filled in.
    #[must_use]
    pub fn database_address(&self) -> String {
        self.database
            .clone()
            .unwrap_or_else(|| format!("sqlite:{}", self.data.join("collector.db").display()))
    }

    fn mistake(&self) -> Option<(&'static str, String, &'static str)> {
        let limits = &self.limits;
        let counts = [
            ("limits.connections", limits.connections),
            ("limits.connections_per_address", limits.connections_per_address),
            ("limits.enrolments_per_minute", limits.enrolments_per_minute as usize),
            (
                "limits.enrolments_per_minute_per_address",
                limits.enrolments_per_minute_per_address as usize,
            ),
            ("limits.uploads", limits.uploads),
        ];
        if !self.data.is_absolute() {
            return Some(("data", self.data.display().to_string(), "give an absolute path"));
        }
        if self.agents.public_names.is_empty() {
            let allowed = "name at least one DNS name or IP address that agents use";
            return Some(("agents.public_names", String::new(), allowed));
        }
        if let Some(name) = self.agents.public_names.iter().find(|name| !is_name(name)) {
            let allowed = "give DNS names or IP addresses without scheme and port";
            return Some(("agents.public_names", name.clone(), allowed));
        }
        if !self.people.listen.ip().is_loopback() {
            let allowed = "this version serves people without TLS, so only on loopback; put a \
                           reverse proxy before it";
            return Some(("people.listen", self.people.listen.to_string(), allowed));
        }
        let is_url = |url: &String| {
            let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
            rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(['/', '?', '#', ' ', '@']))
        };
        if let Some(url) = self.people.url.as_ref().filter(|url| !is_url(url)) {
            return Some(("people.url", url.clone(), "give https://HOST or https://HOST:PORT"));
        }
        if !(1..=86_400).contains(&self.notices.period_seconds) {
            let value = self.notices.period_seconds.to_string();
            return Some(("notices.period_seconds", value, "give 1 to 86400"));
        }
        if let Some(mistake) = self.mail.mistake() {
            return Some(mistake);
        }
        if let Some(mistake) = self.feeds.iter().find_map(Feed::mistake) {
            return Some(mistake);
        }
        let mut names: Vec<&str> = self.feeds.iter().map(|feed| feed.name.as_str()).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Some(("feed.name", twice[0].to_owned(), "give each feed its own name"));
        }
        if !(1..=168).contains(&self.advisories.every_hours) {
            let value = self.advisories.every_hours.to_string();
            return Some(("advisories.every_hours", value, "give 1 to 168"));
        }
        if !(5..=86_400).contains(&limits.poll_seconds) {
            let value = limits.poll_seconds.to_string();
            return Some(("limits.poll_seconds", value, "give 5 to 86400"));
        }
        let zero = counts.into_iter().find(|(_, count)| !(1..=1_000_000).contains(count));
        zero.map(|(key, count)| (key, count.to_string(), "give 1 to 1000000"))
    }
}

impl Feed {
    fn mistake(&self) -> Option<(&'static str, String, &'static str)> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-.".contains(&b);
        if !(1..=64).contains(&self.name.len()) || !self.name.bytes().all(plain) {
            let allowed = "give 1 to 64 letters, digits, '-' and '.'";
            return Some(("feed.name", self.name.clone(), allowed));
        }
        if !["https://", "http://"].iter().any(|scheme| self.from.starts_with(scheme)) {
            let allowed = "give an address that begins with https:// or http://; what lies in a \
                           folder is taken in by: carepack-collector advisory import";
            return Some(("feed.from", self.from.clone(), allowed));
        }
        let stream = self.stream.clone().unwrap_or_default();
        let is_stream = ["repo:", "os:"].iter().any(|kind| stream.starts_with(kind));
        if self.kind == FeedKind::Repository && !is_stream {
            let allowed = "say which repository it is: repo:ID or os:ID:MAJOR";
            return Some(("feed.stream", stream, allowed));
        }
        None
    }
}

fn is_name(name: &str) -> bool {
    name.parse::<std::net::IpAddr>().is_ok()
        || (!name.is_empty()
            && name.len() <= 253
            && name.split('.').all(|label| !label.is_empty() && label.len() <= 63)
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(), &str>) {
        let parsed = Config::parse(text, Path::new("collector.toml"));
        match (parsed, expected) {
            (Ok(_), Ok(())) => {}
            (Err(error), Err(part)) => {
                let source = std::error::Error::source(&error);
                let all =
                    format!("{error}: {}", source.map(ToString::to_string).unwrap_or_default());
                assert!(all.contains(part), "{all}");
            }
            (parsed, _) => panic!("{text}: {parsed:?}"),
        }
    }

    #[test]
    fn mistakes_name_their_key() {
        let names = "[agents]\npublic_names = [\"localhost\", \"10.0.0.5\", \"::1\"]\n";
        check(names, Ok(()));
        check("", Err("agents"));
        check("[agents]\npublic_names = []", Err("at least one"));
        check("[agents]\npublic_names = [\"https://x\"]", Err("https://x"));
        check(&format!("dta = \"/x\"\n{names}"), Err("dta"));
        check(&format!("data = \"x\"\n{names}"), Err("absolute"));
        check(&format!("{names}[people]\nlisten = \"0.0.0.0:80\""), Err("loopback"));
        check(&format!("{names}[limits]\nuploads = 0"), Err("limits.uploads"));
        check(&format!("{names}[limits]\npoll_seconds = 1"), Err("poll_seconds"));
        check(&format!("{names}[people]\nurl = \"https://c.kr/x\""), Err("people.url"));
        check(&format!("{names}[notices]\nperiod_seconds = 0"), Err("period_seconds"));
        check(&format!("{names}[mail]\ntransport = \"folder\""), Err("mail.folder"));
        check(&format!("{names}[mail]\ntransport = \"smtp\""), Err("mail.host"));
        let smtp = format!("{names}[mail]\ntransport = \"smtp\"\nhost = \"relay.c.kr\"\n");
        check(&format!("{smtp}from = \"nobody\""), Err("mail.from"));
        check(&format!("{smtp}from = \"a@c.kr\""), Ok(()));
        check(&format!("{smtp}from = \"a@c.kr\"\nuser = \"x\""), Err("password_file"));
        let open = format!("{smtp}from = \"a@c.kr\"\ntls = \"none\"\n");
        check(&open, Ok(()));
        check(&format!("{open}user = \"x\"\npassword_file = \"/p\""), Err("mail.tls"));
        check(&format!("{smtp}from = \"a@c.kr\"\nper_minute = 0"), Err("mail.per_minute"));
        let feed = |name: &str, from: &str, stream: &str| {
            format!(
                "{names}[[feed]]\nname = \"{name}\"\nkind = \"repository\"\nfrom = \"{from}\"\nstream = \"{stream}\"\n"
            )
        };
        check(&feed("a", "https://x/y", "os:rocky:9"), Ok(()));
        check(&feed("a b", "https://x/y", "os:rocky:9"), Err("feed.name"));
        check(&feed("a", "/srv/mirror", "os:rocky:9"), Err("advisory import"));
        check(&feed("a", "https://x/y", ""), Err("feed.stream"));
        let twice = feed("a", "https://x", "repo:b");
        let (_, second) = twice.split_once("[[feed]]").unwrap();
        check(&format!("{twice}[[feed]]{second}"), Err("its own name"));
        check(&format!("{names}[advisories]\nevery_hours = 0"), Err("every_hours"));
    }

    #[test]
    fn the_shipped_file_comments_every_key_with_its_default() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/config/collector.toml");
        let shipped = std::fs::read_to_string(file).unwrap();
        check(&shipped, Ok(()));
        // Every commented key, switched on.
        let all: String = shipped
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(key) if !key.starts_with(' ') && !key.is_empty() => format!("{key}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        check(&all, Ok(()));
        let parsed: toml::Table = all.parse().unwrap();
        for (section, keys) in [
            ("agents", 2),
            ("people", 3),
            ("limits", 7),
            ("advisories", 1),
            ("notices", 1),
            ("mail", 17),
        ] {
            assert_eq!(parsed[section].as_table().unwrap().len(), keys, "{section}");
        }
        assert_eq!(parsed["mail"]["dkim"].as_table().unwrap().len(), 4);
        assert_eq!(parsed["feed"][0].as_table().unwrap().len(), 5);
    }
}
