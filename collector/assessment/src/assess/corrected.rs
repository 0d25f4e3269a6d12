//! An assessment as people corrected it: verdicts that an engineer replaced, risks that were
//! accepted in review, and every number that rests on them counted anew.
//!
//! It does not know who corrected what or why; that stands beside the assessment.

use super::movement::check_of;
use super::standing::is_failing;
use super::{sort, summary};
use crate::model::{Assessment, Exception, Finding, GroupAssessment, HostAssessment, Verdict};
use crate::score::host_score;

/// One verdict that people replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// [`HostAssessment::subject`] or [`GroupAssessment::subject`].
    pub subject: String,
    pub rule: String,
    pub verdict: Verdict,
    /// Of [`Verdict::Excepted`]: the accepted risk.
    pub exception: Option<Exception>,
}

/// Puts corrections in force; without any the assessment stays as it is. A correction of a finding
/// that is not there changes nothing.
pub fn correct(assessment: &mut Assessment, corrections: &[Correction]) {
    if corrections.is_empty() {
        return;
    }
    for page in &mut assessment.hosts {
        let subject = page.subject();
        put(&mut page.findings, &subject, corrections);
    }
    for group in &mut assessment.groups {
        let subject = group.subject();
        put(&mut group.findings, &subject, corrections);
    }
    for page in assessment.hosts.iter_mut().filter(|page| page.snapshot.is_some()) {
        score(page, &assessment.groups);
    }
    assessment.summary = summary::summary(&assessment.hosts, &assessment.groups);
    assessment.fix_first = summary::fix_first(&assessment.hosts, &assessment.groups);
}

fn put(findings: &mut [Finding], subject: &str, corrections: &[Correction]) {
    for correction in corrections.iter().filter(|one| one.subject == subject) {
        for finding in findings.iter_mut().filter(|finding| finding.rule == correction.rule) {
            finding.verdict = correction.verdict;
            finding.exception.clone_from(&correction.exception);
            finding.unknown =
                finding.unknown.take().filter(|_| finding.verdict == Verdict::Unknown);
            if !is_failing(finding.verdict) {
                // What was no fault is neither new nor back, and nothing is said of it.
                finding.standing = None;
                finding.since = None;
                finding.ko.finding.clear();
                finding.en.finding.clear();
            }
        }
    }
    sort(findings);
}

/// A host's score from its findings and those of its groups. The difference is the system's own:
/// the verdict that holds is what the system was like.
fn score(page: &mut HostAssessment, groups: &[GroupAssessment]) {
    let of_groups = groups.iter().filter(|group| group.members.contains(&page.host.name));
    let all = page.findings.iter().chain(of_groups.flat_map(|group| &group.findings));
    let score = host_score(&all.filter_map(check_of).collect::<Vec<_>>());
    page.movement = page.movement.zip(score.effective).map(|(mut movement, after)| {
        movement.by_customer += i32::from(after) - i32::from(movement.after);
        movement.after = after;
        movement
    });
    page.score = score;
}

#[cfg(test)]
mod tests {
    use carepack_facts::Facts;
    use jiff::Timestamp;

    use super::*;
    use crate::assess::{HostInput, Input, Observed, assess};
    use crate::model::{HostRef, SnapshotRef};
    use crate::pack::Pack;

    const RULE: &str = "id: ID\nrev: 1\nkind: best-practice\nneeds: [os.major]\nvalue: \"facts.os.major\"\n\
        expect:\n  - {danger: \"facts.os.major >= 9\"}\nimpact: 4\nlikelihood: {base: 3}\ntext:\n  \
        ko: {title: 가, expected: 나, why: 다, finding: 라}\n  en: {title: a, expected: b, why: c, finding: d}\n\
        remedy:\n  - {type: fix, ko: 마, en: e, change_risk: 1, reboot: false}\n";

    fn at() -> Timestamp {
        "2026-11-05T00:00:00Z".parse().unwrap()
    }

    /// One host on which `one` and `two` fail.
    fn assessed() -> Assessment {
        let files =
            ["one", "two"].map(|id| (format!("stability/{id}/rule.yaml"), RULE.replace("ID", id)));
        let pack = Pack::load("test", &files.into_iter().collect()).unwrap();
        let mut facts = Facts::default();
        facts.put("os.major", 7, "/etc/os-release");
        let snapshot = SnapshotRef {
            id: "s".into(),
            sha256: String::new(),
            taken_at: at(),
            reason: "scheduled".into(),
            agent_version: String::new(),
            recorded: false,
            lost: 0,
            masked: std::collections::BTreeMap::new(),
            unseen: Vec::new(),
            mode: carepack_shared::privacy::Mode::Full,
            pseudonyms: false,
        };
        let host = HostInput {
            host: HostRef {
                id: "h".into(),
                name: "web01".into(),
                role: String::new(),
                importance: 1,
            },
            current: Some(Observed { snapshot, facts }),
            previous: None,
            history: Vec::new(),
            exceptions: std::collections::BTreeMap::new(),
            standard: None,
        };
        assess(&pack, Input::of(at(), "2026-11", vec![host]))
    }

    fn correction(rule: &str, verdict: Verdict) -> Correction {
        Correction { subject: "host:h".into(), rule: rule.into(), verdict, exception: None }
    }

    #[test]
    fn what_is_corrected_is_counted_anew() {
        let judged = assessed();
        assert_eq!(judged.hosts[0].score.effective, Some(0));
        let mut corrected = judged.clone();
        correct(&mut corrected, &[correction("one", Verdict::Pass)]);
        assert_eq!(corrected.summary.verdicts["danger"], 1);
        assert_eq!(corrected.summary.verdicts["pass"], 1);
        assert_eq!(corrected.hosts[0].score.effective, Some(500));
        assert_eq!(corrected.summary.score, Some(500));
        assert_eq!(corrected.fix_first.len(), 1);
        assert_eq!(corrected.fix_first[0].rule, "two");
        correct(&mut corrected, &[correction("two", Verdict::Pass)]);
        assert_eq!(corrected.hosts[0].score.effective, Some(1000));
    }

    #[test]
    fn what_names_nothing_changes_nothing() {
        let judged = assessed();
        let mut corrected = judged.clone();
        let other = Correction { subject: "host:x".into(), ..correction("one", Verdict::Pass) };
        correct(&mut corrected, &[correction("three", Verdict::Pass), other]);
        assert_eq!(corrected, judged);
    }

    #[test]
    fn an_exception_counts_as_failing_only_in_the_raw_score() {
        let mut corrected = assessed();
        let all = ["one", "two"].map(|rule| correction(rule, Verdict::Excepted));
        correct(&mut corrected, &all[..1]);
        assert_eq!(
            (corrected.hosts[0].score.raw, corrected.hosts[0].score.effective),
            (Some(0), Some(0))
        );
        assert_eq!(corrected.summary.verdicts["excepted"], 1);
    }
}
