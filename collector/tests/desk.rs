//! The service desk in the store, once for SQLite and once for a real PostgreSQL: attachments.

#[macro_use]
mod support;

use carepack_collector::cases::attachments::{self, File};
use carepack_collector::cases::{self, Actor, CaseError, Request};
use carepack_collector::objects::Objects;
use carepack_collector::store::{
    AttachmentKind, Case, CaseSeverity, Channel, Contract, Customer, EventKind, Store, StoreError,
};
use carepack_shared::period::{Cadence, Schedule};
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
    let contract = Contract {
        id: Uuid::now_v7(),
        customer: customer.id,
        name: "main".to_owned(),
        level: "standard-12".to_owned(),
        schedule: Schedule {
            cadence: Cadence::Monthly,
            window_day: 5,
            window_hour: 1,
            window_hours: 72,
            time_zone: "Asia/Seoul".to_owned(),
        },
        engineer: "박엔지니어".to_owned(),
        customer_contact: String::new(),
        starts: "2026-01-01".parse().unwrap(),
        ends: "2026-12-31".parse().unwrap(),
        policy_version: 1,
    };
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
    assert_eq!(store.attachments(case.id).await.unwrap(), [kept.clone()]);
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

on_both! {
    a_file_is_kept_by_its_digest_and_within_limits,
    a_case_takes_so_many_files_and_no_more,
}
