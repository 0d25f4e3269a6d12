//! Particles that depend on the last sound of the word before them: 은/는, 이/가, 을/를.

/// `word` with the particle that fits: `with_final` after a final consonant, else `without`.
pub fn josa(word: &str, with_final: &str, without: &str) -> String {
    let last = word.chars().rev().find(|c| c.is_alphanumeric());
    let has_final = match last {
        // Hangul syllables are ordered so that every 28th has no final consonant (Unicode 3.12).
        Some(c @ '가'..='힣') => (u32::from(c) - u32::from('가')) % 28 != 0,
        // Digits are read 영 일 이 삼 사 오 육 칠 팔 구.
        Some(c) if c.is_ascii_digit() => matches!(c, '0' | '1' | '3' | '6' | '7' | '8'),
        // Names of Latin letters with a final: L, M, N, R.
        Some(c) => matches!(c.to_ascii_lowercase(), 'l' | 'm' | 'n' | 'r'),
        None => false,
    };
    format!("{word}{}", if has_final { with_final } else { without })
}

#[cfg(test)]
mod tests {
    use super::josa;

    #[test]
    fn particles() {
        assert_eq!(josa("점검", "은", "는"), "점검은");
        assert_eq!(josa("점수", "이", "가"), "점수가");
        assert_eq!(josa("rhel8-db", "은", "는"), "rhel8-db는");
        assert_eq!(josa("web01", "은", "는"), "web01은");
        assert_eq!(josa("(서버)", "을", "를"), "(서버)를");
    }
}
