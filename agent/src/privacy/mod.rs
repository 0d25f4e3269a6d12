//! What becomes of a snapshot between the masks and the spool: facts instead of evidence, numbers
//! instead of facts, codes instead of names. Pure: no clock, no host, no file.
//!
//! Read [`names`] (codes), [`learn`] (which words are names), [`address`], [`words`] (which are
//! nobody's), [`numbers`] (what counts as no text), [`reveal`] (codes back into names).

mod address;
mod learn;
mod names;
mod numbers;
pub mod reveal;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use carepack_facts::{Facts, derive, is_versions, quoted_member, quotes};
use carepack_shared::privacy::Mode;
use carepack_shared::snapshot::SCHEMA_FACTS;
use carepack_shared::{Content, Observation, Outcome, Snapshot, Source, Unseen};

use crate::probes;
use crate::snapshot::rewrite;

pub use names::Namer;

/// Room for all facts of a document, in bytes; a host with 3,000 packages needs a tenth.
const FACTS_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Probes that see versions of four numbers and no address: packages, firmware.
const WITHOUT_ADDRESSES: [&str; 3] = ["dmi", "package-history", "packages"];
/// As these, of facts' keys.
const FACTS_WITHOUT_ADDRESSES: [&str; 3] = ["hardware.", "os.", "packages."];

/// Lets of a masked snapshot stand what may leave, under the names that may. Gives code → name of
/// what was replaced.
pub fn apply(
    snapshot: &mut Snapshot,
    mode: Mode,
    namer: Option<Namer>,
) -> BTreeMap<String, String> {
    let Some(mut namer) = namer else {
        reduce(snapshot, mode);
        return BTreeMap::new();
    };
    // Before the texts are gone that tell which words are names; facts are read in true ones.
    namer.learn(snapshot);
    reduce(snapshot, mode);
    rename(snapshot, &mut namer);
    namer.given()
}

fn rename(snapshot: &mut Snapshot, namer: &mut Namer) {
    snapshot.privacy.pseudonyms = true;
    snapshot.host.hostname = namer.host(&snapshot.host.hostname);
    for observation in &mut snapshot.observations {
        rename_observation(observation, namer);
    }
    let Some(facts) = &mut snapshot.privacy.facts else { return };
    for (key, fact) in &mut facts.known {
        rename_text(&mut fact.source, namer);
        let addresses = !FACTS_WITHOUT_ADDRESSES.iter().any(|subject| key.starts_with(subject));
        if !is_versions(key) {
            rewrite(&mut fact.value, &mut |text| namer.rewrite_some(text, addresses));
        }
    }
    for missing in facts.missing.values_mut() {
        rename_text(&mut missing.source, namer);
    }
}

fn rename_observation(observation: &mut Observation, namer: &mut Namer) {
    let key = observation.source.key();
    let addresses = !WITHOUT_ADDRESSES.contains(&observation.probe.as_str());
    if let Source::File { path } = &mut observation.source {
        rename_text(path, namer);
    }
    match &mut observation.outcome {
        Outcome::Seen { content: Content::Text(text), .. } => {
            match key.as_str() {
                "/proc/net/route" => columns(text, |word| namer.kernel_ipv4(word)),
                "/proc/net/ipv6_route" => columns(text, |word| namer.kernel_ipv6(word)),
                _ => rename_some(text, namer, addresses),
            };
        }
        Outcome::Seen { content: Content::Json(value), .. } => {
            rewrite(value, &mut |text| namer.rewrite_some(text, addresses));
        }
        Outcome::Seen { content: Content::Kept { .. }, .. } => {}
        Outcome::Unseen { detail, .. } => rename_text(detail, namer),
    }
}

fn rename_text(text: &mut String, namer: &mut Namer) {
    rename_some(text, namer, true);
}

fn rename_some(text: &mut String, namer: &mut Namer, addresses: bool) {
    if let Some(other) = namer.rewrite_some(text, addresses) {
        *text = other;
    }
}

/// Rewrites words of a table in which blanks stand between columns, and leaves the blanks.
fn columns(text: &mut String, mut f: impl FnMut(&str) -> Option<String>) {
    let mut other = String::with_capacity(text.len());
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        other.push_str(&f(word).unwrap_or_else(|| word.to_owned()));
        other.push_str(&piece[word.len()..]);
    }
    *text = other;
}

/// Lets of a masked snapshot only so much stand as `mode` lets leave.
fn reduce(snapshot: &mut Snapshot, mode: Mode) {
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
