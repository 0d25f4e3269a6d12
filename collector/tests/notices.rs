//! Notices, the mail queue and plans in the store, once for SQLite and once for a real PostgreSQL.

mod samples;
#[macro_use]
mod support;

use carepack_collector::store::{
    Contact, Contract, Customer, Decision, Delivery, DeliveryState, Digest, Ended, Hold, Language,
    Notice, NoticeState, Plan, PlanChange, PlanState, Reason, Revision, SnapshotRow, Standing,
    Store, StoreError, Words,
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

// ---- samples

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-11-23T01:02:03.004Z")
}

fn later(minutes: i64) -> Timestamp {
    now() + SignedDuration::from_mins(minutes)
}

struct Peopled {
    store: Store,
    customer: Uuid,
    contract: Uuid,
    host: Uuid,
    contact: Contact,
}

fn a_contact(customer: Uuid, email: &str) -> Contact {
    Contact {
        id: Uuid::now_v7(),
        customer,
        contract: None,
        name: "김담당'; DROP TABLE contacts; --".to_owned(),
        email: email.to_owned(),
        language: Language::Korean,
        kinds: vec!["security".to_owned(), "bugfix".to_owned()],
        created: now(),
        removed_at: None,
    }
}

async fn peopled(store: Store) -> Peopled {
    let customer = Customer { id: Uuid::now_v7(), name: "한빛상사".to_owned(), created: now() };
    let contract = Contract { engineer: String::new(), ..samples::contract(customer.id) };
    let host = samples::host(contract.id, "db01", now());
    let contact = a_contact(customer.id, "kim@hanbit.kr");
    store.add_customer(&customer).await.unwrap();
    store.add_contract(&contract).await.unwrap();
    store.add_host(&host).await.unwrap();
    store.add_contact(&contact).await.unwrap();
    let (customer, contract, host) = (customer.id, contract.id, host.id);
    Peopled { store, customer, contract, host, contact }
}

fn first(hold: Hold) -> Revision<'static> {
    Revision {
        updated: at("2026-11-20T00:00:00Z"),
        kind: "security",
        severity: "critical",
        exploited: true,
        content: "{}",
        revision: 1,
        reason: Reason::New,
        hold,
    }
}

async fn noticed(with: &Peopled, advisory: &str, hold: Hold) -> Notice {
    let id = Uuid::now_v7();
    let hosts = [(with.host, "{\"hits\":[]}".to_owned())];
    let what = (id, with.contract, advisory);
    assert!(with.store.add_notice(what, &first(hold), &hosts, now()).await.unwrap());
    with.store.notice(id).await.unwrap().unwrap()
}

async fn queued(with: &Peopled, notice: &Notice) -> Delivery {
    assert!(with.store.queue_notice(notice, &[with.contact.id], now()).await.unwrap());
    let all = with.store.deliveries_of(notice.id).await.unwrap();
    all.into_iter().next_back().unwrap()
}

fn ended(state: DeliveryState) -> Ended<'static> {
    Ended {
        state,
        next_attempt_at: later(5),
        last_error: "451 later",
        message_id: "<x@y>",
        sent_at: (state == DeliveryState::Sent).then(now),
    }
}

async fn a_snapshot(with: &Peopled, taken_at: Timestamp) -> Uuid {
    let row = SnapshotRow {
        id: Uuid::now_v7(),
        host: with.host,
        sha256: "cd".repeat(32),
        bytes: 1,
        stored_bytes: 1,
        reason: "scheduled".to_owned(),
        period: None,
        taken_at,
        received_at: taken_at,
        object_key: "snapshots/x".to_owned(),
        recorded: false,
    };
    with.store.accept_snapshot(&row).await.unwrap();
    row.id
}

// ---- the suite

async fn contacts_are_told_of_their_contract_and_once_an_address(store: Store) {
    let with = peopled(store).await;
    let store = &with.store;
    assert_eq!(
        store.contacts(Some(with.customer)).await.unwrap(),
        std::slice::from_ref(&with.contact)
    );
    let again = a_contact(with.customer, "kim@hanbit.kr");
    let refused = store.add_contact(&again).await.unwrap_err();
    assert!(matches!(refused, StoreError::Exists { .. }), "{refused}");
    let own =
        Contact { contract: Some(with.contract), ..a_contact(with.customer, "lee@hanbit.kr") };
    store.add_contact(&own).await.unwrap();
    let other = Customer { id: Uuid::now_v7(), name: "다른".to_owned(), created: now() };
    store.add_customer(&other).await.unwrap();
    store.add_contact(&a_contact(other.id, "kim@hanbit.kr")).await.unwrap();
    let told = store.contacts_of(with.contract).await.unwrap();
    assert_eq!(told, [with.contact.clone(), own.clone()]);
    assert!(store.remove_contact(own.id, now()).await.unwrap());
    assert!(!store.remove_contact(own.id, now()).await.unwrap());
    assert_eq!(
        store.contacts_of(with.contract).await.unwrap(),
        std::slice::from_ref(&with.contact)
    );
    let removed = store.contact(own.id).await.unwrap().unwrap();
    assert_eq!(removed.removed_at, Some(now()));
    // The address may come back.
    store.add_contact(&Contact { id: Uuid::now_v7(), ..own }).await.unwrap();
}

async fn one_notice_a_contract_and_advisory_whoever_drafts_it(store: Store) {
    let with = peopled(store).await;
    let mut drafting = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (store, contract, host) = (with.store.clone(), with.contract, with.host);
        drafting.spawn(async move {
            let what = (Uuid::now_v7(), contract, "RHSA-2026:1");
            let hosts = [(host, "{}".to_owned())];
            store.add_notice(what, &first(Hold::Digest), &hosts, now()).await.unwrap()
        });
    }
    let made = drafting.join_all().await.into_iter().filter(|made| *made).count();
    assert_eq!(made, 1);
    let notices = with.store.notices(Some(with.contract), now()).await.unwrap();
    assert_eq!(notices.len(), 1);
    let notice = &notices[0];
    assert_eq!((notice.revision, notice.queued_revision), (1, 0));
    assert_eq!((notice.state, notice.hold), (NoticeState::Drafted, Hold::Digest));
    assert_eq!(with.store.notice_hosts(notice.id).await.unwrap().len(), 1);
    let words = Words { risk_ko: "위험".to_owned(), ..Words::default() };
    assert!(with.store.edit_notice(notice.id, &words).await.unwrap());
    assert_eq!(with.store.notice(notice.id).await.unwrap().unwrap().words, words);
}

async fn a_revision_begins_anew_and_takes_back_what_waits(store: Store) {
    let with = peopled(store).await;
    let notice = noticed(&with, "RHSA-2026:2", Hold::None).await;
    let waiting = queued(&with, &notice).await;
    assert_eq!(waiting.state, DeliveryState::Queued);
    let notice = with.store.notice(notice.id).await.unwrap().unwrap();
    let second = Revision { revision: 2, reason: Reason::Revised, ..first(Hold::None) };
    assert!(with.store.revise_notice(&notice, &second, &[], later(1)).await.unwrap());
    assert!(!with.store.revise_notice(&notice, &second, &[], later(1)).await.unwrap(), "stale");
    let told = with.store.delivery(waiting.id).await.unwrap().unwrap();
    assert_eq!(told.state, DeliveryState::Withdrawn);
    let notice = with.store.notice(notice.id).await.unwrap().unwrap();
    assert_eq!((notice.revision, notice.queued_revision), (2, 1));
    assert_eq!(queued(&with, &notice).await.revision, 2);
}

async fn a_mail_is_claimed_once_by_fifty_at_a_time(store: Store) {
    let with = peopled(store).await;
    let notice = noticed(&with, "RHSA-2026:3", Hold::None).await;
    let mail = queued(&with, &notice).await;
    // Queueing again changes nothing.
    assert!(!with.store.queue_notice(&notice, &[with.contact.id], now()).await.unwrap());
    assert_eq!(with.store.deliveries(None, 10).await.unwrap().len(), 1);
    let mut claiming = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let store = with.store.clone();
        claiming.spawn(async move { store.claim_delivery(mail.id, now()).await.unwrap() });
    }
    let won = claiming.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 1);
    assert!(with.store.due_deliveries(later(60), 10).await.unwrap().is_empty());
}

async fn a_mail_ends_and_moves_its_notice(store: Store) {
    let with = peopled(store).await;
    let notice = noticed(&with, "RHSA-2026:4", Hold::None).await;
    let mail = queued(&with, &notice).await;
    assert!(!with.store.end_delivery(&mail, &ended(DeliveryState::Sent)).await.unwrap());
    assert!(with.store.claim_delivery(mail.id, now()).await.unwrap());
    assert!(with.store.end_delivery(&mail, &ended(DeliveryState::Queued)).await.unwrap());
    assert!(!with.store.claim_delivery(mail.id, later(4)).await.unwrap(), "its time has not come");
    assert!(with.store.claim_delivery(mail.id, later(5)).await.unwrap());
    assert!(with.store.end_delivery(&mail, &ended(DeliveryState::Sent)).await.unwrap());
    let told = with.store.delivery(mail.id).await.unwrap().unwrap();
    assert_eq!((told.state, told.attempts), (DeliveryState::Sent, 2));
    let state = async || with.store.notice(notice.id).await.unwrap().unwrap().state;
    assert_eq!(state().await, NoticeState::Sent);
    let report = DeliveryState::Delivered;
    assert!(with.store.report_delivery(&told, report, "").await.unwrap());
    assert!(!with.store.report_delivery(&told, report, "").await.unwrap());
    assert_eq!(state().await, NoticeState::Delivered);
    with.store.read_notice(notice.id, with.contact.id, later(9)).await.unwrap();
    assert_eq!(state().await, NoticeState::Read);
    assert!(!with.store.resend_delivery(mail.id, now()).await.unwrap(), "it arrived");
}

async fn a_mail_of_a_dead_job_is_uncertain_until_a_person_decides(store: Store) {
    let with = peopled(store).await;
    let notice = noticed(&with, "RHSA-2026:5", Hold::None).await;
    let mail = queued(&with, &notice).await;
    assert!(with.store.claim_delivery(mail.id, now()).await.unwrap());
    assert!(with.store.stale_deliveries(now(), 10).await.unwrap().is_empty());
    let stale = with.store.stale_deliveries(later(1), 10).await.unwrap();
    assert_eq!(stale.len(), 1);
    assert!(with.store.doubt_delivery(mail.id, later(1), "died").await.unwrap());
    assert!(!with.store.doubt_delivery(mail.id, later(1), "died").await.unwrap());
    assert!(with.store.due_deliveries(later(9999), 10).await.unwrap().is_empty(), "not by itself");
    assert!(with.store.resend_delivery(mail.id, later(2)).await.unwrap());
    assert_eq!(with.store.due_deliveries(later(2), 10).await.unwrap().len(), 1);
    assert!(with.store.drop_delivery(mail.id).await.unwrap());
    let dropped = with.store.deliveries(Some(DeliveryState::Withdrawn), 10).await.unwrap();
    assert_eq!(dropped.len(), 1);
    assert_eq!(dropped[0].last_error, "died");
}

async fn a_held_notice_leaves_the_queue_and_comes_back(store: Store) {
    let with = peopled(store).await;
    let notice = noticed(&with, "RHSA-2026:6", Hold::None).await;
    let mail = queued(&with, &notice).await;
    assert!(with.store.hold_notice(notice.id, Hold::Engineer).await.unwrap());
    let told = with.store.delivery(mail.id).await.unwrap().unwrap();
    assert_eq!(told.state, DeliveryState::Withdrawn);
    let held = with.store.notice(notice.id).await.unwrap().unwrap();
    assert!(!with.store.queue_notice(&held, &[with.contact.id], now()).await.unwrap(), "held");
    assert!(with.store.hold_notice(notice.id, Hold::None).await.unwrap());
    let again = queued(&with, &notice).await;
    assert_eq!((again.id, again.state), (mail.id, DeliveryState::Queued));
    assert!(!with.store.hold_notice(Uuid::now_v7(), Hold::None).await.unwrap());
}

async fn a_digest_is_made_once_a_moment_and_moves_its_notices(store: Store) {
    let with = peopled(store).await;
    let notices =
        [noticed(&with, "A-1", Hold::Digest).await, noticed(&with, "A-2", Hold::Digest).await];
    let mut gathering = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (store, notices) = (with.store.clone(), notices.clone());
        let (contract, contact) = (with.contract, with.contact.id);
        gathering.spawn(async move {
            let digest =
                Digest { id: Uuid::now_v7(), contract, due_at: later(0), made_at: later(1) };
            store.queue_digest(&digest, &notices, &[contact]).await.unwrap()
        });
    }
    let made = gathering.join_all().await.into_iter().filter(|made| *made).count();
    assert_eq!(made, 1);
    let digest = with.store.latest_digest(with.contract).await.unwrap().unwrap();
    assert_eq!(with.store.digest(digest.id).await.unwrap(), Some(digest.clone()));
    assert_eq!(with.store.digest_notices(digest.id).await.unwrap().len(), 2);
    let mails = with.store.deliveries(None, 10).await.unwrap();
    assert_eq!(mails.len(), 1);
    assert!(with.store.claim_delivery(mails[0].id, later(1)).await.unwrap());
    assert!(with.store.end_delivery(&mails[0], &ended(DeliveryState::Sent)).await.unwrap());
    for notice in &notices {
        let notice = with.store.notice(notice.id).await.unwrap().unwrap();
        assert_eq!((notice.state, notice.queued_revision), (NoticeState::Sent, 1));
        assert_eq!(with.store.deliveries_of(notice.id).await.unwrap().len(), 1);
    }
    with.store.read_notice(notices[0].id, with.contact.id, now()).await.unwrap();
    let opened = with.store.delivery(mails[0].id).await.unwrap().unwrap();
    assert_eq!(opened.state, DeliveryState::Delivered);
    let other = Digest { id: Uuid::now_v7(), due_at: later(10), ..digest };
    assert!(!with.store.queue_digest(&other, &notices, &[with.contact.id]).await.unwrap());
}

async fn a_reminder_goes_once_a_revision(store: Store) {
    let with = peopled(store).await;
    let notice = noticed(&with, "RHSA-2026:7", Hold::None).await;
    queued(&with, &notice).await;
    assert!(with.store.queue_reminder(&notice, &[with.contact.id], now()).await.unwrap());
    assert!(!with.store.queue_reminder(&notice, &[with.contact.id], now()).await.unwrap());
    let mails = with.store.deliveries_of(notice.id).await.unwrap();
    assert_eq!(mails.iter().filter(|mail| mail.reminder).count(), 1);
    assert_eq!(mails.len(), 2);
}

fn a_plan(with: &Peopled, notice: Uuid, decision: Decision) -> Plan {
    Plan {
        id: Uuid::now_v7(),
        notice,
        host: with.host,
        decision,
        window_from: Some(now()),
        window_until: Some(later(60)),
        reason: "사유".to_owned(),
        compensation: String::new(),
        approver: String::new(),
        expires_at: None,
        state: PlanState::Planned,
        decided_at: now(),
        decided_by: "engineer:kim".to_owned(),
        verified_by: None,
        verified_at: None,
        superseded_at: None,
    }
}

async fn the_last_decision_counts_and_evidence_moves_it(store: Store) {
    let with = peopled(store).await;
    let notice = noticed(&with, "RHSA-2026:8", Hold::None).await;
    let before = a_plan(&with, notice.id, Decision::Wait);
    with.store.add_plan(&before).await.unwrap();
    let plan = a_plan(&with, notice.id, Decision::Apply);
    with.store.add_plan(&plan).await.unwrap();
    let current = with.store.current_plans(Some(notice.id), now()).await.unwrap();
    assert_eq!(current, std::slice::from_ref(&plan));
    assert_eq!(with.store.current_plans(None, now()).await.unwrap(), current);
    assert_eq!(with.store.plans(with.contract, true).await.unwrap().len(), 2);
    assert_eq!(with.store.plans(with.contract, false).await.unwrap(), current);
    let snapshot = a_snapshot(&with, later(90)).await;
    let mut host = with.store.notice_hosts(notice.id).await.unwrap().pop().unwrap();
    host.standing = Standing::Applied;
    host.was_applied = true;
    host.snapshot = Some(snapshot);
    host.observed_at = Some(later(90));
    let change = PlanChange {
        id: Uuid::now_v7(),
        plan: plan.id,
        at: later(91),
        from_state: "planned".to_owned(),
        to_state: "applied".to_owned(),
        snapshot: Some(snapshot),
        note: String::new(),
    };
    let to = PlanState::Applied;
    assert!(with.store.verify_plan(&plan, &change, to, &host).await.unwrap());
    let twice = PlanChange { id: Uuid::now_v7(), ..change.clone() };
    assert!(!with.store.verify_plan(&plan, &twice, to, &host).await.unwrap(), "already there");
    let kept = with.store.plan(plan.id).await.unwrap().unwrap();
    assert_eq!((kept.state, kept.verified_by), (PlanState::Applied, Some(snapshot)));
    let changes = with.store.plan_changes(plan.id).await.unwrap();
    assert_eq!(changes.len(), 2);
    assert_eq!(changes[1], change);
    let hosts = with.store.all_notice_hosts(now()).await.unwrap();
    assert_eq!(hosts, [host]);
    let refused = with.store.add_plan(&Plan { host: Uuid::now_v7(), ..plan }).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::Dangling { .. } | StoreError::Exists { .. }),
        "{refused}"
    );
    // Told again: the revision rises, its mail may go.
    let notice = with.store.notice(notice.id).await.unwrap().unwrap();
    let expired = Reason::AcceptanceExpired;
    with.store.reopen_notice(&notice, expired, Hold::None, later(99)).await.unwrap();
    with.store.reopen_notice(&notice, expired, Hold::None, later(99)).await.unwrap();
    let again = with.store.notice(notice.id).await.unwrap().unwrap();
    assert_eq!((again.revision, again.reason), (2, expired));
}

on_both! {
    contacts_are_told_of_their_contract_and_once_an_address,
    one_notice_a_contract_and_advisory_whoever_drafts_it,
    a_revision_begins_anew_and_takes_back_what_waits,
    a_mail_is_claimed_once_by_fifty_at_a_time,
    a_mail_ends_and_moves_its_notice,
    a_mail_of_a_dead_job_is_uncertain_until_a_person_decides,
    a_held_notice_leaves_the_queue_and_comes_back,
    a_digest_is_made_once_a_moment_and_moves_its_notices,
    a_reminder_goes_once_a_revision,
    the_last_decision_counts_and_evidence_moves_it,
}
