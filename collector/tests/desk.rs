//! The service desk, once on SQLite and once on a real PostgreSQL: attachments, mail out and in, the
//! clock's warnings by mail.

mod samples;
#[macro_use]
mod support;

use std::path::Path;
use std::sync::Arc;

use carepack_collector::cases::attachments::{self, File};
use carepack_collector::cases::mail_in::{self, CameIn};
use carepack_collector::cases::{self, Actor, CaseError, Request, keep};
use carepack_collector::config::Config;
use carepack_collector::ledger::record::{self, Entry};
use carepack_collector::ledger::{self, Became, LedgerError, Span};
use carepack_collector::notices::{Notices, mail};
use carepack_collector::objects::Objects;
use carepack_collector::reports::{Lang, annual};
use carepack_collector::service::Service;
use carepack_collector::store::{
    AlarmKind, AttachmentKind, Case, CaseSeverity, CaseState, Channel, Contact, Contract, Customer,
    DeliveryState, DeskMember, Duty, EventKind, Language, Store, StoreError,
};
use jiff::Timestamp;
use uuid::Uuid;

const ENGINEER: Actor<'static> = Actor { name: "박엔지니어", is_staff: true };
const CUSTOMER: Actor<'static> = Actor { name: "김담당", is_staff: false };

/// In Seoul, 2026.
fn at(text: &str) -> Timestamp {
    format!("2026-{text}+09:00").parse().unwrap()
}

async fn contract(store: &Store) -> Contract {
    let now = at("01-02T00:00");
    let customer = Customer { id: Uuid::now_v7(), name: "한빛상사".to_owned(), created: now };
    let contract = Contract { level: "standard-12".to_owned(), ..samples::contract(customer.id) };
    store.add_customer(&customer).await.unwrap();
    store.add_contract(&contract).await.unwrap();
    contract
}

async fn opened(store: &Store, contract: &Contract, now: &str) -> Case {
    let request = Request {
        channel: Channel::Web,
        severity: CaseSeverity::Important,
        emergency: false,
        title: "DB 응답 없음",
        description: "접속 불가",
    };
    cases::open(store, contract, (&request, CUSTOMER), at(now)).await.unwrap()
}

async fn a_file_is_kept_by_its_digest_and_within_limits(store: Store) {
    let folder = tempfile::tempdir().unwrap();
    let objects = Objects::open(folder.path()).unwrap();
    let contract = contract(&store).await;
    let case = opened(&store, &contract, "11-23T10:00").await;
    let stores = (&store, &objects);
    let now = at("11-23T10:01");
    let log =
        File { name: "../../messages.log", bytes: "커널 오류\n".as_bytes(), internal: true };
    let kept = attachments::attach(stores, &case, (&log, CUSTOMER), now).await.unwrap();
    assert_eq!((kept.name.as_str(), kept.kind), ("messages.log", AttachmentKind::Text));
    assert!(!kept.internal, "a customer's file is never internal");
    assert_eq!(store.attachments(case.id).await.unwrap(), std::slice::from_ref(&kept));
    assert_eq!(attachments::read(&objects, &kept).await.unwrap(), log.bytes);
    let twice = attachments::attach(stores, &case, (&log, CUSTOMER), now).await.unwrap_err();
    assert!(matches!(twice, CaseError::Store(StoreError::Exists { .. })), "{twice}");
    let inside = attachments::attach(stores, &case, (&log, ENGINEER), now).await.unwrap();
    assert!(inside.internal);
    let program = File { name: "a.png", bytes: b"\x7fELF\x02\x01\x01\0", internal: false };
    let refused = attachments::attach(stores, &case, (&program, CUSTOMER), now).await.unwrap_err();
    assert!(matches!(refused, CaseError::Kind { .. }), "{refused}");
    // The timeline tells of both, the vendor's own one only inside.
    let events = store.case_events(case.id).await.unwrap();
    let told: Vec<_> = events
        .iter()
        .filter(|event| event.kind == EventKind::Attachment)
        .map(|event| (event.body.as_str(), event.internal))
        .collect();
    assert_eq!(told, [("messages.log (text, 14 B)", false), ("messages.log (text, 14 B)", true)]);
    // Of another case it is none.
    let other = opened(&store, &contract, "11-23T11:00").await;
    assert_eq!(attachments::find(&store, &other, kept.id).await.unwrap(), None);
    // Bytes that changed on the disk are not given.
    let path = folder.path().join(format!("attachments/{}/{}", case.id, kept.sha256));
    std::fs::write(path, "other").unwrap();
    let lost = attachments::read(&objects, &kept).await.unwrap_err();
    assert!(matches!(lost, CaseError::Lost { .. }), "{lost}");
}

async fn a_case_takes_so_many_files_and_no_more(store: Store) {
    let folder = tempfile::tempdir().unwrap();
    let objects = Objects::open(folder.path()).unwrap();
    let case = opened(&store, &contract(&store).await, "11-23T10:00").await;
    let now = at("11-23T10:01");
    let give = async |text: String| {
        let file = File { name: "a.txt", bytes: text.as_bytes(), internal: false };
        attachments::attach((&store, &objects), &case, (&file, CUSTOMER), now).await
    };
    for n in 0..50 {
        give(format!("{n}")).await.unwrap();
    }
    let over = give("one more".to_owned()).await.unwrap_err();
    assert!(matches!(over, CaseError::Many), "{over}");
    assert_eq!(store.attachments(case.id).await.unwrap().len(), 50);
    let events = store.case_events(case.id).await.unwrap();
    assert_eq!(events.len(), 51, "nothing is told of what was not taken");
}

/// A desk with a folder of mails out, a folder of replies, one case with a reader.
struct Desk {
    data: tempfile::TempDir,
    notices: Notices,
    contract: Contract,
    case: Case,
}

impl Desk {
    async fn open(store: Store) -> Self {
        let data = tempfile::tempdir().unwrap();
        let toml = format!(
            "[agents]\npublic_names = [\"c.kr\"]\n[mail]\ntransport = \"folder\"\nfolder = \"{0}/out\"\n\
             from = \"Desk <desk@vendor.kr>\"\nreplies = \"{0}/in\"\nper_minute = 60000\n",
            data.path().display()
        );
        let path = data.path().join("collector.toml");
        std::fs::write(&path, toml).unwrap();
        std::fs::create_dir(data.path().join("in")).unwrap();
        let mut config = Config::load(&path).unwrap();
        config.data = data.path().to_owned();
        let objects = Objects::open(&data.path().join("objects")).unwrap();
        let parts = (store.clone(), objects);
        let notices = Notices::open(parts, Arc::new(config), "https://c.kr".to_owned()).unwrap();
        let contract = contract(&store).await;
        let contact = Contact {
            id: Uuid::now_v7(),
            customer: contract.customer,
            contract: None,
            name: CUSTOMER.name.to_owned(),
            email: "kim@shop.kr".to_owned(),
            language: Language::Korean,
            kinds: vec!["security".to_owned()],
            created: at("01-02T00:00"),
            removed_at: None,
        };
        store.add_contact(&contact).await.unwrap();
        let case = opened(&store, &contract, "11-23T10:00").await;
        assert_eq!(store.case_reporter(case.id).await.unwrap(), Some(contact.id), "by his name");
        Self { data, notices, contract, case }
    }

    fn store(&self) -> &Store {
        &self.notices.store
    }

    async fn again(&self) -> Case {
        self.store().case(self.case.id).await.unwrap().unwrap()
    }

    async fn member(&self, email: &str, duty: Duty) {
        let member = DeskMember {
            id: Uuid::now_v7(),
            contract: self.contract.id,
            name: email.split('@').next().unwrap().to_owned(),
            email: email.to_owned(),
            language: Language::English,
            duty,
            created: at("01-02T00:00"),
            removed_at: None,
        };
        self.store().add_desk_member(&member).await.unwrap();
    }

    /// Sends what is due and gives it, by receiver.
    async fn sent(&self, now: &str) -> Vec<(String, String, String)> {
        mail::send(&self.notices, at(now)).await.unwrap();
        let out = self.data.path().join("out");
        let mut mails: Vec<_> = files(&out).into_iter().map(|text| read(&text)).collect();
        let _ = std::fs::remove_dir_all(out);
        mails.sort();
        mails
    }

    fn reply(&self, name: &str, text: &str) {
        std::fs::write(self.data.path().join("in").join(name), text).unwrap();
    }

    async fn came(&self, now: &str) -> (usize, usize, usize) {
        let CameIn { taken, ignored, set_aside } =
            mail_in::run(&self.notices, at(now)).await.unwrap();
        (taken, ignored, set_aside)
    }
}

fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let files = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    files.map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

/// To, subject and text of a mail that we wrote.
fn read(text: &str) -> (String, String, String) {
    let mail = mail_parser::MessageParser::default().parse(text).unwrap();
    let to = mail.to().unwrap().first().unwrap().address().unwrap().to_owned();
    (to, mail.subject().unwrap().to_owned(), mail.body_text(0).unwrap().into_owned())
}

async fn the_clock_warns_the_engineer_and_then_the_escalation_once_each(store: Store) {
    let desk = Desk::open(store).await;
    desk.member("park@vendor.kr", Duty::Engineer).await;
    desk.member("boss@vendor.kr", Duty::Escalation).await;
    let service = Service::load(Path::new("/nonexistent")).unwrap();
    let run = async |now: &str| {
        keep::run(desk.store(), &service, at(now)).await.unwrap();
        desk.sent(now).await
    };
    // Four hours from ten o'clock: due at two, warned from one on.
    assert_eq!(run("11-23T12:59").await, []);
    let warned = run("11-23T13:00").await;
    assert_eq!(warned.len(), 1, "{warned:?}");
    let (to, subject, text) = &warned[0];
    assert_eq!(to, "park@vendor.kr");
    assert!(subject.starts_with("[C-2026-0001:"), "{subject}");
    assert!(subject.contains("due soon") && text.contains("2026-11-23 14:00 KST"), "{text}");
    assert_eq!(run("11-23T13:30").await, [], "once");
    let late = run("11-23T14:01").await;
    let to: Vec<_> = late.iter().map(|(to, ..)| to.as_str()).collect();
    assert_eq!(to, ["boss@vendor.kr", "park@vendor.kr"]);
    assert!(late[0].1.contains("overdue"), "{}", late[0].1);
    assert_eq!(run("11-23T18:00").await, [], "once");
}

async fn a_warning_that_an_answer_overtook_is_not_sent(store: Store) {
    let desk = Desk::open(store).await;
    desk.member("park@vendor.kr", Duty::Engineer).await;
    let service = Service::load(Path::new("/nonexistent")).unwrap();
    keep::run(desk.store(), &service, at("11-23T13:00")).await.unwrap();
    let words = ("확인 중입니다", false, ENGINEER);
    cases::comment(desk.store(), &desk.again().await, words, at("11-23T13:01")).await.unwrap();
    let sent = desk.sent("11-23T13:02").await;
    let to: Vec<_> = sent.iter().map(|(to, ..)| to.as_str()).collect();
    assert_eq!(to, ["kim@shop.kr"], "the answer, not the warning");
    let taken_back = desk.store().deliveries(Some(DeliveryState::Withdrawn), 10).await.unwrap();
    assert_eq!(taken_back.len(), 1);
}

async fn the_desks_public_words_and_the_end_are_mailed_to_who_asked(store: Store) {
    let desk = Desk::open(store).await;
    let say = async |words: &str, internal: bool, by: Actor<'static>, now: &str| {
        let case = desk.again().await;
        cases::comment(desk.store(), &case, (words, internal, by), at(now)).await.unwrap();
    };
    say("추가 증상", false, CUSTOMER, "11-23T10:05").await;
    say("내부 메모", true, ENGINEER, "11-23T10:10").await;
    assert_eq!(desk.sent("11-23T10:11").await, []);
    say("로그를 <보내> 주십시오", false, ENGINEER, "11-23T10:20").await;
    let sent = desk.sent("11-23T10:21").await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(sent[0].0, "kim@shop.kr");
    assert!(sent[0].2.starts_with("-- carepack: reply above this line --"), "{}", sent[0].2);
    assert!(sent[0].2.contains("로그를 <보내> 주십시오"), "{}", sent[0].2);
    assert!(sent[0].2.contains("https://c.kr/cases/C-2026-0001"));
    let end = (CaseState::Closed, "디스크 가득 참", "정리함", ENGINEER);
    cases::settle(desk.store(), &desk.again().await, end, at("11-23T11:00")).await.unwrap();
    let sent = desk.sent("11-23T11:01").await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!(sent[0].2.contains("디스크 가득 참") && sent[0].2.contains("정리함"), "{}", sent[0].2);
    assert_eq!(desk.sent("11-23T11:02").await, []);
}

/// A reply with a picture and a program; `head` is what else stands in its head.
fn reply(from: &str, subject: &str, id: &str, head: &str) -> String {
    format!(
        "From: Kim <{from}>\r\nTo: desk@vendor.kr\r\nSubject: Re: {subject}\r\nMessage-ID: <{id}>\r\n\
         {head}MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n로그입니다.\r\n\r\nOn Mon, desk wrote:\r\n\
         > -- carepack: reply above this line --\r\n> 답변\r\n\
         --b\r\nContent-Type: text/plain; name=\"../../화면.png\"\r\n\
         Content-Disposition: attachment; filename=\"../../s.png\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgoAAAAN\r\n\
         --b\r\nContent-Disposition: attachment; filename=\"run.txt\"\r\n\
         Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n\
         f0VMRgIBAQA=\r\n--b--\r\n"
    )
}

async fn a_reply_lands_in_its_case_once_with_its_files(store: Store) {
    let desk = Desk::open(store).await;
    let wait = (CaseState::WaitingCustomer, "로그를 요청함", ENGINEER);
    cases::set_state(desk.store(), &desk.case, wait, at("11-23T10:05")).await.unwrap();
    let subject = format!("[C-2026-0001:{}] 답변", desk.notices.links.case_mark(desk.case.id));
    desk.reply("1.eml", &reply("KIM@shop.kr", &subject, "a@shop.kr", ""));
    assert_eq!(desk.came("11-23T10:30").await, (1, 0, 0));
    let case = desk.again().await;
    assert_eq!((case.state, case.responded_at), (CaseState::InProgress, None), "back to work");
    let events = desk.store().case_events(case.id).await.unwrap();
    let words = events.iter().find(|event| event.kind == EventKind::Comment).unwrap();
    assert_eq!(words.actor, "김담당");
    assert!(words.body.starts_with("로그입니다.\n\n[첨부하지 못함"), "{}", words.body);
    assert!(words.body.contains("run.txt") && !words.body.contains("답변"), "{}", words.body);
    let kept = desk.store().attachments(case.id).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].name.as_str(), kept[0].kind), ("s.png", AttachmentKind::Png));
    assert_eq!(files(&desk.data.path().join("in")), [""; 0], "it was taken away");
    // The same one again, by a maildir: nothing more stands in the case.
    std::fs::create_dir(desk.data.path().join("in/new")).unwrap();
    desk.reply("new/177.M1.host", &reply("kim@shop.kr", &subject, "a@shop.kr", ""));
    assert_eq!(desk.came("11-23T10:31").await, (1, 0, 0));
    assert_eq!(desk.store().case_events(case.id).await.unwrap().len(), events.len());
    // One without the mark, but in answer to a mail that we sent.
    let words = ("확인했습니다", false, ENGINEER);
    cases::comment(desk.store(), &desk.again().await, words, at("11-23T10:40")).await.unwrap();
    mail::send(&desk.notices, at("11-23T10:41")).await.unwrap();
    let sent = desk.store().deliveries(Some(DeliveryState::Sent), 1).await.unwrap();
    let head = format!("In-Reply-To: {}\r\n", sent[0].message_id);
    desk.reply("2.eml", &reply("kim@shop.kr", "회신", "b@shop.kr", &head));
    assert_eq!(desk.came("11-23T10:50").await, (1, 0, 0));
    assert_eq!(desk.store().attachments(case.id).await.unwrap().len(), 1, "the same picture");
}

async fn a_mail_that_nobody_can_place_is_a_persons(store: Store) {
    let desk = Desk::open(store).await;
    let mark = desk.notices.links.case_mark(desk.case.id);
    let good = format!("[C-2026-0001:{mark}]");
    let other = opened(desk.store(), &desk.contract, "11-23T10:10").await;
    let foreign = format!("[{}:{mark}]", other.number());
    desk.reply("1.eml", &reply("eve@evil.kr", &good, "1@x", ""));
    desk.reply("2.eml", &reply("kim@shop.kr", &foreign, "2@x", ""));
    desk.reply("3.eml", &reply("kim@shop.kr", "[C-2026-0001] 다시", "3@x", ""));
    desk.reply("4.eml", &reply("kim@shop.kr", &good, "4@x", "Auto-Submitted: auto-replied\r\n"));
    desk.reply("5.eml", &reply("desk@vendor.kr", &good, "5@x", ""));
    assert_eq!(desk.came("11-23T10:30").await, (0, 2, 3));
    assert_eq!(desk.came("11-23T10:31").await, (0, 0, 0));
    for case in [&desk.case, &other] {
        assert_eq!(desk.store().case_events(case.id).await.unwrap().len(), 1, "only its opening");
    }
    let alarms = desk.store().alarms(10).await.unwrap();
    assert_eq!(alarms.len(), 3, "nothing of machines");
    assert!(alarms.iter().all(|alarm| alarm.kind == AlarmKind::MailSetAside));
    let told =
        alarms.iter().any(|a| a.detail.contains("eve@evil.kr") && a.detail.contains("no contact"));
    assert!(told, "{alarms:?}");
    let folder = desk.data.path().join("in");
    assert_eq!(files(&folder.join("set-aside")).len(), 3);
    assert_eq!(files(&folder.join("ignored")).len(), 2);
    // A closed case takes no words.
    let end = (CaseState::Closed, "원인", "조치", ENGINEER);
    cases::settle(desk.store(), &desk.again().await, end, at("11-23T11:00")).await.unwrap();
    desk.reply("6.eml", &reply("kim@shop.kr", &good, "6@x", ""));
    assert_eq!(desk.came("11-23T11:01").await, (0, 0, 1));
}

async fn the_ledger_sets_what_was_done_against_what_was_promised(store: Store) {
    let contract = contract(&store).await;
    let customer = store.customer(contract.customer).await.unwrap().unwrap();
    let service = Service::load(Path::new("/nonexistent")).unwrap();
    // Answered after one working hour, after six (late), and not at all.
    for (opened_at, answered_at) in
        [("03-03T10:00", "03-03T11:00"), ("03-04T10:00", "03-04T16:00"), ("11-23T10:00", "")]
    {
        let case = opened(&store, &contract, opened_at).await;
        if !answered_at.is_empty() {
            let words = ("확인했습니다", false, ENGINEER);
            cases::comment(&store, &case, words, at(answered_at)).await.unwrap();
        }
    }
    let kinds = carepack_service::recorded::with(None).unwrap();
    let mut entry = Entry {
        kind: "dr-drill",
        held_on: "2026-06-10".parse().unwrap(),
        engineer: "박엔지니어",
        results: [("restore".to_owned(), ("pass".to_owned(), "40분 #strong[x]".to_owned()))].into(),
        note: "복구 <b>완료</b>",
    };
    let by = ("kim", at("06-11T09:00"));
    let id = record::record(&store, &kinds, (&contract, &entry), by).await.unwrap();
    entry.held_on = "2025-06-10".parse().unwrap();
    record::record(&store, &kinds, (&contract, &entry), by).await.unwrap();
    entry.kind = "party";
    let refused = record::record(&store, &kinds, (&contract, &entry), by).await.unwrap_err();
    assert!(matches!(refused, LedgerError::Kind(_)), "{refused}");

    let of = (&contract, &customer);
    let (year, now) = (Span::year(2026).unwrap(), at("11-23T11:00"));
    let ledger = ledger::read(&store, &service, of, year, now).await.unwrap();
    assert_eq!((ledger.visits_promised, ledger.visits.len()), (12, 0));
    // Windows from January to November have passed, nobody assessed any; December is to come.
    let counted = ledger.inspections_counted;
    assert_eq!((counted.due, counted.published, counted.missed), (11, 0, 11));
    assert_eq!(ledger.inspections.last().unwrap().became, Became::Coming);
    let responses = &ledger.responses;
    assert_eq!((responses.met, responses.missed, responses.waiting), (1, 1, 1));
    assert_eq!((responses.median_minutes, responses.worst_minutes), (Some(60), Some(360)));
    assert_eq!(responses.worst, "C-2026-0002");
    assert_eq!(ledger.cases_counted.by_channel["web"], 3);
    let services: Vec<_> = ledger.services.iter().map(|service| service.id).collect();
    assert_eq!(services, [id], "that of the year before stands in its own");
    let wrong = Span { from: year.until, until: year.from };
    assert!(ledger::read(&store, &service, of, wrong, now).await.is_err());

    for (lang, told) in [(Lang::Ko, "재해 복구 훈련"), (Lang::En, "Disaster-recovery drill")]
    {
        let report = annual::render(&ledger, lang).unwrap();
        assert!(report.html.contains(told) && report.html.contains("C-2026-0002"));
        assert!(report.html.contains("복구 &#60;b&#62;완료"), "what people wrote is no markup");
        assert!(report.pdf.starts_with(b"%PDF-"));
        assert_eq!(report.pdf, annual::render(&ledger, lang).unwrap().pdf, "the same bytes");
    }
}

on_both! {
    the_ledger_sets_what_was_done_against_what_was_promised,
    the_clock_warns_the_engineer_and_then_the_escalation_once_each,
    a_warning_that_an_answer_overtook_is_not_sent,
    the_desks_public_words_and_the_end_are_mailed_to_who_asked,
    a_reply_lands_in_its_case_once_with_its_files,
    a_mail_that_nobody_can_place_is_a_persons,
    a_file_is_kept_by_its_digest_and_within_limits,
    a_case_takes_so_many_files_and_no_more,
}
