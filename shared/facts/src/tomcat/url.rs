//! Where a pool connects to: kind, host, port and database of a JDBC address. Users, passwords
//! and options of the address are dropped.

use serde_json::{Map, Value};

/// Longest word kept of an address.
const WORD_BYTES_MAX: usize = 253;

/// `{"kind", "host", "port", "database", "hosts"}`; only the kind where the rest is no address.
pub fn target(url: &str) -> Map<String, Value> {
    let mut told = Map::new();
    let Some(rest) = url.trim().strip_prefix("jdbc:") else { return told };
    let (kind, rest) = rest.split_once(':').unwrap_or((rest, ""));
    told.insert("kind".to_owned(), word(kind).into());
    let target = match kind {
        "oracle" => oracle(rest),
        "sqlserver" => sqlserver(rest),
        _ => common(rest),
    };
    let Some((hosts, database)) = target else { return told };
    let first = hosts.split(',').next().unwrap_or_default();
    let (host, port) = host_port(first);
    let port = port.or(match kind {
        "mysql" | "mariadb" => Some(3306),
        "postgresql" => Some(5432),
        "oracle" => Some(1521),
        "sqlserver" => Some(1433),
        "cubrid" => Some(33_000),
        _ => None,
    });
    if !host.is_empty() {
        told.insert("host".to_owned(), word(host).into());
        told.insert("hosts".to_owned(), hosts.split(',').count().into());
        told.insert("port".to_owned(), port.into());
        told.insert("database".to_owned(), word(database).into());
    }
    told
}

fn word(text: &str) -> &str {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '$');
    let end = text.find(|c: char| !fits(c) && !matches!(c, '{' | '}')).unwrap_or(text.len());
    &text[..end.min(WORD_BYTES_MAX)]
}

fn host_port(text: &str) -> (&str, Option<i64>) {
    match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => {
            (host.trim_matches(['[', ']']), port.parse().ok())
        }
        _ => (text.trim_matches(['[', ']']), None),
    }
}

/// `//user:secret@host:port,host2/database?options`, with names of drivers' modes before it
/// (`replication:`, `log4jdbc:mysql:`).
fn common(rest: &str) -> Option<(&str, &str)> {
    let (_, rest) = rest.split_once("//")?;
    let rest = rest.split(['?', ';']).next()?;
    let (hosts, database) = rest.split_once('/').unwrap_or((rest, ""));
    let hosts = hosts.rsplit_once('@').map_or(hosts, |(_, hosts)| hosts);
    Some((hosts, database))
}

/// `thin:user/secret@//host:port/service`, `thin:@host:port:sid`.
fn oracle(rest: &str) -> Option<(&str, &str)> {
    let (_, rest) = rest.rsplit_once('@')?;
    let rest = rest.trim_start_matches('/');
    if rest.starts_with('(') {
        let value = |name: &str| {
            let at = rest.to_ascii_uppercase().find(name)? + name.len();
            rest[at..].split(')').next().map(str::trim)
        };
        return Some((value("HOST=")?, value("SERVICE_NAME=").unwrap_or("")));
    }
    if let Some((host, service)) = rest.split_once('/') {
        return Some((host, service));
    }
    Some(rest.rsplit_once(':').filter(|(host, _)| host.contains(':')).unwrap_or((rest, "")))
}

/// `//host:port;databaseName=x;user=…`.
fn sqlserver(rest: &str) -> Option<(&str, &str)> {
    let rest = rest.strip_prefix("//")?;
    let (host, options) = rest.split_once(';').unwrap_or((rest, ""));
    let name = |option: &'_ str| -> Option<usize> {
        option.to_ascii_lowercase().starts_with("databasename=").then_some(13)
    };
    let database = options.split(';').find_map(|option| Some(&option[name(option)?..]));
    Some((host.split('\\').next()?, database.unwrap_or("")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_their_secrets() {
        let check = |url: &str, expected: &str| {
            let told = target(url);
            let text = |key: &str| match told.get(key) {
                Some(Value::String(text)) => text.clone(),
                Some(value) => value.to_string(),
                None => "-".to_owned(),
            };
            let line = ["kind", "host", "port", "database"].map(text).join(" ");
            assert_eq!(line, expected, "{url}");
            assert!(!Value::Object(told).to_string().contains("s3cret"), "{url}");
        };
        check("jdbc:mysql://db01:3307/shop?user=a&password=s3cret", "mysql db01 3307 shop");
        check("jdbc:mariadb:replication://u:s3cret@db1,db2/shop", "mariadb db1 3306 shop");
        check("jdbc:postgresql://[::1]:5433/x", "postgresql ::1 5433 x");
        check("jdbc:oracle:thin:scott/s3cret@//ora:1521/ORCL", "oracle ora 1521 ORCL");
        check("jdbc:oracle:thin:@ora:1522:SID", "oracle ora 1522 SID");
        check(
            "jdbc:oracle:thin:@(DESCRIPTION=(ADDRESS=(HOST=ora1)(PORT=1521))(CONNECT_DATA=(SERVICE_NAME=S)))",
            "oracle ora1 1521 S",
        );
        check("jdbc:sqlserver://ms:1433;databaseName=x;password=s3cret", "sqlserver ms 1433 x");
        check("jdbc:h2:mem:test;PASSWORD=s3cret", "h2 - - -");
        check("s3cret", "- - - -");
        check("jdbc:", " - - -");
    }
}
