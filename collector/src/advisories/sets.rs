//! Sets of advisories in the object store: lines of JSON in zstd, named by version and digest. None
//! is ever overwritten; the one with the highest version is in force, so a failed import leaves the
//! last good one.

use std::io::{BufReader, Read};
use std::sync::Arc;

use carepack_advisories::feeds::set::{self, FORMAT, Feed, Header, Merge, Set};
use carepack_shared::digest::sha256_hex;
use jiff::Timestamp;

use super::source::Taken;
use super::{AdvisoriesError, stored};
use crate::objects::Objects;
use crate::store::{AdvisorySet, Store};

/// Longest stored set in bytes: all of Red Hat's advisories and VEX files of all releases are some
/// 40 MB so.
pub const STORED_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Longest set in bytes, unpacked.
const BYTES_MAX: u64 = 8 * 1024 * 1024 * 1024;
/// zstd level: a set is written once and read for days.
const ZSTD_LEVEL: i32 = 9;

/// The set in force; none before the first import. A feed that was asked since and had nothing new
/// is as fresh as that look.
///
/// # Errors
/// [`AdvisoriesError`] when it is gone or damaged.
pub async fn current(
    store: &Store,
    objects: &Objects,
) -> Result<Option<Arc<Set>>, AdvisoriesError> {
    let Some(row) = store.advisory_sets(1).await?.pop() else { return Ok(None) };
    let mut set = read(objects, &row).await?;
    for state in store.feed_states().await? {
        let own = set.header.feeds.iter_mut().find(|feed| feed.name == state.name);
        if let (Some(feed), Some(ok)) = (own, state.ok_at) {
            feed.date = feed.date.max(ok);
        }
    }
    Ok(Some(Arc::new(set)))
}

async fn read(objects: &Objects, row: &AdvisorySet) -> Result<Set, AdvisoriesError> {
    let what = format!("advisory set {}", row.version);
    let packed = stored(objects, &row.object_key, (&what, STORED_BYTES_MAX)).await?;
    let read = tokio::task::spawn_blocking(move || unpack(&packed)).await?;
    read.map_err(|source| AdvisoriesError::Damaged { what, source: Box::new(source) })
}

/// A packed set.
///
/// # Errors
/// What is wrong with it, with the number of the line.
pub fn unpack(packed: &[u8]) -> Result<Set, set::SetError> {
    let io = |source| set::SetError::Io { line: 1, source };
    let decoder = zstd::stream::read::Decoder::with_buffer(packed).map_err(io)?;
    set::read(BufReader::new(decoder.take(BYTES_MAX)))
}

/// The lines of a set, packed, and their digest.
pub fn pack(set: &Set) -> std::io::Result<(Vec<u8>, String)> {
    let mut lines = Vec::new();
    set::write(set, &mut lines)?;
    let digest = sha256_hex(&lines);
    Ok((zstd::bulk::compress(&lines, ZSTD_LEVEL)?, digest))
}

/// Joins what feeds gave with the set in force and makes that the new one.
///
/// # Errors
/// [`AdvisoriesError`]; the set in force stays.
pub async fn join(
    (store, objects): (&Store, &Objects),
    taken: Vec<Taken>,
    now: Timestamp,
) -> Result<Arc<Set>, AdvisoriesError> {
    let known = current(store, objects).await?;
    let version = known.as_ref().map_or(1, |known| known.header.version + 1);
    let set = tokio::task::spawn_blocking(move || {
        // Nobody else has it: nothing is copied.
        merged(known.map(Arc::unwrap_or_clone), taken, version, now)
    });
    let set = set.await?;
    keep((store, objects), &set, now).await?;
    Ok(Arc::new(set))
}

fn merged(known: Option<Set>, taken: Vec<Taken>, version: u64, now: Timestamp) -> Set {
    let mut merge = Merge::default();
    let mut header = Header {
        format: FORMAT,
        version,
        made_at: now,
        valid_until: None,
        feeds: Vec::new(),
        repositories: Default::default(),
    };
    if let Some(known) = known {
        header.feeds = known.header.feeds;
        header.repositories = known.header.repositories;
        known.advisories.into_iter().for_each(|one| merge.add_advisory(one));
        known.vulnerabilities.into_iter().for_each(|one| merge.add_vulnerability(one));
    }
    for Taken { feed, reading, repositories, exploited, .. } in taken {
        merge.add(&feed.name, reading);
        merge.exploited(exploited);
        if !repositories.is_empty() {
            header.repositories = repositories;
        }
        header.feeds.retain(|other| other.name != feed.name);
        header.feeds.push(feed);
    }
    header.feeds.sort_by(|a: &Feed, b: &Feed| a.name.cmp(&b.name));
    merge.finish(header)
}

/// Writes a set and makes it the one in force.
///
/// # Errors
/// [`AdvisoriesError`]; the set in force stays.
pub async fn keep(
    (store, objects): (&Store, &Objects),
    set: &Set,
    now: Timestamp,
) -> Result<(), AdvisoriesError> {
    let what = format!("advisory set {}", set.header.version);
    let (packed, sha256) = pack(set).map_err(|source| AdvisoriesError::Damaged {
        what: what.clone(),
        source: Box::new(source),
    })?;
    let object_key = format!("advisories/{}-{sha256}.jsonl.zst", set.header.version);
    objects
        .put(&object_key, packed)
        .await
        .map_err(|source| AdvisoriesError::Object { what, source })?;
    let count = |list: usize| u64::try_from(list).unwrap_or(u64::MAX);
    let row = AdvisorySet {
        version: set.header.version,
        sha256,
        made_at: set.header.made_at,
        valid_until: set.header.valid_until,
        imported_at: now,
        advisories: count(set.advisories.len()),
        vulnerabilities: count(set.vulnerabilities.len()),
        object_key,
    };
    store.add_advisory_set(&row).await?;
    tracing::info!(
        version = row.version,
        advisories = row.advisories,
        vulnerabilities = row.vulnerabilities,
        "advisories.in_force"
    );
    Ok(())
}
