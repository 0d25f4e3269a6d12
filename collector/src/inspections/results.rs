//! An assessment taken apart for those who list and look: a row a host, a row a failing finding,
//! and each host's page as an object of its own, so that nobody reads a contract to see one host.

use std::collections::BTreeMap;

use carepack_assessment::Assessment;
use carepack_assessment::model::{Dated, Finding, HostAssessment, Standing, Verdict};
use carepack_assessment::rule::Kind;
use uuid::Uuid;

use super::{InspectionError, Inspector, archive};
use crate::objects::Objects;
use crate::store::{Failing, HostDate, HostResult, Inspection, Newest};

/// Keeps what an inspection's assessment says of each host.
///
/// # Errors
/// [`InspectionError`] when a page or a row cannot be written.
pub async fn keep(
    inspector: &Inspector,
    inspection: &Inspection,
    assessment: &Assessment,
) -> Result<(), InspectionError> {
    let mut results = Vec::with_capacity(assessment.hosts.len());
    let (mut failing, mut dates) = (Vec::new(), Vec::new());
    for page in &assessment.hosts {
        let Ok(host) = page.host.id.parse::<Uuid>() else { continue };
        let key = write_page(&inspector.objects, inspection.id, page).await?;
        results.push(result(inspection, host, page, key));
        failing.extend(failing_of(inspection.id, host, &page.findings));
        dates.extend(dates_of(inspection.id, host, &page.findings));
    }
    let all = inspector.store.inspections(Some(inspection.contract)).await?;
    let newer = |other: &Inspection| {
        other.assessment_key.is_some() && other.period.as_str() > inspection.period.as_str()
    };
    let newest = (!all.iter().any(newer)).then_some(Newest {
        contract: inspection.contract,
        failing: &failing,
        dates: &dates,
    });
    Ok(inspector.store.put_results(inspection.id, &results, newest).await?)
}

/// A host's page as it was assessed.
///
/// # Errors
/// [`InspectionError`] when it is gone or damaged.
pub async fn page(
    objects: &Objects,
    result: &HostResult,
) -> Result<HostAssessment, InspectionError> {
    archive::read_json(objects, &result.page_key).await
}

async fn write_page(
    objects: &Objects,
    inspection: Uuid,
    page: &HostAssessment,
) -> Result<String, InspectionError> {
    archive::write_json(objects, &format!("pages/{inspection}"), page).await
}

fn result(inspection: &Inspection, host: Uuid, page: &HostAssessment, key: String) -> HostResult {
    let count = |verdict| {
        let found = page.findings.iter().filter(|finding| finding.verdict == verdict).count();
        u32::try_from(found).unwrap_or(u32::MAX)
    };
    let areas: BTreeMap<String, u16> = page
        .score
        .areas
        .iter()
        .filter_map(|area| Some((area.area.as_str().to_owned(), area.effective?)))
        .collect();
    HostResult {
        inspection: inspection.id,
        host,
        period: inspection.period.clone(),
        score: page.score.effective,
        coverage: page.score.coverage,
        provisional: page.score.provisional,
        answered: page.snapshot.is_some(),
        danger: count(Verdict::Danger),
        attention: count(Verdict::Attention),
        unknown: count(Verdict::Unknown),
        excepted: count(Verdict::Excepted),
        pass: count(Verdict::Pass),
        areas,
        page_key: key,
    }
}

fn failing_of(inspection: Uuid, host: Uuid, findings: &[Finding]) -> Vec<Failing> {
    let fails =
        |finding: &&Finding| !matches!(finding.verdict, Verdict::Pass | Verdict::NotApplicable);
    let mut rows: Vec<Failing> = findings
        .iter()
        .filter(fails)
        .map(|finding| Failing {
            inspection,
            host,
            rule: finding.rule.clone(),
            area: finding.area.as_str().to_owned(),
            level: finding.level.as_str().to_owned(),
            verdict: finding.verdict.as_str().to_owned(),
            standing: finding.standing.map_or("", Standing::as_str).to_owned(),
            title_ko: finding.ko.title.clone(),
            title_en: finding.en.title.clone(),
        })
        .collect();
    // A rule stands once in a host's rows, whatever the pack does.
    rows.sort_by(|a, b| a.rule.cmp(&b.rule));
    rows.dedup_by(|a, b| a.rule == b.rule);
    rows
}

/// The days that a host's rules watch, each once.
fn dates_of(inspection: Uuid, host: Uuid, findings: &[Finding]) -> Vec<HostDate> {
    let of = |finding: &Finding| {
        let kind = if finding.kind == Kind::Capacity.as_str() { "capacity" } else { "ends" };
        let one = |dated: &Dated| HostDate {
            inspection,
            host,
            rule: finding.rule.clone(),
            kind,
            at: dated.at,
            what: dated.what.clone(),
            title_ko: finding.ko.title.clone(),
            title_en: finding.en.title.clone(),
        };
        finding.dates.iter().map(one).collect::<Vec<_>>()
    };
    let mut dates: Vec<HostDate> = findings.iter().flat_map(of).collect();
    let key = |date: &HostDate| (date.rule.clone(), date.at, date.what.clone());
    dates.sort_by_cached_key(key);
    dates.dedup_by_key(|date| key(date));
    dates
}
