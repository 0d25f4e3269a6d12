//! Whole hosts in a folder: which logs of products are found there.

use super::*;
use crate::host::testing::{Folder, recorded};

const XML: &str = "<Server/>";

fn stat(pid: u32) -> String {
    format!("{pid} (java) S 1 7 7 0 -1 0 0 0 0 0 2 1 0 0 20 0 3 0 900 4096 25 1844")
}

fn check(host: &Host, expected: &[(Product, &str)]) {
    let found = find(host);
    let seen: Vec<(Product, &str)> =
        found.logs.iter().map(|log| (log.product, log.path.as_str())).collect();
    assert_eq!(seen, expected);
}

#[test]
fn logs_of_running_instances_and_of_packages_are_found_once() {
    let argv =
        "java\0-D[Standalone]\0-Djboss.home.dir=/opt/eap\0-Djboss.server.log.dir=/logs/eap\0";
    let (_folder, host) = recorded(&[
        ("proc/20/stat", &stat(20)),
        ("proc/20/cmdline", "java\0-Dcatalina.base=/srv/t1\0"),
        ("proc/21/stat", &stat(21)),
        ("proc/21/cmdline", argv),
        ("logs/eap/server.log", "x"),
        ("srv/t1/conf/server.xml", XML),
        ("srv/t1/logs/catalina.out", "x"),
        ("srv/t1/logs/catalina.2026-11-05.log", "x"),
        ("srv/t1/logs/localhost.2026-11-05.log", "x"),
        ("var/log/tomcat/catalina.out", ""),
        ("var/log/tomcat/catalina.2026-11-04.log", "x"),
        ("opt/wildfly-26/standalone/configuration/standalone.xml", XML),
        ("opt/wildfly-26/domain/servers/one/log/server.log", "x"),
        ("etc/httpd/conf/httpd.conf", "ErrorLog /logs/www_error.log\nJkLogFile /etc/shadow\n"),
        ("logs/www_error.log", "x"),
        ("etc/shadow", "x"),
        ("var/log/httpd/error_log", "x"),
        ("var/log/httpd/error_log-20261101", "x"),
        ("var/log/httpd/access_log", "x"),
        ("etc/my.cnf", "[mysqld]\nlog_error=/logs/db\n[mysqld_safe]\nlog-error=/logs/safe.log\n"),
        ("logs/db.err", "x"),
        ("logs/safe.log", "x"),
        ("var/lib/mysql/db01.err", "x"),
        ("var/opt/rh/rh-mysql80/log/mysql/mysqld.log", "x"),
    ]);
    use Product::{Httpd, Jboss, Mysqld, Tomcat};
    check(
        &host,
        &[
            (Httpd, "/logs/www_error.log"),
            (Httpd, "/var/log/httpd/error_log"),
            (Tomcat, "/srv/t1/logs/catalina.out"),
            (Tomcat, "/srv/t1/logs/localhost.*.log"),
            (Tomcat, "/var/log/tomcat/catalina.*.log"),
            (Tomcat, "/var/log/tomcat/catalina.out"),
            (Jboss, "/logs/eap/server.log"),
            (Jboss, "/opt/wildfly-26/domain/servers/one/log/server.log"),
            (Mysqld, "/logs/db.err"),
            (Mysqld, "/var/lib/mysql/db01.err"),
            (Mysqld, "/logs/safe.log"),
            (Mysqld, "/var/opt/rh/rh-mysql80/log/mysql/mysqld.log"),
        ],
    );
    assert_eq!(find(&host).complete, [Tomcat, Jboss]);
}

#[test]
fn an_instance_without_a_file_leaves_the_journal_to_tell() {
    let (_folder, host) = recorded(&[
        ("proc/20/stat", &stat(20)),
        ("proc/20/cmdline", "java\0-Dcatalina.base=/srv/t1\0"),
        ("var/log/tomcat/catalina.2026-11-04.log", "x"),
    ]);
    let found = find(&host);
    assert_eq!((found.logs.len(), found.complete.len()), (1, 0));
}

#[test]
fn what_may_not_be_looked_at_stays_in_the_list() {
    let folder = Folder::new("[[deny]]\npath = \"/var/log/mysqld.log\"\n");
    folder.put("root/var/log/mysqld.log", "x");
    check(&folder.host(), &[(Product::Mysqld, "/var/log/mysqld.log")]);
}

#[test]
fn paths_that_are_no_logs_are_refused() {
    let folder = Folder::new("");
    let host = folder.host();
    let check = |path: &str, expected: Option<&str>| {
        assert_eq!(plausible(&host, path).as_deref(), expected, "{path}");
    };
    check("/opt/a/../b/./error_log", Some("/opt/b/error_log"));
    check("/srv/logs/db01.err", Some("/srv/logs/db01.err"));
    check("/srv/catalina.out", Some("/srv/catalina.out"));
    for path in [
        "error_log",
        "/etc/shadow",
        "/etc/log",
        "/srv/../etc/x.log",
        "/proc/self/log",
        "/root/.ssh/id_rsa",
        "/var/log/${HOST}_error.log",
        "/var/log/a\nb.log",
        "",
    ] {
        check(path, None);
    }
}

#[test]
fn a_link_of_a_folder_leads_where_it_says() {
    assert_eq!(joined("/etc/httpd/logs", "../../var/log/httpd"), "/var/log/httpd");
    assert_eq!(joined("/usr/share/tomcat/logs", "/var/log/tomcat"), "/var/log/tomcat");
    assert_eq!(joined("/a", "../../../x"), "/x");
}
