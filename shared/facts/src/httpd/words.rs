//! Lines and words of an httpd configuration, by the rules of httpd's own reader.
//!
//! A backslash at the end joins lines (also behind a `#`), words end at blanks outside of quotes.
//! It does not know directives.

/// Longest line, joined, in bytes; what is longer is cut. Ciphers and log formats are far shorter.
const LINE_BYTES_MAX: usize = 32 * 1024;
/// Most words of one line.
const WORDS_MAX: usize = 512;

/// One logical line: its first line's number and its text without blanks around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// From 1 on.
    pub number: u32,
    pub text: String,
}

/// The lines that say something: comments and empty ones left out.
pub fn logical_lines(text: &str) -> impl Iterator<Item = Line> {
    let mut lines = text.lines().zip(1_u32..);
    std::iter::from_fn(move || {
        loop {
            let (first, number) = lines.next()?;
            let mut whole = first.trim().to_owned();
            while continues(&whole) {
                whole.pop();
                let Some((next, _)) = lines.next() else { break };
                if whole.len() + next.len() <= LINE_BYTES_MAX {
                    whole.push_str(next.trim_end());
                }
            }
            let cut = whole.floor_char_boundary(LINE_BYTES_MAX);
            whole.truncate(cut);
            let text = whole.trim();
            if !text.is_empty() && !text.starts_with('#') {
                return Some(Line { number, text: text.to_owned() });
            }
        }
    })
}

/// A backslash that is not itself escaped.
fn continues(line: &str) -> bool {
    line.bytes().rev().take_while(|&byte| byte == b'\\').count() % 2 == 1
}

/// The words of a line; quotes are taken off, a backslash guards a quote inside of them.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() && words.len() < WORDS_MAX {
        let (word, left) = word(rest);
        words.push(word);
        rest = left.trim_start();
    }
    words
}

fn word(text: &str) -> (String, &str) {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    let Some(quote) = quote else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut word = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if chars.peek().is_some_and(|&(_, next)| next == quote || next == '\\') => {
                word.extend(chars.next().map(|(_, next)| next));
            }
            c if c == quote => return (word, &text[at + c.len_utf8()..]),
            c => word.push(c),
        }
    }
    (word, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_joined_and_comments_dropped() {
        let text = "# a \\\n b\n\nCustomLog logs/x \\\n   \"%t \\\"%r\\\"\"\n Listen 80\nlast \\";
        let lines: Vec<(u32, String)> =
            logical_lines(text).map(|line| (line.number, line.text)).collect();
        let expected =
            [(4, "CustomLog logs/x    \"%t \\\"%r\\\"\""), (6, "Listen 80"), (7, "last")];
        assert_eq!(lines, expected.map(|(number, text)| (number, text.to_owned())));
    }

    #[test]
    fn words_end_outside_of_quotes() {
        let check = |text, expected: &[&str]| assert_eq!(words(text), expected, "{text}");
        check("Listen 80", &["Listen", "80"]);
        check(r#"LogFormat "%h \"%r\"" common"#, &["LogFormat", "%h \"%r\"", "common"]);
        check("a 'b c' d", &["a", "b c", "d"]);
        check("a \"open", &["a", "open"]);
        check(r#"a "c:\\d" e"#, &["a", "c:\\d", "e"]);
        check("", &[]);
        check("한글 \"두 단어\"", &["한글", "두 단어"]);
    }
}
