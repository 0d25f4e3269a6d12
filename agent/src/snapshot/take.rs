//! Takes a snapshot: every probe within its deadline, then masks, then the document.
//!
//! It does not write: the caller spools the document, then saves the returned log state.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use carepack_shared::mask::Masker;
use carepack_shared::privacy::Mode;
use carepack_shared::{Content, Observation, Outcome, Reason, Snapshot};
use serde_json::Value;
use uuid::Uuid;

use super::assemble::{Parts, assemble};
use super::rewrite::rewrite;
use super::run::run;
use super::withhold::Withhold;
use crate::host::{Host, Meter};
use crate::logs::LogState;
use crate::privacy::{self, Namer};
use crate::probes;
use crate::probes::execute::Memory;

/// What is asked for.
pub struct Take {
    pub reason: Reason,
    /// The inspection period, e.g. `2026-11`.
    pub period: Option<String>,
    /// Given at enrolment.
    pub host_id: Option<Uuid>,
    /// What the agent remembers (default: nothing, a first look).
    pub memory: Memory,
    /// What the customer keeps back.
    pub policy: Withhold,
    /// The host's own key for masks; it never leaves.
    pub mask_key: Vec<u8>,
    /// How much of it may leave.
    pub mode: Mode,
    /// Turns names into codes where the customer wants that.
    pub namer: Option<Namer>,
    /// For the whole collection.
    pub deadline: Duration,
}

/// A snapshot, not written yet, and where its log scan ended.
pub struct Taken {
    pub snapshot: Snapshot,
    pub log_state: LogState,
    /// Code → name of every name that was replaced; it never leaves.
    pub names: BTreeMap<String, String>,
}

/// The request cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    #[error("deny pattern {pattern:?} is not a regular expression that can be used")]
    Pattern { pattern: String, source: carepack_shared::mask::MaskError },
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
    let memory = Arc::new(request.memory);
    let mut observations = Vec::new();
    let mut scanned = None;
    for probe in probes::all() {
        let mut found = run(probe, host, &policy, &memory, until);
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
        hostname: masker.mask(&one_line(&host.hostname())),
        machine,
        recorded: host.is_recorded() || host.is_mounted(),
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
    let log_state = scanned.unwrap_or_else(|| memory.log_state.clone());
    let mut snapshot = assemble(parts);
    let names = privacy::apply(&mut snapshot, request.mode, request.namer);
    Ok(Taken { snapshot, log_state, names })
}

/// Masks every text of an observation, its details and paths included.
fn mask(masker: &mut Masker, observation: &mut Observation) {
    match &mut observation.outcome {
        Outcome::Seen { content: Content::Text(text), .. } => *text = masker.mask(text),
        Outcome::Seen { content: Content::Json(value), .. } => mask_json(masker, value),
        Outcome::Seen { content: Content::Kept { .. }, .. } => {}
        Outcome::Unseen { detail, .. } => *detail = masker.mask(&one_line(detail)),
    }
}

fn one_line(text: &str) -> String {
    probes::execute::clean(text.as_bytes()).replace(['\n', '\r'], " ")
}

fn mask_json(masker: &mut Masker, value: &mut Value) {
    rewrite(value, &mut |text| {
        let masked = if text.contains(probes::execute::hostile) {
            masker.mask(&probes::execute::clean(text.as_bytes()))
        } else {
            masker.mask(text)
        };
        (masked != text).then_some(masked)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::testing::Folder;
    use carepack_shared::Unseen;

    fn request() -> Take {
        Take {
            reason: Reason::OnDemand,
            period: None,
            host_id: None,
            memory: Memory::default(),
            policy: Withhold::default(),
            mask_key: b"key".to_vec(),
            mode: Mode::Full,
            namer: None,
            deadline: Duration::from_secs(60),
        }
    }

    fn recorded(description: &str, files: &[(&str, &str)]) -> (Folder, Arc<Host>) {
        let folder = Folder::new(description);
        files.iter().for_each(|(path, text)| folder.put(path, text));
        let host = Arc::new(folder.host());
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
            // What is not there is the answer of these.
            let answers = ["banners", "cluster-keys", "cron-access", "identity", "log-storage"];
            let name = key.strip_prefix("survey:").unwrap_or_default();
            let expected = (!answers.contains(&name)).then_some(Unseen::Absent);
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
    fn a_mounted_root_is_read_and_nothing_runs_there() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for (name, text) in [
            ("etc/hostname", "image01\n"),
            ("etc/fstab", "/dev/sda1 / xfs defaults 0 0\n"),
            ("etc/passwd", "root:x:0:0::/root:/bin/bash\n"),
            ("proc/meminfo", "MemTotal: 1 kB\n"),
            (
                "var/log/messages",
                "Nov  4 01:12:00 image01 kernel: Out of memory: Killed process 1\n",
            ),
        ] {
            std::fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
            std::fs::write(root.join(name), text).unwrap();
        }
        std::os::unix::fs::symlink("/etc/hosts", root.join("etc/hosts")).unwrap();
        let at = "2026-11-05T00:00:00Z".parse().unwrap();
        let host = Arc::new(Host::mounted(root, Some(at)).unwrap());
        let snapshot = take(&host, request()).unwrap().snapshot;
        assert_eq!(snapshot.host.hostname, "image01");
        assert_eq!((snapshot.taken_at, snapshot.host.recorded), (at, true));
        assert_eq!(snapshot.agent.spawned, 0);
        let check = |key, expected| assert_eq!(reason(&snapshot, key), expected, "{key}");
        check("/etc/fstab", None);
        check("survey:accounts", None);
        check("survey:file-modes", None);
        check("log:messages", None);
        // Its own link leads to its own file, which is not there.
        check("/etc/hosts", Some(Unseen::Failed));
        check("/etc/chrony.conf", Some(Unseen::Absent));
        // Whatever a rescue system has mounted there is not this machine's.
        for key in ["/proc/meminfo", "/proc/mdstat", "survey:listeners", "survey:clock"] {
            check(key, Some(Unseen::Failed));
        }
        check("cmd:rpm-packages", Some(Unseen::Failed));
    }

    #[test]
    fn a_hanging_path_costs_its_probe_only() {
        let (_folder, host) = recorded(
            "[[hang]]\npath = \"/proc/sys/fs/file-nr\"\n",
            &[("root/proc/loadavg", "0 0 0 1/1 1")],
        );
        let mut request = request();
        // The first probes are quick; what hangs takes the rest.
        request.deadline = Duration::from_millis(1500);
        let started = Instant::now();
        let snapshot = take(&host, request).unwrap().snapshot;
        assert!(started.elapsed() < Duration::from_secs(4));
        assert_eq!(reason(&snapshot, "/proc/sys/fs/file-nr"), Some(Unseen::TimedOut));
        assert_eq!(reason(&snapshot, "/proc/sys/kernel/pid_max"), Some(Unseen::TimedOut));
        assert_eq!(reason(&snapshot, "/etc/hosts"), Some(Unseen::Absent));
    }
}
