//! Java: which JDK runs what with which memory and options, what is installed, what crashed.
//!
//! Reads the survey `jdk`. Options follow the `java` tool's manual: of two the later stands, and
//! `-XX:+NAME` turns on, `-XX:-NAME` off. Which options a version ignores is the rules' business.

mod options;

use carepack_shared::Unseen;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::jboss::{PROCESSES, no_java};
use crate::{Evidence, Facts, Parser, Spec};

use options::Options;

const SURVEY: &str = "survey:jdk";

pub static PARSER: Parser = Parser {
    name: "jdk",
    facts: &[
        Spec {
            key: "jdk.processes",
            unit: "",
            about: "running Java: {pid, app, user, vendor, version, major, heap_max_bytes, \
                    memory_max_bytes, gc, gc_log, heap_dump, debug, jmx_port, flags, …}",
        },
        Spec {
            key: "jdk.heap_total_bytes",
            unit: "bytes",
            about: "largest heaps of all running Java together, where they are set",
        },
        Spec {
            key: "jdk.installed",
            unit: "",
            about: "JDKs there are: {home, vendor, version, major, running}",
        },
        Spec {
            key: "jdk.crashes",
            unit: "",
            about: "crash reports (hs_err): {path, modified, signal, frame}, newest first",
        },
        Spec { key: "jdk.dumps", unit: "", about: "heap dumps: {path, size_bytes, modified}" },
    ],
    parse,
};

#[derive(Deserialize)]
struct Survey {
    running: Option<Vec<Running>>,
    // An archive tells only what runs.
    installed: Option<Vec<Installed>>,
    crashes: Option<Vec<Map<String, Value>>>,
    dumps: Option<Vec<Map<String, Value>>>,
}

#[derive(Deserialize)]
struct Running {
    pid: Option<i64>,
    user: Option<String>,
    #[serde(default)]
    argv: Vec<String>,
    home: Option<String>,
    release: Option<Map<String, Value>>,
    memory_max_bytes: Option<i64>,
}

#[derive(Deserialize)]
struct Installed {
    home: String,
    release: Option<Map<String, Value>>,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let survey = match evidence.survey::<Survey>(SURVEY) {
        Ok(survey) => survey,
        Err(reason) => {
            if evidence.get(SURVEY).is_none() && no_java(evidence) {
                facts.put("jdk.processes", Vec::<Value>::new(), PROCESSES);
            }
            let keys = [
                "jdk.processes",
                "jdk.heap_total_bytes",
                "jdk.installed",
                "jdk.crashes",
                "jdk.dumps",
            ];
            return facts.miss_all(&keys, reason, SURVEY);
        }
    };
    let homes: Vec<&str> =
        survey.running.iter().flatten().filter_map(|process| process.home.as_deref()).collect();
    let installed = survey.installed.as_ref().map(|all| -> Vec<Value> {
        all.iter().map(|one| one.row(homes.contains(&one.home.as_str()))).collect()
    });
    facts.tell("jdk.installed", installed.ok_or(Unseen::Absent), SURVEY);
    match &survey.running {
        Some(running) => {
            let rows: Vec<Value> = running.iter().map(process).collect();
            let heaps = rows.iter().filter_map(|row| row["heap_max_bytes"].as_i64());
            let total = heaps.fold(0_i64, i64::saturating_add);
            facts.put("jdk.heap_total_bytes", total, SURVEY);
            facts.put("jdk.processes", rows, SURVEY);
            // Where nobody knows who runs, nobody knows where crashes leave their files.
            let crashes = survey.crashes.map(newest).ok_or(Unseen::Absent);
            facts.tell("jdk.crashes", crashes, SURVEY);
            facts.tell("jdk.dumps", survey.dumps.map(newest).ok_or(Unseen::Absent), SURVEY);
        }
        None => facts.miss_all(
            &["jdk.processes", "jdk.heap_total_bytes", "jdk.crashes", "jdk.dumps"],
            Unseen::Failed,
            SURVEY,
        ),
    }
}

impl Installed {
    fn row(&self, running: bool) -> Value {
        let Release { vendor, version, major, update } =
            Release::of(Some(&self.home), self.release.as_ref());
        json!({
            "home": self.home, "vendor": vendor, "version": version, "major": major,
            "update": update, "running": running,
        })
    }
}

fn newest(mut rows: Vec<Map<String, Value>>) -> Vec<Value> {
    let modified = |row: &Map<String, Value>| row.get("modified").and_then(Value::as_i64);
    rows.sort_by_key(|row| std::cmp::Reverse(modified(row)));
    rows.into_iter().map(Value::Object).collect()
}

fn process(one: &Running) -> Value {
    let release = Release::of(one.home.as_deref(), one.release.as_ref());
    let options = Options::of(&one.argv);
    let debug = options.debug();
    json!({
        "pid": one.pid,
        "app": app(&one.argv),
        "user": one.user,
        "home": one.home,
        "vendor": release.vendor,
        "implementor": one.release.as_ref().and_then(|release| release.get("IMPLEMENTOR")),
        "version": release.version,
        "major": release.major,
        "update": release.update,
        "heap_max_bytes": options.size("-Xmx").or_else(|| options.value_size("MaxHeapSize")),
        "heap_min_bytes": options.size("-Xms").or_else(|| options.value_size("InitialHeapSize")),
        "heap_pct": options.value_number("MaxRAMPercentage"),
        "stack_bytes": options.size("-Xss"),
        "metaspace_max_bytes": options.value_size("MaxMetaspaceSize"),
        "direct_max_bytes": options.value_size("MaxDirectMemorySize"),
        "memory_max_bytes": one.memory_max_bytes,
        "container_support": options.is_on("UseContainerSupport"),
        "gc": options.collector(),
        "gc_log": options.gc_log(),
        "heap_dump": options.is_on("HeapDumpOnOutOfMemoryError").unwrap_or(false),
        "heap_dump_path": options.value("HeapDumpPath"),
        "exits_on_oom": options.is_on("ExitOnOutOfMemoryError").unwrap_or(false)
            || options.is_on("CrashOnOutOfMemoryError").unwrap_or(false)
            || options.names().contains(&"OnOutOfMemoryError"),
        "error_file": options.value("ErrorFile"),
        "debug": debug,
        "jmx_port": options.property("com.sun.management.jmxremote.port")
            .and_then(|port| port.parse::<i64>().ok()),
        "jmx_auth": options.property("com.sun.management.jmxremote.authenticate") != Some("false"),
        "jmx_tls": options.property("com.sun.management.jmxremote.ssl") != Some("false"),
        "jmx_host": options.property("com.sun.management.jmxremote.host"),
        "random": options.property("java.security.egd"),
        "flags": options.names(),
        "repeated": options.repeated(),
    })
}

/// What runs in it, as its options say.
fn app(argv: &[String]) -> String {
    let option = |name: &str| argv.iter().find_map(|word| word.strip_prefix(name));
    let has = |name: &str| argv.iter().any(|word| word == name);
    if let Some(base) = option("-Dcatalina.base=") {
        return format!("tomcat {base}");
    }
    let domain = [
        ("-D[Process Controller]", "process controller"),
        ("-D[Host Controller]", "host controller"),
    ];
    if let Some((_, name)) = domain.iter().find(|(word, _)| has(word)) {
        return format!("jboss {name}");
    }
    if let Some(server) = option("-D[Server:") {
        return format!("jboss {}", server.trim_end_matches(']'));
    }
    match option("-Djboss.server.base.dir=").or_else(|| option("-Djboss.home.dir=")) {
        Some(base) => format!("jboss {base}"),
        None => "java".to_owned(),
    }
}

/// Whose JDK it is and which: `release` says so, an old one only by its folder's name.
struct Release {
    /// `redhat`, `oracle`, `temurin`, `zulu`, `corretto`; none of others.
    vendor: Option<&'static str>,
    version: Option<String>,
    major: Option<i64>,
    /// Of `1.8.0_412` and `8.0.412` 412, of `17.0.11` 11.
    update: Option<i64>,
}

impl Release {
    fn of(home: Option<&str>, release: Option<&Map<String, Value>>) -> Self {
        let field = |name: &str| release?.get(name)?.as_str();
        let folder = home.and_then(|home| home.rsplit('/').next()).unwrap_or("");
        let version = field("JAVA_VERSION").map(str::to_owned).or_else(|| version_of(folder));
        let numbers: Vec<i64> = version
            .as_deref()
            .unwrap_or("")
            .split(['.', '_', '-', '+'])
            .map_while(|part| part.parse().ok())
            .collect();
        let old = numbers.first() == Some(&1);
        Self {
            vendor: vendor(field("IMPLEMENTOR"), home.unwrap_or("")),
            major: numbers.get(usize::from(old)).copied(),
            update: numbers.get(if old { 3 } else { 2 }).copied(),
            version,
        }
    }
}

/// Words of `IMPLEMENTOR` and of folders' names.
fn vendor(implementor: Option<&str>, home: &str) -> Option<&'static str> {
    const WORDS: [(&str, &str); 9] = [
        ("red hat", "redhat"),
        ("adoptium", "temurin"),
        ("temurin", "temurin"),
        ("azul", "zulu"),
        ("zulu", "zulu"),
        ("amazon", "corretto"),
        ("corretto", "corretto"),
        ("oracle", "oracle"),
        ("-openjdk", "redhat"),
    ];
    let of = |text: &str| {
        let lower = text.to_lowercase();
        WORDS.iter().find(|(word, _)| lower.contains(word)).map(|&(_, vendor)| vendor)
    };
    let packaged = home.starts_with("/usr/lib/jvm/") || home.starts_with("/opt/");
    match implementor {
        Some(text) => of(text),
        // The packages of RHEL lie under this name; Oracle's archives unpack to `jdk1.8.0_202`.
        None if packaged && of(home).is_some() => of(home),
        None => home.contains("/jdk1.").then_some("oracle"),
    }
}

/// The longest version in a folder's name: `java-1.8.0-openjdk-1.8.0.412.b08-1.el8` has
/// `1.8.0_412`, `jdk1.7.0_80` and `jdk-17.0.2` have theirs.
fn version_of(folder: &str) -> Option<String> {
    let parts = folder.split(|c: char| !c.is_ascii_digit() && c != '.' && c != '_');
    let parts = parts.map(|part| part.trim_matches(['.', '_'])).filter(|part| !part.is_empty());
    let longest = parts.fold("", |best, part| if part.len() > best.len() { part } else { best });
    if longest.is_empty() {
        return None;
    }
    let mut numbers: Vec<&str> = longest.split(['.', '_']).collect();
    if numbers[0] != "1" || numbers.len() < 4 {
        return Some(longest.to_owned());
    }
    let update = numbers.split_off(3);
    Some(format!("{}_{}", numbers.join("."), update[0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_folders() {
        let check = |home: &str, expected| {
            let Release { vendor, version, major, update } = Release::of(Some(home), None);
            assert_eq!((vendor, version.as_deref(), major, update), expected, "{home}");
        };
        check(
            "/usr/lib/jvm/java-1.8.0-openjdk-1.8.0.412.b08-1.el8.x86_64",
            (Some("redhat"), Some("1.8.0_412"), Some(8), Some(412)),
        );
        check(
            "/usr/lib/jvm/java-11-openjdk-11.0.22.0.7-2.el8.x86_64",
            (Some("redhat"), Some("11.0.22.0.7"), Some(11), Some(22)),
        );
        check("/usr/java/jdk1.7.0_80", (Some("oracle"), Some("1.7.0_80"), Some(7), Some(80)));
        check("/opt/jdk-17.0.2", (None, Some("17.0.2"), Some(17), Some(2)));
        check("/opt/zulu11", (Some("zulu"), Some("11"), Some(11), None));
        check("/usr/lib/jvm/jre", (None, None, None, None));
    }

    #[test]
    fn release_files_stand_above_names() {
        let release = json!({"IMPLEMENTOR": "Eclipse Adoptium", "JAVA_VERSION": "17.0.11"});
        let release = Release::of(Some("/opt/jdk"), release.as_object());
        assert_eq!(
            (release.vendor, release.major, release.update),
            (Some("temurin"), Some(17), Some(11))
        );
    }
}
