//! Findings across hosts: which rules fail where, newest inspections only.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::hosts;
use crate::console::Console;
use crate::console::access::Caller;
use crate::console::frame::Frame;
use crate::console::input::Asked;
use crate::console::page::{Answer, show as show_page};
use crate::store::Failing;

/// Failing findings read at once: 10,000 hosts with 50 each.
const ROWS_MAX: u32 = 500_000;
/// Hosts listed below one rule.
const HOSTS_MAX: usize = 500;

#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
pub struct Filter {
    rule: String,
    /// Part of a title or of a rule's id.
    q: String,
    area: String,
    level: String,
    verdict: String,
}

#[derive(Serialize)]
struct RuleRow {
    rule: String,
    area: String,
    level: String,
    title_ko: String,
    title_en: String,
    danger: usize,
    attention: usize,
    unknown: usize,
    excepted: usize,
}

#[derive(Serialize)]
struct Where {
    host: Uuid,
    name: String,
    customer: String,
    verdict: String,
    standing: String,
}

#[derive(Template, Serialize)]
#[template(path = "findings.html")]
struct FindingsPage {
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
    fn keeps(&self, row: &Failing) -> bool {
        let wanted = self.q.trim().to_lowercase();
        let named = wanted.is_empty()
            || [&row.rule, &row.title_ko, &row.title_en]
                .iter()
                .any(|text| text.to_lowercase().contains(&wanted));
        let is = |filter: &str, value: &str| filter.is_empty() || filter == value;
        named
            && is(&self.area, &row.area)
            && is(&self.level, &row.level)
            && is(&self.verdict, &row.verdict)
    }
}

pub async fn list(
    State(console): State<Console>,
    caller: Caller,
    Asked(filter): Asked<Filter>,
) -> Answer {
    let seen: BTreeMap<Uuid, (String, String)> = hosts::rows(&console, &caller, Timestamp::now())
        .await?
        .into_iter()
        .filter(|host| !host.retired)
        .map(|host| (host.id, (host.name, host.customer_name)))
        .collect();
    let rule = Some(filter.rule.as_str()).filter(|rule| !rule.is_empty());
    let mut rows = console.store.failing(None, rule, ROWS_MAX).await?;
    rows.retain(|row| seen.contains_key(&row.host) && filter.keeps(row));
    let hosts = if rule.is_some() { places(&rows, &seen) } else { Vec::new() };
    let page = FindingsPage {
        frame: Frame::of(&caller),
        filter,
        rules: by_rule(rows),
        hosts,
        areas: hosts::AREAS,
        levels: ["critical", "important", "moderate", "low"],
    };
    show_page(&caller, &page)
}

fn places(rows: &[Failing], seen: &BTreeMap<Uuid, (String, String)>) -> Vec<Where> {
    let place = |row: &Failing| {
        let (name, customer) = seen.get(&row.host)?.clone();
        let (verdict, standing) = (row.verdict.clone(), row.standing.clone());
        Some(Where { host: row.host, name, customer, verdict, standing })
    };
    rows.iter().filter_map(place).take(HOSTS_MAX).collect()
}

/// Rows come in order of rule; the worst rules go first.
fn by_rule(rows: Vec<Failing>) -> Vec<RuleRow> {
    let mut rules: Vec<RuleRow> = Vec::new();
    for row in rows {
        if rules.last().is_none_or(|last| last.rule != row.rule) {
            rules.push(RuleRow {
                rule: row.rule,
                area: row.area,
                level: row.level,
                title_ko: row.title_ko,
                title_en: row.title_en,
                danger: 0,
                attention: 0,
                unknown: 0,
                excepted: 0,
            });
        }
        let Some(last) = rules.last_mut() else { continue };
        match row.verdict.as_str() {
            "danger" => last.danger += 1,
            "attention" => last.attention += 1,
            "excepted" => last.excepted += 1,
            _ => last.unknown += 1,
        }
    }
    rules.sort_by(|a, b| {
        (b.danger, b.attention, b.unknown).cmp(&(a.danger, a.attention, a.unknown))
    });
    rules
}
