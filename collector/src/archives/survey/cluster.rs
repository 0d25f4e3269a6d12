//! The high-availability cluster, as archives hold it: settings, the CIB and outputs of corosync's
//! tools, reduced as the agent reduces them.

use carepack_shared::{Content, cluster, digest, xml};
use serde_json::{Value, json};

use super::Seen;

/// `{"text", "sha256"}` of `corosync.conf`.
pub fn corosync(seen: &Seen<'_>) -> Option<Content> {
    let text = seen.file("/etc/corosync/corosync.conf")?;
    let sha256 = digest::sha256_hex(text.as_bytes());
    Some(Content::Json(json!({ "text": cluster::reduced_corosync(&text), "sha256": sha256 })))
}

/// The reduced CIB; one that is not whole is left out.
pub fn cib(seen: &Seen<'_>) -> Option<Content> {
    let text = seen.file("/var/lib/pacemaker/cib/cib.xml")?;
    cluster::reduced_cib(&text).ok().map(|text| Content::Json(Value::from(text)))
}

/// Name and nodes of a cluster of cman kind.
pub fn legacy(seen: &Seen<'_>) -> Option<Content> {
    let root = xml::parse(&seen.file("/etc/cluster/cluster.conf")?).ok()?;
    let nodes = root.all("clusternodes").flat_map(|list| list.all("clusternode"));
    let nodes: Vec<&str> = nodes.filter_map(|node| node.attribute("name")).collect();
    Some(Content::Json(json!({ "name": root.attribute("name"), "nodes": nodes })))
}

pub fn quorum(seen: &Seen<'_>) -> Option<Content> {
    output(seen, &["corosync-quorumtool_-s", "corosync-quorumtool_-l"], "Quorum information")
}

pub fn rings(seen: &Seen<'_>) -> Option<Content> {
    output(seen, &["corosync-cfgtool_-s"], "ocal node ID")
}

fn output(seen: &Seen<'_>, names: &[&str], mark: &str) -> Option<Content> {
    let text = seen.command(names)?;
    text.contains(mark).then(|| Content::Json(Value::from(text)))
}
