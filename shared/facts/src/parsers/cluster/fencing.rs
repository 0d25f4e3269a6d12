//! Fence devices, the order in which they are tried, and nodes that none of them can fence.

use carepack_shared::xml::Element;
use serde_json::{Value, json};

use super::parts::{nodes, option, part};
use super::{milliseconds, resources, truth};

/// Most devices and levels that are told of.
const DEVICES_MAX: usize = 200;

/// Agents that fence nobody by themselves: they only wait for a dump, or only unfence.
const HELPERS: [&str; 2] = ["fence_kdump", "fence_legacy"];

/// A device, and which nodes it says that it fences.
struct Device<'e> {
    id: &'e str,
    agent: &'e str,
    /// None: the device is asked, or fences every node.
    hosts: Option<Vec<&'e str>>,
    element: &'e Element,
}

/// `{"devices", "levels", "uncovered", "watchdog"}`.
pub fn fencing(root: &Element) -> Value {
    let devices: Vec<Device<'_>> =
        resources::devices(root).into_iter().take(DEVICES_MAX).map(device).collect();
    let config = part(root, "crm_config");
    let get = |name: &str| config.and_then(|c| option(c, "cluster_property_set", &[name]));
    let watchdog = get("have-watchdog").is_some_and(truth)
        && get("stonith-watchdog-timeout").and_then(milliseconds).is_some_and(|ms| ms != 0);
    let fences = |name: &str| {
        devices.iter().any(|device| {
            !HELPERS.contains(&device.agent)
                && !resources::is_disabled(device.element)
                && device.hosts.as_ref().is_none_or(|hosts| hosts.contains(&name))
        })
    };
    let all = nodes(root);
    let names = all.iter().filter_map(|node| node["name"].as_str());
    let uncovered: Vec<&str> = names.filter(|name| !watchdog && !fences(name)).collect();
    let rows: Vec<Value> = devices.iter().map(told).collect();
    json!({
        "devices": rows,
        "levels": levels(root),
        "uncovered": uncovered,
        "watchdog": watchdog,
    })
}

fn device(element: &Element) -> Device<'_> {
    let get = |name: &str| option(element, "instance_attributes", &[name]);
    let separators = |c: char| c == ',' || c == ';' || c.is_whitespace();
    // A map `node-a:1;node-b:2` names nodes as the list does.
    let mut hosts: Vec<&str> = Vec::new();
    for list in [get("pcmk_host_list"), get("pcmk_host_map")].into_iter().flatten() {
        let words = list.split(separators).filter(|word| !word.is_empty());
        hosts.extend(words.map(|word| word.split([':', '=']).next().unwrap_or(word)));
    }
    let is_open = get("pcmk_host_check") == Some("none");
    Device {
        id: element.attribute("id").unwrap_or_default(),
        agent: element.attribute("type").unwrap_or_default(),
        hosts: (!hosts.is_empty() && !is_open).then_some(hosts),
        element,
    }
}

fn told(device: &Device<'_>) -> Value {
    let get = |name: &str| option(device.element, "instance_attributes", &[name]);
    let seconds = |name: &str| {
        // `pcmk_delay_base` may be a map of nodes: then its values differ, which is what matters.
        let text = get(name)?;
        let first = text.split([';', ',', ' ']).next()?;
        let value = first.rsplit(':').next()?;
        milliseconds(value).map(|ms| ms / 1_000)
    };
    let operations = device.element.all("operations").flat_map(|list| list.all("op"));
    let monitor = operations.filter(|op| op.attribute("name") == Some("monitor"));
    let intervals: Vec<i64> = monitor
        .filter_map(|op| op.attribute("interval").and_then(milliseconds))
        .filter(|ms| *ms > 0)
        .map(|ms| ms / 1_000)
        .collect();
    json!({
        "id": device.id,
        "agent": device.agent,
        "hosts": device.hosts,
        "fences": !HELPERS.contains(&device.agent),
        "disabled": resources::is_disabled(device.element),
        "delay_base_s": seconds("pcmk_delay_base").or_else(|| seconds("delay")),
        "delay_max_s": seconds("pcmk_delay_max"),
        "action": get("pcmk_reboot_action").or_else(|| get("action")),
        "monitor_interval_s": intervals.iter().max(),
        "insecure": get("ssl_insecure").is_some_and(truth),
        "address": get("ip").or_else(|| get("ipaddr")),
    })
}

/// `[{"target", "index", "devices"}]`; a target may be a node, a pattern or an attribute.
fn levels(root: &Element) -> Vec<Value> {
    let listed = part(root, "fencing-topology");
    let listed = listed.into_iter().flat_map(|list| list.all("fencing-level"));
    let one = |level: &Element| {
        let names = ["target", "target-pattern", "target-attribute"];
        let target = names.iter().find_map(|name| level.attribute(name));
        let devices: Vec<&str> =
            level.attribute("devices").unwrap_or_default().split(',').map(str::trim).collect();
        let index = level.attribute("index").and_then(|text| text.parse::<i64>().ok());
        json!({ "target": target, "index": index, "devices": devices })
    };
    listed.take(DEVICES_MAX).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use carepack_shared::xml::parse;

    fn check(devices: &str, config: &str, expected: &[&str]) {
        let text = format!(
            "<cib><configuration><crm_config><cluster_property_set>{config}\
             </cluster_property_set></crm_config><nodes><node id='1' uname='a'/>\
             <node id='2' uname='b'/></nodes><resources>{devices}</resources></configuration></cib>"
        );
        let seen = fencing(&parse(&text).unwrap());
        assert_eq!(seen["uncovered"], json!(expected), "{devices} {config}");
    }

    fn ipmi(id: &str, parameter: &str, value: &str) -> String {
        format!(
            "<primitive id='{id}' class='stonith' type='fence_ipmilan'><instance_attributes>\
             <nvpair name='{parameter}' value='{value}'/></instance_attributes></primitive>"
        )
    }

    #[test]
    fn nodes_that_no_device_covers() {
        check("", "", &["a", "b"]);
        check(&ipmi("f", "pcmk_host_list", "a"), "", &["b"]);
        check(&ipmi("f", "pcmk_host_list", "a,b"), "", &[]);
        check(&ipmi("f", "pcmk_host_map", "a:1;b:2"), "", &[]);
        check(&ipmi("f", "ipaddr", "10.0.0.9"), "", &[]);
        check("<primitive id='k' class='stonith' type='fence_kdump'/>", "", &["a", "b"]);
        let watchdog = "<nvpair name='have-watchdog' value='true'/>\
            <nvpair name='stonith-watchdog-timeout' value='10'/>";
        check("", watchdog, &[]);
    }
}
