//! Which files of an archive are the products' own logs, by their paths.
//!
//! ```text
//! var/log/httpd/error_log-20261101      opt/tomcat/logs/catalina.2026-11-05.log
//! var/log/mariadb/mariadb.log           opt/jboss-eap-7.4/standalone/log/server.log.2026-11-04
//! ```
//! Packed ones are left out: both tools unpack nothing, and bring few.

use carepack_shared::product_log::Product;

/// The ends of folders in which MySQL and MariaDB log, and the names there.
const MYSQLD: [(&str, &str); 5] = [
    ("var/log", "mysqld.log"),
    ("var/log/mariadb", "mariadb.log"),
    ("var/log/mysql", "error.log"),
    ("var/log/mysql", "mysqld.log"),
    ("log/mysql", "mysqld.log"),
];
/// Words of the folders in which the others log.
const HTTPD: [&str; 2] = ["httpd", "apache2"];
const TOMCAT: [&str; 2] = ["tomcat", "jws"];
const JBOSS: [&str; 5] = ["jboss", "wildfly", "eap", "/standalone/", "/servers/"];

/// Whose log a path below the root copy is.
pub fn product_of(path: &str) -> Option<Product> {
    let (folder, file) = path.rsplit_once('/')?;
    let within = |words: &[&str]| words.iter().any(|word| folder.contains(word));
    let below = |name: &str| file.strip_prefix(name).is_some_and(is_turned);
    let error_log = |end: &str| {
        let rest = file.find(end).map(|at| &file[at + end.len()..]);
        rest.is_some_and(is_turned)
    };
    if within(&HTTPD) && (error_log("error_log") || error_log("error.log")) {
        return Some(Product::Httpd);
    }
    if within(&TOMCAT) && (below("catalina.out") || is_dated(file)) {
        return Some(Product::Tomcat);
    }
    if within(&JBOSS) && below("server.log") {
        return Some(Product::Jboss);
    }
    let mysqld = |&(end, name): &(&str, &str)| {
        let above = folder.strip_suffix(end);
        above.is_some_and(|above| above.is_empty() || above.ends_with('/')) && below(name)
    };
    MYSQLD.iter().any(mysqld).then_some(Product::Mysqld)
}

/// Whether a log tells again what its neighbour, `catalina.out`, holds.
pub fn is_told_by(path: &str) -> Option<String> {
    let (folder, file) = path.rsplit_once('/')?;
    (file.starts_with("catalina.") && is_dated(file)).then(|| format!("{folder}/catalina.out"))
}

/// Nothing, or what rotation adds: `-20261101`, `.2026-11-04`, `.1`.
fn is_turned(rest: &str) -> bool {
    let number = |rest: &str| rest.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.'));
    rest.is_empty() || rest.starts_with(['-', '.']) && rest.len() > 1 && number(&rest[1..])
}

/// `catalina.2026-11-05.log`, `localhost.2026-11-05.log`.
fn is_dated(file: &str) -> bool {
    let rest = ["catalina.", "localhost."].iter().find_map(|name| file.strip_prefix(name));
    let date = rest.and_then(|rest| rest.strip_suffix(".log"));
    date.is_some_and(|date| {
        date.len() >= 8 && date.bytes().all(|b| b.is_ascii_digit() || b == b'-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_known_by_their_paths() {
        let check = |path: &str, expected| assert_eq!(product_of(path), expected, "{path}");
        check("var/log/httpd/error_log", Some(Product::Httpd));
        check("var/log/httpd/ssl_error_log-20261101", Some(Product::Httpd));
        check("var/log/httpd/access_log", None);
        check("var/log/httpd/error_log.gz", None);
        check("var/log/apache2/error.log.1", Some(Product::Httpd));
        check("var/log/tomcat/catalina.out", Some(Product::Tomcat));
        check("opt/tomcat9/logs/localhost.2026-11-05.log", Some(Product::Tomcat));
        check("opt/tomcat9/logs/localhost_access_log.2026-11-05.txt", None);
        check("opt/jboss-eap-7.4/standalone/log/server.log.2026-11-04", Some(Product::Jboss));
        check("opt/eap/domain/servers/one/log/server.log", Some(Product::Jboss));
        check("var/log/mysqld.log", Some(Product::Mysqld));
        check("var/opt/rh/rh-mysql80/log/mysql/mysqld.log", Some(Product::Mysqld));
        check("var/log/mariadb/mariadb.log-20261101", Some(Product::Mysqld));
        check("var/log/messages", None);
        check("error_log", None);
    }
}
