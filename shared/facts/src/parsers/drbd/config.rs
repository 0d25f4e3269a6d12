//! The configuration of DRBD (drbd.conf(5), versions 8.3, 8.4 and 9), all files as one.
//!
//! ```text
//! common { net { protocol C; } }
//! resource r0 {
//!   device /dev/drbd0; disk /dev/sdb1; meta-disk internal;
//!   on a { address 10.0.0.1:7788; }
//! }
//! ```
//! Settings are told by `section.name`. The shared secret is only said to be there or not; of a
//! handler the program stands, not its arguments.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::state::State;
use crate::text::int;

/// Most tokens of all files: a site with a hundred resources has some ten thousand.
const TOKENS_MAX: usize = 200_000;
/// `resource { connection { net { … } } }` is three.
const DEPTH_MAX: usize = 8;
/// Most resources and most nodes of one.
const RESOURCES_MAX: usize = 300;
const NODES_MAX: usize = 32;

/// Settings by `section.name`.
type Settings = BTreeMap<String, String>;

#[derive(Default)]
pub(super) struct Config {
    common: Settings,
    global: Settings,
    resources: Vec<Resource>,
    tokens: usize,
}

#[derive(Clone, Default)]
pub(super) struct Resource {
    pub name: String,
    pub minors: Vec<i64>,
    file: String,
    device: String,
    backing: String,
    nodes: Vec<(String, String, Option<i64>)>,
    settings: Settings,
    stacked: bool,
}

impl Config {
    /// Adds a file.
    pub(super) fn read(&mut self, file: &str, text: &str) {
        let mut path: Vec<Vec<String>> = Vec::new();
        let mut words: Vec<String> = Vec::new();
        for token in (Tokens { rest: text }) {
            self.tokens += 1;
            if self.tokens > TOKENS_MAX || path.len() > DEPTH_MAX {
                return;
            }
            match token {
                Token::Word(word) => words.push(word),
                Token::Open => {
                    let head = std::mem::take(&mut words);
                    self.open(file, &path, &head);
                    path.push(head);
                }
                Token::End => {
                    let statement = std::mem::take(&mut words);
                    self.statement(&path, &statement);
                }
                Token::Close => {
                    // The last statement of a section may lack its semicolon.
                    let statement = std::mem::take(&mut words);
                    self.statement(&path, &statement);
                    path.pop();
                }
            }
        }
    }

    fn open(&mut self, file: &str, path: &[Vec<String>], head: &[String]) {
        let word = |at: usize| head.get(at).map_or("", String::as_str);
        match (path.len(), word(0)) {
            (0, "resource") if self.resources.len() < RESOURCES_MAX => {
                let (name, file) = (word(1).to_owned(), file.to_owned());
                self.resources.push(Resource { name, file, ..Resource::default() });
            }
            (1, "on") => {
                let nodes = head[1..].iter().filter(|name| name.as_str() != "_this_host");
                for name in nodes {
                    self.node(name, "", None);
                }
            }
            (1, "floating") => {
                let (address, port) = address(&head[1..]);
                self.node(&address, &address, port);
            }
            (1, "stacked-on-top-of") => {
                if let Some(resource) = self.resources.last_mut() {
                    resource.stacked = true;
                }
            }
            _ => {}
        }
    }

    fn node(&mut self, name: &str, address: &str, port: Option<i64>) {
        let Some(resource) = self.resources.last_mut() else { return };
        if let Some(known) = resource.nodes.iter_mut().find(|(known, ..)| known == name) {
            if !address.is_empty() {
                *known = (name.to_owned(), address.to_owned(), port);
            }
        } else if resource.nodes.len() < NODES_MAX {
            resource.nodes.push((name.to_owned(), address.to_owned(), port));
        }
    }

    fn statement(&mut self, path: &[Vec<String>], statement: &[String]) {
        let Some(name) = statement.first() else { return };
        let part =
            |at: usize| path.get(at).and_then(|head| head.first()).map_or("", |w| w.as_str());
        let value = statement.get(1).map_or("yes", String::as_str);
        match part(0) {
            "global" => drop(self.global.insert(name.clone(), value.to_owned())),
            "common" => put(&mut self.common, (part(1), name), value),
            "resource" => self.of_resource(path, statement),
            _ => {}
        }
    }

    fn of_resource(&mut self, path: &[Vec<String>], statement: &[String]) {
        let name = statement[0].as_str();
        let value = statement.get(1).map_or("yes", String::as_str);
        let section = path.last().and_then(|head| head.first()).map_or("", |word| word.as_str());
        match (section, name) {
            ("on", "address") => {
                let (address, port) = address(&statement[1..]);
                let node = path.last().and_then(|head| head.get(1)).cloned().unwrap_or_default();
                return self.node(&node, &address, port);
            }
            ("connection" | "path", "host") => return self.host(statement),
            _ => {}
        }
        let Some(resource) = self.resources.last_mut() else { return };
        match (section, name) {
            ("resource" | "on" | "volume", "device") => resource.device(&statement[1..]),
            ("resource" | "on" | "volume", "disk") => value.clone_into(&mut resource.backing),
            ("resource" | "on" | "volume" | "connection" | "path" | "floating", _) => {
                put(&mut resource.settings, ("", name), value);
            }
            (section, _) => put(&mut resource.settings, (section, name), value),
        }
    }

    /// `host a address 10.0.0.1:7788;` and `host a port 7000;` of a connection.
    fn host(&mut self, statement: &[String]) {
        let Some(name) = statement.get(1) else { return };
        let at = |word: &str| statement.iter().position(|own| own == word);
        match (at("address"), at("port")) {
            (Some(at), _) => {
                let (address, port) = address(&statement[at + 1..]);
                self.node(name, &address, port);
            }
            (None, _) => self.node(name, "", None),
        }
    }

    /// Resources with what is common put in.
    pub(super) fn resources(self) -> Vec<Resource> {
        let (common, global) = (self.common, self.global);
        let usage = global.get("usage-count").cloned();
        let whole = |mut resource: Resource| {
            for (name, value) in &common {
                resource.settings.entry(name.clone()).or_insert_with(|| value.clone());
            }
            if let Some(usage) = &usage {
                resource.settings.insert("global.usage-count".to_owned(), usage.clone());
            }
            resource
        };
        // `resource` is written twice when a file extends what another began.
        let mut list: Vec<Resource> = Vec::new();
        for resource in self.resources.into_iter().map(whole) {
            match list.iter_mut().find(|known| known.name == resource.name) {
                Some(known) => known.settings.extend(resource.settings),
                None => list.push(resource),
            }
        }
        list
    }
}

/// 8.3 wrote `no-disk-flushes;` where later versions have `disk-flushes no;`.
fn put(settings: &mut Settings, (section, name): (&str, &str), value: &str) {
    if name == "shared-secret" {
        settings.insert("net.shared-secret".to_owned(), "set".to_owned());
        return;
    }
    // `syncer` was split into `net` and `disk`; `protocol` moved into `net`, `fencing` in 9 too.
    let (name, value) = match name.strip_prefix("no-") {
        Some(rest) if value == "yes" => (rest, "no"),
        _ => (name, value),
    };
    let section = match (section, name) {
        ("syncer", "verify-alg" | "csums-alg" | "use-rle")
        | ("", "protocol")
        | ("disk", "fencing") => "net",
        ("syncer", _) => "disk",
        (section, _) => section,
    };
    let name = if (section, name) == ("disk", "rate") { "resync-rate" } else { name };
    let value = if section == "handlers" {
        value.split([' ', ';']).next().unwrap_or_default()
    } else {
        value
    };
    settings.insert(format!("{section}.{name}"), value.to_owned());
}

/// `ipv6 [fd00::1]:7788` and `10.0.0.1:7788`.
fn address(words: &[String]) -> (String, Option<i64>) {
    let word = words.iter().find(|word| !word.chars().all(|c| c.is_ascii_alphanumeric()));
    let Some((address, port)) = word.and_then(|word| word.rsplit_once(':')) else {
        return (String::new(), None);
    };
    (address.trim_matches(['[', ']']).to_owned(), int(port))
}

impl Resource {
    /// A device that no configuration names.
    pub(super) fn unnamed(state: &State) -> Self {
        let name = match state.name.as_str() {
            "" => format!("minor {}", state.minor),
            name => name.to_owned(),
        };
        Self { name, minors: vec![state.minor], ..Self::default() }
    }

    fn device(&mut self, words: &[String]) {
        if let Some(path) = words.iter().find(|word| word.starts_with('/')) {
            path.clone_into(&mut self.device);
        }
        let minor = words.iter().position(|word| word == "minor");
        let told = minor.and_then(|at| int(words.get(at + 1)?));
        let named = || int(self.device.rsplit("drbd").next()?);
        if let Some(minor) = told.or_else(named)
            && !self.minors.contains(&minor)
        {
            self.minors.push(minor);
        }
    }

    /// The part of the fact that the configuration tells. What it does not say is null.
    pub(super) fn row(&self) -> Map<String, Value> {
        let text = |name: &str| self.settings.get(name).map(String::as_str);
        let number = |name: &str| text(name).and_then(int);
        let switch = |name: &str| text(name).map(|text| text != "no");
        let nodes = self
            .nodes
            .iter()
            .map(|(name, address, port)| json!({ "name": name, "address": address, "port": port }));
        let handlers = self.settings.iter().filter_map(|(name, value)| {
            Some((name.strip_prefix("handlers.")?.to_owned(), Value::from(value.as_str())))
        });
        let row = json!({
            "name": self.name,
            "configured": !self.file.is_empty(),
            "file": self.file,
            "device": self.device,
            "minors": self.minors,
            "backing_disk": self.backing,
            "stacked": self.stacked,
            "nodes": nodes.collect::<Vec<_>>(),
            "handlers": handlers.collect::<Map<_, _>>(),
            "protocol": text("net.protocol"),
            "fencing": text("net.fencing"),
            "verify_alg": text("net.verify-alg"),
            "csums_alg": text("net.csums-alg"),
            "data_integrity_alg": text("net.data-integrity-alg"),
            "cram_hmac_alg": text("net.cram-hmac-alg"),
            "shared_secret_set": text("net.shared-secret").is_some(),
            "allow_two_primaries": switch("net.allow-two-primaries").unwrap_or(false),
            "after_sb_0pri": text("net.after-sb-0pri"),
            "after_sb_1pri": text("net.after-sb-1pri"),
            "after_sb_2pri": text("net.after-sb-2pri"),
            "timeout": number("net.timeout"),
            "ping_int": number("net.ping-int"),
            "ping_timeout": number("net.ping-timeout"),
            "connect_int": number("net.connect-int"),
            "ko_count": number("net.ko-count"),
            "max_buffers": text("net.max-buffers"),
            "on_io_error": text("disk.on-io-error"),
            "disk_flushes": switch("disk.disk-flushes"),
            "md_flushes": switch("disk.md-flushes"),
            "disk_barrier": switch("disk.disk-barrier"),
            "al_extents": number("disk.al-extents"),
            "resync_rate": text("disk.resync-rate"),
            "c_plan_ahead": number("disk.c-plan-ahead"),
            "c_max_rate": text("disk.c-max-rate"),
            "c_min_rate": text("disk.c-min-rate"),
            "quorum_setting": text("options.quorum"),
            "on_no_quorum": text("options.on-no-quorum"),
            "on_no_data_accessible": text("options.on-no-data-accessible"),
            "wfc_timeout": number("startup.wfc-timeout"),
            "degr_wfc_timeout": number("startup.degr-wfc-timeout"),
            "usage_count": text("global.usage-count"),
        });
        match row {
            Value::Object(row) => row,
            _ => Map::new(),
        }
    }
}

enum Token {
    Word(String),
    Open,
    Close,
    End,
}

struct Tokens<'a> {
    rest: &'a str,
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            self.rest = self.rest.trim_start();
            let first = self.rest.chars().next()?;
            let after = &self.rest[first.len_utf8()..];
            match first {
                '#' => self.rest = after.split_once('\n').map_or("", |(_, rest)| rest),
                '{' | '}' | ';' => {
                    self.rest = after;
                    return Some(match first {
                        '{' => Token::Open,
                        '}' => Token::Close,
                        _ => Token::End,
                    });
                }
                '"' => {
                    let (word, rest) = after.split_once('"').unwrap_or((after, ""));
                    self.rest = rest;
                    return Some(Token::Word(word.to_owned()));
                }
                _ => {
                    let ends = |c: char| c.is_whitespace() || matches!(c, '{' | '}' | ';' | '"');
                    let end = self.rest.find(ends).unwrap_or(self.rest.len());
                    let word = self.rest[..end].to_owned();
                    self.rest = &self.rest[end..];
                    return Some(Token::Word(word));
                }
            }
        }
    }
}
