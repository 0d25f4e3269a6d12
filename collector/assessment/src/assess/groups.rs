//! Clusters and tiers judged as wholes, and what that does to the scores of their members.

use std::collections::{BTreeMap, BTreeSet};

use carepack_facts::Facts;

use super::movement::{check_of, checked, movement};
use super::{Bench, Check, Page, Past, Told, sort};
use crate::group;
use crate::judge::{Judged, Scene, judge};
use crate::model::{Exception, Finding, GroupAssessment, Verdict};
use crate::rule::{PREFIXES, Rule, Scope, Status};
use crate::score::host_score;
use crate::topology::{Corrections, Group, Node, discover};

/// A group's page, and what its rules said of the last inspection's evidence.
pub struct JudgedGroup<'p> {
    pub page: GroupAssessment,
    /// Positions of its members among the pages.
    members: Vec<usize>,
    before: Vec<Check<'p>>,
}

/// Judges every group of the answering hosts. `history` is by the group's name.
pub fn assess<'p>(
    bench: &Bench<'p>,
    pages: &[Page<'_>],
    history: &BTreeMap<String, Vec<Past>>,
    corrections: &Corrections,
) -> Vec<JudgedGroup<'p>> {
    let answering: Vec<usize> =
        (0..pages.len()).filter(|at| pages[*at].host.snapshot.is_some()).collect();
    let hosts = || answering.iter().map(|at| &pages[*at].host);
    let nodes: Vec<Node<'_>> =
        hosts().map(|page| Node { name: &page.host.name, facts: &page.facts }).collect();
    let past: Vec<Node<'_>> =
        hosts().map(|page| Node { name: &page.host.name, facts: &page.previous_facts }).collect();
    let groups = discover(&nodes, corrections);
    let known = groups.into_iter().map(|group| {
        let history = history.get(&group.name).map_or(&[][..], Vec::as_slice);
        let members = group.members.iter().map(|at| answering[*at]).collect();
        one(bench, pages, Whole { group, nodes: &nodes, past: &past, members, history })
    });
    known.collect()
}

/// A group, and where its members stand.
struct Whole<'a> {
    group: Group,
    nodes: &'a [Node<'a>],
    /// The last inspection's evidence of the same hosts, in the same order.
    past: &'a [Node<'a>],
    /// Among the pages.
    members: Vec<usize>,
    history: &'a [Past],
}

fn one<'p>(bench: &Bench<'p>, pages: &[Page<'_>], whole: Whole<'_>) -> JudgedGroup<'p> {
    let Whole { group, nodes, past, members, history } = whole;
    let compared = members.iter().all(|at| pages[*at].host.previous.is_some());
    let mut findings: Vec<Finding> = Vec::new();
    let mut before_all = Vec::new();
    let rules = bench.pack.rules.iter().filter(|rule| rule.spec.scope != Scope::Host);
    for rule in rules.filter(|rule| group::is_in_scope(rule, &group)) {
        let facts = group::facts(rule, &group, nodes);
        let past_facts = if compared { group::facts(rule, &group, past) } else { Facts::default() };
        let judged = weigh(bench, rule, &facts, &past_facts);
        let before = compared.then(|| weigh(bench, rule, &past_facts, &Facts::default()));
        before_all.extend(before.as_ref().and_then(|before| checked((rule, before))));
        if rule.spec.status == Status::Active && judged.verdict != Verdict::NotApplicable {
            let accepted = accepted(bench, pages, &members, rule);
            let told = Told { judged: &judged, before: before.as_ref(), accepted, history };
            let mut finding = bench.finding(rule, &told, &facts);
            finding
                .sources
                .extend(members.iter().flat_map(|at| asked(rule, &pages[*at].host.facts)));
            finding.sources.retain(|source| source != group::SOURCE);
            let mut seen = BTreeSet::new();
            finding.sources.retain(|source| seen.insert(source.clone()));
            findings.push(finding);
        }
    }
    sort(&mut findings);
    let names = members.iter().map(|at| pages[*at].host.host.name.clone()).collect();
    let Group { kind, name, strangers, entries, .. } = group;
    let page = GroupAssessment { kind, name, members: names, strangers, entries, findings };
    JudgedGroup { page, members, before: before_all }
}

/// A risk of the whole is accepted when it is accepted for each of its members.
fn accepted<'a>(
    bench: &Bench<'_>,
    pages: &'a [Page<'_>],
    members: &[usize],
    rule: &Rule,
) -> Option<&'a Exception> {
    let of = |at: &usize| {
        pages[*at].exceptions.get(&rule.id).filter(|exception| exception.expires > bench.as_of)
    };
    members.iter().all(|at| of(at).is_some()).then(|| members.first().and_then(of)).flatten()
}

/// The sources of the facts that a rule asks a member for.
fn asked(rule: &Rule, facts: &Facts) -> Vec<String> {
    let keys = rule.spec.needs.iter().chain(&rule.spec.wants);
    let keys = keys.filter_map(|key| PREFIXES.iter().find_map(|p| key.strip_prefix(p)));
    keys.filter_map(|key| Some(facts.known.get(key)?.source.clone())).collect()
}

fn weigh(bench: &Bench<'_>, rule: &Rule, facts: &Facts, previous: &Facts) -> Judged {
    let none = BTreeMap::new();
    let overrides = bench.overrides.get(&rule.id).unwrap_or(&none);
    judge(rule, Scene { facts, previous, now: bench.as_of }, overrides)
}

/// A host's score: its own findings, and those of every group that it belongs to.
pub fn score<'p>(at: usize, page: &mut Page<'p>, groups: &[JudgedGroup<'p>]) {
    if page.host.snapshot.is_none() {
        return;
    }
    let of = || groups.iter().filter(|group| group.members.contains(&at));
    let own = page.host.findings.iter();
    let all = own.chain(of().flat_map(|group| &group.page.findings));
    let score = host_score(&all.filter_map(check_of).collect::<Vec<_>>());
    page.host.movement = page.before.take().and_then(|mut before| {
        for checks in [&mut before.then, &mut before.now] {
            checks.extend(of().flat_map(|group| group.before.iter().copied()));
        }
        movement(&before, &score, page.published)
    });
    page.host.score = score;
}
