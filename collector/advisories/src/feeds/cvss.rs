//! The arithmetic of CVSS, for feeds that give only a vector.

use std::str::FromStr;

use cvss::Cvss;

use crate::model::{Cve, Severity};

/// Longest vector with every metric of version 4, in bytes, with room.
const VECTOR_BYTES_MAX: usize = 400;

/// What CVSS 4.0 cannot be scored without.
const BASE_OF_4: [&str; 11] =
    ["/AV:", "/AC:", "/AT:", "/PR:", "/UI:", "/VC:", "/VI:", "/VA:", "/SC:", "/SI:", "/SA:"];

/// A score in tenths from one in the form of a number: 9.8 is 98.
pub(super) fn tenths(score: f64) -> Option<u8> {
    let tenths = (score * 10.0).round();
    // Between 0 and 100, so it fits; not a number is in no range.
    (0.0..=100.0).contains(&tenths).then_some(tenths as u8)
}

/// The base score of a vector of CVSS 2, 3 or 4, in tenths.
pub(super) fn score_of(vector: &str) -> Option<u8> {
    if vector.len() > VECTOR_BYTES_MAX {
        return None;
    }
    if vector.starts_with("CVSS:4") && !BASE_OF_4.iter().all(|metric| vector.contains(metric)) {
        return None;
    }
    match Cvss::from_str(vector).ok()? {
        Cvss::CvssV30(vector) | Cvss::CvssV31(vector) => tenths(vector.base_score().value()),
        other => tenths(other.score()),
    }
}

/// Which of two vectors is of the newer CVSS: 2 has no prefix, later ones say theirs.
pub(super) fn version_of(vector: &str) -> u8 {
    match vector.strip_prefix("CVSS:").and_then(|rest| rest.split('/').next()) {
        Some("4.0") => 40,
        Some("3.1") => 31,
        Some("3.0") => 30,
        _ => 20,
    }
}

/// Takes a score if it is of a newer CVSS than the one that is there, or worse in the same.
pub(super) fn take(cve: &mut Cve, score: u8, vector: &str) {
    let vector = if vector.len() <= VECTOR_BYTES_MAX { vector } else { "" };
    let given = (version_of(vector), score);
    if cve.cvss_tenths.is_none_or(|known| given > (version_of(&cve.cvss_vector), known)) {
        cve.cvss_tenths = Some(score);
        vector.clone_into(&mut cve.cvss_vector);
    }
}

/// The rating that CVSS 3 and 4 give a score, in the four words.
pub(super) fn severity_of(score: Option<u8>) -> Severity {
    match score {
        None | Some(0) => Severity::None,
        Some(1..=39) => Severity::Low,
        Some(40..=69) => Severity::Moderate,
        Some(70..=89) => Severity::Important,
        Some(90..) => Severity::Critical,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(vector: &str, expected: Option<u8>) {
        assert_eq!(score_of(vector), expected, "{vector}");
    }

    /// Scores as NVD or Red Hat publish them with these vectors.
    #[test]
    fn scores_of_vectors() {
        check("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Some(98));
        check("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", Some(100));
        check("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N", Some(53));
        check("CVSS:3.0/AV:L/AC:H/PR:L/UI:N/S:U/C:H/I:N/A:N", Some(47));
        check("AV:L/AC:L/Au:N/C:P/I:P/A:C", Some(61));
        check("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", Some(93));
        // Temporal metrics do not lower the base score.
        check("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:U/RL:O", Some(98));
    }

    #[test]
    fn what_is_no_vector() {
        for vector in
            ["", "CVSS:3.1/", "CVSS:4.0/AV:N", "CVSS:9.9/AV:N", "high", "CVSS:4.0/AV:N/AV"]
        {
            check(vector, None);
        }
        assert_eq!(tenths(f64::NAN), None);
        assert_eq!(tenths(10.1), None);
        assert_eq!(tenths(9.8), Some(98));
    }

    #[test]
    fn the_newer_version_wins() {
        let mut cve = Cve::default();
        take(&mut cve, 61, "AV:L/AC:L/Au:N/C:P/I:P/A:C");
        take(&mut cve, 47, "CVSS:3.0/AV:L/AC:H/PR:L/UI:N/S:U/C:H/I:N/A:N");
        assert_eq!(cve.cvss_tenths, Some(47));
        take(&mut cve, 61, "AV:L/AC:L/Au:N/C:P/I:P/A:C");
        assert_eq!(cve.cvss_tenths, Some(47));
    }

    proptest::proptest! {
        #[test]
        fn nothing_breaks_it(text in "(CVSS:(2.0|3.0|3.1|4.0)/)?((AV|AC|AT|PR|UI|VC|VI|VA|SC|SI|SA|S|C|I|A|E|MAV|MAC|Au):[NALPHUCXMR]/?){0,16}") {
            let _ = score_of(&text);
        }
    }
}
