//! One instance as the agent tells it, and the row that it becomes: product, version, who runs it.

use carepack_shared::jboss::{Node, Reduced};
use serde::Deserialize;
use serde_json::{Value, json};

/// One instance, as the agent's probe tells it.
#[derive(Deserialize)]
pub struct Instance {
    pub home: String,
    pub base: String,
    pub mode: String,
    #[serde(default)]
    pub config: String,
    pub process: Option<Process>,
    #[serde(default)]
    pub servers: Vec<Process>,
    pub version: Option<String>,
    pub manifest: Option<Manifest>,
    #[serde(default)]
    pub overlays: Vec<String>,
    #[serde(default)]
    pub options: Vec<String>,
    #[serde(default)]
    pub files: Vec<File>,
    #[serde(default)]
    pub users: Vec<Value>,
    pub deployments: Option<Vec<Value>>,
    pub logs: Option<Value>,
    pub pending_transactions: Option<i64>,
}

#[derive(Deserialize)]
pub struct Process {
    pub name: Option<String>,
    pub pid: Option<i64>,
    pub user: Option<String>,
    #[serde(default)]
    pub argv: Vec<String>,
}

#[derive(Deserialize)]
pub struct Manifest {
    pub name: Option<String>,
    pub version: Option<String>,
}

#[derive(Deserialize)]
pub struct File {
    pub path: String,
    pub kind: String,
    pub tree: Option<Reduced>,
    pub unseen: Option<String>,
}

/// The domain controller's host when it is another one.
pub fn controller(host: &Node) -> Option<String> {
    let controller = host.c.iter().find(|child| child.e == "domain-controller")?;
    let remote = controller.c.iter().find(|child| child.e == "remote")?;
    Some(remote.a.get("host").cloned().unwrap_or_else(|| "?".to_owned()))
}

impl Instance {
    pub fn row(&self, looked: bool) -> Value {
        let process = self.process.as_ref();
        let argv = process.map_or(&self.options, |process| &process.argv);
        let option = |name: &str| argv.iter().find_map(|word| word.strip_prefix(name));
        let (product, version) = self.release();
        let mut numbers = version.as_deref().unwrap_or("").split('.');
        let (major, minor) = (numbers.next(), numbers.next());
        let minor = major.zip(minor).map(|(major, minor)| format!("{major}.{minor}"));
        let running = if looked { json!(process.is_some()) } else { Value::Null };
        let host = self.files.iter().find(|file| file.kind == "host");
        let controller = host.and_then(|file| controller(&file.tree.as_ref()?.root));
        json!({
            "instance": self.base,
            "home": self.home,
            "base": self.base,
            "mode": self.mode,
            "config": self.config,
            "product": product,
            "version": version,
            "major": major.and_then(|major| major.parse::<i64>().ok()),
            "minor": minor,
            "overlays": self.overlays,
            "running": running,
            "pid": process.and_then(|process| process.pid),
            "user": process.and_then(|process| process.user.as_deref()),
            "node_name": option("-Djboss.node.name=").or_else(|| option("-Djboss.server.name=")),
            "controller": controller,
            "servers": self.servers.iter().filter_map(|one| one.name.as_deref()).collect::<Vec<_>>(),
            "log_bytes": self.logs.as_ref().and_then(|logs| logs["bytes"].as_i64()),
            "log_largest_bytes": self.logs.as_ref().and_then(|logs| logs["largest_bytes"].as_i64()),
            "pending_transactions": self.pending_transactions,
        })
    }

    /// Product and version: `Red Hat JBoss Enterprise Application Platform - Version 7.4.13.GA`,
    /// else what the product's manifest says.
    fn release(&self) -> (Option<&'static str>, Option<String>) {
        let manifest = self.manifest.as_ref();
        let name = self.version.as_deref().or(manifest.and_then(|one| one.name.as_deref()));
        let product = name.and_then(|name| {
            let lower = name.to_lowercase();
            let is_eap = lower.contains("enterprise application platform") || lower.contains("eap");
            if is_eap { Some("eap") } else { lower.contains("wildfly").then_some("wildfly") }
        });
        let line = self.version.as_deref().and_then(|line| line.split("Version").nth(1));
        let version = line.or(manifest.and_then(|one| one.version.as_deref()));
        let version = version.map(|text| {
            let text = text.trim();
            let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
            text[..end].trim_matches('.').to_owned()
        });
        (product, version.filter(|version| !version.is_empty()))
    }

    pub fn labelled<'a>(&'a self, rows: &'a [Value]) -> impl Iterator<Item = Value> + 'a {
        rows.iter().map(|row| {
            let mut row = row.clone();
            if let Some(row) = row.as_object_mut() {
                row.insert("instance".to_owned(), self.base.clone().into());
            }
            row
        })
    }

    /// Deployments of the scanner's folder.
    pub fn in_folder(&self) -> Vec<Value> {
        let rows = self.deployments.as_deref().unwrap_or_default();
        let told = self.labelled(rows).map(|mut row| {
            if let Some(row) = row.as_object_mut() {
                row.insert("scanned".to_owned(), true.into());
            }
            row
        });
        told.collect()
    }
}
