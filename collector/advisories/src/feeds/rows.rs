//! Rows of (stream, module, value, package), gathered into few groups.
//!
//! A feed names every package of every stream; most streams get the very same packages. Groups
//! are what a set keeps: all streams with the same packages at the same value stand together.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Fix, State, Status};

/// What is known of a package: the version that fixes it, or its state.
type Key<V> = (Option<String>, V, String);

/// Streams, module, value, packages.
type Group<V> = (Vec<String>, Option<String>, V, Vec<String>);

/// The rows of one advisory or one vulnerability.
#[derive(Clone, Debug)]
pub(super) struct Rows<V>(BTreeMap<Key<V>, BTreeSet<String>>);

impl<V> Default for Rows<V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<V: Ord + Clone> Rows<V> {
    pub fn add(&mut self, stream: &str, module: Option<&str>, value: V, package: String) {
        let streams = self.0.entry((module.map(str::to_owned), value, package)).or_default();
        if !streams.contains(stream) {
            streams.insert(stream.to_owned());
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Groups, sorted: streams, module, value, packages.
    fn groups(self) -> Vec<Group<V>> {
        let mut groups = BTreeMap::<(Vec<String>, Option<String>, V), Vec<String>>::new();
        for ((module, value, package), streams) in self.0 {
            let streams = streams.into_iter().collect();
            groups.entry((streams, module, value)).or_default().push(package);
        }
        let groups = groups.into_iter();
        groups
            .map(|((streams, module, value), packages)| (streams, module, value, packages))
            .collect()
    }
}

impl Rows<String> {
    pub fn into_fixes(self) -> Vec<Fix> {
        let fix = |(streams, module, evr, packages)| Fix { streams, module, evr, packages };
        self.groups().into_iter().map(fix).collect()
    }
}

impl Rows<Status> {
    pub fn into_states(self) -> Vec<State> {
        let state =
            |(streams, module, status, packages)| State { status, streams, module, packages };
        let mut states: Vec<State> = self.groups().into_iter().map(state).collect();
        states.sort();
        states
    }
}
