//! Functions that rules may call beside CEL's own.

#![expect(clippy::needless_pass_by_value, reason = "CEL hands arguments over by value")]

use std::cmp::Ordering;
use std::sync::Arc;

use cel::extractors::Arguments;
use cel::{Context, ExecutionError, Value};

/// Adds every function of ours to a scope.
pub fn add(scope: &mut Context<'_, '_>) {
    let added = [
        scope.add_function("join", join),
        scope.add_function("keys", keys),
        scope.add_function("distinct", distinct),
        scope.add_function("round1", |x: f64| (x * 10.0).round() / 10.0),
        scope.add_function("pct", pct),
        scope.add_function("version_cmp", version_cmp),
        scope.add_function("days_between", |a: i64, b: i64| b.saturating_sub(a) / 86_400),
        scope.add_function("human_bytes", human_bytes),
        scope.add_function("human_kib", |kib: i64| human_bytes(kib.saturating_mul(1024))),
        scope.add_function("to_int", |text: Arc<String>| text.trim().parse::<i64>().unwrap_or(-1)),
    ];
    for result in added {
        result.expect("no function of ours has the name of a standard one");
    }
}

fn join(list: Arc<Vec<Value>>, separator: Arc<String>) -> String {
    list.iter().map(super::show).collect::<Vec<_>>().join(&separator)
}

/// A map's keys, sorted: the only way to iterate over a map.
fn keys(Arguments(arguments): Arguments) -> Result<Value, ExecutionError> {
    match arguments.first() {
        Some(Value::Map(map)) => {
            let mut keys: Vec<String> = map
                .map
                .keys()
                .map(|key| match key {
                    cel::objects::Key::String(text) => text.to_string(),
                    cel::objects::Key::Int(n) => n.to_string(),
                    cel::objects::Key::Uint(n) => n.to_string(),
                    cel::objects::Key::Bool(b) => b.to_string(),
                })
                .collect();
            keys.sort_unstable();
            Ok(Value::from(keys))
        }
        _ => Err(ExecutionError::function_error("keys", "takes one map")),
    }
}

/// The list without repetitions, first occurrences kept in order.
fn distinct(list: Arc<Vec<Value>>) -> Value {
    let mut seen: Vec<Value> = Vec::new();
    for value in list.iter() {
        if !seen.contains(value) {
            seen.push(value.clone());
        }
    }
    Value::List(Arc::new(seen))
}

fn number(value: &Value) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "percentages need no 53rd bit")]
    match value {
        Value::Int(n) => Some(*n as f64),
        Value::UInt(n) => Some(*n as f64),
        Value::Float(x) => Some(*x),
        _ => None,
    }
}

/// `a` as a percentage of `b`; 0 when `b` is 0.
fn pct(Arguments(arguments): Arguments) -> Result<f64, ExecutionError> {
    match arguments.as_slice() {
        [a, b] => match (number(a), number(b)) {
            (Some(_), Some(0.0)) => Ok(0.0),
            (Some(a), Some(b)) => Ok(a * 100.0 / b),
            _ => Err(ExecutionError::function_error("pct", "takes two numbers")),
        },
        _ => Err(ExecutionError::function_error("pct", "takes two numbers")),
    }
}

/// −1, 0 or 1 by rpm's rules (epoch, version, release).
fn version_cmp(a: Arc<String>, b: Arc<String>) -> i64 {
    match rpm_version::rpm_evr_compare(&a, &b) {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }
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
