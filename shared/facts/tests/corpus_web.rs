//! Configurations of real web and application servers, against what the corpus says is in them.
//!
//! The corpus is read through `CAREPACK_CORPUS` (default `../shared/corpus` beside the workspace);
//! where it is absent the tests say that they are skipped.

mod host;

use std::path::{Path, PathBuf};

use carepack_facts::{Facts, derive, tomcat};
use serde_json::{Value, json};

const MAIN: &str = "/etc/httpd/conf/httpd.conf";

fn evidence() -> PathBuf {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");
    let corpus = std::env::var_os("CAREPACK_CORPUS").map_or_else(|| beside.into(), PathBuf::from);
    corpus.join("evidence")
}

/// A file of the corpus's evidence, or a word that it is not there.
fn file(path: &str) -> Option<String> {
    let path = evidence().join(path);
    match std::fs::read(&path) {
        Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => {
            println!("skipped: no corpus at {}: {error}", path.display());
            None
        }
    }
}

/// Every file below a folder whose path fits.
fn files(folder: &str, fits: fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut open = vec![evidence().join(folder)];
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        match std::fs::read_dir(&path) {
            Ok(entries) => open.extend(entries.flatten().map(|entry| entry.path())),
            Err(_) if path.is_file() && fits(&path) => found.push(path),
            Err(_) => {}
        }
    }
    if found.is_empty() {
        println!("skipped: no corpus at {}", evidence().join(folder).display());
    }
    found.sort();
    found
}

/// The facts of an httpd whose files are these.
fn httpd(sources: &[(&str, &str)]) -> Facts {
    let seen = |&(path, text): &(&str, &str)| (path.to_owned(), host::seen_text(text));
    derive(&host::snapshot(sources.iter().map(seen).collect()))
}

/// The facts of a Tomcat whose `server.xml` this is.
fn of_server(version: &str, text: &str) -> Facts {
    let survey = json!({"instances": [{
        "base": "/opt/t", "home": "/opt/t", "version": version, "server": tomcat::tree(text).unwrap(),
    }]});
    derive(&host::snapshot(vec![("survey:tomcat".to_owned(), host::seen_json(survey))]))
}

fn row(facts: &Facts, key: &str, index: usize) -> Value {
    facts.value(key).unwrap_or_else(|| panic!("{key}: {:?}", facts.missing.get(key)))[index].clone()
}

#[test]
fn every_httpd_configuration_is_read_to_its_end() {
    let is_one = |path: &Path| {
        let name = path.to_string_lossy();
        name.ends_with(".conf") && !name.contains("php-fpm") || name.contains("httpd_conf")
    };
    for path in files("httpd", is_one) {
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        let whole = format!("ServerRoot /etc/httpd\n{text}");
        let facts = httpd(&[(MAIN, &whole)]);
        let instance = row(&facts, "httpd.instances", 0);
        assert_eq!(instance["truncated"], false, "{}", path.display());
        assert!(facts.value("httpd.settings").is_some(), "{}", path.display());
    }
}

#[test]
fn limits_of_prefork_as_they_are_written() {
    let load = "LoadModule mpm_prefork_module modules/mod_mpm_prefork.so\n";
    for (path, workers) in [
        ("httpd/public-excerpts/mpm_prefork_sizing.conf", 185),
        // As the tests beside that file say: ServerLimit and MaxClients are 1024 in it.
        ("httpd/insights-core/httpd_conf_tree/HTTPD_CONF_2.txt", 1024),
        ("httpd/insights-core/httpd_conf_tree/HTTPD_MULTILINE_QUOTE.txt", 256),
    ] {
        let Some(text) = file(path) else { continue };
        let facts = httpd(&[(MAIN, &format!("{load}{text}"))]);
        let mpm = facts.value("httpd.mpm").unwrap();
        assert_eq!(mpm["max_request_workers"], workers, "{path}: {mpm}");
    }
}

#[test]
fn a_hosting_server_with_its_sites() {
    let folder = "httpd/tmhk-uno+KAGOYAVPS/etc/httpd";
    let Some(main) = file(&format!("{folder}/conf/httpd.conf")) else { return };
    let mut sources = vec![(MAIN.to_owned(), main)];
    for path in files(&format!("{folder}/conf.d"), |path| path.extension().is_some()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        sources.push((format!("/etc/httpd/conf.d/{name}"), text));
    }
    let sources: Vec<(&str, &str)> = sources.iter().map(|(k, v)| (&**k, &**v)).collect();
    let facts = httpd(&sources);
    let listens = row(&facts, "httpd.instances", 0)["listens"].clone();
    assert_eq!((&listens[0]["port"], &listens[1]["port"]), (&json!(80), &json!(443)));
    let sites = facts.value("httpd.vhosts").unwrap().as_array().unwrap();
    let named = |name: &str| sites.iter().any(|site| site["name"] == name);
    assert!(named("kaori-candle.com") && sites.len() >= 8, "{}", sites.len());
    let listed = facts.value("httpd.directories").unwrap().as_array().unwrap();
    assert!(listed.iter().any(|d| d["path"] == "/var/www/html" && d["indexes"] == true));
}

#[test]
fn an_httpd_2_2_of_centos_6() {
    let Some(main) = file("host-trees/centos6-rootfs/etc/httpd/conf/httpd.conf") else { return };
    let packages = "httpd\t0\t2.2.15\t69.el6\tx86_64\tCentOS\t1\n";
    let sources = [(MAIN, main.as_str()), ("cmd:rpm-packages", packages)];
    let facts = httpd(&sources);
    let instance = row(&facts, "httpd.instances", 0);
    assert_eq!((&instance["version"], &instance["user"]), (&json!("2.2.15"), &json!("apache")));
    assert_eq!(facts.value("httpd.mpm").unwrap()["name"], "prefork");
}

#[test]
fn every_file_of_tomcat_is_reduced() {
    let is_xml = |path: &Path| path.extension().is_some_and(|end| end == "xml");
    for path in files("tomcat", is_xml) {
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let told = match name.as_str() {
            "web.xml" => tomcat::web(&text),
            "tomcat-users.xml" => tomcat::users(&text),
            _ => tomcat::tree(&text),
        };
        // One of them has a comment that XML does not allow: it is told, and nothing is guessed.
        match told {
            Ok(value) => assert!(value.is_object(), "{}", path.display()),
            Err(reason) => println!("{}: {reason:?}", path.display()),
        }
    }
}

#[test]
fn what_the_files_of_tomcat_say() {
    if let Some(text) = file("tomcat/insights-core/tomcat_xml/web_xml_content.txt") {
        assert_eq!(tomcat::web(&text).unwrap()["session_timeout_min"], 30);
    }
    if let Some(text) = file("tomcat/insights-core/tomcat_xml/server_xml_content.txt") {
        let facts = of_server("7.0.76", &text);
        let connectors = facts.value("tomcat.connectors").unwrap();
        let ports: Vec<i64> =
            connectors.as_array().unwrap().iter().filter_map(|c| c["port"].as_i64()).collect();
        assert_eq!(ports, [8080, 8443, 8009]);
        assert_eq!(connectors[1]["max_threads"], 150);
        assert_eq!(connectors[1]["protocols"], json!(["TLSv1.2", "TLSv1.1", "TLSv1"]));
        assert_eq!(connectors[2]["loopback"], false);
        assert_eq!(row(&facts, "tomcat.hosts", 0)["auto_deploy"], true);
        assert!(!tomcat::tree(&text).unwrap().to_string().contains("oXQ8LfAG"));
    }
    if let Some(text) = file("tomcat/hekitoss+CentOS/conf/server.xml") {
        let facts = of_server("9.0.41", &text);
        assert_eq!(row(&facts, "tomcat.connectors", 0)["port"], 198);
        assert_eq!(row(&facts, "tomcat.instances", 0)["shutdown_port"], 8080);
    }
    if let Some(text) = file("tomcat/hekitoss+CentOS/conf/tomcat-users.xml") {
        assert_eq!(tomcat::users(&text).unwrap()["users"], 0);
    }
    if let Some(text) = file("tomcat/hekitoss+CentOS/RELEASE-NOTES") {
        assert!(tomcat::version(&text).is_some_and(|version| version.starts_with('9')));
    }
    for (name, expected) in
        [("tomcat7", Some("7.0.28")), ("tomcat85", Some("8.5")), ("tomcat11", Some("11.0"))]
    {
        let path = format!("tomcat/Linuxfabrik/apache-tomcat-version/stdout__version-{name}");
        let Some(text) = file(&path) else { continue };
        let version = tomcat::version(&text).unwrap_or_default();
        assert!(version.starts_with(expected.unwrap()), "{path}: {version}");
    }
}
