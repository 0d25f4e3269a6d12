//! Apache httpd: the settings of every instance through all their includes, and what its
//! certificates say of themselves.
//!
//! Files are followed with the reader of [`carepack_facts::httpd`]. Of private keys only mode and
//! owner are told; they are never opened. A file that does not belong to root or to the owner of
//! the main file is not followed: nobody can have another's file collected.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use carepack_facts::httpd::{
    Config, Directive, Files, Instance, Process, Settings, instances, walk,
};
use serde_json::{Value, json};

use super::execute::clean;
use super::{HELPER_MS, Legal, Privilege, Probe, Purpose, Read, daemons};
use crate::certificate;
use crate::host::{Command, Host, Kind, Look};

pub static PROBE: Probe = Probe {
    id: "httpd",
    about_ko: "Apache httpd 설정(포함 파일 전체)과 인증서 정보(개인키 제외)",
    about_en: "Settings of Apache httpd with all includes, certificates without keys",
    reads: &[
        Read::Found {
            name: "httpd-files",
            reads: &[
                "/etc/httpd",
                "/etc/apache2",
                "/opt/rh/httpd24/root/etc/httpd",
                "/opt/rh/jbcs-httpd24/root/etc/httpd",
                "/usr/local/apache2",
                "-f, -d and Include of running instances",
            ],
            find,
            bytes_max: FILE_BYTES_MAX,
            files_max: FILES_MAX,
        },
        Read::Survey {
            name: "httpd",
            reads: &[
                "httpd -v, httpd -l",
                "SSLCertificateFile (certificates only)",
                "SSLCertificateKeyFile (mode and owner only)",
            ],
            run: survey,
        },
    ],
    deadline_ms: HELPER_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Products,
    legal: Legal::Lines,
};

const FILE_BYTES_MAX: usize = 256 * 1024;
/// Most files of all instances together.
const FILES_MAX: usize = 600;
/// Most certificates and most keys told of.
const CERTIFICATES_MAX: usize = 200;
/// How long one question to the program may take.
const ASK_MAX: Duration = Duration::from_secs(3);

/// Only these programs are ever asked for their version and their compiled-in modules.
const PROGRAMS: [&str; 6] = [
    "/usr/sbin/httpd",
    "/usr/sbin/apache2",
    "/opt/rh/httpd24/root/usr/sbin/httpd",
    "/opt/rh/jbcs-httpd24/root/usr/sbin/httpd",
    "/usr/local/apache2/bin/httpd",
    "/usr/local/apache/bin/httpd",
];

static VERSION: Command = Command {
    name: "httpd-version",
    argv: &["/usr/sbin/httpd", "-v"],
    output_bytes_max: 4 * 1024,
    as_nobody: true,
};

static COMPILED_IN: Command = Command {
    name: "httpd-modules",
    argv: &["/usr/sbin/httpd", "-l"],
    output_bytes_max: 16 * 1024,
    as_nobody: true,
};

/// Where a file below /etc may lie to be followed; elsewhere its ending must be a setting's.
const ETC: [&str; 5] = [
    "/etc/httpd/",
    "/etc/apache2/",
    "/etc/opt/",
    "/etc/letsencrypt/options-",
    "/etc/sysconfig/httpd",
];

/// The files of a host, as far as they may be followed.
struct Followed<'h> {
    host: &'h Host,
    /// Who owns the main file.
    owner: u32,
}

impl Files for Followed<'_> {
    fn text(&self, path: &str) -> Option<Cow<'_, str>> {
        if path.starts_with("/etc/") && !ETC.iter().any(|prefix| path.starts_with(prefix)) {
            return None;
        }
        let stat = self.host.stat(path).ok()?;
        if stat.kind != Kind::File || stat.uid != self.owner {
            return None;
        }
        let bytes = self.host.read(path, FILE_BYTES_MAX).ok()?.bytes;
        Some(Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn list(&self, folder: &str) -> Vec<String> {
        self.host.list(folder).map(|listing| listing.names).unwrap_or_default()
    }
}

/// Every instance; where processes cannot be listed, none found is no answer.
fn found(host: &Host) -> Look<Vec<Instance>> {
    let process = |daemon: &daemons::Daemon| Process {
        argv: daemon.argv().to_vec(),
        exe: host.link(&format!("/proc/{}/exe", daemon.pid())).ok(),
    };
    let running = daemons::running(host);
    let httpds =
        running.iter().flat_map(|all| all.iter()).filter(|daemon| daemon.product() == "httpd");
    let processes: Vec<Process> = httpds.map(process).collect();
    let is_file = |path: &str| host.stat(path).is_ok_and(|stat| stat.kind == Kind::File);
    match (instances(&processes, &is_file), running) {
        (none, Err(missed)) if none.is_empty() => Err(missed),
        (found, _) => Ok(found),
    }
}

fn read(host: &Host, instance: &Instance, settings: &Settings) -> Option<Config> {
    let owner = host.stat(&instance.main).ok()?.uid;
    let main = (instance.main.as_str(), instance.root.as_str());
    Some(walk(&Followed { host, owner }, main, settings))
}

/// Every file of every instance, the workers of mod_jk and what Debian exports included.
fn find(host: &Host) -> Look<Vec<String>> {
    let mut files = Vec::new();
    for instance in found(host)? {
        let settings = settings(host, &instance);
        // Conditions are decided here as in the parser; what they leave out is not read.
        let Some(config) = read(host, &instance, &settings) else {
            files.push(instance.main.clone());
            continue;
        };
        let mut workers = Vec::new();
        for name in ["jkworkersfile", "jkmountfile"] {
            workers.extend(config.every(name).map(|directive| config.path(directive.arg(0))));
        }
        let followed = Followed { host, owner: host.stat(&instance.main).map_or(0, |s| s.uid) };
        files.extend(config.files);
        files.extend(workers.into_iter().filter(|path| followed.text(path).is_some()));
        let exported = format!("{}/envvars", instance.root);
        files.extend(host.stat(&exported).is_ok().then_some(exported));
    }
    Ok(files)
}

/// The error logs of every instance; of one that is begun anew each day its path with a `*`.
pub(super) fn logs(host: &Host) -> Vec<String> {
    let mut logs = Vec::new();
    for instance in found(host).unwrap_or_default() {
        let Some(config) = read(host, &instance, &settings(host, &instance)) else { continue };
        let named = |d: &&Directive| matches!(&*d.name, "errorlog" | "jklogfile");
        for directive in config.directives.iter().filter(named) {
            let word = directive.arg(0);
            match word.strip_prefix('|') {
                Some(command) => logs.extend(piped(command).map(|path| config.path(&path))),
                None if word.starts_with("syslog") => {}
                None => logs.push(config.path(word)),
            }
        }
        // What it writes where nothing is said.
        logs.push(config.path("logs/error_log"));
    }
    logs
}

/// The file that `rotatelogs` makes: its name with a format of strftime, or with the second at
/// which it was begun.
fn piped(command: &str) -> Option<String> {
    /// Options of `rotatelogs` that take a value.
    const VALUED: [&str; 3] = ["-L", "-p", "-n"];
    let mut words = command.trim_start_matches(['|', '$']).split_whitespace();
    let program = words.next()?.trim_matches('"');
    if !program.rsplit('/').next()?.starts_with("rotatelogs") {
        return None;
    }
    let file = loop {
        let word = words.next()?;
        if VALUED.contains(&word) {
            words.next();
        } else if !word.starts_with('-') {
            break word.trim_matches('"');
        }
    };
    Some(match (file.find('%'), file.rfind('%')) {
        (Some(from), Some(to)) => {
            let rest = file.get(to + 2..).unwrap_or_default();
            format!("{}*{rest}", &file[..from])
        }
        _ => format!("{file}.*"),
    })
}

/// What is known of an instance before its files are read.
fn settings(host: &Host, instance: &Instance) -> Settings {
    let program = program(host, &instance.binary);
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let version = text(program.as_ref().map(|told| &told["version"]));
    let version = version.split("Apache/").nth(1).unwrap_or_default();
    let number = |c: char| c.is_ascii_digit() || c == '.';
    let compiled_in = program.iter().flat_map(|told| told["compiled_in"].as_array()).flatten();
    Settings {
        defines: instance.defines.clone(),
        version: version.chars().take_while(|&c| number(c)).collect(),
        compiled_in: compiled_in.filter_map(Value::as_str).map(str::to_owned).collect(),
        ..Settings::default()
    }
}

/// What programs have told of themselves: each is asked once in a collection.
type Told = Mutex<BTreeMap<String, Option<Value>>>;

/// `{"path","version","compiled_in"}` of a program of the list that only root can change.
fn program(host: &Host, path: &str) -> Option<Value> {
    let told = host.once(|_| Told::default());
    let known = told.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
    known.unwrap_or_else(|| {
        let value = asked(host, path);
        told.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), value.clone());
        value
    })
}

fn asked(host: &Host, path: &str) -> Option<Value> {
    let listed = PROGRAMS.iter().find(|one| **one == path)?;
    let trusted = |path: &str| {
        host.stat(path)
            .is_ok_and(|stat| stat.kind == Kind::File && stat.uid == 0 && stat.mode & 0o022 == 0)
    };
    if !host.is_recorded() && !trusted(listed) {
        return None;
    }
    let ask = |command: &Command, option: &str| -> Option<String> {
        let argv = [(*listed).to_owned(), option.to_owned()];
        let mut bytes = Vec::new();
        let deadline = Instant::now() + ASK_MAX;
        host.stream(command, &argv, deadline, &mut |piece| {
            bytes.extend_from_slice(piece);
            match bytes.len() < command.output_bytes_max {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        })
        .ok()?;
        Some(clean(&bytes))
    };
    let version = ask(&VERSION, "-v");
    let modules = ask(&COMPILED_IN, "-l").unwrap_or_default();
    let modules: Vec<&str> =
        modules.lines().map(str::trim).filter(|line| line.ends_with(".c")).collect();
    let first = version.as_deref().and_then(|text| text.lines().next());
    Some(json!({"path": listed, "version": first.unwrap_or_default(), "compiled_in": modules}))
}

/// `{"binaries":[…],"certificates":[…],"keys":[{"file","mode","uid","gid"}]}`; empty lists where
/// there is no httpd.
fn survey(host: &Host) -> Look<Value> {
    let (mut binaries, mut certificates, mut keys) = (Vec::new(), Vec::new(), Vec::new());
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for instance in found(host)? {
        if seen.insert(instance.binary.clone()) {
            binaries.extend(program(host, &instance.binary));
        }
        let Some(config) = read(host, &instance, &settings(host, &instance)) else { continue };
        for directive in &config.directives {
            let path = match directive.name.as_str() {
                "sslcertificatefile" | "sslcertificatekeyfile" => config.path(directive.arg(0)),
                _ => continue,
            };
            if !seen.insert(format!("{} {path}", directive.name)) {
                continue;
            }
            if directive.name == "sslcertificatefile" && certificates.len() < CERTIFICATES_MAX {
                certificates.push(certificate::told(host, &path));
            } else if keys.len() < CERTIFICATES_MAX {
                keys.extend(owner(host, &path));
            }
        }
    }
    Ok(json!({"binaries": binaries, "certificates": certificates, "keys": keys}))
}

fn owner(host: &Host, path: &str) -> Option<Value> {
    let stat = host.stat(path).ok()?;
    Some(json!({"file": path, "mode": stat.mode, "uid": stat.uid, "gid": stat.gid}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::testing::recorded;

    #[test]
    fn includes_are_found_and_other_files_of_etc_are_not() {
        let (_folder, host) = recorded(&[
            (
                "etc/httpd/conf/httpd.conf",
                "Include conf.d/*.conf\nInclude /etc/shadow\nInclude /etc/ssh/*\n\
                 JkWorkersFile conf/workers.properties\n",
            ),
            ("etc/httpd/conf.d/a.conf", "Listen 80\n"),
            ("etc/httpd/conf.d/a.conf.rpmsave", "Listen 81\n"),
            ("etc/httpd/conf/workers.properties", "worker.list=a\n"),
            ("etc/shadow", "root:$6$x\n"),
            ("etc/ssh/key", "x\n"),
        ]);
        let expected = [
            "/etc/httpd/conf/httpd.conf",
            "/etc/httpd/conf.d/a.conf",
            "/etc/httpd/conf/workers.properties",
        ];
        assert_eq!(find(&host).unwrap(), expected);
    }

    #[test]
    fn a_host_without_httpd_says_so() {
        let (_folder, host) = recorded(&[]);
        assert_eq!(find(&host).unwrap(), Vec::<String>::new());
        let empty = json!({"binaries": [], "certificates": [], "keys": []});
        assert_eq!(survey(&host).unwrap(), empty);
    }

    #[test]
    fn keys_are_never_opened() {
        let (_folder, host) = recorded(&[
            (
                "etc/httpd/conf/httpd.conf",
                "SSLCertificateFile /x/a.crt\nSSLCertificateKeyFile /x/a.key\n",
            ),
            ("x/a.key", "-----BEGIN PRIVATE KEY-----\nhunter2\n"),
        ]);
        let told = survey(&host).unwrap();
        assert_eq!(told["certificates"][0]["unseen"], "absent");
        assert_eq!(told["keys"][0]["file"], "/x/a.key");
        assert!(!told.to_string().contains("hunter2"));
    }

    #[test]
    fn logs_behind_rotatelogs_are_named_by_their_dates() {
        let check = |command: &str, expected: Option<&str>| {
            assert_eq!(piped(command).as_deref(), expected, "{command}");
        };
        check(
            "/usr/sbin/rotatelogs -l -n 5 /logs/error_log.%Y-%m-%d 86400",
            Some("/logs/error_log.*"),
        );
        check("$rotatelogs \"/logs/%Y%m%d_error.log\" 100M", Some("/logs/*_error.log"));
        check("/usr/sbin/rotatelogs logs/error_log 86400", Some("logs/error_log.*"));
        check("/usr/bin/logger -t httpd", None);
        check("rotatelogs", None);
    }
}
