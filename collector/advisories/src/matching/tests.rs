//! Who lacks what: a case for each thing that careless matchers get wrong.

use serde_json::{Value, json};

use super::*;
use crate::host::{Os, Product};
use crate::model::{Advisory, Vulnerability};
use crate::stream::Repositories;

const MAIN: &str = "cpe:/o:redhat:enterprise_linux:9::baseos";
const EUS: &str = "cpe:/o:redhat:rhel_eus:9.2::baseos";

fn advisory(id: &str, fixes: &Value) -> Advisory {
    let text = json!({"id": id, "kind": "security", "title": {}, "cves": [{"id": "CVE-2026-1"}],
        "published": "2026-11-01T00:00:00Z", "updated": "2026-11-01T00:00:00Z", "fixes": fixes});
    serde_json::from_value(text).unwrap()
}

fn fix(stream: &str, evr: &str, packages: &[&str]) -> Value {
    json!({"streams": [stream], "evr": evr, "packages": packages})
}

fn vulnerability(states: &Value) -> Vulnerability {
    let text = json!({"cve": {"id": "CVE-2026-1"}, "title": "", "states": states,
        "published": "2026-11-01T00:00:00Z", "updated": "2026-11-01T00:00:00Z"});
    serde_json::from_value(text).unwrap()
}

fn package(text: &str) -> Package {
    // name arch epoch version release [module] [source] [vendor]
    let words: Vec<&str> = text.split(' ').collect();
    let word = |at: usize| words.get(at).copied().unwrap_or("");
    let row = json!([
        word(0),
        words[1],
        words[2].parse::<u32>().ok(),
        word(3),
        word(4),
        word(5),
        word(6),
        word(7).replace('_', " ")
    ]);
    serde_json::from_value(row).unwrap()
}

fn host(packages: &[&str]) -> Host {
    let mut packages: Vec<Package> = packages.iter().map(|text| package(text)).collect();
    packages.sort();
    Host { os: Os::of("rhel", "9.4", ""), packages, ..Host::default() }
}

/// `id class name installed→fixed …` of each match.
fn told(advisories: &[Advisory], vulnerabilities: &[Vulnerability], host: &Host) -> Vec<String> {
    let map = Repositories::new();
    let index = Index::new(advisories, vulnerabilities, &map);
    let streams = Streams::of(host, &map);
    matches(&index, host, &streams)
        .iter()
        .map(|found| {
            let id = match found.what {
                What::Advisory(at) => &advisories[at as usize].id,
                What::Vulnerability(at) => &vulnerabilities[at as usize].cve.id,
            };
            let hits = found.hits.iter().map(|hit| {
                let fixed = hit.fixed.as_deref().unwrap_or("-");
                let running = hit.running.as_deref().map_or(String::new(), |r| format!(" ({r})"));
                format!(" {} {}→{fixed}{running}", hit.name, hit.installed)
            });
            format!("{id} {}{}", found.class.as_str(), hits.collect::<String>())
        })
        .collect()
}

#[test]
fn each_stream_has_its_own_version() {
    let sudo = advisory(
        "RHSA-1",
        &json!([
            fix(MAIN, "0:1.9.5p2-10.el9_3", &["sudo.x86_64"]),
            fix(EUS, "0:1.9.5p2-9.el9_2.2", &["sudo.x86_64"])
        ]),
    );
    let all = [sudo];
    let patched = host(&["sudo x86_64 0 1.9.5p2 10.el9_3"]);
    assert_eq!(told(&all, &[], &patched), [""; 0]);
    let open = host(&["sudo x86_64 0 1.9.5p2 9.el9_2.2"]);
    assert_eq!(
        told(&all, &[], &open),
        ["RHSA-1 applicable sudo 0:1.9.5p2-9.el9_2.2→0:1.9.5p2-10.el9_3"]
    );
    // Held on EUS, the same version is patched; what only the main line has is elsewhere.
    let mut eus = open;
    eus.repositories = Some(vec!["eus".to_owned()]);
    eus.os = Os::of("rhel", "9.2", "");
    let map = Repositories::from([("eus".to_owned(), vec![EUS.to_owned()])]);
    let streams = Streams::of(&eus, &map);
    assert_eq!(matches(&Index::new(&all, &[], &map), &eus, &streams), []);
    let only_main =
        [advisory("RHSA-2", &json!([fix(MAIN, "0:1.9.5p2-10.el9_3", &["sudo.x86_64"])]))];
    let found = matches(&Index::new(&only_main, &[], &map), &eus, &streams);
    assert_eq!(found[0].class, Class::Elsewhere);
}

#[test]
fn epoch_architecture_and_vendor_decide() {
    let all = [advisory(
        "A",
        &json!([fix(MAIN, "1:3.0.7-27.el9", &["openssl-libs.x86_64", "openssl-libs.i686"])]),
    )];
    for (package, is_found) in [
        ("openssl-libs x86_64 0 9.0 1.el9", true),
        ("openssl-libs x86_64 1 3.0.7 27.el9", false),
        ("openssl-libs x86_64 1 3.0.7 27.el9_4", false),
        ("openssl-libs x86_64 1 3.0.7 6.el9", true),
        ("openssl-libs aarch64 1 3.0.7 6.el9", false),
        // A list without epochs compares without.
        ("openssl-libs x86_64 ? 3.0.7 6.el9", true),
        ("openssl-libs x86_64 ? 3.0.7 28.el9", false),
        ("openssl-libs x86_64 1 3.0.7 6.el9   Somebody_Else", false),
        ("openssl-libs x86_64 1 3.0.7 6.el9   Red_Hat,_Inc.", true),
    ] {
        assert_eq!(!told(&all, &[], &host(&[package])).is_empty(), is_found, "{package}");
    }
}

#[test]
fn a_module_stream_is_fixed_by_its_own_builds() {
    let ruby = json!([{"streams": [MAIN], "module": "ruby:3.1", "evr": "0:3.1.4-1.module+el9",
        "packages": ["ruby.x86_64"]}]);
    let all = [advisory("A", &ruby)];
    for (package, is_found) in [
        ("ruby x86_64 0 3.1.2 1.module+el9 ruby:3.1", true),
        ("ruby x86_64 0 2.7.8 1.module+el9 ruby:2.7", false),
        ("ruby x86_64 0 3.0.4 1.el9", false),
        // Without a label the enabled streams decide.
        ("ruby x86_64 0 3.1.2 1.module+el9", true),
    ] {
        let mut host = host(&[package]);
        host.modules = vec!["ruby:3.1".to_owned()];
        assert_eq!(!told(&all, &[], &host).is_empty(), is_found, "{package}");
    }
}

#[test]
fn a_kernel_protects_only_when_it_runs() {
    let all = [advisory(
        "K",
        &json!([fix(MAIN, "0:5.14.0-427.el9", &["kernel.x86_64", "kernel-tools.x86_64"])]),
    )];
    let mut host = host(&[
        "kernel x86_64 0 5.14.0 362.el9",
        "kernel x86_64 0 5.14.0 427.el9",
        "kernel-tools x86_64 0 5.14.0 427.el9",
    ]);
    host.running_kernel = "5.14.0-362.el9.x86_64".to_owned();
    let found = told(&all, &[], &host);
    assert_eq!(
        found,
        ["K applicable kernel 0:5.14.0-427.el9→0:5.14.0-427.el9 (5.14.0-362.el9.x86_64)"]
    );
    let map = Repositories::new();
    let index = Index::new(&all, &[], &map);
    let standing_now = |host: &Host| standing(&index, 0, host, &Streams::of(host, &map));
    let now = standing_now(&host);
    assert_eq!((now.missing.len(), now.not_running.len(), now.is_applied()), (0, 1, false));
    // A real-time kernel that runs says nothing of this flavour.
    host.running_kernel = "5.14.0-362.rt14.el9.x86_64+rt".to_owned();
    assert_eq!(told(&all, &[], &host), [""; 0]);
    host.running_kernel = "5.14.0-427.el9.x86_64".to_owned();
    assert!(standing_now(&host).is_applied());
    host.packages.retain(|package| package.release != "427.el9");
    host.live_patched = true;
    let found = matches(&index, &host, &Streams::of(&host, &map));
    assert!(found[0].live_patched && !found[0].is_only_not_running());
    assert!(standing_now(&Host::default()).is_unconcerned());
}

#[test]
fn what_has_no_fix_is_told_by_what_becomes_of_it() {
    let state = |status: &str| {
        json!({"status": status, "streams": ["cpe:/o:redhat:enterprise_linux:9"],
            "packages": ["bash"]})
    };
    let bash = host(&["bash-libs x86_64 0 5.1 1.el9  bash"]);
    for (status, expected) in [
        ("affected", "CVE-2026-1 no_fix_yet bash-libs 0:5.1-1.el9→-"),
        ("fix_deferred", "CVE-2026-1 no_fix_yet bash-libs 0:5.1-1.el9→-"),
        ("will_not_fix", "CVE-2026-1 will_not_fix bash-libs 0:5.1-1.el9→-"),
        ("out_of_support", "CVE-2026-1 will_not_fix bash-libs 0:5.1-1.el9→-"),
        ("under_investigation", ""),
        ("not_affected", ""),
    ] {
        let found = told(&[], &[vulnerability(&json!([state(status)]))], &bash);
        assert_eq!(found.concat(), expected, "{status}");
    }
    // A fix in the host's own stream ends it, whether applied or not.
    let fixed = [advisory("A", &json!([fix(MAIN, "0:5.1-1.el9", &["bash-libs.x86_64"])]))];
    let open = vulnerability(&json!([state("affected")]));
    assert_eq!(told(&fixed, &[open], &bash), [""; 0]);
    // What does no harm here is not looked for in other streams.
    let eus = [advisory("A", &json!([fix(EUS, "0:5.2-1.el9_2", &["bash-libs.x86_64"])]))];
    assert_eq!(told(&eus, &[], &bash).len(), 1);
    assert_eq!(told(&eus, &[vulnerability(&json!([state("not_affected")]))], &bash), [""; 0]);
}

#[test]
fn products_outside_packages_go_by_their_version() {
    let mut tomcat = advisory("CVE-2026-2", &json!([]));
    let ranges = json!([{"product": "tomcat", "introduced": "9.0.0.M1", "fixed": "9.0.99"},
        {"product": "tomcat", "introduced": "10.1.0-M1", "fixed": "10.1.35"}]);
    tomcat.ranges = serde_json::from_value(ranges).unwrap();
    let mut host = host(&[]);
    let product = |version: &str| Product {
        name: "tomcat".to_owned(),
        version: version.to_owned(),
        place: "/opt/t".to_owned(),
    };
    host.products = vec![product("9.0.98")];
    let all = [tomcat];
    assert_eq!(told(&all, &[], &host), ["CVE-2026-2 applicable tomcat 9.0.98→9.0.99"]);
    host.products = vec![product("9.0.99"), product("10.1.35"), product("8.5.100")];
    assert_eq!(told(&all, &[], &host), [""; 0]);
}

#[test]
fn a_fix_that_names_its_source_alone_is_of_what_is_built_of_it() {
    let all = [advisory("A", &json!([fix(MAIN, "0:8.0.3-1.el9", &["dotnet8.0.src"])]))];
    let open =
        host(&["aspnetcore-runtime x86_64 0 8.0.2 1.el9  dotnet8.0", "other x86_64 0 1 1  o"]);
    assert_eq!(
        told(&all, &[], &open),
        ["A applicable aspnetcore-runtime 0:8.0.2-1.el9→0:8.0.3-1.el9"]
    );
    let patched = host(&["aspnetcore-runtime x86_64 0 8.0.3 1.el9  dotnet8.0"]);
    assert_eq!(told(&all, &[], &patched), [""; 0]);
}

#[test]
fn a_small_index_asks_the_same_as_a_large_one() {
    let fixes = |n: u32| json!([fix(MAIN, "0:2-1", &[&format!("p{n}.x86_64"), "q.noarch"])]);
    let all: Vec<Advisory> = (0..40).map(|n| advisory(&format!("A{n:02}"), &fixes(n))).collect();
    let names: Vec<String> = (0..30).map(|n| format!("p{n} x86_64 0 1 1")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).chain(["q noarch 0 3 1"]).collect();
    let host = host(&names);
    let whole = told(&all, &[], &host);
    let each: Vec<String> =
        all.iter().flat_map(|one| told(std::slice::from_ref(one), &[], &host)).collect();
    assert_eq!((whole.len(), &whole), (30, &each));
}
