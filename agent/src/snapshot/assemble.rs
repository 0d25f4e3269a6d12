//! Puts a snapshot together from its parts. Pure: no clock, no host.

use std::collections::BTreeMap;

use carepack_shared::privacy::Privacy;
use carepack_shared::snapshot::{Agent, DOCUMENT_BYTES_MAX, Host, OBSERVATIONS_MAX, SCHEMA};
use carepack_shared::{Observation, Outcome, Reason, Snapshot, Unseen};
use jiff::Timestamp;
use uuid::Uuid;

/// Everything that a snapshot is made of.
pub struct Parts {
    pub id: Uuid,
    pub host_id: Option<Uuid>,
    pub hostname: String,
    pub machine: Option<String>,
    pub recorded: bool,
    pub reason: Reason,
    pub period: Option<String>,
    pub taken_at: Timestamp,
    pub finished_at: Timestamp,
    pub cpu_ms: u64,
    pub peak_kib: u64,
    pub spawned: u32,
    pub masked: BTreeMap<String, u64>,
    /// Masked already, in the order of the list of probes.
    pub observations: Vec<Observation>,
}

/// Room for contents in a document: JSON escapes and the frame need the rest.
const CONTENT_BYTES_MAX: usize = DOCUMENT_BYTES_MAX / 4 * 3;

/// The snapshot. What does not fit into a document becomes an observation that says so.
#[must_use]
pub fn assemble(parts: Parts) -> Snapshot {
    let mut observations = parts.observations;
    observations.truncate(OBSERVATIONS_MAX);
    let mut room = CONTENT_BYTES_MAX;
    for observation in &mut observations {
        let bytes = length(&observation.outcome);
        match room.checked_sub(bytes) {
            Some(left) => room = left,
            None => {
                let detail = format!("{bytes} bytes do not fit into the snapshot any more");
                observation.outcome = Outcome::Unseen { reason: Unseen::Failed, detail };
            }
        }
    }
    Snapshot {
        schema: SCHEMA,
        id: parts.id,
        host: Host {
            id: parts.host_id,
            hostname: parts.hostname,
            machine: parts.machine,
            recorded: parts.recorded,
        },
        reason: parts.reason,
        period: parts.period,
        taken_at: parts.taken_at,
        finished_at: parts.finished_at,
        agent: Agent {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            cpu_ms: parts.cpu_ms,
            peak_kib: parts.peak_kib,
            spawned: parts.spawned,
        },
        lost: 0,
        masked: parts.masked,
        privacy: Privacy::default(),
        observations,
    }
}

/// Length in a document, in bytes, escapes counted.
fn length(outcome: &Outcome) -> usize {
    match outcome {
        Outcome::Seen { content, .. } => content.bytes(),
        Outcome::Unseen { detail, .. } => detail.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use carepack_shared::{Content, Source};

    #[test]
    fn what_does_not_fit_says_so_and_the_document_stays_readable() {
        let observation = |name: &str, bytes: usize| Observation {
            probe: "x".to_owned(),
            source: Source::Survey { name: name.to_owned() },
            at: Timestamp::UNIX_EPOCH,
            took_ms: 0,
            outcome: Outcome::Seen { content: Content::Text("x".repeat(bytes)), truncated: false },
        };
        let snapshot = assemble(Parts {
            id: Uuid::nil(),
            host_id: None,
            hostname: "a".to_owned(),
            machine: None,
            recorded: false,
            reason: Reason::Offline,
            period: None,
            taken_at: Timestamp::UNIX_EPOCH,
            finished_at: Timestamp::UNIX_EPOCH,
            cpu_ms: 0,
            peak_kib: 0,
            spawned: 0,
            masked: BTreeMap::new(),
            observations: vec![
                observation("a", CONTENT_BYTES_MAX - 10),
                observation("b", 11),
                observation("c", 10),
            ],
        });
        let seen = |index: usize| snapshot.observations[index].text().is_ok();
        assert_eq!([seen(0), seen(1), seen(2)], [true, false, true]);
        assert_eq!(Snapshot::from_document(&snapshot.to_document()).unwrap(), snapshot);
    }
}
