//! The high-availability cluster, as archives hold it: settings, the CIB and outputs of corosync's
//! tools, reduced as the agent reduces them.

use carepack_shared::{Content, cluster, digest, xml};
use serde_json::{Value, json};

use super::super::sources;
use super::super::tree::Piece;
use super::Seen;

/// What `crm_report` gathered of this host for sosreport: `sos_commands/PLUGIN/crm_report/NODE/`
/// with `cib.xml` as it lies on disk, `cib.xml.live` as the running cluster gave it (with its
/// state), `corosync.conf`, and `pengine/` with inputs of the scheduler. One archive is of one
/// host; where reports of several nodes lie in it, its own counts.
struct Report<'t> {
    files: Vec<(&'t str, &'t Piece)>,
}

impl<'t> Report<'t> {
    fn of(seen: &Seen<'t>) -> Self {
        let all: Vec<(&str, &str, &Piece)> = seen
            .layout
            .tree
            .files()
            .filter_map(|(name, piece)| {
                let (node, file) = sources::crm_report(name)?;
                Some((node, file, piece))
            })
            .collect();
        let host = seen.layout.hostname();
        let is_own = |node: &str| host.as_deref().is_some_and(|host| same_host(node, host));
        let node = all.iter().map(|(node, ..)| *node).find(|node| is_own(node));
        let node = node.or_else(|| {
            let first = all.first().map(|(node, ..)| *node)?;
            all.iter().all(|(node, ..)| *node == first).then_some(first)
        });
        let files = all.into_iter().filter(|(of, ..)| Some(*of) == node);
        Self { files: files.map(|(_, file, piece)| (file, piece)).collect() }
    }

    fn file(&self, wanted: &str) -> Option<&'t Piece> {
        let found = self.files.iter().find(|(file, _)| *file == wanted)?.1;
        (!found.truncated).then_some(found)
    }

    fn text(&self, wanted: &str) -> Option<String> {
        self.file(wanted).map(|piece| super::super::layout::text(piece).into_owned())
    }
}

/// Whether two names are of one host, be either with its domain or not.
fn same_host(a: &str, b: &str) -> bool {
    a == b || a.split('.').next() == b.split('.').next()
}

/// `{"text", "sha256"}` of `corosync.conf`.
pub fn corosync(seen: &Seen<'_>) -> Option<Content> {
    let text = seen.file("/etc/corosync/corosync.conf");
    let text = text.or_else(|| Report::of(seen).text("corosync.conf"))?;
    let sha256 = digest::sha256_hex(text.as_bytes());
    Some(Content::Json(json!({ "text": cluster::reduced_corosync(&text), "sha256": sha256 })))
}

/// The reduced CIB; one that is not whole is left out. What the running cluster gave comes first:
/// it has the state of the moment, which nothing else in an archive has.
pub fn cib(seen: &Seen<'_>) -> Option<Content> {
    let report = Report::of(seen);
    let whole = |text: String| cluster::reduced_cib(&text).ok();
    let live = report.text("cib.xml.live").and_then(whole);
    let disk = || seen.file("/var/lib/pacemaker/cib/cib.xml").and_then(whole);
    let copied = || report.text("cib.xml").and_then(whole);
    let text = live.or_else(disk).or_else(copied)?;
    Some(Content::Json(Value::from(text)))
}

/// `{"name", "modified", "cib"}` of the newest input of the scheduler.
pub fn input(seen: &Seen<'_>) -> Option<Content> {
    let report = Report::of(seen);
    let copied = report.files.iter().map(|(file, piece)| (*file, *piece));
    let disk = seen.layout.folder(sources::PENGINE, ".bz2");
    let disk = disk.iter().map(|(path, piece)| (path.as_str(), *piece));
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let inputs = copied.chain(disk).map(|(path, piece)| (name(path), piece));
    // Of one moment the higher number is the newer.
    let (name, piece) = inputs
        .filter(|(name, piece)| cluster::is_input(name) && !piece.truncated)
        .max_by_key(|(name, piece)| (piece.modified, number(name)))?;
    let cib = cluster::reduced_input(&piece.bytes).ok()?;
    Some(Content::Json(json!({ "name": name, "modified": piece.modified, "cib": cib })))
}

/// `12` of `pe-input-12.bz2`.
fn number(name: &str) -> u64 {
    let digits = name.trim_end_matches(".bz2").rsplit('-').next().unwrap_or_default();
    digits.parse().unwrap_or(0)
}

/// Name and nodes of a cluster of cman kind.
pub fn legacy(seen: &Seen<'_>) -> Option<Content> {
    let root = xml::parse(&seen.file("/etc/cluster/cluster.conf")?).ok()?;
    let nodes = root.all("clusternodes").flat_map(|list| list.all("clusternode"));
    let nodes: Vec<&str> = nodes.filter_map(|node| node.attribute("name")).collect();
    Some(Content::Json(json!({ "name": root.attribute("name"), "nodes": nodes })))
}

pub fn quorum(seen: &Seen<'_>) -> Option<Content> {
    let names = ["corosync-quorumtool_-s", "corosync-quorumtool_-l"];
    let mark = "Quorum information";
    output(seen, &names, mark).or_else(|| {
        let text = Report::of(seen).text("corosync.quorum")?;
        text.contains(mark).then(|| Content::Json(Value::from(text)))
    })
}

pub fn rings(seen: &Seen<'_>) -> Option<Content> {
    output(seen, &["corosync-cfgtool_-s"], "ocal node ID")
}

fn output(seen: &Seen<'_>, names: &[&str], mark: &str) -> Option<Content> {
    let text = seen.command(names)?;
    text.contains(mark).then(|| Content::Json(Value::from(text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archives::Limits;
    use crate::archives::layout::Layout;
    use crate::archives::tree::Tree;

    const INPUT: &[u8] = include_bytes!("../../../../shared/tests/pe-input-7.bz2");
    const DISK: &[u8] = b"<cib epoch='1'><configuration/></cib>";
    const LIVE: &[u8] = b"<cib epoch='2'><configuration/><status><node_state/></status></cib>";

    /// A sosreport of `db-a` with these files.
    fn layout(files: &[(&str, &[u8])]) -> Layout {
        let mut tree = Tree::default();
        let host: [(&str, &[u8]); 1] = [("sos_commands/host/hostname", b"db-a.example.com\n")];
        for (name, bytes) in host.iter().chain(files) {
            let piece = Piece { bytes: bytes.to_vec(), ..Piece::default() };
            tree.add_file((*name).to_owned(), piece, &Limits::default()).unwrap();
        }
        Layout::of(tree).unwrap()
    }

    fn told(files: &[(&str, &[u8])], of: fn(&Seen<'_>) -> Option<Content>) -> Option<Value> {
        let layout = layout(files);
        let seen = Seen { layout: &layout, taken_at: jiff::Timestamp::UNIX_EPOCH };
        of(&seen).map(|content| match content {
            Content::Json(value) => value,
            Content::Text(text) => Value::from(text),
            Content::Kept { .. } => Value::Null,
        })
    }

    fn epoch(files: &[(&str, &[u8])]) -> Option<String> {
        let value = told(files, cib)?;
        let root = xml::parse(value.as_str()?).ok()?;
        root.attribute("epoch").map(str::to_owned)
    }

    #[test]
    fn what_the_running_cluster_gave_stands_before_what_lay_on_disk() {
        let copied = ("sos_commands/cluster/crm_report/db-a/cib.xml", DISK);
        let live = ("sos_commands/pacemaker/crm_report/db-a/cib.xml.live", LIVE);
        let disk: (&str, &[u8]) =
            ("var/lib/pacemaker/cib/cib.xml", b"<cib epoch='3'><configuration/></cib>");
        assert_eq!(epoch(&[copied]).as_deref(), Some("1"));
        assert_eq!(epoch(&[copied, disk]).as_deref(), Some("3"));
        assert_eq!(epoch(&[copied, disk, live]).as_deref(), Some("2"));
        assert_eq!(epoch(&[]), None);
    }

    #[test]
    fn of_reports_of_several_nodes_the_hosts_own_counts() {
        let own = ("sos_commands/cluster/crm_report/db-a/cib.xml", DISK);
        let other = ("sos_commands/cluster/crm_report/db-0/cib.xml.live", LIVE);
        let third = ("sos_commands/cluster/crm_report/db-c/cib.xml", DISK);
        assert_eq!(epoch(&[other, own]).as_deref(), Some("1"));
        assert_eq!(epoch(&[other]).as_deref(), Some("2"));
        assert_eq!(epoch(&[other, third]), None);
    }

    #[test]
    fn the_newest_input_of_the_scheduler() {
        let nine = ("sos_commands/cluster/crm_report/db-a/pengine/pe-input-9.bz2", INPUT);
        let ten = ("sos_commands/cluster/crm_report/db-a/pengine/pe-input-10.bz2", INPUT);
        let disk = ("var/lib/pacemaker/pengine/pe-input-11.bz2", INPUT);
        let seen = told(&[nine, ten], input).unwrap();
        assert_eq!(seen["name"], "pe-input-10.bz2");
        assert!(seen["cib"].as_str().unwrap().contains("db_last_failure_0"));
        assert_eq!(told(&[nine, ten, disk], input).unwrap()["name"], "pe-input-11.bz2");
        let bent: (&str, &[u8]) = (nine.0, b"BZh9");
        assert_eq!(told(&[bent], input), None);
    }

    #[test]
    fn settings_and_votes_of_a_report() {
        let conf: (&str, &[u8]) =
            ("sos_commands/pacemaker/crm_report/db-a/corosync.conf", b"totem {\n key: abc\n}\n");
        let told_conf = told(&[conf], corosync).unwrap();
        assert_eq!(told_conf["text"], "totem {\n key: set\n}\n");
        let votes: (&str, &[u8]) = (
            "sos_commands/pacemaker/crm_report/db-a/corosync.quorum",
            b"Quorum information\nQuorate: Yes\n",
        );
        assert!(told(&[votes], quorum).is_some());
    }
}
