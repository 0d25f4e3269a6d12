//! The agents' API from outside, over real TLS: every kind of bad input gets its own answer, and
//! nothing of it is kept.

mod samples;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use carepack_collector::config::Config;
use carepack_collector::pki::Authority;
use carepack_collector::serve::{Addresses, serve_until};
use carepack_collector::store::{AlarmKind, Contract, Customer, Settlement, Store, Token};
use carepack_shared::bundle::compress;
use carepack_shared::digest::sha256_hex;
use carepack_shared::pattern_pack::{SignedPack, accept};
use carepack_shared::snapshot::{Agent, DOCUMENT_BYTES_MAX, Host, Reason, SCHEMA, Snapshot};
use carepack_shared::wire::{BODY_BYTES_MAX, EnrolAnswer, HEADER_SHA256, Policy, Receipt};
use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateParams, KeyPair};
use reqwest::{Client, RequestBuilder};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use uuid::Uuid;

// ---- a collector of the test's own

struct Collector {
    data: tempfile::TempDir,
    addresses: Addresses,
    store: Store,
    contract: Uuid,
    stop: Option<oneshot::Sender<()>>,
    served: Option<tokio::task::JoinHandle<()>>,
}

impl Collector {
    async fn start(limits: &str) -> Self {
        let data = tempfile::tempdir().unwrap();
        let text = format!(
            "data = {:?}\n[agents]\nlisten = \"127.0.0.1:0\"\npublic_names = [\"localhost\", \
             \"127.0.0.1\"]\n[people]\nlisten = \"127.0.0.1:0\"\n[limits]\nfree_mib_min = 1\n\
             {limits}\n",
            data.path()
        );
        let config = Config::parse(&text, Path::new("test.toml")).unwrap();
        let store = Store::open(&config.database_address()).await.unwrap();
        let contract = contract_in(&store).await;
        let (ready, listening) = oneshot::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(async move {
            let stop = async { stopped.await.unwrap_or(()) };
            serve_until(&config, ready, stop).await.unwrap();
        });
        let addresses = listening.await.unwrap();
        let (stop, served) = (Some(stop), Some(served));
        Self { data, addresses, store, contract, stop, served }
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.addresses.agents.port())
    }

    fn authority(&self) -> Authority {
        Authority::open(&self.data.path().join("pki"), Timestamp::now()).unwrap()
    }

    async fn token(&self, secret: &str, life: SignedDuration) {
        let now = Timestamp::now();
        let token = Token {
            secret_sha256: sha256_hex(secret.as_bytes()),
            contract: self.contract,
            created: now,
            expires_at: now + life,
            used_at: None,
            used_by_host: None,
            note: String::new(),
            hostname: None,
            role: Some("db".to_owned()),
            importance: Some(4),
            reenrols: None,
        };
        self.store.add_token(&token).await.unwrap();
    }

    /// A client with this certificate, or with none.
    fn client(&self, identity: Option<(&str, &KeyPair)>) -> Client {
        let tls = tls_config(self.authority().pem(), identity);
        Client::builder().tls_backend_preconfigured(tls).build().unwrap()
    }

    async fn enrol(&self, secret: &str) -> Enrolled {
        self.token(secret, SignedDuration::from_mins(15)).await;
        let key = KeyPair::generate().unwrap();
        let request = enrol_request(secret, &csr(&key));
        let answer = self.client(None).post(self.url("/v1/enrol")).json(&request);
        let answer: EnrolAnswer =
            answer.send().await.unwrap().error_for_status().unwrap().json().await.unwrap();
        let client = self.client(Some((&answer.certificate_pem, &key)));
        Enrolled { key, answer, client }
    }

    async fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        self.served.take().unwrap().await.unwrap();
    }
}

struct Enrolled {
    key: KeyPair,
    answer: EnrolAnswer,
    client: Client,
}

async fn contract_in(store: &Store) -> Uuid {
    let customer = Customer { id: Uuid::now_v7(), name: "c".to_owned(), created: Timestamp::now() };
    store.add_customer(&customer).await.unwrap();
    let contract = Contract {
        schedule: samples::schedule(4),
        engineer: String::new(),
        ends: "2027-12-31".parse().unwrap(),
        ..samples::contract(customer.id)
    };
    store.add_contract(&contract).await.unwrap();
    contract.id
}

fn tls_config(root_pem: &str, identity: Option<(&str, &KeyPair)>) -> rustls::ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(root_pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    match identity {
        None => builder.with_no_client_auth(),
        Some((pem, key)) => {
            let chain = vec![CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()];
            let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    }
}

fn csr(key: &KeyPair) -> String {
    CertificateParams::default().serialize_request(key).unwrap().pem().unwrap()
}

fn enrol_request(secret: &str, csr_pem: &str) -> Json {
    json!({
        "secret": secret, "csr_pem": csr_pem, "hostname": "db01", "machine": null,
        "agent_version": "0.1.0",
    })
}

fn a_snapshot(host: Option<Uuid>) -> Snapshot {
    let now = Timestamp::now();
    Snapshot {
        schema: SCHEMA,
        id: Uuid::now_v7(),
        host: Host { id: host, hostname: "db01".to_owned(), machine: None, recorded: false },
        reason: Reason::Scheduled,
        period: Some("2026-11".to_owned()),
        taken_at: now,
        finished_at: now,
        agent: Agent { version: "0.1.0".to_owned(), cpu_ms: 1, peak_kib: 1, spawned: 0 },
        lost: 0,
        masked: std::collections::BTreeMap::new(),
        privacy: carepack_shared::privacy::Privacy::default(),
        observations: Vec::new(),
    }
}

/// A sound request to store `document` under `id`.
fn put(collector: &Collector, client: &Client, id: Uuid, document: &[u8]) -> RequestBuilder {
    client
        .put(collector.url(&format!("/v1/snapshots/{id}")))
        .header(HEADER_SHA256, sha256_hex(document))
        .body(compress(document).unwrap())
}

/// Sends, and compares status and problem code.
async fn check(what: &str, request: RequestBuilder, status: u16, code: &str) -> String {
    let response = request.send().await.unwrap_or_else(|error| panic!("{what}: {error:?}"));
    let found = response.status().as_u16();
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    let text = response.text().await.unwrap();
    assert_eq!(found, status, "{what}: {text}");
    assert_eq!(kind, "application/problem+json", "{what}");
    let problem: Json = serde_json::from_str(&text).unwrap();
    assert_eq!(problem["code"], code, "{what}: {text}");
    assert_eq!(problem["status"], status, "{what}");
    problem["detail"].as_str().unwrap().to_owned()
}

// ---- enrolment

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_do_not_count() {
    let collector = Collector::start("").await;
    let key = KeyPair::generate().unwrap();
    let client = collector.client(None);
    let enrol = |body: &Json| client.post(collector.url("/v1/enrol")).json(body);
    let request = |secret: &str| enrol(&enrol_request(secret, &csr(&key)));

    let detail = check("wrong token", request("wrong"), 403, "token_refused").await;
    assert!(detail.contains("wrong"), "{detail}");
    collector.token("old", SignedDuration::from_secs(-1)).await;
    let detail = check("expired token", request("old"), 403, "token_refused").await;
    assert!(detail.contains("expired"), "{detail}");

    collector.token("good", SignedDuration::from_mins(15)).await;
    let bent = [
        ("bent request", enrol_request("good", "no PEM")),
        ("control character", {
            let mut body = enrol_request("good", &csr(&key));
            body["hostname"] = json!("db\u{0}01");
            body
        }),
        ("unknown field", {
            let mut body = enrol_request("good", &csr(&key));
            body["run"] = json!("rm -rf /");
            body
        }),
        ("no digest", {
            let mut body = enrol_request("good", &csr(&key));
            body["machine"] = json!("../../etc");
            body
        }),
    ];
    for (what, body) in &bent {
        check(what, enrol(body), 422, "malformed").await;
    }
    let long = client.post(collector.url("/v1/enrol")).body(vec![b' '; 65 * 1024]);
    check("long body", long, 413, "too_large").await;

    let first = request("good").send().await.unwrap();
    assert_eq!(first.status(), 200, "none of the above spent the token");
    let answer: EnrolAnswer = first.json().await.unwrap();
    let host = collector.store.host(answer.host_id).await.unwrap().unwrap();
    assert_eq!((host.hostname.as_str(), host.role.as_str(), host.importance), ("db01", "db", 4));
    assert_eq!(answer.policy.version, 1);
    let detail = check("second use", request("good"), 403, "token_refused").await;
    assert!(detail.contains("already used"), "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_hosts_with_one_token() {
    let collector = Collector::start("").await;
    collector.token("one", SignedDuration::from_mins(15)).await;
    let mut attempts = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let body = enrol_request("one", &csr(&KeyPair::generate().unwrap()));
        let request = collector.client(None).post(collector.url("/v1/enrol")).json(&body);
        attempts.spawn(async move { request.send().await.unwrap().status().as_u16() });
    }
    let statuses = attempts.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 403).count(), 49, "{statuses:?}");
    assert_eq!(collector.store.hosts(None).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_down() {
    let collector = Collector::start("enrolments_per_minute_per_address = 3").await;
    let client = collector.client(None);
    let guess = || {
        let body = enrol_request("guess", "x");
        client.post(collector.url("/v1/enrol")).json(&body)
    };
    for _ in 0..3 {
        check("guess", guess(), 403, "token_refused").await;
    }
    let response = guess().send().await.unwrap();
    let wait: u32 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=61).contains(&wait));
    check("too many", guess(), 429, "too_many_attempts").await;
}

// ---- identity

#[tokio::test(flavor = "multi_thread")]
async fn every_route_but_enrolment_needs_a_certificate_that_counts() {
    let collector = Collector::start("").await;
    let enrolled = collector.enrol("a").await;
    let nobody = collector.client(None);
    let id = Uuid::now_v7();
    let routes = [
        ("POST", "/v1/renew".to_owned()),
        ("POST", "/v1/poll".to_owned()),
        ("GET", "/v1/patterns".to_owned()),
        ("PUT", format!("/v1/snapshots/{id}")),
        ("GET", "/v1/enrol/".to_owned()),
        ("GET", "/".to_owned()),
        ("GET", "/v1/anything".to_owned()),
        ("DELETE", "/v1/poll".to_owned()),
    ];
    for (method, path) in &routes {
        let request = nobody.request(method.parse().unwrap(), collector.url(path));
        check(&format!("{method} {path}"), request, 401, "certificate_missing").await;
    }
    let unknown = enrolled.client.get(collector.url("/v1/anything"));
    check("unknown route", unknown, 404, "no_such_route").await;
    let method = enrolled.client.delete(collector.url("/v1/poll"));
    check("unknown method", method, 405, "no_such_route").await;
    let method = nobody.get(collector.url("/v1/enrol"));
    check("enrol by GET", method, 405, "no_such_route").await;

    // Signed by our root, yet never recorded: as after a restored backup.
    let key = KeyPair::generate().unwrap();
    let host = enrolled.answer.host_id;
    let stray = collector.authority().sign(&csr(&key), host, Timestamp::now()).unwrap();
    let client = collector.client(Some((&stray.pem, &key)));
    let request = client.post(collector.url("/v1/poll"));
    check("unrecorded certificate", request, 403, "host_unknown").await;

    collector.store.revoke_host(host, "stolen", Timestamp::now()).await.unwrap();
    let request = enrolled.client.post(collector.url("/v1/poll"));
    check("revoked certificate", request, 403, "certificate_revoked").await;
    let snapshot = a_snapshot(Some(host));
    let request = put(&collector, &enrolled.client, snapshot.id, &snapshot.to_document());
    check("revoked certificate", request, 403, "certificate_revoked").await;
    assert_eq!(collector.store.snapshots(host, 1).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_of_others_and_of_the_past_end_in_the_handshake() {
    let collector = Collector::start("").await;
    let enrolled = collector.enrol("a").await;
    let key = KeyPair::generate().unwrap();
    let host = enrolled.answer.host_id;
    let other = tempfile::tempdir().unwrap();
    let other = Authority::open(&other.path().join("pki"), Timestamp::now()).unwrap();
    let past = Timestamp::now() - SignedDuration::from_hours(24 * 100);
    let future = Timestamp::now() + SignedDuration::from_hours(24 * 2);
    let server = std::fs::read_to_string(collector.data.path().join("pki/server.cert.pem"));
    let server_key = std::fs::read_to_string(collector.data.path().join("pki/server.key.pem"));
    let server_key = KeyPair::from_pem(&server_key.unwrap()).unwrap();
    let ours = collector.authority();
    let bad = [
        ("other CA", other.sign(&csr(&key), host, Timestamp::now()).unwrap().pem, &key),
        ("expired", ours.sign(&csr(&key), host, past).unwrap().pem, &key),
        ("not yet valid", ours.sign(&csr(&key), host, future).unwrap().pem, &key),
        ("server certificate", server.unwrap(), &server_key),
    ];
    for (what, pem, key) in &bad {
        let client = collector.client(Some((pem, key)));
        // The client of TLS 1.3 may give a connection up before it has read why: it asks again.
        let mut last = String::new();
        for _ in 0..20 {
            let answer = client.post(collector.url("/v1/poll")).send().await;
            let error = answer.err().unwrap_or_else(|| panic!("{what} was let in"));
            last = format!("{error:?}");
            if last.contains("AlertReceived") {
                break;
            }
        }
        assert!(last.contains("AlertReceived"), "{what}: {last}");
    }
    // A client that trusts another root does not talk to us.
    let tls = tls_config(other.pem(), None);
    let client = Client::builder().tls_backend_preconfigured(tls).build().unwrap();
    assert!(client.post(collector.url("/v1/enrol")).send().await.is_err());
}

// ---- polls and renewal

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_tells_and_learns() {
    let collector = Collector::start("poll_seconds = 7").await;
    let enrolled = collector.enrol("a").await;
    let host = enrolled.answer.host_id;
    let request = Uuid::now_v7();
    collector.store.request_collect(host, request, Timestamp::now()).await.unwrap();
    let poll = |now: Timestamp| {
        json!({
            "agent_version": "0.3.0", "now": now, "spooled": 2, "rss_kib": 9000, "cpu_ms": 12,
            "refuses_on_demand": true,
        })
    };
    let behind = Timestamp::now() - SignedDuration::from_hours(1);
    let send = |body: Json| enrolled.client.post(collector.url("/v1/poll")).json(&body);
    let policy: Policy = send(poll(behind)).send().await.unwrap().json().await.unwrap();
    assert_eq!((policy.version, policy.poll_seconds), (1, 7));
    assert_eq!(policy.collect_now, Some(request));
    assert_eq!(policy.schedule.window_hours, 4);
    let kept = collector.store.host(host).await.unwrap().unwrap();
    let skew = kept.clock_skew_seconds.unwrap();
    assert!((-3605..=-3595).contains(&skew), "{skew}");
    assert!(kept.refuses_on_demand && kept.agent_version == "0.3.0");

    let mut more = poll(behind);
    more["output_of"] = json!("id");
    check("unknown field", send(more), 422, "malformed").await;
    let long = Timestamp::now() - SignedDuration::from_hours(24 * 8);
    collector.store.request_collect(host, request, long).await.unwrap();
    let policy: Policy = send(poll(behind)).send().await.unwrap().json().await.unwrap();
    assert_eq!(policy.collect_now, None, "an old request is not repeated");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pattern_pack_is_offered_by_version_and_given_as_it_was_signed() {
    let collector = Collector::start("").await;
    let enrolled = collector.enrol("a").await;
    let get = || enrolled.client.get(collector.url("/v1/patterns"));
    let offered = async || -> Option<u64> {
        let body = json!({
            "agent_version": "0.3.0", "now": Timestamp::now(), "spooled": 0, "rss_kib": 1,
            "cpu_ms": 1, "refuses_on_demand": false,
        });
        let request = enrolled.client.post(collector.url("/v1/poll")).json(&body);
        request.send().await.unwrap().json::<Policy>().await.unwrap().patterns
    };
    assert_eq!(offered().await, None);
    check("no pack", get(), 404, "no_such_route").await;

    let pair = minisign::KeyPair::generate_unencrypted_keypair().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pack.toml");
    for version in [3, 7] {
        let text = format!(
            "version = {version}\n[[pattern]]\nid = \"shop.lost\"\nko = \"주문 유실\"\nen = \"Order \
             lost\"\npriority = \"err\"\nliterals = [\"order lost\"]\n"
        );
        let comment = format!("carepack-patterns version:{version}");
        let made = minisign::sign(None, &pair.sk, text.as_bytes(), Some(&comment), None).unwrap();
        std::fs::write(&file, text).unwrap();
        std::fs::write(folder.path().join("pack.toml.minisig"), made.to_string()).unwrap();
        carepack_collector::pattern_packs::add(collector.data.path(), &file).unwrap();
    }
    assert_eq!(offered().await, Some(7));
    let given: SignedPack = get().send().await.unwrap().json().await.unwrap();
    let key = pair.pk.to_base64();
    assert_eq!(accept(&given, &key, 3).unwrap().pattern[0].id, "shop.lost");
    assert!(accept(&given, &key, 7).is_err(), "no newer than the one in use");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_the_same_host() {
    let collector = Collector::start("").await;
    let enrolled = collector.enrol("a").await;
    let renew = |body: Json| enrolled.client.post(collector.url("/v1/renew")).json(&body);
    check("no request", renew(json!({"csr_pem": "x"})), 422, "malformed").await;
    let key = KeyPair::generate().unwrap();
    let answer = renew(json!({"csr_pem": csr(&key)})).send().await.unwrap();
    let answer: Json = answer.error_for_status().unwrap().json().await.unwrap();
    let pem = answer["certificate_pem"].as_str().unwrap();
    let host = enrolled.answer.host_id;
    assert_eq!(collector.store.certificates(host).await.unwrap().len(), 2);
    for (pem, key) in [(pem, &key), (enrolled.answer.certificate_pem.as_str(), &enrolled.key)] {
        let snapshot = a_snapshot(Some(host));
        let client = collector.client(Some((pem, key)));
        let stored = put(&collector, &client, snapshot.id, &snapshot.to_document());
        assert_eq!(stored.send().await.unwrap().status(), 201);
    }
}

// ---- snapshots

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_stored_once_and_answered_as_often_as_it_comes() {
    let collector = Collector::start("").await;
    let enrolled = collector.enrol("a").await;
    let host = enrolled.answer.host_id;
    let snapshot = a_snapshot(Some(host));
    let document = snapshot.to_document();
    for (turn, status) in [(0, 201), (1, 200), (2, 200)] {
        let answer = put(&collector, &enrolled.client, snapshot.id, &document);
        let answer = answer.send().await.unwrap();
        assert_eq!(answer.status(), status, "turn {turn}");
        let receipt: Receipt = answer.json().await.unwrap();
        let sha256 = sha256_hex(&document);
        assert_eq!(receipt, Receipt { id: snapshot.id, sha256, duplicate: turn > 0 });
    }
    let row = collector.store.snapshot(snapshot.id).await.unwrap().unwrap();
    assert_eq!((row.host, row.bytes), (host, document.len() as u64));
    assert_eq!(row.period.as_deref(), Some("2026-11"));
    let stored = std::fs::read(collector.data.path().join("objects").join(&row.object_key));
    assert_eq!(stored.unwrap(), compress(&document).unwrap());

    let mut bent = snapshot.clone();
    bent.lost = 7;
    let request = put(&collector, &enrolled.client, snapshot.id, &bent.to_document());
    check("another digest", request, 409, "digest_conflict").await;
    let other = collector.enrol("b").await;
    let foreign = a_snapshot(Some(host));
    let request = put(&collector, &other.client, foreign.id, &foreign.to_document());
    check("another host", request, 409, "host_mismatch").await;
    let alarms = collector.store.alarms(10).await.unwrap();
    let kinds: Vec<_> = alarms.iter().map(|alarm| alarm.kind).collect();
    assert_eq!(kinds, [AlarmKind::HostMismatch, AlarmKind::DigestConflict]);
    assert_eq!(alarms[0].host, Some(other.answer.host_id), "the certificate, not the body");
    assert_eq!(collector.store.snapshot(foreign.id).await.unwrap(), None);
    let kept = collector.store.snapshot(snapshot.id).await.unwrap().unwrap();
    assert_eq!(kept.sha256, sha256_hex(&document), "the first one stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_not_sound_snapshots() {
    let collector = Collector::start("").await;
    let enrolled = collector.enrol("a").await;
    let snapshot = a_snapshot(Some(enrolled.answer.host_id));
    let (id, document) = (snapshot.id, snapshot.to_document());
    let client = &enrolled.client;
    let url = collector.url(&format!("/v1/snapshots/{id}"));
    let digest = sha256_hex(&document);
    let raw = |body: Vec<u8>| client.put(&url).header(HEADER_SHA256, &digest).body(body);

    let bare = client.put(&url).body(compress(&document).unwrap());
    check("no digest", bare, 422, "malformed").await;
    let altered =
        client.put(&url).header(HEADER_SHA256, "0".repeat(64)).body(compress(&document).unwrap());
    check("altered digest", altered, 422, "malformed").await;
    check("not zstd", raw(b"hello".to_vec()), 422, "malformed").await;
    check("empty", raw(Vec::new()), 422, "malformed").await;
    let mut cut = compress(&document).unwrap();
    cut.truncate(cut.len() - 3);
    check("cut", raw(cut), 422, "malformed").await;
    check("oversized", raw(vec![0; BODY_BYTES_MAX + 1]), 413, "too_large").await;
    let chunks = (0..BODY_BYTES_MAX / 65536 + 2).map(|_| Ok::<_, std::io::Error>(vec![0; 65536]));
    let stream = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
    let streamed = client.put(&url).header(HEADER_SHA256, &digest).body(stream);
    check("oversized, length not told", streamed, 413, "too_large").await;

    let bomb = vec![b' '; DOCUMENT_BYTES_MAX * 4];
    assert!(compress(&bomb).unwrap().len() < 64 * 1024);
    check("zip bomb", put(&collector, client, id, &bomb), 413, "too_large").await;
    let deep = "[".repeat(1_000_000).into_bytes();
    check("deep nesting", put(&collector, client, id, &deep), 422, "malformed").await;
    let other = put(&collector, client, Uuid::now_v7(), &document);
    check("other id than the path", other, 422, "malformed").await;
    for (what, schema) in [("newer schema", 99), ("no schema", 0)] {
        let text = serde_json::to_vec(&Snapshot { schema, ..snapshot.clone() }).unwrap();
        check(what, put(&collector, client, id, &text), 422, "schema_unknown").await;
    }
    let period = Snapshot { period: Some("'; --".to_owned()), ..snapshot.clone() };
    check("bent period", put(&collector, client, id, &period.to_document()), 422, "malformed")
        .await;
    let path = client.put(collector.url("/v1/snapshots/..%2f..%2fetc")).body("x");
    check("path", path, 422, "malformed").await;

    assert_eq!(collector.store.snapshots(enrolled.answer.host_id, 1).await.unwrap(), []);
    assert!(!collector.data.path().join("objects/snapshots").exists(), "nothing was kept");
    let sound = put(&collector, client, id, &document).send().await.unwrap();
    assert_eq!(sound.status(), 201, "and the sound one is still welcome");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clone_of_a_machine_is_an_alarm_not_a_loss() {
    let collector = Collector::start("").await;
    collector.token("m", SignedDuration::from_mins(15)).await;
    let key = KeyPair::generate().unwrap();
    let mut request = enrol_request("m", &csr(&key));
    request["machine"] = json!("ab".repeat(32));
    let answer = collector.client(None).post(collector.url("/v1/enrol")).json(&request);
    let answer: EnrolAnswer = answer.send().await.unwrap().json().await.unwrap();
    let client = collector.client(Some((&answer.certificate_pem, &key)));
    let mut snapshot = a_snapshot(Some(answer.host_id));
    snapshot.host.machine = Some("cd".repeat(32));
    let stored = put(&collector, &client, snapshot.id, &snapshot.to_document());
    assert_eq!(stored.send().await.unwrap().status(), 201);
    let alarms = collector.store.alarms(10).await.unwrap();
    assert_eq!(alarms.iter().map(|a| a.kind).collect::<Vec<_>>(), [AlarmKind::MachineChanged]);
    let machines = collector.store.machines(answer.host_id).await.unwrap();
    assert_eq!(machines[0].machine, "cd".repeat(32));
    // The next one of it is no second alarm, until it was settled and comes again.
    let send = async |machine: &str| {
        let mut next = a_snapshot(Some(answer.host_id));
        next.host.machine = Some(machine.repeat(32));
        let stored = put(&collector, &client, next.id, &next.to_document());
        assert_eq!(stored.send().await.unwrap().status(), 201);
        collector.store.alarms(10).await.unwrap().len()
    };
    assert_eq!(send("cd").await, 1);
    let by = ("kim", Timestamp::now());
    let rebuilt = collector.store.settle_machine(&machines[0], Settlement::Rebuilt, by);
    assert!(rebuilt.await.unwrap());
    assert_eq!(send("cd").await, 1, "it is the host now");
    assert_eq!(send("ab").await, 2, "the old one lives on: it is a clone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_before_the_body_is_read() {
    let mut collector = Collector::start("").await;
    let enrolled = collector.enrol("a").await;
    collector.stop().await;
    // More than any disk has: the guard must refuse.
    let text = format!(
        "data = {:?}\n[agents]\nlisten = \"127.0.0.1:0\"\npublic_names = [\"localhost\"]\n\
         [people]\nlisten = \"127.0.0.1:0\"\n[limits]\nfree_mib_min = 1000000000000\n",
        collector.data.path()
    );
    let config = Config::parse(&text, Path::new("test.toml")).unwrap();
    let (ready, listening) = oneshot::channel();
    tokio::spawn(async move {
        serve_until(&config, ready, std::future::pending()).await.unwrap();
    });
    collector.addresses = listening.await.unwrap();
    let snapshot = a_snapshot(Some(enrolled.answer.host_id));
    let request = put(&collector, &enrolled.client, snapshot.id, &snapshot.to_document());
    let response = request.try_clone().unwrap().send().await.unwrap();
    assert!(response.headers().contains_key("retry-after"));
    check("full disk", request, 507, "storage_full").await;
    // The reason arrives even when the body is long and nobody wants it.
    let url = collector.url(&format!("/v1/snapshots/{}", Uuid::now_v7()));
    let long = enrolled.client.put(url).header(HEADER_SHA256, "0".repeat(64));
    check("full disk, long body", long.body(vec![7; BODY_BYTES_MAX]), 507, "storage_full").await;
    let url = format!("http://{}/readyz", collector.addresses.people);
    let response =
        Client::builder().tls_backend_preconfigured(tls_config(collector.authority().pem(), None));
    let response = response.build().unwrap().get(url).send().await.unwrap();
    assert_eq!(response.status(), 503);
    let told: Json = response.json().await.unwrap();
    let disk = told["checks"].as_array().unwrap().iter().find(|check| check["name"] == "disk");
    assert!(disk.unwrap()["reason"].as_str().unwrap().contains("bytes free"), "{told}");
}

// ---- connections

#[tokio::test(flavor = "multi_thread")]
async fn slow_clients_are_closed() {
    let collector = Collector::start("").await;
    let address = collector.addresses.agents;
    let tls = tls_config(collector.authority().pem(), None);
    let slow_headers = tokio::spawn(async move {
        let connector = tokio_rustls::TlsConnector::from(Arc::new(tls));
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = connector.connect(name, stream).await.unwrap();
        let start = Instant::now();
        stream.write_all(b"POST /v1/enrol HTTP/1.1\r\nhost: x\r\n").await.unwrap();
        let (mut read, mut write) = tokio::io::split(stream);
        let dripping = tokio::spawn(async move {
            while write.write_all(b"a: b\r\n").await.is_ok() && write.flush().await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        let _ = read.read_to_end(&mut Vec::new()).await;
        dripping.abort();
        start.elapsed()
    });
    let no_handshake = tokio::spawn(async move {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let start = Instant::now();
        stream.write_all(&[0x16, 3, 1]).await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
        start.elapsed()
    });
    let limit = Duration::from_secs(25);
    for (what, slow) in [("headers", slow_headers), ("handshake", no_handshake)] {
        let took = tokio::time::timeout(limit, slow).await;
        let took = took.unwrap_or_else(|_| panic!("slow {what} kept its connection")).unwrap();
        let expected = Duration::from_secs(9)..Duration::from_secs(15);
        assert!(expected.contains(&took), "slow {what} was closed after {took:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_from_one_address_are_bounded() {
    let collector = Collector::start("connections_per_address = 2").await;
    let address = collector.addresses.agents;
    let first = TcpStream::connect(address).await.unwrap();
    let _second = TcpStream::connect(address).await.unwrap();
    let mut third = TcpStream::connect(address).await.unwrap();
    let closed = tokio::time::timeout(Duration::from_secs(5), third.read(&mut [0; 1])).await;
    assert!(matches!(closed, Ok(Ok(0) | Err(_))), "the third is closed at once");
    drop(first);
    for attempt in 0.. {
        let request = collector.client(None).get(collector.url("/"));
        match request.send().await {
            Ok(response) => {
                assert_eq!(response.status(), 401);
                break;
            }
            Err(error) if attempt > 50 => panic!("{error:?}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_tls_1_3_is_spoken() {
    let collector = Collector::start("").await;
    let mut roots = rustls::RootCertStore::empty();
    let pem = collector.authority().pem().to_owned();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let old = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(old));
    let stream = TcpStream::connect(collector.addresses.agents).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let refused = connector.connect(name, stream).await.unwrap_err().to_string();
    assert!(refused.contains("ProtocolVersion"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_health_and_a_stop_that_loses_nothing() {
    let mut collector = Collector::start("").await;
    let enrolled = collector.enrol("a").await;
    let file = collector.data.path().join("run/addresses.json");
    let written: Addresses = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(written, collector.addresses);
    assert_eq!(written.ca_sha256, collector.authority().fingerprint());
    for path in ["healthz", "readyz"] {
        let url = format!("http://{}/{path}", collector.addresses.people);
        let response = enrolled.client.get(url).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}: {}", response.text().await.unwrap());
    }
    let mut sends = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let snapshot = a_snapshot(Some(enrolled.answer.host_id));
        let client = &enrolled.client;
        let request = put(&collector, client, snapshot.id, &snapshot.to_document());
        sends.spawn(async move { (snapshot.id, request.send().await) });
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    collector.stop().await;
    assert!(!file.exists());
    for (id, answer) in sends.join_all().await {
        if answer.is_ok_and(|answer| answer.status() == 201) {
            assert!(collector.store.snapshot(id).await.unwrap().is_some());
        }
    }
}
