//! Facts as values of the evaluator: shared, so that a loop over a thousand packages copies
//! pointers and not packages.
//!
//! Maps keep their keys sorted: iterating over one is the same on every run and machine.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use cel::ExecutionError;
use cel::common::traits::{Adder, Container, Indexer, Iterable, Iterator, Sizer};
use cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelNull, CelString, DYN_TYPE, LIST_TYPE, MAP_TYPE, Type,
};
use cel::common::value::{CowVal, StaticVal, Val};
use serde_json::Value as Json;

/// A value that nothing borrows from.
pub type Owned = Box<dyn Val>;

/// A list or a map whose clones share what is in it.
#[derive(Clone, Debug)]
pub enum Shared {
    List(Arc<[Owned]>),
    /// Text keys in their order.
    Map(Arc<[(CelString<'static>, Owned)]>),
}

/// JSON as a value: integers become int (never uint), other numbers double.
#[must_use]
pub fn from_json(json: &Json) -> Owned {
    match json {
        Json::Null => Box::new(CelNull),
        Json::Bool(value) => Box::new(CelBool::from(*value)),
        Json::Number(number) => match number.as_i64() {
            Some(int) => Box::new(CelInt::from(int)),
            None => Box::new(CelDouble::from(number.as_f64().unwrap_or(0.0))),
        },
        Json::String(text) => Box::new(CelString::from(text.clone())),
        Json::Array(items) => Box::new(Shared::List(items.iter().map(from_json).collect())),
        Json::Object(map) => {
            Box::new(Shared::map(map.iter().map(|(k, v)| (k.clone(), from_json(v))).collect()))
        }
    }
}

impl Shared {
    #[must_use]
    pub fn map(entries: BTreeMap<String, Owned>) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (CelString::from(key), value)).collect())
    }

    fn len(&self) -> usize {
        match self {
            Self::List(items) => items.len(),
            Self::Map(entries) => entries.len(),
        }
    }

    /// The item at an index, the value under a key.
    fn at(&self, key: &dyn Val) -> Result<&Owned, ExecutionError> {
        match self {
            Self::List(items) => key
                .downcast_ref::<CelInt>()
                .and_then(|index| items.get(usize::try_from(*index.inner()).ok()?))
                .ok_or_else(|| ExecutionError::IndexOutOfBounds(super::show(key).into())),
            Self::Map(entries) => find(entries, key)
                .ok_or_else(|| ExecutionError::NoSuchKey(Arc::new(super::show(key)))),
        }
    }
}

fn find<'m>(entries: &'m [(CelString<'static>, Owned)], key: &dyn Val) -> Option<&'m Owned> {
    let key = key.downcast_ref::<CelString<'_>>()?.inner();
    let at = entries.binary_search_by(|(own, _)| own.inner().cmp(key)).ok()?;
    Some(&entries[at].1)
}

impl Val for Shared {
    fn get_type(&self) -> &Type {
        match self {
            Self::List(_) => &LIST_TYPE,
            Self::Map(_) => &MAP_TYPE,
        }
    }

    fn cel_type() -> &'static Type {
        &DYN_TYPE
    }

    fn as_adder<'b, 'v>(&'b self) -> Option<&'b (dyn Adder + 'v)>
    where
        Self: 'v,
    {
        matches!(self, Self::List(_)).then_some(self as _)
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_iterable<'b, 'v>(&'b self) -> Option<&'b (dyn Iterable + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_sizer(&self) -> Option<&dyn Sizer> {
        Some(self)
    }

    /// A list equals any list of equal items, the evaluator's own too.
    fn equals(&self, other: &dyn Val) -> bool {
        match self {
            Self::List(own) => items(other).is_some_and(|other| {
                own.len() == other.len() && own.iter().zip(other).all(|(a, b)| a.equals(b))
            }),
            Self::Map(own) => match other.downcast_ref::<Self>() {
                Some(Self::Map(other)) => {
                    own.len() == other.len()
                        && own.iter().zip(other.iter()).all(|((a, one), (b, two))| {
                            a.inner() == b.inner() && one.equals(two.as_ref())
                        })
                }
                _ => false,
            },
        }
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Shared {}

impl Adder for Shared {
    fn add<'b, 'v>(&'b self, other: &(dyn Val + 'v)) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let more = other.as_iterable().ok_or_else(|| {
            ExecutionError::function_error("+", "a list is joined with another list")
        })?;
        let mut all: Vec<Box<dyn Val + 'v>> = Vec::with_capacity(self.len());
        for list in [self as &dyn Iterable, more] {
            let mut items = list.iter();
            while let Some(item) = items.next() {
                all.push(item.clone_as_boxed());
            }
        }
        Ok(CowVal::owned(CelList::from(all)))
    }
}

impl Container for Shared {
    fn contains(&self, value: &dyn Val) -> Result<bool, ExecutionError> {
        Ok(match self {
            Self::List(items) => items.iter().any(|item| item.equals(value)),
            Self::Map(entries) => find(entries, value).is_some(),
        })
    }
}

impl Indexer for Shared {
    fn get<'b, 'v>(&'b self, key: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        Ok(CowVal::Borrowed(self.at(key)?.as_ref()))
    }

    fn steal<'v>(self: Box<Self>, key: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        Ok(self.at(key)?.clone_as_boxed())
    }
}

impl Iterable for Shared {
    fn iter<'b, 'v>(&'b self) -> Box<dyn Iterator<'b, 'v> + 'b>
    where
        Self: 'v,
    {
        match self {
            Self::List(items) => Box::new(Items(items.iter())),
            Self::Map(entries) => Box::new(Keys(entries.iter())),
        }
    }
}

impl Sizer for Shared {
    fn size(&self) -> CelInt {
        CelInt::from(i64::try_from(self.len()).unwrap_or(i64::MAX))
    }
}

struct Items<'b>(std::slice::Iter<'b, Owned>);

impl<'b, 'v> Iterator<'b, 'v> for Items<'b> {
    fn next(&mut self) -> Option<&'b (dyn Val + 'v)> {
        self.0.next().map(|item| item.as_ref() as &(dyn Val + 'v))
    }
}

struct Keys<'b>(std::slice::Iter<'b, (CelString<'static>, Owned)>);

impl<'b, 'v> Iterator<'b, 'v> for Keys<'b> {
    fn next(&mut self) -> Option<&'b (dyn Val + 'v)> {
        self.0.next().map(|(key, _)| key as &(dyn Val + 'v))
    }
}

/// A list's items, whichever list it is; None when the value is no list.
pub fn items(value: &dyn Val) -> Option<Vec<&dyn Val>> {
    if value.get_type() != &LIST_TYPE {
        return None;
    }
    let mut items = value.as_iterable()?.iter();
    let mut all = Vec::new();
    while let Some(item) = items.next() {
        all.push(item);
    }
    Some(all)
}
