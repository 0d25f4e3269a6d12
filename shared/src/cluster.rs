//! What of a cluster's settings may travel: passwords of fence devices, keys of the ring and
//! whatever agents take as parameters stay on the host, their names go.
//!
//! It does not know what a setting means: parsers in `carepack-facts` do.

use std::io::Read;

use thiserror::Error;

use crate::bzip2::Bzip2;
use crate::xml::{Element, XmlError, parse};

/// What stands in the place of a value that stays.
pub const SET: &str = "set";

/// Parameters of resource and fence agents whose values are no secrets and matter; of every other
/// parameter only the name travels.
const PARAMETERS: &[&str] = &[
    "OCF_CHECK_LEVEL",
    "action",
    "agent_name",
    "auto_migrate",
    "autotune",
    "binary",
    "catalina_base",
    "catalina_home",
    "cidr_netmask",
    "config",
    "configfile",
    "dampen",
    "datadir",
    "delay",
    "device",
    "devices",
    "directory",
    "drbd_resource",
    "exclusive",
    "fstype",
    "host_list",
    "http_port",
    "httpd",
    "ip",
    "ip_family",
    "ipaddr",
    "lanplus",
    "method",
    "multiplier",
    "nic",
    "notify_master",
    "pcmk_delay_base",
    "pcmk_delay_max",
    "pcmk_host_argument",
    "pcmk_host_check",
    "pcmk_host_list",
    "pcmk_host_map",
    "pcmk_monitor_retries",
    "pcmk_monitor_timeout",
    "pcmk_off_action",
    "pcmk_off_timeout",
    "pcmk_reboot_action",
    "pcmk_reboot_retries",
    "pcmk_reboot_timeout",
    "pid",
    "plug",
    "port",
    "power_timeout",
    "power_wait",
    "socket",
    "ssl",
    "ssl_insecure",
    "statusurl",
    "systemd_service",
    "test_table",
    "timeout",
    "vg_access_mode",
    "vgname",
    "volgrpname",
];

/// Attributes of nodes whose values travel.
const NODE_ATTRIBUTES: &[&str] = &["maintenance", "standby", "terminate"];

/// Parts of a CIB that travel; access lists and alerts, which name people, are not among them.
const PARTS: &[&str] = &[
    "constraints",
    "crm_config",
    "fencing-topology",
    "nodes",
    "op_defaults",
    "resources",
    "rsc_defaults",
    "tags",
];

/// Attributes that may hold anything: free text, and options of containers with environments.
const LOOSE: &[&str] = &["description", "options", "run-command", "exit-reason", "update-user"];

/// Most bytes of a CIB, unpacked: one of a hundred resources has some 200 KiB.
pub const CIB_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Why an input of the scheduler tells nothing.
#[derive(Debug, Error)]
pub enum InputError {
    #[error("it cannot be unpacked")]
    Packed(#[source] std::io::Error),
    #[error("it unpacks to more than {CIB_BYTES_MAX} bytes")]
    TooLong,
    #[error("it is no whole document")]
    Malformed(#[source] XmlError),
}

/// A cluster information base (`cib.xml`) without what must stay.
///
/// # Errors
/// [`XmlError`]: nothing of a document that is not whole travels.
pub fn reduced_cib(text: &str) -> Result<String, XmlError> {
    let mut root = parse(text)?;
    for part in root.children.iter_mut().filter(|part| part.name == "configuration") {
        part.children.retain(|child| PARTS.contains(&child.name.as_str()));
    }
    let mut out = String::with_capacity(text.len() / 2);
    reduce(&mut root, "");
    write(&root, &mut out);
    Ok(out)
}

/// Whether a name is that of an input of the scheduler: `pe-input-12.bz2`, or of one that it
/// warned of or failed on (`pe-warn-3.bz2`, `pe-error-0.bz2`).
#[must_use]
pub fn is_input(name: &str) -> bool {
    let rest = name.strip_prefix("pe-").and_then(|rest| rest.strip_suffix(".bz2"));
    let number = rest
        .and_then(|rest| rest.split_once('-'))
        .filter(|(kind, number)| matches!(*kind, "input" | "warn" | "error") && !number.is_empty());
    number.is_some_and(|(_, number)| number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What a packed input of the scheduler says of the moment at which it was written: nodes and
/// their states, fail counts, failed actions. Resources are left out: their settings are those
/// of `cib.xml`, where they were, and of the newest day.
///
/// # Errors
/// [`InputError`]: nothing of an input that is not whole travels.
pub fn reduced_input(packed: &[u8]) -> Result<String, InputError> {
    let mut plain = Vec::new();
    let mut limited = Bzip2::new(packed).take(CIB_BYTES_MAX as u64 + 1);
    limited.read_to_end(&mut plain).map_err(InputError::Packed)?;
    if plain.len() > CIB_BYTES_MAX {
        return Err(InputError::TooLong);
    }
    let mut root = parse(&String::from_utf8_lossy(&plain)).map_err(InputError::Malformed)?;
    for part in root.children.iter_mut().filter(|part| part.name == "configuration") {
        part.children.retain(|child| matches!(child.name.as_str(), "crm_config" | "nodes"));
    }
    keep_failures(&mut root);
    let mut out = String::new();
    reduce(&mut root, "");
    write(&root, &mut out);
    Ok(out)
}

/// Of all operations those that failed last stay: Pacemaker records each once more under an id of
/// its own (`db_last_failure_0`). The depth is that of the document, which its reader bounds.
fn keep_failures(element: &mut Element) {
    let is_failure = |id: &str| id.ends_with("_last_failure_0");
    element.children.retain(|child| {
        child.name != "lrm_rsc_op" || child.attribute("id").is_some_and(is_failure)
    });
    element.children.iter_mut().for_each(keep_failures);
    element.children.retain(|child| child.name != "lrm_resource" || !child.children.is_empty());
}

/// `section` is the part of the CIB that the element stands in.
fn reduce(element: &mut Element, section: &str) {
    element.text.clear();
    element.attributes.retain(|(name, _)| !LOOSE.contains(&name.as_str()));
    let own = element.name.clone();
    let section = if PARTS.contains(&own.as_str()) || own == "status" { &own } else { section };
    if own == "instance_attributes" {
        let allowed = if section == "nodes" { NODE_ATTRIBUTES } else { PARAMETERS };
        for pair in element.children.iter_mut().filter(|child| child.name == "nvpair") {
            keep_value(pair, |name| section == "status" || allowed.contains(&name));
        }
    }
    for child in &mut element.children {
        reduce(child, section);
    }
}

fn keep_value(pair: &mut Element, is_kept: impl Fn(&str) -> bool) {
    if !pair.attribute("name").is_some_and(is_kept) {
        for (_, value) in pair.attributes.iter_mut().filter(|(name, _)| name == "value") {
            SET.clone_into(value);
        }
    }
}

fn write(element: &Element, out: &mut String) {
    out.push('<');
    out.push_str(&element.name);
    for (name, value) in &element.attributes {
        out.push(' ');
        out.push_str(name);
        out.push_str("=\"");
        for c in value.chars() {
            match c {
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '&' => out.push_str("&amp;"),
                '"' => out.push_str("&quot;"),
                '\n' | '\r' | '\t' => out.push(' '),
                c => out.push(c),
            }
        }
        out.push('"');
    }
    if element.children.is_empty() {
        out.push_str("/>\n");
        return;
    }
    out.push_str(">\n");
    for child in &element.children {
        write(child, out);
    }
    out.push_str("</");
    out.push_str(&element.name);
    out.push_str(">\n");
}

/// Times of the ring (corosync.conf(5), in milliseconds) that are called as secrets are, and how they
/// travel instead: what masks secrets afterwards would take them for some.
pub const RING_TIMES: [(&str, &str); 2] =
    [("token", "token_timeout"), ("token_coefficient", "timeout_coefficient")];

/// `corosync.conf` without keys that stand in it (`totem.key`, corosync.conf(5)), with
/// [`RING_TIMES`] under their other names; comments, which may hold anything, go too.
#[must_use]
pub fn reduced_corosync(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
        let secret = line.split_once(':').filter(|(name, _)| {
            let name = name.trim().to_lowercase();
            name == "key" || name.contains("passw") || name.contains("secret")
        });
        match secret {
            Some((name, _)) => {
                out.push_str(name);
                out.push_str(": ");
                out.push_str(SET);
            }
            None => out.push_str(&ring_time(line).unwrap_or_else(|| line.trim_end().to_owned())),
        }
        out.push('\n');
    }
    out
}

/// `token: 3000` as `token_timeout: 3000`; what is no number keeps its name, and is masked.
fn ring_time(line: &str) -> Option<String> {
    let (name, value) = line.split_once(':')?;
    let (_, instead) = RING_TIMES.iter().find(|(own, _)| *own == name.trim())?;
    let ms: u32 = value.trim().parse().ok()?;
    let indent = &name[..name.len() - name.trim_start().len()];
    Some(format!("{indent}{instead}: {ms}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_without_a_place_in_the_list_are_only_named() {
        let cib = r#"<cib epoch="7"><configuration>
            <crm_config><cluster_property_set id="o"><nvpair name="stonith-enabled" value="true"/>
            </cluster_property_set></crm_config>
            <nodes><node id="1" uname="a"><instance_attributes><nvpair name="pw" value="n0de"/>
            <nvpair name="standby" value="on"/></instance_attributes></node></nodes>
            <resources><primitive id="f" class="stonith" type="fence_ipmilan" description="call Kim">
            <instance_attributes id="i"><nvpair id="p" name="passwd" value="s3cret&amp;"/>
            <nvpair name="pcmk_host_list" value="a &lt;b&gt;"/></instance_attributes>
            <meta_attributes><nvpair name="target-role" value="Started"/></meta_attributes>
            </primitive></resources>
            <acls><acl_user id="kim"/></acls></configuration><status/></cib>"#;
        let reduced = reduced_cib(cib).unwrap();
        for gone in ["s3cret", "n0de", "call Kim", "acl_user", "kim"] {
            assert!(!reduced.contains(gone), "{gone}: {reduced}");
        }
        let kept = [
            r#"name="passwd" value="set""#,
            r#"value="a &lt;b&gt;""#,
            r#"name="standby" value="on""#,
            r#"name="stonith-enabled" value="true""#,
            r#"name="target-role" value="Started""#,
        ];
        for kept in kept {
            assert!(reduced.contains(kept), "{kept}: {reduced}");
        }
        assert_eq!(reduced_cib(&reduced).unwrap(), reduced);
        assert_eq!(reduced_cib("<cib>"), Err(XmlError::Unclosed));
    }

    /// Of two nodes, the first of which failed to start `db`.
    const PACKED: &[u8] = include_bytes!("../tests/pe-input-7.bz2");

    #[test]
    fn of_an_input_states_and_failures_travel() {
        let told = reduced_input(PACKED).unwrap();
        let kept = ["uname=\"a\"", "fail-count-db#start_0", "db_last_failure_0", "stonith-enabled"];
        for kept in kept {
            assert!(told.contains(kept), "{kept}: {told}");
        }
        for gone in ["hunter2", "db_last_0", "lrm_resource id=\"vip\"", "No such file"] {
            assert!(!told.contains(gone), "{gone}: {told}");
        }
        assert!(matches!(reduced_input(&PACKED[..60]), Err(InputError::Packed(_))));
        assert!(matches!(reduced_input(b"<cib/>"), Err(InputError::Packed(_))));
    }

    #[test]
    fn inputs_are_told_by_their_names() {
        let check = |name, expected| assert_eq!(is_input(name), expected, "{name}");
        check("pe-input-12.bz2", true);
        check("pe-warn-0.bz2", true);
        check("pe-input.last", false);
        check("pe-input-.bz2", false);
        check("pe-input-1.bz2.tmp", false);
        check("pe-other-1.bz2", false);
    }

    #[test]
    fn keys_in_the_ring_settings_stay() {
        let text = "totem {\n  # ask Kim\n  key: abc123\n  keyfile: /etc/corosync/authkey\n}\n";
        let expected = "totem {\n  key: set\n  keyfile: /etc/corosync/authkey\n}\n";
        assert_eq!(reduced_corosync(text), expected);
    }

    #[test]
    fn times_of_the_ring_are_not_taken_for_secrets() {
        let text = "totem {\n  token: 4000\n  token_coefficient: 800\n}\n";
        let reduced = reduced_corosync(text);
        assert_eq!(reduced, "totem {\n  token_timeout: 4000\n  timeout_coefficient: 800\n}\n");
        let mut masker = crate::mask::Masker::new(b"any key");
        assert_eq!(masker.mask(&reduced), reduced);
        assert_eq!(reduced_corosync("token: s3cret\n"), "token: s3cret\n");
    }

    #[test]
    fn the_list_is_in_order() {
        assert!(PARAMETERS.is_sorted() && PARTS.is_sorted() && NODE_ATTRIBUTES.is_sorted());
    }
}
