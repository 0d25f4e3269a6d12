//! The CIB's configuration as facts: options and virtual addresses here; resources, fencing and
//! constraints as their own files read them.
//!
//! ```text
//! <cib epoch="7" validate-with="pacemaker-3.9"><configuration><crm_config>
//!   <cluster_property_set id="o"><nvpair name="stonith-enabled" value="true"/>
//! ```

use carepack_shared::xml::Element;
use serde_json::{Value, json};

use super::parts::{option, part};
use super::{constraints, fencing, milliseconds, resources, score, truth};
use crate::Facts;

pub const KEYS: [&str; 6] = [
    "cluster.addresses",
    "cluster.cib",
    "cluster.properties",
    "cluster.fencing",
    "cluster.resources",
    "cluster.constraints",
];

pub fn tell(root: &Element, source: &str, facts: &mut Facts) {
    let told = json!({
        "epoch": root.attribute("epoch"),
        "admin_epoch": root.attribute("admin_epoch"),
        "validate_with": root.attribute("validate-with"),
        "feature_set": root.attribute("crm_feature_set"),
        "written": root.attribute("cib-last-written"),
        "writer": root.attribute("update-client"),
        "origin": root.attribute("update-origin"),
    });
    facts.put("cluster.cib", told, source);
    facts.put("cluster.properties", properties(root), source);
    let resources = resources::resources(root);
    let addresses: Vec<&Value> = resources
        .iter()
        .filter(|row| resources::is_address(row))
        .filter_map(|row| row["parameters"].get("ip"))
        .collect();
    facts.put("cluster.addresses", json!(addresses), source);
    facts.put("cluster.fencing", fencing::fencing(root), source);
    facts.put("cluster.resources", resources, source);
    facts.put("cluster.constraints", constraints::constraints(root), source);
}

/// Options as they take effect, with Pacemaker's own defaults.
fn properties(root: &Element) -> Value {
    let config = part(root, "crm_config");
    let get = |names: &[&str]| config.and_then(|c| option(c, "cluster_property_set", names));
    let on = |names: &[&str], default: bool| get(names).map_or(default, truth);
    let ms = |name: &str, default: i64| get(&[name]).and_then(milliseconds).unwrap_or(default);
    let defaults = part(root, "rsc_defaults");
    let default = |name: &str| defaults.and_then(|d| option(d, "meta_attributes", &[name]));
    let op_defaults = part(root, "op_defaults");
    let op_timeout = op_defaults.and_then(|d| option(d, "meta_attributes", &["timeout"]));
    json!({
        "stonith_enabled": on(&["stonith-enabled", "fencing-enabled"], true),
        "stonith_set": get(&["stonith-enabled", "fencing-enabled"]).is_some(),
        "stonith_action": get(&["stonith-action", "fencing-action"]).unwrap_or("reboot"),
        "stonith_timeout_s": ms("stonith-timeout", 60_000) / 1_000,
        "stonith_watchdog_timeout_s": ms("stonith-watchdog-timeout", 0) / 1_000,
        "stonith_max_attempts": get(&["stonith-max-attempts"]),
        "have_watchdog": on(&["have-watchdog"], false),
        "concurrent_fencing": on(&["concurrent-fencing"], true),
        "startup_fencing": on(&["startup-fencing"], true),
        "priority_fencing_delay_s": ms("priority-fencing-delay", 0) / 1_000,
        "no_quorum_policy": get(&["no-quorum-policy"]).unwrap_or("stop"),
        "symmetric": on(&["symmetric-cluster"], true),
        "maintenance_mode": on(&["maintenance-mode"], false),
        "stop_all_resources": on(&["stop-all-resources"], false),
        "stop_orphan_resources": on(&["stop-orphan-resources"], true),
        "start_failure_is_fatal": on(&["start-failure-is-fatal"], true),
        "enable_startup_probes": on(&["enable-startup-probes"], true),
        "recheck_interval_s": ms("cluster-recheck-interval", 900_000) / 1_000,
        "shutdown_escalation_s": ms("shutdown-escalation", 1_200_000) / 1_000,
        "placement_strategy": get(&["placement-strategy"]).unwrap_or("default"),
        "node_health_strategy": get(&["node-health-strategy"]).unwrap_or("none"),
        "infrastructure": get(&["cluster-infrastructure"]),
        "dc_version": get(&["dc-version"]),
        "default_stickiness": default("resource-stickiness").and_then(score),
        "default_migration_threshold": default("migration-threshold").and_then(score),
        "default_failure_timeout_s":
            default("failure-timeout").and_then(milliseconds).map(|ms| ms / 1_000),
        "default_op_timeout_ms": op_timeout.and_then(milliseconds),
    })
}
