//! MySQL and MariaDB: instances, settings in effect, data folders, backups, and what servers say.
//!
//! ```text
//! survey:daemons       [{"product":"mysqld","argv":["/usr/libexec/mysqld"],"unit":"mysqld.service"}]
//! survey:mysql-config  {"files":["/etc/my.cnf","/etc/my.cnf.d/mysql-server.cnf"],"truncated":false}
//! survey:mysql-server  [{"option_file":"/etc/carepack/mysql.cnf","variables":{"port":"3306"},
//!                        "status":{"uptime":"9"},"sections":{"replica":[]}}]
//! ```
//! A setting's value is the server's own where it was asked, else the last one of the files, else
//! the version's built-in default; [`settings`] says which options and defaults those are.

mod instances;
mod servers;
mod settings;
mod told;

use std::cell::RefCell;
use std::collections::BTreeMap;

use carepack_shared::Unseen;
use serde_json::{Value, json};

use crate::my_cnf::{self, DEFAULT_FILES, Server, Source};
use crate::text::base;
use crate::{Evidence, Facts, Missing, Parser, Spec};

use instances::Instance;
use servers::Answer;

const CONFIG: &str = "survey:mysql-config";
const FILES: &str = "survey:mysql-files";
const BACKUPS: &str = "survey:mysql-backups";

pub static PARSER: Parser = Parser {
    name: "mysql",
    facts: &[
        Spec { key: "mysql.instances", unit: "", about: "servers: product, version, port, limits" },
        Spec {
            key: "mysql.settings",
            unit: "",
            about: "per instance: values in effect, and whence",
        },
        Spec { key: "mysql.options", unit: "", about: "every option of a server's files and line" },
        Spec {
            key: "mysql.files",
            unit: "",
            about: "data folders, binary logs, logs: sizes, times",
        },
        Spec { key: "mysql.backups", unit: "", about: "traces of backups, the newest first" },
        Spec { key: "mysql.servers", unit: "", about: "variables and status of servers asked" },
        Spec { key: "mysql.accounts", unit: "", about: "accounts: host, plugin, no password" },
        Spec { key: "mysql.replication", unit: "", about: "replication channels of replicas" },
        Spec { key: "mysql.engines", unit: "", about: "tables and bytes by storage engine" },
        Spec { key: "mysql.charsets", unit: "", about: "tables by character set" },
        Spec { key: "mysql.schemas", unit: "", about: "databases, default character sets" },
        Spec { key: "mysql.without_key", unit: "", about: "tables without a primary key" },
        Spec { key: "mysql.auto_increment", unit: "", about: "counters nearest to their end" },
        Spec { key: "mysql.fragmented", unit: "", about: "tables with the most free space inside" },
    ],
    parse,
};

/// Most options told of all instances.
const OPTIONS_MAX: usize = 2_000;

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let answers = servers::answers(evidence);
    let answered = answers.as_ref().map_or(&[][..], Vec::as_slice);
    for (key, source) in [("mysql.files", FILES), ("mysql.backups", BACKUPS)] {
        let value = evidence.get(source).ok_or(Unseen::Absent).and_then(|seen| seen.json());
        let whole = value.and_then(|value| match (value, key) {
            (Value::Array(_), "mysql.files") | (Value::Object(_), "mysql.backups") => Ok(value),
            _ => Err(Unseen::Malformed),
        });
        facts.set(key, whole.cloned(), source);
    }
    match instances::found(evidence) {
        Ok(found) => configured(evidence, facts, found, answered),
        Err(missing) => {
            facts.hide(&["mysql.instances", "mysql.settings", "mysql.options"], &missing);
        }
    }
    servers::tell(&answers, facts);
}

/// Instances with the settings in effect.
fn configured(
    evidence: &Evidence<'_>,
    facts: &mut Facts,
    mut found: Vec<Instance>,
    answered: &[Answer],
) {
    let mut hidden: Option<Missing> = None;
    let mut options = Vec::new();
    let mut values = Vec::new();
    for instance in &mut found {
        let (server, unseen) = files_of(evidence, instance);
        hidden = hidden.or(unseen);
        let datadir = server.datadir().to_owned();
        let port = server.value("port").and_then(|port| port.parse().ok()).unwrap_or(3306);
        let answer = answered.iter().find(|answer| answer.is_of(&datadir, port));
        if let Some(answer) = answer {
            instance.identify(answer.text("version"), answer.text("version_comment"));
        }
        instance.datadir = datadir;
        instance.answered = answer.is_some();
        let told = settings::of(instance, &server, answer);
        for setting in server.options.values().filter(|s| !settings::is_secret(&s.name)) {
            options.push(json!({
                "instance": instance.name, "product": instance.product,
                "version": instance.version, "name": setting.name, "value": setting.value,
                "file": setting.file, "line": setting.line, "loose": setting.loose,
            }));
        }
        instance.take(&told, &server);
        values.push(instance.settings(&told));
    }
    options.truncate(OPTIONS_MAX);
    let rows: Vec<Value> = found.iter().map(Instance::row).collect();
    facts.put("mysql.instances", rows, instances::DAEMONS);
    match hidden {
        Some(missing) => facts.hide(&["mysql.settings", "mysql.options"], &missing),
        None => {
            let source = if evidence.get(CONFIG).is_some() { CONFIG } else { DEFAULT_FILES[0] };
            facts.put("mysql.settings", values, source);
            facts.put("mysql.options", options, source);
        }
    }
}

/// The options of one instance; beside them, a file that was not seen and could change them.
fn files_of(evidence: &Evidence<'_>, instance: &Instance) -> (Server, Option<Missing>) {
    let unseen: RefCell<Option<Missing>> = RefCell::new(None);
    let looked = RefCell::new(evidence.get(CONFIG).is_some());
    let text = |path: &str| match evidence.text(path) {
        Ok(text) => {
            looked.replace(true);
            Some(text.to_owned())
        }
        // Gone meanwhile, or never there: the server does without it too.
        Err(Unseen::Absent) => {
            looked.replace_with(|before| *before || evidence.is_absent(path));
            None
        }
        Err(reason) => {
            unseen.borrow_mut().get_or_insert(Missing { reason, source: path.to_owned() });
            None
        }
    };
    let names = |dir: &str| {
        let prefix = format!("{dir}/");
        evidence.under(&prefix).map(|(path, _)| base(path).to_owned()).collect()
    };
    let source = Source { text: &text, names: &names };
    let server = my_cnf::server(&instance.argv, &instance.version, &source);
    let list = evidence.get(CONFIG).map(|seen| seen.json());
    let mut missing = unseen.into_inner();
    if let Some(Err(reason)) = list {
        missing.get_or_insert(Missing { reason, source: CONFIG.to_owned() });
    }
    // Whoever did not look at all knows nothing of the files.
    if missing.is_none() && !looked.into_inner() {
        missing = Some(Missing { reason: Unseen::Absent, source: DEFAULT_FILES[0].to_owned() });
    }
    (server, missing)
}

/// Numbers of a version: `8.0.36-28` → [8, 0, 36].
fn numbers(version: &str) -> [u32; 3] {
    let plain = version.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or("");
    let mut parts = plain.split('.').map(|part| part.parse().unwrap_or(0));
    std::array::from_fn(|_| parts.next().unwrap_or(0))
}

/// A row's texts by column.
type Row = BTreeMap<String, String>;

#[cfg(test)]
mod tests;
