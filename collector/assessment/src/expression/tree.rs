//! Facts as the tree that expressions walk, and values as the text that reports show.

use std::collections::{BTreeMap, BTreeSet};

use carepack_facts::Facts;
use cel::common::types::{CelBool, CelDouble, CelInt, CelMap, CelNull, CelString, CelUInt};
use cel::common::value::Val;

use super::value::{Owned, Shared, from_json, items};

/// A branch of the tree while it grows.
#[derive(Default)]
struct Branch {
    branches: BTreeMap<String, Branch>,
    leaves: BTreeMap<String, Owned>,
}

impl Branch {
    /// The branch that holds the last part of `key`, made where it is not there.
    fn parent(&mut self, key: &str) -> &mut Self {
        let Some((path, _)) = key.rsplit_once('.') else { return self };
        path.split('.')
            .fold(self, |branch, part| branch.branches.entry(part.to_owned()).or_default())
    }

    fn grown(mut self) -> Shared {
        for (name, branch) in self.branches {
            self.leaves.insert(name, Box::new(branch.grown()));
        }
        Shared::map(self.leaves)
    }
}

/// The facts under `wanted` keys as a tree: `fs.usage` is found at `facts.fs.usage`.
///
/// The parent of every key of the catalogue is there even when none of its facts is known, so
/// that `has(facts.pressure.io_some_avg300)` is false instead of an error.
#[must_use]
pub fn facts_tree(facts: &Facts, wanted: &BTreeSet<String>) -> Shared {
    let mut tree = Branch::default();
    for spec in carepack_facts::parsers::all().iter().flat_map(|parser| parser.facts) {
        tree.parent(spec.key);
    }
    for (key, fact) in facts.known.iter().filter(|(key, _)| wanted.contains(*key)) {
        let name = key.rsplit('.').next().unwrap_or(key);
        tree.parent(key).leaves.insert(name.to_owned(), from_json(&fact.value));
    }
    tree.grown()
}

/// Which of `keys` the expressions' sources mention; the others need not be in the tree.
pub fn known_keys<'a>(keys: impl Iterator<Item = &'a str>, sources: &[&str]) -> BTreeSet<String> {
    keys.filter(|key| sources.iter().any(|source| source.contains(key)))
        .map(str::to_owned)
        .collect()
}

/// A value as a report shows it: lists joined by commas, whole doubles without decimals.
#[must_use]
pub fn show(value: &dyn Val) -> String {
    if let Some(text) = value.downcast_ref::<CelString<'_>>() {
        text.inner().to_owned()
    } else if let Some(n) = value.downcast_ref::<CelInt>() {
        n.inner().to_string()
    } else if let Some(n) = value.downcast_ref::<CelUInt>() {
        n.inner().to_string()
    } else if let Some(x) = value.downcast_ref::<CelDouble>() {
        x.inner().to_string()
    } else if let Some(flag) = value.downcast_ref::<CelBool>() {
        flag.inner().to_string()
    } else if value.downcast_ref::<CelNull>().is_some() {
        "-".to_owned()
    } else if let Some(items) = items(value) {
        items.into_iter().map(show).collect::<Vec<_>>().join(", ")
    } else if let Some(Shared::Map(entries)) = value.downcast_ref::<Shared>() {
        let entries =
            entries.iter().map(|(key, value)| format!("{}={}", key.inner(), show(value.as_ref())));
        entries.collect::<Vec<_>>().join(", ")
    } else if let Some(map) = value.downcast_ref::<CelMap<'_>>() {
        let mut entries: Vec<String> = Vec::new();
        for (key, value) in map.inner() {
            entries.push(format!("{}={}", show(key.inner()), show(value.as_ref())));
        }
        entries.sort_unstable();
        entries.join(", ")
    } else {
        value.get_type().name().to_owned()
    }
}
