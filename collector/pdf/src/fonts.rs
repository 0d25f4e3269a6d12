//! The embedded fonts, loaded once.

use std::sync::OnceLock;

use typst::foundations::Bytes;
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;

/// Hangul and Latin in three weights, and a monospaced face for evidence.
const FILES: [&[u8]; 4] = [
    include_bytes!("../fonts/Pretendard-Regular.otf"),
    include_bytes!("../fonts/Pretendard-SemiBold.otf"),
    include_bytes!("../fonts/Pretendard-Bold.otf"),
    include_bytes!("../fonts/DejaVuSansMono.ttf"),
];

/// Fonts and the index that Typst asks.
pub struct Fonts {
    pub list: Vec<Font>,
    pub book: LazyHash<FontBook>,
}

/// The fonts of every document.
pub fn fonts() -> &'static Fonts {
    static FONTS: OnceLock<Fonts> = OnceLock::new();
    FONTS.get_or_init(|| {
        let list: Vec<Font> = FILES.iter().flat_map(|file| Font::iter(Bytes::new(*file))).collect();
        let book = LazyHash::new(FontBook::from_fonts(&list));
        Fonts { list, book }
    })
}

/// Characters of `text` that no embedded font has, each once. Such a character would show as an
/// empty box; whoever makes a document replaces it first.
#[must_use]
pub fn uncovered(text: &str) -> Vec<char> {
    let mut missing = Vec::new();
    for c in text.chars().filter(|c| !c.is_ascii()) {
        let has = |font: &Font| font.info().coverage.contains(u32::from(c));
        if !missing.contains(&c) && !fonts().list.iter().any(has) {
            missing.push(c);
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    #[test]
    fn hangul_is_covered_and_kanji_is_told() {
        assert_eq!(fonts_len(), 4);
        assert_eq!(super::uncovered("정기점검 보고서: 100 % ✓ ● ▲ → ·"), Vec::<char>::new());
        assert_eq!(super::uncovered("漢漢字🦀"), ['漢', '字', '🦀']);
    }

    fn fonts_len() -> usize {
        super::fonts().list.len()
    }
}
