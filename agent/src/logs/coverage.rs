//! What was read of one log, and what was not: files, spans, gaps, hours without a line.
//!
//! It holds no opinion on how long a silence may be; rules do.

use carepack_shared::product_log::Product;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Hours looked back on for silence: about a hundred days, in whole words.
const HOURS: usize = 2_432;
const HOUR_SECONDS: i64 = 3_600;
/// Silences told: the longest.
const SILENCES_TOLD: usize = 10;
/// Files and gaps told of one log.
const FILES_TOLD: usize = 40;

/// One log.
pub(super) struct Coverage {
    name: String,
    /// Whose own log it is: silence is what one hopes for there, and is not told.
    product: Option<Product>,
    files: Vec<FileSpan>,
    gaps: Vec<Gap>,
    /// A bit an hour, the last of them that of the scan.
    hours: Vec<u64>,
    first_hour: i64,
    last_hour: Option<i64>,
}

/// What one file gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FileSpan {
    pub path: String,
    pub lines: u64,
    pub bytes: u64,
    pub span: Option<(i64, i64)>,
}

/// A stretch that was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub path: String,
    /// As stored (packed, where the file is); unknown when the file is gone.
    pub bytes: Option<u64>,
    /// Between which times the missing lines lie, where known.
    pub from: Option<i64>,
    pub to: Option<i64>,
    /// `over_budget` · `out_of_time` · `rotated_away` · `unreadable: …`; of a product's log also
    /// `denied` · `withheld`.
    pub why: String,
}

impl Coverage {
    pub fn new(name: &str, now: i64) -> Self {
        let first_hour = now.div_euclid(HOUR_SECONDS) - HOURS as i64 + 1;
        Self {
            name: name.to_owned(),
            product: None,
            files: Vec::new(),
            gaps: Vec::new(),
            hours: vec![0; HOURS / 64],
            first_hour,
            last_hour: None,
        }
    }

    /// A product's own log.
    pub fn of_product(name: &str, product: Product, now: Timestamp) -> Self {
        Self { product: Some(product), ..Self::new(name, now.as_second()) }
    }

    /// Bytes of all its files.
    pub fn bytes_taken(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// Begins a file: the lines that follow are its.
    pub fn begin(&mut self, path: &str) {
        self.files.push(FileSpan { path: path.to_owned(), ..FileSpan::default() });
    }

    pub fn gap(&mut self, gap: Gap) {
        self.gaps.push(gap);
    }

    pub fn has_gaps(&self) -> bool {
        !self.gaps.is_empty()
    }

    pub fn bytes(&mut self, bytes: u64) {
        if let Some(file) = self.files.last_mut() {
            file.bytes += bytes;
        }
    }

    /// One line of the file begun last.
    #[inline]
    pub fn line(&mut self, at: Option<i64>) {
        let Some(file) = self.files.last_mut() else { return };
        file.lines += 1;
        let Some(at) = at else { return };
        file.span = super::span::widen(file.span, Some(at));
        let hour = at.div_euclid(HOUR_SECONDS);
        if self.last_hour == Some(hour) {
            return;
        }
        self.last_hour = Some(hour);
        if let Ok(index) = usize::try_from(hour - self.first_hour)
            && index < HOURS
        {
            self.hours[index / 64] |= 1 << (index % 64);
        }
    }

    /// Whether anything of it was looked at.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.gaps.is_empty()
    }

    pub fn span(&self) -> Option<(i64, i64)> {
        let spans = self.files.iter().filter_map(|file| file.span);
        spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// `{"name","from","to","lines","bytes","hours","silent_hours","silences":[{"from","to"}],
    /// "files":[…],"gaps":[…]}`; a silence is whole hours between the first and the last line
    /// without any. A product's log has `"product"`, and no silences.
    pub fn into_json(self) -> Value {
        let span = self.span();
        let (hours, mut silent, mut silences) = self.silences();
        if self.product.is_some() {
            (silent, silences) = (0, Vec::new());
        }
        silences.sort_by_key(|&(from, to)| (from - to, from));
        silences.truncate(SILENCES_TOLD);
        silences.sort_unstable();
        let silences: Vec<Value> =
            silences.iter().map(|(from, to)| json!({ "from": from, "to": to })).collect();
        let total = |of: fn(&FileSpan) -> u64| self.files.iter().map(of).sum::<u64>();
        let file = |file: &FileSpan| {
            json!({
                "path": file.path, "lines": file.lines, "bytes": file.bytes,
                "from": file.span.map(|span| span.0), "to": file.span.map(|span| span.1),
            })
        };
        let gap = |gap: &Gap| {
            json!({
                "path": gap.path, "bytes": gap.bytes, "from": gap.from, "to": gap.to,
                "why": gap.why,
            })
        };
        let mut told = json!({
            "name": self.name,
            "from": span.map(|span| span.0),
            "to": span.map(|span| span.1),
            "lines": total(|file| file.lines),
            "bytes": total(|file| file.bytes),
            "hours": hours,
            "silent_hours": silent,
            "silences": silences,
            "files": self.files.iter().take(FILES_TOLD).map(file).collect::<Vec<_>>(),
            "gaps": self.gaps.iter().take(FILES_TOLD).map(gap).collect::<Vec<_>>(),
        });
        if let Some(product) = self.product {
            told["product"] = product.program().into();
        }
        told
    }

    /// Hours with a line, hours without one between them, and those as stretches of seconds.
    fn silences(&self) -> (u64, u64, Vec<(i64, i64)>) {
        let heard = |index: &usize| self.hours[index / 64] & 1 << (index % 64) != 0;
        let heard: Vec<usize> = (0..HOURS).filter(heard).collect();
        let second = |index: usize| (self.first_hour + index as i64) * HOUR_SECONDS;
        let gaps = heard.windows(2).filter(|pair| pair[1] > pair[0] + 1);
        let gaps: Vec<(i64, i64)> =
            gaps.map(|pair| (second(pair[0] + 1), second(pair[1]))).collect();
        let silent = gaps.iter().map(|(from, to)| (to - from) / HOUR_SECONDS).sum::<i64>();
        (heard.len() as u64, u64::try_from(silent).unwrap_or(0), gaps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_without_a_line_are_told() {
        let now = 1_800_000_000 / HOUR_SECONDS * HOUR_SECONDS + 100;
        let mut coverage = Coverage::new("/var/log/messages", now);
        coverage.begin("/var/log/messages");
        let hour = |back: i64| now - back * HOUR_SECONDS;
        for back in [9_999, 30, 29, 29, 20, 0] {
            coverage.line(Some(hour(back)));
        }
        coverage.line(None);
        let value = coverage.into_json();
        assert_eq!(value["lines"], 7);
        assert_eq!((&value["hours"], &value["silent_hours"]), (&json!(4), &json!(27)));
        let start = |back: i64| hour(back) - 100;
        let expected = json!([
            {"from": start(28), "to": start(20)}, {"from": start(19), "to": start(0)},
        ]);
        assert_eq!(value["silences"], expected);
        assert_eq!(value["files"][0]["from"], hour(9_999));
    }
}
