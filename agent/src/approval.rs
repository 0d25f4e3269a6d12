//! Which spooled snapshots may leave, as the customer's administrator decided. Pure but for the
//! record itself, `approved.json` of the state folder.
//!
//! A decision is about one document: id and SHA-256. `hold` also remembers which fields were let go
//! before, and lets a snapshot pass that brings no other.

use std::collections::{BTreeMap, BTreeSet};

use carepack_shared::privacy::Mode;
use carepack_shared::{Observation, Snapshot, Source};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::config::Approval;

/// Decisions kept; the spool holds fewer snapshots by default.
const SNAPSHOTS_MAX: usize = 256;

/// What was let go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    /// Snapshots by id, with the SHA-256 of the document that was looked at.
    #[serde(default)]
    pub snapshots: BTreeMap<Uuid, String>,
    /// Fields of all of them.
    #[serde(default)]
    pub fields: BTreeSet<String>,
}

impl Approved {
    /// Lets a document go.
    pub fn add(&mut self, snapshot: &Snapshot, sha256: &str) {
        self.snapshots.insert(snapshot.id, sha256.to_owned());
        // Ids are UUIDv7: the first one is the oldest.
        while self.snapshots.len() > SNAPSHOTS_MAX {
            self.snapshots.pop_first();
        }
        self.fields.extend(fields(snapshot));
    }

    /// Whether a document may leave. `read` gives it, where its fields matter.
    pub fn lets_go(
        &self,
        mode: Approval,
        (id, sha256): (Uuid, &str),
        read: impl FnOnce() -> Option<Snapshot>,
    ) -> bool {
        let decided = self.snapshots.get(&id).is_some_and(|known| known == sha256);
        match mode {
            Approval::Auto => true,
            Approval::Manual => decided,
            Approval::Hold => {
                decided || read().is_some_and(|snapshot| fields(&snapshot).is_subset(&self.fields))
            }
        }
    }
}

/// What a snapshot is made of: its sources by probe. One more file in a folder that is read anyway
/// is no new field; a folder, a command or a survey more is, and so is the same field once more of
/// it leaves: evidence where only facts did, a name where a code did.
fn fields(snapshot: &Snapshot) -> BTreeSet<String> {
    let privacy = &snapshot.privacy;
    let how = match privacy.mode {
        Mode::Full => String::new(),
        mode => format!(" {}", mode.as_str()),
    };
    let coded = if privacy.pseudonyms { " coded" } else { "" };
    snapshot.observations.iter().map(|seen| format!("{}{how}{coded}", field(seen))).collect()
}

fn field(observation: &Observation) -> String {
    let place = match &observation.source {
        Source::File { path } => path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned(),
        source => source.key(),
    };
    format!("{} {place}", observation.probe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use carepack_shared::{Outcome, Unseen};

    fn snapshot(id: u128, sources: &[&str]) -> Snapshot {
        let dir = tempfile::tempdir().unwrap();
        let config = crate::config::Config::default();
        let mounted = crate::collect::Mounted { root: dir.path().to_owned(), taken_at: None };
        let mut snapshot = crate::collect::look_mounted(&config, &mounted, None).unwrap();
        let one = |path: &&str| Observation {
            probe: "p".to_owned(),
            source: Source::File { path: (*path).to_owned() },
            at: snapshot.taken_at,
            took_ms: 0,
            outcome: Outcome::Unseen { reason: Unseen::Absent, detail: String::new() },
        };
        snapshot.observations = sources.iter().map(one).collect();
        snapshot.id = Uuid::from_u128(id);
        snapshot
    }

    #[test]
    fn a_decision_is_about_one_document_and_holding_asks_when_fields_grow() {
        let (first, more) = (snapshot(1, &["/etc/d/a"]), snapshot(2, &["/etc/d/b", "/opt/x"]));
        let same = snapshot(3, &["/etc/d/b"]);
        let mut approved = Approved::default();
        let check = |approved: &Approved, mode, snapshot: &Snapshot, sha256: &str, expected| {
            let got = approved.lets_go(mode, (snapshot.id, sha256), || Some(snapshot.clone()));
            assert_eq!(got, expected, "{mode:?} {}", snapshot.id);
        };
        check(&approved, Approval::Auto, &first, "a", true);
        check(&approved, Approval::Hold, &first, "a", false);
        approved.add(&first, "a");
        check(&approved, Approval::Manual, &first, "a", true);
        check(&approved, Approval::Manual, &first, "b", false);
        check(&approved, Approval::Manual, &same, "c", false);
        check(&approved, Approval::Hold, &same, "c", true);
        check(&approved, Approval::Hold, &more, "d", false);
        approved.add(&more, "d");
        check(&approved, Approval::Hold, &more, "d", true);
        // Who let facts and codes go did not let evidence and names go.
        let mut shy = Approved::default();
        let mut facts = first.clone();
        facts.privacy.mode = Mode::FactsOnly;
        facts.privacy.pseudonyms = true;
        shy.add(&facts, "e");
        let again = Snapshot { id: Uuid::from_u128(9), ..facts.clone() };
        check(&shy, Approval::Hold, &again, "f", true);
        facts.privacy.pseudonyms = false;
        check(&shy, Approval::Hold, &Snapshot { id: again.id, ..facts }, "g", false);
        check(&shy, Approval::Hold, &first, "a", false);
    }
}
