//! What becomes of a snapshot between the masks and the spool: facts instead of evidence, numbers
//! instead of facts, codes instead of names. Pure: no clock, no host, no file.
//!
//! Read [`numbers`] (what counts as no text).

mod numbers;

use std::collections::BTreeSet;

use carepack_facts::{Facts, derive, quoted_member, quotes};
use carepack_shared::privacy::Mode;
use carepack_shared::snapshot::SCHEMA_FACTS;
use carepack_shared::{Content, Outcome, Snapshot, Unseen};

use crate::probes;

/// Room for all facts of a document, in bytes; a host with 3,000 packages needs a tenth.
const FACTS_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Lets of a masked snapshot only so much stand as `mode` lets leave.
pub fn reduce(snapshot: &mut Snapshot, mode: Mode) {
    snapshot.privacy.mode = mode;
    if mode == Mode::Full {
        return;
    }
    let mut facts = derive(snapshot);
    keep_contents(snapshot);
    withhold(&mut facts, |key, _| quotes(key));
    drop_quotes(&mut facts);
    if mode == Mode::NumbersOnly {
        withhold(&mut facts, |key, value| !numbers::is_plain(key, value));
        numbers_alone(snapshot, &mut facts);
    }
    fit(&mut facts);
    snapshot.schema = SCHEMA_FACTS;
    snapshot.privacy.facts = Some(facts);
}

/// Of each source only how long it is.
fn keep_contents(snapshot: &mut Snapshot) {
    for observation in &mut snapshot.observations {
        if let Outcome::Seen { content, .. } = &mut observation.outcome {
            let bytes = content.bytes() as u64;
            *content = Content::Kept { bytes };
        }
    }
}

/// Turns known facts that must not leave into missing ones.
fn withhold(facts: &mut Facts, stays: impl Fn(&str, &serde_json::Value) -> bool) {
    let kept: Vec<String> = facts
        .known
        .iter()
        .filter(|(key, fact)| stays(key, &fact.value))
        .map(|(key, _)| key.clone())
        .collect();
    for key in kept {
        if let Some(fact) = facts.known.remove(&key) {
            facts.miss(&key, Unseen::Withheld, &fact.source);
        }
    }
}

/// Lines of the host that stand beside what was counted.
fn drop_quotes(facts: &mut Facts) {
    for (key, fact) in &mut facts.known {
        let (Some(member), Some(rows)) = (quoted_member(key), fact.value.as_array_mut()) else {
            continue;
        };
        for row in rows.iter_mut().filter_map(serde_json::Value::as_object_mut) {
            if let Some(lines) = row.get_mut(member) {
                *lines = serde_json::Value::Array(Vec::new());
            }
        }
    }
}

/// Names of files that only this host has are text too, and so are the words of its errors: what
/// stands in the list of probes stays.
fn numbers_alone(snapshot: &mut Snapshot, facts: &mut Facts) {
    let declared: BTreeSet<String> = probes::all()
        .iter()
        .flat_map(|probe| probe.reads)
        .map(|read| read.source().key())
        .collect();
    snapshot.observations.retain(|observation| declared.contains(&observation.source.key()));
    for observation in &mut snapshot.observations {
        if let Outcome::Unseen { detail, .. } = &mut observation.outcome {
            detail.clear();
        }
    }
    let sources = facts.known.values_mut().map(|fact| &mut fact.source);
    for source in sources.chain(facts.missing.values_mut().map(|missing| &mut missing.source)) {
        if !declared.contains(source.as_str()) && !is_parser(source) {
            "host".clone_into(source);
        }
    }
}

fn is_parser(source: &str) -> bool {
    carepack_facts::parsers::all().iter().any(|parser| parser.name == source)
}

/// What does not fit into the document says so.
fn fit(facts: &mut Facts) {
    let mut room = FACTS_BYTES_MAX;
    let mut over = BTreeSet::new();
    for (key, fact) in &facts.known {
        let bytes = key.len() + fact.source.len() + fact.value.to_string().len();
        match room.checked_sub(bytes) {
            Some(left) => room = left,
            None => {
                over.insert(key.clone());
            }
        }
    }
    for key in over {
        if let Some(fact) = facts.known.remove(&key) {
            facts.miss(&key, Unseen::Failed, &fact.source);
        }
    }
}
