//! The invariants of absence: what must not be in the tree, each with its reason.
//!
//! A line here is a review remark that was made twice. Sources are read as text; the dependency
//! graph is asked of cargo.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the root").to_owned()
}

/// Files below `folder` whose name ends in `ending`, with their text.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    walk(&root().join(folder), &mut |path| {
        if path.to_string_lossy().ends_with(ending) {
            let text = std::fs::read_to_string(path).expect("a source file is UTF-8");
            let name = path.strip_prefix(root()).expect("below the root");
            found.push((name.to_string_lossy().into_owned(), text));
        }
    });
    found.sort();
    assert!(
        !found.is_empty(),
        "no {ending} files below {folder}: the test looks in the wrong place"
    );
    found
}

fn walk(folder: &Path, visit: &mut dyn FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).expect("a readable folder").flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            if name != "target" && name != "carepack-demo" && name != ".git" {
                walk(&path, visit);
            }
        } else {
            visit(&path);
        }
    }
}

/// The code without comment lines and without its test module.
fn code(text: &str) -> String {
    let body = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text);
    let lines = body.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// No source below `folder` (but for paths that contain one of `except`) holds a banned word.
fn absent(folder: &str, banned: &[&str], except: &[&str], reason: &str) {
    let mut faults = Vec::new();
    for (path, text) in files(folder, ".rs") {
        if except.iter().any(|part| path.contains(part)) {
            continue;
        }
        let code = code(&text);
        let hits = banned.iter().filter(|word| code.contains(**word));
        faults.extend(hits.map(|word| format!("{path}: `{word}`")));
    }
    assert!(faults.is_empty(), "{reason}:\n{}", faults.join("\n"));
}

const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::env",
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "tokio",
    "async fn",
    "rusqlite",
    "reqwest",
];

#[test]
fn the_pure_crates_do_no_io_and_have_no_clock() {
    let reason = "shared, facts, advisories, assessment and service are pure: now is an argument";
    absent("shared/src", IMPURE, &[], reason);
    absent("shared/facts/src", IMPURE, &[], reason);
    absent("shared/rpmdb/src", IMPURE, &[], reason);
    absent("collector/assessment/src", IMPURE, &[], reason);
    absent("collector/advisories/src", IMPURE, &[], reason);
    absent("collector/service/src", IMPURE, &[], reason);
}

#[test]
fn only_the_host_door_touches_the_system_for_observation() {
    let banned =
        ["std::fs", "std::process", "net::Tcp", "net::Udp", "UnixStream", "nix::", "libc::"];
    for folder in ["agent/src/probes", "agent/src/logs"] {
        absent(folder, &banned, &[], "probes see the system only through host/");
    }
}

#[test]
fn only_the_uplink_names_the_http_client() {
    absent("agent/src", &["reqwest"], &["/uplink/"], "one door to the network");
    let except = ["/uplink/", "agent/src/relay.rs"];
    absent("agent/src", &["TcpStream"], &except, "a socket only in the uplink and in the relay");
}

#[test]
fn the_agent_never_runs_what_it_is_sent_and_needs_no_shell() {
    let banned = ["\"/bin/sh\"", "\"/bin/bash\"", "\"sh\"", "\"bash\"", "\"-c\""];
    absent("agent/src", &banned, &["/probes/", "/tests"], "no shell on a customer's host");
}

#[test]
fn only_the_store_holds_sql() {
    let banned = ["SELECT ", "INSERT INTO", "DELETE FROM", "UPDATE "];
    absent("collector/src", &banned, &["/store/"], "SQL lives in store/, one file a query");
}

#[test]
fn intake_stores_and_acknowledges_and_never_assesses() {
    absent(
        "collector/src/intake",
        &["carepack_assessment", "inspections::"],
        &[],
        "intake only stores",
    );
    absent("collector/src/reports", &["crate::store", "Store"], &[], "rendering never queries");
}

#[test]
fn every_source_file_says_what_it_is_and_stays_small() {
    let mut faults = Vec::new();
    for folder in ["shared", "agent", "collector", "tests"] {
        for (path, text) in files(folder, ".rs") {
            if !text.starts_with("//!") && !text.starts_with("#!") {
                faults.push(format!("{path}: the first line is no module header"));
            }
            let lines = text.split("#[cfg(test)]\nmod tests").next().unwrap_or("").lines().count();
            // A suite reads well as one list of cases; what it tests must stay small.
            let suite = path.contains("/tests/") || path.contains("/benches/");
            if lines > 450 && !suite {
                faults.push(format!("{path}: {lines} lines without tests; it wants to be two"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn nothing_is_unfinished_or_switched_off() {
    let banned =
        ["todo!(", "unimplemented!(", "#[ignore", concat!("FIX", "ME"), concat!("XX", "X")];
    for folder in ["shared", "agent", "collector", "tests"] {
        absent(folder, &banned, &["tests/tests/tidy.rs"], "finish it or say so in the docs");
    }
}

#[test]
fn nothing_unwraps_outside_tests() {
    let reason = "say in expect() why it cannot fail, or return an error";
    for folder in ["shared/src", "shared/facts/src", "agent/src", "collector/src"] {
        absent(folder, &[".unwrap()"], &["/tests.rs", "/testing.rs"], reason);
    }
}

#[test]
fn the_top_level_is_what_the_design_says() {
    let allowed = [
        "Cargo.toml",
        "Cargo.lock",
        "agent",
        "collector",
        "shared",
        "packaging",
        "tests",
        "README.md",
    ];
    let ignored = ["target", "carepack-demo"];
    for entry in std::fs::read_dir(root()).expect("a readable root").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let ok = name.starts_with('.') || allowed.contains(&name.as_str());
        assert!(ok || ignored.contains(&name.as_str()), "{name} does not belong to the top level");
    }
}

/// `cargo tree` over the lock file, offline.
fn tree(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["tree", "--offline", "--locked", "--edges", "normal", "--prefix", "none"])
        .args(arguments)
        .output()
        .expect("cargo runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.success(), text)
}

#[test]
fn one_tls_provider_and_no_openssl() {
    for banned in ["ring", "openssl-sys", "native-tls", "git2", "sqlx"] {
        let (found, text) = tree(&["--workspace", "--invert", banned]);
        assert!(!found || text.trim().is_empty(), "{banned} is in the tree:\n{text}");
    }
}

#[test]
fn crates_depend_only_on_whom_they_may() {
    let own = |package: &str| {
        let (ok, text) = tree(&["--package", package, "--depth", "1"]);
        assert!(ok, "cargo tree --package {package} failed");
        let lines = text.lines().skip(1).filter(|line| line.starts_with("carepack-"));
        let mut names: Vec<String> =
            lines.filter_map(|line| line.split(' ').next().map(str::to_owned)).collect();
        names.sort_unstable();
        names.dedup();
        names
    };
    assert_eq!(own("carepack-shared"), [""; 0]);
    assert_eq!(own("carepack-facts"), ["carepack-shared"]);
    assert_eq!(own("carepack-rpmdb"), [""; 0]);
    assert_eq!(own("carepack-agent"), ["carepack-facts", "carepack-rpmdb", "carepack-shared"]);
    assert_eq!(own("carepack-advisories"), ["carepack-facts", "carepack-shared"]);
    let below = ["carepack-advisories", "carepack-facts", "carepack-shared"];
    assert_eq!(own("carepack-assessment"), below);
    for package in
        ["carepack-shared", "carepack-facts", "carepack-advisories", "carepack-assessment"]
    {
        let (_, text) = tree(&["--package", package]);
        for banned in ["tokio ", "rusqlite ", "reqwest ", "hyper "] {
            assert!(!text.contains(&format!("\n{banned}")), "{package} reaches {banned}");
        }
    }
}
