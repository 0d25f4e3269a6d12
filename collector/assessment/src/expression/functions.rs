//! Functions that rules may call: CEL's own that they need, and ours.

use std::cmp::Ordering;
use std::sync::Arc;

use regex::Regex;

use super::fault::Fault;
use super::value::{Value, show};

/// A function by name; a method `x.f(y)` is `f(x, y)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    Size,
    Contains,
    StartsWith,
    EndsWith,
    /// With a pattern that is not written in the rule.
    Matches,
    Text,
    Int,
    Double,
    Join,
    Keys,
    Distinct,
    Round1,
    Pct,
    VersionCmp,
    DaysBetween,
    DateEnd,
    HumanBytes,
    HumanKib,
    ToInt,
}

/// Name, number of arguments, function.
const FUNCTIONS: &[(&str, usize, Function)] = &[
    ("size", 1, Function::Size),
    ("contains", 2, Function::Contains),
    ("startsWith", 2, Function::StartsWith),
    ("endsWith", 2, Function::EndsWith),
    ("matches", 2, Function::Matches),
    ("string", 1, Function::Text),
    ("int", 1, Function::Int),
    ("double", 1, Function::Double),
    ("join", 2, Function::Join),
    ("keys", 1, Function::Keys),
    ("distinct", 1, Function::Distinct),
    ("round1", 1, Function::Round1),
    ("pct", 2, Function::Pct),
    ("version_cmp", 2, Function::VersionCmp),
    ("days_between", 2, Function::DaysBetween),
    ("date_end", 1, Function::DateEnd),
    ("human_bytes", 1, Function::HumanBytes),
    ("human_kib", 1, Function::HumanKib),
    ("to_int", 1, Function::ToInt),
];

impl Function {
    /// # Errors
    /// There is none of this name, or it takes another number of arguments.
    pub fn named(name: &str, arguments: usize) -> Result<Self, String> {
        match FUNCTIONS.iter().find(|(own, ..)| *own == name) {
            Some((_, takes, function)) if *takes == arguments => Ok(*function),
            Some((_, takes, _)) => Err(format!("{name} takes {takes} arguments, not {arguments}")),
            None => Err(format!("there is no function {name}")),
        }
    }

    /// # Errors
    /// The arguments are not of the types that the function takes.
    pub fn call<'f>(self, arguments: &[Value<'f>]) -> Result<Value<'f>, Fault> {
        let first = &arguments[0];
        let second = arguments.get(1).unwrap_or(&Value::Null);
        let given = match self {
            Self::Size => first.size().map(whole),
            Self::Contains => both(first, second).map(|(a, b)| Value::Bool(a.contains(b))),
            Self::StartsWith => both(first, second).map(|(a, b)| Value::Bool(a.starts_with(b))),
            Self::EndsWith => both(first, second).map(|(a, b)| Value::Bool(a.ends_with(b))),
            Self::Matches => return matches(first, second),
            Self::Text => match first {
                Value::Json(_) | Value::List(_) | Value::Map(_) | Value::Null => None,
                scalar => Some(made(show(scalar))),
            },
            Self::Int => to_int(first),
            Self::Double => match first.text() {
                Some(text) => text.parse().ok().map(Value::Double),
                None => first.number().map(Value::Double),
            },
            Self::Join => match (first.items(), second.text()) {
                (Some(items), Some(between)) => {
                    Some(made(items.iter().map(show).collect::<Vec<_>>().join(between)))
                }
                _ => None,
            },
            Self::Keys => first.keys().map(|keys| Value::List(keys.into())),
            Self::Distinct => first.items().map(|items| Value::List(distinct(items).into())),
            Self::Round1 => match first {
                Value::Double(x) => Some(Value::Double((x * 10.0).round() / 10.0)),
                _ => None,
            },
            Self::Pct => match (first.number(), second.number()) {
                (Some(_), Some(0.0)) => Some(Value::Double(0.0)),
                (Some(a), Some(b)) => Some(Value::Double(a * 100.0 / b)),
                _ => None,
            },
            Self::VersionCmp => both(first, second).map(|(a, b)| {
                Value::Int(match rpm_version::rpm_evr_compare(a, b) {
                    Ordering::Less => -1,
                    Ordering::Equal => 0,
                    Ordering::Greater => 1,
                })
            }),
            Self::DaysBetween => match (first, second) {
                (Value::Int(a), Value::Int(b)) => Some(Value::Int(b.saturating_sub(*a) / 86_400)),
                _ => None,
            },
            Self::DateEnd => first.text().and_then(date_end).map(Value::Int),
            Self::HumanBytes => int(first).map(|n| made(human_bytes(n))),
            Self::HumanKib => int(first).map(|n| made(human_bytes(n.saturating_mul(1024)))),
            Self::ToInt => first.text().map(|text| Value::Int(text.trim().parse().unwrap_or(-1))),
        };
        given.ok_or_else(|| self.refuse(arguments))
    }

    fn refuse(self, arguments: &[Value<'_>]) -> Fault {
        let name = FUNCTIONS.iter().find(|(.., own)| *own == self).map_or("", |(name, ..)| name);
        let types: Vec<&str> = arguments.iter().map(Value::type_name).collect();
        Fault::new(format!("{name} cannot take {}", types.join(", ")))
    }
}

/// The last second of a day in UTC, of `2026-05-31`.
fn date_end(text: &str) -> Option<i64> {
    let day: jiff::civil::Date = text.parse().ok()?;
    let last = day.at(23, 59, 59, 0);
    Some(jiff::tz::Offset::UTC.to_timestamp(last).ok()?.as_second())
}

fn both<'a>(a: &'a Value<'_>, b: &'a Value<'_>) -> Option<(&'a str, &'a str)> {
    Some((a.text()?, b.text()?))
}

const fn int(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Int(n) => Some(*n),
        _ => None,
    }
}

fn whole<'f>(n: usize) -> Value<'f> {
    Value::Int(i64::try_from(n).unwrap_or(i64::MAX))
}

fn made<'f>(text: String) -> Value<'f> {
    Value::Made(Arc::from(text))
}

/// CEL's conversion: a double loses its fraction and must fit.
fn to_int<'f>(value: &Value<'f>) -> Option<Value<'f>> {
    #[expect(clippy::cast_precision_loss, reason = "the bounds are powers of two")]
    let fits = |x: f64| x > i64::MIN as f64 && x < i64::MAX as f64;
    match value {
        Value::Int(n) => Some(Value::Int(*n)),
        #[expect(clippy::cast_possible_truncation, reason = "checked above")]
        Value::Double(x) => fits(*x).then_some(Value::Int(*x as i64)),
        _ => value.text()?.parse().ok().map(Value::Int),
    }
}

/// First occurrences, in their order.
fn distinct(items: Vec<Value<'_>>) -> Vec<Value<'_>> {
    let mut seen: Vec<Value<'_>> = Vec::new();
    for item in items {
        if !seen.contains(&item) {
            seen.push(item);
        }
    }
    seen
}

fn matches<'f>(text: &Value<'_>, pattern: &Value<'_>) -> Result<Value<'f>, Fault> {
    let (Some(text), Some(pattern)) = (text.text(), pattern.text()) else {
        return Err(Function::Matches.refuse(&[text.clone(), pattern.clone()]));
    };
    let pattern = Regex::new(pattern)
        .map_err(|_| Fault::new(format!("{pattern:?} is not a regular expression")))?;
    Ok(Value::Bool(pattern.is_match(text)))
}

/// A size in binary units with one decimal.
fn human_bytes(bytes: i64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let mut size = bytes as f64;
    let mut unit = 0;
    while size.abs() >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{size:.1} {}", UNITS[unit]) }
}
