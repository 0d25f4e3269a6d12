//! Takes a snapshot: every probe within its deadline, then masks, then the document.
//!
//! It does not write: the caller spools the document, then saves the returned log state.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use carepack_shared::mask::Masker;
use carepack_shared::{Content, Observation, Outcome, Reason, Snapshot};
use serde_json::Value;
use uuid::Uuid;

use super::assemble::{Parts, assemble};
use super::run::{Logs, run};
use crate::host::{Host, Meter};
use crate::logs::{LogState, Patterns};
use crate::probes;

/// What is asked for.
pub struct Take {
    pub reason: Reason,
    /// The inspection period, e.g. `2026-11`.
    pub period: Option<String>,
    /// Given at enrolment.
    pub host_id: Option<Uuid>,
    /// Where the last log scan ended (default: a first scan).
    pub log_state: LogState,
    /// What is looked for in logs (default: the embedded patterns).
    pub patterns: Option<Arc<Patterns>>,
    /// What the customer keeps back.
    pub policy: Withhold,
    /// The host's own key for masks; it never leaves.
    pub mask_key: Vec<u8>,
    /// For the whole collection.
    pub deadline: Duration,
}

/// The customer's deny list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Withhold {
    /// Probe ids.
    pub probes: Vec<String>,
    /// Paths and source keys (`cmd:…`, `survey:…`); each also covers what lies under it. A survey
    /// that looks at such a path is kept back whole.
    pub paths: Vec<String>,
    /// Regular expressions; a line that matches is masked whole.
    pub patterns: Vec<String>,
    /// Words masked wherever they stand.
    pub keywords: Vec<String>,
}

/// A snapshot, not written yet, and where its log scan ended.
pub struct Taken {
    pub snapshot: Snapshot,
    pub log_state: LogState,
}

/// The request cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    #[error("deny pattern {pattern:?} is not a regular expression that can be used")]
    Pattern { pattern: String, source: carepack_shared::mask::MaskError },
}

impl Withhold {
    /// Whether a path or source key is kept back.
    #[must_use]
    pub fn covers(&self, key: &str) -> bool {
        self.paths.iter().any(|path| {
            let path = path.trim_end_matches('/');
            key.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// Whether a probe, or one of its reads, is kept back whole.
    #[must_use]
    pub fn keeps(&self, probe: &probes::Probe, read: &probes::Read) -> bool {
        self.probes.iter().any(|id| id == probe.id)
            || self.covers(&read.source().key())
            || read.paths().iter().any(|path| self.covers(path))
    }
}

/// Takes a snapshot. Blocks up to `request.deadline`; what cannot be seen is said in it.
///
/// # Errors
/// Only a request that makes no sense; the host's faults are observations.
pub fn take(host: &Arc<Host>, request: Take) -> Result<Taken, TakeError> {
    let meter = Meter::start();
    let mut masker = Masker::new(&request.mask_key);
    for pattern in &request.policy.patterns {
        masker
            .deny_pattern(pattern)
            .map_err(|source| TakeError::Pattern { pattern: pattern.clone(), source })?;
    }
    for word in &request.policy.keywords {
        masker.deny_keyword(word);
    }
    let started = host.now();
    let until = Instant::now() + request.deadline;
    let policy = Arc::new(request.policy);
    let log_state = Arc::new(request.log_state);
    let logs = Logs { state: Arc::clone(&log_state), patterns: request.patterns };
    let mut observations = Vec::new();
    let mut scanned = None;
    for probe in probes::all() {
        let mut found = run(probe, host, &policy, &logs, until);
        scanned = found.log_state.take().or(scanned);
        for mut observation in found.observations {
            mask(&mut masker, &mut observation);
            observations.push(observation);
        }
    }
    let machine = (!policy.covers("/etc/machine-id") && !policy.covers("survey:identity"))
        .then(|| probes::machine(host))
        .flatten();
    let parts = Parts {
        id: Uuid::now_v7(),
        host_id: request.host_id,
        hostname: masker.mask(&host.hostname()),
        machine,
        recorded: host.is_recorded(),
        reason: request.reason,
        period: request.period,
        taken_at: started,
        finished_at: host.now(),
        cpu_ms: meter.cpu_ms(),
        peak_kib: Meter::peak_kib(),
        spawned: host.spawned(),
        masked: std::mem::take(&mut masker.counts),
        observations,
    };
    let log_state = scanned.unwrap_or_else(|| (*log_state).clone());
    Ok(Taken { snapshot: assemble(parts), log_state })
}

/// Masks every text of an observation, its details and paths included.
fn mask(masker: &mut Masker, observation: &mut Observation) {
    match &mut observation.outcome {
        Outcome::Seen { content: Content::Text(text), .. } => *text = masker.mask(text),
        Outcome::Seen { content: Content::Json(value), .. } => mask_json(masker, value),
        Outcome::Unseen { detail, .. } => *detail = masker.mask(&one_line(detail)),
    }
}

fn one_line(text: &str) -> String {
    probes::execute::clean(text.as_bytes()).replace(['\n', '\r'], " ")
}

fn mask_json(masker: &mut Masker, value: &mut Value) {
    match value {
        Value::String(text) => {
            let clean = probes::execute::clean(text.as_bytes());
            *text = masker.mask(&clean);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask_json(masker, item)),
        Value::Object(members) => {
            let mut masked = BTreeMap::new();
            for (key, mut member) in std::mem::take(members) {
                mask_json(masker, &mut member);
                let key = masker.mask(&probes::execute::clean(key.as_bytes()));
                masked.insert(key, member);
            }
            members.extend(masked);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use carepack_shared::Unseen;

    fn request() -> Take {
        Take {
            reason: Reason::OnDemand,
            period: None,
            host_id: None,
            log_state: LogState::default(),
            patterns: None,
            policy: Withhold::default(),
            mask_key: b"key".to_vec(),
            deadline: Duration::from_secs(60),
        }
    }

    fn recorded(description: &str, files: &[(&str, &str)]) -> (tempfile::TempDir, Arc<Host>) {
        let folder = tempfile::tempdir().unwrap();
        let head = "hostname = \"db01\"\ntaken_at = \"2026-11-05T01:12:00+09:00\"\n";
        std::fs::write(folder.path().join("host.toml"), format!("{head}{description}")).unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let host = Arc::new(Host::recorded(folder.path(), None).unwrap());
        (folder, host)
    }

    fn outcome<'a>(snapshot: &'a Snapshot, key: &str) -> &'a Outcome {
        let found = snapshot.observations.iter().find(|o| o.source.key() == key);
        &found.unwrap_or_else(|| panic!("no {key}")).outcome
    }

    fn reason(snapshot: &Snapshot, key: &str) -> Option<Unseen> {
        match outcome(snapshot, key) {
            Outcome::Unseen { reason, .. } => Some(*reason),
            Outcome::Seen { .. } => None,
        }
    }

    #[test]
    fn every_source_of_every_probe_is_answered_on_a_host_with_nothing() {
        let (_folder, host) = recorded("", &[]);
        let snapshot = take(&host, request()).unwrap().snapshot;
        for read in probes::all().iter().flat_map(|probe| probe.reads) {
            let key = read.source().key().replace("log:journal", "log:messages");
            // What is not there is the answer of these three.
            let answers = ["survey:identity", "survey:cron-access", "survey:log-storage"];
            let expected = (!answers.contains(&key.as_str())).then_some(Unseen::Absent);
            assert_eq!(reason(&snapshot, &key), expected, "{key}");
        }
        let again = take(&host, request()).unwrap().snapshot;
        assert_eq!(snapshot.observations, again.observations);
    }

    #[test]
    fn refusals_faults_and_policy_are_told_apart() {
        let description = "[[deny]]\npath = \"/etc/shadow\"\n\
            [[command]]\nname = \"rpm-packages\"\nstatus = 1\n\
            stderr = \"a\\nerror: password=hunter2hunter2\"\n";
        let (_folder, host) = recorded(
            description,
            &[
                ("root/etc/passwd", "root:x:0:0::/root:/bin/bash\n"),
                ("root/etc/hosts", "127.0.0.1 localhost\n"),
                ("root/etc/sysctl.d/a.conf", "vm.swappiness = 1\n"),
                ("root/etc/sysctl.d/b.conf", "vm.swappiness = 2\n"),
            ],
        );
        let mut request = request();
        request.policy.probes = vec!["load".to_owned()];
        request.policy.paths = vec![
            "/etc/hosts".to_owned(),
            "/etc/sysctl.d/b.conf".to_owned(),
            "/proc/net".to_owned(),
        ];
        let snapshot = take(&host, request).unwrap().snapshot;
        let check = |key, expected| assert_eq!(reason(&snapshot, key), expected, "{key}");
        check("/proc/loadavg", Some(Unseen::Withheld));
        check("/etc/hosts", Some(Unseen::Withheld));
        check("/etc/sysctl.d/a.conf", None);
        check("/etc/sysctl.d/b.conf", Some(Unseen::Withheld));
        check("survey:listeners", Some(Unseen::Withheld));
        check("survey:accounts", None);
        check("cmd:rpm-packages", Some(Unseen::Failed));
        let Outcome::Unseen { detail, .. } = outcome(&snapshot, "cmd:rpm-packages") else {
            panic!("seen")
        };
        assert!(detail.contains("가림") && !detail.contains("hunter2"), "{detail}");
        let Outcome::Seen { content: Content::Json(value), .. } =
            outcome(&snapshot, "survey:accounts")
        else {
            panic!("unseen")
        };
        assert_eq!(value[0]["password"], "unknown");
    }

    #[test]
    fn a_hanging_path_costs_its_probe_only() {
        let (_folder, host) = recorded(
            "[[hang]]\npath = \"/etc/security\"\n",
            &[("root/proc/loadavg", "0 0 0 1/1 1")],
        );
        let mut request = request();
        // The first probes are quick; what hangs takes the rest.
        request.deadline = Duration::from_millis(1500);
        let started = Instant::now();
        let snapshot = take(&host, request).unwrap().snapshot;
        assert!(started.elapsed() < Duration::from_secs(4));
        assert_eq!(reason(&snapshot, "/etc/security/limits.conf"), Some(Unseen::TimedOut));
        assert_eq!(reason(&snapshot, "/proc/sys/kernel/pid_max"), Some(Unseen::TimedOut));
        assert_eq!(reason(&snapshot, "/etc/hosts"), Some(Unseen::Absent));
    }
}
