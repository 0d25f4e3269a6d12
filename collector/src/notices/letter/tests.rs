//! Mails of a made-up notice, word for word where it matters.

use super::*;
use crate::store::{NoticeState, Reason, Words};
use jiff::Timestamp;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn seen(name: &str, arch: &str) -> Hit {
    Hit {
        name: name.to_owned(),
        arch: arch.to_owned(),
        place: if arch.is_empty() { "/opt/tomcat".to_owned() } else { String::new() },
        installed: "0:1.9.5-9.el9".to_owned(),
        fixed: Some("0:1.9.5-10.el9_3".to_owned()),
        running: None,
        without_epoch: false,
    }
}

fn evidence(os: &str, major: u32, hits: Vec<Hit>) -> Evidence {
    Evidence {
        os: os.to_owned(),
        major,
        class: "applicable".to_owned(),
        hits,
        ..Evidence::default()
    }
}

fn notice(title: &str) -> Notice {
    let content = serde_json::json!({
        "title": {"ko": title, "en": "sudo security update"}, "summary": {"en": "One.\n\nTwo."},
        "published": "2026-11-01T00:00:00Z", "cves": [{"id": "CVE-2026-1", "cvss_tenths": 98}],
        "reboot": false, "restart": true, "fixes_sha256": "",
        "references": ["https://access.example/RHSA", "javascript:alert(1)"],
    });
    Notice {
        id: Uuid::from_u128(1),
        contract: Uuid::from_u128(2),
        advisory: "RHSA-2026:0811".to_owned(),
        updated: at("2026-11-01T00:00:00Z"),
        kind: "security".to_owned(),
        severity: "important".to_owned(),
        exploited: true,
        content: content.to_string(),
        revision: 1,
        reason: Reason::New,
        state: NoticeState::Drafted,
        hold: Hold::None,
        queued_revision: 0,
        escalated_revision: 0,
        words: Words { risk_ko: "서비스 <중단> 없음".to_owned(), ..Words::default() },
        drafted_at: at("2026-11-02T00:00:00Z"),
        revised_at: at("2026-11-02T00:00:00Z"),
        sent_at: None,
        read_at: None,
    }
}

fn host(id: u128, evidence: &Evidence, standing: Standing) -> NoticeHost {
    NoticeHost {
        notice: Uuid::from_u128(1),
        host: Uuid::from_u128(id),
        evidence: evidence.to_json(),
        standing,
        was_applied: false,
        snapshot: None,
        observed_at: None,
    }
}

fn made(language: Language, title: &str, name: &str) -> Letter {
    let sudo = evidence("rhel", 9, vec![seen("sudo", "x86_64")]);
    let hosts = [
        host(10, &sudo, Standing::Missing),
        host(11, &sudo, Standing::Applied),
        host(12, &evidence("rhel", 7, vec![seen("sudo", "x86_64")]), Standing::Missing),
    ];
    let names: HashMap<_, _> = [(10, name), (11, "patched"), (12, "old01")]
        .into_iter()
        .map(|(id, name)| (Uuid::from_u128(id), name.to_owned()))
        .collect();
    let shown = Shown { language, zone: TimeZone::UTC, hosts_max: 10 };
    let mut card = shown.card(&notice(title), &hosts, &names, false).unwrap().unwrap();
    card.link = "https://c.kr/n/TOKEN".to_owned();
    let contact = Contact {
        id: Uuid::from_u128(3),
        customer: Uuid::from_u128(4),
        contract: None,
        name: "김담당".to_owned(),
        email: "kim@shop.kr".to_owned(),
        language,
        kinds: vec!["security".to_owned()],
        created: at("2026-01-01T00:00:00Z"),
        removed_at: None,
    };
    let contract = Contract {
        id: Uuid::from_u128(2),
        customer: Uuid::from_u128(4),
        name: "shop-2026".to_owned(),
        level: "premium".to_owned(),
        schedule: carepack_shared::period::Schedule {
            cadence: carepack_shared::period::Cadence::Monthly,
            window_day: 1,
            window_hour: 1,
            window_hours: 1,
            time_zone: "UTC".to_owned(),
        },
        engineer: String::new(),
        customer_contact: String::new(),
        starts: "2026-01-01".parse().unwrap(),
        ends: "2026-12-31".parse().unwrap(),
        policy_version: 1,
    };
    let delivery = Delivery {
        id: Uuid::from_u128(5),
        notice: Some(Uuid::from_u128(1)),
        digest: None,
        case_event: None,
        contact: Some(contact.id),
        member: None,
        revision: 1,
        reminder: false,
        state: crate::store::DeliveryState::Sending,
        attempts: 1,
        queued_at: at("2026-11-02T00:00:00Z"),
        next_attempt_at: at("2026-11-02T00:00:00Z"),
        claimed_at: None,
        sent_at: None,
        last_error: String::new(),
        message_id: String::new(),
    };
    letter(&delivery, &contact, (&contract, "한빛상사"), &[card], at("2026-11-02T00:00:00Z"))
        .unwrap()
}

#[test]
fn a_korean_mail_says_what_where_and_how() {
    let letter = made(Language::Korean, "sudo 보안 업데이트", "web01");
    assert_eq!(
        letter.subject,
        "[Carepack] [긴급] RHSA-2026:0811 sudo 보안 업데이트 · 한빛상사 서버 2대"
    );
    for part in [
        "web01",
        "old01",
        "sudo.x86_64",
        "0:1.9.5-9.el9",
        "0:1.9.5-10.el9_3",
        "dnf upgrade --advisory=RHSA-2026:0811",
        "yum update --advisory=RHSA-2026:0811",
        "CVE-2026-1 (CVSS 9.8)",
        "관련 서비스를 다시 시작해야 합니다",
        "https://c.kr/n/TOKEN",
        "https://access.example/RHSA",
        "악용 사례가 확인된",
    ] {
        assert!(letter.text.contains(part), "{part} in\n{}", letter.text);
        assert!(letter.html.contains(part), "{part}");
    }
    assert!(letter.text.contains("서비스 <중단> 없음"));
    assert!(letter.html.contains("서비스 &#60;중단&#62; 없음"));
    assert!(!letter.text.contains("patched"), "what has it is not told");
    assert!(!letter.html.contains("javascript:"), "only the web's schemes are links");
}

#[test]
fn an_english_mail_is_english_and_falls_back_to_the_other_tongue() {
    let letter = made(Language::English, "", "web01");
    assert!(letter.subject.contains("sudo security update · 한빛상사, servers: 2"));
    assert!(letter.text.contains("Affected servers") && letter.text.contains("One."));
    assert!(letter.text.contains("서비스 <중단> 없음"), "the engineer's words in Korean alone");
}

#[test]
fn a_hosts_own_text_is_data_everywhere() {
    let evil = "<script>x</script>\u{1b}[31m\r\nBcc: all@evil.kr";
    let letter = made(Language::Korean, "제목\r\nBcc: all@evil.kr", evil);
    assert!(!letter.subject.contains(['\r', '\n']), "{}", letter.subject);
    assert!(!letter.html.contains("<script>"));
    assert!(!letter.text.contains('\u{1b}'));
}

#[test]
fn the_command_is_that_of_the_hosts_release() {
    let check = |os: &str, major, id: &str, hits, expected: Option<&str>| {
        let found = command(&evidence(os, major, hits), id);
        assert_eq!(found.as_deref(), expected, "{os} {major} {id}");
    };
    let sudo = || vec![seen("sudo", "x86_64")];
    check("rhel", 9, "RHSA-2026:1", sudo(), Some("dnf upgrade --advisory=RHSA-2026:1"));
    check("rhel", 7, "RHSA-2026:1", sudo(), Some("yum update --advisory=RHSA-2026:1"));
    check("rocky", 8, "RLSA-2026:1", sudo(), Some("dnf upgrade --advisory=RLSA-2026:1"));
    check("ol", 9, "ELSA-2026-1", sudo(), Some("dnf upgrade --advisory=ELSA-2026-1"));
    check("centos", 7, "RHSA-2026:1", sudo(), Some("yum update sudo"));
    check("rhel", 9, "CVE-2026-1", sudo(), Some("dnf upgrade sudo"));
    check("rhel", 9, "RHSA-1; rm -rf /", sudo(), Some("dnf upgrade sudo"));
    check("rhel", 9, "RHSA-2026:1", vec![seen("$(reboot)", "x86_64")], None);
    check("rhel", 9, "CVE-2026-1", vec![seen("tomcat", "")], None);
    let booted = Hit { running: Some("5.14".to_owned()), ..seen("kernel", "x86_64") };
    check("rhel", 9, "RHSA-2026:1", vec![booted], None);
}
