//! Values, rows and steps: the small words in which typed methods speak to either database.
//!
//! Knows nothing of SQL or of a driver; each backend translates at its own edge. A time is
//! stored as whole milliseconds since 1970 UTC, a date and an identifier as their usual text
//! (PostgreSQL keeps identifiers as `uuid`).

use std::sync::Arc;

use jiff::{Timestamp, civil::Date};
use uuid::Uuid;

use super::error::StoreError;

/// One bound parameter or one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Null,
    Int(i64),
    Text(String),
    Id(Uuid),
    Flag(bool),
}

/// One row, its cells found by the column's name.
#[derive(Clone, Debug)]
pub struct Row {
    pub(super) columns: Arc<[String]>,
    pub(super) cells: Vec<Value>,
}

/// A named query: the same name in both dialects.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    /// File name without `.sql`.
    pub name: &'static str,
    pub(super) sqlite: &'static str,
    pub(super) postgres: &'static str,
}

/// How many rows a step must change for its batch to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    Any,
    ExactlyOne,
}

/// One statement of an atomic batch.
#[derive(Clone, Debug)]
pub struct Step {
    pub query: Query,
    pub params: Vec<Value>,
    pub expect: Expect,
}

impl Step {
    /// A step that may change any number of rows.
    #[must_use]
    pub const fn any(query: Query, params: Vec<Value>) -> Self {
        Self { query, params, expect: Expect::Any }
    }

    /// A step that undoes its whole batch unless it changes exactly one row.
    #[must_use]
    pub const fn one(query: Query, params: Vec<Value>) -> Self {
        Self { query, params, expect: Expect::ExactlyOne }
    }
}

/// What became of a batch that met no error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Committed and durable.
    Done,
    /// The step with this index did not change exactly one row; nothing of the batch stands.
    Unmet { step: usize },
}

/// `values![a, b]`: parameters in order.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::value::Value::from($value)),*] };
}
pub(super) use values;

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Uuid> for Value {
    fn from(value: Uuid) -> Self {
        Self::Id(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Flag(value)
    }
}

impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        Self::Int(value.as_millisecond())
    }
}

impl From<Date> for Value {
    fn from(value: Date) -> Self {
        Self::Text(value.to_string())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A Rust type that a cell can become.
pub trait FromCell: Sized {
    /// `None` when the cell holds another shape.
    fn from_cell(cell: &Value) -> Option<Self>;
}

impl FromCell for i64 {
    fn from_cell(cell: &Value) -> Option<Self> {
        match cell {
            Value::Int(value) => Some(*value),
            _ => None,
        }
    }
}

macro_rules! narrower {
    ($($type:ty),*) => {$(
        impl FromCell for $type {
            fn from_cell(cell: &Value) -> Option<Self> {
                i64::from_cell(cell)?.try_into().ok()
            }
        }
    )*};
}
narrower!(u8, u16, u32, u64);

impl FromCell for String {
    fn from_cell(cell: &Value) -> Option<Self> {
        match cell {
            Value::Text(value) => Some(value.clone()),
            _ => None,
        }
    }
}

impl FromCell for Uuid {
    fn from_cell(cell: &Value) -> Option<Self> {
        match cell {
            Value::Id(value) => Some(*value),
            Value::Text(text) => text.parse().ok(),
            _ => None,
        }
    }
}

impl FromCell for bool {
    fn from_cell(cell: &Value) -> Option<Self> {
        match cell {
            Value::Flag(value) => Some(*value),
            Value::Int(value) => Some(*value != 0),
            _ => None,
        }
    }
}

impl FromCell for Timestamp {
    fn from_cell(cell: &Value) -> Option<Self> {
        Self::from_millisecond(i64::from_cell(cell)?).ok()
    }
}

impl FromCell for Date {
    fn from_cell(cell: &Value) -> Option<Self> {
        String::from_cell(cell)?.parse().ok()
    }
}

impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(cell: &Value) -> Option<Self> {
        match cell {
            Value::Null => Some(None),
            other => T::from_cell(other).map(Some),
        }
    }
}

impl Row {
    /// The cell of `column` as `T`.
    ///
    /// # Errors
    /// [`StoreError::Shape`] when the column is not there or holds another shape: a bug of ours or
    /// a row changed by hand.
    pub fn get<T: FromCell>(&self, column: &'static str) -> Result<T, StoreError> {
        let shape = || StoreError::Shape { column };
        let at = self.columns.iter().position(|name| name == column).ok_or_else(shape)?;
        T::from_cell(&self.cells[at]).ok_or_else(shape)
    }
}
