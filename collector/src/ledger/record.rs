//! Recording a service: its kind and checklist are kept in their words of that day, so that a
//! catalogue that changes later changes no record.

use std::collections::BTreeMap;

use carepack_assessment::model::Verdict;
use carepack_service::recorded::Kinds;
use carepack_shared::terminal::plain;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::LedgerError;
use crate::reports::review::Texts;
use crate::store::{Contract, ServiceRecord, Store};

/// Longest name and longest note, in characters.
const NAME_CHARS_MAX: usize = 80;
const NOTE_CHARS_MAX: usize = 10_000;

/// What is entered.
#[derive(Clone, Debug)]
pub struct Entry<'e> {
    pub kind: &'e str,
    pub held_on: Date,
    pub engineer: &'e str,
    /// Item → result and note; an item that is not named was not checked.
    pub results: BTreeMap<String, (String, String)>,
    pub note: &'e str,
}

/// A service as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Recorded {
    pub id: Uuid,
    pub kind: String,
    #[schema(value_type = Object)]
    pub title: Texts,
    pub held_on: Date,
    pub engineer: String,
    pub items: Vec<Line>,
    pub note: String,
    pub entered_at: Timestamp,
    pub entered_by: String,
}

/// An item of a checklist with what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ServiceLine)]
pub struct Line {
    pub id: String,
    #[schema(value_type = Object)]
    pub text: Texts,
    #[schema(value_type = String)]
    pub result: Verdict,
    #[serde(default)]
    pub note: String,
}

/// What is stored of kind and checklist.
#[derive(Serialize, Deserialize)]
struct Kept {
    title: Texts,
    items: Vec<Line>,
}

impl Recorded {
    /// Reads a row.
    ///
    /// # Errors
    /// [`LedgerError::Json`] when it was changed by hand.
    pub fn of(row: &ServiceRecord) -> Result<Self, LedgerError> {
        let kept: Kept = serde_json::from_str(&row.results)?;
        Ok(Self {
            id: row.id,
            kind: row.kind.clone(),
            title: kept.title,
            held_on: row.held_on,
            engineer: row.engineer.clone(),
            items: kept.items,
            note: row.note.clone(),
            entered_at: row.entered_at,
            entered_by: row.entered_by.clone(),
        })
    }

    /// Items with a result of a kind.
    #[must_use]
    pub fn count(&self, result: Verdict) -> usize {
        self.items.iter().filter(|item| item.result == result).count()
    }
}

/// Keeps a service that was done.
///
/// # Errors
/// [`LedgerError`] names what is wrong.
pub async fn record(
    store: &Store,
    kinds: &Kinds,
    (contract, entry): (&Contract, &Entry<'_>),
    (by, now): (&str, Timestamp),
) -> Result<Uuid, LedgerError> {
    let kept = kept(kinds, entry)?;
    let engineer = text("engineer", entry.engineer, NAME_CHARS_MAX)?;
    if engineer.is_empty() {
        return Err(LedgerError::Empty("engineer"));
    }
    let row = ServiceRecord {
        id: Uuid::now_v7(),
        contract: contract.id,
        kind: entry.kind.to_owned(),
        held_on: entry.held_on,
        engineer,
        results: serde_json::to_string(&kept)?,
        note: text("note", entry.note, NOTE_CHARS_MAX)?,
        entered_at: now,
        entered_by: by.to_owned(),
    };
    store.add_service_record(&row).await?;
    Ok(row.id)
}

fn kept(kinds: &Kinds, entry: &Entry<'_>) -> Result<Kept, LedgerError> {
    let kind = kinds.get(entry.kind);
    let kind = kind.ok_or_else(|| LedgerError::Kind(entry.kind.to_owned()))?;
    let known = |item: &str| kind.items.iter().any(|known| known.id == item);
    if let Some(item) = entry.results.keys().find(|item| !known(item)) {
        return Err(LedgerError::Item { kind: entry.kind.to_owned(), item: item.clone() });
    }
    let line = |item: &carepack_service::recorded::Item| -> Result<Line, LedgerError> {
        let (result, note) = match entry.results.get(&item.id) {
            Some((word, note)) => (result(word)?, text("note", note, NOTE_CHARS_MAX)?),
            None => (Verdict::Unknown, String::new()),
        };
        let text = Texts { ko: item.ko.clone(), en: item.en.clone() };
        Ok(Line { id: item.id.clone(), text, result, note })
    };
    let items = kind.items.iter().map(line).collect::<Result<_, _>>()?;
    Ok(Kept { title: Texts { ko: kind.ko.clone(), en: kind.en.clone() }, items })
}

/// A result by its word; a service is not excepted from anything.
fn result(word: &str) -> Result<Verdict, LedgerError> {
    let value = serde_json::Value::from(word);
    let known = serde_json::from_value::<Verdict>(value).ok();
    let known = known.filter(|verdict| *verdict != Verdict::Excepted);
    known.ok_or_else(|| LedgerError::Result(word.to_owned()))
}

fn text(what: &'static str, value: &str, max: usize) -> Result<String, LedgerError> {
    let value = value.trim();
    if value.chars().count() > max {
        return Err(LedgerError::Long { what, max });
    }
    Ok(value.lines().map(plain).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checklist_is_kept_in_its_words_and_only_known_items_and_results_are_taken() {
        let kinds = carepack_service::recorded::with(None).unwrap();
        let entry = |kind: &'static str, item: &str, word: &str| Entry {
            kind,
            held_on: jiff::civil::date(2026, 11, 23),
            engineer: "박",
            results: BTreeMap::from([(item.to_owned(), (word.to_owned(), "1시간".to_owned()))]),
            note: "",
        };
        let sound = kept(&kinds, &entry("dr-drill", "time", "attention")).unwrap();
        assert_eq!(sound.title.ko, "재해 복구 훈련");
        let time = sound.items.iter().find(|line| line.id == "time").unwrap();
        assert_eq!((time.result, time.note.as_str()), (Verdict::Attention, "1시간"));
        let others = sound.items.iter().filter(|line| line.result == Verdict::Unknown).count();
        assert_eq!(others, sound.items.len() - 1, "what was not named was not checked");
        let wrong = |kind, item, word| kept(&kinds, &entry(kind, item, word)).err().unwrap();
        assert!(matches!(wrong("drill", "time", "pass"), LedgerError::Kind(_)));
        assert!(matches!(wrong("dr-drill", "x", "pass"), LedgerError::Item { .. }));
        assert!(matches!(wrong("dr-drill", "time", "excepted"), LedgerError::Result(_)));
        assert!(matches!(wrong("dr-drill", "time", "done"), LedgerError::Result(_)));
    }
}
