//! Every route of the console on one page: its method, path, what it needs, what it is for.
//!
//! A route is served twice, for browsers at its path and for programs below `/api/v1`; the pages
//! of the way in are for browsers only. The description of the API is made from this table.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, on};

use super::access::{Need, Right};
use super::describe::{Described, Signature};
use super::gate::{self, Rule};
use super::{Console, assets, pages};

/// One route.
pub struct Route {
    pub rule: Rule,
    /// What it is for, in the API's description.
    pub about: &'static str,
    /// Whether programs have it too.
    pub api: bool,
    /// What it takes and gives.
    pub told: fn() -> Described,
    /// Whether browsers have it.
    page: bool,
    handler: MethodRouter<Console>,
}

impl Route {
    /// Its reading is written to the audit log too.
    fn audited(mut self) -> Self {
        self.rule.audited = true;
        self
    }

    /// For programs only.
    fn api_only(mut self) -> Self {
        self.page = false;
        self
    }

    /// For browsers only.
    fn page_only(mut self) -> Self {
        self.api = false;
        self
    }
}

fn route<H, T>(
    method: Method,
    path: &'static str,
    need: Need,
    handler: H,
    about: &'static str,
) -> Route
where
    H: Handler<T, Console> + Signature<T>,
    T: 'static,
{
    let filter = if method == Method::POST {
        axum::routing::MethodFilter::POST
    } else {
        axum::routing::MethodFilter::GET
    };
    let rule = Rule { need, audited: false, path, method };
    Route { rule, about, api: true, told: H::described, page: true, handler: on(filter, handler) }
}

fn get<H, T>(path: &'static str, need: Need, handler: H, about: &'static str) -> Route
where
    H: Handler<T, Console> + Signature<T>,
    T: 'static,
{
    route(Method::GET, path, need, handler, about)
}

fn post<H, T>(path: &'static str, need: Need, handler: H, about: &'static str) -> Route
where
    H: Handler<T, Console> + Signature<T>,
    T: 'static,
{
    route(Method::POST, path, need, handler, about)
}

const READ: Need = Need::Right(Right::Read);
const EVIDENCE: Need = Need::Right(Right::Evidence);
const DECIDE: Need = Need::Right(Right::Decide);
const STAFF: Need = Need::Right(Right::Staff);
const WORK: Need = Need::Right(Right::Work);
const APPROVE: Need = Need::Right(Right::Approve);
const CONTRACTS: Need = Need::Right(Right::Contracts);
const OPERATE: Need = Need::Right(Right::Operate);

/// The table.
#[must_use]
pub fn catalogue() -> Vec<Route> {
    use pages::{
        advisories, alarms, audit, calendar, cases, compare, contracts, customers, findings, home,
        hosts, inspections, invitation, me, notices, patterns, people, search, services, settings,
        sign_in, snapshots, visits,
    };
    vec![
        get("/sign-in", Need::Nobody, sign_in::show, "Sign in").page_only(),
        post("/sign-in", Need::Nobody, sign_in::password, "Send name and password").page_only(),
        get("/sign-in/code", Need::HalfSignedIn, sign_in::ask_code, "Second factor").page_only(),
        post("/sign-in/code", Need::HalfSignedIn, sign_in::code, "Send the code").page_only(),
        post("/sign-out", Need::SignedIn, sign_in::out, "Sign out").page_only(),
        get("/invitation/{secret}", Need::Nobody, invitation::show, "Choose a password")
            .page_only(),
        post("/invitation/{secret}", Need::Nobody, invitation::accept, "Set it").page_only(),
        get("/", READ, home::show, "What needs me today"),
        get("/hosts", READ, hosts::list, "Hosts, with filters"),
        get("/hosts/{host}", READ, hosts::show, "A host as it was last assessed"),
        get("/hosts/{host}/resources", READ, hosts::resources, "Its resources, hour by hour"),
        get("/hosts/{host}/packages", READ, hosts::packages, "Its packages and their fixes"),
        get("/hosts/{host}/advisories", READ, hosts::advisories, "What advisories say of it"),
        get("/hosts/{host}/facts", EVIDENCE, hosts::facts, "Every fact of it").audited(),
        post("/hosts/{host}", WORK, hosts::edit, "Change a host's role and importance"),
        post("/hosts/{host}/collect", WORK, hosts::collect, "Ask a host for a fresh snapshot"),
        post("/hosts/{host}/cases", WORK, hosts::link_finding, "Link a finding to a case"),
        post(
            "/hosts/{host}/contract",
            CONTRACTS,
            hosts::move_to,
            "Move a host to another contract",
        ),
        post("/hosts/{host}/machine", CONTRACTS, hosts::settle, "Say what another machine is"),
        post("/hosts/{host}/retire", CONTRACTS, hosts::retire, "Take a host out of contract"),
        get("/snapshots/{snapshot}", EVIDENCE, snapshots::show, "What a host sent").audited(),
        get("/customers", READ, customers::list, "Customers"),
        post("/customers", CONTRACTS, customers::add, "Add a customer"),
        get("/customers/{customer}", READ, customers::show, "A customer"),
        post("/customers/{customer}/contracts", CONTRACTS, contracts::add, "Add a contract"),
        get("/contracts/{contract}", READ, contracts::show, "A contract"),
        post("/contracts/{contract}", CONTRACTS, contracts::edit, "Change a contract"),
        post(
            "/contracts/{contract}/tokens",
            CONTRACTS,
            contracts::add_token,
            "A token to enrol a host",
        ),
        get("/inspections", READ, inspections::list, "Inspections, what waits first"),
        get("/inspections/{inspection}", READ, inspections::show, "An inspection under review"),
        post("/inspections/{inspection}/review", WORK, inspections::open, "Take it into review"),
        post(
            "/inspections/{inspection}/findings",
            WORK,
            inspections::decide,
            "Decide on a finding",
        ),
        post(
            "/inspections/{inspection}/opinion",
            WORK,
            inspections::opinion,
            "The overall opinion",
        ),
        post("/inspections/{inspection}/sign", WORK, inspections::sign, "Sign in a role"),
        post(
            "/inspections/{inspection}/publish",
            APPROVE,
            inspections::publish,
            "Publish an edition",
        ),
        post("/inspections/{inspection}/acknowledge", DECIDE, inspections::acknowledge, "Confirm"),
        get(
            "/inspections/{inspection}/editions/{number}/{file}",
            READ,
            inspections::file,
            "A file of an edition",
        )
        .audited(),
        get(
            "/inspections/{inspection}/draft/{file}",
            WORK,
            inspections::draft,
            "A file of the next edition as it would be published now",
        )
        .audited(),
        get("/findings", READ, findings::list, "Which rules fail where"),
        get("/notices", READ, notices::list, "Notices of advisories"),
        get("/notices/{notice}", READ, notices::show, "A notice with its hosts and plans"),
        post(
            "/notices/{notice}/hold",
            WORK,
            notices::hold,
            "Hold, release, or put into the digest",
        ),
        post("/notices/{notice}/words", WORK, notices::edit, "The engineer's words"),
        post("/notices/{notice}/decide", DECIDE, notices::decide, "Decide for hosts of a notice"),
        get("/advisories", READ, advisories::list, "What hosts lack now, with filters"),
        get("/advisories/{advisory}", READ, advisories::show, "An advisory and who lacks it"),
        get("/plans", READ, notices::list_plans, "What was promised, and what evidence says"),
        get("/compare", EVIDENCE, compare::show, "Two hosts, or two dates of one").audited(),
        get("/search", READ, search::show, "Search everything"),
        get("/alarms", STAFF, alarms::list, "Alarms"),
        get("/openapi.json", Need::SignedIn, super::openapi::show, "This description").api_only(),
        get("/calendar", READ, calendar::show, "Twelve months of what is coming"),
        get("/cases", READ, cases::list, "Cases, with filters and clocks"),
        post("/cases", DECIDE, cases::open, "Open a case"),
        get("/cases/{case}", READ, cases::show, "A case and its timeline"),
        post("/cases/{case}/comment", DECIDE, cases::comment, "Add words to a case"),
        post("/cases/{case}/state", WORK, cases::set_state, "Change a case's state"),
        post("/cases/{case}/hosts", WORK, cases::link, "Link a host to a case"),
        post("/cases/{case}/snapshot", WORK, cases::ask_snapshot, "Ask a linked host for evidence"),
        get("/cases/{case}/pattern", WORK, patterns::new, "A case as the start of a pattern"),
        post("/cases/{case}/reporter", WORK, cases::set_reporter, "Who reads the answers by mail"),
        post("/cases/{case}/attachments", DECIDE, cases::attach, "Give files to a case"),
        get(
            "/cases/{case}/attachments/{attachment}",
            READ,
            cases::attachment,
            "A file of a case, as it came",
        )
        .audited(),
        get("/cases/{case}/report", READ, cases::report, "A case's incident report"),
        get("/cases/{case}/report.pdf", READ, cases::report_pdf, "The same as PDF").audited(),
        get("/patterns", STAFF, patterns::list, "Support Patterns"),
        post("/patterns", WORK, patterns::draft, "Draft a pattern from a case's snapshot"),
        get("/patterns/{pattern}", STAFF, patterns::show, "A pattern and its trial"),
        post("/patterns/{pattern}", WORK, patterns::edit, "Put another text in its place"),
        post("/patterns/{pattern}/try", WORK, patterns::attempt, "Try it on every snapshot"),
        post("/patterns/{pattern}/shadow", WORK, patterns::shadow, "Let it run in shadow"),
        post("/patterns/{pattern}/publish", APPROVE, patterns::publish, "Let it judge"),
        post("/patterns/{pattern}/retire", WORK, patterns::retire, "Take it out"),
        get("/services", READ, services::list, "Services that were recorded"),
        get("/services/new", WORK, services::form, "The form of a kind of service").page_only(),
        post("/services", WORK, services::add, "Record a service that was done"),
        get("/services/{service}", READ, services::show, "A service with its checklist"),
        get("/contracts/{contract}/visits", READ, visits::list, "On-site inspections"),
        post("/contracts/{contract}/visits", WORK, visits::add, "Enter an on-site inspection"),
        get("/contracts/{contract}/ledger", READ, services::ledger, "What was promised and done"),
        get(
            "/contracts/{contract}/ledger/{year}/{file}",
            READ,
            services::report,
            "The annual service report",
        )
        .audited(),
        get("/me", Need::SignedIn, me::show, "My account"),
        post("/me/language", Need::SignedIn, me::language, "Change my language"),
        post("/me/password", Need::SignedIn, me::password, "Change my password").page_only(),
        post("/me/totp", Need::SignedIn, me::totp, "Turn the second factor on").page_only(),
        post("/me/totp/off", Need::SignedIn, me::totp_off, "Turn it off").page_only(),
        post("/me/tokens", Need::SignedIn, me::add_token, "Make a token for programs").page_only(),
        post("/me/tokens/{token}/revoke", Need::SignedIn, me::revoke_token, "Revoke a token"),
        post("/me/sessions/end", Need::SignedIn, me::end_sessions, "End my other sessions"),
        get("/people", OPERATE, people::list, "Accounts"),
        post("/people", OPERATE, people::add, "Add an account"),
        get("/people/{person}", OPERATE, people::show, "An account"),
        post("/people/{person}", OPERATE, people::edit, "Change an account"),
        post("/people/{person}/invite", OPERATE, people::invite, "A new one-time link"),
        get("/settings", OPERATE, settings::show, "Settings as they hold"),
        get("/audit", OPERATE, audit::list, "The audit log"),
        get("/audit/export", OPERATE, audit::export, "The audit log as JSON lines").audited(),
    ]
}

/// All routes behind the gate, and the built-in files.
pub fn router(console: Console) -> Router {
    let mut router = Router::new();
    for route in catalogue() {
        let rule = Arc::new(route.rule);
        let gated = route
            .handler
            .layer(from_fn_with_state((console.clone(), Arc::clone(&rule)), gate::pass));
        if route.page {
            router = router.route(rule.path, gated.clone());
        }
        if route.api {
            let path = if rule.path == "/" { "/home" } else { rule.path };
            router = router.route(&format!("{}{path}", gate::API), gated);
        }
    }
    router
        .route("/assets/{name}", axum::routing::get(assets::serve))
        .fallback(gate::nothing_there)
        .layer(from_fn(gate::headers))
        .with_state(console)
}
