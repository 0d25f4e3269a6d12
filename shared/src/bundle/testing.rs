//! A small bundle for tests.

use super::*;
use crate::snapshot::{Agent, Host, Reason, SCHEMA};

/// A small snapshot and its file.
pub fn sample() -> (Snapshot, Vec<u8>) {
    let at = "2026-11-05T00:00:00Z".parse().unwrap();
    let snapshot = Snapshot {
        schema: SCHEMA,
        id: Uuid::from_u128(7),
        host: Host { id: None, hostname: "h".into(), machine: None, recorded: false },
        reason: Reason::Offline,
        period: None,
        taken_at: at,
        finished_at: at,
        agent: Agent { version: "0".into(), cpu_ms: 0, peak_kib: 0, spawned: 0 },
        lost: 0,
        masked: std::collections::BTreeMap::new(),
        privacy: crate::privacy::Privacy::default(),
        observations: Vec::new(),
    };
    let file = write(snapshot.id, &snapshot.to_document(), None).unwrap();
    (snapshot, file)
}
