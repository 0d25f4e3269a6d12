//! What people add to an assessment before it is published: words, corrections, names, visits, and
//! what differs from the edition before. It is frozen beside the assessment, so that an edition can
//! be made again byte for byte.
//!
//! It knows no store; who may say what is [`crate::inspections`]' part.

use carepack_assessment::model::Verdict;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::words::Lang;

/// Empty for a report that nobody has reviewed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// 1, 2, …; 0 for a draft.
    pub edition: u32,
    pub published_at: Option<Timestamp>,
    /// Empty where the generated draft stands.
    pub opinion: Texts,
    /// 작성 · 검토 · 승인
    pub author: Option<Signature>,
    pub reviewer: Option<Signature>,
    pub approver: Option<Signature>,
    /// In order of place and rule.
    pub remarks: Vec<Remark>,
    /// In order of date.
    pub visits: Vec<Visit>,
    /// Of a corrected edition.
    pub revision: Option<Revision>,
    /// The customer's acknowledgement of the last report before this one.
    pub confirmed: Option<Confirmed>,
}

/// One text in both languages; where one is missing the other is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    pub ko: String,
    pub en: String,
}

/// Whose name stands under it, and since when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    pub name: String,
    pub at: Timestamp,
}

/// An engineer's words on one finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    pub subject: String,
    /// Name of the host or group.
    pub place: String,
    pub rule: String,
    pub title: Texts,
    /// The verdict as it was judged.
    pub judged: Verdict,
    /// The verdict that holds.
    pub holds: Verdict,
    /// Why it is another one.
    pub reason: String,
    pub comment: Texts,
    /// Empty for none.
    pub case_id: String,
    pub by: String,
}

/// 방문 예방 점검
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    pub held_on: Date,
    pub who: String,
    pub hosts: Vec<String>,
    pub checklist: Vec<Item>,
    pub words: Texts,
}

/// One thing that was looked at on site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    pub item: String,
    pub result: Verdict,
    #[serde(default)]
    pub note: String,
}

/// What a corrected edition changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// The edition that it replaces.
    pub replaces: u32,
    pub reason: String,
    pub changes: Vec<Changed>,
}

/// One thing that differs between two editions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    pub what: What,
    /// Name of the host or group; empty for what is of the whole report.
    pub place: String,
    /// Title of the finding, or date of the visit.
    pub title: Texts,
    pub before: Said,
    pub after: Said,
}

/// What kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Score,
    Opinion,
    Verdict,
    Remark,
    Visit,
}

/// One side of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    Nothing,
    Verdict(Verdict),
    Text(Texts),
}

/// The customer's acknowledgement of an earlier report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmed {
    pub document: String,
    pub edition: u32,
    pub name: String,
    pub at: Timestamp,
}

impl Texts {
    /// One text that stands for both languages.
    #[must_use]
    pub fn same(text: &str) -> Self {
        Self { ko: text.to_owned(), en: text.to_owned() }
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ko.is_empty() && self.en.is_empty()
    }

    /// The text of a language, or the other where it is missing.
    #[must_use]
    pub fn of(&self, lang: Lang) -> &str {
        let (own, other) = match lang {
            Lang::Ko => (&self.ko, &self.en),
            Lang::En => (&self.en, &self.ko),
        };
        if own.is_empty() { other } else { own }
    }
}
