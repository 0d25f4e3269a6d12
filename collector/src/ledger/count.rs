//! The ledger's sums. Pure.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::{Became, CaseLine, InspectionLine};

/// Inspections by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Counted {
    /// Those whose window has passed, and those that came before.
    pub due: usize,
    pub published: usize,
    pub missed: usize,
}

impl Counted {
    pub(super) fn of(lines: &[InspectionLine]) -> Self {
        let count = |became| lines.iter().filter(|line| line.became == became).count();
        Self {
            due: lines.len() - count(Became::Coming),
            published: count(Became::Published),
            missed: count(Became::Missed),
        }
    }
}

/// Cases by channel and severity; what has none stands not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Cases {
    pub all: usize,
    pub emergencies: usize,
    pub closed: usize,
    pub by_channel: BTreeMap<&'static str, usize>,
    pub by_severity: BTreeMap<&'static str, usize>,
}

impl Cases {
    pub(super) fn of(lines: &[CaseLine]) -> Self {
        let mut cases = Self { all: lines.len(), ..Self::default() };
        for line in lines {
            *cases.by_channel.entry(line.channel).or_default() += 1;
            *cases.by_severity.entry(line.severity).or_default() += 1;
            cases.emergencies += usize::from(line.emergency);
            cases.closed += usize::from(line.state == "closed");
        }
        cases
    }
}

/// First responses against what was promised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Responses {
    pub met: usize,
    /// Late, or late and still not there.
    pub missed: usize,
    /// Not there, and not late.
    pub waiting: usize,
    /// Of those that are met or missed, in working minutes; the lower of the middle two.
    pub median_minutes: Option<i64>,
    pub worst_minutes: Option<i64>,
    /// Number of the worst one.
    pub worst: String,
}

impl Responses {
    pub(super) fn of(lines: &[CaseLine]) -> Self {
        let mut responses = Self::default();
        let mut used: Vec<(i64, &str)> = Vec::new();
        for line in lines {
            match line.standing {
                "met" => responses.met += 1,
                "breached" => responses.missed += 1,
                _ => {
                    responses.waiting += 1;
                    continue;
                }
            }
            used.push((line.used_minutes, &line.number));
        }
        used.sort_unstable();
        responses.median_minutes =
            used.get(used.len().saturating_sub(1) / 2).map(|(minutes, _)| *minutes);
        responses.worst_minutes = used.last().map(|(minutes, _)| *minutes);
        responses.worst = used.last().map(|(_, number)| (*number).to_owned()).unwrap_or_default();
        responses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: &str, standing: &'static str, used_minutes: i64) -> CaseLine {
        CaseLine {
            number: number.to_owned(),
            title: String::new(),
            channel: "web",
            severity: "low",
            emergency: false,
            state: "open",
            opened_on: jiff::civil::date(2026, 1, 1),
            promised_minutes: 240,
            used_minutes,
            standing,
        }
    }

    #[test]
    fn responses_have_a_median_and_a_worst_one() {
        assert_eq!(Responses::of(&[]), Responses::default());
        let lines = [
            line("C-1", "met", 30),
            line("C-2", "breached", 400),
            line("C-3", "met", 10),
            line("C-4", "paused", 500),
            line("C-5", "met", 60),
        ];
        let responses = Responses::of(&lines);
        assert_eq!((responses.met, responses.missed, responses.waiting), (3, 1, 1));
        assert_eq!(responses.median_minutes, Some(30));
        assert_eq!((responses.worst_minutes, responses.worst.as_str()), (Some(400), "C-2"));
        assert_eq!(Cases::of(&lines).by_channel["web"], 5);
    }
}
