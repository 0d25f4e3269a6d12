//! DRBD: resources with their configuration, roles, connections and disks on both sides.
//!
//! ```text
//! /proc/drbd (8.4)          0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----
//!                              ns:672 nr:0 … oos:0
//! cmd:drbdadm-status        r0 role:Primary
//!                             disk:UpToDate
//!                             b role:Secondary
//!                               peer-disk:UpToDate
//! cmd:drbdsetup-status (9)  [{"name":"r0","role":"Primary","devices":[…],"connections":[…]}]
//! /etc/drbd.d/r0.res        resource r0 { on a { address 10.0.0.1:7788; } … }
//! ```
//! Of several volumes and peers the worst one stands for a resource; all are in its lists.

mod config;
mod state;

use carepack_shared::Unseen;
use serde_json::{Map, Value, json};

use crate::{Evidence, Facts, Missing, Parser, Spec};

use config::Resource;
use state::State;

const PROC: &str = "/proc/drbd";
const MODULES: &str = "/proc/modules";
const MODULE: &str = "/sys/module/drbd/version";
const MAIN: &str = "/etc/drbd.conf";
const FOLDER: &str = "/etc/drbd.d/";
const CONFIG: &str = "survey:drbd-config";
const SETUP: &str = "cmd:drbdsetup-status";
const ADM: &str = "cmd:drbdadm-status";

pub static PARSER: Parser = Parser {
    name: "drbd",
    facts: &[
        Spec { key: "drbd.resources", unit: "", about: "resources: nodes, settings, state" },
        Spec { key: "drbd.module", unit: "", about: "version of the loaded kernel module" },
        Spec { key: "drbd.state_source", unit: "", about: "what told the state" },
    ],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    match module(evidence) {
        Ok((version, source)) => facts.put("drbd.module", version, source),
        Err(missing) => facts.hide(&["drbd.module"], &missing),
    }
    let configured = configured(evidence);
    let states = states(evidence);
    match (configured, states) {
        (Ok(resources), Ok((states, source))) => {
            facts.put("drbd.state_source", source, source);
            facts.put("drbd.resources", merged(&resources, &states), source);
        }
        // A standby whose module is not loaded has its configuration, and no state.
        (Ok(resources), Err(missing)) if missing.reason == Unseen::Absent => {
            facts.hide(&["drbd.state_source"], &missing);
            facts.put("drbd.resources", merged(&resources, &[]), MAIN);
        }
        (Err(missing), Ok((states, source))) if missing.reason == Unseen::Absent => {
            facts.put("drbd.state_source", source, source);
            facts.put("drbd.resources", merged(&[], &states), source);
        }
        (Err(config), Err(state)) if is_none(evidence, &config, &state) => {
            facts.hide(&["drbd.state_source"], &state);
            facts.put("drbd.resources", Vec::<Value>::new(), MAIN);
        }
        (Err(missing), _) | (_, Err(missing)) => {
            facts.hide(&["drbd.resources", "drbd.state_source"], &missing);
        }
    }
}

/// Whether somebody looked, and there is neither a configuration nor a state.
fn is_none(evidence: &Evidence<'_>, config: &Missing, state: &Missing) -> bool {
    let absent = config.reason == Unseen::Absent && state.reason == Unseen::Absent;
    // Archives and older agents did not look for it, but list the modules of the kernel.
    let modules = evidence.text(MODULES);
    let unloaded = modules.is_ok_and(|text| !text.lines().any(|line| line.starts_with("drbd ")));
    absent && (evidence.is_absent(PROC) || evidence.is_absent(CONFIG) || unloaded)
}

fn module(evidence: &Evidence<'_>) -> Result<(String, &'static str), Missing> {
    // `8.4.11-1` is what packages call 8.4.11.
    let plain = |text: &str| text.trim().split('-').next().unwrap_or_default().to_owned();
    let reason = match evidence.text(MODULE) {
        Ok(text) if !plain(text).is_empty() => return Ok((plain(text), MODULE)),
        Ok(_) => Unseen::Malformed,
        Err(reason) => reason,
    };
    let line = evidence.text(PROC).ok().and_then(|text| text.lines().next());
    let version = line.and_then(|line| line.strip_prefix("version:")?.split_whitespace().next());
    match version {
        Some(version) => Ok((plain(version), PROC)),
        None => Err(Missing { reason, source: MODULE.to_owned() }),
    }
}

/// Resources of the configuration, common settings put in.
fn configured(evidence: &Evidence<'_>) -> Result<Vec<Resource>, Missing> {
    let list = evidence.get(CONFIG).map(|seen| seen.json());
    let paths: Vec<&str> = match &list {
        Some(Ok(value)) => {
            let files = value.get("files").and_then(Value::as_array);
            files.into_iter().flatten().filter_map(Value::as_str).collect()
        }
        Some(Err(reason)) => {
            return Err(Missing { reason: *reason, source: CONFIG.to_owned() });
        }
        None => std::iter::once(MAIN).chain(evidence.under(FOLDER).map(|(path, _)| path)).collect(),
    };
    let mut whole = config::Config::default();
    let mut seen = false;
    for path in paths {
        match evidence.text(path) {
            Ok(text) => {
                seen = true;
                whole.read(path, text);
            }
            Err(Unseen::Absent) => {}
            Err(reason) => return Err(Missing { reason, source: path.to_owned() }),
        }
    }
    if seen {
        Ok(whole.resources())
    } else {
        Err(Missing { reason: Unseen::Absent, source: MAIN.to_owned() })
    }
}

/// The state from the best source there is: it names resources, peers and volumes.
fn states(evidence: &Evidence<'_>) -> Result<(Vec<State>, &'static str), Missing> {
    type Read = fn(&str) -> Option<Vec<State>>;
    let sources: [(&'static str, Read); 3] =
        [(SETUP, state::of_json), (ADM, state::of_status), (PROC, state::of_proc)];
    let mut missing: Option<Missing> = None;
    for (source, read) in sources {
        let reason = match evidence.text(source) {
            Ok(text) => match read(text) {
                Some(states) => return Ok((states, source)),
                None => Unseen::Malformed,
            },
            Err(reason) => reason,
        };
        // The reason that says most stands: that a tool is not there says least.
        if missing.as_ref().is_none_or(|before| before.reason == Unseen::Absent) {
            missing = Some(Missing { reason, source: source.to_owned() });
        }
    }
    Err(missing.unwrap_or(Missing { reason: Unseen::Absent, source: PROC.to_owned() }))
}

/// One row a resource: by name, or by device number where the state knows no names.
fn merged(resources: &[Resource], states: &[State]) -> Vec<Value> {
    let mut rows: Vec<Value> = Vec::new();
    let mut told = vec![false; states.len()];
    for resource in resources {
        let mut own = Vec::new();
        for (at, state) in states.iter().enumerate() {
            let by_name = !state.name.is_empty() && state.name == resource.name;
            let by_minor = state.name.is_empty() && resource.minors.contains(&state.minor);
            if by_name || by_minor {
                told[at] = true;
                own.push(state);
            }
        }
        rows.push(row(resource, &own));
    }
    for (state, _) in states.iter().zip(told).filter(|(_, told)| !told) {
        rows.push(row(&Resource::unnamed(state), &[state]));
    }
    rows
}

fn row(resource: &Resource, states: &[&State]) -> Value {
    let mut row: Map<String, Value> = resource.row();
    let worst = |of: fn(&State) -> &str, order: &[&str]| -> Value {
        let words = states.iter().map(|state| of(state)).filter(|word| !word.is_empty());
        words.min_by_key(|word| state::rank(word, order)).map_or(Value::Null, Value::from)
    };
    let sum = states.iter().filter_map(|state| state.out_of_sync_kib).reduce(i64::saturating_add);
    let flags: Vec<&str> =
        states.iter().map(|s| s.flags.as_str()).filter(|f| !f.is_empty()).collect();
    let volumes: Vec<Value> = states.iter().map(|state| state.row()).collect();
    let known = json!({
        "known": !states.is_empty(),
        "role": worst(|s| &s.role, &["Unknown", "Secondary"]),
        "peer_role": worst(|s| &s.peer_role, &["Unknown", "Secondary"]),
        "connection": worst(|s| &s.connection, &state::CONNECTIONS),
        "disk": worst(|s| &s.disk, &state::DISKS),
        "peer_disk": worst(|s| &s.peer_disk, &state::DISKS),
        "out_of_sync_kib": sum,
        "resync_pct": states.iter().find_map(|state| state.resync_pct),
        "quorum": states.iter().map(|state| state.quorum).reduce(|a, b| match (a, b) {
            (Some(a), Some(b)) => Some(a && b),
            (a, b) => a.or(b),
        }).flatten(),
        "suspended": states.iter().any(|state| state.suspended),
        "state_flags": flags.first(),
        "volumes": volumes,
    });
    if let Value::Object(known) = known {
        row.extend(known);
    }
    Value::Object(row)
}

#[cfg(test)]
mod tests;
