//! People, sessions, the audit log and results in the store, once for SQLite and once for a real
//! PostgreSQL.

mod samples;
#[macro_use]
mod support;

use std::collections::BTreeMap;

use carepack_collector::store::{
    AccessToken, Act, AuditFilter, Contract, Customer, Failing, FailingRule, HostDate, HostResult,
    Inspection, Invitation, Newest, Person, Role, Session, Stage, State, Store, StoreError,
};
use carepack_shared::digest::sha256_hex;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

fn now() -> Timestamp {
    "2026-11-23T01:02:03.004Z".parse().unwrap()
}

fn later(minutes: i64) -> Timestamp {
    now() + SignedDuration::from_mins(minutes)
}

async fn customer(store: &Store, name: &str) -> Uuid {
    let customer = Customer { id: Uuid::now_v7(), name: name.to_owned(), created: now() };
    store.add_customer(&customer).await.unwrap();
    customer.id
}

async fn contract(store: &Store, customer: Uuid) -> Uuid {
    let contract = Contract { engineer: String::new(), ..samples::contract(customer) };
    store.add_contract(&contract).await.unwrap();
    contract.id
}

async fn host(store: &Store, contract: Uuid, name: &str) -> Uuid {
    let host = samples::host(contract, name, now());
    store.add_host(&host).await.unwrap();
    host.id
}

async fn a_person_signs_in_fails_and_is_locked(store: Store) {
    let (ours, theirs) = (customer(&store, "한빛").await, customer(&store, "새벽").await);
    let mut person = Person::new("kim", "김'; DROP TABLE people; --", Role::Engineer, now());
    store.add_person(&person, &[ours]).await.unwrap();
    assert_eq!(store.person_named("kim").await.unwrap(), Some(person.clone()));
    let again = Person::new("kim", "다른 김", Role::Engineer, now());
    assert!(matches!(store.add_person(&again, &[]).await, Err(StoreError::Exists { .. })));
    let nobody = Person::new("lee", "이", Role::CustomerReader, now());
    let dangling = store.add_person(&nobody, &[Uuid::now_v7()]).await;
    assert!(matches!(dangling, Err(StoreError::Dangling { .. })));
    assert_eq!(store.person_named("lee").await.unwrap(), None, "all or nothing");
    person.role = Role::Reviewer;
    assert!(store.edit_person(&person, &[ours, theirs]).await.unwrap());
    let mut scope = store.customers_of(person.id).await.unwrap();
    scope.sort();
    assert_eq!(scope, [ours, theirs]);
    assert_eq!(store.customers_of_all().await.unwrap()[&person.id].len(), 2);
    for failures in 1..=3 {
        store.count_failure(person.id, 3, later(15)).await.unwrap();
        let known = store.person(person.id).await.unwrap().unwrap();
        let locked = (failures == 3).then(|| later(15));
        assert_eq!((known.failures, known.locked_until), (failures, locked));
    }
    store.clear_failures(person.id).await.unwrap();
    assert_eq!(store.person(person.id).await.unwrap().unwrap().locked_until, None);
    assert!(store.set_totp(person.id, Some("SECRET"), 10).await.unwrap());
    assert!(!store.use_totp(person.id, 10).await.unwrap(), "taken when it was turned on");
    assert!(store.use_totp(person.id, 11).await.unwrap());
    assert!(!store.use_totp(person.id, 11).await.unwrap());
}

async fn an_invitation_is_used_once_and_ends_sessions(store: Store) {
    let person = Person::new("kim", "김", Role::Operator, now());
    store.add_person(&person, &[]).await.unwrap();
    let session = |secret: &str, expires_at| Session {
        secret_sha256: sha256_hex(secret.as_bytes()),
        person: person.id,
        stage: Stage::Full,
        created: now(),
        seen_at: now(),
        expires_at,
        address: "10.0.0.1".to_owned(),
        browser: "<b>".to_owned(),
    };
    store.add_session(&session("old", now())).await.unwrap();
    store.add_session(&session("new", later(60))).await.unwrap();
    assert_eq!(store.session("old").await.unwrap(), None, "what has expired is forgotten");
    store.touch_session(&sha256_hex(b"new"), later(5)).await.unwrap();
    assert_eq!(store.session("new").await.unwrap().unwrap().seen_at, later(5));
    let invitation = |secret: &str| Invitation {
        secret_sha256: sha256_hex(secret.as_bytes()),
        person: person.id,
        created: now(),
        expires_at: later(60),
        used_at: None,
    };
    store.invite(&invitation("first")).await.unwrap();
    store.invite(&invitation("second")).await.unwrap();
    let first = store.invitation("first").await.unwrap().unwrap();
    assert!(!store.accept_invitation(&first, "hash", later(1)).await.unwrap(), "a later one came");
    let second = store.invitation("second").await.unwrap().unwrap();
    assert!(!store.accept_invitation(&second, "hash", later(60)).await.unwrap(), "expired");
    assert!(store.accept_invitation(&second, "hash", later(1)).await.unwrap());
    assert!(!store.accept_invitation(&second, "other", later(1)).await.unwrap());
    assert_eq!(store.person(person.id).await.unwrap().unwrap().password.as_deref(), Some("hash"));
    assert_eq!(store.sessions_of(person.id).await.unwrap(), []);
    let token = AccessToken {
        id: Uuid::now_v7(),
        secret_sha256: sha256_hex(b"token"),
        person: person.id,
        name: "t".to_owned(),
        writes: true,
        created: now(),
        expires_at: later(60),
        used_at: None,
        revoked_at: None,
    };
    store.add_access_token(&token).await.unwrap();
    store.touch_access_token(token.id, later(2)).await.unwrap();
    assert!(!store.revoke_access_token(token.id, Uuid::now_v7(), now()).await.unwrap());
    assert!(store.revoke_access_token(token.id, person.id, later(3)).await.unwrap());
    let known = store.access_token("token").await.unwrap().unwrap();
    assert_eq!((known.used_at, known.revoked_at), (Some(later(2)), Some(later(3))));
}

async fn the_audit_log_is_a_chain_also_when_many_write(store: Store) {
    let ours = customer(&store, "한빛").await;
    let act = |actor: &str, customer| Act {
        at: now(),
        actor: actor.to_owned(),
        customer,
        address: "10.0.0.1".to_owned(),
        action: "POST /hosts/{host}".to_owned(),
        object: "/hosts/1".to_owned(),
        detail: "{\"after\":1}".to_owned(),
    };
    let (a, b) = (act("kim", Some(ours)), act("lee", None));
    let (x, y, z) = tokio::join!(store.audit(&a), store.audit(&b), store.audit(&a));
    assert!(x.is_ok() && y.is_ok() && z.is_ok());
    let rows = store.audit_from(1, 10).await.unwrap();
    let mut previous = String::new();
    for (row, seq) in rows.iter().zip(1..) {
        assert!(row.seq == seq && row.follows(&previous));
        previous.clone_from(&row.digest);
    }
    assert_eq!(rows.len(), 3);
    let listed = |before, actor: Option<&str>, customer| {
        let filter = AuditFilter { before, actor: actor.map(str::to_owned), customer };
        let store = store.clone();
        async move { store.audit_rows(&filter, 10).await.unwrap().len() }
    };
    assert_eq!(listed(None, None, None).await, 3);
    assert_eq!(listed(None, Some("lee"), None).await, 1);
    assert_eq!(listed(None, None, Some(ours)).await, 2);
    assert_eq!(listed(Some(1), None, None).await, 0);
}

fn failing(inspection: Uuid, host: Uuid, rule: &str, level: &str, verdict: &str) -> Failing {
    Failing {
        inspection,
        host,
        rule: rule.to_owned(),
        area: "security".to_owned(),
        level: level.to_owned(),
        verdict: verdict.to_owned(),
        standing: "new".to_owned(),
        title_ko: "제목".to_owned(),
        title_en: "Title".to_owned(),
    }
}

async fn results_are_kept_by_inspection_and_rules_are_counted(store: Store) {
    let (ours, theirs) = (customer(&store, "한빛").await, customer(&store, "새벽").await);
    let mut all = Vec::new();
    for customer in [ours, theirs] {
        let contract = contract(&store, customer).await;
        let hosts = [host(&store, contract, "a").await, host(&store, contract, "b").await];
        for period in ["2026-10", "2026-11"] {
            let inspection = Inspection {
                id: Uuid::now_v7(),
                contract,
                period: period.to_owned(),
                state: State::Assessed,
                assessed_at: Some(now()),
                pack_version: None,
                assessment_key: Some("k".to_owned()),
                missed_at: None,
                hosts_answered: Some(2),
            };
            store.put_inspection(&inspection).await.unwrap();
            let result = |host: Uuid| HostResult {
                inspection: inspection.id,
                host,
                period: period.to_owned(),
                score: (host == hosts[0]).then_some(700),
                coverage: 950,
                provisional: false,
                answered: true,
                danger: 1,
                attention: 2,
                unknown: 3,
                excepted: 0,
                pass: 9,
                areas: BTreeMap::from([("security".to_owned(), 700)]),
                page_key: format!("pages/{period}"),
            };
            let rows = [result(hosts[0]), result(hosts[1])];
            let failing = [
                failing(inspection.id, hosts[0], "r1", "important", "danger"),
                failing(inspection.id, hosts[1], "r1", "critical", "attention"),
                failing(inspection.id, hosts[1], "r2", "low", "unknown"),
            ];
            let date = |host, day: &str, what: &str| HostDate {
                inspection: inspection.id,
                host,
                rule: "os-lifecycle".to_owned(),
                kind: "ends",
                at: day.parse().unwrap(),
                what: what.to_owned(),
                title_ko: "지원 종료".to_owned(),
                title_en: "End of support".to_owned(),
            };
            let dates = [
                date(hosts[1], "2029-05-31T23:59:59Z", "rhel 8"),
                date(hosts[0], "2027-03-31T00:00:00Z", "Tomcat 9.0"),
            ];
            let newest = Newest { contract, failing: &failing, dates: &dates };
            // Twice: the second takes the first one's place.
            for _ in 0..2 {
                store.put_results(inspection.id, &rows, Some(newest)).await.unwrap();
            }
            all.push((inspection.id, rows));
        }
    }
    let days = |from: &str, until: &str| (from.parse().unwrap(), until.parse().unwrap());
    let coming = store.coming_dates(days("2027-01-01T00:00:00Z", "2029-01-01T00:00:00Z"), 9).await;
    let coming = coming.unwrap();
    assert_eq!(coming.len(), 2, "one a contract, of its newest inspection");
    assert!(coming.iter().all(|date| date.what == "Tomcat 9.0" && !date.hostname.is_empty()));

    let mut latest = store.latest_results().await.unwrap();
    assert_eq!(latest.len(), 4);
    latest.retain(|row| row.host == all[1].1[0].host);
    assert_eq!(latest, [all[1].1[0].clone()]);
    assert_eq!(store.results(all[0].0).await.unwrap().len(), 2);
    let course = store.results_of_host(all[0].1[0].host, 10).await.unwrap();
    let periods: Vec<_> = course.iter().map(|row| row.period.as_str()).collect();
    assert_eq!(periods, ["2026-11", "2026-10"]);
    let rules = store.failing_rules(Some(&[ours]), 10).await.unwrap();
    let counts =
        |rule: &FailingRule| (rule.rule.clone(), rule.level(), rule.danger, rule.attention);
    let one = ("r1".to_owned(), "critical", 1, 1);
    assert_eq!(rules.iter().map(counts).collect::<Vec<_>>(), [one, ("r2".to_owned(), "low", 0, 0)]);
    assert_eq!(store.failing_rules(None, 10).await.unwrap()[0].danger, 2);
    assert_eq!(store.failing_rules(Some(&[]), 10).await.unwrap(), []);
    assert_eq!(store.failing(None, Some("r1"), 10).await.unwrap().len(), 4);
    assert_eq!(store.failing(Some(all[1].1[1].host), None, 10).await.unwrap().len(), 2);
}

on_both! {
    a_person_signs_in_fails_and_is_locked,
    an_invitation_is_used_once_and_ends_sessions,
    the_audit_log_is_a_chain_also_when_many_write,
    results_are_kept_by_inspection_and_rules_are_counted,
}
