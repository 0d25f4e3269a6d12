//! The chain of files that a host without a network hands over: which is missing, which does not
//! follow the one before it. Pure; the store keeps the files, the importer asks.

use std::collections::BTreeMap;

use carepack_shared::bundle::Link;
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::Handover;

/// Largest number of a file that is believed: one a minute for two years.
const NUMBER_MAX: u64 = 1_000_000;

/// One place in a host's chain, or a run of places where nothing came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Place {
    pub number: u64,
    /// The last number of a run; the same as `number` for a file.
    pub to: u64,
    /// The inspection period, as this file or the next one tells it.
    pub period: Option<String>,
    /// When it was imported; none: it never came.
    pub imported_at: Option<jiff::Timestamp>,
    pub sha256: String,
    /// Its digest of the file before is not that file's.
    pub broken: bool,
}

impl Place {
    /// Nothing came here.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        self.imported_at.is_none()
    }

    /// The beginning of the digest, for lists.
    #[must_use]
    pub fn short(&self) -> &str {
        self.sha256.get(..12).unwrap_or(&self.sha256)
    }

    /// `3` or `3–5`.
    #[must_use]
    pub fn numbers(&self) -> String {
        if self.number == self.to {
            self.number.to_string()
        } else {
            format!("{}–{}", self.number, self.to)
        }
    }
}

/// A link that no agent wrote.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    #[error("its number {0} is not between 1 and {NUMBER_MAX}")]
    Number(u64),
    #[error("what it calls the file before is no SHA-256")]
    Digest,
    #[error("the first file of a chain names a file before it, or a later one does not")]
    First,
    #[error("the period of the file before is not of the form 2026-11 or 2026-Q4")]
    Period,
}

/// Whether a link can be an agent's at all; its words are a host's.
///
/// # Errors
/// [`LinkError`].
pub fn check(link: &Link) -> Result<(), LinkError> {
    if !(1..=NUMBER_MAX).contains(&link.number) {
        return Err(LinkError::Number(link.number));
    }
    let is_digest =
        |text: &String| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if link.before.as_ref().is_some_and(|before| !is_digest(before)) {
        return Err(LinkError::Digest);
    }
    if link.before.is_none() != (link.number == 1) {
        return Err(LinkError::First);
    }
    let is_period = |text: &String| crate::intake::is_period(text);
    if link.before_period.as_ref().is_some_and(|period| !is_period(period)) {
        return Err(LinkError::Period);
    }
    Ok(())
}

/// The chain of a host from its files, newest first: files and gaps.
#[must_use]
pub fn chain(files: &[Handover]) -> Vec<Place> {
    let by_number: BTreeMap<u64, &Handover> =
        files.iter().map(|file| (file.number, file)).collect();
    let mut places = Vec::new();
    let mut last: Option<&Handover> = None;
    for file in by_number.values() {
        let expected = last.map_or(1, |before| before.number + 1);
        if file.number > expected {
            places.push(Place {
                number: expected,
                to: file.number - 1,
                period: file.before_period.clone(),
                imported_at: None,
                sha256: file.before_sha256.clone().unwrap_or_default(),
                broken: false,
            });
        }
        let follows = last.filter(|before| before.number + 1 == file.number);
        places.push(Place {
            number: file.number,
            to: file.number,
            period: file.period.clone(),
            imported_at: Some(file.imported_at),
            sha256: file.sha256.clone(),
            broken: follows
                .is_some_and(|before| file.before_sha256.as_ref() != Some(&before.sha256)),
        });
        last = Some(file);
    }
    places.reverse();
    places
}

/// The gap of a host that a period falls into: its file never came.
#[must_use]
pub fn missing_in(files: &[Handover], period: &str) -> Option<Place> {
    let mut before: Option<String> = None;
    for place in chain(files).into_iter().rev() {
        let until = place.period.as_deref();
        let begins = before.as_deref().is_none_or(|before| before < period);
        if place.is_missing() && begins && until.is_some_and(|until| period <= until) {
            return Some(place);
        }
        before = place.period.or(before);
    }
    None
}

/// What a new file tells of the chain: the gap right before it, and whether it breaks with its
/// neighbours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    Missing(Place),
    /// Of two neighbours, the later one's digest of the file before is not the earlier one's.
    Broken {
        number: u64,
    },
}

/// The remarks on `new` among the files that were there before.
#[must_use]
pub fn remarks(known: &[Handover], new: &Handover) -> Vec<Remark> {
    let mut files = known.to_vec();
    files.push(new.clone());
    let mut remarks = Vec::new();
    for place in chain(&files) {
        if place.is_missing() && place.to + 1 == new.number {
            remarks.push(Remark::Missing(place));
        } else if place.broken && (place.number == new.number || place.number == new.number + 1) {
            remarks.push(Remark::Broken { number: place.number });
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn file(number: u64, before: Option<&str>) -> Handover {
        Handover {
            host: Uuid::nil(),
            number,
            sha256: format!("sha-{number}"),
            before_sha256: before.map(str::to_owned),
            before_period: before.map(|_| format!("2026-{:02}", number - 1)),
            period: Some(format!("2026-{number:02}")),
            snapshot: Uuid::nil(),
            certificate_pem: String::new(),
            imported_at: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    /// The chain as text: `1 2 (3–4) 5!`.
    fn told(files: &[Handover]) -> String {
        let word = |place: &Place| match (place.is_missing(), place.broken) {
            (true, _) => format!("({})", place.numbers()),
            (false, true) => format!("{}!", place.numbers()),
            (false, false) => place.numbers(),
        };
        let words: Vec<String> = chain(files).iter().rev().map(word).collect();
        words.join(" ")
    }

    #[test]
    fn gaps_and_breaks_are_seen_whatever_the_order() {
        let (one, two, three) = (file(1, None), file(2, Some("sha-1")), file(3, Some("sha-2")));
        assert_eq!(told(&[]), "");
        assert_eq!(told(&[two.clone(), one.clone(), three.clone()]), "1 2 3");
        assert_eq!(told(&[three.clone(), one.clone()]), "1 (2) 3");
        assert_eq!(told(&[file(9, Some("sha-8")), one.clone()]), "1 (2–8) 9");
        assert_eq!(told(std::slice::from_ref(&three)), "(1–2) 3");
        assert_eq!(told(&[one.clone(), file(2, Some("other"))]), "1 2!");
        let gap = chain(&[three.clone(), one.clone()]).remove(1);
        assert_eq!(gap.period.as_deref(), Some("2026-02"));

        let missing = |files: &[Handover], period| missing_in(files, period).map(|p| p.numbers());
        let held = [three.clone(), one.clone()];
        assert_eq!(missing(&held, "2026-02").as_deref(), Some("2"));
        assert_eq!(missing(&held, "2026-01"), None);
        assert_eq!(missing(&held, "2026-03"), None);
        let long = [file(9, Some("sha-8")), one.clone()];
        assert_eq!(missing(&long, "2026-05").as_deref(), Some("2–8"));
        assert!(remarks(std::slice::from_ref(&one), &two).is_empty());
        assert_eq!(remarks(std::slice::from_ref(&one), &three), [Remark::Missing(gap)]);
        // The missing one comes late: it says nothing new.
        assert!(remarks(&[one.clone(), three.clone()], &two).is_empty());
        let forged = Handover { sha256: "forged".into(), ..two };
        assert_eq!(remarks(&[one, three], &forged), [Remark::Broken { number: 3 }]);
    }

    #[test]
    fn a_link_that_no_agent_wrote_is_refused() {
        let link = |number, before: Option<&str>| Link {
            number,
            before: before.map(str::to_owned),
            before_period: None,
        };
        let digest = "ab".repeat(32);
        assert_eq!(check(&link(1, None)), Ok(()));
        assert_eq!(check(&link(2, Some(&digest))), Ok(()));
        assert_eq!(check(&link(0, None)), Err(LinkError::Number(0)));
        assert_eq!(check(&link(u64::MAX, Some(&digest))), Err(LinkError::Number(u64::MAX)));
        assert_eq!(check(&link(2, None)), Err(LinkError::First));
        assert_eq!(check(&link(1, Some(&digest))), Err(LinkError::First));
        assert_eq!(check(&link(2, Some("../x"))), Err(LinkError::Digest));
        let odd = Link { before_period: Some("<b>".into()), ..link(2, Some(&digest)) };
        assert_eq!(check(&odd), Err(LinkError::Period));
    }
}
