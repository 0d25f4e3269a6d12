//! Verdicts → score. Whole numbers, one pure function, every point explained.
//!
//! The formula is the one of the rules' reference: weights by risk, areas, caps against dilution,
//! coverage. All scores are per mille and rounded down.

use crate::model::{Area, AreaScore, Cap, Level, Score, Verdict};

/// One check as the score sees it.
#[derive(Clone, Copy, Debug)]
pub struct Check<'a> {
    pub rule: &'a str,
    pub area: Area,
    pub level: Level,
    pub verdict: Verdict,
}

/// Weight of each area in a host's score, in hundredths.
const AREAS: [(Area, u32); 5] = [
    (Area::Availability, 30),
    (Area::Security, 25),
    (Area::Stability, 20),
    (Area::Performance, 15),
    (Area::Hygiene, 10),
];

/// Under this coverage (‰) a score is provisional (잠정).
const PROVISIONAL_UNDER: u16 = 900;
/// Under this coverage (‰) there is no score.
const NONE_UNDER: u16 = 600;
/// Highest score with an open critical finding.
const CAP_CRITICAL: u16 = 690;
/// Highest score with an open important finding.
const CAP_IMPORTANT: u16 = 890;
/// A business-critical host under this caps the customer's score at [`CAP_CRITICAL`].
const BUSINESS_CRITICAL_FLOOR: u16 = 500;

/// R = impact × likelihood: ≥ 12 critical, 8–11 important, 4–7 moderate, 1–3 low.
#[must_use]
pub const fn level(impact: u8, likelihood: u8) -> Level {
    match impact as u16 * likelihood as u16 {
        12.. => Level::Critical,
        8..=11 => Level::Important,
        4..=7 => Level::Moderate,
        _ => Level::Low,
    }
}

/// Weight of a check by its level.
#[must_use]
pub const fn weight(level: Level) -> u32 {
    match level {
        Level::Critical => 15,
        Level::Important => 7,
        Level::Moderate => 3,
        Level::Low => 1,
    }
}

/// Credit of a verdict in ‰ in the raw score; none when it does not count.
const fn credit(verdict: Verdict) -> Option<u32> {
    match verdict {
        Verdict::Pass => Some(1000),
        Verdict::Attention => Some(500),
        Verdict::Danger | Verdict::Excepted => Some(0),
        Verdict::Unknown | Verdict::NotApplicable => None,
    }
}

/// A host's score.
#[must_use]
pub fn host_score(checks: &[Check<'_>]) -> Score {
    let coverage = coverage(checks);
    let areas: Vec<AreaScore> = AREAS
        .iter()
        .map(|(area, _)| AreaScore {
            area: *area,
            raw: mean_credit(checks, *area, |_| true),
            effective: mean_credit(checks, *area, |v| v != Verdict::Excepted),
        })
        .collect();
    let cap = cap(checks, |verdict| verdict == Verdict::Danger);
    let cap_raw = cap_raw(checks);
    let scored = |score: Option<u16>, cap: Option<&Cap>| {
        let score = score.filter(|_| coverage >= NONE_UNDER)?;
        Some(cap.map_or(score, |cap| score.min(cap.at_most)))
    };
    let raw = scored(weighted(&areas, |area| area.raw), cap_raw.as_ref());
    let effective = scored(weighted(&areas, |area| area.effective), cap.as_ref());
    let bites = cap.filter(|cap| effective == Some(cap.at_most));
    Score { raw, effective, coverage, provisional: coverage < PROVISIONAL_UNDER, areas, cap: bites }
}

/// One host in the customer's mean.
#[derive(Clone, Copy, Debug)]
pub struct Weighed {
    pub effective: Option<u16>,
    /// 1, 2 or 4.
    pub importance: u8,
}

/// Mean over the hosts that have a score, weighted by importance, capped when a business-critical
/// host is in a bad state.
#[must_use]
pub fn customer_score(hosts: &[Weighed]) -> Option<u16> {
    let scored = hosts.iter().filter_map(|host| Some((host.effective?, host.importance)));
    let (sum, weights) = scored.fold((0u32, 0u32), |(sum, weights), (score, importance)| {
        (sum + u32::from(score) * u32::from(importance), weights + u32::from(importance))
    });
    let mean = u16::try_from(sum.checked_div(weights)?).ok()?;
    let bad = hosts
        .iter()
        .any(|h| h.importance >= 4 && h.effective.is_some_and(|s| s < BUSINESS_CRITICAL_FLOOR));
    Some(if bad { mean.min(CAP_CRITICAL) } else { mean })
}

/// ⌊Σ w·credit ÷ Σ w⌋ over one area's checks whose verdict counts.
fn mean_credit(checks: &[Check<'_>], area: Area, counts: impl Fn(Verdict) -> bool) -> Option<u16> {
    let in_area = checks.iter().filter(|c| c.area == area && counts(c.verdict));
    let (sum, weights) = in_area
        .filter_map(|check| Some((weight(check.level), credit(check.verdict)?)))
        .fold((0, 0), |(sum, weights), (w, credit)| (sum + w * credit, weights + w));
    u16::try_from(u32::checked_div(sum, weights)?).ok()
}

/// Mean over the areas that have a score, weights renormalised.
fn weighted(areas: &[AreaScore], of: impl Fn(&AreaScore) -> Option<u16>) -> Option<u16> {
    let (sum, weights) = areas
        .iter()
        .zip(AREAS)
        .filter_map(|(area, (_, weight))| Some((u32::from(of(area)?), weight)))
        .fold((0, 0), |(sum, weights), (score, w)| (sum + score * w, weights + w));
    u16::try_from(u32::checked_div(sum, weights)?).ok()
}

/// Σ w known ÷ Σ w applicable; 0 when nothing applies.
fn coverage(checks: &[Check<'_>]) -> u16 {
    let applicable = checks.iter().filter(|c| c.verdict != Verdict::NotApplicable);
    let (known, all) = applicable.fold((0, 0), |(known, all), check| {
        let w = weight(check.level);
        (if check.verdict == Verdict::Unknown { known } else { known + w }, all + w)
    });
    u16::try_from(u32::checked_div(known * 1000, all).unwrap_or(0)).unwrap_or(1000)
}

/// The lowest cap that an open finding sets: critical before important, then by rule id.
///
/// "Open" is 위험. A check of critical risk that is only at 주의 has not happened yet: it caps
/// like an important one.
fn cap(checks: &[Check<'_>], danger: impl Fn(Verdict) -> bool) -> Option<Cap> {
    let at_most = |check: &Check<'_>| match (check.level, danger(check.verdict)) {
        (Level::Critical, true) => Some(CAP_CRITICAL),
        (Level::Important, true) => Some(CAP_IMPORTANT),
        (Level::Critical, false) if check.verdict == Verdict::Attention => Some(CAP_IMPORTANT),
        _ => None,
    };
    checks
        .iter()
        .filter_map(|check| Some(Cap { at_most: at_most(check)?, rule: check.rule.to_owned() }))
        .min_by(|a, b| (a.at_most, &a.rule).cmp(&(b.at_most, &b.rule)))
}

/// Exceptions lift caps in the effective score only.
fn cap_raw(checks: &[Check<'_>]) -> Option<Cap> {
    cap(checks, |verdict| matches!(verdict, Verdict::Danger | Verdict::Excepted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Area::{Availability, Hygiene, Performance, Security, Stability};
    use Level::{Critical, Important, Low, Moderate};
    use Verdict::{Attention, Danger, Excepted, NotApplicable, Pass, Unknown};

    fn checks(list: &[(Area, Level, Verdict)]) -> Vec<Check<'static>> {
        let make = |&(area, level, verdict)| Check { rule: "r", area, level, verdict };
        list.iter().map(make).collect()
    }

    #[test]
    fn the_worked_vector() {
        let score = host_score(&checks(&[
            (Availability, Critical, Pass),
            (Availability, Important, Danger),
            (Availability, Moderate, Pass),
            (Availability, Low, Danger),
            (Security, Important, Danger),
            (Security, Important, Excepted),
            (Security, Moderate, Pass),
            (Security, Moderate, Pass),
            (Security, Low, Pass),
            (Stability, Moderate, Pass),
            (Stability, Moderate, Pass),
            (Stability, Important, Pass),
            (Performance, Moderate, Attention),
            (Performance, Low, Pass),
            (Performance, Important, Unknown),
            (Hygiene, Low, Pass),
            (Hygiene, Low, NotApplicable),
            (Hygiene, Moderate, Pass),
        ]));
        let areas: Vec<_> = score.areas.iter().map(|a| (a.raw, a.effective)).collect();
        assert_eq!(
            areas,
            [
                (Some(692), Some(692)),
                (Some(333), Some(500)),
                (Some(1000), Some(1000)),
                (Some(625), Some(625)),
                (Some(1000), Some(1000)),
            ]
        );
        assert_eq!((score.raw, score.effective, score.coverage), (Some(684), Some(726), 906));
        assert!(!score.provisional);
        assert_eq!(score.cap, None, "890 does not bite at 726");
    }

    #[test]
    fn caps_hold_against_dilution() {
        let mut list = vec![(Availability, Low, Pass); 500];
        list.push((Availability, Critical, Danger));
        let score = host_score(&checks(&list));
        assert_eq!(score.effective, Some(690));
        assert_eq!(score.cap.map(|c| c.at_most), Some(690));
        list[500].2 = Attention;
        assert_eq!(host_score(&checks(&list)).effective, Some(890));
        list[500].2 = Excepted;
        let score = host_score(&checks(&list));
        assert_eq!((score.raw, score.effective), (Some(690), Some(1000)));
    }

    #[test]
    fn nothing_checked_is_no_score_and_never_a_full_one() {
        assert_eq!(host_score(&[]).effective, None);
        let unknown = checks(&[(Security, Important, Unknown), (Security, Important, Pass)]);
        let score = host_score(&unknown);
        assert_eq!((score.effective, score.coverage, score.provisional), (None, 500, true));
    }

    #[test]
    fn a_customer_is_its_hosts_by_importance() {
        let host = |effective, importance| Weighed { effective, importance };
        assert_eq!(customer_score(&[host(Some(900), 1), host(Some(600), 2)]), Some(700));
        assert_eq!(customer_score(&[host(Some(1000), 1), host(None, 4)]), Some(1000));
        let all = [host(Some(1000), 4), host(Some(1000), 4), host(Some(490), 4)];
        assert_eq!(customer_score(&all), Some(690));
        assert_eq!(customer_score(&[]), None);
    }
}
