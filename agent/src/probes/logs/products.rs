//! Where the products write their own logs: what running instances and their configuration say,
//! and the places of packages, so that the log of a stopped product is read too.
//!
//! A path from a configuration is somebody's word. It has to look like a log's, must not lie where
//! no log does, and is opened like everything else: regular files only. What is in the files is
//! not known here.

use std::collections::BTreeSet;

use carepack_shared::Unseen;
use carepack_shared::product_log::Product;

use super::super::daemons::{self, Daemon};
use super::super::{httpd, jboss, mysql, tomcat};
use crate::host::{Host, Kind};
use crate::logs::{LOGS_MAX, ProductLog, Products};

/// Names looked at of one folder.
const NAMES_MAX: usize = 2_000;
/// Longest path taken.
const PATH_BYTES_MAX: usize = 1_024;

/// Where packages of httpd log; a `*` stands for the rest of a name, also below.
const HTTPD: [&str; 9] = [
    "/var/log/httpd",
    "/var/log/apache2",
    "/var/log/httpd24",
    "/opt/rh/httpd24/root/var/log/httpd",
    "/opt/rh/jbcs-httpd24/root/var/log/httpd",
    "/var/opt/rh/*/log/httpd",
    "/usr/local/apache2/logs",
    "/usr/local/apache/logs",
    "/opt/apache2/logs",
];
/// How the names of error logs end there.
const HTTPD_NAMES: [&str; 3] = ["error_log", "error.log", "mod_jk.log"];
const TOMCAT: [&str; 3] =
    ["/var/log/tomcat*", "/var/opt/rh/*/log/tomcat*", "/var/log/jws*/tomcat*"];
const JBOSS: [&str; 4] =
    ["/var/log/jboss*", "/var/log/wildfly*", "/var/log/eap*", "/var/opt/rh/*/log/jboss*"];
const MYSQLD: [&str; 6] = [
    "/var/log/mysqld.log",
    "/var/log/mariadb/mariadb.log",
    "/var/log/mysql/error.log",
    "/var/log/mysql/mysqld.log",
    "/var/opt/rh/*/log/mysql/mysqld.log",
    "/var/opt/rh/*/log/mariadb/mariadb.log",
];

/// Where no log lies, whatever a configuration says; links of packages lead out of /etc.
const NEVER: [&str; 6] = ["/boot/", "/dev/", "/etc/", "/proc/", "/run/", "/sys/"];

/// Every log of every product.
#[must_use]
pub fn find(host: &Host) -> Products {
    let running = daemons::running(host).unwrap_or_default();
    let mut found = Finder { host, seen: BTreeSet::new(), products: Products::default() };
    found.httpd();
    found.tomcat(&running);
    found.jboss(&running);
    found.mysqld();
    found.products
}

struct Finder<'h> {
    host: &'h Host,
    /// Paths and inodes: links make one file look like several.
    seen: BTreeSet<(String, u64)>,
    products: Products,
}

impl Finder<'_> {
    /// Takes a log that is there, or that may not be looked at; tells whether it is one.
    fn add(&mut self, product: Product, path: &str) -> bool {
        let Some(path) = plausible(self.host, path) else { return false };
        let newest = match path.contains('*') {
            true => newest_of(self.host, &path),
            false => Some(path.clone()),
        };
        let Some(newest) = newest else { return false };
        let inode = match self.host.stat(&newest) {
            Ok(stat) if stat.kind == Kind::File => stat.inode,
            Err(missed) if missed.reason == Unseen::Denied => 0,
            _ => return false,
        };
        let twice = |(known, other): &(String, u64)| *known == path || inode > 0 && *other == inode;
        if self.seen.iter().any(twice) {
            return true;
        }
        if self.products.logs.len() < LOGS_MAX {
            self.seen.insert((path.clone(), inode));
            self.products.logs.push(ProductLog { product, path });
        }
        true
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let names = self.host.list(folder).map(|listing| listing.names).unwrap_or_default();
        names.into_iter().take(NAMES_MAX).collect()
    }

    /// What a pattern with `*` at the end of names stands for.
    fn expand(&self, pattern: &str) -> Vec<String> {
        let mut paths = vec![String::new()];
        for part in pattern.split('/').skip(1) {
            let Some(prefix) = part.strip_suffix('*') else {
                paths.iter_mut().for_each(|path| *path = format!("{path}/{part}"));
                continue;
            };
            let below = paths.iter().flat_map(|path| {
                let names = self.names(path).into_iter();
                names.filter(|name| name.starts_with(prefix)).map(move |n| format!("{path}/{n}"))
            });
            paths = below.take(LOGS_MAX).collect();
        }
        paths
    }

    fn httpd(&mut self) {
        for path in httpd::logs(self.host) {
            self.add(Product::Httpd, &path);
        }
        for folder in HTTPD.iter().flat_map(|pattern| self.expand(pattern)).collect::<Vec<_>>() {
            for name in self.names(&folder) {
                if HTTPD_NAMES.iter().any(|end| name.ends_with(end)) {
                    self.add(Product::Httpd, &format!("{folder}/{name}"));
                }
            }
        }
    }

    fn tomcat(&mut self, running: &[Daemon]) {
        let bases = tomcat::bases(self.host, running);
        let mut complete = true;
        for (base, runs) in &bases {
            let found = self.catalina(&format!("{base}/logs"));
            complete &= found || !runs;
        }
        for folder in TOMCAT.iter().flat_map(|pattern| self.expand(pattern)).collect::<Vec<_>>() {
            self.catalina(&folder);
        }
        self.complete(Product::Tomcat, complete);
    }

    /// One folder's logs. What `catalina.out` holds, the dated files hold too: the former is read
    /// where it is written, as it has what applications print.
    fn catalina(&mut self, folder: &str) -> bool {
        let out = format!("{folder}/catalina.out");
        let dated = format!("{folder}/catalina.*.log");
        let stat = self.host.stat(&out).ok().filter(|stat| stat.size_bytes > 0);
        let newest = newest_of(self.host, &dated).and_then(|path| self.host.stat(&path).ok());
        let stale = stat.zip(newest).is_some_and(|(out, dated)| {
            /// A quiet day of standard output is none of its end.
            const STALE_SECONDS: i64 = 2 * 86_400;
            !self.host.is_recorded() && dated.modified - out.modified > STALE_SECONDS
        });
        let found = match stat.is_some() && !stale {
            true => self.add(Product::Tomcat, &out),
            false => {
                let dated = self.add(Product::Tomcat, &dated);
                self.add(Product::Tomcat, &out) || dated
            }
        };
        // Of the host's container, which has a file of its own: failed requests stand there alone.
        self.add(Product::Tomcat, &format!("{folder}/localhost.*.log"));
        found
    }

    fn jboss(&mut self, running: &[Daemon]) {
        let mut complete = true;
        for daemon in running.iter().filter(|daemon| daemon.product() == "java") {
            if daemon.option("-Djboss.home.dir=").is_none() {
                continue;
            }
            let boot = daemon.option("-Dorg.jboss.boot.log.file=").map(str::to_owned);
            let folder = daemon.option("-Djboss.server.log.dir=");
            let base = daemon.option("-Djboss.server.base.dir=");
            let named = folder.map(|folder| format!("{folder}/server.log"));
            let own = base.map(|base| format!("{base}/log/server.log"));
            let mut found = false;
            for path in [named, boot, own].into_iter().flatten() {
                found |= self.add(Product::Jboss, &path);
            }
            complete &= found;
        }
        for (home, base) in jboss::places(self.host, running) {
            self.add(Product::Jboss, &format!("{base}/log/server.log"));
            for domain in [base, format!("{home}/domain")] {
                for name in ["host-controller.log", "process-controller.log"] {
                    self.add(Product::Jboss, &format!("{domain}/log/{name}"));
                }
                let servers = format!("{domain}/servers");
                for server in self.names(&servers) {
                    self.add(Product::Jboss, &format!("{servers}/{server}/log/server.log"));
                }
            }
        }
        for folder in JBOSS.iter().flat_map(|pattern| self.expand(pattern)).collect::<Vec<_>>() {
            self.add(Product::Jboss, &format!("{folder}/server.log"));
        }
        self.complete(Product::Jboss, complete);
    }

    fn mysqld(&mut self) {
        let servers = mysql::servers(self.host).unwrap_or_default();
        for server in &servers {
            if let Some(path) = server.path("log_error") {
                self.add(Product::Mysqld, &error_log(path));
            }
            let datadir = server.datadir();
            for name in self.names(datadir).iter().filter(|name| name.ends_with(".err")) {
                self.add(Product::Mysqld, &format!("{datadir}/{name}"));
            }
        }
        for path in mysql::safe_logs(self.host) {
            self.add(Product::Mysqld, &error_log(path));
        }
        for path in MYSQLD.iter().flat_map(|pattern| self.expand(pattern)).collect::<Vec<_>>() {
            self.add(Product::Mysqld, &path);
        }
    }

    fn complete(&mut self, product: Product, complete: bool) {
        if complete && self.products.logs.iter().any(|log| log.product == product) {
            self.products.complete.push(product);
        }
    }
}

/// A log that a server names; it adds `.err` where the name has no ending.
fn error_log(path: String) -> String {
    let name = path.rsplit('/').next().unwrap_or_default();
    if name.contains('.') { path } else { format!("{path}.err") }
}

/// The newest file of a log of dated files; the scan decides again when it reads.
fn newest_of(host: &Host, path: &str) -> Option<String> {
    let (folder, name) = path.rsplit_once('/')?;
    let (before, after) = name.split_once('*')?;
    let names = host.list(folder).ok()?.names;
    let dated = |name: &&String| {
        let stamp = name.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        stamp.is_some_and(|stamp| stamp.len() >= 6 && !stamp.contains(char::is_alphabetic))
    };
    names.iter().rev().find(dated).map(|name| format!("{folder}/{name}"))
}

/// A path that may be a log's, the links of its folders followed once: `/etc/httpd/logs` leads to
/// `/var/log/httpd`, which is the name that a deny list has.
fn plausible(host: &Host, path: &str) -> Option<String> {
    let plain = |c: char| !c.is_control() && !matches!(c, '$' | '%' | '|' | '"' | '\'');
    if path.len() > PATH_BYTES_MAX || !path.starts_with('/') || !path.chars().all(plain) {
        return None;
    }
    let (folder, name) = path.rsplit_once('/')?;
    let path = match host.link(folder) {
        Ok(target) if !host.is_recorded() => format!("{}/{name}", joined(folder, &target)),
        _ => format!("{}/{name}", joined("/", folder)),
    };
    let logs = ["log", "err", ".out"].iter().any(|word| name.contains(word));
    let never = NEVER.iter().any(|place| path.starts_with(place));
    (logs && !never).then_some(path)
}

/// Where a link in a folder's place leads, without `.` and `..`.
fn joined(link: &str, target: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    if !target.starts_with('/') {
        let folder = link.rsplit_once('/').map_or("", |(folder, _)| folder);
        parts.extend(folder.split('/').filter(|part| !part.is_empty()));
    }
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.iter().map(|part| format!("/{part}")).collect()
}

#[cfg(test)]
mod tests;
