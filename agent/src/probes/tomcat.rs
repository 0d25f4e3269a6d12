//! Tomcat: every instance, its files reduced on the spot to what may leave.
//!
//! Running ones are known by `-Dcatalina.base=`, others by the folders in which packages and
//! people put them. Names and values are those of an allow-list ([`carepack_facts::tomcat`]);
//! passwords are never told, only that they are set.

use std::collections::BTreeSet;

use carepack_facts::tomcat;
use carepack_shared::Unseen;
use serde_json::{Value, json};

use super::{HELPER_MS, Legal, Privilege, Probe, Purpose, Read, daemons};
use crate::archive_entry;
use crate::host::{Host, Kind, Look};

pub static PROBE: Probe = Probe {
    id: "tomcat",
    about_ko: "Tomcat 인스턴스 설정(허용 목록의 항목만, 비밀번호 제외)",
    about_en: "Tomcat instances: settings of an allow-list, never passwords",
    reads: &[Read::Survey {
        name: "tomcat",
        reads: &[
            "conf/server.xml",
            "conf/web.xml",
            "conf/context.xml",
            "conf/tomcat-users.xml (counted)",
            "conf/Catalina/*/*.xml",
            "conf/tomcat.conf, bin/setenv.sh (Java flags)",
            "webapps (names), webapps/*/META-INF/context.xml",
            "lib/catalina.jar (version)",
        ],
        run: survey,
    }],
    deadline_ms: HELPER_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Products,
    legal: Legal::Lines,
};

/// Most instances of one host.
const INSTANCES_MAX: usize = 30;
/// `web.xml` with all its file types is 170 KiB.
const FILE_BYTES_MAX: usize = 1024 * 1024;
const CONTEXTS_MAX: usize = 100;
const APPS_MAX: usize = 200;

/// Folders that may be an instance. A `*` stands for the rest of a name.
const KNOWN: [&str; 15] = [
    "/usr/share/tomcat",
    "/usr/share/tomcat6",
    "/usr/share/tomcat7",
    "/usr/share/tomcat8",
    "/usr/share/tomcat9",
    "/var/lib/tomcats/*",
    "/var/lib/tomcat*",
    "/opt/tomcat*",
    "/opt/apache-tomcat-*",
    "/opt/rh/jws*/root/usr/share/tomcat",
    "/usr/local/tomcat*",
    "/usr/local/apache-tomcat-*",
    "/app/tomcat*",
    "/srv/tomcat*",
    "/data/tomcat*",
];

/// An instance before it is read.
#[derive(Default)]
struct Instance {
    base: String,
    home: String,
    pid: Option<u32>,
    user: Option<String>,
    unit: Option<String>,
    flags: Vec<String>,
}

/// `{"instances":[{"base","home","running","pid","user","unit","flags","version","server","web",
/// "context","users","contexts":[{"file","tree"}],"apps":[{"host","name","kind"}],"users_mode",
/// "server_mode","catalina_out_bytes","default_root"}],"truncated"}`. A file that was not seen is
/// `{"unseen": reason}`.
fn survey(host: &Host) -> Look<Value> {
    let daemons = daemons::running(host);
    let mut found = running(host, daemons.as_deref().map_or(&[], Vec::as_slice));
    let mut seen: BTreeSet<(String, u64)> = BTreeSet::new();
    for base in KNOWN.iter().flat_map(|pattern| folders(host, pattern)) {
        let home = match base.strip_prefix("/var/lib/tomcat") {
            Some(version) if !version.starts_with('s') => format!("/usr/share/tomcat{version}"),
            Some(_) => "/usr/share/tomcat".to_owned(),
            None => base.clone(),
        };
        found.push(Instance { base, home, ..Instance::default() });
    }
    let mut instances = Vec::new();
    let mut truncated = false;
    for instance in &found {
        // Links make one instance look like several: the file itself is what counts.
        let Ok(stat) = host.stat(&format!("{}/conf/server.xml", instance.base)) else {
            if instance.pid.is_some() {
                instances.push(told(host, instance));
            }
            continue;
        };
        let known = seen.iter().any(|(base, inode)| *base == instance.base || *inode == stat.inode);
        if known {
            continue;
        }
        seen.insert((instance.base.clone(), stat.inode));
        truncated |= instances.len() >= INSTANCES_MAX;
        if !truncated {
            instances.push(told(host, instance));
        }
    }
    match daemons {
        // Where processes cannot be listed, none found is no answer.
        Err(missed) if instances.is_empty() => Err(missed),
        _ => Ok(json!({"instances": instances, "truncated": truncated})),
    }
}

/// The base folder of every instance, and whether it runs.
pub(super) fn bases(host: &Host, daemons: &[daemons::Daemon]) -> Vec<(String, bool)> {
    let run = running(host, daemons).into_iter().map(|instance| (instance.base, true));
    let known = KNOWN.iter().flat_map(|pattern| folders(host, pattern)).map(|base| (base, false));
    run.chain(known).collect()
}

fn running(host: &Host, daemons: &[daemons::Daemon]) -> Vec<Instance> {
    let one = |daemon: &daemons::Daemon| {
        let base = daemon.option("-Dcatalina.base=")?.trim_end_matches('/').to_owned();
        let home = daemon.option("-Dcatalina.home=").unwrap_or(&base).to_owned();
        let flags = daemon.argv().iter().skip(1).filter(|word| word.starts_with('-'));
        let (user, unit) = daemons::owner(host, daemon);
        Some(Instance {
            base,
            home,
            pid: Some(daemon.pid()),
            user: Some(user),
            unit,
            flags: flags.cloned().collect(),
        })
    };
    daemons.iter().filter(|daemon| daemon.product() == "java").filter_map(one).collect()
}

/// The folders that a pattern names.
fn folders(host: &Host, pattern: &str) -> Vec<String> {
    let Some((before, after)) = pattern.split_once('*') else { return vec![pattern.to_owned()] };
    let Some((folder, prefix)) = before.rsplit_once('/') else { return Vec::new() };
    let names = host.list(folder).map(|listing| listing.names).unwrap_or_default();
    let fitting = names.into_iter().filter(|name| name.starts_with(prefix));
    fitting.take(INSTANCES_MAX).map(|name| format!("{folder}/{name}{after}")).collect()
}

fn told(host: &Host, instance: &Instance) -> Value {
    let Instance { base, home, .. } = instance;
    let server = reduced(host, &format!("{base}/conf/server.xml"), tomcat::tree);
    let mode = |name: &str| host.stat(&format!("{base}/conf/{name}")).ok().map(|stat| stat.mode);
    let out = host.stat(&format!("{base}/logs/catalina.out")).ok();
    let bases = app_bases(&server);
    let running = instance.pid.is_some();
    let flags = if running { instance.flags.clone() } else { flags(host, base) };
    let shown = ["tomcat.svg", "tomcat.png", "tomcat.gif"];
    let root = format!("{base}/webapps/ROOT");
    let default_root = shown.iter().any(|name| host.stat(&format!("{root}/{name}")).is_ok());
    json!({
        "base": base,
        "home": home,
        "running": running,
        "pid": instance.pid,
        "user": instance.user,
        "unit": instance.unit,
        "flags": flags,
        "version": version(host, home),
        "server": server,
        "web": reduced(host, &format!("{base}/conf/web.xml"), tomcat::web),
        "context": reduced(host, &format!("{base}/conf/context.xml"), tomcat::tree),
        "users": reduced(host, &format!("{base}/conf/tomcat-users.xml"), tomcat::users),
        "contexts": contexts(host, base, &bases),
        "apps": apps(host, base, &bases),
        "users_mode": mode("tomcat-users.xml"),
        "server_mode": mode("server.xml"),
        "catalina_out_bytes": out.map(|stat| stat.size_bytes),
        "default_root": default_root,
    })
}

/// A file through one of the reducers; `{"unseen": reason}` when it gave nothing.
fn reduced(host: &Host, path: &str, reduce: fn(&str) -> Result<Value, Unseen>) -> Value {
    let seen = host.read(path, FILE_BYTES_MAX).map_err(|missed| missed.reason);
    let told = seen.and_then(|piece| reduce(&String::from_utf8_lossy(&piece.bytes)));
    told.unwrap_or_else(|reason| json!({ "unseen": reason }))
}

/// The version: of the jar, else of the notes beside it.
fn version(host: &Host, home: &str) -> Option<String> {
    const ENTRY: &str = "org/apache/catalina/util/ServerInfo.properties";
    const NOTES_BYTES_MAX: usize = 8 * 1024;
    let jar = archive_entry::read(host, &format!("{home}/lib/catalina.jar"), ENTRY);
    let of = |bytes: &[u8]| tomcat::version(&String::from_utf8_lossy(bytes));
    jar.as_deref().and_then(of).or_else(|| {
        let notes = host.read(&format!("{home}/RELEASE-NOTES"), NOTES_BYTES_MAX).ok()?;
        of(&notes.bytes)
    })
}

/// Java flags of the files that start it, for an instance that does not run.
fn flags(host: &Host, base: &str) -> Vec<String> {
    let files = [format!("{base}/conf/tomcat.conf"), format!("{base}/bin/setenv.sh")];
    let texts = files.iter().filter_map(|path| host.read(path, 64 * 1024).ok());
    texts.flat_map(|piece| tomcat::flags(&String::from_utf8_lossy(&piece.bytes))).collect()
}

/// Host and folder of applications; one whose folder leaves the instance is followed too.
fn app_bases(server: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![server];
    while let Some(node) = open.pop() {
        if node["element"] == "Host" {
            let word = |name: &str| node["attributes"][name].as_str();
            let host = word("name").unwrap_or("localhost").to_owned();
            found.push((host, word("appBase").unwrap_or("webapps").to_owned()));
        }
        open.extend(node["children"].as_array().into_iter().flatten());
    }
    found.dedup();
    found
}

fn absolute(base: &str, folder: &str) -> String {
    if folder.starts_with('/') { folder.to_owned() } else { format!("{base}/{folder}") }
}

/// `conf/Catalina/HOST/*.xml` and `META-INF/context.xml` of unpacked applications.
fn contexts(host: &Host, base: &str, bases: &[(String, String)]) -> Vec<Value> {
    let mut files = Vec::new();
    let names = |folder: &str| host.list(folder).map(|list| list.names).unwrap_or_default();
    let engines = format!("{base}/conf/Catalina");
    for site in names(&engines) {
        let folder = format!("{engines}/{site}");
        let xml = names(&folder).into_iter().filter(|name| name.ends_with(".xml"));
        files.extend(xml.map(|name| format!("{folder}/{name}")));
    }
    for (_, folder) in bases {
        let folder = absolute(base, folder);
        let inside = |app: String| format!("{folder}/{app}/META-INF/context.xml");
        files.extend(names(&folder).into_iter().take(APPS_MAX).map(inside));
    }
    files.retain(|path| host.stat(path).is_ok_and(|stat| stat.kind == Kind::File));
    let told = |path: &String| json!({"file": path, "tree": reduced(host, path, tomcat::tree)});
    files.iter().take(CONTEXTS_MAX).map(told).collect()
}

fn apps(host: &Host, base: &str, bases: &[(String, String)]) -> Vec<Value> {
    let mut told = Vec::new();
    for (site, folder) in bases {
        let folder = absolute(base, folder);
        let names = host.list(&folder).map(|list| list.names).unwrap_or_default();
        for name in names {
            let stat = host.stat(&format!("{folder}/{name}"));
            let kind = match stat.map(|stat| stat.kind) {
                Ok(Kind::Directory) => "dir",
                Ok(Kind::File) if name.ends_with(".war") => "war",
                _ => continue,
            };
            told.push(json!({"host": site, "name": name, "kind": kind}));
        }
    }
    told.truncate(APPS_MAX);
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::testing::Folder;

    #[test]
    fn instances_are_found_once_and_secrets_stay() {
        let folder = Folder::new("");
        let write = |path: &str, text: &str| folder.put(&format!("root/{path}"), text);
        let server = r#"<Server port="8005"><Service name="C">
            <Connector port="8009" protocol="AJP/1.3" secret="hunter2"/><Engine name="C">
            <Host name="localhost" appBase="webapps"/></Engine></Service></Server>"#;
        write("opt/tomcat9/conf/server.xml", server);
        write(
            "opt/tomcat9/conf/tomcat-users.xml",
            "<tomcat-users><user username='hunter2' password='hunter2'/></tomcat-users>",
        );
        write("opt/tomcat9/bin/setenv.sh", "JAVA_OPTS=\"-Xmx1g -Dpw=hunter2\"\n");
        write("opt/tomcat9/RELEASE-NOTES", "  Apache Tomcat Version 9.0.87\n");
        write("opt/tomcat9/webapps/manager/META-INF/context.xml", "<Context privileged='true'/>");
        write("opt/tomcat9/webapps/shop.war", "x");
        write("proc/20/stat", "20 (java) S 1 7 7 0 -1 0 0 0 0 0 2 1 0 0 20 0 3 0 9 4 25 1");
        write(
            "proc/20/cmdline",
            "java\0-Xmx2g\0-Dcatalina.base=/srv/t1\0-Dcatalina.home=/opt/tomcat9\0",
        );
        write("srv/t1/conf/server.xml", "not xml");
        let told = survey(&folder.host()).unwrap();
        let list = told["instances"].as_array().unwrap();
        assert_eq!(list.len(), 2, "{told}");
        assert_eq!((&list[0]["base"], &list[0]["running"]), (&"/srv/t1".into(), &true.into()));
        assert_eq!(list[0]["server"]["unseen"], "malformed");
        assert_eq!(list[0]["version"], "9.0.87");
        assert_eq!(list[1]["flags"], json!(["-Xmx1g"]));
        assert_eq!(list[1]["apps"].as_array().unwrap().len(), 2);
        assert_eq!(list[1]["contexts"].as_array().unwrap().len(), 1);
        assert!(!told.to_string().contains("hunter2"), "{told}");
    }
}
