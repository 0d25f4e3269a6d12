//! Configured resources: primitives in groups, clones and bundles, with what they inherit.
//!
//! ```text
//! <group id="g"><primitive id="vip" class="ocf" provider="heartbeat" type="IPaddr2">
//!   <instance_attributes><nvpair name="ip" value="10.0.0.50"/></instance_attributes>
//!   <operations><op name="start" interval="0s" timeout="20s"/></operations>
//! ```

use carepack_shared::xml::Element;
use serde_json::{Map, Value, json};

use super::parts::{option, part};
use super::{milliseconds, score, truth};

/// Most resources that are told of.
const RESOURCES_MAX: usize = 2_000;
/// Longest value of a parameter, in characters.
const VALUE_CHARS_MAX: usize = 300;
/// Pacemaker's own time-out where neither the operation nor a default says one.
const TIMEOUT_MS: i64 = 20_000;
/// The threshold without one: never moved for failures.
const INFINITY: i64 = 1_000_000;

/// What an element stands in.
#[derive(Clone, Copy, Default)]
struct Around<'e> {
    group: Option<&'e Element>,
    clone: Option<&'e Element>,
}

/// Every primitive that is no fence device.
pub fn resources(root: &Element) -> Vec<Value> {
    let mut found = Vec::new();
    if let Some(list) = part(root, "resources") {
        for (primitive, around) in primitives(list) {
            if found.len() < RESOURCES_MAX && primitive.attribute("class") != Some("stonith") {
                found.push(row(root, primitive, around));
            }
        }
    }
    found
}

/// Whether it carries a virtual address.
pub fn is_address(row: &Value) -> bool {
    let agent = row["agent"].as_str().unwrap_or_default();
    agent.ends_with(":IPaddr2") || agent.ends_with(":IPaddr") || agent.ends_with(":IPv6addr")
}

/// Every fence device.
pub fn devices(root: &Element) -> Vec<&Element> {
    let list = part(root, "resources").map(primitives).unwrap_or_default();
    let is_device = |primitive: &&Element| primitive.attribute("class") == Some("stonith");
    list.into_iter().map(|(primitive, _)| primitive).filter(is_device).collect()
}

/// Whether a resource is switched off by its target role, its own or one around it.
pub fn is_disabled(of: &Element) -> bool {
    option(of, "meta_attributes", &["target-role"])
        .is_some_and(|role| role.eq_ignore_ascii_case("stopped"))
}

fn primitives(list: &Element) -> Vec<(&Element, Around<'_>)> {
    let mut found = Vec::new();
    for top in &list.children {
        match top.name.as_str() {
            "primitive" => found.push((top, Around::default())),
            "group" => found.extend(of_group(top, None)),
            "clone" | "master" | "bundle" => {
                let clone = Some(top);
                let own = top.all("primitive").map(|p| (p, Around { group: None, clone }));
                found.extend(own);
                found.extend(top.all("group").flat_map(|group| of_group(group, clone)));
            }
            _ => {}
        }
    }
    found
}

fn of_group<'e>(
    group: &'e Element,
    clone: Option<&'e Element>,
) -> impl Iterator<Item = (&'e Element, Around<'e>)> {
    group.all("primitive").map(move |p| (p, Around { group: Some(group), clone }))
}

/// A resource and where it may inherit from.
struct Reader<'e> {
    root: &'e Element,
    primitive: &'e Element,
    template: Option<&'e Element>,
    around: Around<'e>,
}

impl<'e> Reader<'e> {
    /// Nearest first: itself, its template, its group, its clone, the defaults of all.
    fn meta(&self, name: &str) -> Option<&'e str> {
        let near = [Some(self.primitive), self.template, self.around.group, self.around.clone];
        let defaults = part(self.root, "rsc_defaults");
        let mut all = near.into_iter().chain([defaults]).flatten();
        all.find_map(|element| option(element, "meta_attributes", &[name]))
    }

    fn attribute(&self, name: &str) -> Option<&'e str> {
        let own = self.primitive.attribute(name);
        own.or_else(|| self.template.and_then(|template| template.attribute(name)))
    }

    fn operations(&self) -> impl Iterator<Item = &'e Element> {
        let of = |element: &'e Element| {
            let lists = element.children.iter().filter(|child| child.name == "operations");
            lists.flat_map(|list| list.children.iter().filter(|child| child.name == "op"))
        };
        let template = self.template.into_iter().flat_map(of);
        of(self.primitive).chain(template)
    }

    fn operation(&self, name: &str) -> Option<&'e Element> {
        self.operations().find(|op| op.attribute("name") == Some(name))
    }

    /// Also where the operation is not written: then the default of all operations.
    fn timeout_ms(&self, name: &str) -> i64 {
        let own = self.operation(name).and_then(|op| setting(op, "timeout"));
        let defaults = part(self.root, "op_defaults");
        let config = part(self.root, "crm_config");
        let default = || {
            let new = defaults.and_then(|d| option(d, "meta_attributes", &["timeout"]));
            let old = ["default-action-timeout"];
            new.or_else(|| config.and_then(|c| option(c, "cluster_property_set", &old)))
        };
        own.or_else(default).and_then(milliseconds).unwrap_or(TIMEOUT_MS)
    }
}

/// An operation's setting, as attribute or in `meta_attributes`.
fn setting<'e>(op: &'e Element, name: &str) -> Option<&'e str> {
    op.attribute(name).or_else(|| option(op, "meta_attributes", &[name]))
}

fn row(root: &Element, primitive: &Element, around: Around<'_>) -> Value {
    let template = primitive.attribute("template").and_then(|id| {
        let list = part(root, "resources")?;
        list.children.iter().find(|t| t.name == "template" && t.attribute("id") == Some(id))
    });
    let reader = Reader { root, primitive, template, around };
    let id = |element: Option<&Element>| element.and_then(|e| e.attribute("id")).map(str::to_owned);
    let promotable = around.clone.is_some_and(|clone| {
        clone.name == "master"
            || option(clone, "meta_attributes", &["promotable"]).is_some_and(truth)
    });
    let monitors: Vec<&Element> = reader
        .operations()
        .filter(|op| op.attribute("name") == Some("monitor"))
        .filter(|op| setting(op, "enabled").is_none_or(truth))
        .collect();
    let interval = |op: &&Element| op.attribute("interval").and_then(milliseconds).unwrap_or(0);
    let role = reader.meta("target-role");
    json!({
        "id": primitive.attribute("id"),
        "agent": agent(&reader),
        "type": reader.attribute("type"),
        "group": id(around.group),
        "clone": id(around.clone),
        "promotable": promotable,
        "managed": reader.meta("is-managed").is_none_or(truth),
        "maintenance": reader.meta("maintenance").is_some_and(truth),
        "target_role": role,
        "disabled": role.is_some_and(|role| role.eq_ignore_ascii_case("stopped")),
        "migration_threshold":
            reader.meta("migration-threshold").and_then(score).unwrap_or(INFINITY),
        "failure_timeout_s":
            reader.meta("failure-timeout").and_then(milliseconds).unwrap_or(0) / 1_000,
        "stickiness": reader.meta("resource-stickiness").and_then(score),
        "priority": reader.meta("priority").and_then(score),
        "monitors": monitors.len(),
        "monitor_interval_s": monitors.iter().map(interval).max().map(|ms| ms / 1_000),
        "monitor_roles":
            monitors.iter().filter_map(|op| op.attribute("role")).collect::<Vec<_>>(),
        "monitor_timeout_ms": reader.timeout_ms("monitor"),
        "start_timeout_ms": reader.timeout_ms("start"),
        "stop_timeout_ms": reader.timeout_ms("stop"),
        "promote_timeout_ms": reader.timeout_ms("promote"),
        "on_fail": on_fail(&reader),
        "parameters": parameters(&reader),
    })
}

/// `ocf:heartbeat:IPaddr2`, `systemd:httpd`.
fn agent(reader: &Reader<'_>) -> String {
    let parts = ["class", "provider", "type"].map(|name| reader.attribute(name));
    parts.into_iter().flatten().collect::<Vec<_>>().join(":")
}

/// Operation → what is done when it fails, where that is written.
fn on_fail(reader: &Reader<'_>) -> Map<String, Value> {
    let mut found = Map::new();
    for op in reader.operations() {
        if let (Some(name), Some(what)) = (op.attribute("name"), setting(op, "on-fail")) {
            found.entry(name.to_owned()).or_insert_with(|| what.into());
        }
    }
    found
}

fn parameters(reader: &Reader<'_>) -> Map<String, Value> {
    let mut found = Map::new();
    for element in [Some(reader.primitive), reader.template].into_iter().flatten() {
        let sets = element.children.iter().filter(|c| c.name == "instance_attributes");
        for pair in sets.flat_map(|set| set.children.iter().filter(|c| c.name == "nvpair")) {
            if let (Some(name), Some(value)) = (pair.attribute("name"), pair.attribute("value")) {
                let value: String = value.chars().take(VALUE_CHARS_MAX).collect();
                found.entry(name.to_owned()).or_insert_with(|| value.into());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use carepack_shared::xml::parse;

    #[test]
    fn a_resource_inherits_from_its_group_and_from_defaults() {
        let cib = r#"<cib><configuration><resources>
            <clone id="c"><meta_attributes><nvpair name="promotable" value="true"/>
            </meta_attributes><primitive id="d" class="ocf" provider="linbit" type="drbd">
            <operations><op name="monitor" interval="9s" role="Promoted"/>
            <op name="monitor" interval="11" role="Unpromoted"/>
            <op name="stop" timeout="100s" on-fail="block"/></operations></primitive></clone>
            <group id="g"><meta_attributes><nvpair name="is-managed" value="false"/>
            </meta_attributes><primitive id="vip" class="ocf" provider="heartbeat" type="IPaddr2">
            <instance_attributes><nvpair name="ip" value="10.0.0.50"/></instance_attributes>
            </primitive></group><primitive id="f" class="stonith" type="fence_x"/></resources>
            <rsc_defaults><meta_attributes><nvpair name="migration-threshold" value="3"/>
            </meta_attributes></rsc_defaults><op_defaults><meta_attributes>
            <nvpair name="timeout" value="1min"/></meta_attributes></op_defaults>
            </configuration></cib>"#;
        let root = parse(cib).unwrap();
        let rows = resources(&root);
        assert_eq!(rows.len(), 2);
        let (drbd, vip) = (&rows[0], &rows[1]);
        assert_eq!((&drbd["promotable"], &drbd["monitors"]), (&json!(true), &json!(2)));
        assert_eq!(
            (&drbd["stop_timeout_ms"], &drbd["start_timeout_ms"]),
            (&json!(100_000), &json!(60_000))
        );
        assert_eq!(
            (&drbd["on_fail"]["stop"], &drbd["monitor_interval_s"]),
            (&json!("block"), &json!(11))
        );
        assert_eq!((&vip["managed"], &vip["migration_threshold"]), (&json!(false), &json!(3)));
        assert!(is_address(vip) && vip["group"] == "g");
        assert_eq!(devices(&root).len(), 1);
    }
}
