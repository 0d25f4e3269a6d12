//! The KISA annex: items of 주요정보통신기반시설 기술적 취약점 분석·평가, answered by rules.
//!
//! An item is judged by the rules that the pack's table names, never by rules that only have to do
//! with it. What no rule covers is 수동, with its reason. Pure: the table comes as text.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::{Finding, Verdict};

/// The table of the pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Year of the guide.
    pub edition: String,
    pub items: Vec<Item>,
}

/// One item of the guide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// `U-01`
    pub code: String,
    /// Its codes in the edition of 2021; empty for a new item.
    #[serde(default)]
    pub was: Vec<String>,
    /// 상, 중 or 하.
    pub weight: String,
    pub ko: String,
    pub en: String,
    #[serde(default)]
    pub rules: Vec<String>,
    /// What a person looks at, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_hand: Option<Words>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    pub ko: String,
    pub en: String,
}

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

/// A table that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    #[error("kisa.yaml does not have the shape of a table of items")]
    Shape(#[source] serde_yaml_ng::Error),
    #[error("kisa.yaml names {code} twice")]
    Twice { code: String },
    #[error("{code} of kisa.yaml names the rule {rule}, which is not in the pack")]
    NoRule { code: String, rule: String },
    #[error("{code} of kisa.yaml has neither a rule nor a reason to look at it by hand")]
    Nothing { code: String },
}

impl Table {
    /// Reads the table; `rules` are the ids of the pack.
    ///
    /// # Errors
    /// [`TableError`] names the item.
    pub fn parse(text: &str, rules: &BTreeSet<&str>) -> Result<Self, TableError> {
        let table: Self = serde_yaml_ng::from_str(text).map_err(TableError::Shape)?;
        let mut seen = BTreeSet::new();
        for item in &table.items {
            let code = item.code.clone();
            if !seen.insert(&item.code) {
                return Err(TableError::Twice { code });
            }
            if let Some(rule) = item.rules.iter().find(|rule| !rules.contains(rule.as_str())) {
                return Err(TableError::NoRule { code, rule: rule.clone() });
            }
            if item.rules.is_empty() && item.by_hand.is_none() {
                return Err(TableError::Nothing { code });
            }
        }
        Ok(table)
    }
}

impl Item {
    /// The verdict on a host, and the findings that it rests on: the worst of its rules.
    #[must_use]
    pub fn answer<'f>(&self, findings: &'f [Finding]) -> (Answer, Vec<&'f Finding>) {
        let own: Vec<&Finding> =
            findings.iter().filter(|finding| self.rules.contains(&finding.rule)).collect();
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
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(table.items[0].answer(&findings).0, expected, "{x} {y}");
        };
        check("pass", "pass", Answer::Sound);
        check("pass", "not_applicable", Answer::Sound);
        check("not_applicable", "not_applicable", Answer::NotApplicable);
        check("pass", "unknown", Answer::Unknown);
        check("attention", "unknown", Answer::Weak);
        check("excepted", "pass", Answer::Excepted);
        assert_eq!(table.items[1].answer(&[finding("x", "danger")]).0, Answer::Manual);
    }

    #[test]
    fn a_table_that_asks_for_what_is_not_there_is_refused() {
        let refused = |text: &str, rules: &[&str], part: &str| {
            let told =
                Table::parse(text, &rules.iter().copied().collect()).unwrap_err().to_string();
            assert!(told.contains(part), "{told}");
        };
        refused(ITEM, &["x"], "the rule y");
        refused(&ITEM.replace("U-07", "U-01"), &["x", "y"], "twice");
        refused(&ITEM.replace(", by_hand: {ko: c, en: c}", ""), &["x", "y"], "neither a rule");
        refused("items: 3", &[], "shape");
    }
}
