//! Facts as values of the evaluator: shared, so that a loop over a thousand packages copies
//! pointers and not packages.
//!
//! Maps keep their keys sorted: iterating over one is the same on every run and machine.

use std::any::Any;
use std::sync::Arc;

use cel::ExecutionError;
use cel::common::traits::{Adder, Container, Indexer, Iterable, Iterator, Sizer};
use cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelNull, CelString, LIST_TYPE, MAP_TYPE, Type,
};
use cel::common::value::{CowVal, StaticVal, Val};
use serde_json::Value as Json;

/// A value that nothing borrows from.
pub type Owned = Box<dyn Val>;

/// A list whose clones share its items.
#[derive(Clone, Debug)]
pub struct SharedList(Arc<[Owned]>);

/// A map of text keys in their order, whose clones share its entries.
#[derive(Clone, Debug)]
pub struct SharedMap(Arc<[(CelString<'static>, Owned)]>);

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
        Json::Array(items) => Box::new(SharedList(items.iter().map(from_json).collect())),
        Json::Object(map) => {
            Box::new(SharedMap::new(map.iter().map(|(k, v)| (k.clone(), from_json(v))).collect()))
        }
    }
}

impl SharedMap {
    /// Takes entries in any order; of equal keys the last wins.
    #[must_use]
    pub fn new(entries: std::collections::BTreeMap<String, Owned>) -> Self {
        Self(entries.into_iter().map(|(key, value)| (CelString::from(key), value)).collect())
    }

    /// Entries in the order of their keys.
    pub fn entries(&self) -> impl std::iter::Iterator<Item = (&str, &dyn Val)> {
        self.0.iter().map(|(key, value)| (key.inner(), value.as_ref()))
    }

    fn find(&self, key: &dyn Val) -> Option<&Owned> {
        let key = key.downcast_ref::<CelString<'_>>()?.inner();
        let at = self.0.binary_search_by(|(own, _)| own.inner().cmp(key)).ok()?;
        Some(&self.0[at].1)
    }
}

impl Val for SharedMap {
    fn get_type(&self) -> &Type {
        &MAP_TYPE
    }

    fn cel_type() -> &'static Type {
        &MAP_TYPE
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

    fn equals(&self, other: &dyn Val) -> bool {
        other.downcast_ref::<Self>().is_some_and(|other| {
            self.0.len() == other.0.len()
                && self
                    .0
                    .iter()
                    .zip(other.0.iter())
                    .all(|(a, b)| a.0.inner() == b.0.inner() && a.1.equals(b.1.as_ref()))
        })
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for SharedMap {}

impl Container for SharedMap {
    fn contains(&self, key: &dyn Val) -> Result<bool, ExecutionError> {
        Ok(self.find(key).is_some())
    }
}

impl Indexer for SharedMap {
    fn get<'b, 'v>(&'b self, key: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let found = self.find(key).ok_or_else(|| no_such_key(key))?;
        Ok(CowVal::Borrowed(found.as_ref()))
    }

    fn steal<'v>(self: Box<Self>, key: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.find(key).map(|found| found.clone_as_boxed()).ok_or_else(|| no_such_key(key))
    }
}

fn no_such_key(key: &dyn Val) -> ExecutionError {
    ExecutionError::NoSuchKey(Arc::new(super::show(key)))
}

impl Iterable for SharedMap {
    fn iter<'b, 'v>(&'b self) -> Box<dyn Iterator<'b, 'v> + 'b>
    where
        Self: 'v,
    {
        Box::new(Keys(self.0.iter()))
    }
}

impl Sizer for SharedMap {
    fn size(&self) -> CelInt {
        length(self.0.len())
    }
}

struct Keys<'b>(std::slice::Iter<'b, (CelString<'static>, Owned)>);

impl<'b, 'v> Iterator<'b, 'v> for Keys<'b> {
    fn next(&mut self) -> Option<&'b (dyn Val + 'v)> {
        self.0.next().map(|(key, _)| key as &(dyn Val + 'v))
    }
}

impl Val for SharedList {
    fn get_type(&self) -> &Type {
        &LIST_TYPE
    }

    fn cel_type() -> &'static Type {
        &LIST_TYPE
    }

    fn as_adder<'b, 'v>(&'b self) -> Option<&'b (dyn Adder + 'v)>
    where
        Self: 'v,
    {
        Some(self)
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

    /// Equal to any list of equal items, the evaluator's own too.
    fn equals(&self, other: &dyn Val) -> bool {
        let (Some(items), Some(sizer)) = (other.as_iterable(), other.as_sizer()) else {
            return false;
        };
        let mut items = items.iter();
        other.get_type() == &LIST_TYPE
            && *sizer.size().inner() == *self.size().inner()
            && self.0.iter().all(|own| items.next().is_some_and(|item| own.equals(item)))
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for SharedList {}

impl Adder for SharedList {
    fn add<'b, 'v>(&'b self, other: &(dyn Val + 'v)) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let items = other.as_iterable().ok_or_else(|| {
            ExecutionError::function_error("+", "a list is joined with another list")
        })?;
        let mut all: Vec<Box<dyn Val + 'v>> =
            self.0.iter().map(|item| item.clone_as_boxed()).collect();
        let mut items = items.iter();
        while let Some(item) = items.next() {
            all.push(item.clone_as_boxed());
        }
        Ok(CowVal::owned(CelList::from(all)))
    }
}

impl Container for SharedList {
    fn contains(&self, value: &dyn Val) -> Result<bool, ExecutionError> {
        Ok(self.0.iter().any(|item| item.equals(value)))
    }
}

impl SharedList {
    fn at(&self, index: &dyn Val) -> Result<&Owned, ExecutionError> {
        index
            .downcast_ref::<CelInt>()
            .and_then(|index| self.0.get(usize::try_from(*index.inner()).ok()?))
            .ok_or_else(|| ExecutionError::IndexOutOfBounds(super::show(index).into()))
    }
}

impl Indexer for SharedList {
    fn get<'b, 'v>(&'b self, index: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        Ok(CowVal::Borrowed(self.at(index)?.as_ref()))
    }

    fn steal<'v>(self: Box<Self>, index: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        Ok(self.at(index)?.clone_as_boxed())
    }
}

impl Iterable for SharedList {
    fn iter<'b, 'v>(&'b self) -> Box<dyn Iterator<'b, 'v> + 'b>
    where
        Self: 'v,
    {
        Box::new(Items(self.0.iter()))
    }
}

impl Sizer for SharedList {
    fn size(&self) -> CelInt {
        length(self.0.len())
    }
}

struct Items<'b>(std::slice::Iter<'b, Owned>);

impl<'b, 'v> Iterator<'b, 'v> for Items<'b> {
    fn next(&mut self) -> Option<&'b (dyn Val + 'v)> {
        self.0.next().map(|item| item.as_ref() as &(dyn Val + 'v))
    }
}

fn length(items: usize) -> CelInt {
    CelInt::from(i64::try_from(items).unwrap_or(i64::MAX))
}

/// A list's items, whichever list it is; None when the value is no list.
pub fn items<'b>(value: &'b dyn Val) -> Option<Vec<&'b dyn Val>> {
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
