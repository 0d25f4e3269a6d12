//! Text from hosts made fit for paper: no control or direction characters, nothing that no font
//! can show, no endless lines.

/// Longest text in one cell, in characters.
const CELL_CHARS_MAX: usize = 400;
/// Longest paragraph of an engineer's words, in characters, and most paragraphs of one text.
const PARAGRAPH_CHARS_MAX: usize = 4_000;
const PARAGRAPHS_MAX: usize = 100;

/// Cleans one text. What cannot be shown is made visible as `U+XXXX` instead of an empty box.
#[must_use]
pub fn clean(text: &str) -> String {
    cleaned(text, CELL_CHARS_MAX)
}

/// What people wrote, a paragraph a line.
#[must_use]
pub fn paragraphs(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.take(PARAGRAPHS_MAX).map(|line| cleaned(line, PARAGRAPH_CHARS_MAX)).collect()
}

fn cleaned(text: &str, chars_max: usize) -> String {
    let missing = carepack_pdf::uncovered(text);
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.chars().enumerate() {
        if at >= chars_max {
            out.push('…');
            break;
        }
        match c {
            '\n' | '\t' => out.push(' '),
            c => push(&mut out, c, &missing),
        }
    }
    out
}

/// Cleans a text of several lines whole: what people wrote, which is bounded where it came in.
#[must_use]
pub fn clean_lines(text: &str) -> String {
    let missing = carepack_pdf::uncovered(text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        push(&mut out, if c == '\t' { ' ' } else { c }, &missing);
    }
    out
}

/// Adds a character, or its name when it cannot be shown.
fn push(out: &mut String, c: char, missing: &[char]) {
    let is_odd = (c.is_control() && c != '\n') || is_direction(c) || missing.contains(&c);
    if is_odd {
        out.push_str(&format!("U+{:04X}", u32::from(c)));
    } else {
        out.push(c);
    }
}

/// Characters that change the direction of what follows (Unicode bidirectional controls).
const fn is_direction(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A dash where there is nothing to say.
#[must_use]
pub fn or_dash(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { clean(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_shown_is_named() {
        assert_eq!(clean("a\u{1b}[31m"), "aU+001B[31m");
        assert_eq!(clean("x\u{202e}y"), "xU+202Ey");
        assert_eq!(clean("漢"), "U+6F22");
        assert_eq!(clean("한글 → ok"), "한글 → ok");
        assert_eq!(clean_lines("a\n\u{1b}b"), "a\nU+001Bb");
        assert_eq!(clean_lines(&"가".repeat(500)).chars().count(), 500);
        assert_eq!(clean(&"가".repeat(500)).chars().count(), 401);
        assert_eq!(paragraphs(" 가\n\n나\u{202e}\n"), ["가", "나U+202E"]);
        assert_eq!(paragraphs(&"가".repeat(500))[0].chars().count(), 500);
    }
}
