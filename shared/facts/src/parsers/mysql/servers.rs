//! What servers answered: variables, counters and catalogues.
//!
//! A section that is empty because the account may not see it is told as denied, never as empty:
//! the account's privileges say which.

use std::collections::BTreeMap;

use carepack_shared::Unseen;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Row;
use crate::text::{int, pct};
use crate::{Evidence, Facts};

const SERVER: &str = "survey:mysql-server";
/// Facts that come from an answer and nowhere else.
const KEYS: [&str; 9] = [
    "mysql.servers",
    "mysql.accounts",
    "mysql.replication",
    "mysql.engines",
    "mysql.charsets",
    "mysql.schemas",
    "mysql.without_key",
    "mysql.auto_increment",
    "mysql.fragmented",
];
/// Privileges with which a replica's status is shown.
const REPLICATION: [&str; 5] =
    ["REPLICATION CLIENT", "SUPER", "REPLICA MONITOR", "SLAVE MONITOR", "BINLOG MONITOR"];
/// The privilege with which `information_schema` shows every table, column and constraint, and
/// no row: `SELECT` alone hides constraints, `SHOW VIEW` hides columns.
const TABLES: [&str; 1] = ["REFERENCES"];

/// One server's answer.
#[derive(Deserialize)]
pub(super) struct Answer {
    option_file: String,
    unseen: Option<Unseen>,
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    #[serde(default)]
    status: BTreeMap<String, String>,
    #[serde(default)]
    sections: BTreeMap<String, Vec<Row>>,
}

/// The servers that answered.
///
/// # Errors
/// Why none did: no option file, the client is not there, the server refused.
pub(super) fn answers(evidence: &Evidence<'_>) -> Result<Vec<Answer>, Unseen> {
    let asked = evidence.survey::<Vec<Answer>>(SERVER)?;
    let reason = asked.iter().find_map(|answer| answer.unseen);
    let answered: Vec<Answer> = asked
        .into_iter()
        .filter(|answer| answer.unseen.is_none() && !answer.variables.is_empty())
        .collect();
    if answered.is_empty() { Err(reason.unwrap_or(Unseen::Malformed)) } else { Ok(answered) }
}

pub(super) fn tell(answers: &Result<Vec<Answer>, Unseen>, facts: &mut Facts) {
    let answers = match answers {
        Ok(answers) => answers,
        Err(reason) => return facts.miss_all(&KEYS, *reason, SERVER),
    };
    facts.put("mysql.servers", answers.iter().map(Answer::row).collect::<Vec<_>>(), SERVER);
    let all = |facts: &mut Facts, key: &str, of: &dyn Fn(&Answer) -> Option<Vec<Value>>| {
        // One server that does not say leaves the whole list open.
        let rows: Option<Vec<Vec<Value>>> = answers.iter().map(of).collect();
        let rows = rows.map(|rows| rows.into_iter().flatten().collect::<Vec<_>>());
        facts.set(key, rows.ok_or(Unseen::Denied), SERVER);
    };
    all(facts, "mysql.accounts", &Answer::accounts);
    all(facts, "mysql.replication", &Answer::replication);
    all(facts, "mysql.engines", &|a| a.catalogue("engines", &["engine"]));
    all(facts, "mysql.charsets", &|a| a.catalogue("collations", &["charset"]));
    all(facts, "mysql.schemas", &|a| a.catalogue("schemas", &["name", "charset"]));
    all(facts, "mysql.without_key", &|a| a.catalogue("without_key", &["engine"]));
    all(facts, "mysql.auto_increment", &Answer::counters);
    all(facts, "mysql.fragmented", &Answer::fragmented);
}

impl Answer {
    pub(super) fn text(&self, name: &str) -> &str {
        self.variables.get(name).map_or("", String::as_str)
    }

    /// Whether it is the server of this data folder, or where none is told, of this port.
    pub(super) fn is_of(&self, datadir: &str, port: i64) -> bool {
        match self.text("datadir").trim_end_matches('/') {
            "" => int(self.text("port")) == Some(port),
            own => own == datadir,
        }
    }

    fn name(&self) -> String {
        format!("{}:{}", self.text("hostname"), self.text("port"))
    }

    fn section(&self, name: &str) -> &[Row] {
        self.sections.get(name).map_or(&[], Vec::as_slice)
    }

    fn may(&self, privileges: &[&str]) -> bool {
        let own =
            |row: &Row| row.get("privilege").is_some_and(|p| privileges.contains(&p.as_str()));
        self.section("privileges").iter().any(own)
    }

    fn row(&self) -> Value {
        let typed = |map: &BTreeMap<String, String>| -> Map<String, Value> {
            map.iter().map(|(name, text)| (name.clone(), value(text))).collect()
        };
        let first = |name: &str, column: &str| {
            self.section(name).first().and_then(|row| number(row, column))
        };
        let metric = |name: &str| {
            let of = |row: &&Row| row.get("name").is_some_and(|own| own == name);
            self.section("metrics").iter().find(of).and_then(|row| number(row, "number"))
        };
        let counter = |name: &str| self.status.get(name).and_then(|text| int(text));
        json!({
            "server": self.name(),
            "option_file": self.option_file,
            "version": self.text("version"),
            "datadir": self.text("datadir").trim_end_matches('/'),
            "uptime_seconds": counter("uptime"),
            "variables": typed(&self.variables),
            "status": typed(&self.status),
            "transactions": first("transactions", "number"),
            "oldest_transaction_seconds": first("transactions", "oldest_seconds"),
            "longest_query_seconds": first("sessions", "longest_seconds"),
            "waiting_for_lock": first("sessions", "waiting"),
            "history_length":
                counter("innodb_history_list_length").or_else(|| metric("trx_rseg_history_len")),
            "deadlocks": counter("innodb_deadlocks").or_else(|| metric("lock_deadlocks")),
            // Those that are being sent the binary log at the moment.
            "replicas": first("sessions", "replicas"),
        })
    }

    /// Who may come; none when the account has no view of them: there is always an account.
    fn accounts(&self) -> Option<Vec<Value>> {
        let rows = self.section("accounts");
        let one = |row: &Row| {
            let text = |name: &str| row.get(name).map_or("", String::as_str);
            json!({
                "server": self.name(), "user": text("user"), "host": text("host"),
                "plugin": text("plugin"), "no_password": text("no_password") == "1",
            })
        };
        (!rows.is_empty()).then(|| rows.iter().map(one).collect())
    }

    fn replication(&self) -> Option<Vec<Value>> {
        let sections = ["slaves", "replica", "slave"].map(|name| self.section(name));
        let rows = sections.into_iter().find(|rows| !rows.is_empty()).unwrap_or_default();
        if rows.is_empty() && !self.may(&REPLICATION) {
            return None;
        }
        Some(rows.iter().map(|row| self.channel(row)).collect())
    }

    /// A replication channel under one set of names, the older ones included.
    fn channel(&self, row: &Row) -> Value {
        let of = |names: [&str; 2]| names.iter().find_map(|name| row.get(*name));
        let text = |names| of(names).map_or("", String::as_str);
        let lag = of(["seconds_behind_source", "seconds_behind_master"]);
        json!({
            "server": self.name(),
            "channel": text(["channel_name", "connection_name"]),
            "source": text(["source_host", "master_host"]),
            "io": text(["replica_io_running", "slave_io_running"]),
            "sql": text(["replica_sql_running", "slave_sql_running"]),
            "lag_seconds": lag.and_then(|text| int(text)),
            "delay_seconds": number(row, "sql_delay"),
            "io_errno": number(row, "last_io_errno"),
            "io_error": row.get("last_io_error"),
            "sql_errno": number(row, "last_sql_errno"),
            "sql_error": row.get("last_sql_error"),
            "gtid": text(["auto_position", "using_gtid"]),
            "relay_bytes": number(row, "relay_log_space"),
            "tls": text(["source_ssl_allowed", "master_ssl_allowed"]),
        })
    }

    /// Rows of a catalogue with some columns as text and the numbers that every one has.
    fn catalogue(&self, section: &str, texts: &[&str]) -> Option<Vec<Value>> {
        let rows = self.section(section);
        if rows.is_empty() && !self.may(&TABLES) {
            return None;
        }
        let one = |row: &Row| {
            let mut told = self.table(row);
            for name in texts {
                told.insert((*name).to_owned(), row.get(*name).cloned().into());
            }
            for (name, column) in
                [("count", "number"), ("bytes", "bytes"), ("free_bytes", "free_bytes")]
            {
                told.insert(name.to_owned(), number(row, column).into());
            }
            Value::Object(told)
        };
        Some(rows.iter().map(one).collect())
    }

    fn table(&self, row: &Row) -> Map<String, Value> {
        let mut told = Map::new();
        told.insert("server".to_owned(), self.name().into());
        if let (Some(db), Some(name)) = (row.get("db"), row.get("name")) {
            told.insert("table".to_owned(), format!("{db}.{name}").into());
        }
        told
    }

    fn counters(&self) -> Option<Vec<Value>> {
        if !self.may(&TABLES) {
            return None;
        }
        let one = |row: &Row| {
            let largest = largest(row.get("type")?)?;
            let next = number(row, "next")?;
            let mut told = self.table(row);
            told.insert("type".to_owned(), row.get("type").cloned().into());
            told.insert("next".to_owned(), next.into());
            told.insert("used_pct".to_owned(), pct(next, largest).into());
            Some(Value::Object(told))
        };
        Some(self.section("auto_increment").iter().filter_map(one).collect())
    }

    fn fragmented(&self) -> Option<Vec<Value>> {
        if !self.may(&TABLES) {
            return None;
        }
        let one = |row: &Row| {
            let (bytes, free) = (number(row, "bytes")?, number(row, "free_bytes")?);
            let mut told = self.table(row);
            told.insert("engine".to_owned(), row.get("engine").cloned().into());
            told.insert("bytes".to_owned(), bytes.into());
            told.insert("free_bytes".to_owned(), free.into());
            told.insert("free_pct".to_owned(), pct(free, bytes.saturating_add(free)).into());
            Some(Value::Object(told))
        };
        Some(self.section("fragmented").iter().filter_map(one).collect())
    }
}

fn number(row: &Row, column: &str) -> Option<i64> {
    row.get(column).and_then(|text| int(text))
}

/// A number as a number, everything else as text.
fn value(text: &str) -> Value {
    if let Some(number) = int(text) {
        return number.into();
    }
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    match text.parse::<f64>() {
        Ok(number) if plain && number.is_finite() => number.into(),
        _ => text.into(),
    }
}

/// The largest number of a column's type: `int(10) unsigned`.
fn largest(column_type: &str) -> Option<i64> {
    let name = column_type.split(|c: char| !c.is_ascii_alphabetic()).next()?;
    let signed = match name {
        "tinyint" => 127,
        "smallint" => 32_767,
        "mediumint" => 8_388_607,
        "int" | "integer" => 2_147_483_647,
        "bigint" => i64::MAX,
        _ => return None,
    };
    let unsigned = column_type.contains("unsigned");
    Some(if unsigned { i64::saturating_mul(signed, 2).saturating_add(1) } else { signed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_values() {
        for (text, expected) in [
            ("int(11)", Some(2_147_483_647)),
            ("int unsigned", Some(4_294_967_295)),
            ("tinyint(4) unsigned", Some(255)),
            ("bigint unsigned", Some(i64::MAX)),
            ("varchar(9)", None),
        ] {
            assert_eq!(largest(text), expected, "{text}");
        }
        assert_eq!(value("12"), json!(12));
        assert_eq!(value("10.000000"), json!(10.0));
        assert_eq!(value("8.0.36"), json!("8.0.36"));
        assert_eq!(value(""), json!(""));
        assert_eq!(value("-"), json!("-"));
    }
}
