//! What an assessment said of each host, in rows: lists and filters never read assessments.
//!
//! Scores are kept for every inspection, failing findings for a contract's newest one.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::value::{Row, Step, values};
use super::{FromRow, Store, StoreError, queries};

/// One host in one inspection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostResult {
    pub inspection: Uuid,
    pub host: Uuid,
    pub period: String,
    /// Effective, ‰; none under 600 ‰ of coverage, and for a host that did not answer.
    pub score: Option<u16>,
    /// ‰
    pub coverage: u16,
    /// 잠정
    pub provisional: bool,
    pub answered: bool,
    pub danger: u32,
    pub attention: u32,
    pub unknown: u32,
    pub excepted: u32,
    pub pass: u32,
    /// Area → effective score, ‰.
    pub areas: BTreeMap<String, u16>,
    /// The host's own page in the object store.
    pub page_key: String,
}

impl FromRow for HostResult {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let areas: String = row.get("areas")?;
        let areas = serde_json::from_str(&areas);
        Ok(Self {
            inspection: row.get("inspection")?,
            host: row.get("host")?,
            period: row.get("period")?,
            score: row.get("score")?,
            coverage: row.get("coverage")?,
            provisional: row.get("provisional")?,
            answered: row.get("answered")?,
            danger: row.get("danger")?,
            attention: row.get("attention")?,
            unknown: row.get("unknown")?,
            excepted: row.get("excepted")?,
            pass: row.get("pass")?,
            areas: areas.map_err(|_| StoreError::Shape { column: "areas" })?,
            page_key: row.get("page_key")?,
        })
    }
}

/// A finding that is not a pass, on one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    pub inspection: Uuid,
    pub host: Uuid,
    pub rule: String,
    /// In the assessment's words: `security`, `important`, `danger`, `new`; standing may be empty.
    pub area: String,
    pub level: String,
    pub verdict: String,
    pub standing: String,
    pub title_ko: String,
    pub title_en: String,
}

impl FromRow for Failing {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            inspection: row.get("inspection")?,
            host: row.get("host")?,
            rule: row.get("rule")?,
            area: row.get("area")?,
            level: row.get("level")?,
            verdict: row.get("verdict")?,
            standing: row.get("standing")?,
            title_ko: row.get("title_ko")?,
            title_en: row.get("title_en")?,
        })
    }
}

/// A rule that fails somewhere, counted over hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailingRule {
    pub rule: String,
    pub area: String,
    /// 1 critical, 2 important, 3 moderate, 4 low: the highest of any host.
    pub severity: u8,
    pub title_ko: String,
    pub title_en: String,
    /// Hosts by verdict.
    pub danger: u32,
    pub attention: u32,
    pub unknown: u32,
    pub excepted: u32,
}

impl FailingRule {
    /// Levels in the order of severity.
    pub const LEVELS: [&str; 4] = ["critical", "important", "moderate", "low"];

    /// The word of its severity.
    #[must_use]
    pub fn level(&self) -> &'static str {
        let at = usize::from(self.severity).saturating_sub(1);
        Self::LEVELS[at.min(Self::LEVELS.len() - 1)]
    }

    /// Counts rows by rule.
    fn count(rows: &[Failing]) -> Vec<Self> {
        let mut rules: BTreeMap<&str, Self> = BTreeMap::new();
        for row in rows {
            let rule = rules.entry(&row.rule).or_insert_with(|| Self {
                rule: row.rule.clone(),
                area: row.area.clone(),
                severity: 4,
                title_ko: row.title_ko.clone(),
                title_en: row.title_en.clone(),
                ..Self::default()
            });
            let level = Self::LEVELS.iter().zip(1..).find(|(word, _)| **word == row.level);
            rule.severity = rule.severity.min(level.map_or(4, |(_, severity)| severity));
            match row.verdict.as_str() {
                "danger" => rule.danger += 1,
                "attention" => rule.attention += 1,
                "excepted" => rule.excepted += 1,
                _ => rule.unknown += 1,
            }
        }
        rules.into_values().collect()
    }

    fn step(&self, contract: Uuid) -> Step {
        let params = values![
            contract,
            &self.rule,
            &self.area,
            i64::from(self.severity),
            &self.title_ko,
            &self.title_en,
            i64::from(self.danger),
            i64::from(self.attention),
            i64::from(self.unknown),
            i64::from(self.excepted),
        ];
        Step::one(queries::FAILING_RULES_ADD, params)
    }
}

impl FromRow for FailingRule {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            rule: row.get("rule")?,
            area: row.get("area")?,
            severity: row.get("severity")?,
            title_ko: row.get("title_ko")?,
            title_en: row.get("title_en")?,
            danger: row.get("danger")?,
            attention: row.get("attention")?,
            unknown: row.get("unknown")?,
            excepted: row.get("excepted")?,
        })
    }
}

/// A day that a rule watches on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostDate {
    pub inspection: Uuid,
    pub host: Uuid,
    pub rule: String,
    /// `ends` (of support, of a certificate) or `capacity`.
    pub kind: &'static str,
    pub at: Timestamp,
    /// Whose day it is: `rhel 8`, `/var`.
    pub what: String,
    pub title_ko: String,
    pub title_en: String,
}

impl HostDate {
    fn step(&self) -> Step {
        let params = values![
            self.inspection,
            self.host,
            &self.rule,
            self.kind,
            self.at,
            &self.what,
            &self.title_ko,
            &self.title_en,
        ];
        Step::one(queries::HOST_DATES_ADD, params)
    }
}

/// A day of a host that is in service, with its name and contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComingDate {
    pub host: Uuid,
    pub hostname: String,
    pub contract: Uuid,
    pub rule: String,
    /// `ends` or `capacity`.
    pub kind: String,
    pub at: Timestamp,
    pub what: String,
    pub title_ko: String,
    pub title_en: String,
}

impl FromRow for ComingDate {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            host: row.get("host")?,
            hostname: row.get("hostname")?,
            contract: row.get("contract")?,
            rule: row.get("rule")?,
            kind: row.get("kind")?,
            at: row.get("at")?,
            what: row.get("what")?,
            title_ko: row.get("title_ko")?,
            title_en: row.get("title_en")?,
        })
    }
}

/// What is kept of a contract's newest inspection only.
#[derive(Clone, Copy, Debug)]
pub struct Newest<'r> {
    pub contract: Uuid,
    pub failing: &'r [Failing],
    pub dates: &'r [HostDate],
}

fn result_step(result: &HostResult) -> Step {
    let areas = serde_json::to_string(&result.areas).unwrap_or_default();
    let params = values![
        result.inspection,
        result.host,
        &result.period,
        result.score.map(i64::from),
        i64::from(result.coverage),
        result.provisional,
        result.answered,
        i64::from(result.danger),
        i64::from(result.attention),
        i64::from(result.unknown),
        i64::from(result.excepted),
        i64::from(result.pass),
        areas,
        &result.page_key,
    ];
    Step::one(queries::HOST_RESULTS_ADD, params)
}

fn failing_step(row: &Failing) -> Step {
    let params = values![
        row.inspection,
        row.host,
        &row.rule,
        &row.area,
        &row.level,
        &row.verdict,
        &row.standing,
        &row.title_ko,
        &row.title_en,
    ];
    Step::one(queries::FAILING_ADD, params)
}

impl Store {
    /// Keeps an inspection's results in place of those it had. `newest` is given for a contract's
    /// newest inspection only, and replaces the contract's.
    pub async fn put_results(
        &self,
        inspection: Uuid,
        results: &[HostResult],
        newest: Option<Newest<'_>>,
    ) -> Result<(), StoreError> {
        let mut steps = vec![Step::any(queries::HOST_RESULTS_CLEAR, values![inspection])];
        steps.extend(results.iter().map(result_step));
        if let Some(Newest { contract, failing, dates }) = newest {
            steps.push(Step::any(queries::HOST_DATES_CLEAR, values![contract]));
            steps.extend(dates.iter().map(HostDate::step));
            steps.push(Step::any(queries::FAILING_CLEAR, values![contract]));
            steps.extend(failing.iter().map(failing_step));
            steps.push(Step::any(queries::FAILING_RULES_CLEAR, values![contract]));
            steps.extend(FailingRule::count(failing).iter().map(|rule| rule.step(contract)));
        }
        self.apply(steps).await.map(|_| ())
    }

    /// Of one inspection.
    pub async fn results(&self, inspection: Uuid) -> Result<Vec<HostResult>, StoreError> {
        self.list(queries::HOST_RESULTS_LIST, values![inspection]).await
    }

    /// A host's, newest period first, at most `limit`.
    pub async fn results_of_host(
        &self,
        host: Uuid,
        limit: u32,
    ) -> Result<Vec<HostResult>, StoreError> {
        self.list(queries::HOST_RESULTS_OF_HOST, values![host, i64::from(limit)]).await
    }

    /// Every host's newest.
    pub async fn latest_results(&self) -> Result<Vec<HostResult>, StoreError> {
        self.list(queries::HOST_RESULTS_LATEST, values![]).await
    }

    /// Days between two moments on hosts in service, in their order, at most `limit`.
    pub async fn coming_dates(
        &self,
        (from, until): (Timestamp, Timestamp),
        limit: u32,
    ) -> Result<Vec<ComingDate>, StoreError> {
        self.list(queries::HOST_DATES_LIST, values![from, until, i64::from(limit)]).await
    }

    /// Of one host or one rule, or all, at most `limit`.
    pub async fn failing(
        &self,
        host: Option<Uuid>,
        rule: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Failing>, StoreError> {
        self.list(queries::FAILING_LIST, values![host, rule, i64::from(limit)]).await
    }

    /// Rules that fail somewhere, by rule, at most `limit`; of some customers or of all.
    pub async fn failing_rules(
        &self,
        customers: Option<&[Uuid]>,
        limit: u32,
    ) -> Result<Vec<FailingRule>, StoreError> {
        let scope = customers.map(|ids| serde_json::to_string(ids).unwrap_or_default());
        self.list(queries::FAILING_RULES_LIST, values![scope, i64::from(limit)]).await
    }
}
