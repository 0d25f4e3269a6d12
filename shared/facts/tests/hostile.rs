//! What hosts may send: whatever they send, `derive` answers, answers the same twice, and never
//! takes a thing that it did not see for one that is in order.

mod host;

use carepack_facts::{Facts, catalogue, derive};
use carepack_shared::{Content, Outcome, Unseen};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// Every declared key is either known or missing, never both and never neither.
fn check_whole(facts: &Facts) {
    for spec in catalogue() {
        let (known, missing) =
            (facts.known.contains_key(spec.key), facts.missing.contains_key(spec.key));
        assert!(known != missing, "{}: known {known}, missing {missing}", spec.key);
    }
    let declared = catalogue().count();
    assert_eq!(facts.known.len() + facts.missing.len(), declared, "an undeclared key was put");
}

#[test]
fn a_healthy_host_leaves_nothing_unknown() {
    let facts = derive(&host::snapshot(host::healthy()));
    check_whole(&facts);
    // RPM's own list, which this host has, tells neither keys nor modules.
    let database = [
        "packages.damaged",
        "packages.key_ids",
        "packages.modules",
        "packages.streams",
        "packages.unsigned",
    ];
    let missing: Vec<&String> = facts.missing.keys().collect();
    assert_eq!(missing, database);
}

#[test]
fn no_key_stands_inside_another() {
    // Rules see facts as a tree: `a.b` cannot be both a value and a folder.
    let keys: Vec<&str> = catalogue().map(|spec| spec.key).collect();
    for key in &keys {
        let folder = format!("{key}.");
        assert!(!keys.iter().any(|other| other.starts_with(&folder)), "{key}");
    }
}

/// The numbers at which arithmetic breaks.
const EDGES: [&str; 10] = [
    "0",
    "-1",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "1e400",
    "NaN",
    "-0",
    "00000000000000000000000000000000001",
    "٣",
];

/// Letters, markers and line ends that parsers look at, and ones that cut characters in half.
fn noise() -> impl Strategy<Value = String> {
    let pieces = [
        " ",
        "\n",
        "\t",
        "\r\n",
        ":",
        "=",
        " = ",
        "[",
        "]",
        "(",
        ")",
        "/",
        ",",
        "-",
        " - ",
        "#",
        ";",
        "@",
        "\"",
        "'",
        "\\040",
        "\\",
        "●",
        "한",
        "\u{feff}",
        "\0",
        "raid1",
        "[2/1]",
        "md0 : ",
        "Personalities :",
        "Tcp: ",
        "flags",
        "Include ",
        "Match all",
        "x.service",
        ".",
        "resync = ",
        "[mysqld]",
        "!includedir ",
        "resource ",
        "{",
        "}",
        "cs:",
        "<cib>",
        "<node online=\"true\"/>",
        "</configuration>",
        "totem {",
        "}",
    ];
    let piece = prop_oneof![
        select(pieces.to_vec()).prop_map(str::to_owned),
        select(EDGES.to_vec()).prop_map(str::to_owned),
        "\\PC{0,8}",
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// A sample that was cut, had its numbers exchanged, or had noise put into it.
fn bent(sample: &'static str) -> impl Strategy<Value = String> {
    let places = any::<prop::sample::Index>();
    (places, select(EDGES.to_vec()), noise(), 0..4_u8).prop_map(move |(place, edge, noise, way)| {
        let ends: Vec<usize> = sample.char_indices().map(|(at, _)| at).chain([0]).collect();
        let at = *place.get(&ends);
        match way {
            0 => sample[..at].to_owned(),
            1 => format!("{}{noise}{}", &sample[..at], &sample[at..]),
            2 => noise,
            _ => numbers_exchanged(sample, edge, at),
        }
    })
}

/// Numbers from byte `from` on become `edge`.
fn numbers_exchanged(sample: &str, edge: &str, from: usize) -> String {
    let mut exchanged = sample[..from].to_owned();
    let mut inside = false;
    for c in sample[from..].chars() {
        let digit = c.is_ascii_digit();
        match (digit, inside) {
            (true, false) => exchanged.push_str(edge),
            (true, true) => {}
            (false, _) => exchanged.push(c),
        }
        inside = digit;
    }
    exchanged
}

fn leaf() -> impl Strategy<Value = Value> {
    let leaves = vec![
        Value::Null,
        json!(true),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(-1),
        json!(1.5e300),
        json!(""),
        json!("\u{1b}[2J"),
        json!([]),
        json!({}),
        json!([[{"name": 1}]]),
    ];
    select(leaves)
}

/// A survey in which one part was exchanged.
fn bent_json(value: Value) -> impl Strategy<Value = Value> {
    let places = parts(&value, String::new());
    (select(places), leaf()).prop_map(move |(place, leaf)| {
        let mut value = value.clone();
        if let Some(part) = value.pointer_mut(&place) {
            *part = leaf;
        }
        value
    })
}

/// JSON pointers of a value and all its parts.
fn parts(value: &Value, here: String) -> Vec<String> {
    let inner: Vec<String> = match value {
        Value::Array(items) => {
            let one = |(at, item)| parts(item, format!("{here}/{at}"));
            items.iter().enumerate().flat_map(one).collect()
        }
        Value::Object(map) => {
            let one = |(key, item): (&String, &Value)| parts(item, format!("{here}/{key}"));
            map.iter().flat_map(one).collect()
        }
        _ => Vec::new(),
    };
    std::iter::once(here).chain(inner).collect()
}

/// A host all of whose sources are bent at once.
fn bent_host() -> impl Strategy<Value = Vec<(String, Outcome)>> {
    let texts: Vec<_> = host::TEXTS
        .iter()
        .map(|(key, sample)| {
            bent(sample).prop_map(|text| ((*key).to_owned(), host::seen_text(&text)))
        })
        .collect();
    let surveys: Vec<_> = host::surveys()
        .into_iter()
        .map(|(key, value)| {
            bent_json(value).prop_map(move |value| (key.to_owned(), host::seen_json(value)))
        })
        .collect();
    (texts, surveys).prop_map(|(texts, surveys)| texts.into_iter().chain(surveys).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_048, max_shrink_iters: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn nothing_that_a_host_sends_stops_a_parser(sources in bent_host()) {
        let snapshot = host::snapshot(sources);
        let facts = derive(&snapshot);
        check_whole(&facts);
        prop_assert_eq!(&derive(&snapshot), &facts);
        // What is stored reads back, whatever numbers are in it (the last bit of a float may go).
        let stored = serde_json::to_string(&facts).unwrap();
        let read: Facts = serde_json::from_str(&stored).unwrap();
        prop_assert!(read.known.keys().eq(facts.known.keys()));
        prop_assert_eq!(&read.missing, &facts.missing);
    }

    #[test]
    fn text_for_json_and_json_for_text(noise in noise(), leaf in leaf()) {
        let swap = |(key, outcome): (String, Outcome)| {
            let outcome = match outcome {
                Outcome::Seen { content: Content::Text(_), .. } => host::seen_json(leaf.clone()),
                _ => host::seen_text(&noise),
            };
            (key, outcome)
        };
        check_whole(&derive(&host::snapshot(host::healthy().into_iter().map(swap).collect())));
    }
}

/// The facts that absence answers, when a probe looked and found nothing.
const ANSWERED_BY_ABSENCE: &[&str] = &[
    "block.md",
    "dns_server.running",
    "drbd.resources",
    "firewall.rule_files",
    "ftp.running",
    "kdump.dumps",
    "logging.logrotate",
    "login.faillock",
    "lvm.groups",
    "mail.running",
    "modprobe.autoload",
    "modprobe.blacklist",
    "modprobe.options",
    "multipath.configured",
    "net.bonds",
    "nfs.exports",
    "repositories.enabled",
    "repositories.gpgcheck_off",
    "samba.running",
    "selinux.mode",
    "snmp.running",
    "sshd.present",
    "subscription.release",
    "systemd.defaults",
    "time.servers",
    "tuned.profile",
];

#[test]
fn what_may_not_be_read_is_not_known() {
    for reason in [Unseen::Denied, Unseen::TimedOut, Unseen::Withheld, Unseen::Failed] {
        let deny = |(key, _): (String, Outcome)| (key, host::unseen(reason));
        let facts = derive(&host::snapshot(host::healthy().into_iter().map(deny).collect()));
        check_whole(&facts);
        let known: Vec<&String> = facts.known.keys().collect();
        assert!(known.is_empty(), "{reason:?}: {known:?}");
        let reasons: Vec<_> =
            facts.missing.iter().filter(|(_, missing)| missing.reason != reason).collect();
        assert!(reasons.is_empty(), "{reason:?}: {reasons:?}");
    }
}

#[test]
fn what_is_not_there_is_known_only_where_absence_answers() {
    let absent = |(key, _): (String, Outcome)| (key, host::unseen(Unseen::Absent));
    let facts = derive(&host::snapshot(host::healthy().into_iter().map(absent).collect()));
    let known: Vec<&str> = facts.known.keys().map(String::as_str).collect();
    // Without settings of a ring the host is in no cluster: all of its facts say so.
    let answered = |key: &str| ANSWERED_BY_ABSENCE.contains(&key) || key.starts_with("cluster.");
    let others: Vec<_> = known.iter().filter(|key| !answered(key)).collect();
    assert!(others.is_empty(), "{others:?}");
}

#[test]
fn nobody_looked_so_nothing_is_known() {
    let facts = derive(&host::snapshot(Vec::new()));
    check_whole(&facts);
    assert!(facts.known.is_empty(), "{:?}", facts.known.keys().collect::<Vec<_>>());
}

#[test]
fn one_file_that_may_not_be_read_hides_what_it_could_change() {
    let check = |hidden: &str, keys: &[&str]| {
        let mut sources = host::healthy();
        sources.retain(|(key, _)| key != hidden);
        sources.push((hidden.to_owned(), host::unseen(Unseen::Denied)));
        let facts = derive(&host::snapshot(sources));
        for key in keys {
            let missing = facts.missing.get(*key).map(|m| (m.reason, m.source.as_str()));
            assert_eq!(missing, Some((Unseen::Denied, hidden)), "{key}");
        }
    };
    check("/etc/ssh/sshd_config.d/50-redhat.conf", &["sshd.settings"]);
    check("/etc/ssh/sshd_config.d/*.conf", &["sshd.settings"]);
    check("/etc/sysctl.d/90-db.conf", &["sysctl.files", "sysctl.configured"]);
    check("/etc/sysctl.conf", &["sysctl.files", "sysctl.configured"]);
    check("/etc/cron.d/0hourly", &["cron.jobs"]);
    check("/etc/crontab", &["cron.jobs"]);
    check("/etc/security/limits.d/20-nproc.conf", &["limits.entries"]);
    check("/etc/security/limits.conf", &["limits.entries"]);
    check("/etc/yum.repos.d/redhat.repo", &["repositories.enabled", "repositories.gpgcheck_off"]);
    check("/proc/net/bonding/bond0", &["net.bonds"]);
}

#[test]
fn rubbish_is_not_an_empty_list() {
    let check = |source: &str, keys: &[&str]| {
        let mut sources = host::healthy();
        sources.retain(|(key, _)| key != source);
        sources.push((source.to_owned(), host::seen_text("Failed to connect to bus: whatever\n")));
        let facts = derive(&host::snapshot(sources));
        for key in keys {
            let reason = facts.missing.get(*key).map(|missing| missing.reason);
            assert_eq!(reason, Some(Unseen::Malformed), "{key}");
        }
    };
    let units = ["services.units", "services.failed", "services.active", "firewall.active"];
    check("cmd:systemd-units", &units);
    check("cmd:systemd-unit-files", &["services.enabled"]);
    check("cmd:rpm-packages", &["packages.installed", "packages.count"]);
    check("cmd:chronyc-sources", &["time.sources"]);
    check("cmd:chronyc-tracking", &["time.offset_seconds", "time.stratum"]);
    check("/proc/self/mountinfo", &["fs.mounts"]);
}

#[test]
fn fifteen_hundred_packages_are_read_in_milliseconds() {
    let line =
        |n: usize| format!("package-{n}\t0\t1.{n}\t{n}.el9\tx86_64\tRed Hat, Inc.\t1715000000\n");
    let mut sources = host::healthy();
    sources.retain(|(key, _)| key != "cmd:rpm-packages");
    let text: String = (0..1_500).map(line).collect();
    sources.push(("cmd:rpm-packages".to_owned(), host::seen_text(&text)));
    let snapshot = host::snapshot(sources);
    let started = std::time::Instant::now();
    let facts = derive(&snapshot);
    let took = started.elapsed();
    assert_eq!(facts.value("packages.count"), Some(&json!(1_500)));
    println!("derive over 1,500 packages: {took:?}");
    // A few milliseconds when optimised; ten times that is a loop inside a loop.
    let limit_ms = if cfg!(debug_assertions) { 1_000 } else { 50 };
    assert!(took.as_millis() < limit_ms, "{took:?}");
}
