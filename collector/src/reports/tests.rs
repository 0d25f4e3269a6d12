//! Reports of a small assessment with everything that can go wrong in a text.

use std::collections::BTreeMap;

use carepack_assessment::model::HostRef;
use carepack_assessment::{HostInput, Input, Observed, assess};
use carepack_facts::Facts;
use serde_json::json;

use super::*;

const HOSTILE: &str = "<script>alert(1)</script> \u{202e}漢\u{2705}\u{e000} #strong[x]";

/// Two hosts: one with hostile texts, one that never answered.
fn assessment() -> Assessment {
    let mut facts = Facts::default();
    facts.put("os.name", "Red Hat Enterprise Linux 9.4 (Plow)", "/etc/os-release");
    facts.put("os.major", 9, "/etc/os-release");
    facts.put(
        "fs.usage",
        json!([{"mount": format!("/{HOSTILE}"), "fstype": "xfs", "device": "/dev/sda1",
                "used_pct": 97.5, "bytes_total": 1000, "bytes_available": 25,
                "inodes_used_pct": 1.0, "read_only": false}]),
        "survey:statfs",
    );
    facts.put("services.failed", json!([HOSTILE]), "cmd:systemd-units");
    let log = "log:messages";
    facts.put("logs.window", json!({"from": 1, "to": 1_793_836_800, "lines": 9}), log);
    facts.put("logs.days", json!({HOSTILE: {HOSTILE: 3, "2026-11-04": 2}, "kernel.panic": 7}), log);
    facts.put(
        "logs.templates",
        json!([{"program": HOSTILE, "template": HOSTILE, "count": 2}]),
        log,
    );
    facts.put("logs.gaps", json!([{"path": HOSTILE, "why": HOSTILE, "from": i64::MAX}]), log);
    facts.put(
        "logs.sources",
        json!([
            {"name": HOSTILE, "longest_silence_hours": i64::MAX},
            {"name": 7},
            {"name": HOSTILE, "product": HOSTILE, "lines": 3, "from": i64::MIN},
        ]),
        log,
    );
    // One machine that is a cluster's only node, and a web server and application in one.
    facts.put("cluster.name", HOSTILE, "survey:corosync-conf");
    facts.put("cluster.nodes", json!([{"name": format!("b{HOSTILE}")}]), "survey:corosync-conf");
    facts.put("cluster.addresses", json!([HOSTILE]), "survey:cluster-cib");
    let target = json!({"host": "localhost", "port": 8009, "path": HOSTILE, "balancer": 7});
    facts.put("httpd.backends", json!([target, {"host": HOSTILE}]), "survey:httpd");
    facts.put("tomcat.connectors", json!([{"port": 8009, "instance": HOSTILE}]), "survey:tomcat");
    let snapshot = carepack_assessment::model::SnapshotRef {
        id: "01a2".into(),
        sha256: "ab".repeat(32),
        taken_at: at(),
        reason: "scheduled".into(),
        agent_version: "0.1.0".into(),
        recorded: true,
        lost: 0,
        masked: BTreeMap::from([("password".to_owned(), 2)]),
        unseen: vec![("/etc/shadow".into(), carepack_shared::Unseen::Denied, HOSTILE.into())],
        mode: carepack_shared::privacy::Mode::Full,
        pseudonyms: false,
    };
    let host = |name: &str, current| HostInput {
        host: HostRef { id: name.into(), name: name.into(), role: HOSTILE.into(), importance: 1 },
        current,
        previous: None,
        history: Vec::new(),
        exceptions: BTreeMap::new(),
        standard: None,
    };
    let input = Input::of(
        at(),
        "2026-11",
        vec![host(HOSTILE, Some(Observed { snapshot, facts })), host("silent", None)],
    );
    assess(&crate::rules::built_in().unwrap(), input)
}

fn at() -> Timestamp {
    "2026-11-05T00:00:00Z".parse().unwrap()
}

fn cover() -> Cover {
    Cover {
        customer: "한빛정보".into(),
        contract: "hanbit".into(),
        level: "standard-12".into(),
        period: "2026-11".into(),
        document: "CP-2026-11-TEST".into(),
        inspected_at: at(),
        engineer: "김도현".into(),
        contact: "이서연".into(),
    }
}

#[test]
fn text_from_a_host_is_never_markup() {
    let assessment = assessment();
    for lang in [Lang::Ko, Lang::En] {
        let rendered = render(&assessment, &cover(), lang).unwrap();
        assert!(!rendered.html.contains("<script>"), "{lang:?}");
        assert!(
            rendered.html.contains("&lt;script&gt;") || rendered.html.contains("&#60;script&#62;")
        );
        assert!(!rendered.html.contains('\u{202e}') && rendered.html.contains("U+6F22"));
        assert!(rendered.html.contains(lang.say("verdict.silent")), "the silent host has its page");
        assert!(rendered.html.contains(lang.say("topology.web_app")), "{lang:?}");
        assert!(rendered.pdf.starts_with(b"%PDF"));
    }
}

/// A review in which every text is hostile.
fn hostile_review() -> Review {
    use super::review::{Changed, Item, Remark, Revision, Said, Signature, Texts, Visit, What};
    use carepack_assessment::model::Verdict;
    let texts = || Texts::same(HOSTILE);
    Review {
        edition: 2,
        published_at: Some(at()),
        opinion: texts(),
        author: Some(Signature { name: HOSTILE.into(), at: at() }),
        remarks: vec![Remark {
            subject: "host:x".into(),
            place: HOSTILE.into(),
            rule: HOSTILE.into(),
            title: texts(),
            judged: Verdict::Danger,
            holds: Verdict::Pass,
            reason: HOSTILE.into(),
            comment: texts(),
            case_id: HOSTILE.into(),
            by: HOSTILE.into(),
        }],
        visits: vec![Visit {
            held_on: "2026-11-05".parse().unwrap(),
            who: HOSTILE.into(),
            hosts: vec![HOSTILE.into()],
            checklist: vec![Item {
                item: HOSTILE.into(),
                result: Verdict::Attention,
                note: HOSTILE.into(),
            }],
            words: texts(),
        }],
        revision: Some(Revision {
            replaces: 1,
            reason: HOSTILE.into(),
            changes: vec![Changed {
                what: What::Verdict,
                place: HOSTILE.into(),
                title: texts(),
                before: Said::Text(texts()),
                after: Said::Verdict(Verdict::Pass),
            }],
        }),
        ..Review::default()
    }
}

#[test]
fn what_people_write_is_never_markup_and_is_printed() {
    for lang in [Lang::Ko, Lang::En] {
        let reviewed = render_reviewed(&assessment(), &cover(), &hostile_review(), lang).unwrap();
        assert!(!reviewed.html.contains("<script>") && !reviewed.html.contains('\u{202e}'));
        assert!(reviewed.pdf.starts_with(b"%PDF"));
        for key in ["review.changes", "review.remarks", "visit"] {
            assert!(reviewed.html.contains(&format!("{}</h3>", lang.say(key))), "{key}");
            let draft = render(&assessment(), &cover(), lang).unwrap().html;
            assert!(!draft.contains(&format!("{}</h3>", lang.say(key))), "{key} of a draft");
        }
    }
}

#[test]
fn an_installation_is_told_only_against_a_standard() {
    use carepack_assessment::standard::{Compared, Deviation};
    let mut assessment = assessment();
    assessment.hosts.retain(|page| page.snapshot.is_some());
    assert!(render_installation(&assessment, &cover(), Lang::Ko).unwrap().is_none());
    let deviation = Deviation {
        kind: "package".into(),
        name: HOSTILE.into(),
        expected: "present".into(),
        actual: HOSTILE.into(),
    };
    let mut check = |deviations: Vec<Deviation>, key: &'static str| {
        assessment.hosts[0].standard = Some(Compared {
            standard: HOSTILE.into(),
            checked: 3,
            deviations,
            unseen: vec![("units.enabled".into(), carepack_shared::Unseen::Denied)],
        });
        for lang in [Lang::Ko, Lang::En] {
            let told = render_installation(&assessment, &cover(), lang).unwrap().unwrap();
            assert!(told.html.contains(lang.say(key)) && !told.html.contains("<script>"), "{key}");
            assert!(told.pdf.starts_with(b"%PDF"));
        }
    };
    check(vec![deviation], "installation.deviates");
    check(Vec::new(), "installation.partly");
}

/// Headings of the report in the order of the paper.
const SECTIONS: [&str; 11] = [
    "overview",
    "limits",
    "opinion",
    "systems",
    "summary",
    "recommendations",
    "results",
    "exceptions",
    "review",
    "confirmation",
    "appendix",
];

#[test]
fn both_formats_have_the_same_sections_in_the_same_order() {
    let assessment = assessment();
    for lang in [Lang::Ko, Lang::En] {
        let rendered = render(&assessment, &cover(), lang).unwrap();
        let mut texts = vec![rendered.html];
        texts.extend(text_of(&rendered.pdf));
        for text in texts {
            // The contents of the PDF name the headings, too: the last of each is the heading.
            let at: Vec<Option<usize>> =
                SECTIONS.iter().map(|key| heading(&text, lang.say(key))).collect();
            assert!(at.iter().all(Option::is_some), "{lang:?} {at:?}");
            assert!(at.is_sorted(), "{lang:?} {at:?}");
        }
    }
}

/// Where a heading stands: closed by its element in HTML, alone on its line after its number in
/// the text of a PDF (the last such line: the contents come first).
fn heading(text: &str, words: &str) -> Option<usize> {
    let closed = text.find(&format!("{words}</h2>")).or(text.find(&format!("{words}</h3>")));
    let number = |c: char| c.is_ascii_digit() || ". ".contains(c);
    let alone = |line: &str| line.trim_start_matches(number).trim() == words;
    closed.or_else(|| {
        let lines: Vec<&str> = text.lines().collect();
        lines.iter().rposition(|line| alone(line))
    })
}

#[test]
fn what_was_not_checked_is_listed_with_its_reason() {
    let report = sections::report(&assessment(), (&cover(), &Review::default()), Lang::Ko);
    let of = |name: &str| report.limits.rows.iter().filter(|row| row[0].contains(name)).count();
    assert_eq!(of("silent"), 1, "a host that did not answer is one line");
    assert!(of("script") >= 1, "checks without evidence are listed by reason");
    let unknown: u32 = report.limits.rows.iter().filter_map(|row| row[2].parse::<u32>().ok()).sum();
    assert_eq!(Some(&unknown), assessment().summary.verdicts.get("unknown"));
}

#[test]
fn the_same_assessment_gives_the_same_bytes() {
    let assessment = assessment();
    let once = render(&assessment, &cover(), Lang::Ko).unwrap();
    let again = render(&assessment, &cover(), Lang::Ko).unwrap();
    assert!(once.html == again.html && once.pdf == again.pdf);
}

#[test]
fn no_rule_text_holds_a_letter_without_a_glyph() {
    let pack = crate::rules::built_in().unwrap();
    for rule in &pack.rules {
        for text in rule.spec.text.values() {
            for part in [&text.title, &text.expected, &text.why, &text.finding] {
                assert!(carepack_pdf::uncovered(part).is_empty(), "rule {}: {part}", rule.id);
            }
        }
        for remedy in &rule.spec.remedy {
            for part in [&remedy.ko, &remedy.en, &remedy.verify, &remedy.downtime] {
                assert!(carepack_pdf::uncovered(part).is_empty(), "rule {}: {part}", rule.id);
            }
        }
    }
}

#[test]
fn korean_can_be_copied_out_of_the_pdf() {
    let Some(text) = text_of(&render(&assessment(), &cover(), Lang::Ko).unwrap().pdf) else {
        return;
    };
    assert!(!text.contains('\u{200b}'), "a copied command holds nothing that cannot be seen");
    for word in ["정기점검 보고서", "한빛정보", "종합 의견", "접속 불가", "권고 사항"]
    {
        assert!(text.contains(word), "{word} is not in the text of the PDF");
    }
}

/// The text of a PDF, as a reader copies it; none, aloud, where poppler is not installed.
fn text_of(pdf: &[u8]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.pdf");
    std::fs::write(&file, pdf).unwrap();
    let Ok(output) = std::process::Command::new("pdftotext").arg(&file).arg("-").output() else {
        println!("skipped: pdftotext is not installed (poppler-utils)");
        return None;
    };
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}
