//! Readings joined, and sets as lines.

use proptest::prelude::*;

use super::*;
use crate::feeds::FeedError;
use crate::model::{Fix, Kind, Range, Severity, State, Status, Text};

fn at(day: i8) -> Timestamp {
    jiff::civil::date(2030, 1, day).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp()
}

fn header() -> Header {
    Header {
        format: FORMAT,
        version: 7,
        made_at: at(20),
        valid_until: None,
        feeds: vec![Feed {
            name: "rh".into(),
            kind: "csaf".into(),
            date: at(19),
            covers: Vec::new(),
        }],
        repositories: BTreeMap::from([("r".into(), vec!["cpe:/o:x".into()])]),
    }
}

fn advisory(id: &str, day: i8, summary: &str, fixes: &[(&str, &str, &str)]) -> Advisory {
    let mut rows = crate::feeds::rows::Rows::default();
    for (stream, evr, package) in fixes {
        rows.add(stream, None, (*evr).to_owned(), (*package).to_owned());
    }
    Advisory {
        id: id.into(),
        kind: Kind::Security,
        severity: Severity::Low,
        title: Text { en: format!("title of {day}"), ko: String::new() },
        summary: Text { en: summary.into(), ko: String::new() },
        published: at(day),
        updated: at(day),
        cves: vec![Cve { id: "CVE-2030-1000".into(), ..Cve::default() }],
        reboot: false,
        restart: day == 2,
        references: vec![format!("https://example.com/{day}")],
        fixes: rows.into_fixes(),
        ranges: Vec::new(),
        feeds: Vec::new(),
    }
}

fn vulnerability(day: i8, states: &[(&str, Status, &str)]) -> Vulnerability {
    let state = |(stream, status, package): &(&str, Status, &str)| State {
        status: *status,
        streams: vec![(*stream).into()],
        module: None,
        packages: vec![(*package).into()],
    };
    let cve = Cve { id: "CVE-2030-1000".into(), cvss_tenths: Some(98), ..Cve::default() };
    Vulnerability {
        cve,
        severity: Severity::Critical,
        title: "x".into(),
        published: at(day),
        updated: at(day),
        states: states.iter().map(state).collect(),
        feeds: Vec::new(),
    }
}

fn of(advisories: Vec<Advisory>) -> Reading {
    Reading { advisories, ..Reading::default() }
}

fn rows(advisory: &Advisory) -> Vec<String> {
    let told =
        |fix: &Fix| format!("{} {} {}", fix.streams.join("|"), fix.evr, fix.packages.join(","));
    advisory.fixes.iter().map(told).collect()
}

#[test]
fn streams_of_two_feeds_and_the_newest_version_of_each() {
    let mut merge = Merge::default();
    let first = [("a", "0:1-1", "x.src"), ("a", "0:1-1", "y.src"), ("b", "0:1-1", "x.src")];
    merge.add("old", of(vec![advisory("RHSA-1", 2, "first", &first)]));
    let second = [("a", "0:1-2", "x.src"), ("repo:r", "0:1-2", "x.src")];
    merge.add("new", of(vec![advisory("RHSA-1", 3, "second", &second)]));
    merge.add("part", of(vec![advisory("RHSA-1", 4, "", &[("c", "0:1-3", "x.src")])]));
    let set = merge.finish(header());
    let [one] = set.advisories.as_slice() else { panic!("{set:?}") };
    let expected = ["a 0:1-1 y.src", "a|repo:r 0:1-2 x.src", "b 0:1-1 x.src", "c 0:1-3 x.src"];
    assert_eq!(rows(one), expected);
    // The newest telling is only in part: the words are those of the newest whole one.
    assert_eq!((one.title.en.as_str(), one.summary.en.as_str()), ("title of 3", "second"));
    assert_eq!((one.published, one.updated, one.restart), (at(2), at(4), true));
    assert_eq!(one.feeds, ["new", "old", "part"]);
    let references = ["https://example.com/2", "https://example.com/3", "https://example.com/4"];
    assert_eq!(one.references, references);
}

#[test]
fn an_engineers_korean_stays() {
    let mut korean = advisory("RHSA-1", 2, "first", &[]);
    korean.summary.ko = "요약".into();
    korean.ranges.push(Range {
        product: "tomcat".into(),
        introduced: None,
        fixed: Some("9.0.1".into()),
        last: None,
    });
    let mut corrected = korean.clone();
    corrected.updated = at(3);
    corrected.summary.ko.clear();
    corrected.ranges[0].fixed = Some("9.0.2".into());
    let mut merge = Merge::default();
    merge.add("bulletins", of(vec![corrected, korean]));
    let set = merge.finish(header());
    assert_eq!(set.advisories[0].summary.ko, "요약");
    let fixed: Vec<_> = set.advisories[0].ranges.iter().map(|r| r.fixed.as_deref()).collect();
    assert_eq!(fixed, [Some("9.0.2")]);
}

#[test]
fn what_is_known_of_a_cve_is_known_everywhere() {
    let mut merge = Merge::default();
    merge.add("r", of(vec![advisory("RLSA-1", 2, "", &[])]));
    let vex = vec![vulnerability(2, &[("a", Status::Affected, "x")])];
    merge.add("vex", Reading { vulnerabilities: vex, ..Reading::default() });
    merge.exploited(["CVE-2030-1000".to_owned()]);
    let set = merge.finish(header());
    assert_eq!(set.advisories[0].cvss_tenths(), Some(98));
    assert!(set.advisories[0].is_exploited() && set.vulnerabilities[0].cve.exploited);
}

#[test]
fn a_later_file_of_one_feed_replaces_the_earlier() {
    let early = vulnerability(2, &[("a", Status::Affected, "x"), ("a", Status::WillNotFix, "y")]);
    let late = vulnerability(3, &[("a", Status::WillNotFix, "y")]);
    let other = vulnerability(1, &[("b", Status::Affected, "x"), ("a", Status::Affected, "y")]);
    let mut merge = Merge::default();
    let reading = |list| Reading { vulnerabilities: list, ..Reading::default() };
    merge.add("vex", reading(vec![late, early]));
    merge.add("other", reading(vec![other]));
    let set = merge.finish(header());
    let states: Vec<_> =
        set.vulnerabilities[0].states.iter().map(|s| (s.status, s.streams[0].as_str())).collect();
    assert_eq!(states, [(Status::Affected, "b"), (Status::WillNotFix, "a")]);
    assert_eq!(set.vulnerabilities[0].feeds, ["other", "vex"]);
}

#[test]
fn withdrawn_unless_published_again() {
    let mut merge = Merge::default();
    merge.add("r", of(vec![advisory("A-1", 2, "", &[]), advisory("A-2", 4, "", &[])]));
    let withdrawn = |id: &str| Withdrawn { id: id.into(), at: at(3) };
    let withdrawn = vec![withdrawn("A-1"), withdrawn("A-2")];
    merge.add("r", Reading { withdrawn, ..Reading::default() });
    let set = merge.finish(header());
    let ids: Vec<&str> = set.advisories.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["A-2"]);
}

#[test]
fn lines_there_and_back() {
    let mut merge = Merge::default();
    merge.add("r", of(vec![advisory("A-1", 2, "가", &[("a", "0:1-1", "x.src")])]));
    let vex = vec![vulnerability(2, &[("a", Status::OutOfSupport, "x")])];
    merge.add("vex", Reading { vulnerabilities: vex, ..Reading::default() });
    let set = merge.finish(header());
    let mut bytes = Vec::new();
    write(&set, &mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let starts: Vec<&str> = text.lines().map(|line| &line[..line.len().min(12)]).collect();
    assert_eq!(starts, [r#"{"format":1,"#, r#"{"advisory":"#, r#"{"vulnerabil"#]);
    assert!(text.contains(r#""valid_until":null"#), "{text}");
    assert_eq!(read(text.as_bytes()).unwrap(), set);
}

#[test]
fn errors_name_the_line() {
    let mut bytes = Vec::new();
    write_header(&header(), &mut bytes).unwrap();
    let good = String::from_utf8(bytes).unwrap();
    let check = |text: &str, expected: &str| {
        let error = read(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check("", "empty");
    check("{}", "line 1");
    check(&good.replace("\"format\":1", "\"format\":2"), "format 2");
    check(&format!("{good}{{\"advisory\":{{}}}}\n"), "line 2");
    check(&format!("{good}\n"), "line 2");
    assert!(FeedError::Lacks { form: "x", what: "y" }.to_string().contains("lacks"));
}

fn any_advisory() -> impl Strategy<Value = Advisory> {
    let fix = ("[ab]", "0:1-[12]", "[xy].src");
    let fixes = prop::collection::vec(fix, 0..4);
    (1_i8..4, "[A]-[12]", "(|s|t)", fixes).prop_map(|(day, id, summary, fixes)| {
        let fixes: Vec<(&str, &str, &str)> =
            fixes.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
        advisory(&id, day, &summary, &fixes)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    /// The same readings give the same set, whatever their order, and merging it anew changes
    /// nothing.
    #[test]
    fn order_does_not_matter(list in prop::collection::vec((any_advisory(), "[fg]"), 0..7)) {
        let merged = |list: &mut dyn Iterator<Item = &(Advisory, String)>| {
            let mut merge = Merge::default();
            for (advisory, feed) in list {
                merge.add(feed, of(vec![advisory.clone()]));
            }
            merge.finish(header())
        };
        let set = merged(&mut list.iter());
        prop_assert_eq!(&merged(&mut list.iter().rev()), &set);
        let mut again = Merge::default();
        again.add("x", of(set.advisories.clone()));
        prop_assert_eq!(&again.finish(header()), &set);
    }

    #[test]
    fn no_bytes_break_the_lines(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(bytes.as_slice());
    }
}
