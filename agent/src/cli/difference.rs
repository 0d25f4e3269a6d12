//! What a document holds that the last one sent did not, and the other way round: source by source
//! and fact by fact, then by lines. Whatever is not shown is counted.

use std::collections::BTreeMap;
use std::fmt::Write;

use carepack_shared::terminal::plain;
use carepack_shared::{Content, Outcome, Snapshot};
use serde_json::Value;

use super::print::Lang;

/// Lines shown of one source.
const LINES_OF_ONE_MAX: usize = 400;
/// Lines shown in all.
const LINES_MAX: usize = 20_000;
/// Bytes shown of one line.
const LINE_BYTES_MAX: usize = 2_000;
/// Pairs of lines compared of one source: a megabyte of marks, some milliseconds.
const PAIRS_MAX: usize = 1 << 20;

/// The differences as text.
pub(super) fn difference(last: &Snapshot, now: &Snapshot, lang: Lang) -> String {
    let (before, after) = (parts(last), parts(now));
    let mut shown = Shown { text: String::new(), lines: 0, cut: 0 };
    let (mut same, mut changed, mut new, mut gone) = (0, 0, 0, 0);
    let keys: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for key in keys {
        match (before.get(key), after.get(key)) {
            (Some(old), Some(text)) if old == text => same += 1,
            (Some(old), Some(text)) => {
                changed += 1;
                shown.part('~', key, &changes(old, text));
            }
            (None, Some(text)) => {
                new += 1;
                shown.part('+', key, &text.lines().map(|line| ('+', line)).collect::<Vec<_>>());
            }
            (Some(old), None) => {
                gone += 1;
                shown.part('-', key, &old.lines().map(|line| ('-', line)).collect::<Vec<_>>());
            }
            (None, None) => {}
        }
    }
    let counts = match lang {
        Lang::Ko => format!(
            "같음 {same} · 바뀜 {changed} · 추가 {new} · 빠짐 {gone} (각 항목을 읽은 시각과 걸린 시간은 비교하지 \
             않음)"
        ),
        Lang::En => format!(
            "{same} the same · {changed} changed · {new} new · {gone} gone (when each was looked at, \
             and how long it took, is not compared)"
        ),
    };
    let mut text = format!("{counts}\n{}", shown.text);
    if shown.cut > 0 {
        let words = lang.say("줄은 한도를 넘어 보이지 않음", "lines over the limit are not shown");
        // Never an error of formatting into a String.
        let _ = writeln!(text, "… {} {words}; `carepack-agent preview`", shown.cut);
    }
    text
}

struct Shown {
    text: String,
    lines: usize,
    /// Lines that are not shown.
    cut: usize,
}

impl Shown {
    fn part(&mut self, mark: char, key: &str, lines: &[(char, &str)]) {
        let room = LINES_MAX.saturating_sub(self.lines).min(LINES_OF_ONE_MAX);
        let _ = writeln!(self.text, "{mark} {}", plain(key));
        for (mark, line) in lines.iter().take(room) {
            let end = line.floor_char_boundary(LINE_BYTES_MAX);
            let rest = line.len() - end;
            let _ = write!(self.text, "  {mark} {}", plain(&line[..end]));
            self.text.push_str(&if rest > 0 {
                format!(" … +{rest} bytes\n")
            } else {
                "\n".into()
            });
        }
        self.lines += lines.len().min(room);
        self.cut += lines.len() - lines.len().min(room);
    }
}

/// Each source, each fact and the head, as text.
fn parts(snapshot: &Snapshot) -> BTreeMap<String, String> {
    let mut parts = BTreeMap::new();
    for observation in &snapshot.observations {
        let text = match &observation.outcome {
            Outcome::Seen { content, truncated } => {
                let mark = if *truncated { "(truncated)\n" } else { "" };
                format!("{mark}{}", text_of(content))
            }
            Outcome::Unseen { reason, detail } => format!("({}) {detail}", reason.as_str()),
        };
        let key = observation.source.key();
        let twice = parts.contains_key(&key);
        parts.insert(if twice { format!("{key} ({})", observation.probe) } else { key }, text);
    }
    let mut head = snapshot.clone();
    head.observations.clear();
    if let Some(facts) = head.privacy.facts.take() {
        for (key, fact) in facts.known {
            let text = format!("{}\n{} {}", pretty(&fact.value), fact.unit, fact.source);
            parts.insert(format!("fact {key}"), text);
        }
        for (key, missing) in facts.missing {
            let text = format!("({}) {}", missing.reason.as_str(), missing.source);
            parts.insert(format!("fact {key}"), text);
        }
    }
    let head = serde_json::to_value(&head).map(|head| pretty(&head)).unwrap_or_default();
    parts.insert("snapshot".to_owned(), head);
    parts
}

fn text_of(content: &Content) -> String {
    match content {
        Content::Text(text) => text.clone(),
        Content::Json(value) => pretty(value),
        Content::Kept { bytes } => format!("(kept on the host) {bytes} bytes"),
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// The lines that differ: those of the longest common sequence are left out. Texts too long to be
/// compared that way are shown as taken away and put there whole.
fn changes<'t>(old: &'t str, new: &'t str) -> Vec<(char, &'t str)> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split('\n').collect(), new.split('\n').collect());
    let common = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[common..], &new[common..]);
    let end = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[..old.len() - end], &new[..new.len() - end]);
    if old.len().saturating_mul(new.len()) > PAIRS_MAX {
        let gone = old.iter().map(|line| ('-', *line));
        return gone.chain(new.iter().map(|line| ('+', *line))).collect();
    }
    let width = new.len() + 1;
    // Length of the longest common sequence of what follows each pair.
    let mut lengths = vec![0u32; (old.len() + 1) * width];
    for at in (0..old.len()).rev() {
        for to in (0..new.len()).rev() {
            lengths[at * width + to] = if old[at] == new[to] {
                lengths[(at + 1) * width + to + 1] + 1
            } else {
                lengths[(at + 1) * width + to].max(lengths[at * width + to + 1])
            };
        }
    }
    let (mut at, mut to) = (0, 0);
    let mut changes = Vec::new();
    while at < old.len() || to < new.len() {
        if at < old.len() && to < new.len() && old[at] == new[to] {
            (at, to) = (at + 1, to + 1);
        } else if to == new.len()
            || at < old.len() && lengths[(at + 1) * width + to] >= lengths[at * width + to + 1]
        {
            changes.push(('-', old[at]));
            at += 1;
        } else {
            changes.push(('+', new[to]));
            to += 1;
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_that_differ_are_shown_in_their_order() {
        let check = |old: &str, new: &str, expected: &[&str]| {
            let got: Vec<String> =
                changes(old, new).iter().map(|(mark, line)| format!("{mark}{line}")).collect();
            assert_eq!(got, expected, "{old:?} {new:?}");
        };
        check("a\nb\nc", "a\nb\nc", &[]);
        check("a\nb\nc", "a\nx\nc", &["-b", "+x"]);
        check("a\nb\nc\nd", "a\nc\ne\nd", &["-b", "+e"]);
        check("a", "a\n", &["+"]);
        check("", "a", &["-", "+a"]);
        check("a\nb", "b\na", &["-a", "+a"]);
        // Whatever was left out of a long comparison, nothing is left out of what is told.
        let long = |word: &str| format!("{word}\n").repeat(2_000);
        assert_eq!(changes(&long("a"), &long("b")).len(), 4_000);
    }

    #[test]
    fn what_is_over_the_limit_is_counted() {
        let mut shown = Shown { text: String::new(), lines: 0, cut: 0 };
        let lines = vec![('+', "\u{1b}[31m"); LINES_OF_ONE_MAX + 7];
        shown.part('+', "x", &lines);
        assert_eq!((shown.cut, shown.text.contains('\u{1b}')), (7, false));
        assert_eq!(shown.text.lines().count(), LINES_OF_ONE_MAX + 1);
    }
}
