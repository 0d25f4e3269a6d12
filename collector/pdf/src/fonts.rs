//! The embedded fonts, loaded once.

use std::sync::OnceLock;

use typst::foundations::Bytes;
use typst::layout::Abs;
use typst::text::{Font, FontBook, FontInstance, FontVariant, FontVariations};
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
    /// The same fonts, opened for questions about glyphs.
    faces: Vec<FontInstance>,
    pub book: LazyHash<FontBook>,
}

/// The fonts of every document.
pub fn fonts() -> &'static Fonts {
    static FONTS: OnceLock<Fonts> = OnceLock::new();
    FONTS.get_or_init(|| {
        let list: Vec<Font> = FILES.iter().flat_map(|file| Font::iter(Bytes::new(*file))).collect();
        let book = LazyHash::new(FontBook::from_fonts(&list));
        let open = |font: &Font| {
            let font = font.clone();
            font.instantiate(FontVariant::default(), Abs::zero(), &FontVariations::default())
        };
        Fonts { faces: list.iter().map(open).collect(), list, book }
    })
}

/// Characters of `text` that cannot stand in a document, each once: no embedded font has a glyph
/// for them, or PDF/A forbids them. A single one makes [`crate::render`] fail, so whoever makes a
/// document replaces them first.
#[must_use]
pub fn uncovered(text: &str) -> Vec<char> {
    let mut missing = Vec::new();
    for c in text.chars().filter(|c| !c.is_ascii()) {
        if !missing.contains(&c) && (is_forbidden(c) || !has_glyph(c)) {
            missing.push(c);
        }
    }
    missing
}

/// Asks the glyphs themselves: the index that Typst keeps of a font counts whole ranges of its
/// character map, also the gaps in them that map to "no glyph".
fn has_glyph(c: char) -> bool {
    let has = |face: &FontInstance| face.ttf().glyph_index(c).is_some_and(|glyph| glyph.0 != 0);
    fonts().faces.iter().any(has)
}

/// Forbidden by PDF/A, level A (ISO 19005-2, 6.2.11.7): private use areas, which mean nothing to a
/// reader, and the byte order mark.
const fn is_forbidden(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{f0000}'..)
}

#[cfg(test)]
mod tests {
    #[test]
    fn hangul_is_covered_and_kanji_is_told() {
        assert_eq!(fonts_len(), 4);
        assert_eq!(super::uncovered("정기점검 보고서: 100 % ✓ ● ▲ → ·"), Vec::<char>::new());
        assert_eq!(super::uncovered("漢漢字🦀"), ['漢', '字', '🦀']);
    }

    #[test]
    fn gaps_in_a_fonts_map_and_private_characters_are_told() {
        for c in
            ['\u{2705}', '\u{608}', '\u{2118}', '\u{e000}', '\u{f8ff}', '\u{10fffd}', '\u{feff}']
        {
            assert_eq!(super::uncovered(&c.to_string()), [c], "U+{:04X}", u32::from(c));
        }
    }

    /// What is not told must not stop a document.
    #[test]
    fn every_other_character_makes_a_document() {
        let syllable = |c: &char| ('가'..='힣').contains(c);
        let all = (0x20..=u32::from(char::MAX)).filter_map(char::from_u32);
        let shown = all.filter(|c| !c.is_control() && !syllable(c));
        let shown = shown.filter(|c| super::uncovered(&c.to_string()).is_empty());
        let lines: Vec<String> =
            shown.collect::<Vec<_>>().chunks(40).map(|line| line.iter().collect()).collect();
        assert!(lines.len() > 50, "the fonts have {} lines of characters", lines.len());
        let made = crate::render(crate::Job {
            template: r#"
                #set document(title: "t")
                #set text(font: ("Pretendard", "DejaVu Sans Mono"))
                #for line in json("lines.json") [#line #text(weight: "bold", line) \ ]
            "#,
            files: vec![("lines.json".into(), serde_json::to_vec(&lines).unwrap())],
            ident: "characters".into(),
            date: (2026, 11, 5, 0, 0, 0),
        });
        assert!(made.is_ok(), "{made:?}");
    }

    fn fonts_len() -> usize {
        super::fonts().list.len()
    }
}
