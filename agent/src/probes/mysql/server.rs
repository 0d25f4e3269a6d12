//! What a server says of itself: one client process for each option file, through its local socket.
//!
//! The statements are a list that stands here. They read counters, settings and catalogues: no
//! table of the customer's, no text of a query, no password hash. Of settings and counters only
//! the names in [`super::names`] travel.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use carepack_shared::Unseen;
use serde_json::{Map, Value, json};

use super::super::execute::clean;
use super::names::{COLUMNS, STATUS, VARIABLES};
use super::statements::STATEMENTS;
use crate::host::{Command, Host, Kind, Look, Missed};

/// The option files that a customer may make: `[client]` with `user`, `password` and `socket`.
pub const OPTION_FILE: &str = "/etc/carepack/mysql.cnf";
pub const OPTION_FOLDER: &str = "/etc/carepack/mysql.d";

/// The client of either product; MariaDB's own name first, since its `mysql` is a link to it.
const CLIENTS: [Command; 2] =
    [client("mariadb-client", &["/usr/bin/mariadb"]), client("mysql-client", &["/usr/bin/mysql"])];

/// Most option files asked with.
const SERVERS_MAX: usize = 8;
/// One server's answer; the statements have caps of their own and stay far below.
const OUTPUT_BYTES_MAX: usize = 1024 * 1024;
/// One server's time; a statement is given five seconds by the server itself.
const SERVER_TIME_MAX: Duration = Duration::from_secs(20);
/// All of them together, below the probe's deadline.
const TIME_MAX: Duration = Duration::from_secs(50);
/// Longest value kept, in bytes.
const VALUE_BYTES_MAX: usize = 600;
/// Most rows of one section.
const ROWS_MAX: usize = 200;

const fn client(name: &'static str, argv: &'static [&'static str]) -> Command {
    Command { name, argv, output_bytes_max: OUTPUT_BYTES_MAX, as_nobody: false }
}

/// `[{"option_file","unseen":null or reason,"detail","variables":{},"status":{},
/// "sections":{"replica":[{column: text}]}}]`. A section that the server refused is not there.
pub fn survey(host: &Host) -> Look<Value> {
    let files = option_files(host)?;
    if files.is_empty() {
        let detail = format!("{OPTION_FILE}: no option file, see `carepack-agent probes`");
        return Err(Missed::new(Unseen::Absent, detail));
    }
    let until = Instant::now() + TIME_MAX;
    let one = |file: &String| match ask(host, file, until) {
        Ok(answer) => answer,
        Err(missed) => json!({
            "option_file": file, "unseen": missed.reason.as_str(), "detail": missed.detail,
        }),
    };
    Ok(files.iter().take(SERVERS_MAX).map(one).collect())
}

fn option_files(host: &Host) -> Look<Vec<String>> {
    let mut files = Vec::new();
    match host.stat(OPTION_FILE) {
        Ok(_) => files.push(OPTION_FILE.to_owned()),
        Err(missed) if missed.reason == Unseen::Absent => {}
        Err(missed) => return Err(missed),
    }
    if let Ok(listing) = host.list(OPTION_FOLDER) {
        let own = listing.names.iter().filter(|name| name.ends_with(".cnf"));
        files.extend(own.map(|name| format!("{OPTION_FOLDER}/{name}")));
    }
    Ok(files)
}

fn ask(host: &Host, file: &str, until: Instant) -> Look<Value> {
    safe(host, file)?;
    let deadline = until.min(Instant::now() + SERVER_TIME_MAX);
    let mut output = Vec::new();
    let mut last = Missed::new(Unseen::Absent, "neither mariadb nor mysql is installed");
    for command in &CLIENTS {
        output.clear();
        let ended = host.stream(command, &argv(command, file), deadline, &mut |piece| {
            let room = OUTPUT_BYTES_MAX - output.len();
            output.extend_from_slice(&piece[..piece.len().min(room)]);
            if piece.len() > room { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let answer = answer(&clean(&output));
        // A statement that this server does not know makes the client's status 1, not its answer.
        if answer.contains_key("variables") {
            return Ok(told(file, &answer));
        }
        match ended {
            Ok(()) => last = Missed::new(Unseen::Malformed, format!("{file}: no answer")),
            Err(missed) if missed.reason == Unseen::Absent => continue,
            Err(missed) => last = missed,
        }
        break;
    }
    Err(last)
}

/// An option file holds a password, and tells a privileged client what to load: it is root's
/// alone.
fn safe(host: &Host, file: &str) -> Look<()> {
    let stat = host.stat(file)?;
    if stat.kind != Kind::File {
        return Err(Missed::new(Unseen::Failed, format!("{file}: not a regular file")));
    }
    // A checkout keeps neither owners nor modes.
    if host.is_recorded() {
        return Ok(());
    }
    if stat.uid != 0 {
        let detail = format!("{file}: owned by uid {}, not by root", stat.uid);
        return Err(Missed::new(Unseen::Failed, detail));
    }
    if stat.mode & 0o077 != 0 {
        let detail = format!("{file}: mode {:04o}, others may read it: chmod 0600", stat.mode);
        return Err(Missed::new(Unseen::Failed, detail));
    }
    Ok(())
}

fn argv(command: &Command, file: &str) -> Vec<String> {
    let mut script = String::new();
    for (name, statement) in STATEMENTS {
        if !name.is_empty() {
            script.push_str(&format!("SELECT '#{name}' AS carepack;\n"));
        }
        script.push_str(statement);
        script.push_str(";\n");
    }
    [
        command.argv[0],
        &format!("--defaults-file={file}"),
        "--protocol=socket",
        "--connect-timeout=5",
        // A server may ask its client for files: this one can read them all, and hands out none.
        "--local-infile=0",
        "--batch",
        "--no-auto-rehash",
        "--execute",
        &script,
        // After the statements: `--execute` turns it off.
        "--force",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// One section's rows, each column by its name in lower case.
type Rows = Vec<BTreeMap<String, String>>;

/// Sections by name. In batch mode the client writes the names of columns first, a row a line,
/// columns apart by tabs, and line feeds inside values as `\n`.
fn answer(text: &str) -> BTreeMap<String, Rows> {
    let mut sections: BTreeMap<String, Rows> = BTreeMap::new();
    let mut name = "";
    let mut head: Vec<String> = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line == "carepack"
            && let Some(next) = lines.peek().and_then(|next| next.strip_prefix('#'))
            && STATEMENTS.iter().any(|(section, _)| *section == next)
        {
            name = next;
            head.clear();
            sections.entry(name.to_owned()).or_default();
            lines.next();
            continue;
        }
        if head.is_empty() {
            head = line.split('\t').map(str::to_lowercase).collect();
        } else if let Some(rows) = sections.get_mut(name)
            && (rows.len() < ROWS_MAX || matches!(name, "variables" | "status"))
        {
            let values = line.split('\t').map(cut);
            rows.push(head.iter().cloned().zip(values).collect());
        }
    }
    sections
}

fn cut(value: &str) -> String {
    let end = (0..=value.len().min(VALUE_BYTES_MAX)).rev().find(|at| value.is_char_boundary(*at));
    value[..end.unwrap_or(0)].to_owned()
}

fn told(file: &str, answer: &BTreeMap<String, Rows>) -> Value {
    let map = |section: &str, names: &[&str]| -> Map<String, Value> {
        let rows = answer.get(section).into_iter().flatten();
        let pair = |row: &BTreeMap<String, String>| {
            let name = row.get("variable_name")?.to_lowercase();
            let value = row.get("value")?.clone();
            names.binary_search(&name.as_str()).is_ok().then_some((name, Value::from(value)))
        };
        rows.filter_map(pair).collect()
    };
    let mut sections = Map::new();
    for (name, rows) in answer {
        if matches!(name.as_str(), "variables" | "status") {
            continue;
        }
        let kept = |row: &BTreeMap<String, String>| -> Value {
            let known =
                row.iter().filter(|(name, _)| COLUMNS.binary_search(&name.as_str()).is_ok());
            known.map(|(name, value)| (name.clone(), Value::from(value.clone()))).collect()
        };
        sections.insert(name.clone(), rows.iter().map(kept).collect());
    }
    json!({
        "option_file": file,
        "unseen": null,
        "variables": map("variables", VARIABLES),
        "status": map("status", STATUS),
        "sections": sections,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_in_sections() {
        let text = "carepack\n#variables\nVariable_name\tValue\nport\t3306\nssl_key\t/x\n\
                    report_password\thunter2\ncarepack\n#status\nVariable_name\tValue\nUptime\t9\n\
                    carepack\n#replica\ncarepack\n#accounts\nuser\thost\tno_password\thash\n\
                    a\t%\t1\t*ABCDEF\n";
        let told = told("/f", &answer(text));
        assert_eq!(told["variables"], json!({"port": "3306"}));
        assert_eq!(told["status"], json!({"uptime": "9"}));
        assert_eq!(told["sections"]["replica"], json!([]));
        let account = json!([{"user": "a", "host": "%", "no_password": "1"}]);
        assert_eq!(told["sections"]["accounts"], account);
        assert!(answer("").is_empty() && !answer("x\ny\n").contains_key("variables"));
    }

    #[test]
    fn names_are_sorted_and_none_is_a_secret() {
        for list in [VARIABLES, STATUS, COLUMNS] {
            assert!(list.is_sorted(), "{list:?}");
            let secret = |name: &&&str| {
                name.contains("password") && !name.contains("validate_") && **name != "no_password"
                    || name.contains("authentication_string")
                    || name.contains("_query")
                    || **name == "info"
            };
            assert_eq!(
                list.iter().find(secret).filter(|n| !n.starts_with("slow_query")
                    && !n.starts_with("long_query")
                    && !n.starts_with("have_query")),
                None
            );
        }
    }

    #[test]
    fn the_statements_only_read() {
        for (_, statement) in STATEMENTS {
            let first = statement.split_whitespace().next().unwrap();
            assert!(["SELECT", "SHOW", "SET"].contains(&first), "{statement}");
            assert!(first != "SET" || statement.starts_with("SET SESSION "), "{statement}");
            assert!(!statement.contains(';'), "{statement}");
        }
    }
}
