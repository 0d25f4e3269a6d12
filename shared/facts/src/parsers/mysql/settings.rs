//! The settings that rules look at: their kinds, and the built-in defaults by version.
//!
//! Defaults are those of the reference manuals (dev.mysql.com/doc/refman, "Server System
//! Variables" and "InnoDB Startup Options"; mariadb.com/kb, "Server System Variables"), read in
//! November 2026. Where packages bring values of their own these stand in their option files.

use std::collections::BTreeMap;

use serde_json::Value;

use super::instances::Instance;
use super::numbers;
use super::servers::Answer;
use super::told::Told;
use crate::my_cnf::{Server, Setting};

#[derive(Clone, Copy)]
enum Kind {
    Bool,
    Int,
    Number,
    /// Bytes; files write `8G`.
    Size,
    Text,
}

/// Name, kind, defaults of MySQL and of MariaDB: `version since:value`, the newest first.
const KNOWN: &[(&str, Kind, &str, &str)] = &[
    ("basedir", Kind::Text, "", ""),
    ("bind_address", Kind::Text, "0:*", "0:*"),
    ("binlog_cache_size", Kind::Size, "0:32768", "0:32768"),
    ("binlog_expire_logs_seconds", Kind::Int, "8.0.11:2592000;0:0", "0:0"),
    ("binlog_format", Kind::Text, "5.7.7:ROW;0:STATEMENT", "10.2.4:MIXED;0:STATEMENT"),
    ("character_set_server", Kind::Text, "8.0.1:utf8mb4;0:latin1", "11.6:utf8mb4;0:latin1"),
    ("collation_server", Kind::Text, "", ""),
    ("connect_timeout", Kind::Int, "0:10", "0:10"),
    (
        "default_authentication_plugin",
        Kind::Text,
        "8.0.4:caching_sha2_password;0:mysql_native_password",
        "",
    ),
    ("default_storage_engine", Kind::Text, "5.5:InnoDB", "5.5:InnoDB"),
    ("expire_logs_days", Kind::Int, "0:0", "0:0"),
    ("general_log", Kind::Bool, "0:false", "0:false"),
    ("gtid_mode", Kind::Text, "5.6:OFF", ""),
    ("gtid_strict_mode", Kind::Bool, "", "10.0:false"),
    ("innodb_buffer_pool_size", Kind::Size, "0:134217728", "0:134217728"),
    (
        "innodb_checksum_algorithm",
        Kind::Text,
        "5.7.7:crc32;5.6:innodb",
        "10.5:full_crc32;10.0:crc32",
    ),
    ("innodb_doublewrite", Kind::Text, "0:ON", "0:ON"),
    ("innodb_fast_shutdown", Kind::Int, "0:1", "0:1"),
    ("innodb_file_per_table", Kind::Bool, "5.6:true;0:false", "0:true"),
    ("innodb_flush_log_at_trx_commit", Kind::Int, "0:1", "0:1"),
    ("innodb_flush_method", Kind::Text, "8.4:O_DIRECT;0:fsync", "10.6:O_DIRECT;0:fsync"),
    ("innodb_force_recovery", Kind::Int, "0:0", "0:0"),
    ("innodb_io_capacity", Kind::Int, "8.4:10000;0:200", "0:200"),
    (
        "innodb_log_buffer_size",
        Kind::Size,
        "8.4:67108864;5.7:16777216;0:8388608",
        "10.2:16777216;0:8388608",
    ),
    (
        "innodb_log_file_size",
        Kind::Size,
        "5.6.8:50331648;0:5242880",
        "10.5:100663296;10.0:50331648;0:5242880",
    ),
    ("innodb_log_files_in_group", Kind::Int, "0:2", "10.5:1;0:2"),
    ("innodb_print_all_deadlocks", Kind::Bool, "0:false", "0:false"),
    ("innodb_redo_log_capacity", Kind::Size, "8.0.30:104857600;0:0", "0:0"),
    ("innodb_strict_mode", Kind::Bool, "5.7.7:true;0:false", "10.2:true;0:false"),
    ("interactive_timeout", Kind::Int, "0:28800", "0:28800"),
    ("join_buffer_size", Kind::Size, "0:262144", "10.1:262144;0:131072"),
    ("key_buffer_size", Kind::Size, "0:8388608", "0:134217728"),
    ("local_infile", Kind::Bool, "8.0.2:false;0:true", "0:true"),
    ("log_bin", Kind::Bool, "8.0.3:true;0:false", "0:false"),
    ("log_error", Kind::Text, "", ""),
    ("log_slave_updates", Kind::Bool, "8.0.3:true;0:false", "0:false"),
    ("long_query_time", Kind::Number, "0:10", "0:10"),
    (
        "max_allowed_packet",
        Kind::Size,
        "8.0.3:67108864;5.6.6:4194304;0:1048576",
        "10.2.4:16777216;0:1048576",
    ),
    ("max_connect_errors", Kind::Int, "5.6.6:100;0:10", "0:100"),
    ("max_connections", Kind::Int, "0:151", "0:151"),
    ("max_heap_table_size", Kind::Size, "0:16777216", "0:16777216"),
    ("old_passwords", Kind::Text, "0:0", "0:0"),
    ("open_files_limit", Kind::Int, "", ""),
    ("performance_schema", Kind::Bool, "5.6.6:true;0:false", "0:false"),
    ("port", Kind::Int, "0:3306", "0:3306"),
    ("query_cache_size", Kind::Size, "8.0.3:0;5.6.8:1048576;0:0", "10.1.7:1048576;0:0"),
    ("query_cache_type", Kind::Text, "8.0.3:OFF;5.6.8:OFF;0:ON", "10.1.7:OFF;0:ON"),
    ("read_buffer_size", Kind::Size, "0:131072", "0:131072"),
    ("read_only", Kind::Bool, "0:false", "0:false"),
    ("read_rnd_buffer_size", Kind::Size, "0:262144", "0:262144"),
    ("relay_log_recovery", Kind::Bool, "0:false", "0:false"),
    ("require_secure_transport", Kind::Bool, "0:false", "0:false"),
    ("rpl_semi_sync_master_enabled", Kind::Bool, "0:false", "0:false"),
    ("rpl_semi_sync_slave_enabled", Kind::Bool, "0:false", "0:false"),
    ("secure_auth", Kind::Text, "5.6.5:ON;0:OFF", "10.1.7:ON;0:OFF"),
    ("secure_file_priv", Kind::Text, "0:/var/lib/mysql-files", ""),
    ("server_id", Kind::Int, "8.0.3:1;0:0", "10.2.2:1;0:0"),
    ("skip_grant_tables", Kind::Bool, "0:false", "0:false"),
    ("skip_name_resolve", Kind::Bool, "0:false", "0:false"),
    ("skip_networking", Kind::Bool, "0:false", "0:false"),
    ("slave_parallel_workers", Kind::Int, "8.0.27:4;0:0", "0:0"),
    ("slave_skip_errors", Kind::Text, "0:OFF", "0:OFF"),
    ("slow_query_log", Kind::Bool, "0:false", "0:false"),
    ("socket", Kind::Text, "0:/var/lib/mysql/mysql.sock", "0:/var/lib/mysql/mysql.sock"),
    ("sort_buffer_size", Kind::Size, "5.6.4:262144;0:2097152", "0:2097152"),
    (
        "sql_mode",
        Kind::Text,
        "5.7.5:STRICT_TRANS_TABLES;0:NO_ENGINE_SUBSTITUTION",
        "10.2.4:STRICT_TRANS_TABLES;0:NO_ENGINE_SUBSTITUTION",
    ),
    ("super_read_only", Kind::Bool, "5.7.8:false", "0:false"),
    ("symbolic_links", Kind::Text, "", ""),
    ("sync_binlog", Kind::Int, "5.7.7:1;0:0", "0:0"),
    ("table_definition_cache", Kind::Int, "", ""),
    ("table_open_cache", Kind::Int, "8.0.4:4000;5.6.8:2000;0:400", "10.1.7:2000;0:400"),
    ("thread_cache_size", Kind::Int, "", ""),
    ("thread_stack", Kind::Size, "8.0:1048576;0:262144", "0:299008"),
    ("tls_version", Kind::Text, "", ""),
    ("tmp_table_size", Kind::Size, "0:16777216", "0:16777216"),
    ("tmpdir", Kind::Text, "0:/tmp", "0:/tmp"),
    ("transaction_isolation", Kind::Text, "0:REPEATABLE-READ", "0:REPEATABLE-READ"),
    ("user", Kind::Text, "0:mysql", "0:mysql"),
    ("wait_timeout", Kind::Int, "0:28800", "0:28800"),
];

/// Older and newer names of the same thing.
const SAME: [(&str, &str); 12] = [
    ("default_character_set", "character_set_server"),
    ("innodb_buffer_pool", "innodb_buffer_pool_size"),
    ("key_buffer", "key_buffer_size"),
    ("log_replica_updates", "log_slave_updates"),
    ("log_slow_queries", "slow_query_log"),
    ("log_slow_query", "slow_query_log"),
    ("log_slow_query_time", "long_query_time"),
    ("replica_parallel_workers", "slave_parallel_workers"),
    ("rpl_semi_sync_replica_enabled", "rpl_semi_sync_slave_enabled"),
    ("rpl_semi_sync_source_enabled", "rpl_semi_sync_master_enabled"),
    ("table_cache", "table_open_cache"),
    ("tx_isolation", "transaction_isolation"),
];

/// Options whose value is a secret or may hold one: their names are told, never their values.
const SECRETS: [&str; 6] =
    ["password", "passwd", "secret", "wsrep_sst_auth", "init_connect", "init_file"];

pub(super) fn is_secret(name: &str) -> bool {
    SECRETS.iter().any(|word| name.contains(word))
}

/// The settings of one instance.
pub(super) fn of(instance: &Instance, server: &Server, answer: Option<&Answer>) -> Told {
    let mut told = Told::default();
    let defaults = defaults(instance);
    for (name, kind, ..) in KNOWN {
        if let Some(value) = answer.and_then(|answer| asked(answer, name, *kind)) {
            told.put(name, value, "server".to_owned());
        } else if let Some((value, setting)) = written(server, name, *kind) {
            told.put(name, value, place(setting));
        } else if let Some(value) = defaults.get(name) {
            told.put(name, value.clone(), "default".to_owned());
        }
    }
    told
}

/// Every name under which a setting may stand, its own first.
fn names(name: &'static str) -> impl Iterator<Item = &'static str> {
    let others = SAME.iter().filter(move |(_, own)| *own == name).map(|(other, _)| *other);
    std::iter::once(name).chain(others)
}

fn asked(answer: &Answer, name: &'static str, kind: Kind) -> Option<Value> {
    names(name).find_map(|name| answer.variables.get(name)).and_then(|text| typed(text, kind))
}

fn written<'s>(server: &'s Server, name: &'static str, kind: Kind) -> Option<(Value, &'s Setting)> {
    // `skip_log_bin` and `disable_log_bin` take back what stands before them.
    let off = ["skip_", "disable_"].iter().find_map(|p| server.options.get(&format!("{p}{name}")));
    if let Some(setting) = off
        && matches!(kind, Kind::Bool)
    {
        return Some((Value::Bool(false), setting));
    }
    let setting = names(name).find_map(|name| server.options.get(name))?;
    let text = setting.value.as_str();
    // A base name of binary logs, or an option that stands alone, turns it on.
    let path = name == "log_bin" && typed(text, kind).is_none();
    let alone = text.is_empty() && matches!(kind, Kind::Bool);
    let value = if path || alone { Value::Bool(true) } else { typed(text, kind)? };
    Some((value, setting))
}

fn place(setting: &Setting) -> String {
    if setting.line == 0 {
        setting.file.clone()
    } else {
        format!("{}:{}", setting.file, setting.line)
    }
}

fn defaults(instance: &Instance) -> BTreeMap<&'static str, Value> {
    let version = numbers(&instance.version);
    let mut found = BTreeMap::new();
    if instance.version.is_empty() {
        return found;
    }
    for (name, kind, mysql, maria) in KNOWN {
        let list = if instance.product == "mariadb" { maria } else { mysql };
        let fits = list.split(';').filter_map(|one| one.split_once(':'));
        let value = fits.filter(|(since, _)| numbers(since) <= version).map(|(_, value)| value);
        if let Some(value) = value.take(1).find_map(|value| typed(value, *kind)) {
            found.insert(*name, value);
        }
    }
    found
}

fn typed(text: &str, kind: Kind) -> Option<Value> {
    let text = text.trim();
    match kind {
        Kind::Bool => match text.to_ascii_lowercase().as_str() {
            "1" | "on" | "true" | "yes" => Some(Value::Bool(true)),
            "0" | "off" | "false" | "no" => Some(Value::Bool(false)),
            _ => None,
        },
        // MariaDB shows days as `14.000000`.
        Kind::Int => text
            .trim_end_matches('0')
            .strip_suffix('.')
            .unwrap_or(text)
            .parse::<i64>()
            .ok()
            .map(Value::from),
        Kind::Number => text.parse::<f64>().ok().filter(|n| n.is_finite()).map(Value::from),
        Kind::Size => size(text).map(Value::from),
        Kind::Text => Some(Value::from(text)),
    }
}

/// Bytes of `512M`; a number too large for the type becomes the largest.
fn size(text: &str) -> Option<i64> {
    let (number, unit) = match text.char_indices().last()? {
        (at, unit) if unit.is_ascii_alphabetic() => (&text[..at], unit.to_ascii_uppercase()),
        _ => (text, ' '),
    };
    let shift = match unit {
        ' ' => 0,
        'K' => 10,
        'M' => 20,
        'G' => 30,
        'T' => 40,
        'P' => 50,
        _ => return None,
    };
    let large = || number.trim().parse::<u64>().ok().map(|_| i64::MAX);
    let number = number.trim().parse::<i64>().ok().or_else(large)?;
    Some(number.saturating_mul(1 << shift))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_its_defaults_can_be_read() {
        assert!(KNOWN.is_sorted_by_key(|(name, ..)| *name));
        for (name, kind, mysql, maria) in KNOWN {
            for one in [mysql, maria].iter().flat_map(|list| list.split(';')) {
                let value = one.split_once(':').map(|(_, value)| value);
                assert!(
                    one.is_empty() || value.is_some_and(|v| typed(v, *kind).is_some()),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn whole_numbers() {
        for (text, expected) in [
            ("14", Some(14)),
            ("14.000000", Some(14)),
            ("100", Some(100)),
            ("0.5", None),
            ("", None),
        ] {
            assert_eq!(typed(text, Kind::Int), expected.map(Value::from), "{text}");
        }
    }

    #[test]
    fn sizes() {
        for (text, expected) in [
            ("8G", Some(8 << 30)),
            ("512k", Some(524_288)),
            ("134217728", Some(134_217_728)),
            ("18446744073709551615", Some(i64::MAX)),
            ("9999999999P", Some(i64::MAX)),
            ("x", None),
            ("", None),
            ("1 G", Some(1 << 30)),
            ("한", None),
        ] {
            assert_eq!(size(text), expected, "{text}");
        }
    }
}
