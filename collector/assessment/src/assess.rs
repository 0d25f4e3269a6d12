//! A frozen input → an assessment: every host judged, scored, compared and ranked.

pub mod corrected;
mod groups;
mod movement;
mod standing;
mod summary;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use carepack_advisories::feeds::set::Set;
use carepack_facts::{Facts, Missing};
use carepack_shared::{Outcome, Snapshot, Unseen};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::advised::{self, Advised, Known};
use crate::drift;
use crate::drift::author::{Between, Window, explain};
use crate::judge::{Judged, Scene, judge, params, words};
use crate::kisa::LITERAL;
use crate::model::{
    AdvisoryStamp, Assessment, Change, Dated, Exception, Finding, GroupAssessment, HostAssessment,
    HostRef, Score, Shadowed, SnapshotRef, Verdict,
};
use crate::pack::Pack;
use crate::params::Overrides;
use crate::rule::{Rule, Scope, Status};
use crate::score::{Check, level};
use crate::standard::{Compared, Deviation, Standard, compare};
use crate::topology::Corrections;
use movement::{Before, checked};
use standing::{is_failing, since, standing};

/// Everything that the judgement depends on.
pub struct Input {
    /// The moment of judgement: exceptions expire against it, rules see it as `now`.
    pub as_of: Timestamp,
    /// The period inspected, e.g. `2026-11`.
    pub period: String,
    pub hosts: Vec<HostInput>,
    /// The contract's own values of overridable params: rule → param → value.
    pub overrides: Overrides,
    /// Visits and agreed plans: when somebody of ours was at work.
    pub windows: Vec<Window>,
    /// What earlier inspections said of clusters and tiers, by their names, oldest first.
    pub group_history: BTreeMap<String, Vec<Past>>,
    /// What an engineer knows better of clusters and tiers.
    pub topology: Corrections,
    /// What feeds told; none: there is no feed.
    pub advisories: Option<Arc<Set>>,
}

impl Input {
    /// Hosts alone: no overrides, no visits, no history of groups, no corrections,
    /// no advisories.
    #[must_use]
    pub fn of(as_of: Timestamp, period: &str, hosts: Vec<HostInput>) -> Self {
        Self {
            as_of,
            period: period.to_owned(),
            hosts,
            overrides: BTreeMap::new(),
            windows: Vec::new(),
            group_history: BTreeMap::new(),
            topology: Corrections::default(),
            advisories: None,
        }
    }
}

/// One host under contract.
pub struct HostInput {
    pub host: HostRef,
    /// None: it did not answer in this period.
    pub current: Option<Observed>,
    pub previous: Option<Observed>,
    /// Earlier inspections, oldest first, at most the last twelve months.
    pub history: Vec<Past>,
    /// Accepted risks: rule → exception.
    pub exceptions: BTreeMap<String, Exception>,
    /// The standard of its role, where the contract names one.
    pub standard: Option<Arc<Standard>>,
}

/// A snapshot as the judgement needs it.
pub struct Observed {
    pub snapshot: SnapshotRef,
    pub facts: Facts,
}

/// What an earlier inspection said of this host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    pub period: String,
    /// Rules that failed (danger, attention, excepted).
    pub failing: BTreeSet<String>,
    pub score: Option<u16>,
}

impl Observed {
    /// Runs the parsers over a snapshot.
    #[must_use]
    pub fn of(snapshot: &Snapshot, sha256: &str) -> Self {
        let unseen = snapshot.observations.iter().filter_map(|o| match &o.outcome {
            Outcome::Unseen { reason: Unseen::Absent, .. } | Outcome::Seen { .. } => None,
            Outcome::Unseen { reason, detail } => Some((o.source.key(), *reason, detail.clone())),
        });
        Self {
            snapshot: SnapshotRef {
                id: snapshot.id.to_string(),
                sha256: sha256.to_owned(),
                taken_at: snapshot.taken_at,
                reason: snapshot.reason.as_str().to_owned(),
                agent_version: snapshot.agent.version.clone(),
                recorded: snapshot.host.recorded,
                lost: snapshot.lost,
                masked: snapshot.masked.clone(),
                unseen: unseen.collect(),
                mode: snapshot.privacy.mode,
                pseudonyms: snapshot.privacy.pseudonyms,
            },
            facts: carepack_facts::derive(snapshot),
        }
    }
}

/// Judges.
#[must_use]
pub fn assess(pack: &Pack, input: Input) -> Assessment {
    let Input { as_of, period, hosts, overrides, windows, group_history, topology, advisories } =
        input;
    let kisa = pack.kisa.clone().map(|table| table.settled(&|id| is_literal(pack, &overrides, id)));
    let stamp = advisories
        .as_deref()
        .map(|set| AdvisoryStamp { version: set.header.version, feeds: set.header.feeds.clone() });
    let known = advisories.as_deref().map(Known::of);
    let bench = Bench { pack, as_of, period, overrides, windows, known };
    let mut pages: Vec<Page<'_>> = hosts.into_iter().map(|host| bench.host(host)).collect();
    pages.sort_by(|a, b| {
        let (a, b) = (&a.host.host, &b.host.host);
        (&a.name, &a.id).cmp(&(&b.name, &b.id))
    });
    let groups = groups::assess(&bench, &pages, &group_history, &topology);
    for (at, page) in pages.iter_mut().enumerate() {
        groups::score(at, page, &groups);
    }
    let hosts: Vec<HostAssessment> = pages.into_iter().map(|page| page.host).collect();
    let groups: Vec<GroupAssessment> = groups.into_iter().map(|judged| judged.page).collect();
    let whole = summary::summary(&hosts, &groups);
    let fix_first = summary::fix_first(&hosts, &groups);
    Assessment {
        as_of,
        pack: pack.stamp.clone(),
        hosts,
        groups,
        summary: whole,
        fix_first,
        advisories: stamp,
        plans: Vec::new(),
        kisa,
    }
}

/// Whether a rule judges by the letter of the KISA guide: its `literal`, or the contract's own.
fn is_literal(pack: &Pack, overrides: &Overrides, id: &str) -> bool {
    let none = BTreeMap::new();
    let own = overrides.get(id).unwrap_or(&none);
    let rule = pack.rules.iter().find(|rule| rule.id == id);
    rule.is_some_and(|rule| params(rule, own).get(LITERAL) == Some(&&Json::Bool(true)))
}

/// A host's page, and what its score's movement is told from.
struct Page<'p> {
    host: HostAssessment,
    /// The last inspection's evidence by today's rules; none at the first.
    before: Option<Before<'p>>,
    /// The last inspection's score as it was told.
    published: Option<u16>,
    /// Accepted risks: rule → exception.
    exceptions: BTreeMap<String, Exception>,
}

/// What is the same for every host of one assessment.
struct Bench<'p> {
    pack: &'p Pack,
    as_of: Timestamp,
    period: String,
    overrides: Overrides,
    windows: Vec<Window>,
    known: Option<Known<'p>>,
}

impl<'p> Bench<'p> {
    fn host(&self, input: HostInput) -> Page<'p> {
        let HostInput { host, current, previous, history, exceptions, standard } = input;
        let Some(mut current) = current else {
            let host = HostAssessment {
                host,
                snapshot: None,
                previous: previous.map(|p| p.snapshot),
                findings: Vec::new(),
                score: Score::default(),
                movement: None,
                changes: Vec::new(),
                standard: None,
                advised: None,
                facts: Facts::default(),
                previous_facts: Facts::default(),
                shadowed: Vec::new(),
            };
            return Page { host, before: None, published: None, exceptions };
        };
        let (past, mut past_facts) =
            previous.map_or((None, Facts::default()), |p| (Some(p.snapshot), p.facts));
        let changes = past.as_ref().map_or_else(Vec::new, |past| {
            self.changes(&host.name, (past, &past_facts), &mut current)
        });
        let standard = standard.map(|standard| standard_of(&standard, &mut current.facts));
        let advised = self.ask(&current.facts);
        advised::put(&advised, &mut current.facts, (self.as_of, None));
        // The same answer serves what was published by then and what is today.
        let advised_then = self.ask(&past_facts);
        if let Some(past) = &past {
            advised::put(&advised_then, &mut past_facts, (self.as_of, Some(past.taken_at)));
        }
        let now = self.judge_all(&current.facts, &past_facts, current.snapshot.taken_at);
        let before =
            past.as_ref().map(|past| self.judge_all(&past_facts, &Facts::default(), past.taken_at));
        let rows = self.rules().zip(&now).enumerate();
        let mut findings: Vec<Finding> = rows
            .filter(|(_, (rule, _))| rule.spec.status == Status::Active)
            .map(|(at, (rule, judged))| {
                let before = before.as_ref().map(|all| &all[at]);
                let accepted = exceptions.get(&rule.id).filter(|e| e.expires > self.as_of);
                let told = Told { judged, before, accepted, history: &history };
                self.finding(rule, &told, &current.facts)
            })
            .collect();
        sort(&mut findings);
        let shadowed = self.rules().zip(&now).filter_map(shadowed).collect();
        let before = past.as_ref().zip(before).map(|(past, all)| Before {
            now: self.with_todays_advisories(&all, (&past_facts, &advised_then), past.taken_at),
            then: self.rules().zip(&all).filter_map(checked).collect(),
        });
        let published = history.last().and_then(|past| past.score);
        let host = HostAssessment {
            host,
            snapshot: Some(current.snapshot),
            previous: past,
            findings,
            score: Score::default(),
            movement: None,
            changes,
            standard,
            advised: advised.ok().map(advised::bounded),
            facts: current.facts,
            previous_facts: past_facts,
            shadowed,
        };
        Page { host, before, published, exceptions }
    }

    /// What advisories say of a host.
    fn ask(&self, facts: &Facts) -> Result<Advised, Missing> {
        advised::ask(self.known.as_ref(), facts, self.as_of)
    }

    /// Old evidence and what was judged of it, but with the advisories of today.
    fn with_todays_advisories(
        &self,
        judged: &[Judged],
        (facts, advised): (&Facts, &Result<Advised, Missing>),
        taken_at: Timestamp,
    ) -> Vec<Check<'p>> {
        if self.known.is_none() {
            return self.rules().zip(judged).filter_map(checked).collect();
        }
        let mut facts = facts.clone();
        advised::put(advised, &mut facts, (self.as_of, None));
        let (none, nothing) = (BTreeMap::new(), Facts::default());
        let scene = Scene { facts: &facts, previous: &nothing, now: taken_at };
        let anew = |(rule, judged): (&'p Rule, &Judged)| {
            if !advised::is_about(rule) {
                return checked((rule, judged));
            }
            let own = self.overrides.get(&rule.id).unwrap_or(&none);
            checked((rule, &judge(rule, scene, own)))
        };
        self.rules().zip(judged).filter_map(anew).collect()
    }

    /// The rules of single hosts, in the pack's order.
    fn rules(&self) -> impl Iterator<Item = &'p Rule> + use<'p> {
        self.pack.rules.iter().filter(|rule| rule.spec.scope == Scope::Host)
    }

    /// What changed since the last inspection and who did it; what nobody is known for becomes a
    /// fact that rules judge.
    fn changes(
        &self,
        host: &str,
        (past, before): (&SnapshotRef, &Facts),
        current: &mut Observed,
    ) -> Vec<Change> {
        let about = |window: &&Window| {
            window.hosts.is_empty() || window.hosts.iter().any(|name| name == host)
        };
        let windows: Vec<Window> = self.windows.iter().filter(about).cloned().collect();
        let mut changes = drift::changes(before, &current.facts);
        let between = Between {
            before,
            after: &current.facts,
            from: past.taken_at,
            to: current.snapshot.taken_at,
            windows: &windows,
        };
        explain(&mut changes, &between);
        let explained = changes.iter().filter(|change| change.author.is_some()).count();
        current.facts.put("drift.compared", true, DRIFT);
        current.facts.put("drift.explained", explained, DRIFT);
        if drift::things::any_of_both(before, &current.facts) {
            current.facts.put("drift.unexplained", drift::unexplained(&changes), DRIFT);
        } else {
            current.facts.miss("drift.unexplained", Unseen::Failed, DRIFT);
        }
        changes
    }

    /// Every rule on one set of facts, in the pack's order.
    fn judge_all(&self, facts: &Facts, previous: &Facts, now: Timestamp) -> Vec<Judged> {
        let scene = Scene { facts, previous, now };
        let none = BTreeMap::new();
        self.rules()
            .map(|rule| judge(rule, scene, self.overrides.get(&rule.id).unwrap_or(&none)))
            .collect()
    }

    fn finding(&self, rule: &Rule, told: &Told<'_>, facts: &Facts) -> Finding {
        let Told { judged, before, accepted, history } = told;
        let failing = is_failing(judged.verdict);
        let excepted = accepted.filter(|_| failing);
        let spec = &rule.spec;
        let text = |language: &str| {
            spec.text.get(language).map(|text| words(text, judged)).unwrap_or_default()
        };
        Finding {
            rule: rule.id.clone(),
            rev: spec.rev,
            area: rule.area,
            product: spec.product.name.clone(),
            kind: spec.kind.as_str().to_owned(),
            confidence: spec.confidence.as_str().to_owned(),
            impact: spec.impact,
            likelihood: judged.likelihood,
            level: level(spec.impact, judged.likelihood),
            verdict: if excepted.is_some() { Verdict::Excepted } else { judged.verdict },
            standing: before.and_then(|before| standing(&rule.id, judged, before, history)),
            since: failing.then(|| since(&rule.id, &self.period, history)),
            unknown: judged.cause.clone(),
            value: judged.value.clone(),
            previous_value: before.map(|b| b.value.clone()).unwrap_or_default(),
            ko: text("ko"),
            en: text("en"),
            sources: sources(rule, facts),
            remedies: spec.remedy.clone(),
            refs: spec.refs.iter().map(|(kind, refs)| (kind.clone(), refs.list())).collect(),
            exception: excepted.cloned(),
            dates: judged.dates.iter().filter_map(dated).collect(),
        }
    }
}

/// A day of a rule; none for a number that is no time.
fn dated((what, at): &(String, i64)) -> Option<Dated> {
    Some(Dated { what: what.clone(), at: Timestamp::from_second(*at).ok()? })
}

/// What a rule in shadow says where it fails.
fn shadowed((rule, judged): (&Rule, &Judged)) -> Option<Shadowed> {
    let fails = rule.spec.status == Status::Shadow && is_failing(judged.verdict);
    fails.then(|| Shadowed {
        rule: rule.id.clone(),
        rev: rule.spec.rev,
        verdict: judged.verdict,
        value: judged.value.clone(),
    })
}

/// The order of a page: area, risk, verdict, rule.
fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        (a.area, a.level, a.verdict, &a.rule).cmp(&(b.area, b.level, b.verdict, &b.rule))
    });
}

/// Source of the facts that come from comparing with the last inspection, and with a standard.
const DRIFT: &str = "last inspection";
const STANDARD: &str = "standard";

fn standard_of(standard: &Standard, facts: &mut Facts) -> Compared {
    let compared = compare(standard, facts);
    let ranked = |(deviation, rank): (&Deviation, i32)| {
        let Deviation { kind, name, expected, actual } = deviation;
        json!({"rank": rank, "kind": kind, "name": name, "expected": expected, "actual": actual})
    };
    let deviations: Vec<Json> = compared.deviations.iter().zip(1..).map(ranked).collect();
    let unseen: Vec<&str> = compared.unseen.iter().map(|(key, _)| key.as_str()).collect();
    facts.put("standard.name", standard.name.as_str(), STANDARD);
    facts.put("standard.unseen", unseen, STANDARD);
    match (compared.checked, compared.unseen.first()) {
        (0, Some((_, reason))) => facts.miss("standard.deviations", *reason, STANDARD),
        _ => facts.put("standard.deviations", deviations, STANDARD),
    }
    compared
}

/// What is known about one rule on one host.
struct Told<'a> {
    judged: &'a Judged,
    before: Option<&'a Judged>,
    accepted: Option<&'a Exception>,
    history: &'a [Past],
}

/// The observations that the verdict rests on.
fn sources(rule: &Rule, facts: &Facts) -> Vec<String> {
    if !rule.spec.sources.is_empty() {
        return rule.spec.sources.clone();
    }
    let of = |key: &String| {
        let known = facts.known.get(key).map(|fact| &fact.source);
        known.or_else(|| facts.missing.get(key).map(|missing| &missing.source)).cloned()
    };
    let mut sources: Vec<String> = Vec::new();
    for source in rule.spec.needs.iter().filter_map(of) {
        if !source.is_empty() && !sources.contains(&source) {
            sources.push(source);
        }
    }
    sources
}
