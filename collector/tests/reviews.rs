//! An inspection's life after its assessment, once for SQLite and once for a real PostgreSQL: periods
//! that go on by themselves, review, signed editions, acknowledgement, visits; and Support Patterns.

mod samples;
#[macro_use]
mod support;

use std::collections::{BTreeMap, HashMap};

use carepack_assessment::Assessment;
use carepack_assessment::model::Verdict;
use carepack_collector::inspections::Inspector;
use carepack_collector::inspections::manifest::{ManifestError, verify_folder};
use carepack_collector::inspections::review::{Accepted, Decision, ReviewError, Role, Wish};
use carepack_collector::inspections::signing::public_file;
use carepack_collector::objects::{Objects, snapshot_key};
use carepack_collector::plans;
use carepack_collector::reports::review::{Item, Said, Texts, Visit, What};
use carepack_collector::reports::{Lang, render_reviewed};
use carepack_collector::store::{
    Acknowledged, Contract, Customer, Edition, Hold, Host, Notice, PatternState, SnapshotRow,
    Standing, State, Store, SupportPattern,
};
use carepack_collector::support_patterns::{self, PatternError, hunt, tell, watch};
use carepack_shared::bundle::compress;
use carepack_shared::digest::sha256_hex;
use carepack_shared::observation::{Content, Observation, Outcome, Source};
use carepack_shared::snapshot::{self, Agent, Reason, SCHEMA, Snapshot};
use jiff::Timestamp;
use uuid::Uuid;

const PERIOD: &str = "2026-11";
/// Within the window of [`PERIOD`], and after it.
const WITHIN: &str = "2026-11-04T18:00:00Z";
const AFTER: &str = "2026-11-06T00:00:00Z";
/// A rule that a host without evidence of its users cannot be judged by, and one that fails.
const OLD_OS: &str = "id: old-sudo\nrev: 1\nkind: pattern\nneeds: [os.version]\n\
    value: \"facts.os.version\"\nexpect:\n  - {danger: \"facts.os.version != '9.1'\"}\n\
    impact: 3\nlikelihood: {base: 3}\ntext:\n  \
    ko: {title: 낡은 배포판, expected: 최신, why: 고장이 있었음, finding: 낡음}\n  \
    en: {title: Old release, expected: newer, why: It failed, finding: old}\n\
    remedy:\n  - {type: fix, ko: 올림, en: update, change_risk: 1, reboot: true}\n\
    refs: {case: C-2026-0001}\n";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A contract with two hosts; its inspections are made in a folder of its own.
struct Desk {
    data: tempfile::TempDir,
    inspector: Inspector,
    contract: Contract,
    hosts: [Uuid; 2],
}

impl Desk {
    async fn new(store: Store) -> Self {
        let data = tempfile::tempdir().unwrap();
        let customer =
            Customer { id: Uuid::now_v7(), name: "한빛상사".to_owned(), created: at(WITHIN) };
        let contract = Contract {
            schedule: samples::schedule(4),
            engineer: "김도현".to_owned(),
            customer_contact: "이서연".to_owned(),
            starts: "2026-10-01".parse().unwrap(),
            ends: "2027-12-31".parse().unwrap(),
            ..samples::contract(customer.id)
        };
        store.add_customer(&customer).await.unwrap();
        store.add_contract(&contract).await.unwrap();
        let mut hosts = [Uuid::nil(); 2];
        for (id, name) in hosts.iter_mut().zip(["web01", "db01"]) {
            *id = Uuid::now_v7();
            let host =
                Host { id: *id, ..samples::host(contract.id, name, at("2026-10-01T00:00:00Z")) };
            store.add_host(&host).await.unwrap();
        }
        let objects = Objects::open(&data.path().join("objects")).unwrap();
        let inspector = Inspector::open((store, objects), data.path(), None).await.unwrap();
        Self { data, inspector, contract, hosts }
    }

    fn store(&self) -> &Store {
        &self.inspector.store
    }

    /// A snapshot of a RHEL of some release, whose root may sign in and whose disk is full.
    async fn snapshot(&self, host: Uuid, release: &str, (period, taken): (&str, &str)) -> Uuid {
        let seen = |source: Source, text: &str| Observation {
            probe: "t".to_owned(),
            source,
            at: at(taken),
            took_ms: 1,
            outcome: Outcome::Seen { content: Content::Text(text.to_owned()), truncated: false },
        };
        let file = |path: &str| Source::File { path: path.to_owned() };
        let os =
            format!("ID=\"rhel\"\nVERSION_ID=\"{release}\"\nNAME=\"Red Hat Enterprise Linux\"\n");
        let document = Snapshot {
            schema: SCHEMA,
            id: Uuid::now_v7(),
            host: snapshot::Host {
                id: Some(host),
                hostname: "x".to_owned(),
                machine: None,
                recorded: false,
            },
            reason: Reason::Scheduled,
            period: Some(period.to_owned()),
            taken_at: at(taken),
            finished_at: at(taken),
            agent: Agent { version: String::new(), cpu_ms: 1, peak_kib: 1, spawned: 0 },
            lost: 0,
            masked: BTreeMap::new(),
            privacy: carepack_shared::privacy::Privacy::default(),
            observations: vec![seen(file("/etc/os-release"), &os)],
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
            period: Some(period.to_owned()),
            taken_at: at(taken),
            received_at: at(taken),
            object_key: object_key.clone(),
            recorded: false,
        };
        self.inspector.objects.put(&object_key, body).await.unwrap();
        self.store().accept_snapshot(&row).await.unwrap();
        document.id
    }

    /// The period assessed with a pattern that fails on the only host that answered.
    async fn assessed(store: Store) -> Self {
        let mut desk = Self::new(store).await;
        desk.pattern("old-sudo", PatternState::Published).await;
        desk.reopen().await;
        desk.snapshot(desk.hosts[0], "9.1", (PERIOD, WITHIN)).await;
        desk.inspector.inspect(&desk.contract, PERIOD, at(AFTER)).await.unwrap();
        desk
    }

    /// With the patterns that are in force now.
    async fn reopen(&mut self) {
        let stores = (self.store().clone(), self.inspector.objects.clone());
        self.inspector = Inspector::open(stores, self.data.path(), None).await.unwrap();
    }

    /// Keeps a pattern and moves it as far as `state`, with its trial.
    async fn pattern(&self, id: &str, state: PatternState) -> SupportPattern {
        let pattern = SupportPattern {
            id: id.to_owned(),
            area: "stability".to_owned(),
            state: PatternState::Draft,
            revision: 1,
            yaml: OLD_OS.replace("old-sudo", id),
            case_id: "C-2026-0001".to_owned(),
            host: Some(self.hosts[0]),
            incident_at: Some(at("2026-11-10T00:00:00Z")),
            changed_at: at(WITHIN),
            changed_by: "김도현".to_owned(),
        };
        let by = ("김도현", at(WITHIN));
        support_patterns::add(self.store(), &pattern).await.unwrap();
        let mut steps = vec![PatternState::Shadow, PatternState::Published];
        steps.retain(|step| *step <= state);
        for step in steps {
            let pattern = support_patterns::get(self.store(), id).await.unwrap();
            let stores = (self.store(), &self.inspector.objects);
            hunt::hunt(stores, &pattern, at(WITHIN), |_, _| {}).await.unwrap();
            support_patterns::advance(self.store(), id, step, by).await.unwrap();
        }
        support_patterns::get(self.store(), id).await.unwrap()
    }

    async fn state(&self) -> State {
        self.store().inspection(self.contract.id, PERIOD).await.unwrap().unwrap().state
    }

    async fn decide(&self, place: &str, decision: Decision) -> Result<(), ReviewError> {
        let reviewing = self.inspector.reviewing(&self.contract, PERIOD).await?;
        let wish = Wish { decision: Some(decision), ..Wish::default() };
        let by = ("김도현", at(AFTER));
        self.inspector.decide(&reviewing, (place, "old-sudo"), &wish, by).await
    }

    async fn sign(&self, role: Role, name: &str) -> Result<(), ReviewError> {
        let reviewing = self.inspector.reviewing(&self.contract, PERIOD).await?;
        self.inspector.sign(&reviewing, role, (name, at(AFTER))).await
    }

    async fn sign_all(&self) {
        for role in [Role::Author, Role::Reviewer, Role::Approver] {
            self.sign(role, "김도현").await.unwrap();
        }
    }

    async fn publish(&self, reason: &str) -> Result<Edition, ReviewError> {
        let reviewing = self.inspector.reviewing(&self.contract, PERIOD).await?;
        self.inspector.publish(&reviewing, reason, ("김도현", at(AFTER))).await
    }

    async fn open(&self) {
        self.inspector.open_review(&self.contract, PERIOD).await.unwrap();
    }

    /// Writes an edition to a folder.
    async fn export(&self, edition: &Edition) -> std::path::PathBuf {
        let folder = self.data.path().join(format!("edition-{}", edition.number));
        std::fs::create_dir_all(&folder).unwrap();
        for file in self.inspector.export(edition).await.unwrap().1 {
            std::fs::write(folder.join(file.name), file.bytes).unwrap();
        }
        folder
    }
}

/// What the assessment says of the pattern's rule on the host that answered.
fn verdict(assessment: &Assessment) -> Option<Verdict> {
    let page = assessment.hosts.iter().find(|page| page.host.name == "web01")?;
    page.findings.iter().find(|finding| finding.rule == "old-sudo").map(|f| f.verdict)
}

fn count(assessment: &Assessment, verdict: &str) -> u32 {
    assessment.summary.verdicts.get(verdict).copied().unwrap_or(0)
}

fn correction(verdict: Verdict) -> Decision {
    Decision::Correct { verdict, reason: "예비 장비라 해당하지 않음".to_owned() }
}

// ---- the suite

async fn a_period_goes_on_by_itself_and_a_missed_one_stays_visible(store: Store) {
    let desk = Desk::new(store).await;
    let ran = desk.inspector.run(at(WITHIN)).await.unwrap();
    assert_eq!((ran.expected, ran.missed, ran.assessed, ran.failed), (1, 1, 0, 0), "{ran:?}");
    let again = desk.inspector.run(at(WITHIN)).await.unwrap();
    assert_eq!((again.expected, again.missed), (0, 0), "a run may happen twice");
    let all = desk.store().inspections(Some(desk.contract.id)).await.unwrap();
    let told: Vec<_> = all.iter().map(|i| (i.period.as_str(), i.state, i.is_missed())).collect();
    assert_eq!(told, [("2026-10", State::Due, true), (PERIOD, State::Collecting, false)]);
    desk.snapshot(desk.hosts[0], "9.1", (PERIOD, WITHIN)).await;
    let ran = desk.inspector.run(at(WITHIN)).await.unwrap();
    assert_eq!(ran.assessed, 0, "one of two has answered, and the window is open");
    let ran = desk.inspector.run(at(AFTER)).await.unwrap();
    assert_eq!(ran.assessed, 1);
    let (row, assessment) = desk.inspector.assessment(&desk.contract, PERIOD).await.unwrap();
    assert_eq!((row.state, row.hosts_answered), (State::Assessed, Some(1)));
    assert!(assessment.hosts.iter().any(|page| page.snapshot.is_none()), "접속 불가");
    assert_eq!(desk.inspector.run(at(AFTER)).await.unwrap().assessed, 0);
    desk.snapshot(desk.hosts[1], "9.1", (PERIOD, AFTER)).await;
    assert_eq!(desk.inspector.run(at(AFTER)).await.unwrap().assessed, 1, "it answered after all");
    // A missed period that is assessed late is missed no more, and its mark stays.
    desk.snapshot(desk.hosts[0], "9.1", ("2026-10", "2026-10-05T00:00:00Z")).await;
    desk.inspector.run(at(AFTER)).await.unwrap();
    let late = desk.store().inspection(desk.contract.id, "2026-10").await.unwrap().unwrap();
    assert!(late.missed_at.is_some() && !late.is_missed(), "{late:?}");
}

async fn what_is_corrected_is_published_signed_and_any_changed_byte_is_found(store: Store) {
    let desk = Desk::assessed(store).await;
    let early = desk.publish("").await.unwrap_err();
    assert!(matches!(early, ReviewError::State { state: "assessed", .. }), "{early}");
    desk.open().await;
    let judged = desk.inspector.assessment(&desk.contract, PERIOD).await.unwrap().1;
    assert_eq!(verdict(&judged), Some(Verdict::Danger));
    let same = desk.decide("web01", correction(Verdict::Danger)).await.unwrap_err();
    assert!(matches!(same, ReviewError::Same { .. }), "{same}");
    let gone = desk.decide("web99", correction(Verdict::Pass)).await.unwrap_err();
    assert!(matches!(gone, ReviewError::NoPlace(_)), "{gone}");
    desk.decide("web01", correction(Verdict::Pass)).await.unwrap();
    let unsigned = desk.publish("").await.unwrap_err();
    assert!(matches!(unsigned, ReviewError::Unsigned { missing: "author" }), "{unsigned}");
    desk.sign_all().await;
    let edition = desk.publish("").await.unwrap();
    assert_eq!((edition.number, desk.state().await), (1, State::Published));
    let (assessment, frozen) = desk.inspector.frozen(&edition).await.unwrap();
    assert_eq!(verdict(&assessment), Some(Verdict::Pass));
    let counted = (count(&assessment, "danger"), count(&assessment, "pass"));
    assert_eq!(counted, (count(&judged, "danger") - 1, count(&judged, "pass") + 1));
    let remark = &frozen.review.remarks[0];
    assert_eq!((remark.judged, remark.holds), (Verdict::Danger, Verdict::Pass));
    // The same frozen input gives the published bytes.
    let folder = desk.export(&edition).await;
    let again = render_reviewed(&assessment, &frozen.cover, &frozen.review, Lang::Ko).unwrap();
    assert_eq!(std::fs::read(folder.join("report.ko.pdf")).unwrap(), again.pdf);
    for word in ["예비 장비라 해당하지 않음", "제1판", "김도현"] {
        assert!(again.html.contains(word), "{word} stands on the report");
    }
    let key = public_file(desk.data.path());
    let verified = verify_folder(&folder, &key).unwrap();
    assert_eq!((verified.manifest.edition, verified.manifest.files.len()), (1, 6));
    let files =
        ["assessment.json", "review.json", "report.en.html", "report.ko.pdf", "manifest.json"];
    for name in files {
        let path = folder.join(name);
        let whole = std::fs::read(&path).unwrap();
        let mut bent = whole.clone();
        let middle = bent.len() / 2;
        bent[middle] ^= 1;
        std::fs::write(&path, &bent).unwrap();
        assert!(verify_folder(&folder, &key).is_err(), "{name}");
        std::fs::write(&path, &whole).unwrap();
    }
    std::fs::remove_file(folder.join("report.en.pdf")).unwrap();
    let missing = verify_folder(&folder, &key).unwrap_err();
    assert!(matches!(missing, ManifestError::Missing { .. }), "{missing}");
    let closed = desk.inspector.inspect(&desk.contract, PERIOD, at(AFTER)).await.unwrap_err();
    assert!(closed.to_string().contains("published"), "{closed}");
}

async fn a_corrected_edition_says_what_changed_and_the_customer_confirms(store: Store) {
    let desk = Desk::assessed(store).await;
    desk.open().await;
    desk.sign_all().await;
    let first = desk.publish("").await.unwrap();
    let confirm = |name: &str| Acknowledged {
        at: at(AFTER),
        name: name.to_owned(),
        comment: "잘 받았습니다".to_owned(),
    };
    desk.open().await;
    assert_eq!(desk.state().await, State::InReview);
    let early = desk.inspector.acknowledge(&desk.contract, PERIOD, &confirm("이서연")).await;
    assert!(early.is_err(), "a corrected edition is being made");
    desk.decide("web01", correction(Verdict::Attention)).await.unwrap();
    let visit = Visit {
        held_on: "2026-11-05".parse().unwrap(),
        who: "박엔지니어".to_owned(),
        hosts: vec!["web01".to_owned()],
        checklist: vec![Item {
            item: "팬 소음".to_owned(),
            result: Verdict::Attention,
            note: String::new(),
        }],
        words: Texts { ko: "팬 교체 권고".to_owned(), en: String::new() },
    };
    let by = ("김도현", at(AFTER));
    let period = desk.inspector.add_visit(&desk.contract, &visit, by).await.unwrap();
    assert_eq!(period, PERIOD);
    let stranger = Visit { hosts: vec!["web99".to_owned()], ..visit };
    assert!(desk.inspector.add_visit(&desk.contract, &stranger, by).await.is_err());
    desk.sign_all().await;
    let silent = desk.publish(" ").await.unwrap_err();
    assert!(matches!(silent, ReviewError::NoReason), "{silent}");
    let second = desk.publish("오판 정정").await.unwrap();
    assert_eq!((second.number, &second.document), (2, &first.document));
    let (assessment, frozen) = desk.inspector.frozen(&second).await.unwrap();
    let revision = frozen.review.revision.clone().unwrap();
    let changed = revision.changes.iter().find(|change| change.what == What::Verdict).unwrap();
    assert_eq!(changed.before, Said::Verdict(Verdict::Danger));
    assert_eq!(changed.after, Said::Verdict(Verdict::Attention));
    assert!(revision.changes.iter().any(|change| change.what == What::Visit));
    let html = render_reviewed(&assessment, &frozen.cover, &frozen.review, Lang::Ko).unwrap().html;
    for word in ["개정 내역", "오판 정정", "팬 소음", "박엔지니어", "팬 교체 권고"]
    {
        assert!(html.contains(word), "{word}");
    }
    let (manifest, _) = desk.inspector.export(&second).await.unwrap();
    let chained = manifest.replaces.unwrap();
    assert!(first.manifest_key.ends_with(&chained.manifest_sha256), "editions are a chain");
    desk.inspector.acknowledge(&desk.contract, PERIOD, &confirm("이서연")).await.unwrap();
    assert_eq!(desk.state().await, State::Acknowledged);
    assert!(desk.inspector.acknowledge(&desk.contract, PERIOD, &confirm("x")).await.is_err());
    // The next report says who confirmed the last one.
    let next = ("2026-12", "2026-12-04T18:00:00Z");
    desk.snapshot(desk.hosts[0], "9.2", next).await;
    let now = at("2026-12-06T00:00:00Z");
    desk.inspector.inspect(&desk.contract, "2026-12", now).await.unwrap();
    let (row, assessment) = desk.inspector.assessment(&desk.contract, "2026-12").await.unwrap();
    let (_, draft) = desk.inspector.drafted(&desk.contract, (&row, &assessment)).await.unwrap();
    let confirmed = draft.review.confirmed.unwrap();
    assert_eq!((confirmed.edition, confirmed.name.as_str()), (2, "이서연"));
}

async fn three_people_sign_where_the_contract_wants_it(store: Store) {
    let desk = Desk::assessed(store).await;
    assert!(desk.store().set_four_eyes(desk.contract.id, true).await.unwrap());
    desk.open().await;
    let early = desk.sign(Role::Approver, "최부장").await.unwrap_err();
    assert!(matches!(early, ReviewError::Unsigned { missing: "author" }), "{early}");
    desk.sign(Role::Author, "Kim Do-hyun").await.unwrap();
    let same = desk.sign(Role::Reviewer, "KIM  do-hyun ").await.unwrap_err();
    assert!(matches!(same, ReviewError::SamePerson { role: "author", .. }), "{same}");
    desk.sign(Role::Reviewer, "박과장").await.unwrap();
    desk.sign(Role::Approver, "최부장").await.unwrap();
    // A change of words takes the names away.
    desk.decide("web01", Decision::Accept).await.unwrap();
    let void = desk.publish("").await.unwrap_err();
    assert!(matches!(void, ReviewError::Unsigned { missing: "author" }), "{void}");
}

async fn of_two_who_change_one_review_one_is_told(store: Store) {
    let desk = Desk::assessed(store).await;
    desk.open().await;
    let read = desk.inspector.reviewing(&desk.contract, PERIOD).await.unwrap();
    desk.inspector.set_opinion(&read, Some("양호함"), None).await.unwrap();
    let late = desk.inspector.set_opinion(&read, Some("위험함"), None).await.unwrap_err();
    assert!(matches!(late, ReviewError::Changed), "{late}");
    let read = desk.inspector.reviewing(&desk.contract, PERIOD).await.unwrap();
    assert_eq!(read.review.opinion_ko, "양호함");
}

async fn a_risk_accepted_in_review_is_registered_and_in_force(store: Store) {
    let desk = Desk::assessed(store).await;
    desk.open().await;
    let accepted = |expires: &str| {
        Decision::Except(Accepted {
            reason: "교체 예정".to_owned(),
            risk: "중단".to_owned(),
            compensation: "예비 장비".to_owned(),
            approver: "이서연".to_owned(),
            expires_at: at(expires),
        })
    };
    let over = desk.decide("web01", accepted("2026-11-01T00:00:00Z")).await.unwrap_err();
    assert!(matches!(over, ReviewError::Expired(_)), "{over}");
    desk.decide("web01", accepted("2027-01-01T00:00:00Z")).await.unwrap();
    let risks = desk.store().exceptions(desk.contract.id).await.unwrap();
    assert_eq!((risks.len(), risks[0].host), (1, Some(desk.hosts[0])));
    let (row, assessment) = desk.inspector.assessment(&desk.contract, PERIOD).await.unwrap();
    let (corrected, _) = desk.inspector.drafted(&desk.contract, (&row, &assessment)).await.unwrap();
    assert_eq!(verdict(&corrected), Some(Verdict::Excepted));
    // Assessed anew, the risk is in force by itself, and nothing is stale.
    desk.inspector.inspect(&desk.contract, PERIOD, at(AFTER)).await.unwrap();
    desk.open().await;
    desk.sign(Role::Author, "김도현").await.unwrap();
    // A verdict that became another one is decided again.
    desk.decide("web01", correction(Verdict::Pass)).await.unwrap();
    desk.snapshot(desk.hosts[0], "9.2", (PERIOD, AFTER)).await;
    desk.inspector.inspect(&desk.contract, PERIOD, at(AFTER)).await.unwrap();
    desk.open().await;
    let stale = desk.sign(Role::Author, "김도현").await.unwrap_err();
    assert!(matches!(stale, ReviewError::Stale(_)), "{stale}");
}

async fn a_pattern_is_hunted_back_before_it_judges_and_is_told(store: Store) {
    let desk = Desk::new(store).await;
    for (host, release, period, taken) in [
        (0, "9.1", "2026-10", "2026-10-05T00:00:00Z"),
        (0, "9.1", PERIOD, "2026-11-05T00:00:00Z"),
        (1, "9.1", "2026-10", "2026-10-05T00:00:00Z"),
        (1, "9.2", PERIOD, "2026-11-05T00:00:00Z"),
    ] {
        desk.snapshot(desk.hosts[host], release, (period, taken)).await;
    }
    let draft = desk.pattern("old-sudo", PatternState::Draft).await;
    let by = ("김도현", at(AFTER));
    let store = desk.store();
    let advance = async |to| support_patterns::advance(store, "old-sudo", to, by).await;
    let early = advance(PatternState::Published).await.unwrap_err();
    assert!(matches!(early, PatternError::State { state: "draft", .. }), "{early}");
    advance(PatternState::Shadow).await.unwrap();
    let untried = advance(PatternState::Published).await.unwrap_err();
    assert!(matches!(untried, PatternError::Untried { .. }), "{untried}");
    // In shadow it runs and reaches no customer.
    let version = desk.inspector.pack.stamp.version.clone();
    let stores = (store.clone(), desk.inspector.objects.clone());
    let shadow = Inspector::open(stores, desk.data.path(), None).await.unwrap();
    assert_eq!(shadow.pack.stamp.version, version);
    let assessment = shadow.inspect(&desk.contract, PERIOD, at(AFTER)).await.unwrap();
    let page = assessment.hosts.iter().find(|page| page.host.name == "web01").unwrap();
    assert!(page.findings.iter().all(|finding| finding.rule != "old-sudo"));
    assert_eq!(page.shadowed[0].rule, "old-sudo");
    let (row, _) = shadow.assessment(&desk.contract, PERIOD).await.unwrap();
    let (told, _) = shadow.drafted(&desk.contract, (&row, &assessment)).await.unwrap();
    assert!(told.hosts.iter().all(|page| page.shadowed.is_empty()));
    // Who has it, who had it, since when, how long before the fault.
    let stores = (store, &desk.inspector.objects);
    let found = hunt::hunt(stores, &draft, at(AFTER), |_, _| {}).await.unwrap();
    assert_eq!((found.snapshots, found.unreadable, found.unknown), (4, 0, 0));
    let told: Vec<_> = found.hosts.iter().map(|h| (h.name.as_str(), h.now, h.is_case)).collect();
    assert_eq!(told, [("db01", false, false), ("web01", true, true)]);
    assert_eq!(found.hosts[1].since, at("2026-10-05T00:00:00Z"));
    assert_eq!(found.lead_days, Some(36));
    // Published it judges, the pack has another version, and who has it is told once.
    let published = advance(PatternState::Published).await.unwrap();
    assert_eq!(tell::draft(store, &published, at(AFTER)).await.unwrap(), 1);
    assert_eq!(tell::draft(store, &published, at(AFTER)).await.unwrap(), 0);
    let notices = store.notices(Some(desk.contract.id), Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(
        (notices[0].advisory.as_str(), notices[0].hold),
        ("PATTERN-old-sudo", Hold::Engineer)
    );
    let hosts = store.notice_hosts(notices[0].id).await.unwrap();
    assert_eq!(hosts.iter().map(|host| host.host).collect::<Vec<_>>(), [desk.hosts[0]]);
    let stores = (store.clone(), desk.inspector.objects.clone());
    let judging = Inspector::open(stores, desk.data.path(), None).await.unwrap();
    assert_ne!(judging.pack.stamp.version, version);
    let assessment = judging.inspect(&desk.contract, PERIOD, at(AFTER)).await.unwrap();
    assert_eq!(verdict(&assessment), Some(Verdict::Danger));
    mended(&desk, &notices[0]).await;
    let closed = support_patterns::edit(store, "old-sudo", OLD_OS, by).await.unwrap_err();
    assert!(matches!(closed, PatternError::State { state: "published", .. }), "{closed}");
    advance(PatternState::Retired).await.unwrap();
    let used = support_patterns::add(store, &draft).await.unwrap_err();
    assert!(matches!(used, PatternError::Used(_)), "an id is never reused: {used}");
    assert_eq!(store.support_pattern_changes("old-sudo").await.unwrap().len(), 4);
}

/// What was told stands until a later snapshot shows that the fault is gone; coming back, it is
/// told again.
async fn mended(desk: &Desk, notice: &Notice) {
    let store = desk.store();
    for (release, taken, standing, was_applied) in [
        ("9.1", "2026-11-20T00:00:00Z", Standing::Missing, false),
        ("9.2", "2026-11-25T00:00:00Z", Standing::Applied, true),
        ("9.1", "2026-11-28T00:00:00Z", Standing::Missing, true),
    ] {
        desk.snapshot(desk.hosts[0], release, (PERIOD, taken)).await;
        let newest = store.snapshots(desk.hosts[0], 1).await.unwrap().remove(0);
        let newest = [(desk.hosts[0], (newest.id, newest.taken_at))].into();
        let stores = (store, &desk.inspector.objects);
        let notices = std::slice::from_ref(notice);
        let sights = watch::look(stores, notices, &newest, Timestamp::UNIX_EPOCH).await.unwrap();
        let look = plans::Look {
            store,
            catalogue: None,
            told: &HashMap::new(),
            seen: &HashMap::new(),
            patterns: &sights,
            gone: &[],
            now: at(taken),
        };
        let verified = plans::verify(&look, notices, Timestamp::UNIX_EPOCH).await.unwrap();
        assert_eq!(verified.asked, 1, "{taken}");
        let host = store.notice_hosts(notice.id).await.unwrap().remove(0);
        assert_eq!((host.standing, host.was_applied), (standing, was_applied), "{taken}");
        // The same snapshot is not judged twice.
        let again = watch::look(stores, notices, &newest, Timestamp::UNIX_EPOCH).await.unwrap();
        assert!(again.is_empty(), "{taken}");
    }
}

on_both![
    a_period_goes_on_by_itself_and_a_missed_one_stays_visible,
    what_is_corrected_is_published_signed_and_any_changed_byte_is_found,
    a_corrected_edition_says_what_changed_and_the_customer_confirms,
    three_people_sign_where_the_contract_wants_it,
    of_two_who_change_one_review_one_is_told,
    a_risk_accepted_in_review_is_registered_and_in_force,
    a_pattern_is_hunted_back_before_it_judges_and_is_told,
];
