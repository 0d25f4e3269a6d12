//! What an expression's parts evaluate to: scalars, and borrowed or shared lists and maps.
//!
//! A fact is never copied: its lists and maps stay the JSON they are, so that a loop over a
//! thousand packages moves pointers.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

/// A value; `'f` is the evidence and the rule that it borrows from.
#[derive(Clone, Debug)]
pub enum Value<'f> {
    Null,
    Bool(bool),
    /// CEL's int; a JSON number without a fraction that fits is one.
    Int(i64),
    /// CEL's double.
    Double(f64),
    Text(&'f str),
    /// Text that an expression made.
    Made(Arc<str>),
    /// A list or an object of a fact or a param.
    Json(&'f Json),
    List(Arc<[Value<'f>]>),
    Map(Arc<BTreeMap<String, Value<'f>>>),
}

impl<'f> Value<'f> {
    /// JSON as a value: a whole number is an int (never uint), another one a double.
    #[must_use]
    pub fn of(json: &'f Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => match number.as_i64() {
                Some(int) => Self::Int(int),
                None => Self::Double(number.as_f64().unwrap_or(0.0)),
            },
            Json::String(text) => Self::Text(text),
            Json::Array(_) | Json::Object(_) => Self::Json(json),
        }
    }

    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Made(text) => Some(text),
            _ => None,
        }
    }

    /// A number as a double; None for everything else.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "CEL compares and converts so")]
    pub const fn number(&self) -> Option<f64> {
        match self {
            Self::Int(n) => Some(*n as f64),
            Self::Double(x) => Some(*x),
            _ => None,
        }
    }

    /// CEL's name of the type, for errors.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Double(_) => "double",
            Self::Text(_) | Self::Made(_) => "string",
            Self::Json(Json::Array(_)) | Self::List(_) => "list",
            Self::Json(_) | Self::Map(_) => "map",
        }
    }

    /// A list's items; None when it is no list.
    #[must_use]
    pub fn items(&self) -> Option<Vec<Self>> {
        match self {
            Self::Json(Json::Array(items)) => Some(items.iter().map(Value::of).collect()),
            Self::List(items) => Some(items.to_vec()),
            _ => None,
        }
    }

    /// A map's keys in their order; None when it is no map.
    #[must_use]
    pub fn keys(&self) -> Option<Vec<Self>> {
        match self {
            Self::Json(Json::Object(map)) => {
                let mut keys: Vec<&'f str> = map.keys().map(String::as_str).collect();
                // The JSON library may be built to keep the order of insertion.
                keys.sort_unstable();
                Some(keys.into_iter().map(Value::Text).collect())
            }
            Self::Map(map) => {
                Some(map.keys().map(|key| Value::Made(Arc::from(key.as_str()))).collect())
            }
            _ => None,
        }
    }

    /// What a map holds under a key; None too when it is no map.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<Self> {
        match self {
            Self::Json(Json::Object(map)) => map.get(key).map(Value::of),
            Self::Map(map) => map.get(key).cloned(),
            _ => None,
        }
    }

    /// How many items, entries or characters; None for the other types.
    #[must_use]
    pub fn size(&self) -> Option<usize> {
        match self {
            Self::Json(Json::Array(items)) => Some(items.len()),
            Self::Json(Json::Object(map)) => Some(map.len()),
            Self::List(items) => Some(items.len()),
            Self::Map(map) => Some(map.len()),
            _ => self.text().map(|text| text.chars().count()),
        }
    }

    /// CEL's order: numbers with numbers, text with text, bool with bool.
    #[must_use]
    pub fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            _ => match (self.text(), other.text()) {
                (Some(a), Some(b)) => Some(a.cmp(b)),
                _ => self.number()?.partial_cmp(&other.number()?),
            },
        }
    }
}

/// CEL's equality: numbers by value, lists and maps by what is in them, other types never.
impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Json(a), Self::Json(b)) if std::ptr::eq(*a, *b) => true,
            _ => {
                if let (Some(a), Some(b)) = (self.items(), other.items()) {
                    a == b
                } else if let (Some(a), Some(b)) = (self.keys(), other.keys()) {
                    let same = |key: &Value<'_>| {
                        let key = key.text().unwrap_or_default();
                        self.field(key) == other.field(key)
                    };
                    a == b && a.iter().all(same)
                } else {
                    self.order(other) == Some(Ordering::Equal)
                }
            }
        }
    }
}

/// A value as a report shows it: lists joined by commas, whole doubles without decimals.
#[must_use]
pub fn show(value: &Value<'_>) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Double(x) => x.to_string(),
        Value::Text(text) => (*text).to_owned(),
        Value::Made(text) => text.as_ref().to_owned(),
        Value::Json(_) | Value::List(_) | Value::Map(_) => match value.items() {
            Some(items) => items.iter().map(show).collect::<Vec<_>>().join(", "),
            None => {
                let entry = |key: Value<'_>| {
                    let held = value.field(key.text()?)?;
                    Some(format!("{}={}", show(&key), show(&held)))
                };
                let entries = value.keys().unwrap_or_default().into_iter().filter_map(entry);
                entries.collect::<Vec<_>>().join(", ")
            }
        },
    }
}
