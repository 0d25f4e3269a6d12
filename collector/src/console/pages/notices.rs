//! Notices: what each contract is told of advisories, the decision for each host, and the plans.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::console::Console;
use crate::console::access::{Caller, Right};
use crate::console::describe::maybe;
use crate::console::frame::Frame;
use crate::console::gate::Detail;
use crate::console::input::{Asked, Filled, optional};
use crate::console::page::{Id, Refusal, Told, done, show as show_page};
use crate::notices::answer::{end_of, time};
use crate::notices::{Content, Evidence};
use crate::plans::{self, PlanError, Wish};
use crate::store::{Decision, Hold, Notice, Plan, Words};

/// How far back closed notices are listed.
const SINCE: SignedDuration = SignedDuration::from_hours(24 * 400);
/// Longest of the engineer's words, in characters.
const WORDS_MAX: usize = 4000;

#[derive(Serialize, ToSchema)]
#[schema(as = NoticeRow)]
struct NoticeRow {
    id: Uuid,
    advisory: String,
    title_ko: String,
    title_en: String,
    kind: String,
    severity: String,
    exploited: bool,
    contract: String,
    state: &'static str,
    hold: &'static str,
    revised_at: Timestamp,
}

impl NoticeRow {
    fn of(notice: Notice, contracts: &BTreeMap<Uuid, crate::store::Contract>) -> Self {
        let content: Option<Content> = serde_json::from_str(&notice.content).ok();
        let title = content.map(|content| content.title).unwrap_or_default();
        Self {
            id: notice.id,
            contract: contracts.get(&notice.contract).map(|c| c.name.clone()).unwrap_or_default(),
            advisory: notice.advisory,
            title_ko: title.ko,
            title_en: title.en,
            kind: notice.kind,
            severity: notice.severity,
            exploited: notice.exploited,
            state: notice.state.as_str(),
            hold: notice.hold.as_str(),
            revised_at: notice.revised_at,
        }
    }
}

#[derive(Deserialize, Serialize, Default, ToSchema)]
#[serde(default)]
#[schema(as = NoticeFilter)]
pub struct Filter {
    state: String,
    severity: String,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "notices.html")]
pub struct NoticesPage {
    #[serde(skip)]
    frame: Frame,
    filter: Filter,
    notices: Vec<NoticeRow>,
}

pub async fn list(
    State(console): State<Console>,
    caller: Caller,
    Asked(filter): Asked<Filter>,
) -> Told<NoticesPage> {
    let view = console.view(&caller);
    let contracts = view.contracts_by_id().await?;
    let mut notices = view.notices(Timestamp::now() - SINCE).await?;
    // A customer learns of a notice when it is sent.
    let is_customer = !caller.may(Right::Staff);
    notices.retain(|notice| !(is_customer && notice.sent_at.is_none()));
    let mut rows: Vec<NoticeRow> =
        notices.into_iter().map(|notice| NoticeRow::of(notice, &contracts)).collect();
    rows.retain(|row| {
        (filter.state.is_empty() || filter.state == row.state)
            && (filter.severity.is_empty() || filter.severity == row.severity)
    });
    rows.reverse();
    show_page(&caller, &NoticesPage { frame: Frame::of(&caller), filter, notices: rows })
}

#[derive(Serialize, ToSchema)]
#[schema(as = NoticeHostRow)]
struct HostRow {
    id: Uuid,
    name: String,
    standing: &'static str,
    /// Package, what is there, what fixes it.
    packages: Vec<(String, String, String)>,
    plan: Option<PlanRow>,
}

#[derive(Serialize, ToSchema)]
pub struct PlanRow {
    notice: Uuid,
    host: Uuid,
    decision: &'static str,
    state: &'static str,
    window_from: Option<Timestamp>,
    window_until: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    reason: String,
    compensation: String,
    approver: String,
    decided_at: Timestamp,
    decided_by: String,
    verified_at: Option<Timestamp>,
}

impl From<Plan> for PlanRow {
    fn from(plan: Plan) -> Self {
        Self {
            notice: plan.notice,
            host: plan.host,
            decision: plan.decision.as_str(),
            state: plan.state.as_str(),
            window_from: plan.window_from,
            window_until: plan.window_until,
            expires_at: plan.expires_at,
            reason: plan.reason,
            compensation: plan.compensation,
            approver: plan.approver,
            decided_at: plan.decided_at,
            decided_by: plan.decided_by,
            verified_at: plan.verified_at,
        }
    }
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "notice.html")]
pub struct NoticePage {
    #[serde(skip)]
    frame: Frame,
    notice: NoticeRow,
    summary_ko: String,
    summary_en: String,
    cves: Vec<String>,
    references: Vec<String>,
    reboot: bool,
    words: EngineersWords,
    hosts: Vec<HostRow>,
    deliveries: Vec<(String, &'static str, Option<Timestamp>)>,
    #[serde(skip)]
    may_decide: bool,
    #[serde(skip)]
    may_work: bool,
}

/// Risk of the change and how to apply it, in the engineer's words.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct EngineersWords {
    #[schema(schema_with = maybe::<{ WORDS_MAX }>)]
    risk_ko: String,
    #[schema(schema_with = maybe::<{ WORDS_MAX }>)]
    risk_en: String,
    #[schema(schema_with = maybe::<{ WORDS_MAX }>)]
    how_ko: String,
    #[schema(schema_with = maybe::<{ WORDS_MAX }>)]
    how_en: String,
}

pub async fn show(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Told<NoticePage> {
    let view = console.view(&caller);
    let (notice, _) = view.notice(id).await?;
    let is_staff = caller.may(Right::Staff);
    if !is_staff && notice.sent_at.is_none() {
        return Err(Refusal::NotFound);
    }
    let content: Content = serde_json::from_str(&notice.content)
        .map_err(|error| Refusal::broken("a stored notice", &error))?;
    let words = EngineersWords {
        risk_ko: notice.words.risk_ko.clone(),
        risk_en: notice.words.risk_en.clone(),
        how_ko: notice.words.how_ko.clone(),
        how_en: notice.words.how_en.clone(),
    };
    let hosts = hosts_of(&console, &notice).await?;
    let deliveries = if is_staff { deliveries(&console, id).await? } else { Vec::new() };
    let contracts = view.contracts_by_id().await?;
    let page = NoticePage {
        frame: Frame::of(&caller),
        summary_ko: content.summary.ko,
        summary_en: content.summary.en,
        cves: content.cves.into_iter().map(|cve| cve.id).collect(),
        references: content.references,
        reboot: content.reboot,
        words,
        hosts,
        deliveries,
        may_decide: caller.may(Right::Decide),
        may_work: caller.may(Right::Work),
        notice: NoticeRow::of(notice, &contracts),
    };
    show_page(&caller, &page)
}

async fn hosts_of(console: &Console, notice: &Notice) -> Result<Vec<HostRow>, Refusal> {
    let names: BTreeMap<Uuid, String> = console
        .store
        // One that was moved to another contract since is still named.
        .hosts(None)
        .await?
        .into_iter()
        .map(|host| (host.id, host.hostname))
        .collect();
    let plans = console.store.current_plans(Some(notice.id), Timestamp::UNIX_EPOCH).await?;
    let mut plans: BTreeMap<Uuid, Plan> = plans.into_iter().map(|plan| (plan.host, plan)).collect();
    let rows = console.store.notice_hosts(notice.id).await?.into_iter().map(|host| {
        let evidence: Evidence = serde_json::from_str(&host.evidence).unwrap_or_default();
        let package = |hit: carepack_advisories::matching::Hit| {
            (hit.name, hit.installed, hit.fixed.unwrap_or_default())
        };
        HostRow {
            id: host.host,
            name: names.get(&host.host).cloned().unwrap_or_default(),
            standing: host.standing.as_str(),
            packages: evidence.hits.into_iter().map(package).collect(),
            plan: plans.remove(&host.host).map(PlanRow::from),
        }
    });
    Ok(rows.collect())
}

async fn deliveries(
    console: &Console,
    notice: Uuid,
) -> Result<Vec<(String, &'static str, Option<Timestamp>)>, Refusal> {
    let mut rows = Vec::new();
    for delivery in console.store.deliveries_of(notice).await? {
        let Some(contact) = delivery.contact else { continue };
        let contact = console.store.contact(contact).await?;
        let email = contact.map(|contact| contact.email).unwrap_or_default();
        rows.push((email, delivery.state.as_str(), delivery.sent_at));
    }
    Ok(rows)
}

#[derive(Deserialize, ToSchema)]
pub struct Held {
    #[schema(value_type = Hold)]
    hold: String,
}

/// Holds a notice, lets it go, or puts it into the weekly digest.
pub async fn hold(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Filled(form): Filled<Held>,
) -> Told<Id> {
    let (notice, contract) = console.view(&caller).notice(id).await?;
    let hold = Hold::of(&form.hold);
    let hold = hold.ok_or_else(|| Refusal::malformed("refused.value", form.hold.clone()))?;
    console.store.hold_notice(id, hold).await?;
    let detail = Detail {
        customer: Some(contract.customer),
        before: serde_json::json!({"hold": notice.hold.as_str()}),
        after: serde_json::json!({"hold": form.hold}),
    };
    done(&caller, &format!("/notices/{id}"), &Id(id), detail)
}

/// Keeps the engineer's words.
pub async fn edit(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Filled(form): Filled<EngineersWords>,
) -> Told<Id> {
    let (_, contract) = console.view(&caller).notice(id).await?;
    let words = Words {
        risk_ko: optional("risk_ko", &form.risk_ko, WORDS_MAX)?,
        risk_en: optional("risk_en", &form.risk_en, WORDS_MAX)?,
        how_ko: optional("how_ko", &form.how_ko, WORDS_MAX)?,
        how_en: optional("how_en", &form.how_en, WORDS_MAX)?,
    };
    if !console.store.edit_notice(id, &words).await? {
        return Err(Refusal::NotFound);
    }
    let after = serde_json::to_value(&form).unwrap_or_default();
    let detail = Detail { customer: Some(contract.customer), after, ..Detail::default() };
    done(&caller, &format!("/notices/{id}"), &Id(id), detail)
}

/// What was agreed, for some hosts of a notice. Times are the contract's zone's.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Decided {
    #[schema(required, min_items = 1)]
    hosts: Vec<Uuid>,
    #[schema(value_type = Decision, required)]
    decision: String,
    /// Of the window: `2026-01-31T22:00`.
    from: String,
    until: String,
    /// Last day of waiting or of an accepted risk.
    date: String,
    reason: String,
    compensation: String,
    approver: String,
}

impl Decided {
    fn wish(&self, zone: &TimeZone) -> Result<Wish, Refusal> {
        let wrong = |what: &str| Refusal::malformed("refused.value", what);
        let decision = Decision::of(&self.decision).ok_or_else(|| wrong(&self.decision))?;
        let moment = |text: &str| time(text, zone).ok_or_else(|| wrong(text));
        let end = |text: &str| end_of(text, zone).ok_or_else(|| wrong(text));
        let until = match decision {
            Decision::Wait => end(&self.date)?,
            _ => moment(&self.until)?,
        };
        Ok(Wish {
            decision,
            window_from: moment(&self.from)?,
            window_until: until,
            reason: self.reason.clone(),
            compensation: self.compensation.clone(),
            approver: self.approver.clone(),
            expires_at: end(&self.date)?,
        })
    }
}

pub async fn decide(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Filled(form): Filled<Decided>,
) -> Told<Id> {
    let (notice, contract) = console.view(&caller).notice(id).await?;
    let zone = TimeZone::get(&contract.schedule.time_zone).unwrap_or(TimeZone::UTC);
    let wish = form.wish(&zone)?;
    if form.hosts.is_empty() {
        return Err(Refusal::malformed("refused.no_host", ""));
    }
    let wishes: Vec<_> = form.hosts.iter().map(|host| (*host, wish.clone())).collect();
    let by = format!("person:{}", caller.person.login);
    let decided = plans::decide(&console.store, &notice, &wishes, &by, Timestamp::now()).await;
    decided.map_err(|error| match error {
        PlanError::Store(error) => Refusal::from(error),
        PlanError::Overtaken => Refusal::conflict("refused.overtaken", ""),
        PlanError::NotOfNotice(_) => Refusal::NotFound,
        other => Refusal::malformed("refused.decision", other.to_string()),
    })?;
    let after = serde_json::to_value(&form).unwrap_or_default();
    let detail = Detail { customer: Some(contract.customer), after, ..Detail::default() };
    done(&caller, &format!("/notices/{id}"), &Id(id), detail)
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "plans.html")]
pub struct PlansPage {
    #[serde(skip)]
    frame: Frame,
    plans: Vec<(PlanRow, String, String)>,
}

/// Every plan in force or over, newest first.
pub async fn list_plans(State(console): State<Console>, caller: Caller) -> Told<PlansPage> {
    let view = console.view(&caller);
    let names: BTreeMap<Uuid, String> =
        view.hosts(None).await?.into_iter().map(|host| (host.id, host.hostname)).collect();
    let since = Timestamp::now() - SINCE;
    let advisories: BTreeMap<Uuid, String> =
        view.notices(since).await?.into_iter().map(|n| (n.id, n.advisory)).collect();
    let mut plans: Vec<Plan> = console.store.current_plans(None, since).await?;
    plans.retain(|plan| advisories.contains_key(&plan.notice));
    plans.sort_by_key(|plan| std::cmp::Reverse(plan.decided_at));
    let row = |plan: Plan| {
        let host = names.get(&plan.host).cloned().unwrap_or_default();
        let advisory = advisories.get(&plan.notice).cloned().unwrap_or_default();
        (PlanRow::from(plan), advisory, host)
    };
    let plans = plans.into_iter().map(row).collect();
    show_page(&caller, &PlansPage { frame: Frame::of(&caller), plans })
}
