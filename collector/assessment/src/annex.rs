//! The KISA annex: the items of the pack's table, answered by a host's findings.

use crate::kisa::Item;
use crate::model::{Finding, Verdict};

/// An item's verdict on a host, in the guide's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// 취약
    Weak,
    /// 점검불가
    Unknown,
    /// 예외: accepted with an approver until a date.
    Excepted,
    /// 수동
    Manual,
    /// 양호
    Sound,
    /// 해당없음
    NotApplicable,
}

/// An item's verdict on a host, and the findings that it rests on: the worst of its rules.
#[must_use]
pub fn answer<'f>(item: &Item, findings: &'f [Finding]) -> (Answer, Vec<&'f Finding>) {
    let own: Vec<&Finding> =
        findings.iter().filter(|finding| item.rules.contains(&finding.rule)).collect();
    let of = |finding: &&Finding| match finding.verdict {
        Verdict::Danger | Verdict::Attention => Answer::Weak,
        Verdict::Unknown => Answer::Unknown,
        Verdict::Excepted => Answer::Excepted,
        Verdict::Pass => Answer::Sound,
        Verdict::NotApplicable => Answer::NotApplicable,
    };
    let worst = own.iter().map(of).min().unwrap_or(Answer::Manual);
    let rest = own.into_iter().filter(|finding| of(finding) == worst).collect();
    (worst, rest)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::kisa::Table;

    const ITEM: &str = "edition: '2026'\nitems:\n  - {code: U-01, weight: 상, ko: a, en: a, rules: [x, y]}\n  - {code: U-07, weight: 하, ko: b, en: b, by_hand: {ko: c, en: c}}\n";

    fn finding(rule: &str, verdict: &str) -> Finding {
        serde_json::from_value(serde_json::json!({
            "rule": rule, "rev": 1, "area": "security", "kind": "", "confidence": "confirmed",
            "impact": 1, "likelihood": 1, "level": "low", "verdict": verdict, "standing": null,
            "since": null, "unknown": null, "value": "", "previous_value": "",
            "ko": {"title": "", "expected": "", "why": "", "finding": ""},
            "en": {"title": "", "expected": "", "why": "", "finding": ""},
            "sources": [], "remedies": [], "refs": {}, "exception": null,
        }))
        .unwrap()
    }

    #[test]
    fn the_worst_of_its_rules_answers() {
        let table = Table::parse(ITEM, &BTreeSet::from(["x", "y"])).unwrap();
        let check = |x: &str, y: &str, expected| {
            let findings = [finding("x", x), finding("y", y), finding("z", "danger")];
            assert_eq!(answer(&table.items[0], &findings).0, expected, "{x} {y}");
        };
        check("pass", "pass", Answer::Sound);
        check("pass", "not_applicable", Answer::Sound);
        check("not_applicable", "not_applicable", Answer::NotApplicable);
        check("pass", "unknown", Answer::Unknown);
        check("attention", "unknown", Answer::Weak);
        check("excepted", "pass", Answer::Excepted);
        assert_eq!(answer(&table.items[1], &[finding("x", "danger")]).0, Answer::Manual);
    }
}
