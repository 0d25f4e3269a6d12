//! The KISA annex: items of 주요정보통신기반시설 기술적 취약점 분석·평가, answered by rules.
//!
//! An item is judged by the rules that the pack's table names, never by rules that only have to do
//! with it. What no rule covers is 수동, with its reason. Pure: the table comes as text.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

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
    /// Where the guide's letter and what a clean RHEL is part ways.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub switches: Vec<Switch>,
    /// What a person looks at, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_hand: Option<Words>,
}

/// A criterion with two readings; the rule's param [`LITERAL`] says which one judges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    pub rule: String,
    /// What is accepted by default.
    pub rhel: Words,
    /// What the guide's wording asks for.
    pub guide: Words,
    /// The guide's wording judged; filled in by the assessment.
    #[serde(default)]
    pub literal: bool,
}

/// The param, true or false, of rules that know both readings.
pub const LITERAL: &str = "literal";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    pub ko: String,
    pub en: String,
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
    #[error("{code} of kisa.yaml switches {rule}, which is not one of its rules with a `literal`")]
    NoSwitch { code: String, rule: String },
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

    /// Checks the switches: `knows` says of a rule whether it has the param.
    ///
    /// # Errors
    /// [`TableError::NoSwitch`] names the item.
    pub fn check_switches(&self, knows: &dyn Fn(&str) -> bool) -> Result<(), TableError> {
        for item in &self.items {
            for Switch { rule, .. } in &item.switches {
                if !item.rules.contains(rule) || !knows(rule) {
                    let (code, rule) = (item.code.clone(), rule.clone());
                    return Err(TableError::NoSwitch { code, rule });
                }
            }
        }
        Ok(())
    }

    /// The table with what `literal` says of each switched rule.
    #[must_use]
    pub fn settled(mut self, literal: &dyn Fn(&str) -> bool) -> Self {
        for switch in self.items.iter_mut().flat_map(|item| &mut item.switches) {
            switch.literal = literal(&switch.rule);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITEM: &str = "edition: '2026'\nitems:\n  - {code: U-01, weight: 상, ko: a, en: a, rules: [x, y]}\n  - {code: U-07, weight: 하, ko: b, en: b, by_hand: {ko: c, en: c}}\n";

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
        let switched = ITEM.replace(
            "rules: [x, y]",
            "rules: [x, y], switches: [{rule: x, rhel: {ko: a, en: a}, guide: {ko: b, en: b}}]",
        );
        let table = Table::parse(&switched, &["x", "y"].into()).unwrap();
        assert!(table.check_switches(&|rule| rule == "x").is_ok());
        assert!(table.check_switches(&|rule| rule == "y").is_err());
        assert!(table.settled(&|rule| rule == "x").items[0].switches[0].literal);
    }
}
