//! Functions that rules may call beside CEL's own.

#![expect(clippy::needless_pass_by_value, reason = "the evaluator hands arguments over by value")]

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::HashMap;

use cel::common::types::{
    CelDouble, CelInt, CelList, CelString, DOUBLE_TYPE, DYN_TYPE, INT_TYPE, LIST_TYPE, MAP_TYPE,
    STRING_TYPE, Type,
};
use cel::common::value::{CowVal, Val};
use cel::{Env, ExecutionError};
use regex::Regex;

use super::value::items;
use super::{REGEX_MATCH, show};

/// Compiled patterns kept by each thread; more than the rules of any pack have.
const PATTERNS_MAX: usize = 1_000;

type Arguments<'b, 'v> = Vec<CowVal<'b, 'v>>;
type Returned<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;
type Function = for<'b, 'v> fn(Arguments<'b, 'v>) -> Returned<'b, 'v>;

/// CEL's standard library and ours.
pub fn environment() -> Env {
    let mut env = Env::stdlib();
    let ours: [(&str, Vec<Type>, Function); 11] = [
        ("join", vec![LIST_TYPE, STRING_TYPE], join),
        ("keys", vec![MAP_TYPE], keys),
        ("distinct", vec![LIST_TYPE], distinct),
        ("round1", vec![DOUBLE_TYPE], round1),
        ("pct", vec![DYN_TYPE, DYN_TYPE], pct),
        ("version_cmp", vec![STRING_TYPE, STRING_TYPE], version_cmp),
        ("days_between", vec![INT_TYPE, INT_TYPE], days_between),
        ("human_bytes", vec![INT_TYPE], |a| Ok(text(human_bytes(int(&a, 0))))),
        ("human_kib", vec![INT_TYPE], |a| Ok(text(human_bytes(int(&a, 0).saturating_mul(1024))))),
        ("to_int", vec![STRING_TYPE], to_int),
        (REGEX_MATCH, vec![STRING_TYPE, STRING_TYPE], regex_match),
    ];
    for (name, takes, function) in ours {
        env.add_overload(name, name, takes, function)
            .expect("no function of ours has the name of a standard one");
    }
    env.add_member_overload(
        REGEX_MATCH,
        "text_regex_match",
        STRING_TYPE,
        vec![STRING_TYPE],
        regex_match,
    )
    .expect("declared once");
    env
}

fn string<'a>(arguments: &'a Arguments<'_, '_>, at: usize) -> &'a str {
    arguments[at].downcast_ref::<CelString<'_>>().map_or("", CelString::inner)
}

fn int(arguments: &Arguments<'_, '_>, at: usize) -> i64 {
    arguments[at].downcast_ref::<CelInt>().map_or(0, |n| *n.inner())
}

fn text<'b, 'v>(text: String) -> CowVal<'b, 'v> {
    CowVal::owned(CelString::from(text))
}

fn whole<'b, 'v>(n: i64) -> CowVal<'b, 'v> {
    CowVal::owned(CelInt::from(n))
}

fn join<'b, 'v>(arguments: Arguments<'b, 'v>) -> Returned<'b, 'v> {
    let shown = items(arguments[0].as_ref()).unwrap_or_default().into_iter().map(show);
    Ok(text(shown.collect::<Vec<_>>().join(string(&arguments, 1))))
}

/// A map's keys, sorted.
fn keys<'b, 'v>(arguments: Arguments<'b, 'v>) -> Returned<'b, 'v> {
    let map = arguments[0]
        .as_iterable()
        .ok_or_else(|| ExecutionError::function_error("keys", "takes one map"))?;
    let mut keys: Vec<String> = Vec::new();
    let mut next = map.iter();
    while let Some(key) = next.next() {
        keys.push(show(key));
    }
    keys.sort_unstable();
    let keys = keys.into_iter().map(|key| Box::new(CelString::from(key)) as Box<dyn Val>);
    Ok(CowVal::owned(CelList::from(keys.collect::<Vec<_>>())))
}

/// The list without repetitions, first occurrences kept in order.
fn distinct<'b, 'v>(arguments: Arguments<'b, 'v>) -> Returned<'b, 'v> {
    let list = arguments[0]
        .as_iterable()
        .ok_or_else(|| ExecutionError::function_error("distinct", "takes one list"))?;
    let mut seen: Vec<Box<dyn Val + 'v>> = Vec::new();
    let mut next = list.iter();
    while let Some(item) = next.next() {
        if !seen.iter().any(|one| one.equals(item)) {
            seen.push(item.clone_as_boxed());
        }
    }
    Ok(CowVal::owned(CelList::from(seen)))
}

fn round1<'b, 'v>(arguments: Arguments<'b, 'v>) -> Returned<'b, 'v> {
    let x = arguments[0].downcast_ref::<CelDouble>().map_or(0.0, |x| *x.inner());
    Ok(CowVal::owned(CelDouble::from((x * 10.0).round() / 10.0)))
}

#[expect(clippy::cast_precision_loss, reason = "percentages need no 53rd bit")]
fn number(value: &dyn Val) -> Option<f64> {
    let int = value.downcast_ref::<CelInt>().map(|n| *n.inner() as f64);
    int.or_else(|| value.downcast_ref::<CelDouble>().map(|x| *x.inner()))
}

/// `a` as a percentage of `b`; 0 when `b` is 0.
fn pct<'b, 'v>(arguments: Arguments<'b, 'v>) -> Returned<'b, 'v> {
    let (Some(a), Some(b)) = (number(arguments[0].as_ref()), number(arguments[1].as_ref())) else {
        return Err(ExecutionError::function_error("pct", "takes two numbers"));
    };
    Ok(CowVal::owned(CelDouble::from(if b == 0.0 { 0.0 } else { a * 100.0 / b })))
}

/// −1, 0 or 1 by rpm's rules (epoch, version, release).
fn version_cmp<'b, 'v>(arguments: Arguments<'b, 'v>) -> Returned<'b, 'v> {
    Ok(whole(match rpm_version::rpm_evr_compare(string(&arguments, 0), string(&arguments, 1)) {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }))
}

fn days_between<'b, 'v>(arguments: Arguments<'b, 'v>) -> Returned<'b, 'v> {
    Ok(whole(int(&arguments, 1).saturating_sub(int(&arguments, 0)) / 86_400))
}

fn to_int<'b, 'v>(arguments: Arguments<'b, 'v>) -> Returned<'b, 'v> {
    Ok(whole(string(&arguments, 0).trim().parse().unwrap_or(-1)))
}

/// CEL's `matches`, which would compile its pattern at every call.
fn regex_match<'b, 'v>(arguments: Arguments<'b, 'v>) -> Returned<'b, 'v> {
    thread_local! {
        static PATTERNS: RefCell<HashMap<String, Regex>> = RefCell::new(HashMap::new());
    }
    let pattern = string(&arguments, 1);
    let matched = PATTERNS.with_borrow_mut(|patterns| {
        if !patterns.contains_key(pattern) {
            if patterns.len() >= PATTERNS_MAX {
                patterns.clear();
            }
            patterns.insert(pattern.to_owned(), Regex::new(pattern)?);
        }
        Ok::<_, regex::Error>(patterns[pattern].is_match(string(&arguments, 0)))
    });
    matched
        .map(|matched| CowVal::owned(cel::common::types::CelBool::from(matched)))
        .map_err(|error| ExecutionError::function_error("matches", error))
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
