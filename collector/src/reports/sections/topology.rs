//! Clusters and tiers: a picture of who calls whom, and what was found of each as a whole.

use std::collections::{BTreeMap, BTreeSet};

use carepack_assessment::model::{Finding, GroupAssessment, HostAssessment, Verdict};
use carepack_assessment::topology::Kind;
use serde_json::Value;

use super::{AREAS, Scene, field, host};
use crate::reports::charts::score_colour;
use crate::reports::charts::topology::{BOXES_MAX, Edge, Node, Picture, topology as drawn};
use crate::reports::clean::{clean, or_dash};
use crate::reports::model::{AreaTable, Chart, GroupPage, Pair, Table, Topology};

/// The rule that answers whether a failover would work.
const FAILOVER: &str = "cluster-failover-ready";
/// Links listed for one pair of hosts.
const LINKS_MAX: usize = 40;
const GREY: &str = "#8a98a8";

pub fn topology(scene: &Scene<'_>) -> Topology {
    let groups = &scene.assessment.groups;
    if groups.is_empty() {
        return Topology::default();
    }
    let caption = scene.say("topology.caption");
    let picture = Chart { caption, svg: drawn(&picture(scene)) };
    let groups = groups.iter().map(|group| page(scene, group)).collect();
    Topology { pictures: vec![picture], groups }
}

fn page(scene: &Scene<'_>, group: &GroupAssessment) -> GroupPage {
    let kind = match group.kind {
        Kind::Cluster => "topology.cluster",
        Kind::WebApp => "topology.web_app",
        Kind::AppDb => "topology.app_db",
    };
    let mut about: Vec<Pair> = vec![
        scene.pair("topology.kind", scene.say(kind)),
        scene.pair("topology.members", clean(&group.members.join(", "))),
    ];
    if !group.strangers.is_empty() {
        about.push(scene.pair("topology.strangers", clean(&group.strangers.join(", "))));
    }
    if let Some(finding) = group.findings.iter().find(|finding| finding.rule == FAILOVER) {
        let mark = scene.mark(finding.verdict);
        let text = format!("{} {} — {}", mark.shape, mark.word, or_dash(&finding.value));
        about.push(scene.pair("topology.failover", text));
    }
    GroupPage {
        name: clean(&group.name),
        about,
        links: links(scene, group),
        areas: AREAS.iter().filter_map(|area| table(scene, group, *area)).collect(),
    }
}

fn table(
    scene: &Scene<'_>,
    group: &GroupAssessment,
    area: carepack_assessment::model::Area,
) -> Option<AreaTable> {
    let mut findings: Vec<&Finding> = group
        .findings
        .iter()
        .filter(|f| f.area == area && f.verdict != Verdict::NotApplicable)
        .collect();
    findings.sort_by_key(|f| (f.verdict, f.level, &f.rule));
    (!findings.is_empty()).then(|| AreaTable {
        name: scene.area(area),
        score: String::new(),
        rows: findings.iter().map(|finding| host::row(scene, finding)).collect(),
    })
}

/// Each target of the caller and what answers it.
fn links(scene: &Scene<'_>, group: &GroupAssessment) -> Table {
    if group.entries.is_empty() {
        return Table::default();
    }
    let head = ["topology.target", "topology.answer", "topology.sizes", "topology.timeouts"];
    let rows = group.entries.iter().take(LINKS_MAX).map(|entry| {
        let (from, to) = (&entry["from"], &entry["to"]);
        let arrow = |a: String, b: String| {
            if a.is_empty() && b.is_empty() { "-".to_owned() } else { format!("{a} → {b}") }
        };
        vec![
            or_dash(&target(from)),
            if to.is_null() { scene.say("topology.no_answer") } else { or_dash(&answer(to)) },
            arrow(
                number(from, &["max", "max_total", "max_pool"], ""),
                number(to, &["max_threads", "max_connections"], ""),
            ),
            arrow(
                number(from, &["timeout_s"], " s"),
                number(to, &["connection_timeout_ms"], " ms")
                    + &number(to, &["wait_timeout_s"], " s"),
            ),
        ]
    });
    Table { head: head.iter().map(|key| scene.say(key)).collect(), rows: rows.collect() }
}

/// `ajp://app01:8009/shop (balancer)`, `jdbc/shop → 10.0.0.50:3306/shop`.
fn target(from: &Value) -> String {
    let port = from.get("port").map_or_else(String::new, |port| format!(":{port}"));
    let place = format!("{}{port}", field(from, "host"));
    let scheme = field(from, "scheme");
    let place = if scheme.is_empty() { place } else { format!("{scheme}://{place}") };
    let named = [field(from, "name"), field(from, "path"), field(from, "balancer")];
    let named: Vec<&str> = named.into_iter().filter(|text| !text.is_empty()).collect();
    if named.is_empty() { clean(&place) } else { clean(&format!("{place} ({})", named.join(", "))) }
}

fn answer(to: &Value) -> String {
    let names = ["instance", "kind", "protocol", "product", "version"];
    let named: Vec<&str> =
        names.iter().map(|name| field(to, name)).filter(|text| !text.is_empty()).collect();
    let port = to.get("port").map_or_else(String::new, |port| format!(" :{port}"));
    clean(&format!("{}{port}", named.join(" ")))
}

fn number(row: &Value, names: &[&str], unit: &str) -> String {
    let found = names.iter().find_map(|name| row.get(name).and_then(Value::as_i64));
    found.map_or_else(String::new, |number| format!("{number}{unit}"))
}

/// The frame that a host stands in, by its name.
type Frames<'a> = BTreeMap<&'a str, String>;

fn picture(scene: &Scene<'_>) -> Picture {
    let groups = &scene.assessment.groups;
    let mut frames: Frames<'_> = BTreeMap::new();
    let mut members: [BTreeSet<(String, &str, bool)>; 3] = Default::default();
    let columns = columns(groups);
    let clusters = || groups.iter().filter(|group| group.kind == Kind::Cluster);
    for group in clusters() {
        let title = frame(scene, group);
        for name in &group.members {
            frames.entry(name).or_insert_with(|| title.clone());
        }
        let column = group.members.first().and_then(|name| columns.get(name.as_str()));
        for stranger in &group.strangers {
            members[column.copied().unwrap_or(2)].insert((title.clone(), stranger, true));
        }
    }
    for (name, column) in &columns {
        let frame = frames.get(name).cloned().unwrap_or_default();
        members[*column].insert((frame, name, false));
    }
    let hosts: BTreeMap<&str, &HostAssessment> =
        scene.assessment.hosts.iter().map(|page| (page.host.name.as_str(), page)).collect();
    let mut picture = Picture {
        title: scene.say("topology"),
        heads: ["topology.web", "topology.app", "topology.db"].map(|key| scene.say(key)),
        ..Picture::default()
    };
    let mut places: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (at, column) in members.iter().enumerate() {
        for (frame, name, is_stranger) in column.iter().take(BOXES_MAX) {
            places.entry(name).or_insert((at, picture.columns[at].len()));
            let node = node(scene, hosts.get(name).copied(), name);
            let frame = frame.clone();
            picture.columns[at].push(Node { frame, is_stranger: *is_stranger, ..node });
        }
        if let Some(more) = column.len().checked_sub(BOXES_MAX).filter(|more| *more > 0) {
            let name = format!("+{more}");
            picture.columns[at].push(Node { name, colour: GREY, ..Node::default() });
        }
    }
    for group in groups.iter().filter(|group| group.kind != Kind::Cluster) {
        let place = |at: usize| group.members.get(at).and_then(|name| places.get(name.as_str()));
        if let (Some(from), Some(to)) = (place(0), place(1)) {
            picture.edges.push(Edge { from: *from, to: *to, label: ports(group) });
        }
    }
    picture
}

/// Which column a host stands in: the first of its parts.
fn columns(groups: &[GroupAssessment]) -> BTreeMap<&str, usize> {
    let mut columns: BTreeMap<&str, usize> = BTreeMap::new();
    for group in groups {
        let at = match group.kind {
            // Nodes that no tier has a place for are databases, as clusters mostly are.
            Kind::Cluster => continue,
            Kind::WebApp => [0, 1],
            Kind::AppDb => [1, 2],
        };
        for (name, column) in group.members.iter().zip(at) {
            let entry = columns.entry(name).or_insert(column);
            *entry = (*entry).min(column);
        }
    }
    for group in groups.iter().filter(|group| group.kind == Kind::Cluster) {
        let beside = group.members.iter().find_map(|name| columns.get(name.as_str())).copied();
        for name in &group.members {
            columns.entry(name).or_insert(beside.unwrap_or(2));
        }
    }
    columns
}

/// `hanbit-db · 10.20.30.50 · 전환 불가`.
fn frame(scene: &Scene<'_>, group: &GroupAssessment) -> String {
    let mut parts = vec![clean(&group.name)];
    let first = group.members.first();
    let page = scene.assessment.hosts.iter().find(|page| Some(&page.host.name) == first);
    let addresses = page.and_then(|page| page.facts.value("cluster.addresses"));
    let addresses = addresses.and_then(Value::as_array).into_iter().flatten();
    parts.extend(addresses.filter_map(Value::as_str).take(1).map(clean));
    if let Some(finding) = group.findings.iter().find(|finding| finding.rule == FAILOVER) {
        let mark = scene.mark(finding.verdict);
        parts.push(format!("{} {}", scene.say("topology.failover.short"), mark.word));
    }
    parts.join(" · ")
}

fn node(scene: &Scene<'_>, page: Option<&HostAssessment>, name: &str) -> Node {
    let name = clean(name);
    let Some(page) = page else {
        let note = scene.say("topology.not_inspected");
        return Node { name, note, colour: GREY, ..Node::default() };
    };
    let colour = page.score.effective.map_or(GREY, score_colour);
    Node { name, note: clean(&page.host.role), colour, ..Node::default() }
}

fn ports(group: &GroupAssessment) -> String {
    let port = |entry: &Value| entry["from"].get("port").and_then(Value::as_i64);
    let ports: BTreeSet<i64> = group.entries.iter().filter_map(port).collect();
    let shown: Vec<String> = ports.iter().take(3).map(ToString::to_string).collect();
    let more = if ports.len() > 3 { "…" } else { "" };
    format!("{}{more}", shown.join(", "))
}
