//! The console from its routes: every route by every role and tenant, the way in, the audit log.

#[path = "console/advisories.rs"]
mod advisories;
#[path = "console/api.rs"]
mod api;
mod samples;
#[path = "console/settling.rs"]
mod settling;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode, header};
use carepack_collector::config::Config;
use carepack_collector::console::access::{Need, has};
use carepack_collector::console::{Console, catalogue, router, sign_in};
use carepack_collector::objects::Objects;
use carepack_collector::rules;
use carepack_collector::store::{
    AccessToken, AuditFilter, Contract, Customer, Host, Person, Role, Store,
};
use carepack_shared::digest::sha256_hex;
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use tower::ServiceExt;
use uuid::Uuid;

const URL: &str = "http://console.test";
const PASSWORD: &str = "정기점검은 매월 첫 월요일에 합니다";

/// One customer with a contract and a host.
struct Tenant {
    customer: Uuid,
    contract: Uuid,
    host: Uuid,
}

struct World {
    folder: tempfile::TempDir,
    store: Store,
    router: Router,
    ours: Tenant,
    theirs: Tenant,
}

fn now() -> Timestamp {
    Timestamp::now()
}

async fn tenant(store: &Store, name: &str) -> Tenant {
    let customer = Customer { id: Uuid::now_v7(), name: name.to_owned(), created: now() };
    store.add_customer(&customer).await.unwrap();
    let contract = Contract {
        name: format!("{name}-2026"),
        level: "standard-12".to_owned(),
        schedule: samples::schedule(5),
        engineer: "김엔지니어".to_owned(),
        customer_contact: "이담당".to_owned(),
        ..samples::contract(customer.id)
    };
    store.add_contract(&contract).await.unwrap();
    let host = Host {
        role: "<script>alert(1)</script>".to_owned(),
        agent_version: "0.1.0".to_owned(),
        ..samples::host(contract.id, &format!("{name}-db01"), now())
    };
    store.add_host(&host).await.unwrap();
    Tenant { customer: customer.id, contract: contract.id, host: host.id }
}

async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let data: PathBuf = folder.path().to_owned();
    let text = format!(
        "data = {:?}\n[agents]\npublic_names = [\"localhost\"]\n",
        data.display().to_string()
    );
    let config = Arc::new(Config::parse(&text, &data.join("collector.toml")).unwrap());
    let store = Store::open(&config.database_address()).await.unwrap();
    let objects = Objects::open(&data.join("objects")).unwrap();
    let pack = Arc::new(rules::built_in().unwrap());
    let console =
        Console::new((store.clone(), objects), config, pack, (URL, &"ab".repeat(32), now()));
    let (ours, theirs) = (tenant(&store, "hanbit").await, tenant(&store, "saebyeok").await);
    World { folder, store, router: router(console), ours, theirs }
}

impl World {
    /// A person of a role, of our tenant where it is a customer's, and a token that may write.
    async fn person(&self, role: Role) -> (Person, String) {
        let person =
            Person::new(&format!("p-{}", role.as_str().replace('_', "-")), "사람", role, now());
        let scope = if role.is_staff() { Vec::new() } else { vec![self.ours.customer] };
        self.store.add_person(&person, &scope).await.unwrap();
        let token = self.token(&person, true).await;
        (person, token)
    }

    async fn token(&self, person: &Person, writes: bool) -> String {
        let secret = sign_in::secret().unwrap();
        let token = AccessToken {
            id: Uuid::now_v7(),
            secret_sha256: sha256_hex(secret.as_bytes()),
            person: person.id,
            name: "test".to_owned(),
            writes,
            created: now(),
            expires_at: now() + SignedDuration::from_hours(1),
            used_at: None,
            revoked_at: None,
        };
        self.store.add_access_token(&token).await.unwrap();
        secret
    }

    async fn ask(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn api(&self, method: &Method, path: &str, token: Option<&str>) -> Response<Body> {
        let mut request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.header(header::CONTENT_TYPE, "application/json");
        self.ask(request.body(Body::from("{}")).unwrap()).await
    }

    /// JSON of a program.
    async fn send(
        &self,
        path: &str,
        token: Option<&str>,
        body: &serde_json::Value,
    ) -> Response<Body> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("/api/v1{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", token.unwrap_or_default()))
            .header(header::CONTENT_TYPE, "application/json");
        self.ask(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// A form of a browser, from our own page unless another is named.
    async fn form(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Response<Body> {
        self.form_from(path, cookie, fields, "same-origin").await
    }

    async fn form_from(
        &self,
        path: &str,
        cookie: &str,
        fields: &[(&str, &str)],
        site: &str,
    ) -> Response<Body> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", site)
            .header(header::COOKIE, cookie);
        self.ask(request.body(Body::from(body)).unwrap()).await
    }

    async fn page(&self, path: &str, cookie: &str) -> Response<Body> {
        let request = Request::builder().uri(path).header(header::COOKIE, cookie);
        self.ask(request.body(Body::empty()).unwrap()).await
    }

    /// Signs somebody in who has a password; gives the cookie.
    async fn sign_in(&self, login: &str) -> String {
        let answer = self.form("/sign-in", "", &[("login", login), ("password", PASSWORD)]).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        cookie_of(&answer)
    }

    async fn with_password(&self, login: &str, role: Role) -> Person {
        let person = Person {
            password: Some(sign_in::hash_now(PASSWORD).unwrap()),
            ..Person::new(login, "사람", role, now())
        };
        let scope = if role.is_staff() { Vec::new() } else { vec![self.ours.customer] };
        self.store.add_person(&person, &scope).await.unwrap();
        person
    }
}

fn cookie_of(answer: &Response<Body>) -> String {
    let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

async fn text(answer: Response<Body>) -> String {
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A route's path with ids of a tenant in it; what a tenant has none of gets an id of nobody.
fn filled(path: &str, tenant: &Tenant) -> String {
    path.replace("{customer}", &tenant.customer.to_string())
        .replace("{contract}", &tenant.contract.to_string())
        .replace("{host}", &tenant.host.to_string())
        .replace("{number}", "1")
        .replace("{year}", "2026")
        .replace("{file}", "report.ko.html")
        .split('/')
        .map(|part| if part.starts_with('{') { Uuid::nil().to_string() } else { part.to_owned() })
        .collect::<Vec<_>>()
        .join("/")
}

#[tokio::test]
async fn every_route_by_every_role_and_tenant() {
    let world = world().await;
    let mut tried = 0;
    for role in Role::ALL {
        let (_, token) = world.person(*role).await;
        for route in catalogue().into_iter().filter(|route| route.api) {
            let (path, rule) =
                (if route.rule.path == "/" { "/home" } else { route.rule.path }, &route.rule);
            let is_allowed = match rule.need {
                Need::Right(right) => has(*role, right),
                _ => true,
            };
            // A stranger is told nothing.
            let stranger = world.api(&rule.method, &filled(path, &world.ours), None).await;
            assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED, "{path}");
            for (tenant, is_ours) in [(&world.ours, true), (&world.theirs, false)] {
                let answer = world.api(&rule.method, &filled(path, tenant), Some(&token)).await;
                let status = answer.status();
                let what = format!("{role:?} {} {path}, ours: {is_ours}: {status}", rule.method);
                if !is_allowed {
                    assert_eq!(status, StatusCode::FORBIDDEN, "{what}");
                } else if path.contains('{')
                    && !is_ours
                    && !role.is_staff()
                    && rule.method == Method::GET
                {
                    assert_eq!(status, StatusCode::NOT_FOUND, "{what}");
                } else if rule.method == Method::GET && !path.contains('{') {
                    assert_eq!(status, StatusCode::OK, "{what}");
                    let told = text(answer).await;
                    assert!(role.is_staff() || !told.contains("saebyeok"), "{what}: {told}");
                } else {
                    assert_ne!(status, StatusCode::FORBIDDEN, "{what}");
                    assert!(!status.is_server_error(), "{what}");
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 200, "{tried}");
}

#[tokio::test]
async fn a_writing_route_does_not_touch_another_tenant() {
    let world = world().await;
    let manager = world.with_password("manager", Role::CustomerManager).await;
    let token = world.token(&manager, true).await;
    let engineer = Person::new("only-ours", "엔지니어", Role::Engineer, now());
    world.store.add_person(&engineer, &[world.ours.customer]).await.unwrap();
    let engineers = world.token(&engineer, true).await;
    for route in catalogue().into_iter().filter(|route| route.api) {
        let (path, method) = (route.rule.path, &route.rule.method);
        let names_tenant = ["{customer}", "{contract}", "{host}"].iter().any(|n| path.contains(n));
        if !names_tenant {
            continue;
        }
        for token in [&token, &engineers] {
            let answer = world.api(method, &filled(path, &world.theirs), Some(token)).await;
            let status = answer.status();
            // A body that is not sound may be refused before anything is looked up.
            let refused =
                [StatusCode::FORBIDDEN, StatusCode::NOT_FOUND, StatusCode::UNPROCESSABLE_ENTITY];
            assert!(refused.contains(&status), "{method} {path}: {status}");
        }
    }
    let host = world.store.host(world.theirs.host).await.unwrap().unwrap();
    assert_eq!((host.retired_at, host.collect_request), (None, None));
    assert_eq!(world.store.tokens(Some(world.theirs.contract)).await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_reading_token_does_not_write_and_an_ended_one_opens_nothing() {
    let world = world().await;
    let person = world.with_password("eng", Role::Engineer).await;
    let reads = world.token(&person, false).await;
    let path = format!("/hosts/{}/collect", world.ours.host);
    let status = |answer: Response<Body>| answer.status();
    assert_eq!(status(world.api(&Method::POST, &path, Some(&reads)).await), StatusCode::FORBIDDEN);
    assert_eq!(status(world.api(&Method::GET, "/hosts", Some(&reads)).await), StatusCode::OK);
    let all = world.store.access_tokens_of(person.id).await.unwrap();
    assert!(all[0].used_at.is_some());
    assert!(world.store.revoke_access_token(all[0].id, person.id, now()).await.unwrap());
    let ended = world.api(&Method::GET, "/hosts", Some(&reads)).await;
    assert_eq!(ended.status(), StatusCode::UNAUTHORIZED);
    let writes = world.token(&person, true).await;
    assert_eq!(status(world.api(&Method::POST, &path, Some(&writes)).await), StatusCode::OK);
    // A disabled account's token opens nothing either.
    let disabled = Person { disabled_at: Some(now()), ..person };
    world.store.edit_person(&disabled, &[]).await.unwrap();
    let ended = world.api(&Method::GET, "/hosts", Some(&writes)).await;
    assert_eq!(ended.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn one_signs_in_works_and_signs_out() {
    let world = world().await;
    world.with_password("eng", Role::Engineer).await;
    let asked = world.page("/hosts?grade=D", "").await;
    assert_eq!(asked.headers()[header::LOCATION], "/sign-in?to=%2Fhosts%3Fgrade%3DD");
    let cookie = world.sign_in("eng").await;
    let page = world.page("/hosts", &cookie).await;
    assert_eq!(page.status(), StatusCode::OK);
    let policy = page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let told = text(page).await;
    assert!(told.contains("hanbit-db01") && told.contains("saebyeok-db01"));
    // What a host says of itself is text.
    assert!(!told.contains("<script>alert") && told.contains("&#60;script&#62;alert"), "{told}");
    let foreign = world.form_from("/sign-out", &cookie, &[], "cross-site").await;
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    assert_eq!(world.page("/hosts", &cookie).await.status(), StatusCode::OK);
    assert_eq!(world.form("/sign-out", &cookie, &[]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(world.page("/hosts", &cookie).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn failures_lock_an_account_and_say_nothing_about_it_being_there() {
    let world = world().await;
    let person = world.with_password("eng", Role::Engineer).await;
    let mut answers = Vec::new();
    for login in ["eng", "nobody"] {
        let fields = [("login", login), ("password", "not the password at all")];
        let answer = world.form("/sign-in", "", &fields).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        answers.push(text(answer).await.replace(&format!("value=\"{login}\""), ""));
    }
    assert_eq!(answers[0], answers[1]);
    for _ in 1..sign_in::FAILURES_MAX {
        world.form("/sign-in", "", &[("login", "eng"), ("password", "no")]).await;
    }
    let right = world.form("/sign-in", "", &[("login", "eng"), ("password", PASSWORD)]).await;
    assert_eq!(right.status(), StatusCode::UNAUTHORIZED);
    world.store.clear_failures(person.id).await.unwrap();
    world.sign_in("eng").await;
}

#[tokio::test]
async fn an_invitation_sets_a_password_once() {
    let world = world().await;
    let person = Person::new("new", "신입", Role::Operator, now());
    world.store.add_person(&person, &[]).await.unwrap();
    let link =
        carepack_collector::console::invitations::make_link(&world.store, URL, &person).await;
    let link = link.unwrap();
    let path = link.strip_prefix(URL).unwrap();
    assert_eq!(world.page(path, "").await.status(), StatusCode::OK);
    let short = world.form(path, "", &[("password", "short"), ("again", "short")]).await;
    assert_eq!(short.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let chosen = [("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(world.form(path, "", &chosen).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(world.page(path, "").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(world.form(path, "", &chosen).await.status(), StatusCode::NOT_FOUND);
    world.sign_in("new").await;
}

#[tokio::test]
async fn the_second_factor_is_asked_and_a_code_counts_once() {
    let world = world().await;
    let person = world.with_password("eng", Role::Engineer).await;
    let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    assert!(world.store.set_totp(person.id, Some(secret), 0).await.unwrap());
    let half = world.sign_in("eng").await;
    // Half signed in is not signed in.
    assert_eq!(world.page("/hosts", &half).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(world.page("/sign-in/code", &half).await.status(), StatusCode::OK);
    let code = (0..1_000_000)
        .map(|number| format!("{number:06}"))
        .find(|code| sign_in::totp_step(secret, code, now()).is_some())
        .unwrap();
    let answer = world.form("/sign-in/code", &half, &[("code", &code)]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let full = cookie_of(&answer);
    assert_ne!(full, half);
    assert_eq!(world.page("/hosts", &full).await.status(), StatusCode::OK);
    let again = world.sign_in("eng").await;
    let answer = world.form("/sign-in/code", &again, &[("code", &code)]).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn every_write_stands_in_the_audit_log_and_its_chain_shows_a_change() {
    let world = world().await;
    world.with_password("boss", Role::Operator).await;
    let cookie = world.sign_in("boss").await;
    let path = format!("/hosts/{}", world.ours.host);
    let edited = world.form(&path, &cookie, &[("role", "DB"), ("importance", "4")]).await;
    assert_eq!(edited.status(), StatusCode::SEE_OTHER);
    let wrong = world.form(&path, &cookie, &[("role", "DB"), ("importance", "3")]).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let rows = world.store.audit_rows(&AuditFilter::default(), 10).await.unwrap();
    assert_eq!(rows.len(), 2, "the sign-in and the edit; what was refused changed nothing");
    assert_eq!(rows[0].act.actor, "boss");
    assert_eq!(rows[0].act.action, "POST /hosts/{host}");
    assert_eq!(rows[0].act.customer, Some(world.ours.customer));
    assert!(rows[0].act.detail.contains(r#""importance":4"#), "{}", rows[0].act.detail);
    assert!(rows[0].follows(&rows[1].digest) && rows[1].follows(""));
    let mut changed = rows[0].clone();
    changed.act.detail = changed.act.detail.replace('4', "1");
    assert!(!changed.follows(&rows[1].digest));
    // Both at once: rows get numbers without a gap.
    let act = rows[0].act.clone();
    let (a, b) = tokio::join!(world.store.audit(&act), world.store.audit(&act));
    a.unwrap();
    b.unwrap();
    let rows = world.store.audit_from(1, 10).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [1, 2, 3, 4]);
}
