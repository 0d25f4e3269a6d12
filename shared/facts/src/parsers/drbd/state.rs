//! The state of DRBD in its three forms: `/proc/drbd`, `drbdadm status`, `drbdsetup status --json`.

use serde_json::{Value, json};

use crate::text::int;

/// Connection states, the worst first (drbd.conf(5), drbdadm(8)).
pub(super) const CONNECTIONS: [&str; 24] = [
    "StandAlone",
    "ProtocolError",
    "NetworkFailure",
    "BrokenPipe",
    "TearDown",
    "Timeout",
    "Disconnecting",
    "Unconnected",
    "WFConnection",
    "Connecting",
    "WFReportParams",
    "PausedSyncS",
    "PausedSyncT",
    "SyncTarget",
    "SyncSource",
    "WFBitMapS",
    "WFBitMapT",
    "WFSyncUUID",
    "StartingSyncS",
    "StartingSyncT",
    "VerifyS",
    "VerifyT",
    "Ahead",
    "Behind",
];

/// Disk states, the worst first.
pub(super) const DISKS: [&str; 8] = [
    "Failed",
    "Diskless",
    "Inconsistent",
    "Outdated",
    "DUnknown",
    "Negotiating",
    "Attaching",
    "Consistent",
];

/// Most lines of one text, and rows made of it.
const LINES_MAX: usize = 20_000;
const STATES_MAX: usize = 2_000;

/// One volume towards one peer.
#[derive(Clone, Default)]
pub(super) struct State {
    /// Empty where the source knows device numbers only.
    pub name: String,
    pub minor: i64,
    pub peer: String,
    pub role: String,
    pub peer_role: String,
    pub connection: String,
    pub disk: String,
    pub peer_disk: String,
    pub flags: String,
    pub out_of_sync_kib: Option<i64>,
    pub resync_pct: Option<f64>,
    pub quorum: Option<bool>,
    pub suspended: bool,
}

impl State {
    pub(super) fn row(&self) -> Value {
        json!({
            "minor": self.minor, "peer": self.peer, "role": self.role, "peer_role": self.peer_role,
            "connection": self.connection, "disk": self.disk, "peer_disk": self.peer_disk,
            "out_of_sync_kib": self.out_of_sync_kib, "resync_pct": self.resync_pct,
        })
    }
}

/// Place of a word in a list of bad ones; good ones stand behind all.
pub(super) fn rank(word: &str, order: &[&str]) -> usize {
    order.iter().position(|own| *own == word).unwrap_or(order.len())
}

/// ` 0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----` and the line of counters.
pub(super) fn of_proc(text: &str) -> Option<Vec<State>> {
    let mut states: Vec<State> = Vec::new();
    let mut is_drbd = false;
    for line in text.lines().take(LINES_MAX) {
        let line = line.trim();
        is_drbd |= line.starts_with("version:") || line.contains(" cs:");
        if let Some(state) = device(line) {
            if states.len() >= STATES_MAX {
                break;
            }
            states.push(state);
        } else if let Some(state) = states.last_mut() {
            if let Some(kib) = line.split_whitespace().find_map(|word| word.strip_prefix("oos:")) {
                state.out_of_sync_kib = int(kib);
            }
            if let Some((_, rest)) = line.split_once("sync'ed:") {
                let pct = rest.trim_start().split('%').next().and_then(|pct| pct.parse().ok());
                state.resync_pct = pct.filter(|pct: &f64| pct.is_finite());
            }
        }
    }
    is_drbd.then_some(states)
}

fn device(line: &str) -> Option<State> {
    let (minor, rest) = line.split_once(':')?;
    let minor = int(minor)?;
    let mut words = rest.split_whitespace();
    let connection = words.next()?.strip_prefix("cs:")?.to_owned();
    let mut state = State { minor, connection, ..State::default() };
    for word in words {
        if let Some(pair) = word.strip_prefix("ro:").or_else(|| word.strip_prefix("st:")) {
            (state.role, state.peer_role) = halves(pair);
        } else if let Some(pair) = word.strip_prefix("ds:") {
            (state.disk, state.peer_disk) = halves(pair);
        } else if word.len() >= 5 && word.starts_with(['r', 's']) {
            // I/O suspension: `s` first, or one of the reasons after it (drbd.conf(5)).
            state.suspended = word.starts_with('s');
            word.clone_into(&mut state.flags);
        }
    }
    Some(state)
}

fn halves(pair: &str) -> (String, String) {
    let (own, peer) = pair.split_once('/').unwrap_or((pair, ""));
    (own.to_owned(), peer.to_owned())
}

/// Blocks of `drbdadm status`, indented by two spaces a level.
pub(super) fn of_status(text: &str) -> Option<Vec<State>> {
    if text.trim_start().starts_with("# No currently configured DRBD") {
        return Some(Vec::new());
    }
    let mut states: Vec<State> = Vec::new();
    let mut head = State::default();
    let mut disks: Vec<(String, String)> = Vec::new();
    let mut peers = 0;
    for line in text.lines().take(LINES_MAX) {
        if states.len() >= STATES_MAX {
            break;
        }
        let depth = line.len() - line.trim_start().len();
        let mut words = line.split_whitespace();
        let Some(first) = words.next() else { continue };
        let field = |name: &str| {
            line.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix(':'))
        };
        if depth == 0 {
            flush(&mut states, &head, (&disks, peers));
            let role = field("role")?.to_owned();
            head = State { name: first.to_owned(), role, ..State::default() };
            head.suspended = field("suspended").is_some_and(|word| word != "no");
            (disks, peers) = (Vec::new(), 0);
        } else if let Some(disk) = field("disk") {
            disks.push((field("volume").unwrap_or("0").to_owned(), disk.to_owned()));
            if let Some(quorum) = field("quorum") {
                head.quorum = Some(quorum == "yes");
            }
        } else if let Some(disk) = field("peer-disk") {
            if let Some(peer) = states.last_mut().filter(|state| state.name == head.name) {
                let place = rank(disk, &DISKS);
                if peer.peer_disk.is_empty() || place < rank(&peer.peer_disk, &DISKS) {
                    disk.clone_into(&mut peer.peer_disk);
                }
                if let Some(replication) = field("replication") {
                    replication.clone_into(&mut peer.connection);
                }
                peer.resync_pct =
                    field("done").and_then(|pct| pct.parse().ok()).or(peer.resync_pct);
                peer.out_of_sync_kib = field("out-of-sync").and_then(int).or(peer.out_of_sync_kib);
            }
        } else if field("role").is_some() || field("connection").is_some() {
            peers += 1;
            let word = |name: &str, other: &str| field(name).unwrap_or(other).to_owned();
            let disk = disks.iter().map(|(_, disk)| disk).min_by_key(|disk| rank(disk, &DISKS));
            states.push(State {
                peer: if first.contains(':') { String::new() } else { first.to_owned() },
                peer_role: word("role", "Unknown"),
                connection: word("connection", "Connected"),
                disk: disk.cloned().unwrap_or_default(),
                ..head.clone()
            });
        }
    }
    flush(&mut states, &head, (&disks, peers));
    (!states.is_empty()).then_some(states)
}

/// A resource without any peer is told all the same.
fn flush(states: &mut Vec<State>, head: &State, (disks, peers): (&[(String, String)], usize)) {
    if peers == 0 && !head.name.is_empty() {
        let disk = disks.iter().map(|(_, disk)| disk).min_by_key(|disk| rank(disk, &DISKS));
        states.push(State { disk: disk.cloned().unwrap_or_default(), ..head.clone() });
    }
}

/// `drbdsetup status --json --verbose --statistics` of DRBD 9.
pub(super) fn of_json(text: &str) -> Option<Vec<State>> {
    let list: Value = serde_json::from_str(text).ok()?;
    let mut states = Vec::new();
    for resource in list.as_array()?.iter().take(STATES_MAX) {
        let devices = rows(resource, "devices");
        let quorum =
            devices.iter().filter_map(|d| d.get("quorum")?.as_bool()).reduce(|a, b| a && b);
        let head = State {
            name: word(resource, "name"),
            role: word(resource, "role"),
            suspended: resource.get("suspended").and_then(Value::as_bool).unwrap_or(false),
            quorum,
            ..State::default()
        };
        let peers = rows(resource, "connections");
        for device in devices {
            let volume = device.get("volume").and_then(Value::as_i64).unwrap_or(0);
            let own = State {
                minor: device.get("minor").and_then(Value::as_i64).unwrap_or(-1),
                disk: disk(device, "disk-state", "client"),
                ..head.clone()
            };
            if peers.is_empty() {
                states.push(own.clone());
            }
            let room = STATES_MAX.saturating_sub(states.len());
            states.extend(peers.iter().take(room).map(|peer| towards(&own, peer, volume)));
        }
    }
    Some(states)
}

fn towards(own: &State, peer: &Value, volume: i64) -> State {
    let devices = rows(peer, "peer_devices");
    let of = |d: &&Value| d.get("volume").and_then(Value::as_i64).unwrap_or(0) == volume;
    let none = Value::Null;
    let device = devices.iter().find(of).unwrap_or(&none);
    let replication = word(device, "replication-state");
    let connection = word(peer, "connection-state");
    let syncing = !matches!(replication.as_str(), "" | "Off" | "Established");
    State {
        peer: word(peer, "name"),
        peer_role: word(peer, "peer-role"),
        connection: if syncing { replication } else { connection },
        peer_disk: disk(device, "peer-disk-state", "peer-client"),
        out_of_sync_kib: device.get("out-of-sync").and_then(Value::as_i64),
        resync_pct: device
            .get("done")
            .or_else(|| device.get("percent-in-sync"))
            .and_then(Value::as_f64),
        ..own.clone()
    }
}

/// A node that is diskless on purpose, a client, is no failed disk.
fn disk(device: &Value, name: &str, client: &str) -> String {
    match device.get(client).and_then(Value::as_bool) {
        Some(true) => "Client".to_owned(),
        _ => word(device, name),
    }
}

fn rows<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn word(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}
