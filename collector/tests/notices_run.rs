//! Runs of notices from drafting to proof, with a clock of the test's own and mail as files.

mod samples;

use std::path::PathBuf;
use std::sync::Arc;

use carepack_advisories::feeds::set::{FORMAT, Header, Set};
use carepack_advisories::model::{Advisory, Cve, Fix, Kind, Severity, Text};
use carepack_collector::advisories::sets;
use carepack_collector::config::Config;
use carepack_collector::notices::{Notices, Ran};
use carepack_collector::objects::{Objects, snapshot_key};
use carepack_collector::plans::{self, Wish};
use carepack_collector::store::{
    AlarmKind, Contact, Contract, Customer, Decision, Hold, Language, Notice, NoticeState,
    PlanState, Reason, SnapshotRow, Standing, Store,
};
use carepack_shared::bundle::compress;
use carepack_shared::digest::sha256_hex;
use carepack_shared::observation::{Content, Observation, Outcome, Source};
use carepack_shared::snapshot::{self, Agent, Reason as Why, SCHEMA, Snapshot};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// Monday 2026-11-23, 10:00 in Seoul.
const MONDAY: &str = "2026-11-23T01:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn hours(after: &str, count: i64) -> Timestamp {
    at(after) + SignedDuration::from_hours(count)
}

struct Shop {
    data: tempfile::TempDir,
    store: Store,
    objects: Objects,
    notices: Notices,
    contract: Uuid,
    customer: Uuid,
}

impl Shop {
    async fn new(level: &str) -> Self {
        let data = tempfile::tempdir().unwrap();
        let text = format!(
            "data = {:?}\n[agents]\npublic_names = [\"localhost\"]\n[people]\n\
             url = \"https://c.kr\"\n[mail]\ntransport = \"folder\"\nfolder = {:?}\n\
             from = \"Carepack <notice@vendor.kr>\"\nper_minute = 60000\n",
            data.path().display().to_string(),
            data.path().join("outbox").display().to_string(),
        );
        let config = Config::parse(&text, std::path::Path::new("collector.toml")).unwrap();
        let store = Store::open(&config.database_address()).await.unwrap();
        let objects = Objects::open(&data.path().join("objects")).unwrap();
        let now = at(MONDAY);
        let customer =
            Customer { id: Uuid::now_v7(), name: "한빛상사".to_owned(), created: now };
        let contract = Contract {
            name: "shop-2026".to_owned(),
            level: level.to_owned(),
            schedule: samples::schedule(5),
            engineer: String::new(),
            ends: "2027-12-31".parse().unwrap(),
            ..samples::contract(customer.id)
        };
        store.add_customer(&customer).await.unwrap();
        store.add_contract(&contract).await.unwrap();
        let parts = (store.clone(), objects.clone());
        let notices = Notices::open(parts, Arc::new(config), "https://c.kr".to_owned()).unwrap();
        let (customer, contract) = (customer.id, contract.id);
        let shop = Self { data, store, objects, notices, contract, customer };
        shop.settle(0);
        shop.contact("kim@hanbit.kr").await;
        shop
    }

    /// How long a notice that goes at once waits for more hosts.
    fn settle(&self, minutes: u16) {
        let folder = self.data.path().join("notices");
        std::fs::create_dir_all(&folder).unwrap();
        let policy = format!(
            "at_once: {{severities: [critical], exploited: true, settle_minutes: {minutes}}}\n"
        );
        std::fs::write(folder.join("policy.yaml"), policy).unwrap();
    }

    async fn contact(&self, email: &str) -> Uuid {
        let contact = Contact {
            id: Uuid::now_v7(),
            customer: self.customer,
            contract: None,
            name: "김담당".to_owned(),
            email: email.to_owned(),
            language: Language::Korean,
            kinds: vec!["security".to_owned()],
            created: at(MONDAY),
            removed_at: None,
        };
        self.store.add_contact(&contact).await.unwrap();
        contact.id
    }

    async fn host(&self, name: &str) -> Uuid {
        let host = samples::host(self.contract, name, at(MONDAY));
        self.store.add_host(&host).await.unwrap();
        host.id
    }

    /// A snapshot of a RHEL 9 host with sudo in a release.
    async fn snapshot(&self, host: Uuid, release: &str, taken_at: Timestamp) -> Uuid {
        let seen = |source: Source, text: &str| Observation {
            probe: "t".to_owned(),
            source,
            at: taken_at,
            took_ms: 1,
            outcome: Outcome::Seen { content: Content::Text(text.to_owned()), truncated: false },
        };
        let os = "ID=\"rhel\"\nVERSION_ID=\"9.4\"\nNAME=\"Red Hat Enterprise Linux\"\n";
        let file = |path: &str| Source::File { path: path.to_owned() };
        let rpm = Source::Command { name: "rpm-packages".to_owned(), argv: Vec::new() };
        let packages = format!(
            "sudo\t0\t1.9.5p2\t{release}\tx86_64\tRed Hat, Inc.\t1772514107\n\
             bash\t0\t5.1.8\t9.el9\tx86_64\tRed Hat, Inc.\t1772514107\n"
        );
        let document = Snapshot {
            schema: SCHEMA,
            id: Uuid::now_v7(),
            host: snapshot::Host {
                id: Some(host),
                hostname: "x".to_owned(),
                machine: None,
                recorded: false,
            },
            reason: Why::Scheduled,
            period: None,
            taken_at,
            finished_at: taken_at,
            agent: Agent { version: String::new(), cpu_ms: 1, peak_kib: 1, spawned: 0 },
            lost: 0,
            masked: std::collections::BTreeMap::new(),
            privacy: carepack_shared::privacy::Privacy::default(),
            observations: vec![
                seen(file("/etc/os-release"), os),
                seen(file("/proc/sys/kernel/osrelease"), "5.14.0-427.13.1.el9_4.x86_64\n"),
                seen(rpm, &packages),
            ],
        };
        let bytes = document.to_document();
        let sha256 = sha256_hex(&bytes);
        let object_key = snapshot_key(host, document.id, &sha256);
        let body = compress(&bytes).unwrap();
        let row = SnapshotRow {
            id: document.id,
            host,
            sha256,
            bytes: bytes.len() as u64,
            stored_bytes: body.len() as u64,
            reason: "scheduled".to_owned(),
            period: None,
            taken_at,
            received_at: taken_at,
            object_key: object_key.clone(),
            recorded: false,
        };
        self.objects.put(&object_key, body).await.unwrap();
        self.store.accept_snapshot(&row).await.unwrap();
        document.id
    }

    /// Puts a set in force.
    async fn publish(&self, version: u64, advisories: Vec<Advisory>) {
        let header = Header {
            format: FORMAT,
            version,
            made_at: at(MONDAY),
            valid_until: None,
            feeds: Vec::new(),
            repositories: std::collections::BTreeMap::new(),
        };
        let set = Set { header, advisories, vulnerabilities: Vec::new() };
        let stores = (&self.store, &self.objects);
        sets::keep(stores, &set, at(MONDAY)).await.unwrap();
    }

    async fn run(&self, now: Timestamp) -> Ran {
        self.notices.run(now).await.unwrap()
    }

    async fn notice(&self) -> Notice {
        let mut found = self.store.notices(None, Timestamp::UNIX_EPOCH).await.unwrap();
        assert_eq!(found.len(), 1);
        found.remove(0)
    }

    async fn decide(&self, host: Uuid, decision: Decision, end: Timestamp, now: Timestamp) {
        let wish = Wish {
            decision,
            window_from: Some(now),
            window_until: Some(end),
            reason: "이중화 전환 후".to_owned(),
            compensation: "접근 통제".to_owned(),
            approver: "박부장".to_owned(),
            expires_at: Some(end),
        };
        let notice = self.notice().await;
        plans::decide(&self.store, &notice, &[(host, wish)], "engineer:kim", now).await.unwrap();
    }

    async fn plan(&self) -> PlanState {
        let plans = self.store.current_plans(None, Timestamp::UNIX_EPOCH).await.unwrap();
        assert_eq!(plans.len(), 1);
        plans[0].state
    }

    fn mails(&self) -> usize {
        let outbox: PathBuf = self.data.path().join("outbox");
        std::fs::read_dir(outbox).map_or(0, |found| {
            found.flatten().filter(|entry| entry.path().extension().is_some()).count()
        })
    }
}

fn sudo(id: &str, severity: Severity, fixed: &str) -> Advisory {
    Advisory {
        id: id.to_owned(),
        kind: Kind::Security,
        severity,
        title: Text { ko: "sudo 보안 업데이트".to_owned(), en: "sudo update".to_owned() },
        summary: Text::default(),
        published: at("2026-11-20T00:00:00Z"),
        updated: at("2026-11-20T00:00:00Z"),
        cves: vec![Cve { id: "CVE-2026-1".to_owned(), ..Cve::default() }],
        reboot: false,
        restart: false,
        references: Vec::new(),
        fixes: vec![Fix {
            streams: vec!["cpe:/o:redhat:enterprise_linux:9::baseos".to_owned()],
            module: None,
            evr: format!("0:1.9.5p2-{fixed}"),
            packages: vec!["sudo.x86_64".to_owned()],
        }],
        ranges: Vec::new(),
        feeds: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_critical_notice_goes_at_once_and_only_evidence_closes_its_plan() {
    let shop = Shop::new("premium").await;
    let (old, new) = (shop.host("old").await, shop.host("new").await);
    shop.snapshot(old, "9.el9", at(MONDAY)).await;
    shop.snapshot(new, "11.el9", at(MONDAY)).await;
    shop.publish(1, vec![sudo("RHSA-2026:1", Severity::Critical, "10.el9")]).await;
    let ran = shop.run(hours(MONDAY, 1)).await;
    assert_eq!((ran.drafted, ran.queued, ran.sent), (1, 1, 1), "{ran:?}");
    // Once more, from another process' memory too: nothing is left to do.
    assert_eq!(shop.run(hours(MONDAY, 1)).await, Ran::default());
    let parts = (shop.store.clone(), shop.objects.clone());
    let config = Arc::clone(&shop.notices.config);
    let other = Notices::open(parts, config, "https://c.kr".to_owned()).unwrap();
    let again = other.run(hours(MONDAY, 1)).await.unwrap();
    assert_eq!((again.drafted, again.revised, again.sent), (0, 0, 0), "{again:?}");
    assert_eq!(shop.mails(), 1);
    let notice = shop.notice().await;
    assert_eq!((notice.state, notice.hold), (NoticeState::Sent, Hold::None));
    let hosts = shop.store.notice_hosts(notice.id).await.unwrap();
    assert_eq!(hosts.iter().map(|host| host.host).collect::<Vec<_>>(), [old], "exactly these");

    let end = hours(MONDAY, 24);
    shop.decide(old, Decision::Apply, end, hours(MONDAY, 2)).await;
    assert_eq!(shop.notice().await.state, NoticeState::Decided);
    shop.run(hours(MONDAY, 30)).await;
    assert_eq!(shop.plan().await, PlanState::Planned, "nobody has looked since the window");
    shop.snapshot(old, "9.el9", hours(MONDAY, 31)).await;
    shop.run(hours(MONDAY, 32)).await;
    assert_eq!(shop.plan().await, PlanState::NotApplied);
    assert_eq!(shop.notice().await.state, NoticeState::Read, "it waits for an answer again");
    let proof = shop.snapshot(old, "10.el9", hours(MONDAY, 33)).await;
    shop.run(hours(MONDAY, 34)).await;
    assert_eq!(shop.plan().await, PlanState::Applied);
    let plans = shop.store.plans(shop.contract, false).await.unwrap();
    assert_eq!(plans[0].verified_by, Some(proof));
    assert_eq!(shop.notice().await.state, NoticeState::Verified);

    // Rolled back: it is told again.
    shop.snapshot(old, "9.el9", hours(MONDAY, 40)).await;
    let ran = shop.run(hours(MONDAY, 41)).await;
    assert_eq!((ran.reopened, ran.sent), (1, 1), "{ran:?}");
    assert_eq!(shop.plan().await, PlanState::Regressed);
    let notice = shop.notice().await;
    assert_eq!((notice.revision, notice.reason), (2, Reason::Regressed));
    let changes = shop.store.plan_changes(plans[0].id).await.unwrap();
    let states: Vec<_> = changes.iter().map(|change| change.to_state.as_str()).collect();
    assert_eq!(states, ["planned", "not_applied", "applied", "regressed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_of_one_window_are_one_mail() {
    let shop = Shop::new("premium").await;
    shop.settle(10);
    let (first, second) = (shop.host("a").await, shop.host("b").await);
    shop.publish(1, vec![sudo("RHSA-2026:1", Severity::Critical, "10.el9")]).await;
    let minute = |minutes: i64| at(MONDAY) + jiff::SignedDuration::from_mins(minutes);
    shop.snapshot(first, "9.el9", minute(0)).await;
    assert_eq!(shop.run(minute(1)).await.sent, 0);
    shop.snapshot(second, "9.el9", minute(5)).await;
    assert_eq!(shop.run(minute(6)).await.sent, 0);
    assert_eq!(shop.run(minute(12)).await.sent, 0, "the second joined six minutes ago");
    assert_eq!(shop.run(minute(17)).await.sent, 1);
    assert_eq!(shop.mails(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rest_waits_for_monday_and_comes_as_one_mail() {
    let shop = Shop::new("standard-12").await;
    let host = shop.host("web01").await;
    shop.snapshot(host, "9.el9", at(MONDAY)).await;
    let two = vec![
        sudo("RHSA-2026:1", Severity::Important, "10.el9"),
        sudo("RHSA-2026:2", Severity::Low, "11.el9"),
    ];
    shop.publish(1, two.clone()).await;
    let ran = shop.run(hours(MONDAY, 1)).await;
    assert_eq!((ran.drafted, ran.queued, ran.digests, ran.sent), (2, 0, 0, 0), "{ran:?}");
    assert_eq!(shop.run(hours(MONDAY, 24 * 6)).await.sent, 0, "Sunday");
    // Next Monday, 9:00 in Seoul.
    let ran = shop.run(at("2026-11-30T00:00:00Z")).await;
    assert_eq!((ran.digests, ran.sent), (1, 1), "{ran:?}");
    assert_eq!(shop.mails(), 1);
    assert_eq!(shop.run(at("2026-11-30T00:05:00Z")).await.sent, 0);
    // An engineer's hold, and an advisory that was patched before anybody was told.
    let mut three = two;
    three.push(sudo("RHSA-2026:3", Severity::Critical, "12.el9"));
    three.push(sudo("RHSA-2026:4", Severity::Moderate, "12.el9"));
    let held = |notices: &[Notice], id: &str| {
        notices.iter().find(|notice| notice.advisory == id).cloned().unwrap()
    };
    shop.publish(2, three).await;
    shop.snapshot(host, "13.el9", hours(MONDAY, 24 * 8)).await;
    shop.snapshot(host, "9.el9", hours(MONDAY, 24 * 8 + 1)).await;
    let ran = shop.run(hours(MONDAY, 24 * 8 + 2)).await;
    assert_eq!((ran.drafted, ran.sent), (2, 1), "{ran:?}");
    let notices = shop.store.notices(None, Timestamp::UNIX_EPOCH).await.unwrap();
    let waiting = held(&notices, "RHSA-2026:4");
    assert_eq!((waiting.hold, waiting.state), (Hold::Digest, NoticeState::Drafted));
    shop.store.hold_notice(waiting.id, Hold::Engineer).await.unwrap();
    assert_eq!(shop.run(at("2026-12-07T00:00:00Z")).await.digests, 0, "held");
    shop.store.hold_notice(waiting.id, Hold::None).await.unwrap();
    shop.snapshot(host, "12.el9", at("2026-12-07T00:01:00Z")).await;
    let ran = shop.run(at("2026-12-07T00:02:00Z")).await;
    assert_eq!(ran.sent, 0, "it is applied everywhere: {ran:?}");
    let notices = shop.store.notices(None, Timestamp::UNIX_EPOCH).await.unwrap();
    assert!(notices.iter().all(|notice| notice.state == NoticeState::Verified), "{notices:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acceptance_that_ends_is_told_again() {
    let shop = Shop::new("premium").await;
    let host = shop.host("db01").await;
    shop.snapshot(host, "9.el9", at(MONDAY)).await;
    shop.publish(1, vec![sudo("RHSA-2026:1", Severity::Critical, "10.el9")]).await;
    shop.run(hours(MONDAY, 1)).await;
    shop.decide(host, Decision::AcceptRisk, hours(MONDAY, 24 * 30), hours(MONDAY, 2)).await;
    assert_eq!(shop.notice().await.state, NoticeState::Decided);
    assert_eq!(shop.run(hours(MONDAY, 24 * 29)).await, Ran::default());
    assert_eq!(shop.plan().await, PlanState::Planned);
    let ran = shop.run(hours(MONDAY, 24 * 30)).await;
    assert_eq!((ran.verified, ran.reopened, ran.sent), (1, 1, 1), "{ran:?}");
    assert_eq!(shop.plan().await, PlanState::Expired);
    let notice = shop.notice().await;
    assert_eq!((notice.reason, notice.state), (Reason::AcceptanceExpired, NoticeState::Sent));
    assert_eq!(shop.mails(), 2);
    let again = shop.run(hours(MONDAY, 24 * 30 + 1)).await;
    assert_eq!((again.reopened, again.sent), (0, 0), "{again:?}");
    let hosts = shop.store.notice_hosts(notice.id).await.unwrap();
    let plans = shop.store.plans(shop.contract, false).await.unwrap();
    let period = (at("2026-11-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
    let account = plans::account((&[notice], &hosts, &plans), period, hours(MONDAY, 24 * 31));
    assert_eq!((account.expired.len(), account.accepted.len(), account.told), (1, 0, 1));
    assert_eq!(account.expired[0].approver, "박부장");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_answers_so_there_is_an_alarm_and_one_reminder() {
    let shop = Shop::new("standard-12").await;
    let host = shop.host("db01").await;
    shop.snapshot(host, "9.el9", at(MONDAY)).await;
    shop.publish(1, vec![sudo("RHSA-2026:1", Severity::Critical, "10.el9")]).await;
    assert_eq!(shop.run(at(MONDAY)).await.sent, 1);
    // 16 working hours from Monday 10:00: 7 on Monday, 8 on Tuesday, 1 on Wednesday.
    assert_eq!(shop.run(at("2026-11-25T00:59:00Z")).await.escalated, 0);
    // The clock runs from when the mail was gone, a moment after its run began.
    let ran = shop.run(at("2026-11-25T01:01:00Z")).await;
    assert_eq!((ran.escalated, ran.sent), (1, 1), "{ran:?}");
    assert_eq!(shop.run(at("2026-11-26T01:00:00Z")).await, Ran::default(), "once");
    assert_eq!(shop.mails(), 2);
    let alarms = shop.store.alarms(10).await.unwrap();
    assert_eq!(alarms.iter().map(|a| a.kind).collect::<Vec<_>>(), [AlarmKind::NoticeUnanswered]);
    assert!(alarms[0].detail.contains("RHSA-2026:1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revised_advisory_and_a_new_host_are_a_new_revision_and_a_new_date_is_not() {
    let shop = Shop::new("premium").await;
    let host = shop.host("db01").await;
    shop.snapshot(host, "9.el9", at(MONDAY)).await;
    let first = sudo("RHSA-2026:1", Severity::Critical, "10.el9");
    shop.publish(1, vec![first.clone()]).await;
    shop.run(hours(MONDAY, 1)).await;
    let dated = Advisory { updated: at("2026-11-22T00:00:00Z"), ..first.clone() };
    shop.publish(2, vec![dated]).await;
    let ran = shop.run(hours(MONDAY, 2)).await;
    assert_eq!((ran.revised, ran.sent), (0, 0), "only the date: {ran:?}");
    let second = shop.host("db02").await;
    shop.snapshot(second, "8.el9", hours(MONDAY, 2)).await;
    let ran = shop.run(hours(MONDAY, 3)).await;
    assert_eq!((ran.revised, ran.sent), (1, 1), "{ran:?}");
    assert_eq!(shop.notice().await.reason, Reason::HostAdded);
    let revised = Advisory {
        updated: at("2026-11-23T00:00:00Z"),
        ..sudo("RHSA-2026:1", Severity::Critical, "12.el9")
    };
    shop.publish(3, vec![revised]).await;
    let ran = shop.run(hours(MONDAY, 4)).await;
    assert_eq!((ran.revised, ran.sent), (1, 1), "{ran:?}");
    let notice = shop.notice().await;
    assert_eq!((notice.revision, notice.reason), (3, Reason::Revised));
    let hosts = shop.store.notice_hosts(notice.id).await.unwrap();
    assert!(hosts.iter().all(|host| host.evidence.contains("12.el9")), "{hosts:?}");
    assert_eq!(shop.mails(), 3);
    // A host that leaves the contract asks for nothing more.
    for id in [host, second] {
        shop.store.retire_host(id, hours(MONDAY, 5)).await.unwrap();
    }
    shop.run(hours(MONDAY, 6)).await;
    let hosts = shop.store.notice_hosts(notice.id).await.unwrap();
    assert!(hosts.iter().all(|host| host.standing == Standing::Gone), "{hosts:?}");
    assert_eq!(shop.notice().await.state, NoticeState::Verified);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_news_unwanted_kinds_and_fixes_elsewhere_make_no_notice() {
    let shop = Shop::new("premium").await;
    let host = shop.host("db01").await;
    shop.snapshot(host, "9.el9", at(MONDAY)).await;
    let base = sudo("RHSA-2026:1", Severity::Critical, "10.el9");
    let date = at("2026-01-01T00:00:00Z");
    let old = Advisory { published: date, updated: date, ..base.clone() };
    let bug = Advisory { id: "RHBA-2026:2".to_owned(), kind: Kind::Bugfix, ..base.clone() };
    let mut eus = Advisory { id: "RHSA-2026:3".to_owned(), ..base.clone() };
    eus.fixes[0].streams = vec!["cpe:/o:redhat:rhel_eus:9.2::baseos".to_owned()];
    shop.publish(1, vec![old.clone(), bug, eus]).await;
    assert_eq!(shop.run(hours(MONDAY, 1)).await.drafted, 0);
    let mut exploited = old;
    exploited.cves[0].exploited = true;
    shop.publish(2, vec![exploited]).await;
    let ran = shop.run(hours(MONDAY, 2)).await;
    assert_eq!((ran.drafted, ran.sent), (1, 1), "known exploited, whatever its age: {ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_at_once_send_once() {
    let shop = Shop::new("premium").await;
    let host = shop.host("db01").await;
    for number in 0..5 {
        shop.contact(&format!("c{number}@hanbit.kr")).await;
    }
    shop.snapshot(host, "9.el9", at(MONDAY)).await;
    shop.publish(1, vec![sudo("RHSA-2026:1", Severity::Critical, "10.el9")]).await;
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let parts = (shop.store.clone(), shop.objects.clone());
        let config = Arc::clone(&shop.notices.config);
        let notices = Notices::open(parts, config, "https://c.kr".to_owned()).unwrap();
        running.spawn(async move { notices.run(hours(MONDAY, 1)).await.unwrap() });
    }
    let ran = running.join_all().await;
    assert_eq!(ran.iter().map(|ran| ran.drafted).sum::<usize>(), 1);
    assert_eq!(
        ran.iter().map(|ran| ran.sent).sum::<usize>() + shop.run(hours(MONDAY, 1)).await.sent,
        6
    );
    assert_eq!(shop.mails(), 6);
}
