//! Particles that depend on the last sound of the word before them: 은/는, 이/가, 을/를.

/// How a word ends when it is spoken.
#[derive(Clone, Copy, PartialEq)]
enum Sound {
    Vowel,
    /// ㄹ, after which "으로" becomes "로".
    Rieul,
    Consonant,
}

/// `word` with the particle that fits: `with_final` after a final consonant, else `without`.
pub fn josa(word: &str, with_final: &str, without: &str) -> String {
    let particle = if sound(word) == Sound::Vowel { without } else { with_final };
    format!("{word}{particle}")
}

/// Rules cannot know the word that fills a placeholder and write both particles; this keeps the
/// one that fits: `sda이(가)` → `sda가`.
pub fn particles(text: &str) -> String {
    const BOTH: [(&str, &str, &str); 5] = [
        ("은(는)", "은", "는"),
        ("이(가)", "이", "가"),
        ("을(를)", "을", "를"),
        ("와(과)", "과", "와"),
        ("(으)로", "으로", "로"),
    ];
    let mut out = text.to_owned();
    for (both, with_final, without) in BOTH {
        while let Some(at) = out.find(both) {
            let ends = sound(&out[..at]);
            let bare = ends == Sound::Vowel || both == "(으)로" && ends == Sound::Rieul;
            out.replace_range(at..at + both.len(), if bare { without } else { with_final });
        }
    }
    out
}

fn sound(word: &str) -> Sound {
    let last = word.chars().rev().find(|c| c.is_alphanumeric());
    match last {
        // Hangul syllables are ordered so that every 28th has no final consonant and the eighth
        // after it has ㄹ (Unicode 3.12).
        Some(c @ '가'..='힣') => match (u32::from(c) - u32::from('가')) % 28 {
            0 => Sound::Vowel,
            8 => Sound::Rieul,
            _ => Sound::Consonant,
        },
        // Digits are read 영 일 이 삼 사 오 육 칠 팔 구, letters by their names.
        Some('1' | '7' | '8' | 'l' | 'r' | 'L' | 'R') => Sound::Rieul,
        Some('0' | '3' | '6' | 'm' | 'n' | 'M' | 'N') => Sound::Consonant,
        _ => Sound::Vowel,
    }
}

#[cfg(test)]
mod tests {
    use super::{josa, particles};

    #[test]
    fn one_of_two_particles_stays() {
        assert_eq!(particles("x86_64이(가) 적용되지 않고"), "x86_64가 적용되지 않고");
        assert_eq!(particles("el8.x86_64(으)로 동작"), "el8.x86_64로 동작");
        assert_eq!(particles("커널(으)로, 값(으)로, 디스크을(를)"), "커널로, 값으로, 디스크를");
        assert_eq!(particles("web01은(는) sda와(과)"), "web01은 sda와");
        assert_eq!(particles("이(가)"), "가");
    }

    #[test]
    fn particle_after_a_word() {
        assert_eq!(josa("점검", "은", "는"), "점검은");
        assert_eq!(josa("점수", "이", "가"), "점수가");
        assert_eq!(josa("rhel8-db", "은", "는"), "rhel8-db는");
        assert_eq!(josa("web01", "은", "는"), "web01은");
        assert_eq!(josa("(서버)", "을", "를"), "(서버)를");
    }
}
