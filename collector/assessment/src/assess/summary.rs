//! The customer's whole: counts, the score over all hosts, and what to do first.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::model::{Finding, GroupAssessment, HostAssessment, Priority, Summary, Verdict};
use crate::score::{Weighed, customer_score, weight};

/// Counts and the customer's score.
pub fn summary(hosts: &[HostAssessment], groups: &[GroupAssessment]) -> Summary {
    let weighed = |of: fn(&HostAssessment) -> Option<u16>| {
        let list: Vec<Weighed> = hosts
            .iter()
            .map(|h| Weighed { effective: of(h), importance: h.host.importance })
            .collect();
        customer_score(&list)
    };
    let mut summary = Summary {
        score: weighed(|h| h.score.effective),
        previous_score: weighed(|h| h.movement.map(|m| m.before)),
        hosts: u32::try_from(hosts.len()).unwrap_or(u32::MAX),
        ..Summary::default()
    };
    for host in hosts {
        summary.answered += u32::from(host.snapshot.is_some());
    }
    let of_hosts = hosts.iter().flat_map(|host| &host.findings);
    for finding in of_hosts.chain(groups.iter().flat_map(|group| &group.findings)) {
        *summary.verdicts.entry(word(finding.verdict)).or_default() += 1;
        if let Some(standing) = finding.standing {
            *summary.standings.entry(word(standing)).or_default() += 1;
        }
    }
    let scored = hosts.iter().filter_map(|h| Some((h.score.effective?, &h.host.name)));
    summary.worst = scored.min().map(|(_, name)| name.clone());
    summary
}

/// The snake_case word of a unit variant.
fn word(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Json::String(word)) => word,
        _ => String::new(),
    }
}

/// Failing rules over all hosts, ranked by value ÷ cost; hints come last by having no value.
pub fn fix_first(hosts: &[HostAssessment], groups: &[GroupAssessment]) -> Vec<Priority> {
    let mut ranked: BTreeMap<&str, Priority> = BTreeMap::new();
    let importance: BTreeMap<&str, u32> = hosts
        .iter()
        .map(|host| (host.host.name.as_str(), u32::from(host.host.importance)))
        .collect();
    let of_hosts = hosts.iter().map(|host| (std::slice::from_ref(&host.host.name), &host.findings));
    let of_groups = groups.iter().map(|group| (group.members.as_slice(), &group.findings));
    for (names, findings) in of_hosts.chain(of_groups) {
        let open =
            findings.iter().filter(|f| matches!(f.verdict, Verdict::Danger | Verdict::Attention));
        for finding in open.filter(|f| f.confidence != "hint") {
            let priority = ranked.entry(&finding.rule).or_insert_with(|| first_seen(finding));
            for name in names {
                if !priority.hosts.contains(name) {
                    let importance = importance.get(name.as_str()).copied().unwrap_or(1);
                    priority.value += weight(finding.level) * importance;
                    priority.hosts.push(name.clone());
                }
            }
            priority.verdict = priority.verdict.min(finding.verdict);
            priority.level = priority.level.min(finding.level);
        }
    }
    let mut list: Vec<Priority> = ranked.into_values().collect();
    // value_a ÷ cost_a against value_b ÷ cost_b without leaving whole numbers.
    list.sort_by(|a, b| {
        (b.value * a.cost)
            .cmp(&(a.value * b.cost))
            .then(a.verdict.cmp(&b.verdict))
            .then(a.level.cmp(&b.level))
            .then(a.rule.cmp(&b.rule))
    });
    list
}

fn first_seen(finding: &Finding) -> Priority {
    let remedy = finding.remedies.first().cloned();
    let cost =
        remedy.as_ref().map_or(1, |r| 1 + u32::from(r.change_risk) + 2 * u32::from(r.reboot));
    Priority {
        rule: finding.rule.clone(),
        area: finding.area,
        level: finding.level,
        verdict: finding.verdict,
        value: 0,
        cost,
        hosts: Vec::new(),
        ko: finding.ko.clone(),
        en: finding.en.clone(),
        remedy,
    }
}
