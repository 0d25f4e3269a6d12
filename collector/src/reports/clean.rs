//! Text from hosts made fit for paper: no control or direction characters, nothing that no font
//! can show, no endless lines.

/// Longest text in one cell, in characters.
const CELL_CHARS_MAX: usize = 400;

/// Cleans one text. What cannot be shown is made visible as `U+XXXX` instead of an empty box.
#[must_use]
pub fn clean(text: &str) -> String {
    let missing = carepack_pdf::uncovered(text);
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.chars().enumerate() {
        if at >= CELL_CHARS_MAX {
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
    }
}
