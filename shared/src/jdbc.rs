//! Addresses of databases in settings: where they lead, without who goes there.
//!
//! Of a JDBC URL only the scheme, hosts, ports, the database and the options of an allow-list are
//! kept; user names and passwords, which stand in many of them, are never taken.

use serde::{Deserialize, Serialize};

/// Longest URL read.
const URL_BYTES_MAX: usize = 4096;
/// Most hosts of one URL.
const HOSTS_MAX: usize = 16;
/// Most options kept.
const OPTIONS_MAX: usize = 40;
/// Longest name or value kept.
const WORD_BYTES_MAX: usize = 200;

/// Where a URL leads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// `mysql`, `oracle`, `postgresql`, …; for `jdbc:mysql:replication:` still `mysql`.
    #[serde(default)]
    pub scheme: String,
    #[serde(default)]
    pub hosts: Vec<Address>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// Options of the allow-list, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<(String, String)>,
}

/// A host and its port, where it is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    pub host: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// Options that are about behaviour: time-outs, TLS, reconnecting, caches.
const OPTIONS: &[&str] = &[
    "allowpublickeyretrieval",
    "autoreconnect",
    "autoreconnectforpools",
    "cacheprepstmts",
    "characterencoding",
    "connecttimeout",
    "encrypt",
    "failoverreadonly",
    "interactiveclient",
    "logintimeout",
    "maxreconnects",
    "preparethreshold",
    "rewritebatchedstatements",
    "servertimezone",
    "sockettimeout",
    "sslmode",
    "targetservertype",
    "tcpkeepalive",
    "trustservercertificate",
    "useserverprepstmts",
    "usessl",
    "useunicode",
    "verifyservercertificate",
];

/// Default ports, where a URL names none.
const PORTS: &[(&str, u16)] = &[
    ("altibase", 20300),
    ("cubrid", 33000),
    ("db2", 50000),
    ("mariadb", 3306),
    ("mysql", 3306),
    ("oracle", 1521),
    ("postgresql", 5432),
    ("sqlserver", 1433),
    ("tibero", 8629),
];

/// The port that a scheme's databases listen on when nobody says otherwise.
#[must_use]
pub fn default_port(scheme: &str) -> Option<u16> {
    PORTS.iter().find(|(name, _)| *name == scheme).map(|&(_, port)| port)
}

/// Reads a URL; none when it is none. A shape that is not known gives the scheme alone.
#[must_use]
pub fn target(url: &str) -> Option<Target> {
    let url = url.trim();
    if url.len() > URL_BYTES_MAX {
        return None;
    }
    let rest = url.strip_prefix("jdbc:")?;
    let (scheme, rest) = rest.split_once(':')?;
    let scheme: String = scheme.to_ascii_lowercase();
    if !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return None;
    }
    let mut target = Target { scheme, ..Target::default() };
    match target.scheme.as_str() {
        "oracle" | "tibero" => oracle(rest, &mut target),
        "cubrid" => cubrid(rest, &mut target),
        _ => slashes(rest, &mut target),
    }
    Some(target)
}

/// `//host:1,host:2/database?a=b&c=d` and `//host:1;databaseName=x;a=b`; without slashes it is a
/// database in the memory or in a file (H2, HSQLDB, Derby).
fn slashes(rest: &str, target: &mut Target) {
    let Some((_, rest)) = rest.split_once("//") else { return };
    let end = rest.find(['/', '?', ';']).unwrap_or(rest.len());
    let (hosts, rest) = rest.split_at(end);
    put_hosts(hosts, target);
    let (path, options) = match rest.find(['?', ';']) {
        Some(at) => (&rest[..at], &rest[at + 1..]),
        None => (rest, ""),
    };
    target.database = name(path.trim_start_matches('/'));
    put_options(options, target);
}

/// `thin:@//host:1/service`, `thin:@host:1:sid`, `thin:@(DESCRIPTION=…)`.
fn oracle(rest: &str, target: &mut Target) {
    // Before the last `@` may stand a user and a password.
    let Some((_, rest)) = rest.rsplit_once('@') else { return };
    if rest.starts_with('(') {
        return described(rest, target);
    }
    let rest = rest.trim_start_matches('/');
    let (hosts, database) = match rest.split_once('/') {
        Some(halves) => halves,
        None => match rest.rsplit_once(':') {
            Some((host, sid)) if sid.parse::<u16>().is_err() => (host, sid),
            _ => (rest, ""),
        },
    };
    put_hosts(hosts, target);
    let end = database.find(['?', ':']).unwrap_or(database.len());
    target.database = name(&database[..end]);
}

/// `(HOST=a)(PORT=1)` pairs, and `(SERVICE_NAME=x)` or `(SID=x)`.
fn described(text: &str, target: &mut Target) {
    for part in text.split('(').take(4 * HOSTS_MAX) {
        let Some((key, value)) = part.split_once('=') else { continue };
        let value = value.trim_end_matches([')', ' ']).trim();
        match key.trim().to_ascii_uppercase().as_str() {
            "HOST" => put_hosts(value, target),
            "PORT" => {
                if let Some(last) = target.hosts.last_mut() {
                    last.port = value.parse().ok();
                }
            }
            "SERVICE_NAME" | "SID" => target.database = name(value),
            _ => {}
        }
    }
}

/// `host:33000:database:user:password:?options`.
fn cubrid(rest: &str, target: &mut Target) {
    let mut fields = rest.split(':');
    let (host, port) = (fields.next().unwrap_or(""), fields.next().unwrap_or(""));
    put_hosts(&format!("{host}:{port}"), target);
    target.database = fields.next().and_then(name);
}

fn put_hosts(text: &str, target: &mut Target) {
    for part in text.split(',') {
        if target.hosts.len() >= HOSTS_MAX {
            break;
        }
        // `user:password@host` of drivers that allow it.
        let part = part.rsplit('@').next().unwrap_or(part).trim();
        let bracketed = part.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let (host, port) = match (bracketed, part.rsplit_once(':')) {
            (Some((host, rest)), _) => (host, rest.trim_start_matches(':')),
            (None, Some(halves)) => halves,
            (None, None) => (part, ""),
        };
        // `host\instance` of SQL Server.
        let host = host.split('\\').next().unwrap_or(host);
        let fits = |c: char| c.is_ascii_alphanumeric() || "._-:${}".contains(c);
        if host.is_empty() || host.len() > WORD_BYTES_MAX || !host.chars().all(fits) {
            continue;
        }
        let port = port.parse().ok().or_else(|| default_port(&target.scheme));
        target.hosts.push(Address { host: host.to_owned(), port });
    }
}

fn put_options(text: &str, target: &mut Target) {
    for part in text.split(['&', ';']) {
        let Some((key, value)) = part.split_once('=') else { continue };
        let (key, value) = (key.trim(), value.trim());
        if key.eq_ignore_ascii_case("databaseName") {
            target.database = name(value);
        } else if OPTIONS.contains(&key.to_ascii_lowercase().as_str())
            && value.len() <= WORD_BYTES_MAX
            && target.options.len() < OPTIONS_MAX
        {
            target.options.push((key.to_owned(), value.to_owned()));
        }
    }
}

/// A database's name; anything that could be more than one is none.
fn name(text: &str) -> Option<String> {
    let fits = |c: char| c.is_alphanumeric() || "._-$#{}".contains(c);
    let is_name = !text.is_empty() && text.len() <= WORD_BYTES_MAX && text.chars().all(fits);
    is_name.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expected: &str) {
        let shown = target(url).map_or_else(
            || "-".to_owned(),
            |target| {
                let hosts: Vec<String> = target
                    .hosts
                    .iter()
                    .map(|at| at.port.map_or(at.host.clone(), |port| format!("{}:{port}", at.host)))
                    .collect();
                let options: Vec<String> =
                    target.options.iter().map(|(key, value)| format!("{key}={value}")).collect();
                let database = target.database.unwrap_or_default();
                let all = [target.scheme, hosts.join(","), database, options.join(" ")];
                all.join("|").trim_end_matches('|').to_owned()
            },
        );
        assert_eq!(shown, expected, "{url}");
        assert!(!shown.contains("hunter2"), "{url}");
    }

    #[test]
    fn addresses_without_who_goes_there() {
        check(
            "jdbc:mysql://10.0.0.5/shop?useSSL=false&user=a&password=hunter2",
            "mysql|10.0.0.5:3306|shop|useSSL=false",
        );
        check("jdbc:mysql:replication://a:3307,b/shop", "mysql|a:3307,b:3306|shop");
        check("jdbc:mysql://u:hunter2@a:3306/shop", "mysql|a:3306|shop");
        check("jdbc:postgresql://[::1]:5433/x", "postgresql|::1:5433|x");
        check(
            "jdbc:sqlserver://s;databaseName=x;user=u;password=hunter2;encrypt=true",
            "sqlserver|s:1433|x|encrypt=true",
        );
        check("jdbc:oracle:thin:scott/hunter2@db1:1521:ORCL", "oracle|db1:1521|ORCL");
        check("jdbc:oracle:thin:@//db1:1522/svc.a", "oracle|db1:1522|svc.a");
        check(
            "jdbc:oracle:thin:@(DESCRIPTION=(ADDRESS=(HOST=a)(PORT=1))(CONNECT_DATA=(SID=X)))",
            "oracle|a:1|X",
        );
        check("jdbc:tibero:thin:@t1:8629:tb", "tibero|t1:8629|tb");
        check("jdbc:cubrid:c1:33000:demo:dba:hunter2:", "cubrid|c1:33000|demo");
        check("jdbc:h2:mem:test;DB_CLOSE_DELAY=-1;PASSWORD=hunter2", "h2");
        check("jdbc:mysql://${db.host}:3306/shop", "mysql|${db.host}:3306|shop");
        check("jdbc:h2:tcp://h1:9092/~/test;PASSWORD=hunter2", "h2|h1:9092");
        check("jdbc:derby:/srv/hunter2", "derby");
        check("jdbc:sqlserver://s\\X:1444;databaseName=x", "sqlserver|s:1444|x");
        check("jdbc:unknown:hunter2", "unknown");
        check("ldap://x", "-");
        check("jdbc:mysql", "-");
    }
}
