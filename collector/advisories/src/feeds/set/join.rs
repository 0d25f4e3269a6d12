//! Several tellings of one advisory, or of one vulnerability, in one.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;

use super::super::rows::Rows;
use super::super::{REFERENCES_MAX, cvss};
use crate::model::{Advisory, Cve, Fix, Range, State, Status, Text, Vulnerability};

/// Advisories with those of one id in one, by id.
pub(in super::super) fn joined(list: Vec<Advisory>) -> Vec<Advisory> {
    let mut by_id = BTreeMap::<String, Vec<Advisory>>::new();
    for advisory in list {
        by_id.entry(advisory.id.clone()).or_default().push(advisory);
    }
    by_id.into_values().filter_map(self::advisory).collect()
}

/// Joins another telling of the same revision into the one that is there.
pub(super) fn into(known: &mut Advisory, other: Advisory) {
    if *known != other
        && let Some(both) = advisory(vec![known.clone(), other])
    {
        *known = both;
    }
}

/// All tellings of one advisory in one.
///
/// Every part is a greatest or a union, so that it does not matter which are joined first.
pub(super) fn advisory(mut told: Vec<Advisory>) -> Option<Advisory> {
    if told.len() < 2 {
        return told.pop();
    }
    told.sort_by_key(|one| one.updated);
    let updated = told.last()?.updated;
    // A telling in part, by a VEX file, has no summary of its own.
    let is_whole = |one: &Advisory| !one.summary.en.is_empty();
    let words = told.iter().max_by(|a, b| {
        let order = |one: &'_ Advisory| (is_whole(one), one.updated);
        let texts = |one: &Advisory| (one.title.en.clone(), one.summary.en.clone());
        let rest = |one: &Advisory| (one.severity, one.kind);
        let first = order(a).cmp(&order(b));
        first.then_with(|| texts(a).cmp(&texts(b))).then_with(|| rest(a).cmp(&rest(b)))
    })?;
    let worst = told.iter().map(|one| one.severity).max().unwrap_or_default();
    Some(Advisory {
        id: words.id.clone(),
        kind: words.kind,
        severity: if is_whole(words) { words.severity } else { worst },
        title: text(&told, words, |one| &one.title),
        summary: text(&told, words, |one| &one.summary),
        published: published(told.iter().map(|one| one.published)),
        updated,
        cves: cves(told.iter().map(|one| (one.updated, one.cves.as_slice()))),
        reboot: told.iter().any(|one| one.reboot),
        restart: told.iter().any(|one| one.restart),
        references: references(&told),
        ranges: ranges(&told),
        feeds: feeds(told.iter().flat_map(|one| &one.feeds)),
        fixes: fixes(&told),
    })
}

/// English of the telling that has the word; Korean of the newest that has any.
fn text(told: &[Advisory], words: &Advisory, of: fn(&Advisory) -> &Text) -> Text {
    let korean = told.iter().filter(|one| !of(one).ko.is_empty());
    let ko = korean.map(|one| (one.updated, &of(one).ko)).max().map(|(_, ko)| ko.clone());
    Text { en: of(words).en.clone(), ko: ko.unwrap_or_default() }
}

/// Those that name the advisory itself first, as many as are kept.
fn references(told: &[Advisory]) -> Vec<String> {
    let all = told.iter().flat_map(|one| {
        one.references.iter().map(|reference| (!reference.contains(&one.id), reference.clone()))
    });
    let sorted: BTreeSet<(bool, String)> = all.collect();
    sorted.into_iter().map(|(_, reference)| reference).take(REFERENCES_MAX).collect()
}

/// The first date that is one: the beginning of 1970 stands for a date that could not be read.
fn published(dates: impl Iterator<Item = Timestamp>) -> Timestamp {
    dates.filter(|date| *date > Timestamp::UNIX_EPOCH).min().unwrap_or(Timestamp::UNIX_EPOCH)
}

/// By id; a later telling's score takes the place of an earlier one's.
fn cves<'a>(told: impl Iterator<Item = (Timestamp, &'a [Cve])>) -> Vec<Cve> {
    let mut cves = BTreeMap::<&str, (Timestamp, Cve)>::new();
    for (updated, list) in told {
        for cve in list {
            let fresh = || (updated, Cve { id: cve.id.clone(), ..Cve::default() });
            let (scored, known) = cves.entry(&cve.id).or_insert_with(fresh);
            known.exploited |= cve.exploited;
            if let Some(score) = cve.cvss_tenths {
                if updated > *scored {
                    known.cvss_tenths = None;
                }
                *scored = updated;
                cvss::take(known, score, &cve.cvss_vector);
            }
        }
    }
    cves.into_values().map(|(_, cve)| cve).collect()
}

fn feeds<'a>(told: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut feeds: Vec<String> = told.cloned().collect();
    feeds.sort();
    feeds.dedup();
    feeds
}

/// Of each product those of the newest telling that names it.
fn ranges(told: &[Advisory]) -> Vec<Range> {
    let mut ranges = Vec::<Range>::new();
    let mut newest = BTreeMap::<&str, Timestamp>::new();
    for one in told.iter().rev() {
        for range in &one.ranges {
            let at = newest.entry(&range.product).or_insert(one.updated);
            if *at == one.updated && !ranges.contains(range) {
                ranges.push(range.clone());
            }
        }
    }
    let key = |range: &Range| {
        (range.product.clone(), range.introduced.clone(), range.fixed.clone(), range.last.clone())
    };
    ranges.sort_by_cached_key(key);
    ranges
}

/// A row of a [`Fix`] or a [`State`] with its streams and packages still together.
type Row<'a, V> = (&'a [String], Option<&'a str>, V, &'a [String]);

fn fixes(told: &[Advisory]) -> Vec<Fix> {
    if told.windows(2).all(|pair| pair[0].fixes == pair[1].fixes) {
        return told.first().map(|one| one.fixes.clone()).unwrap_or_default();
    }
    newest_rows(told.iter().rev().map(fix_rows)).into_fixes()
}

fn fix_rows(one: &Advisory) -> (Timestamp, Vec<Row<'_, String>>) {
    (one.updated, one.fixes.iter().map(fix_row).collect())
}

fn fix_row(fix: &Fix) -> Row<'_, String> {
    (&fix.streams, fix.module.as_deref(), fix.evr.clone(), &fix.packages)
}

fn state_rows(one: &Vulnerability) -> (Timestamp, Vec<Row<'_, Status>>) {
    (one.updated, one.states.iter().map(state_row).collect())
}

fn state_row(state: &State) -> Row<'_, Status> {
    (&state.streams, state.module.as_deref(), state.status, &state.packages)
}

/// Rows of tellings from the newest on; an older one adds only packages of streams that no newer
/// one knows.
fn newest_rows<'a, V: Ord + Clone>(
    told: impl Iterator<Item = (Timestamp, Vec<Row<'a, V>>)>,
) -> Rows<V> {
    let mut rows = Rows::default();
    let mut known = HashSet::<(&str, Option<&str>, &str)>::new();
    let mut fresh = Vec::new();
    let mut revision = None;
    for (updated, list) in told {
        if revision != Some(updated) {
            known.extend(fresh.drain(..));
            revision = Some(updated);
        }
        for (streams, module, value, packages) in list {
            for stream in streams {
                for package in packages {
                    let key = (stream.as_str(), module, package.as_str());
                    if !known.contains(&key) {
                        rows.add(stream, module, value.clone(), package.clone());
                        fresh.push(key);
                    }
                }
            }
        }
    }
    rows
}

/// All tellings of one vulnerability in one.
///
/// A later file of the same feed takes the place of the earlier one as a whole: what is fixed by
/// now is simply no longer in it. Files of different feeds add to each other.
pub(super) fn vulnerability(mut told: Vec<Vulnerability>) -> Option<Vulnerability> {
    told.sort_by_cached_key(|one| {
        (one.updated, one.title.clone(), one.severity, one.cve.clone(), one.states.clone())
    });
    let mut kept = Vec::<Vulnerability>::new();
    let mut seen = HashSet::<String>::new();
    for one in told.into_iter().rev() {
        if !one.feeds.iter().any(|feed| seen.contains(feed)) {
            seen.extend(one.feeds.iter().cloned());
            kept.push(one);
        }
    }
    let newest = kept.first()?;
    if kept.len() == 1 {
        return kept.pop();
    }
    let states = newest_rows(kept.iter().map(state_rows)).into_states();
    Some(Vulnerability {
        cve: cves(kept.iter().rev().map(|one| (one.updated, std::slice::from_ref(&one.cve))))
            .pop()
            .unwrap_or_default(),
        severity: newest.severity,
        title: newest.title.clone(),
        published: published(kept.iter().map(|one| one.published)),
        updated: newest.updated,
        states,
        feeds: feeds(kept.iter().flat_map(|one| &one.feeds)),
    })
}
