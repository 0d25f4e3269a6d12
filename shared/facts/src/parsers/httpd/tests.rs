//! Facts of literal configurations, by subject.

use serde_json::{Value, json};

use super::*;
use crate::testing;

/// Facts of files, and of surveys (keys with a colon hold JSON).
pub(crate) fn facts(sources: &[(&str, &str)]) -> Facts {
    let snapshot = testing::snapshot(sources.iter().map(|(key, text)| {
        let outcome = if key.starts_with("survey:") {
            testing::survey(&serde_json::from_str(text).unwrap())
        } else {
            testing::text(text)
        };
        ((*key).to_owned(), outcome)
    }));
    let mut facts = Facts::default();
    parse(&Evidence::of(&snapshot), &mut facts);
    facts
}

const MAIN: &str = "/etc/httpd/conf/httpd.conf";

/// Some fields of a row.
fn pick(row: &Value, names: &[&str]) -> Value {
    names.iter().map(|name| row[*name].clone()).collect()
}

#[test]
fn limits_are_those_in_effect() {
    let check = |text: &str, expected: Value| {
        let facts = facts(&[(MAIN, text)]);
        let mpm = facts.value("httpd.mpm").unwrap();
        let names = ["name", "max_request_workers", "server_limit", "threads_per_child"];
        assert_eq!(pick(mpm, &names), expected, "{text}");
    };
    let load = |mpm: &str| format!("LoadModule mpm_{mpm}_module modules/mod_mpm_{mpm}.so\n");
    check(&load("prefork"), json!(["prefork", 256, 256, 1]));
    check(&load("event"), json!(["event", 400, 16, 25]));
    check(
        &format!("{}MaxRequestWorkers 1000\nThreadsPerChild 100\n", load("event")),
        json!(["event", 1000, 16, 64]).as_array().map(|_| json!(["event", 960, 16, 64])).unwrap(),
    );
    check(
        &format!("{}ServerLimit 20\nMaxClients 500\n", load("prefork")),
        json!(["prefork", 20, 20, 1]),
    );
    check(
        &format!(
            "{}<IfModule prefork.c>\nServerLimit 9\n</IfModule>\n<IfModule worker.c>\nMaxRequestWorkers 150\n</IfModule>\n",
            load("worker")
        ),
        json!(["worker", 150, 16, 25]),
    );
}

#[test]
fn sites_settings_and_tls() {
    let text = "Listen 80\nListen [::]:443 https\nServerTokens Prod\nTimeout 300\n\
        LoadModule ssl_module modules/mod_ssl.so\nUser apache\n\
        <VirtualHost *:80>\nServerName a.example\nRedirect permanent / https://a.example/\n</VirtualHost>\n\
        <VirtualHost *:443>\nServerName a.example\nTimeout 30\nSSLEngine on\n\
        SSLProtocol all -SSLv3 -TLSv1\nSSLCipherSuite HIGH:3DES:!aNULL\n\
        SSLCertificateFile /etc/pki/tls/certs/a.crt\nSSLCertificateKeyFile /etc/pki/tls/private/a.key\n\
        </VirtualHost>\n";
    let survey = r#"{"binaries":[],"certificates":[{"file":"/etc/pki/tls/certs/a.crt","not_after":1,"subject":"a.example"}],
        "keys":[{"file":"/etc/pki/tls/private/a.key","mode":384,"uid":0,"gid":0}]}"#;
    let facts = facts(&[(MAIN, text), ("survey:httpd", survey)]);
    let get = |key: &str| facts.value(key).unwrap();
    assert_eq!(get("httpd.instances")[0]["listens"][1]["port"], 443);
    assert_eq!(
        pick(&get("httpd.vhosts")[0], &["name", "port", "tls", "redirects_to_tls"]),
        json!(["a.example", 80, false, true])
    );
    let settings = get("httpd.settings");
    assert_eq!(pick(&settings[0], &["timeout", "servertokens"]), json!([300, "Prod"]));
    assert_eq!(
        pick(&settings[1], &["site", "timeout", "keepalive"]),
        json!(["a.example", 30, true])
    );
    assert_eq!(settings[1]["sources"]["timeout"], format!("{MAIN}:13"));
    let tls = &get("httpd.tls")[0];
    assert_eq!(tls["protocols"], json!(["TLSv1.1", "TLSv1.2", "TLSv1.3"]));
    assert_eq!(pick(tls, &["ciphers_on", "ciphers_off"]), json!([["HIGH", "3DES"], ["!aNULL"]]));
    let certificate = &get("httpd.certificates")[0];
    assert_eq!(pick(certificate, &["site", "not_after", "key_mode"]), json!(["a.example", 1, 384]));
}

#[test]
fn the_policy_decides_where_no_protocol_stands() {
    let text = "Listen 443\nSSLEngine on\n";
    let facts = facts(&[(MAIN, text), ("/etc/crypto-policies/config", "# x\nDEFAULT:NO-SHA1\n")]);
    let tls = &facts.value("httpd.tls").unwrap()[0];
    assert_eq!(tls["protocols"], json!(["TLSv1.2", "TLSv1.3"]));
    assert_eq!(tls["crypto_policy"], "DEFAULT");
}

#[test]
fn back_ends_of_every_kind() {
    let text = "Listen 80\nProxyTimeout 45\n\
        ProxyPass /a http://10.0.0.1:8080/a max=20 timeout=30 keepalive=On retry=5\n\
        ProxyPass /no !\nProxyPass /b balancer://app/ stickysession=JSESSIONID|jsessionid\n\
        <Proxy balancer://app>\nBalancerMember ajp://app1:8009 route=n1 secret=x\n\
        BalancerMember ajp://app2 route=n2 status=+H\nProxySet lbmethod=bybusyness\n</Proxy>\n\
        <Location /c>\nProxyPass http://10.0.0.3/\n</Location>\n\
        RewriteRule ^/d/(.*) http://10.0.0.4:81/$1 [P,L]\n\
        ProxyPass /php fcgi://127.0.0.1:9000/\n";
    let facts = facts(&[(MAIN, text)]);
    let names = ["scheme", "host", "port", "path", "balancer", "max", "timeout_s", "secret_set"];
    let rows: Vec<Value> = facts
        .value("httpd.backends")
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .map(|row| pick(row, &names))
        .collect();
    assert_eq!(
        rows,
        [
            json!(["http", "10.0.0.1", 8080, "/a", null, 20, 30, false]),
            json!(["ajp", "app1", 8009, "", "app", null, 45, true]),
            json!(["ajp", "app2", 8009, "", "app", null, 45, false]),
            json!(["http", "10.0.0.3", 80, "/c", null, null, 45, false]),
            json!(["http", "10.0.0.4", 81, "^/d/(.*)", null, null, 45, false]),
        ]
    );
    let balancer = &facts.value("httpd.balancers").unwrap()[0];
    assert_eq!(
        pick(balancer, &["name", "sticky", "method"]),
        json!(["app", "JSESSIONID|jsessionid", "bybusyness"])
    );
    assert_eq!(balancer["members"].as_array().unwrap().len(), 2);
}

#[test]
fn workers_of_mod_jk() {
    let text = "Listen 80\nJkWorkersFile conf/workers.properties\nJkMount /shop/* lb\n";
    let workers = "worker.list=lb,status\nworker.t.type=ajp13\nworker.t.socket_timeout=20\n\
        worker.n1.reference=worker.t\nworker.n1.host=10.0.0.1\nworker.n1.port=8019\n\
        worker.n2.reference=worker.t\nworker.n2.host=10.0.0.2\n\
        worker.lb.type=lb\nworker.lb.balance_workers=n1,n2\nworker.status.type=status\n";
    let facts = facts(&[(MAIN, text), ("/etc/httpd/conf/workers.properties", workers)]);
    let names = ["host", "port", "path", "balancer", "route", "timeout_s"];
    let rows = facts.value("httpd.backends").unwrap();
    assert_eq!(pick(&rows[0], &names), json!(["10.0.0.1", 8019, "/shop/*", "lb", "n1", 20]));
    assert_eq!(rows.as_array().unwrap().len(), 2);
    assert_eq!(facts.value("httpd.balancers").unwrap()[0]["sticky"], "JSESSIONID");
}

#[test]
fn access_of_folders_and_pages() {
    let text = "<Directory \"/var/www/html\">\nOptions Indexes FollowSymLinks\nAllowOverride None\n\
        Require all granted\n</Directory>\n<Directory />\nRequire all denied\nOptions -Indexes\n</Directory>\n\
        <Location /server-status>\nSetHandler server-status\n</Location>\n\
        <Location /x>\nSetHandler server-info\n<RequireAny>\nRequire local\n</RequireAny>\n</Location>\n\
        <Location /y>\nSetHandler balancer-manager\nOrder deny,allow\nDeny from all\nAllow from 10.0.0.0/8\n</Location>\n";
    let facts = facts(&[(MAIN, text)]);
    let rows = facts.value("httpd.directories").unwrap();
    let names = ["path", "indexes", "access", "allow_override"];
    assert_eq!(pick(&rows[0], &names), json!(["/var/www/html", true, "open", "None"]));
    assert_eq!(pick(&rows[1], &names), json!(["/", false, "denied", null]));
    let pages: Vec<Value> = facts
        .value("httpd.handlers")
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .map(|row| pick(row, &["handler", "access"]))
        .collect();
    assert_eq!(
        pages,
        [
            json!(["server-status", "unset"]),
            json!(["server-info", "restricted"]),
            json!(["balancer-manager", "restricted"]),
        ]
    );
}

#[test]
fn logs_and_what_rotates_them() {
    let text = "ErrorLog logs/error_log\nCustomLog \"|/usr/sbin/rotatelogs -l /x 86400\" combined\n\
        CustomLog /data/log/a combined\n<VirtualHost *:80>\nErrorLog syslog:local1\n</VirtualHost>\n";
    let rotate = "/var/log/httpd/*log {\n weekly\n}\n";
    let facts = facts(&[(MAIN, text), ("/etc/logrotate.d/httpd", rotate)]);
    let rows: Vec<Value> = facts
        .value("httpd.logs")
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["rotation"].clone())
        .collect();
    assert_eq!(rows, ["logrotate", "rotatelogs", "none", "syslog"]);
}

#[test]
fn debian_and_memory() {
    let files = [
        (
            "/etc/apache2/apache2.conf",
            "IncludeOptional mods-enabled/*.load\nUser ${APACHE_RUN_USER}\n",
        ),
        (
            "/etc/apache2/mods-enabled/mpm_event.load",
            "LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so\n",
        ),
        ("/etc/apache2/envvars", "export APACHE_RUN_USER=www-data\n"),
        (
            "survey:daemons",
            r#"[{"product":"httpd","pid":7,"argv":["/usr/sbin/apache2","-k","start"],"user":"root","workers":2,"workers_rss_kib":20000,"worker_rss_kib_max":12000}]"#,
        ),
        (
            "survey:httpd",
            r#"{"binaries":[{"path":"/usr/sbin/apache2","version":"Server version: Apache/2.4.62 (Debian)","compiled_in":["core.c","mod_so.c"]}],"certificates":[],"keys":[]}"#,
        ),
    ];
    let facts = facts(&files);
    let instance = &facts.value("httpd.instances").unwrap()[0];
    assert_eq!(
        pick(instance, &["version", "running", "user", "pid"]),
        json!(["2.4.62", true, "www-data", 7])
    );
    let memory = &facts.value("httpd.memory").unwrap()[0];
    assert_eq!(
        pick(memory, &["processes_max", "worker_rss_kib", "needed_kib"]),
        json!([16, 10000, 160_000])
    );
}

#[test]
fn absence_is_an_answer_only_where_somebody_looked() {
    assert_eq!(facts(&[]).value("httpd.instances"), None);
    let looked = facts(&[("survey:httpd-files", r#"{"files":[],"truncated":false}"#)]);
    assert_eq!(looked.value("httpd.instances"), Some(&json!([])));
    let packages = facts(&[("cmd:rpm-packages", "bash\t0\t5\t1\tx\tr\t1\n")]);
    assert_eq!(packages.value("httpd.instances"), Some(&json!([])));
    assert_eq!(facts(&[("survey:httpd-files", r#"{"x":1}"#)]).value("httpd.instances"), None);
    assert_eq!(facts(&[(MAIN, "no such thing\n")]).missing["httpd.tls"].reason, Unseen::Malformed);
    let installed = facts(&[("cmd:rpm-packages", "httpd\t0\t2.4.57\t1\tx\tr\t1\n")]);
    assert_eq!(installed.value("httpd.instances"), None);
}
