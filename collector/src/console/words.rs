//! The console's words, Korean and English side by side (`words.tsv`).

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::store::Language;

const TABLE: &str = include_str!("words.tsv");

/// Key → Korean, English.
static WORDS: LazyLock<HashMap<&'static str, (&'static str, &'static str)>> = LazyLock::new(|| {
    let rows = TABLE.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    rows.filter_map(|line| {
        let mut cells = line.split('\t');
        Some((cells.next()?, (cells.next()?, cells.next()?)))
    })
    .collect()
});

/// Both languages of a key.
pub fn both(key: &str) -> (&'static str, &'static str) {
    WORDS.get(key).copied().unwrap_or(("", ""))
}

/// The words of a key; empty when there are none, which a test excludes for every key that stands
/// in a template or in the code.
pub fn say(language: Language, key: &str) -> &'static str {
    let (ko, en) = both(key);
    match language {
        Language::Korean => ko,
        Language::English => en,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use regex::Regex;

    use super::*;

    fn sources(folder: &Path, all: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "assets" {
                sources(&path, all);
            } else if (name.ends_with(".rs") || name.ends_with(".html")) && name != "words.rs" {
                all.push_str(&std::fs::read_to_string(&path).unwrap());
            }
        }
    }

    #[test]
    fn every_row_has_a_key_once_and_both_languages() {
        let mut seen = BTreeSet::new();
        for line in TABLE.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let cells: Vec<&str> = line.split('\t').collect();
            assert_eq!(cells.len(), 3, "{line}");
            assert!(cells.iter().all(|cell| !cell.trim().is_empty()), "{line}");
            assert!(seen.insert(cells[0]), "twice: {}", cells[0]);
        }
    }

    #[test]
    fn every_key_that_is_asked_for_has_words() {
        let mut all = String::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/console"), &mut all);
        let asked = Regex::new(r#"\bw\("([a-z_.]+)"\)|"((?:refused|nav)\.[a-z_]+)""#).unwrap();
        let missing: BTreeSet<&str> = asked
            .captures_iter(&all)
            .filter_map(|found| Some(found.get(1).or_else(|| found.get(2))?.as_str()))
            .filter(|key| both(key) == ("", ""))
            .collect();
        assert!(missing.is_empty(), "no words for {missing:?}");
    }

    #[test]
    fn every_key_is_asked_for() {
        let mut all = String::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/console"), &mut all);
        let unused: Vec<_> = WORDS
            .keys()
            .filter(|key| {
                let family = key.split('.').next().unwrap_or(key);
                !all.contains(&format!("\"{key}\""))
                    && !all.contains(&format!("of_word(\"{family}\""))
            })
            .collect();
        assert!(unused.is_empty(), "nobody asks for {unused:?}");
    }
}
