//! Pages of the console with a fleet behind them: hosts with 24 months of results, 50 failing
//! findings each. Prints the median and the 95th percentile of each page.
//!
//! `cargo bench -p carepack-collector --bench console [-- HOSTS …]`; 1,000 and 10,000 without. The
//! aims are 50 and 100 ms (p95).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use carepack_collector::config::Config;
use carepack_collector::console::{Console, router, sign_in};
use carepack_collector::objects::Objects;
use carepack_collector::rules;
use carepack_collector::store::{
    AccessToken, Contract, Customer, Failing, Host, HostResult, Inspection, Newest, Person, Role,
    State, Store,
};
use carepack_shared::digest::sha256_hex;
use carepack_shared::period::{Cadence, Schedule};
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use tower::ServiceExt;
use uuid::Uuid;

const HOSTS_PER_CONTRACT: usize = 20;
const MONTHS: usize = 24;
const FAILING_PER_HOST: usize = 50;
const ROUNDS: usize = 40;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let asked: Vec<usize> = std::env::args().filter_map(|text| text.parse().ok()).collect();
    let sizes = if asked.is_empty() { vec![1_000, 10_000] } else { asked };
    for hosts in sizes {
        measure(hosts).await;
    }
}

async fn measure(count: usize) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().to_owned();
    let text = format!(
        "data = {:?}\n[agents]\npublic_names = [\"localhost\"]\n",
        data.display().to_string()
    );
    let config =
        Arc::new(Config::parse(&text, &data.join("collector.toml")).expect("a configuration"));
    let store = Store::open(&config.database_address()).await.expect("a store");
    let objects = Objects::open(&data.join("objects")).expect("an object store");
    let pack = Arc::new(rules::built_in().expect("the rule pack"));
    let token = seed(&store, count).await;
    let console = Console::new(
        (store, objects),
        config,
        pack,
        ("http://bench", &"ab".repeat(32), jiff::Timestamp::now()),
    );
    let router = router(console);
    println!("{count} hosts, {MONTHS} months");
    for path in [
        "/home",
        "/hosts",
        "/hosts?grade=D&sort=score",
        "/customers",
        "/findings",
        "/plans",
        "/search?q=host-77",
    ] {
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let start = Instant::now();
            ask(&router, path, &token).await;
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        println!(
            "  {path:28} median {:6.1} ms   p95 {:6.1} ms",
            times[ROUNDS / 2],
            times[ROUNDS * 95 / 100]
        );
    }
}

async fn ask(router: &Router, path: &str, token: &str) {
    let request = Request::builder()
        .uri(format!("/api/v1{path}"))
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty())
        .expect("a request");
    let answer = router.clone().oneshot(request).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer.into_body().collect().await.expect("a body");
}

/// Customers, contracts, hosts, inspections and results; gives a token that reads all.
async fn seed(store: &Store, count: usize) -> String {
    let now = Timestamp::now();
    for nth in 0..count.div_ceil(HOSTS_PER_CONTRACT) {
        let customer =
            Customer { id: Uuid::now_v7(), name: format!("고객사 {nth}"), created: now };
        store.add_customer(&customer).await.expect("a customer");
        let contract = contract(customer.id, nth);
        store.add_contract(&contract).await.expect("a contract");
        let mut hosts = Vec::new();
        for which in 0..HOSTS_PER_CONTRACT.min(count - nth * HOSTS_PER_CONTRACT) {
            let host = host(contract.id, nth * HOSTS_PER_CONTRACT + which, now);
            store.add_host(&host).await.expect("a host");
            hosts.push(host.id);
        }
        for month in 0..MONTHS {
            inspected(store, &contract, &hosts, month).await;
        }
    }
    let person = Person::new("bench", "bench", Role::Operator, now);
    store.add_person(&person, &[]).await.expect("a person");
    let secret = sign_in::secret().expect("a secret");
    let token = AccessToken {
        id: Uuid::now_v7(),
        secret_sha256: sha256_hex(secret.as_bytes()),
        person: person.id,
        name: "bench".to_owned(),
        writes: false,
        created: now,
        expires_at: now + SignedDuration::from_hours(24),
        used_at: None,
        revoked_at: None,
    };
    store.add_access_token(&token).await.expect("a token");
    secret
}

async fn inspected(store: &Store, contract: &Contract, hosts: &[Uuid], month: usize) {
    let period = format!("{}-{:02}", 2024 + month / 12, month % 12 + 1);
    let inspection = Inspection {
        id: Uuid::now_v7(),
        contract: contract.id,
        period: period.clone(),
        state: State::Assessed,
        assessed_at: Some(Timestamp::now()),
        pack_version: None,
        assessment_key: Some("none".to_owned()),
        missed_at: None,
        hosts_answered: None,
    };
    store.put_inspection(&inspection).await.expect("an inspection");
    let result = |(nth, host): (usize, &Uuid)| HostResult {
        inspection: inspection.id,
        host: *host,
        period: period.clone(),
        score: Some(u16::try_from((nth * 97 + month * 13) % 1000).unwrap_or(0)),
        coverage: 950,
        provisional: false,
        answered: true,
        danger: u32::try_from(nth % 5).unwrap_or(0),
        attention: 10,
        unknown: 3,
        excepted: 0,
        pass: 200,
        areas: BTreeMap::from([("security".to_owned(), 700), ("stability".to_owned(), 900)]),
        page_key: "none".to_owned(),
    };
    let results: Vec<_> = hosts.iter().enumerate().map(result).collect();
    let failing: Vec<Failing> = hosts
        .iter()
        .flat_map(|host| (0..FAILING_PER_HOST).map(move |rule| (*host, rule)))
        .map(|(host, rule)| Failing {
            inspection: inspection.id,
            host,
            rule: format!("rule-{rule}"),
            area: "security".to_owned(),
            level: "important".to_owned(),
            verdict: if rule % 7 == 0 { "danger" } else { "attention" }.to_owned(),
            standing: "persisting".to_owned(),
            title_ko: format!("점검 항목 {rule}"),
            title_en: format!("Check {rule}"),
        })
        .collect();
    let newest = Newest { contract: contract.id, failing: &failing, dates: &[] };
    let newest = (month + 1 == MONTHS).then_some(newest);
    store.put_results(inspection.id, &results, newest).await.expect("results");
}

fn contract(customer: Uuid, nth: usize) -> Contract {
    Contract {
        id: Uuid::now_v7(),
        customer,
        name: format!("contract-{nth}"),
        level: "standard-12".to_owned(),
        schedule: Schedule {
            cadence: Cadence::Monthly,
            window_day: 5,
            window_hour: 1,
            window_hours: 5,
            time_zone: "Asia/Seoul".to_owned(),
        },
        engineer: String::new(),
        customer_contact: String::new(),
        starts: "2024-01-01".parse().expect("a date"),
        ends: "2027-12-31".parse().expect("a date"),
        policy_version: 1,
    }
}

fn host(contract: Uuid, nth: usize, now: Timestamp) -> Host {
    Host {
        id: Uuid::now_v7(),
        contract,
        hostname: format!("host-{nth:05}"),
        machine: None,
        role: "업무 서버".to_owned(),
        importance: 1,
        enrolled_at: now,
        last_seen: Some(now),
        agent_version: "0.1.0".to_owned(),
        clock_skew_seconds: None,
        refuses_on_demand: false,
        retired_at: None,
        collect_request: None,
        collect_requested_at: None,
    }
}
