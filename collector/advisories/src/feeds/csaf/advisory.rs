//! An advisory's own document.

use super::super::rows::Rows;
use super::super::{Fault, SUMMARY_CHARS_MAX, TITLE_CHARS_MAX, words};
use super::document::{Document, Head};
use super::products::{Products, Target};
use super::{Advisory, Csaf, Severity};
use crate::model::{Kind, Text};

pub(super) fn read(document: &Document<'_>, id: &str, products: &Products<'_>, csaf: &mut Csaf) {
    let head = &document.document;
    let faults = &mut csaf.reading.faults;
    let mut fixes = Rows::default();
    let mut cves = Vec::new();
    let (mut reboot, mut restart) = (false, false);
    let mut worst = Severity::None;
    let mut seen = std::collections::HashSet::new();
    for told in &document.vulnerabilities {
        let statuses = &told.product_status;
        for product in statuses.fixed.iter().chain(&statuses.first_fixed) {
            csaf.counts.fixed += 1;
            // Each vulnerability repeats the list of the others.
            if !seen.insert(product.as_str()) {
                continue;
            }
            match products.target(product.as_str()) {
                Target::Package { cpe, module, package } => match &package.evr {
                    Some(evr) => fixes.add(cpe, module, evr.clone(), package.labelled()),
                    None => faults.add(Fault::Package, product.as_str()),
                },
                Target::Other => csaf.counts.others += 1,
                Target::Unknown(fault) => faults.add(fault, product.as_str()),
            }
        }
        csaf.counts.known_not_affected += statuses.known_not_affected.len();
        csaf.counts.known_affected += statuses.known_affected.len();
        csaf.counts.under_investigation += statuses.under_investigation.len();
        worst = worst.max(super::impact(told));
        cves.extend(super::cve(told, faults));
        for remediation in told.remediations.iter().filter(|r| r.category.as_str() == "vendor_fix")
        {
            let (boot, start) = super::afterwards(remediation);
            reboot |= boot;
            restart |= start;
        }
    }
    let stated = head.aggregate_severity.as_ref().map(|word| Severity::of(word.text.as_str()));
    let (current, initial) =
        (head.tracking.current_release_date.as_str(), head.tracking.initial_release_date.as_str());
    cves.sort();
    cves.dedup_by(|a, b| a.id == b.id);
    csaf.reading.advisories.push(Advisory {
        id: id.to_owned(),
        kind: words::kind_of(id).unwrap_or(Kind::Security),
        severity: stated.filter(|stated| *stated != Severity::None).unwrap_or(worst),
        title: Text { en: title(head.title.as_str()), ko: String::new() },
        summary: Text { en: summary(document), ko: String::new() },
        published: words::dated(&[initial, current], id, faults),
        updated: words::dated(&[current, initial], id, faults),
        cves,
        reboot,
        restart,
        references: references(head),
        fixes: fixes.into_fixes(),
        ranges: Vec::new(),
        feeds: Vec::new(),
    });
}

/// `Red Hat Security Advisory: sudo security update` without what every title begins with.
fn title(text: &str) -> String {
    let text = match text.split_once(": ") {
        Some((head, rest)) if head.starts_with("Red Hat") && head.ends_with("Advisory") => rest,
        _ => text,
    };
    words::prose(text, TITLE_CHARS_MAX)
}

/// The first paragraph of the topic, then a line for each vulnerability: the further paragraphs
/// explain what a CVSS score is.
fn summary(document: &Document<'_>) -> String {
    let notes = &document.document.notes;
    let topic = notes.iter().find(|note| note.category.as_str() == "summary");
    let topic = topic.map_or("", |note| note.text.as_str());
    let mut text = topic.trim().split("\n\n").next().unwrap_or_default().replace('\n', " ");
    for told in &document.vulnerabilities {
        let title = told.title.as_ref().map_or("", |title| title.as_str()).trim();
        let cve = told.cve.as_ref().map_or("", |cve| cve.as_str());
        if !title.is_empty() && text.len() < SUMMARY_CHARS_MAX {
            text.push_str(if text.is_empty() { "" } else { "\n" });
            text.push_str(&format!("* {title}"));
            if !title.contains(cve) {
                text.push_str(&format!(" ({cve})"));
            }
        }
    }
    words::prose(&text, SUMMARY_CHARS_MAX)
}

fn references(head: &Head<'_>) -> Vec<String> {
    let mut references = Vec::new();
    for reference in &head.references {
        let url = reference.url.as_str();
        // A bug of each vulnerability, and the same page on what the ratings mean, tell nothing.
        if !url.contains("bugzilla") && !url.contains("/updates/classification") {
            words::add_reference(&mut references, url);
        }
    }
    references
}
