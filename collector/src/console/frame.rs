//! What stands around every page: who is signed in, the navigation, the words, the formats.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::access::{Caller, Right};
use super::words;
use crate::reports::Lang;
use crate::store::{Language, Person};

/// Zone of every time on a page; it stands beside each.
const ZONE: &str = "Asia/Seoul";

/// One entry of the navigation.
pub struct Entry {
    pub key: &'static str,
    pub path: &'static str,
    need: Right,
}

/// The navigation, in order; each is shown to those who may.
const NAVIGATION: &[Entry] = &[
    Entry { key: "nav.home", path: "/", need: Right::Read },
    Entry { key: "nav.customers", path: "/customers", need: Right::Read },
    Entry { key: "nav.hosts", path: "/hosts", need: Right::Read },
    Entry { key: "nav.inspections", path: "/inspections", need: Right::Read },
    Entry { key: "nav.cases", path: "/cases", need: Right::Read },
    Entry { key: "nav.services", path: "/services", need: Right::Read },
    Entry { key: "nav.calendar", path: "/calendar", need: Right::Read },
    Entry { key: "nav.advisories", path: "/advisories", need: Right::Read },
    Entry { key: "nav.notices", path: "/notices", need: Right::Read },
    Entry { key: "nav.plans", path: "/plans", need: Right::Read },
    Entry { key: "nav.findings", path: "/findings", need: Right::Read },
    Entry { key: "nav.patterns", path: "/patterns", need: Right::Staff },
    Entry { key: "nav.compare", path: "/compare", need: Right::Evidence },
    Entry { key: "nav.alarms", path: "/alarms", need: Right::Staff },
    Entry { key: "nav.people", path: "/people", need: Right::Operate },
    Entry { key: "nav.settings", path: "/settings", need: Right::Operate },
    Entry { key: "nav.audit", path: "/audit", need: Right::Operate },
];

/// The frame of one answer.
pub struct Frame {
    pub language: Language,
    pub person: Option<Person>,
    path: String,
    entries: Vec<&'static Entry>,
    zone: TimeZone,
}

impl Frame {
    #[must_use]
    pub fn of(caller: &Caller) -> Self {
        let entries = NAVIGATION.iter().filter(|entry| caller.may(entry.need)).collect();
        Self {
            language: caller.person.language,
            person: Some(caller.person.clone()),
            path: caller.path.clone(),
            entries,
            zone: zone(),
        }
    }

    /// For those who are not signed in: Korean first.
    #[must_use]
    pub fn stranger() -> Self {
        Self {
            language: Language::Korean,
            person: None,
            path: String::new(),
            entries: Vec::new(),
            zone: zone(),
        }
    }

    /// Words in the caller's language.
    #[must_use]
    pub fn w(&self, key: &str) -> &'static str {
        words::say(self.language, key)
    }

    /// Words of a value of a family: `of("verdict", "danger")`.
    #[must_use]
    pub fn of_word(&self, family: &str, word: &str) -> &'static str {
        words::say(self.language, &format!("{family}.{word}"))
    }

    /// The one of two texts that is in the caller's language, the other where there is none.
    #[must_use]
    pub fn either<'t>(&self, ko: &'t str, en: &'t str) -> &'t str {
        match self.language {
            Language::Korean if !ko.is_empty() => ko,
            Language::English if en.is_empty() => ko,
            _ => en,
        }
    }

    /// The language as reports know it.
    #[must_use]
    pub const fn report_language(&self) -> Lang {
        match self.language {
            Language::Korean => Lang::Ko,
            Language::English => Lang::En,
        }
    }

    #[must_use]
    pub fn lang(&self) -> &'static str {
        self.language.as_str()
    }

    #[must_use]
    pub fn entries(&self) -> &[&'static Entry] {
        &self.entries
    }

    /// Whether a page lies below an entry of the navigation.
    #[must_use]
    pub fn is_at(&self, path: &str) -> bool {
        if path == "/" {
            return self.path == "/";
        }
        self.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The letter of a score; empty without one.
    #[must_use]
    pub fn grade(&self, score: &Option<u16>) -> &'static str {
        grade(*score)
    }

    /// `2026-11-29 21:05 KST`
    #[must_use]
    pub fn time(&self, at: &Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
    }

    /// `2026-11-29`
    #[must_use]
    pub fn day(&self, at: &Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d").to_string()
    }

    /// A time, or the word for never.
    #[must_use]
    pub fn time_or_never(&self, at: &Option<Timestamp>) -> String {
        at.as_ref().map_or_else(|| self.w("never").to_owned(), |at| self.time(at))
    }

    /// Whether a page is shown to the vendor's staff.
    #[must_use]
    pub fn is_staff(&self) -> bool {
        self.person.as_ref().is_some_and(|person| person.role.is_staff())
    }

    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        super::assets::path(name)
    }
}

fn zone() -> TimeZone {
    // The zone is built in; UTC would still be a true time, with its name beside it.
    TimeZone::get(ZONE).unwrap_or(TimeZone::UTC)
}

/// The letter of a score, as the report has it; empty without one.
#[must_use]
pub fn grade(score: Option<u16>) -> &'static str {
    match score.map(carepack_assessment::model::Score::grade) {
        Some('A') => "A",
        Some('B') => "B",
        Some('C') => "C",
        Some(_) => "D",
        None => "",
    }
}
