//! What a store must do, once for SQLite and once for a real PostgreSQL.

mod samples;
#[macro_use]
mod support;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use carepack_collector::store::{
    Accepted, AdvisorySet, Alarm, AlarmKind, Certificate, Contract, Customer, Enrolled, Exception,
    FeedState, Host, Inspection, InventoryRow, Polled, Settlement, SnapshotRow, Spent, State,
    Store, StoreError, Token,
};
use carepack_shared::digest::sha256_hex;
use carepack_shared::period::{Cadence, Schedule};
use jiff::Timestamp;
use uuid::Uuid;

// ---- samples

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-11-23T01:02:03.004Z")
}

fn a_customer() -> Customer {
    Customer { id: Uuid::now_v7(), name: "한빛상사".to_owned(), created: now() }
}

fn a_contract(customer: Uuid) -> Contract {
    Contract {
        schedule: Schedule { cadence: Cadence::Quarterly, ..samples::schedule(72) },
        engineer: "김기사".to_owned(),
        ..samples::contract(customer)
    }
}

fn a_host(contract: Uuid) -> Host {
    Host {
        machine: Some("ab".repeat(32)),
        role: "db".to_owned(),
        importance: 4,
        agent_version: "0.1.0".to_owned(),
        refuses_on_demand: true,
        ..samples::host(contract, "db01'; DROP TABLE hosts; --", now())
    }
}

fn a_token(contract: Uuid, secret: &str) -> Token {
    Token {
        secret_sha256: sha256_hex(secret.as_bytes()),
        contract,
        created: now(),
        expires_at: at("2026-11-23T02:00:00Z"),
        used_at: None,
        used_by_host: None,
        note: "for db01".to_owned(),
        hostname: None,
        role: Some("db".to_owned()),
        importance: Some(4),
        reenrols: None,
    }
}

fn a_certificate(host: Uuid) -> Certificate {
    Certificate {
        serial: Uuid::now_v7().simple().to_string(),
        host,
        not_before: now(),
        not_after: at("2027-01-22T00:00:00Z"),
        revoked_at: None,
        reason: None,
    }
}

fn enrolled(contract: Uuid) -> Enrolled {
    let host = a_host(contract);
    let certificate = a_certificate(host.id);
    Enrolled { host, certificate }
}

fn a_snapshot(host: Uuid, taken_at: &str) -> SnapshotRow {
    SnapshotRow {
        id: Uuid::now_v7(),
        host,
        sha256: "cd".repeat(32),
        bytes: 3_000_000_000,
        stored_bytes: 17,
        reason: "scheduled".to_owned(),
        period: Some("2026-Q4".to_owned()),
        taken_at: at(taken_at),
        received_at: now(),
        object_key: "snapshots/x".to_owned(),
        recorded: false,
    }
}

/// A store with one customer, one contract, one host.
async fn peopled(store: &Store) -> (Contract, Host) {
    let customer = a_customer();
    let contract = a_contract(customer.id);
    let host = a_host(contract.id);
    store.add_customer(&customer).await.unwrap();
    store.add_contract(&contract).await.unwrap();
    store.add_host(&host).await.unwrap();
    (contract, host)
}

// ---- the suite

async fn customers_contracts_and_hosts_come_back_as_they_went(store: Store) {
    let (contract, host) = peopled(&store).await;
    let customer = store.customers().await.unwrap().pop().unwrap();
    assert_eq!(store.find_customer("한빛상사").await.unwrap(), Some(customer.clone()));
    assert_eq!(store.find_customer(&customer.id.to_string()).await.unwrap(), Some(customer));
    assert_eq!(store.find_customer("nobody").await.unwrap(), None);
    assert_eq!(store.find_contract("main").await.unwrap(), Some(contract.clone()));
    assert_eq!(store.contracts().await.unwrap(), std::slice::from_ref(&contract));
    assert_eq!(store.host(host.id).await.unwrap(), Some(host.clone()));
    assert_eq!(store.find_host(&host.hostname).await.unwrap(), Some(host.clone()));
    assert_eq!(store.hosts(Some(contract.id)).await.unwrap(), std::slice::from_ref(&host));
    assert_eq!(store.hosts(Some(Uuid::nil())).await.unwrap(), []);

    let edited = Contract {
        schedule: Schedule { window_day: 7, ..contract.schedule.clone() },
        policy_version: 2,
        ..contract.clone()
    };
    assert!(store.edit_contract(&edited).await.unwrap());
    assert_eq!(store.contract(contract.id).await.unwrap(), Some(edited.clone()));
    assert!(!store.edit_contract(&Contract { id: Uuid::nil(), ..edited }).await.unwrap());

    assert!(store.edit_host(host.id, "web", 1).await.unwrap());
    let changed = store.host(host.id).await.unwrap().unwrap();
    assert_eq!((changed.role.as_str(), changed.importance), ("web", 1));
}

async fn names_that_are_taken_or_missing_or_shared_are_told_apart(store: Store) {
    let (contract, host) = peopled(&store).await;
    let twin = store.add_customer(&a_customer()).await.unwrap_err();
    assert!(matches!(twin, StoreError::Exists { .. }), "{twin}");
    let orphan = store.add_contract(&a_contract(Uuid::now_v7())).await.unwrap_err();
    assert!(matches!(orphan, StoreError::Dangling { .. }), "{orphan}");
    store.add_host(&Host { id: Uuid::now_v7(), ..host.clone() }).await.unwrap();
    let shared = store.find_host(&host.hostname).await.unwrap_err();
    assert!(matches!(shared, StoreError::Ambiguous { .. }), "{shared}");
    let foreign = store.add_host(&a_host(Uuid::now_v7())).await.unwrap_err();
    assert!(matches!(foreign, StoreError::Dangling { .. }), "{foreign}");
    // A refused batch leaves the store usable.
    assert!(store.contract(contract.id).await.unwrap().is_some());
    store.ping().await.unwrap();
}

async fn a_token_is_spent_once_by_fifty_at_a_time(store: Store) {
    let (contract, _) = peopled(&store).await;
    store.add_token(&a_token(contract.id, "secret")).await.unwrap();
    let mut uses = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (store, contract) = (store.clone(), contract.id);
        uses.spawn(async move {
            store.spend_token("secret", &enrolled(contract), now()).await.unwrap()
        });
    }
    let results = uses.join_all().await;
    let won = results.iter().filter(|spent| **spent == Spent::Spent).count();
    assert_eq!(won, 1, "{results:?}");
    assert!(results.iter().all(|spent| matches!(spent, Spent::Spent | Spent::Used)));
    let hosts = store.hosts(Some(contract.id)).await.unwrap();
    assert_eq!(hosts.len(), 2, "the one that was there, and the winner");
    let token = store.token("secret").await.unwrap().unwrap();
    let winner = token.used_by_host.unwrap();
    assert_eq!(token.used_at, Some(now()));
    assert!(hosts.iter().any(|host| host.id == winner));
    assert_eq!(store.certificates(winner).await.unwrap().len(), 1);
}

async fn wrong_expired_and_used_tokens_are_told_apart(store: Store) {
    let (contract, _) = peopled(&store).await;
    store.add_token(&a_token(contract.id, "secret")).await.unwrap();
    let spend = async |secret: &str, at: Timestamp| {
        store.spend_token(secret, &enrolled(contract.id), at).await.unwrap()
    };
    let expiry = at("2026-11-23T02:00:00Z");
    assert_eq!(spend("other", now()).await, Spent::Unknown);
    assert_eq!(spend("secret", expiry).await, Spent::Expired);
    assert_eq!(spend("secret", now()).await, Spent::Spent);
    assert_eq!(spend("secret", now()).await, Spent::Used);
    assert_eq!(spend("secret", expiry).await, Spent::Used, "used counts more than expired");
    assert_eq!(store.tokens(None).await.unwrap().len(), 1);
}

async fn a_failed_enrolment_does_not_spend_its_token(store: Store) {
    let (contract, host) = peopled(&store).await;
    store.add_token(&a_token(contract.id, "secret")).await.unwrap();
    // The host's id is taken: the last steps fail after the token was marked.
    let taken = Enrolled { certificate: a_certificate(host.id), host: host.clone() };
    assert!(store.spend_token("secret", &taken, now()).await.is_err());
    assert_eq!(store.token("secret").await.unwrap().unwrap().used_at, None);
    let other = enrolled(contract.id);
    assert_eq!(store.spend_token("secret", &other, now()).await.unwrap(), Spent::Spent);
}

async fn a_token_can_let_a_host_back_in(store: Store) {
    let (contract, host) = peopled(&store).await;
    let token = Token { reenrols: Some(host.id), ..a_token(contract.id, "again") };
    store.add_token(&token).await.unwrap();
    let back = Host { hostname: "db01".to_owned(), machine: None, ..host.clone() };
    let enrolled = Enrolled { certificate: a_certificate(host.id), host: back };
    assert_eq!(store.spend_token("again", &enrolled, now()).await.unwrap(), Spent::Spent);
    let hosts = store.hosts(None).await.unwrap();
    assert_eq!(hosts.len(), 1);
    assert_eq!((hosts[0].hostname.as_str(), &hosts[0].machine), ("db01", &None));
    assert_eq!(hosts[0].last_seen, Some(now()));
}

async fn certificates_are_revoked_once(store: Store) {
    let (_, host) = peopled(&store).await;
    let (first, second) = (a_certificate(host.id), a_certificate(host.id));
    store.add_certificate(&first).await.unwrap();
    store.add_certificate(&second).await.unwrap();
    assert!(store.add_certificate(&first).await.is_err(), "a serial is unique");
    assert_eq!(store.certificate(&first.serial).await.unwrap(), Some(first.clone()));
    assert!(store.revoke_certificate(&first.serial, "stolen", now()).await.unwrap());
    assert!(!store.revoke_certificate(&first.serial, "again", now()).await.unwrap());
    let kept = store.certificate(&first.serial).await.unwrap().unwrap();
    assert_eq!((kept.revoked_at, kept.reason.as_deref()), (Some(now()), Some("stolen")));
    assert!(store.retire_host(host.id, now()).await.unwrap());
    assert!(!store.retire_host(host.id, now()).await.unwrap());
    let kept = store.certificate(&second.serial).await.unwrap().unwrap();
    assert_eq!(kept.reason.as_deref(), Some("host retired"));
}

async fn two_hundred_parallel_sends_make_one_snapshot(store: Store) {
    let (_, host) = peopled(&store).await;
    let row = a_snapshot(host.id, "2026-11-05T00:00:00Z");
    let mut sends = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let (store, row) = (store.clone(), row.clone());
        sends.spawn(async move { store.accept_snapshot(&row).await.unwrap() });
    }
    let results = sends.join_all().await;
    assert_eq!(results.iter().filter(|result| **result == Accepted::New).count(), 1);
    assert_eq!(results.iter().filter(|result| **result == Accepted::Duplicate).count(), 199);
    assert_eq!(store.snapshots(host.id, 10).await.unwrap(), std::slice::from_ref(&row));
    assert_eq!(store.snapshot_counts().await.unwrap()[&host.id], 1);
    assert_eq!(store.host(host.id).await.unwrap().unwrap().last_seen, Some(now()));
}

async fn the_same_id_with_another_digest_or_host_is_a_conflict(store: Store) {
    let (contract, host) = peopled(&store).await;
    let row = a_snapshot(host.id, "2026-11-05T00:00:00Z");
    assert_eq!(store.accept_snapshot(&row).await.unwrap(), Accepted::New);
    let bent = SnapshotRow { sha256: "ef".repeat(32), ..row.clone() };
    let conflict = Accepted::Conflict { stored_sha: row.sha256.clone() };
    assert_eq!(store.accept_snapshot(&bent).await.unwrap(), conflict);
    let other = a_host(contract.id);
    store.add_host(&other).await.unwrap();
    let stolen = SnapshotRow { host: other.id, ..row.clone() };
    assert_eq!(store.accept_snapshot(&stolen).await.unwrap(), conflict);
    assert_eq!(store.snapshot(row.id).await.unwrap(), Some(row), "the first one stays");
}

async fn the_latest_snapshot_is_the_latest_taken_not_the_latest_received(store: Store) {
    let (_, host) = peopled(&store).await;
    let taken = ["2026-11-05T00:00:00Z", "2026-11-07T00:00:00Z", "2026-11-06T00:00:00Z"];
    let rows: Vec<_> = taken.iter().map(|taken| a_snapshot(host.id, taken)).collect();
    for row in &rows {
        store.accept_snapshot(row).await.unwrap();
    }
    let unplanned = SnapshotRow { period: None, ..a_snapshot(host.id, "2026-11-08T00:00:00Z") };
    store.accept_snapshot(&unplanned).await.unwrap();
    let latest = store.latest_in_period(host.id, "2026-Q4").await.unwrap();
    assert_eq!(latest.as_ref(), Some(&rows[1]));
    assert_eq!(store.latest_in_period(host.id, "2026-Q3").await.unwrap(), None);
    let before = store.latest_before(host.id, rows[1].taken_at).await.unwrap();
    assert_eq!(before.as_ref(), Some(&rows[2]));
    assert_eq!(store.snapshots(host.id, 2).await.unwrap(), [unplanned, rows[1].clone()]);
}

async fn polls_and_requests_are_kept(store: Store) {
    let (_, host) = peopled(&store).await;
    let polled = Polled {
        at: now(),
        agent_version: "0.2.0",
        clock_skew_seconds: -86_400,
        refuses_on_demand: false,
    };
    assert!(store.record_poll(host.id, &polled).await.unwrap());
    assert!(!store.record_poll(Uuid::nil(), &polled).await.unwrap());
    let request = Uuid::now_v7();
    assert!(store.request_collect(host.id, request, now()).await.unwrap());
    let kept = store.host(host.id).await.unwrap().unwrap();
    assert_eq!(kept.clock_skew_seconds, Some(-86_400));
    assert_eq!((kept.agent_version.as_str(), kept.refuses_on_demand), ("0.2.0", false));
    assert_eq!((kept.collect_request, kept.collect_requested_at), (Some(request), Some(now())));
}

async fn an_inspection_is_one_per_contract_and_period(store: Store) {
    let (contract, _) = peopled(&store).await;
    let due = Inspection {
        id: Uuid::now_v7(),
        contract: contract.id,
        period: "2026-Q3".to_owned(),
        state: State::Due,
        assessed_at: None,
        pack_version: None,
        assessment_key: None,
        missed_at: None,
        hosts_answered: None,
    };
    store.put_inspection(&due).await.unwrap();
    let next = Inspection { id: Uuid::now_v7(), period: "2026-Q4".to_owned(), ..due.clone() };
    store.put_inspection(&next).await.unwrap();
    let none = store.previous_inspection(contract.id, "2026-Q4").await.unwrap();
    assert_eq!(none, None, "what was never assessed cannot be compared with");
    let assessed = Inspection {
        id: Uuid::now_v7(),
        state: State::Assessed,
        assessed_at: Some(now()),
        pack_version: Some("1".to_owned()),
        assessment_key: Some("assessments/x".to_owned()),
        ..due.clone()
    };
    store.put_inspection(&assessed).await.unwrap();
    let kept = store.inspection(contract.id, "2026-Q3").await.unwrap().unwrap();
    assert_eq!(kept, Inspection { id: due.id, ..assessed });
    let previous = store.previous_inspection(contract.id, "2026-Q4").await.unwrap();
    assert_eq!(previous, Some(kept.clone()));
    assert_eq!(store.inspections(Some(contract.id)).await.unwrap(), [kept, next]);
}

async fn exceptions_and_alarms_are_kept(store: Store) {
    let (contract, host) = peopled(&store).await;
    let exception = Exception {
        id: Uuid::now_v7(),
        contract: contract.id,
        host: None,
        rule: "sshd-root".to_owned(),
        reason: "r".to_owned(),
        risk: "k".to_owned(),
        compensation: "c".to_owned(),
        approver: "a".to_owned(),
        approved_at: now(),
        expires_at: at("2027-01-01T00:00:00Z"),
    };
    store.add_exception(&exception).await.unwrap();
    assert_eq!(store.exceptions(contract.id).await.unwrap(), [exception]);
    for (minute, kind) in AlarmKind::ALL.iter().copied().enumerate() {
        let at = at(&format!("2026-11-23T01:{minute:02}:00Z"));
        let detail = "x".to_owned();
        let alarm = Alarm { id: Uuid::now_v7(), at, kind, host: Some(host.id), detail };
        store.add_alarm(&alarm).await.unwrap();
    }
    let alarms = store.alarms(2).await.unwrap();
    assert_eq!(alarms.len(), 2);
    assert_eq!(alarms[0].kind, AlarmKind::NoticeUnanswered, "newest first");
}

async fn the_highest_set_of_advisories_is_in_force_and_feeds_keep_their_state(store: Store) {
    let set = |version: u64| AdvisorySet {
        version,
        sha256: "ab".repeat(32),
        made_at: now(),
        valid_until: (version == 2).then(|| at("2027-01-01T00:00:00Z")),
        imported_at: now(),
        advisories: 50_000,
        vulnerabilities: 3,
        object_key: format!("advisories/{version}"),
    };
    assert_eq!(store.advisory_sets(1).await.unwrap(), []);
    for version in [2, 1] {
        store.add_advisory_set(&set(version)).await.unwrap();
    }
    assert_eq!(store.advisory_sets(9).await.unwrap(), [set(2), set(1)]);
    assert!(store.add_advisory_set(&set(2)).await.is_err(), "of two at once one begins anew");
    let mut state = FeedState {
        name: "rhel9".to_owned(),
        mark: "\"tag\"".to_owned(),
        checked_at: now(),
        ok_at: Some(now()),
        error: None,
    };
    store.put_feed_state(&state).await.unwrap();
    state.error = Some("answered 404".to_owned());
    store.put_feed_state(&state).await.unwrap();
    assert_eq!(store.feed_states().await.unwrap(), [state]);
}

async fn an_inventory_is_of_the_newest_snapshot(store: Store) {
    let (_, host) = peopled(&store).await;
    let old = a_snapshot(host.id, "2026-10-05T00:00:00Z");
    let new = a_snapshot(host.id, "2026-11-05T00:00:00Z");
    store.accept_snapshot(&old).await.unwrap();
    let due = |rows: Vec<SnapshotRow>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(due(store.inventories_due(10).await.unwrap()), [old.id]);
    let row = |snapshot: &SnapshotRow, key: Option<&str>| InventoryRow {
        host: host.id,
        snapshot: snapshot.id,
        taken_at: snapshot.taken_at,
        object_key: key.map(str::to_owned),
    };
    store.put_inventory(&row(&old, None)).await.unwrap();
    assert_eq!(store.inventories_due(10).await.unwrap(), []);
    assert_eq!(store.inventories().await.unwrap(), [], "it tells of no package");
    store.accept_snapshot(&new).await.unwrap();
    assert_eq!(due(store.inventories_due(10).await.unwrap()), [new.id]);
    store.put_inventory(&row(&new, Some("inventories/a"))).await.unwrap();
    // One that comes late changes nothing.
    store.put_inventory(&row(&old, Some("inventories/b"))).await.unwrap();
    assert_eq!(store.inventories().await.unwrap(), [row(&new, Some("inventories/a"))]);
    assert_eq!(store.inventories_due(10).await.unwrap(), []);
}

async fn a_host_moves_once_and_keeps_what_it_sent(store: Store) {
    let (customer, contract) = (a_customer(), Uuid::now_v7());
    store.add_customer(&customer).await.unwrap();
    let contract = Contract { id: contract, ..a_contract(customer.id) };
    let other = Contract { name: "second".to_owned(), ..a_contract(customer.id) };
    store.add_contract(&contract).await.unwrap();
    store.add_contract(&other).await.unwrap();
    let host = a_host(contract.id);
    store.add_host(&host).await.unwrap();
    let row = a_snapshot(host.id, "2026-11-20T00:00:00Z");
    assert_eq!(store.accept_snapshot(&row).await.unwrap(), Accepted::New);
    assert!(store.move_host(&host, other.id, ("kim", now())).await.unwrap());
    assert!(!store.move_host(&host, other.id, ("kim", now())).await.unwrap(), "moved meanwhile");
    assert_eq!(store.host(host.id).await.unwrap().unwrap().contract, other.id);
    assert_eq!(store.snapshots(host.id, 9).await.unwrap(), [row]);
    let moves = store.host_moves(host.id, 9).await.unwrap();
    assert_eq!(moves.len(), 1);
    let told = (moves[0].from, moves[0].to, moves[0].by.as_str(), moves[0].at);
    assert_eq!(told, (contract.id, other.id, "kim", now()));
    let host = store.host(host.id).await.unwrap().unwrap();
    let nowhere = store.move_host(&host, Uuid::now_v7(), ("kim", now())).await.unwrap_err();
    assert!(matches!(nowhere, StoreError::Dangling { .. }), "{nowhere}");
    assert!(store.retire_host(host.id, now()).await.unwrap());
    assert!(!store.move_host(&host, contract.id, ("kim", now())).await.unwrap(), "retired");
    assert_eq!(store.host_moves(host.id, 9).await.unwrap().len(), 1);
}

async fn another_machine_is_what_a_person_says_once(store: Store) {
    let customer = a_customer();
    store.add_customer(&customer).await.unwrap();
    let contract = a_contract(customer.id);
    store.add_contract(&contract).await.unwrap();
    let token = a_token(contract.id, "s");
    store.add_token(&token).await.unwrap();
    let host = a_host(contract.id);
    let enrolled = Enrolled { certificate: a_certificate(host.id), host: host.clone() };
    assert_eq!(store.spend_token("s", &enrolled, now()).await.unwrap(), Spent::Spent);
    let (new, copy) = ("cd".repeat(32), "ef".repeat(32));
    for machine in [&new, &new, &copy] {
        store.put_machine((host.id, machine), Uuid::now_v7(), now()).await.unwrap();
    }
    let all = store.machines(host.id).await.unwrap();
    assert_eq!(all.iter().map(|one| &one.machine).collect::<Vec<_>>(), [&new, &copy]);
    let by = ("kim", now());
    assert!(store.settle_machine(&all[0], Settlement::Rebuilt, by).await.unwrap());
    assert!(!store.settle_machine(&all[0], Settlement::Clone, by).await.unwrap(), "said already");
    assert_eq!(store.host(host.id).await.unwrap().unwrap().machine, Some(new.clone()));
    let serial = &enrolled.certificate.serial;
    let revoked = async || store.certificate(serial).await.unwrap().unwrap().revoked_at;
    assert_eq!(revoked().await, None, "what was refused revoked nothing");
    assert!(store.settle_machine(&all[1], Settlement::Clone, by).await.unwrap());
    assert_eq!(revoked().await, Some(now()));
    // It comes again: it is open again.
    store.put_machine((host.id, &copy), Uuid::now_v7(), now()).await.unwrap();
    let again = store.machines(host.id).await.unwrap().pop().unwrap();
    assert_eq!((again.settled, again.settled_by.as_str()), (None, ""));
    assert!(store.settle_machine(&again, Settlement::Retired, by).await.unwrap());
    let host = store.host(host.id).await.unwrap().unwrap();
    assert_eq!((host.retired_at, host.machine), (Some(now()), Some(new)));
}

on_both! {
    customers_contracts_and_hosts_come_back_as_they_went,
    names_that_are_taken_or_missing_or_shared_are_told_apart,
    a_token_is_spent_once_by_fifty_at_a_time,
    wrong_expired_and_used_tokens_are_told_apart,
    a_failed_enrolment_does_not_spend_its_token,
    a_token_can_let_a_host_back_in,
    certificates_are_revoked_once,
    two_hundred_parallel_sends_make_one_snapshot,
    the_same_id_with_another_digest_or_host_is_a_conflict,
    the_latest_snapshot_is_the_latest_taken_not_the_latest_received,
    polls_and_requests_are_kept,
    an_inspection_is_one_per_contract_and_period,
    exceptions_and_alarms_are_kept,
    the_highest_set_of_advisories_is_in_force_and_feeds_keep_their_state,
    an_inventory_is_of_the_newest_snapshot,
    a_host_moves_once_and_keeps_what_it_sent,
    another_machine_is_what_a_person_says_once,
}

// ---- what only one of them can show

/// Kills a writing process at a random moment: whatever it was told to be durable is there.
#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_what_it_acknowledged_when_its_process_is_killed() {
    for acknowledgements in [1, 20, 57] {
        let folder = tempfile::tempdir().unwrap();
        let (_, host) = peopled(&support::sqlite_in(folder.path()).await).await;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_writes_until_killed", "--nocapture"])
            .env("CAREPACK_CHILD_STORE", support::sqlite_address(folder.path()))
            .env("CAREPACK_CHILD_HOST", host.id.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut acknowledged = Vec::new();
        for line in output.lines() {
            let line = line.unwrap();
            let Some(id) = line.strip_prefix("stored ") else { continue };
            acknowledged.push(id.parse::<Uuid>().unwrap());
            if acknowledged.len() == acknowledgements {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(acknowledged.len() >= acknowledgements);
        let store = support::sqlite_in(folder.path()).await;
        for id in acknowledged {
            assert!(store.snapshot(id).await.unwrap().is_some(), "{id} was acknowledged");
        }
    }
}

/// Not a test of its own: the process that the test above kills.
#[tokio::test(flavor = "multi_thread")]
async fn child_writes_until_killed() {
    let Ok(address) = std::env::var("CAREPACK_CHILD_STORE") else { return };
    let host = std::env::var("CAREPACK_CHILD_HOST").unwrap().parse().unwrap();
    let store = Store::open(&address).await.unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = store.clone();
        writers.spawn(async move {
            loop {
                let row = a_snapshot(host, "2026-11-05T00:00:00Z");
                store.accept_snapshot(&row).await.unwrap();
                println!("stored {}", row.id);
            }
        });
    }
    writers.join_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_keeps_what_it_acknowledged_through_a_power_cut() {
    let Some(mut server) = support::Postgres::start() else { return };
    let admin = server.admin().await;
    admin.batch_execute("CREATE DATABASE one").await.unwrap();
    let store = Store::open(&server.address("one")).await.unwrap();
    let (_, host) = peopled(&store).await;
    let row = a_snapshot(host.id, "2026-11-05T00:00:00Z");
    assert_eq!(store.accept_snapshot(&row).await.unwrap(), Accepted::New);
    server.cut_power();
    // The server comes back; so does the store, by itself.
    let mut last = None;
    for _ in 0..200 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        match store.accept_snapshot(&row).await {
            Ok(accepted) => {
                last = Some(accepted);
                break;
            }
            Err(error) => assert!(matches!(error, StoreError::Unavailable { .. }), "{error}"),
        }
    }
    assert_eq!(last, Some(Accepted::Duplicate));
    assert!(store.is_healthy());
}

#[tokio::test(flavor = "multi_thread")]
async fn collectors_that_start_together_migrate_once() {
    if let Some(server) = support::Postgres::start() {
        server.admin().await.batch_execute("CREATE DATABASE one").await.unwrap();
        let address = server.address("one");
        let (a, b, c) =
            tokio::join!(Store::open(&address), Store::open(&address), Store::open(&address));
        assert!(a.is_ok() && b.is_ok() && c.is_ok());
    }
    let folder = tempfile::tempdir().unwrap();
    let address = support::sqlite_address(folder.path());
    let (a, b, c) =
        tokio::join!(Store::open(&address), Store::open(&address), Store::open(&address));
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
}

#[tokio::test]
async fn a_damaged_sqlite_file_is_refused() {
    use std::os::unix::fs::FileExt;
    let folder = tempfile::tempdir().unwrap();
    peopled(&support::sqlite_in(folder.path()).await).await;
    let path = folder.path().join("collector.db");
    // The last handle writes the log back into the file as it closes.
    assert!(!folder.path().join("collector.db-wal").exists());
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(&[0xA5; 4096 * 6], 4096).unwrap();
    let refused = Store::open_checked(&support::sqlite_address(folder.path())).await.err().unwrap();
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
    std::fs::write(&path, b"hello, I am not a database at all").unwrap();
    let refused = Store::open(&support::sqlite_address(folder.path())).await.err().unwrap();
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
}

#[tokio::test]
async fn a_file_is_read_whole_after_an_unclean_end_and_when_asked_for() {
    use std::os::unix::fs::FileExt;
    let folder = tempfile::tempdir().unwrap();
    let address = support::sqlite_address(folder.path());
    let store = support::sqlite_in(folder.path()).await;
    peopled(&store).await;
    drop(store);
    let path = folder.path().join("collector.db");
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    let bytes = file.metadata().unwrap().len();
    // The last page is none that opening needs.
    let holder = Store::open_checked(&address).await.unwrap();
    file.write_all_at(&[0xA5; 4096], bytes - 4096).unwrap();
    let log = folder.path().join("collector.db-wal");
    assert!(log.exists(), "it is in use");
    // Beside one who has it open a log is no sign of anything.
    drop(Store::open(&address).await.unwrap());
    assert!(log.exists());
    drop(holder);
    assert!(!log.exists());
    drop(Store::open(&address).await.unwrap());
    let refused = Store::open_checked(&address).await.err().unwrap();
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
    // A log that nobody removed.
    std::fs::write(&log, "").unwrap();
    let refused = Store::open(&address).await.err().unwrap();
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(support::sqlite_in(folder.path()).await);
    let path = folder.path().join("collector.db");
    let raw = rusqlite::Connection::open(path).unwrap();
    raw.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
    raw.execute(
        "INSERT INTO refinery_schema_history VALUES (99, 'later', '2030-01-01T00:00:00Z', '1')",
        [],
    )
    .unwrap();
    let refused = Store::open(&support::sqlite_address(folder.path())).await.err().unwrap();
    assert!(matches!(refused, StoreError::Migrate { .. }), "{refused}");
}

#[tokio::test]
async fn addresses_that_cannot_be_kept_safe_are_refused() {
    let refused = async |address: &str| Store::open(address).await.err().unwrap();
    let error = refused("collector.db").await;
    assert!(matches!(error, StoreError::Address(_)), "{error}");
    let error = refused("postgres://carepack:geheim@db.example/carepack").await;
    assert!(matches!(error, StoreError::Remote(_)), "{error}");
    let error = refused("host=10.1.2.3 user=carepack password=geheim").await;
    assert!(matches!(error, StoreError::Remote(_)), "{error}");
    let error = refused("postgres://carepack:geheim@db.example:port/x").await;
    assert!(!error.to_string().contains("geheim"), "{error}");
    let error = refused("host=/run user=carepack password=geheim bogus=1").await;
    assert!(!error.to_string().contains("geheim"), "{error}");
}
