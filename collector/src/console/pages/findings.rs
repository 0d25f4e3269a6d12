//! Findings across hosts: which rules fail where, newest inspections only.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::hosts;
use crate::console::Console;
use crate::console::access::Caller;
use crate::console::frame::Frame;
use crate::console::input::Asked;
use crate::console::page::{Refusal, Told, show as show_page};
use crate::store::{Failing, FailingRule};

/// Failing findings of one rule that are read.
const ROWS_MAX: u32 = 20_000;
/// Hosts listed below one rule.
const HOSTS_MAX: usize = 500;

#[derive(Deserialize, Serialize, Default, ToSchema)]
#[serde(default)]
#[schema(as = FindingFilter)]
pub struct Filter {
    rule: String,
    /// Part of a title or of a rule's id.
    q: String,
    area: String,
    level: String,
    verdict: String,
}

#[derive(Serialize, ToSchema)]
struct RuleRow {
    rule: String,
    area: String,
    level: &'static str,
    title_ko: String,
    title_en: String,
    danger: u32,
    attention: u32,
    unknown: u32,
    excepted: u32,
}

impl From<FailingRule> for RuleRow {
    fn from(row: FailingRule) -> Self {
        Self {
            level: row.level(),
            rule: row.rule,
            area: row.area,
            title_ko: row.title_ko,
            title_en: row.title_en,
            danger: row.danger,
            attention: row.attention,
            unknown: row.unknown,
            excepted: row.excepted,
        }
    }
}

#[derive(Serialize, ToSchema)]
struct Where {
    host: Uuid,
    name: String,
    customer: String,
    verdict: String,
    standing: String,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "findings.html")]
pub struct FindingsPage {
    #[serde(skip)]
    frame: Frame,
    filter: Filter,
    rules: Vec<RuleRow>,
    /// Of one rule: the hosts.
    hosts: Vec<Where>,
    #[serde(skip)]
    areas: [&'static str; 5],
    #[serde(skip)]
    levels: [&'static str; 4],
}

impl Filter {
    fn keeps(&self, row: &RuleRow) -> bool {
        let wanted = self.q.trim().to_lowercase();
        let named = wanted.is_empty()
            || [&row.rule, &row.title_ko, &row.title_en]
                .iter()
                .any(|text| text.to_lowercase().contains(&wanted));
        let is = |filter: &str, value: &str| filter.is_empty() || filter == value;
        let found = match self.verdict.as_str() {
            "danger" => row.danger,
            "attention" => row.attention,
            "unknown" => row.unknown,
            "excepted" => row.excepted,
            _ => 1,
        };
        named
            && found > 0
            && is(&self.rule, &row.rule)
            && is(&self.area, &row.area)
            && is(&self.level, row.level)
    }
}

pub async fn list(
    State(console): State<Console>,
    caller: Caller,
    Asked(filter): Asked<Filter>,
) -> Told<FindingsPage> {
    let rules = console.view(&caller).failing_rules().await?;
    let mut rules: Vec<RuleRow> = rules.into_iter().map(RuleRow::from).collect();
    rules.retain(|row| filter.keeps(row));
    // The worst rules go first.
    rules.sort_by(|a, b| {
        (b.danger, b.attention, b.unknown).cmp(&(a.danger, a.attention, a.unknown))
    });
    let hosts = match filter.rule.as_str() {
        "" => Vec::new(),
        rule => places(&console, &caller, rule, &filter.verdict).await?,
    };
    let page = FindingsPage {
        frame: Frame::of(&caller),
        filter,
        rules,
        hosts,
        areas: hosts::AREAS,
        levels: FailingRule::LEVELS,
    };
    show_page(&caller, &page)
}

/// Where a rule fails, among the hosts that are seen.
async fn places(
    console: &Console,
    caller: &Caller,
    rule: &str,
    verdict: &str,
) -> Result<Vec<Where>, Refusal> {
    let hosts = hosts::rows(console, caller, Timestamp::now()).await?;
    let mut seen: BTreeMap<Uuid, (String, String)> =
        hosts.into_iter().map(|host| (host.id, (host.name, host.customer_name))).collect();
    let rows = console.store.failing(None, Some(rule), ROWS_MAX).await?;
    let place = |row: Failing| {
        let (name, customer) = seen.remove(&row.host)?;
        let (verdict, standing) = (row.verdict, row.standing);
        Some(Where { host: row.host, name, customer, verdict, standing })
    };
    let wanted = |row: &Failing| verdict.is_empty() || row.verdict == verdict;
    Ok(rows.into_iter().filter(wanted).filter_map(place).take(HOSTS_MAX).collect())
}
