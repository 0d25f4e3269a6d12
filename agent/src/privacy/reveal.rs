//! Codes back into names, for the customer's own eyes: a few codes, or a whole report on its way
//! through. It never writes what is not in a table that this host (or another of the fleet) kept.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::LazyLock;

use regex::Regex;

use super::names::is_name;

/// Bytes read at a time.
const CHUNK_BYTES: usize = 64 * 1024;
/// Longest text that is turned back, in bytes: the largest reports have 30 MiB.
const TEXT_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Everything that a code looks like.
static CODE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?-u)\b(?:[hu]-[a-z2-7]{8}|d-[a-z2-7]{8}\.invalid",
        r"|2[45][0-9](?:\.[0-9]{1,3}){3}",
        r"|2001:0?db8:[0-9a-f:]{2,34}",
        r"|f2(?:[:-][0-9a-f]{2}){5})",
    ))
    .expect("the expression is built by a test")
});

/// A text that cannot be turned back.
#[derive(Debug, thiserror::Error)]
pub enum RevealError {
    #[error("the text cannot be read or written")]
    Io(#[from] std::io::Error),
    #[error("the text is over {TEXT_BYTES_MAX} bytes; split it")]
    TooLong,
    #[error("{code} stands for a name that no table should hold; the table was altered by hand")]
    Name { code: String },
}

/// How names are written into a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Plain,
    Html,
    Csv,
}

impl Form {
    /// By the ending of a file's name.
    #[must_use]
    pub fn of(file: &str) -> Self {
        match file.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).as_deref() {
            Some("html" | "htm") => Self::Html,
            Some("csv") => Self::Csv,
            _ => Self::Plain,
        }
    }
}

/// Code → name, every name fit to stand in any text.
#[derive(Debug, Default)]
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// Takes a table as it was kept.
    ///
    /// # Errors
    /// A name that is no name: only letters, digits, `. _ - : @` may stand in one, a letter or digit
    /// or `_ :` first, so that it is no markup, no formula and no command wherever it is put.
    pub fn add(&mut self, table: BTreeMap<String, String>) -> Result<(), RevealError> {
        for (code, name) in table {
            if !is_name(&name) {
                return Err(RevealError::Name { code });
            }
            self.0.insert(code, name);
        }
        Ok(())
    }

    /// The name behind a code.
    #[must_use]
    pub fn name(&self, code: &str) -> Option<&str> {
        self.0.get(code).map(String::as_str)
    }

    /// How many codes are known.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Copies a text with names for codes, holding a piece of it at a time. Gives how many codes
    /// were turned back, and how many are not known here.
    ///
    /// # Errors
    /// [`RevealError`]; what was written until then stands.
    pub fn copy(
        &self,
        from: &mut impl Read,
        to: &mut impl Write,
        form: Form,
    ) -> Result<(u64, u64), RevealError> {
        let mut held: Vec<u8> = Vec::new();
        let (mut turned, mut unknown) = (0, 0);
        let mut total = 0;
        let mut limited = from.take(TEXT_BYTES_MAX + 1);
        loop {
            let read = (&mut limited).take(CHUNK_BYTES as u64).read_to_end(&mut held)?;
            total += read as u64;
            if total > TEXT_BYTES_MAX {
                return Err(RevealError::TooLong);
            }
            let is_last = read == 0;
            let end = if is_last { held.len() } else { cut(&held) };
            let rest = held.split_off(end);
            self.piece(&held, to, form, (&mut turned, &mut unknown))?;
            held = rest;
            if is_last {
                to.flush()?;
                return Ok((turned, unknown));
            }
        }
    }

    fn piece(
        &self,
        piece: &[u8],
        to: &mut impl Write,
        form: Form,
        (turned, unknown): (&mut u64, &mut u64),
    ) -> Result<(), RevealError> {
        // Bytes that are no text are copied as they are.
        for chunk in piece.utf8_chunks() {
            let (text, mut at) = (chunk.valid(), 0);
            for found in CODE.find_iter(text) {
                let code = found.as_str().trim_end_matches(':');
                let end = found.start() + code.len();
                if text[end..].starts_with(|c: char| c.is_ascii_alphanumeric()) {
                    continue;
                }
                match self.name(code) {
                    Some(name) => {
                        to.write_all(&text.as_bytes()[at..found.start()])?;
                        to.write_all(escaped(name, form).as_bytes())?;
                        at = end;
                        *turned += 1;
                    }
                    None if code.contains('-') => *unknown += 1,
                    None => {}
                }
            }
            to.write_all(&text.as_bytes()[at..])?;
            to.write_all(chunk.invalid())?;
        }
        Ok(())
    }
}

/// Names hold nothing that could be markup; this is the second lock on the same door.
fn escaped(name: &str, form: Form) -> String {
    match form {
        Form::Plain => name.to_owned(),
        Form::Html => name.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;"),
        Form::Csv => name.replace('"', "\"\""),
    }
}

/// Where a piece may end so that no code is cut: behind the last byte that no code holds. An
/// endless word without one is no code.
fn cut(held: &[u8]) -> usize {
    let holds = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':');
    match held.iter().rposition(|byte| !holds(byte)) {
        Some(at) => at + 1,
        None if held.len() > CHUNK_BYTES => held.len(),
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(rows: &[(&str, &str)]) -> Names {
        let table = rows.iter().map(|(code, name)| ((*code).to_owned(), (*name).to_owned()));
        let mut names = Names::default();
        names.add(table.collect()).unwrap();
        names
    }

    #[test]
    fn codes_become_names_wherever_a_piece_is_cut() {
        let names = names(&[
            ("h-abcdefgh", "db01"),
            ("d-abcdefgh.invalid", "hanbit.example"),
            ("u-234567ab", "kim"),
            ("242.1.2.3", "192.168.0.3"),
            ("2001:db8:1:2::5", "fe80::1"),
            ("f2:00:11:22:33:44", "00:50:56:aa:bb:cc"),
        ]);
        let check = |text: &str, expected: &str| {
            for pad in [0, CHUNK_BYTES - 40, CHUNK_BYTES - 5, CHUNK_BYTES] {
                let padding = "가 ".repeat(pad / 4);
                let mut out = Vec::new();
                let padded = format!("{padding}{text}");
                names.copy(&mut padded.as_bytes(), &mut out, Form::Html).unwrap();
                assert_eq!(String::from_utf8(out).unwrap(), format!("{padding}{expected}"));
            }
        };
        check("<td>h-abcdefgh</td>", "<td>db01</td>");
        check("h-abcdefgh.d-abcdefgh.invalid:8080", "db01.hanbit.example:8080");
        check("u-234567ab@242.1.2.3/24", "kim@192.168.0.3/24");
        check("[2001:db8:1:2::5] f2:00:11:22:33:44", "[fe80::1] 00:50:56:aa:bb:cc");
        check("h-abcdefghi h-22222222 242.1.2.30", "h-abcdefghi h-22222222 242.1.2.30");
    }

    #[test]
    fn a_table_with_markup_or_a_formula_is_refused() {
        for name in ["<script>", "=cmd", "-2+3", "@SUM", "a b", "", "a\"b", "kim\n"] {
            let table = BTreeMap::from([("u-abcdefgh".to_owned(), name.to_owned())]);
            assert!(Names::default().add(table).is_err(), "{name:?}");
        }
    }

    #[test]
    fn an_endless_word_and_broken_text_pass_as_they_are() {
        let names = names(&[("h-abcdefgh", "db01")]);
        let mut text = vec![b'x'; 3 * CHUNK_BYTES];
        text.extend_from_slice(b"\xff\xfe h-abcdefgh\xff");
        let mut out = Vec::new();
        let counts = names.copy(&mut text.as_slice(), &mut out, Form::Plain).unwrap();
        assert_eq!(counts, (1, 0));
        assert!(out.ends_with(b"\xff\xfe db01\xff") && out.len() == text.len() - 6);
    }
}
