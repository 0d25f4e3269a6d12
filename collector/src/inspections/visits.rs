//! Visits (방문 예방 점검): entered by hand beside the evidence, printed in their period's report.

use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::Inspector;
use super::review::{ReviewError, named};
use crate::inspections::InspectionError;
use crate::reports::review::{Item, Texts, Visit};
use crate::store::{Contract, Visit as Row};

/// Most things on one checklist, and most hosts of one visit.
const ITEMS_MAX: usize = 200;
/// Longest item, note or words in characters.
const TEXT_CHARS_MAX: usize = 4_000;

impl Inspector {
    /// Keeps a visit in the period that its date lies in; that period.
    ///
    /// # Errors
    /// [`ReviewError`] names what is empty or too long, [`ReviewError::NoPlace`] a host that is
    /// not of the contract.
    pub async fn add_visit(
        &self,
        contract: &Contract,
        visit: &Visit,
        (by, now): (&str, Timestamp),
    ) -> Result<String, ReviewError> {
        named("who visited", &visit.who)?;
        let by = named("who enters it", by)?;
        let texts = visit.checklist.iter().flat_map(|item| [&item.item, &item.note]);
        for text in texts.chain([&visit.words.ko, &visit.words.en]) {
            if text.chars().count() > TEXT_CHARS_MAX {
                return Err(ReviewError::TooLong { what: "a text", max: TEXT_CHARS_MAX });
            }
        }
        if visit.checklist.len() > ITEMS_MAX || visit.hosts.len() > ITEMS_MAX {
            return Err(ReviewError::TooLong { what: "the list", max: ITEMS_MAX });
        }
        if visit.checklist.iter().any(|item| item.item.trim().is_empty()) {
            return Err(ReviewError::Empty { what: "an item of the checklist" });
        }
        let hosts = self.store.hosts(Some(contract.id)).await?;
        for name in &visit.hosts {
            if !hosts.iter().any(|host| host.hostname == *name) {
                return Err(ReviewError::NoPlace(name.clone()));
            }
        }
        let period = period_of(contract, visit.held_on)?;
        let row = Row {
            id: Uuid::now_v7(),
            contract: contract.id,
            period: period.clone(),
            held_on: visit.held_on,
            who: visit.who.trim().to_owned(),
            hosts: serde_json::to_string(&visit.hosts)?,
            checklist: serde_json::to_string(&visit.checklist)?,
            words_ko: visit.words.ko.clone(),
            words_en: visit.words.en.clone(),
            entered_at: now,
            entered_by: by,
        };
        self.store.add_visit(&row).await?;
        Ok(period)
    }

    /// The visits of a contract, in one period or in all, by date.
    ///
    /// # Errors
    /// What the store says, or a row that cannot be read.
    pub async fn visits(
        &self,
        contract: &Contract,
        period: Option<&str>,
    ) -> Result<Vec<Visit>, ReviewError> {
        let rows = self.store.visits(contract.id, period).await?;
        rows.iter().map(visit).collect()
    }
}

fn visit(row: &Row) -> Result<Visit, ReviewError> {
    let checklist: Vec<Item> = serde_json::from_str(&row.checklist)?;
    Ok(Visit {
        held_on: row.held_on,
        who: row.who.clone(),
        hosts: serde_json::from_str(&row.hosts)?,
        checklist,
        words: Texts { ko: row.words_ko.clone(), en: row.words_en.clone() },
    })
}

/// The period that a day lies in, by the contract's calendar.
fn period_of(contract: &Contract, day: Date) -> Result<String, InspectionError> {
    let fault = |source| InspectionError::Period {
        contract: contract.name.clone(),
        period: day.to_string(),
        source,
    };
    let zone = jiff::tz::TimeZone::get(&contract.schedule.time_zone);
    let noon = zone.and_then(|zone| day.at(12, 0, 0, 0).to_zoned(zone));
    let noon = noon.map_err(|error| fault(error.into()))?.timestamp();
    Inspector::period_at(contract, noon)
}
