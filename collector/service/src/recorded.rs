//! Kinds of services that are recorded when they were done, and what is checked in each, as data.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

const BUILT_IN: &str = include_str!("recorded.yaml");
/// Most kinds, and most items of one.
const KINDS_MAX: usize = 60;
const ITEMS_MAX: usize = 60;
/// Longest text of either language, in characters.
const TEXT_CHARS_MAX: usize = 200;

/// A catalogue that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordedError {
    #[error("not a catalogue of recorded services")]
    Malformed(#[from] serde_yaml_ng::Error),
    #[error("{of}: {what}")]
    Value { of: String, what: &'static str },
}

/// One thing that is checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Unique in its kind.
    pub id: String,
    pub ko: String,
    pub en: String,
}

/// One kind of service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    pub ko: String,
    pub en: String,
    pub items: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    kinds: BTreeMap<String, Kind>,
}

/// Name → kind.
pub type Kinds = BTreeMap<String, Kind>;

/// The built-in kinds with `own`, the text of DATA/service/recorded.yaml, over them.
///
/// # Errors
/// [`RecordedError`] names the kind.
pub fn with(own: Option<&str>) -> Result<Kinds, RecordedError> {
    let mut kinds = serde_yaml_ng::from_str::<File>(BUILT_IN)?.kinds;
    if let Some(text) = own {
        kinds.extend(serde_yaml_ng::from_str::<File>(text)?.kinds);
    }
    let fault = |of: &str, what| Err(RecordedError::Value { of: of.to_owned(), what });
    if kinds.len() > KINDS_MAX {
        return fault("kinds", "more than 60");
    }
    for (name, kind) in &kinds {
        let is_word = |text: &str| {
            let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            !text.is_empty() && text.len() <= 40 && text.chars().all(sound)
        };
        let ids: BTreeSet<&str> = kind.items.iter().map(|item| item.id.as_str()).collect();
        if !is_word(name) || !ids.iter().all(|id| is_word(id)) {
            return fault(name, "a name wants 1 to 40 of a-z, 0-9 and -");
        }
        if kind.items.is_empty() || kind.items.len() > ITEMS_MAX || ids.len() < kind.items.len() {
            return fault(name, "items want 1 to 60, each id once");
        }
        let texts = kind.items.iter().flat_map(|item| [&item.ko, &item.en]);
        let is_long = |text: &String| text.is_empty() || text.chars().count() > TEXT_CHARS_MAX;
        if texts.chain([&kind.ko, &kind.en]).any(is_long) {
            return fault(name, "a text wants 1 to 200 characters, in both languages");
        }
    }
    Ok(kinds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_kinds_are_those_of_the_policy_and_own_ones_go_over_them() {
        let kinds = with(None).unwrap();
        let names: Vec<_> = kinds.keys().map(String::as_str).collect();
        let expected = [
            "analysis",
            "dr-drill",
            "high-availability",
            "migration",
            "performance-test",
            "settings-change",
            "training",
        ];
        assert_eq!(names, expected);
        assert_eq!(kinds["high-availability"].items.len(), 10);
        let own = "kinds: {training: {ko: 교육, en: Training, items: [{id: a, ko: 가, en: A}]}}";
        assert_eq!(with(Some(own)).unwrap()["training"].items.len(), 1);
        for wrong in [
            "kinds: {training: {ko: 교육, en: Training, items: []}}",
            "kinds: {Training: {ko: 교육, en: T, items: [{id: a, ko: 가, en: A}]}}",
            "kinds: {t: {ko: 교육, en: '', items: [{id: a, ko: 가, en: A}]}}",
            "kinds: {t: {ko: 교육, en: T, items: [{id: a, ko: 가, en: A}, {id: a, ko: 나, en: B}]}}",
        ] {
            assert!(with(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
