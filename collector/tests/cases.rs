//! Cases in the store and on the clock, once for SQLite and once for a real PostgreSQL.

mod samples;
#[macro_use]
mod support;

use carepack_collector::cases::{self, Actor, CaseError, Request, keep, sla};
use carepack_collector::service::Service;
use carepack_collector::store::{
    AlarmKind, Case, CaseSeverity, CaseState, Channel, Contract, Customer, EventKind, Host, Store,
    StoreError,
};
use carepack_service::clock::Standing;
use jiff::Timestamp;
use uuid::Uuid;

const ENGINEER: Actor<'static> = Actor { name: "박엔지니어", is_staff: true };
const CUSTOMER: Actor<'static> = Actor { name: "김담당", is_staff: false };

/// In Seoul, 2026.
fn at(text: &str) -> Timestamp {
    format!("2026-{text}+09:00").parse().unwrap()
}

struct Peopled {
    store: Store,
    contract: Contract,
    host: Host,
    service: Service,
}

impl Peopled {
    /// A case of a level of 09 to 17 o'clock, four hours; opened by the customer.
    async fn opened(&self, now: &str) -> Case {
        let request = Request {
            channel: Channel::Web,
            severity: CaseSeverity::Important,
            emergency: false,
            title: "  DB 응답\r\n없음'; DROP TABLE cases; --",
            description: "첫째 줄\r\n둘째 줄\u{1b}[31m",
        };
        cases::open(&self.store, &self.contract, (&request, CUSTOMER), at(now)).await.unwrap()
    }

    async fn again(&self, case: &Case) -> Case {
        self.store.case(case.id).await.unwrap().unwrap()
    }

    async fn standing(&self, case: &Case, now: &str) -> Standing {
        let case = self.again(case).await;
        sla::read(&self.service, &self.contract, &case, at(now)).unwrap().unwrap().standing
    }

    async fn told(&self, now: &str) -> (usize, usize) {
        let told = keep::run(&self.store, &self.service, at(now)).await.unwrap();
        (told.warned, told.breached)
    }
}

async fn peopled(store: Store) -> Peopled {
    let now = at("01-02T00:00");
    let customer = Customer { id: Uuid::now_v7(), name: "한빛상사".to_owned(), created: now };
    let contract = Contract { level: "standard-12".to_owned(), ..samples::contract(customer.id) };
    let host = samples::host(contract.id, "db01", now);
    store.add_customer(&customer).await.unwrap();
    store.add_contract(&contract).await.unwrap();
    store.add_host(&host).await.unwrap();
    let service = Service::load(std::path::Path::new("/nonexistent")).unwrap();
    Peopled { store, contract, host, service }
}

async fn a_case_has_the_next_number_of_its_year(store: Store) {
    let with = peopled(store).await;
    let first = with.opened("01-05T10:00").await;
    assert_eq!((first.number().as_str(), first.state), ("C-2026-0001", CaseState::Open));
    assert_eq!(first.title, "DB 응답 없음'; DROP TABLE cases; --");
    assert_eq!(first.description, "첫째 줄\n둘째 줄\\u{1b}[31m");
    assert_eq!((first.opened_by.as_str(), first.assignee.as_str()), ("김담당", "박엔지니어"));
    // Several at once: every number once.
    let now = "01-05T10:01";
    let (a, b, c, d) =
        tokio::join!(with.opened(now), with.opened(now), with.opened(now), with.opened(now));
    let mut serials = [a.serial, b.serial, c.serial, d.serial];
    serials.sort_unstable();
    assert_eq!(serials, [2, 3, 4, 5]);
    let next = with.opened("12-31T23:59").await;
    assert_eq!(next.number(), "C-2026-0006");
    let found = with.store.find_case("C-2026-0006").await.unwrap().unwrap();
    assert_eq!(found, next);
    assert_eq!(with.store.find_case("C-2026-x").await.unwrap(), None);
    assert_eq!(with.store.cases(Some(with.contract.id)).await.unwrap().len(), 6);
    assert_eq!(with.store.cases(Some(Uuid::now_v7())).await.unwrap(), []);
}

async fn a_late_answer_is_told_once_over_a_weekend(store: Store) {
    let with = peopled(store).await;
    // Wednesday 16:30; Thursday to Saturday are 추석: due on Monday at 12:30.
    let case = with.opened("09-23T16:30").await;
    assert_eq!(with.told("09-28T11:29").await, (0, 0));
    assert_eq!(with.told("09-28T11:30").await, (1, 0));
    assert_eq!(with.told("09-28T12:30").await, (0, 0), "warned once, not late yet");
    assert_eq!(with.told("09-28T12:31").await, (0, 1));
    assert_eq!(with.told("09-28T12:31").await, (0, 0), "late once");
    let alarms = with.store.alarms(10).await.unwrap();
    let kinds: Vec<_> = alarms.iter().map(|alarm| alarm.kind).collect();
    assert_eq!(kinds, [AlarmKind::CaseBreached, AlarmKind::CaseDue]);
    assert!(alarms[0].detail.starts_with("C-2026-0001 was not answered"), "{}", alarms[0].detail);
    let events = with.store.case_events(case.id).await.unwrap();
    let kinds: Vec<_> = events.iter().map(|event| (event.kind, event.internal)).collect();
    let expected =
        [(EventKind::Opened, false), (EventKind::Warned, true), (EventKind::Breached, true)];
    assert_eq!(kinds, expected);
    // The answer comes; late stays late.
    let case = with.again(&case).await;
    cases::comment(&with.store, &case, ("확인했습니다", false, ENGINEER), at("09-28T13:00"))
        .await
        .unwrap();
    assert_eq!(with.standing(&case, "09-29T10:00").await, Standing::Breached);
}

async fn the_first_public_words_of_the_staff_are_the_response(store: Store) {
    let with = peopled(store).await;
    let case = with.opened("11-27T16:30").await;
    let say = async |words: &str, internal: bool, by: Actor<'static>, now: &str| {
        let case = with.again(&case).await;
        cases::comment(&with.store, &case, (words, internal, by), at(now)).await.unwrap();
    };
    say("내부 메모", true, ENGINEER, "11-27T16:40").await;
    say("추가 증상입니다", true, CUSTOMER, "11-27T16:45").await;
    assert_eq!(with.again(&case).await.responded_at, None);
    say("확인 중입니다", false, ENGINEER, "11-30T12:30").await;
    say("원인을 찾았습니다", false, ENGINEER, "11-30T15:00").await;
    assert_eq!(with.again(&case).await.responded_at, Some(at("11-30T12:30")));
    assert_eq!(with.standing(&case, "12-24T10:00").await, Standing::Met);
    let events = with.store.case_events(case.id).await.unwrap();
    let internal: Vec<_> = events.iter().map(|event| event.internal).collect();
    assert_eq!(internal, [false, true, false, false, false], "a customer has no internal words");
    assert_eq!(with.told("12-24T10:00").await, (0, 0));
}

async fn waiting_for_the_customer_stops_the_clock(store: Store) {
    let with = peopled(store).await;
    let case = with.opened("11-23T10:00").await;
    let wait = (CaseState::WaitingCustomer, "로그를 요청함", ENGINEER);
    cases::set_state(&with.store, &case, wait, at("11-23T11:00")).await.unwrap();
    assert_eq!(with.standing(&case, "11-27T11:00").await, Standing::Paused);
    assert_eq!(with.told("11-27T11:00").await, (0, 0));
    // What was read before is old by now.
    let late = cases::set_state(&with.store, &case, wait, at("11-23T11:01")).await.unwrap_err();
    assert!(matches!(late, CaseError::Changed), "{late}");
    // The customer's words put it back to work: three hours are left.
    let waiting = with.again(&case).await;
    let words = ("로그를 보냅니다", false, CUSTOMER);
    cases::comment(&with.store, &waiting, words, at("11-24T09:00")).await.unwrap();
    let going = with.again(&case).await;
    assert_eq!(going.state, CaseState::InProgress);
    let reading = sla::read(&with.service, &with.contract, &going, at("11-24T10:00")).unwrap();
    assert_eq!(reading.unwrap().due, Some(at("11-24T12:00")));
    assert_eq!(with.told("11-24T12:01").await, (0, 1));
}

async fn a_case_ends_with_cause_and_resolution(store: Store) {
    let with = peopled(store).await;
    let case = with.opened("11-23T10:00").await;
    let bare = (CaseState::Resolved, "", ENGINEER);
    let refused = cases::set_state(&with.store, &case, bare, at("11-23T10:30")).await.unwrap_err();
    assert!(matches!(refused, CaseError::Empty("resolution")), "{refused}");
    let ended = (CaseState::Resolved, "디스크 가득 참", "로그를 정리함", ENGINEER);
    cases::settle(&with.store, &case, ended, at("11-23T11:00")).await.unwrap();
    let resolved = with.again(&case).await;
    assert_eq!(resolved.responded_at, Some(at("11-23T11:00")), "an end is an answer");
    let close = (CaseState::Closed, "", CUSTOMER);
    cases::set_state(&with.store, &resolved, close, at("11-24T11:00")).await.unwrap();
    let closed = with.again(&case).await;
    assert_eq!((closed.state, closed.closed_at), (CaseState::Closed, Some(at("11-24T11:00"))));
    let back = (CaseState::InProgress, "", ENGINEER);
    let refused = cases::set_state(&with.store, &closed, back, at("11-24T12:00")).await;
    assert!(matches!(refused, Err(CaseError::NotNext { .. })));
}

async fn a_linked_host_is_asked_for_a_snapshot(store: Store) {
    let with = peopled(store).await;
    let case = with.opened("11-23T10:00").await;
    let host = (&with.host, ENGINEER);
    let now = at("11-23T10:05");
    let refused = cases::ask_snapshot(&with.store, &case, host, now).await.unwrap_err();
    assert!(matches!(refused, CaseError::NotLinked), "{refused}");
    cases::link(&with.store, &case, host, now).await.unwrap();
    let twice = cases::link(&with.store, &case, host, now).await.unwrap_err();
    assert!(matches!(twice, CaseError::Store(StoreError::Exists { .. })), "{twice}");
    cases::ask_snapshot(&with.store, &case, host, now).await.unwrap();
    let asked = with.store.host(with.host.id).await.unwrap().unwrap();
    assert_eq!(asked.collect_requested_at, Some(now));
    let events = with.store.case_events(case.id).await.unwrap();
    let kinds: Vec<_> = events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::Opened, EventKind::Host, EventKind::Snapshot]);
    let foreign = Host { contract: Uuid::now_v7(), ..with.host.clone() };
    let refused = cases::link(&with.store, &case, (&foreign, ENGINEER), now).await.unwrap_err();
    assert!(matches!(refused, CaseError::ForeignHost), "{refused}");
}

on_both! {
    a_case_has_the_next_number_of_its_year,
    a_late_answer_is_told_once_over_a_weekend,
    the_first_public_words_of_the_staff_are_the_response,
    waiting_for_the_customer_stops_the_clock,
    a_case_ends_with_cause_and_resolution,
    a_linked_host_is_asked_for_a_snapshot,
}
