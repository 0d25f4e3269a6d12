//! Which words are names: what the host's own files and logs call a host or a person.

use std::net::IpAddr;
use std::sync::LazyLock;

use carepack_shared::{Content, Outcome, Snapshot};
use regex::Regex;
use serde_json::Value;

use super::names::Namer;

/// Accounts from here on are people's on every release since RHEL 7 (`login.defs`: `UID_MIN`).
const PEOPLE_UID_MIN: i64 = 1_000;
/// `nobody` and the like.
const PEOPLE_UID_MAX: i64 = 60_000;
/// Most names learned of one kind; more are no longer people or hosts but a directory.
const LEARNED_MAX: usize = 20_000;

/// Where a text itself says that a word is a person's account.
static PERSON: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r#"(?-u)(?:/home/|\bfor (?:invalid user )?|\binvalid user |\br?user=|\bacct="?|"#,
        r#"session (?:opened|closed) for user |sudo(?:\[[0-9]+\])?: +)([A-Za-z_][A-Za-z0-9_.-]{1,31})"#,
        r#"(?P<after>/| from | ?:|[ "(]|$)"#,
    ))
    .expect("the expression is built by a test")
});

/// Where a text itself says that a word is a host.
static HOST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?-u)(?:://(?:[!-.0-?A-~]*@)?|\bring[0-9]_addr: *|\bnode(?:list)?[.:] *name: *)",
        r"([A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?)",
    ))
    .expect("the expression is built by a test")
});

/// Domains that everybody reads: of vendors, of standards.
const PUBLIC: [&str; 23] = [
    "redhat.com",
    "fedoraproject.org",
    "centos.org",
    "rockylinux.org",
    "almalinux.org",
    "oracle.com",
    "mysql.com",
    "mariadb.org",
    "mariadb.com",
    "apache.org",
    "jboss.org",
    "jboss.com",
    "wildfly.org",
    "w3.org",
    "sun.com",
    "jcp.org",
    "jakarta.ee",
    "kernel.org",
    "freedesktop.org",
    "ntp.org",
    "github.com",
    "linbit.com",
    "clusterlabs.org",
];

impl Namer {
    /// Learns the names of a host from what was seen of it.
    pub fn learn(&mut self, snapshot: &Snapshot) {
        self.learn_host(&snapshot.host.hostname);
        for observation in &snapshot.observations {
            let Outcome::Seen { content, .. } = &observation.outcome else { continue };
            match (observation.source.key().as_str(), content) {
                ("/etc/hosts", Content::Text(text)) => self.learn_hosts_file(text),
                ("/etc/resolv.conf", Content::Text(text)) => self.learn_resolver(text),
                ("survey:accounts", Content::Json(value)) => self.learn_accounts(value),
                ("survey:interfaces", Content::Json(value)) => self.learn_interfaces(value),
                _ => {}
            }
            match content {
                Content::Text(text) => self.learn_text(text),
                Content::Json(value) => self.learn_json(value),
                Content::Kept { .. } => {}
            }
        }
        // Accounts that programs run as speak in logs too.
        self.users.retain(|name| !self.programs.contains(name));
    }

    /// A short name, or one with its domain.
    fn learn_host(&mut self, name: &str) {
        let name = name.trim_matches('.').to_ascii_lowercase();
        if self.hosts.len() >= LEARNED_MAX || name.len() < 2 || is_number(&name) {
            return;
        }
        match name.split_once('.') {
            None => {
                self.hosts.insert(name);
            }
            // `hanbit.example`: a domain itself.
            Some((_, rest)) if !rest.contains('.') => {
                self.domains.insert(name);
            }
            Some((label, domain)) => {
                self.hosts.insert(label.to_owned());
                self.domains.insert(domain.to_owned());
            }
        }
    }

    fn learn_hosts_file(&mut self, text: &str) {
        for line in text.lines() {
            let mut words = line.split('#').next().unwrap_or("").split_ascii_whitespace();
            if let Some(address) = words.next().and_then(|word| word.parse::<IpAddr>().ok()) {
                self.addresses.insert(address);
                words
                    .filter(|name| !name.starts_with("localhost"))
                    .for_each(|n| self.learn_host(n));
            }
        }
    }

    fn learn_resolver(&mut self, text: &str) {
        for line in text.lines() {
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("search" | "domain") => {
                    let domains = words.map(str::to_ascii_lowercase).filter(|d| d.contains('.'));
                    self.domains.extend(domains);
                }
                Some("nameserver") => {
                    self.addresses.extend(words.filter_map(|word| word.parse::<IpAddr>().ok()));
                }
                _ => {}
            }
        }
    }

    fn learn_accounts(&mut self, value: &Value) {
        for account in value.as_array().into_iter().flatten().take(LEARNED_MAX) {
            let uid = account["uid"].as_i64().unwrap_or(0);
            let Some(name) = account["name"].as_str() else { continue };
            if (PEOPLE_UID_MIN..PEOPLE_UID_MAX).contains(&uid) {
                self.users.insert(name.to_owned());
            } else {
                self.programs.insert(name.to_owned());
            }
        }
    }

    fn learn_interfaces(&mut self, value: &Value) {
        for interface in value.as_array().into_iter().flatten() {
            let addresses = interface["addresses"].as_array().into_iter().flatten();
            let bare = addresses.filter_map(|address| address.as_str()?.split('/').next());
            self.addresses.extend(bare.filter_map(|bare| bare.parse::<IpAddr>().ok()));
        }
    }

    fn learn_json(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.learn_text(text),
            Value::Array(items) => items.iter().for_each(|item| self.learn_json(item)),
            Value::Object(members) => members.values().for_each(|member| self.learn_json(member)),
            _ => {}
        }
    }

    fn learn_text(&mut self, text: &str) {
        for found in PERSON.captures_iter(text) {
            let (whole, after) = (&found[0], &found["after"]);
            let told = match whole {
                whole if whole.starts_with("/home/") => after != " from ",
                whole if whole.starts_with("for ") => after == " from ",
                whole if whole.starts_with("sudo") => after.ends_with(':'),
                _ => true,
            };
            if told && self.users.len() < LEARNED_MAX {
                self.users.insert(found[1].to_owned());
            }
        }
        for found in HOST.captures_iter(text) {
            let name = found[1].to_ascii_lowercase();
            let beneath = |domain: &&str| {
                let rest = name.strip_suffix(*domain);
                rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            };
            if !name.starts_with("localhost") && !PUBLIC.iter().any(beneath) {
                self.learn_host(&name);
            }
        }
    }
}

/// An address, or a part of one.
fn is_number(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}
