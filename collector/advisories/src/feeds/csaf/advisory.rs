//! An advisory's own document.

use std::collections::HashSet;

use super::super::rows::Rows;
use super::super::{SUMMARY_CHARS_MAX, TITLE_CHARS_MAX, words};
use super::document::{Document, Head, Str};
use super::products::Products;
use super::{Advisory, Csaf, Severity};
use crate::model::{Kind, Text};

pub(super) fn read(document: &Document<'_>, id: &str, products: &Products<'_>, csaf: &mut Csaf) {
    let head = &document.document;
    let mut fixes = Rows::default();
    let mut cves = Vec::new();
    let (mut reboot, mut restart) = (false, false);
    let mut worst = Severity::None;
    let mut seen = HashSet::new();
    for told in &document.vulnerabilities {
        let lists = &told.product_status;
        csaf.counts.fixed += lists.fixed.len() + lists.first_fixed.len();
        csaf.counts.known_not_affected += lists.known_not_affected.len();
        csaf.counts.known_affected += lists.known_affected.len();
        csaf.counts.under_investigation += lists.under_investigation.len();
        // Each vulnerability repeats the products of the others.
        for product in lists.fixed.iter().chain(&lists.first_fixed).map(Str::as_str) {
            if seen.insert(product) {
                super::add_fix(products, product, &mut fixes, csaf);
            }
        }
        let open = super::Open::of(told);
        for remediation in told.remediations.iter().filter(|r| r.category.as_str() == "vendor_fix")
        {
            let (boot, start) = super::afterwards(remediation);
            reboot |= boot;
            restart |= start;
            for product in open.fixed(remediation) {
                if seen.insert(product) {
                    super::add_fix(products, product, &mut fixes, csaf);
                }
            }
        }
        worst = worst.max(super::impact(told));
        cves.extend(super::cve(told, &mut csaf.reading.faults));
    }
    let stated = head.aggregate_severity.as_ref().map(|word| Severity::of(word.text.as_str()));
    let (current, initial) =
        (head.tracking.current_release_date.as_str(), head.tracking.initial_release_date.as_str());
    let updated = words::dated(&[current, initial], id, &mut csaf.reading.faults);
    cves.sort();
    cves.dedup_by(|a, b| a.id == b.id);
    csaf.reading.advisories.push(Advisory {
        id: id.to_owned(),
        kind: words::kind_of(id).unwrap_or(Kind::Security),
        severity: stated.filter(|stated| *stated != Severity::None).unwrap_or(worst),
        title: Text { en: title(head.title.as_str()), ko: String::new() },
        summary: Text { en: summary(document), ko: String::new() },
        published: words::moment(initial).unwrap_or(updated),
        updated,
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
