//! A CVE's own file: where it is open, and which advisories fix it.

use std::collections::{BTreeMap, HashMap};

use super::super::rows::Rows;
use super::super::{TITLE_CHARS_MAX, words};
use super::document::{Document, Remediation, Str, Vulnerability as Told};
use super::products::{Products, Target};
use super::{Advisory, Csaf, Severity, Status, Vulnerability};
use crate::model::{Cve, Kind, Text};

/// Where the advisory of a fix is named.
const ERRATA: &str = "/errata/";

pub(super) fn read(document: &Document<'_>, id: &str, products: &Products<'_>, csaf: &mut Csaf) {
    let tracking = &document.document.tracking;
    let (current, initial) =
        (tracking.current_release_date.as_str(), tracking.initial_release_date.as_str());
    for told in &document.vulnerabilities {
        let faults = &mut csaf.reading.faults;
        let cve = super::cve(told, faults)
            .unwrap_or_else(|| Cve { id: words::cve(id).unwrap_or_default(), ..Cve::default() });
        let stated = document.document.aggregate_severity.as_ref();
        let stated = stated.map_or(Severity::None, |word| Severity::of(word.text.as_str()));
        let severity = Some(super::impact(told)).filter(|s| *s != Severity::None).unwrap_or(stated);
        let title = told.title.as_ref().unwrap_or(&document.document.title);
        let title = words::prose(title.as_str(), TITLE_CHARS_MAX);
        let updated = words::dated(&[current, initial], id, faults);
        let published = words::moment(initial).unwrap_or(updated);
        let states = states(told, products, csaf);
        let about = About { cve: &cve, severity, title: &title };
        advisories(told, products, &about, csaf);
        csaf.reading.vulnerabilities.push(Vulnerability {
            cve,
            severity,
            title,
            published,
            updated,
            states,
            feeds: Vec::new(),
        });
    }
}

/// Packages without a fix, by what becomes of them.
fn states(told: &Told<'_>, products: &Products<'_>, csaf: &mut Csaf) -> Vec<crate::model::State> {
    let mut reasons = HashMap::<&str, Status>::new();
    for remediation in &told.remediations {
        let Some(status) = super::reason(remediation) else { continue };
        let count = match status {
            Status::FixDeferred => &mut csaf.counts.fix_deferred,
            Status::WillNotFix => &mut csaf.counts.will_not_fix,
            Status::OutOfSupport => &mut csaf.counts.out_of_support,
            Status::Affected | Status::UnderInvestigation | Status::NotAffected => {
                &mut csaf.counts.affected
            }
        };
        *count += remediation.product_ids.len();
        for product in &remediation.product_ids {
            let reason = reasons.entry(product.as_str()).or_insert(status);
            *reason = status.max(*reason);
        }
    }
    let lists = &told.product_status;
    csaf.counts.known_affected += lists.known_affected.len();
    csaf.counts.known_not_affected += lists.known_not_affected.len();
    csaf.counts.under_investigation += lists.under_investigation.len();
    let mut rows = Rows::default();
    let mut add = |list: &[Str<'_>], status: &dyn Fn(&str) -> Status| {
        for product in list {
            match products.target(product.as_str()) {
                Target::Package { cpe, module, package } => {
                    rows.add(cpe, module, status(product.as_str()), package.name.clone());
                }
                Target::Other => csaf.counts.others += 1,
                Target::Unknown(fault) => csaf.reading.faults.add(fault, product.as_str()),
            }
        }
    };
    let reason = |id: &str| reasons.get(id).copied().unwrap_or(Status::Affected);
    add(&lists.known_affected, &reason);
    add(&lists.under_investigation, &|_| Status::UnderInvestigation);
    add(&lists.known_not_affected, &|_| Status::NotAffected);
    rows.into_states()
}

/// What a partial advisory tells of its vulnerability.
struct About<'a> {
    cve: &'a Cve,
    severity: Severity,
    title: &'a str,
}

/// The fixes of one advisory, as far as this CVE goes.
#[derive(Default)]
struct Part<'a> {
    fixes: Rows<String>,
    date: &'a str,
    url: &'a str,
    reboot: bool,
    restart: bool,
}

fn advisories(told: &Told<'_>, products: &Products<'_>, about: &About<'_>, csaf: &mut Csaf) {
    let lists = &told.product_status;
    csaf.counts.fixed += lists.fixed.len() + lists.first_fixed.len();
    let open = super::Open::of(told);
    let mut parts = BTreeMap::<&str, Part<'_>>::new();
    for remediation in told.remediations.iter().filter(|r| r.category.as_str() == "vendor_fix") {
        let Some(id) = advisory_of(remediation) else {
            // A fix outside of packages ("update to the latest version") has no page of errata.
            continue;
        };
        let part = parts.entry(id).or_default();
        let (reboot, restart) = super::afterwards(remediation);
        part.reboot |= reboot;
        part.restart |= restart;
        part.date = part.date.max(remediation.date.as_str());
        part.url = remediation.url.as_str();
        for product in open.fixed(remediation) {
            super::add_fix(products, product, &mut part.fixes, csaf);
        }
    }
    for (id, part) in parts.into_iter().filter(|(_, part)| !part.fixes.is_empty()) {
        let at = words::dated(&[part.date], id, &mut csaf.reading.faults);
        let mut references = Vec::new();
        words::add_reference(&mut references, part.url);
        csaf.reading.advisories.push(Advisory {
            id: id.to_owned(),
            kind: words::kind_of(id).unwrap_or(Kind::Security),
            severity: about.severity,
            title: Text { en: format!("{}: {}", about.cve.id, about.title), ko: String::new() },
            summary: Text::default(),
            published: at,
            updated: at,
            cves: vec![about.cve.clone()],
            reboot: part.reboot,
            restart: part.restart,
            references,
            fixes: part.fixes.into_fixes(),
            ranges: Vec::new(),
            feeds: Vec::new(),
        });
    }
}

/// `https://access.redhat.com/errata/RHSA-2024:0811` → the id at its end.
fn advisory_of<'a>(remediation: &'a Remediation<'_>) -> Option<&'a str> {
    let (_, id) = remediation.url.as_str().rsplit_once(ERRATA)?;
    let id = words::id(id)?;
    id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":-_".contains(&byte)).then_some(id)
}
