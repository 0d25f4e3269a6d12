//! Which logs are rotated, which are not, where logs are sent, how the journal is bounded.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::text::{assignments, lines};
use crate::{Evidence, Facts, Missing, Parser, Spec};

const ROTATE: &str = "/etc/logrotate.conf";
const ROTATE_FOLDER: &str = "/etc/logrotate.d/";
const RSYSLOG: &str = "/etc/rsyslog.conf";
const RSYSLOG_FOLDER: &str = "/etc/rsyslog.d/";
const JOURNALD: &str = "/etc/systemd/journald.conf";
const JOURNALD_FOLDER: &str = "/etc/systemd/journald.conf.d/";
const SIZES: &str = "survey:log-sizes";

pub static PARSER: Parser = Parser {
    name: "logging_config",
    facts: &[
        Spec { key: "logging.rotated", unit: "", about: "path patterns that logrotate rotates" },
        Spec { key: "logging.largest", unit: "", about: "largest files below /var/log" },
        Spec {
            key: "logging.unrotated",
            unit: "",
            about: "largest files below /var/log that no pattern of logrotate names",
        },
        Spec { key: "logging.remote_targets", unit: "", about: "protocol and host logs go to" },
        Spec { key: "logging.journald", unit: "", about: "settings of journald, drop-ins last" },
    ],
    parse,
};

#[derive(Deserialize)]
struct Large {
    path: String,
    size_bytes: i64,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let rotated = evidence.main_and_folder(ROTATE, ROTATE_FOLDER, "").map(|files| {
        let mut found: Vec<String> = files.iter().flat_map(|(_, text)| patterns(text)).collect();
        found.sort_unstable();
        found.dedup();
        found
    });
    let sizes = evidence.survey::<Vec<Large>>(SIZES);
    let large = |l: &Large| json!({"path": l.path, "size_bytes": l.size_bytes});
    match (&rotated, &sizes) {
        (Ok(patterns), Ok(list)) => {
            let known = |path: &str| patterns.iter().any(|pattern| fits(pattern, path));
            let lone = list.iter().filter(|l| !is_old(&l.path) && !known(&l.path)).map(large);
            facts.put("logging.unrotated", lone.collect::<Vec<_>>(), SIZES);
        }
        (Err(missing), _) => facts.hide(&["logging.unrotated"], missing),
        (_, Err(reason)) => facts.miss("logging.unrotated", *reason, SIZES),
    }
    let largest = sizes.map(|list| list.iter().map(large).collect::<Vec<_>>());
    facts.set("logging.largest", largest, SIZES);
    tell(facts, "logging.rotated", rotated.map(Value::from), ROTATE);
    let targets = evidence.main_and_folder(RSYSLOG, RSYSLOG_FOLDER, ".conf").map(|files| {
        Value::from(files.iter().flat_map(|(_, text)| targets(text)).collect::<Vec<_>>())
    });
    tell(facts, "logging.remote_targets", targets, RSYSLOG);
    let journald = evidence.main_and_folder(JOURNALD, JOURNALD_FOLDER, ".conf").map(|files| {
        let mut merged = Map::new();
        files.iter().for_each(|(_, text)| merged.extend(assignments(text)));
        Value::from(merged)
    });
    tell(facts, "logging.journald", journald, JOURNALD);
}

fn tell(facts: &mut Facts, key: &str, seen: Result<Value, Missing>, source: &str) {
    match seen {
        Ok(value) => facts.put(key, value, source),
        Err(missing) => facts.hide(&[key], &missing),
    }
}

/// Absolute paths before a block: `"/var/log/a b.log" /var/log/httpd/*log {`.
fn patterns(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside = false;
    for line in lines(text) {
        let (before, opens) = match line.split_once('{') {
            Some((before, _)) => (before, true),
            None => (line, false),
        };
        if !inside {
            let words = before.split_whitespace().map(|word| word.trim_matches('"'));
            found.extend(words.filter(|word| word.starts_with('/')).map(str::to_owned));
        }
        inside = (inside || opens) && !line.contains('}');
    }
    found
}

/// What logrotate leaves behind, and what others rotate themselves.
fn is_old(path: &str) -> bool {
    // Pacemaker, audit and the login records keep their own bounds.
    const OWN: [&str; 4] =
        ["/var/log/audit/", "/var/log/sa/", "/var/log/lastlog", "/var/log/tallylog"];
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name.rsplit(['.', '-']).next().unwrap_or_default();
    let dated = ending.len() >= 8 && ending.bytes().all(|b| b.is_ascii_digit());
    let numbered = !ending.is_empty() && ending.bytes().all(|b| b.is_ascii_digit());
    let packed = matches!(ending, "gz" | "xz" | "bz2" | "zst" | "old");
    dated || numbered || packed || OWN.iter().any(|own| path.starts_with(own))
}

/// A shell pattern with `*` and `?`, which stop at a slash.
fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), path.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < path.len() {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p, t));
                p += 1;
            }
            Some(c) if *c == path[t] || (*c == '?' && path[t] != '/') => (p, t) = (p + 1, t + 1),
            _ => match retry {
                Some((star, at)) if path[at] != '/' => {
                    retry = Some((star, at + 1));
                    (p, t) = (star + 1, at + 1);
                }
                _ => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// `@@host:514` is TCP, `@host` UDP; `action(type="omfwd" target="…" protocol="tcp")`.
fn targets(text: &str) -> Vec<Value> {
    let target = |line: &str| {
        if line.contains("\"omfwd\"") {
            let part = |name: &str| {
                let rest = line.to_lowercase();
                let rest = rest.split_once(&format!("{name}=\""))?.1.to_owned();
                rest.split_once('"').map(|(value, _)| value.to_owned())
            };
            let protocol = part("protocol").unwrap_or_else(|| "udp".to_owned());
            return Some(json!({"host": part("target")?, "protocol": protocol}));
        }
        let word = line.split_whitespace().last()?;
        let (host, protocol) = match word.strip_prefix("@@") {
            Some(host) => (host, "tcp"),
            None => (word.strip_prefix('@')?, "udp"),
        };
        let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
        let host = host.split(')').next_back().unwrap_or(host);
        (!host.is_empty()).then(|| json!({"host": host, "protocol": protocol}))
    };
    lines(text).filter_map(target).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_before_a_block() {
        let text = "weekly\ninclude /etc/logrotate.d\n/var/log/messages\n\"/var/log/a.log\" {\n postrotate\n /bin/kill\n endscript\n}\n/var/log/httpd/*log { daily }\n";
        // `include` names a folder, which fits no file.
        let expected =
            ["/etc/logrotate.d", "/var/log/messages", "/var/log/a.log", "/var/log/httpd/*log"];
        assert_eq!(patterns(text), expected);
    }

    #[test]
    fn shell_patterns() {
        let check = |pattern, path, expected| assert_eq!(fits(pattern, path), expected, "{path}");
        check("/var/log/httpd/*log", "/var/log/httpd/access_log", true);
        check("/var/log/*log", "/var/log/httpd/access_log", false);
        check("/var/log/a?.log", "/var/log/ab.log", true);
        check("*", "/var", false);
        check("", "/var", false);
    }

    #[test]
    fn rotated_files_and_targets() {
        assert!(is_old("/var/log/messages-20261101") && is_old("/var/log/a.log.1.gz"));
        assert!(!is_old("/var/log/app/app.log"));
        let text = "*.* @@log.example.com:514\n*.info @10.0.0.9\naction(type=\"omfwd\" Target=\"h\" protocol=\"tcp\")\nmail.* -/var/log/maillog\n";
        let expected = r#"[{"host":"log.example.com","protocol":"tcp"},{"host":"10.0.0.9","protocol":"udp"},{"host":"h","protocol":"tcp"}]"#;
        assert_eq!(Value::from(targets(text)).to_string(), expected);
    }
}
