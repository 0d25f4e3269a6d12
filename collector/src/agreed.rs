//! What was agreed with a customer beside the contract itself, as files an engineer edits: the
//! standards of roles, which host each is for, when somebody of ours was at work, which hosts
//! belong together where their own settings do not show it, and the contract's own values of
//! rules' params.
//!
//! ```text
//! DATA/standards/NAME.yaml       a standard (carepack-assessment, `standard`)
//! DATA/standards/contracts.yaml  shop-2026: {default: web-rhel9, roles: {db: db-rhel8}, hosts: {db01: db-rhel8}}
//! DATA/topology/CONTRACT.yaml    clusters: [{name: shop, members: [db03]}], links: [{from: web01, to: app01, kind: web_app}]
//! DATA/visits/CONTRACT.yaml      - {from: 2026-10-16T00:00:00Z, to: …, who: 김엔지니어 정기점검, hosts: []}
//! DATA/params/CONTRACT.yaml      login-timeout: {limit_seconds: 300, literal: true}
//! ```
//! A missing file means that nothing was agreed; one that cannot be read stops the inspection,
//! since its findings would be wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use carepack_assessment::params::{self, ParamError};
use carepack_assessment::standard::{BYTES_MAX, StandardError};
use carepack_assessment::topology::{CorrectionError, Corrections};
use carepack_assessment::{Overrides, Pack, Standard, Window};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Most visits of one contract that are read: a decade of weekly ones.
const VISITS_MAX: usize = 600;

/// A file of agreements that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AgreedError {
    #[error("reading {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("topology {}", path.display())]
    Topology {
        path: PathBuf,
        #[source]
        source: CorrectionError,
    },
    #[error("{}: {what}", path.display())]
    Limit { path: PathBuf, what: String },
    #[error("{} is not readable", path.display())]
    Malformed {
        path: PathBuf,
        #[source]
        source: serde_yaml_ng::Error,
    },
    #[error("standard {}", path.display())]
    Standard {
        path: PathBuf,
        #[source]
        source: StandardError,
    },
    #[error("{}", path.display())]
    Param {
        path: PathBuf,
        #[source]
        source: Box<ParamError>,
    },
    #[error("{}: {name:?} is no name of a standard (letters, digits, '-', '_', '.')", path.display())]
    Name { path: PathBuf, name: String },
    #[error(
        "{}: contract {contract} names standard {name}, but {} is not there",
        path.display(),
        file.display()
    )]
    Gone { path: PathBuf, contract: String, name: String, file: PathBuf },
}

/// Which standards a contract's hosts have.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Assigned {
    /// For hosts that nothing below names.
    default: Option<String>,
    /// Role, as the host was registered with, → standard.
    roles: BTreeMap<String, String>,
    /// Host name → standard.
    hosts: BTreeMap<String, String>,
}

/// The agreements of one contract.
#[derive(Debug, Default)]
pub struct Agreed {
    assigned: Assigned,
    standards: BTreeMap<String, Arc<Standard>>,
    pub windows: Vec<Window>,
    /// Corrections of clusters and tiers; see [`Self::check_topology`].
    pub topology: Corrections,
    /// The file that they stand in.
    topology_file: PathBuf,
    /// The contract's own values of rules' params.
    pub overrides: Overrides,
}

impl Agreed {
    /// Reads the agreements of the contract of this name from the data folder; `pack` is what its
    /// params are for.
    ///
    /// # Errors
    /// [`AgreedError`] names the file.
    pub fn of(data: &Path, contract: &str, pack: &Pack) -> Result<Self, AgreedError> {
        let folder = data.join("standards");
        let path = folder.join("contracts.yaml");
        let all: Option<BTreeMap<String, Assigned>> = yaml(&path)?;
        let assigned = all.and_then(|mut all| all.remove(contract)).unwrap_or_default();
        let mut standards = BTreeMap::new();
        let named = assigned.hosts.values().chain(assigned.roles.values());
        for name in named.chain(assigned.default.as_ref()) {
            if !is_name(name) {
                return Err(AgreedError::Name { path, name: name.clone() });
            }
            let file = folder.join(format!("{name}.yaml"));
            if !file.is_file() {
                let (contract, name) = (contract.to_owned(), name.clone());
                return Err(AgreedError::Gone { path, contract, name, file });
            }
            standards.insert(name.clone(), Arc::new(standard(&file)?));
        }
        // A contract's name is the engineer's own word; one that is no file name has none of these.
        let own = |folder: &str| {
            is_name(contract).then(|| data.join(folder).join(format!("{contract}.yaml")))
        };
        let windows = own("visits").map_or_else(|| Ok(Vec::new()), visits)?;
        let overrides =
            own("params").map_or_else(|| Ok(Overrides::new()), |path| overrides(path, pack))?;
        let topology_file = own("topology").unwrap_or_default();
        let topology = match own("topology") {
            Some(path) => yaml(&path)?.unwrap_or_default(),
            None => Corrections::default(),
        };
        Ok(Self { assigned, standards, windows, topology, topology_file, overrides })
    }

    /// Whether the corrections of the topology name hosts of the contract.
    ///
    /// # Errors
    /// [`AgreedError`] names the file and the correction.
    pub fn check_topology(&self, hosts: &BTreeSet<&str>) -> Result<(), AgreedError> {
        let path = || self.topology_file.clone();
        let wrong = |source| AgreedError::Topology { path: path(), source };
        self.topology.check(hosts).map_err(wrong)
    }

    /// The standard of a host: its own, its role's, or the contract's.
    #[must_use]
    pub fn standard(&self, host: &str, role: &str) -> Option<Arc<Standard>> {
        let Assigned { default, roles, hosts } = &self.assigned;
        let name = hosts.get(host).or_else(|| roles.get(role)).or(default.as_ref())?;
        self.standards.get(name).cloned()
    }
}

fn visits(path: PathBuf) -> Result<Vec<Window>, AgreedError> {
    let windows = yaml::<Vec<Window>>(&path)?.unwrap_or_default();
    if windows.len() > VISITS_MAX {
        let what = format!("{} visits, over the limit of {VISITS_MAX}", windows.len());
        return Err(AgreedError::Limit { path, what });
    }
    if let Some(bent) = windows.iter().find(|window| window.from > window.to) {
        let what = format!("the visit of {:?} ends before it begins", bent.who);
        return Err(AgreedError::Limit { path, what });
    }
    Ok(windows)
}

fn overrides(path: PathBuf, pack: &Pack) -> Result<Overrides, AgreedError> {
    // By way of a mapping, which refuses a rule that stands twice.
    let Some(whole) = yaml::<serde_yaml_ng::Value>(&path)? else { return Ok(Overrides::new()) };
    let overrides = serde_yaml_ng::from_value(whole);
    let overrides: Option<Overrides> =
        overrides.map_err(|source| AgreedError::Malformed { path: path.clone(), source })?;
    let overrides = overrides.unwrap_or_default();
    params::check(pack, &overrides)
        .map_err(|source| AgreedError::Param { path, source: Box::new(source) })?;
    Ok(overrides)
}

/// Reads one standard.
///
/// # Errors
/// [`AgreedError`] names the file and what is wrong in it.
pub fn standard(path: &Path) -> Result<Standard, AgreedError> {
    let text = text(path)?.ok_or_else(|| AgreedError::Read {
        path: path.to_path_buf(),
        source: std::io::Error::from(std::io::ErrorKind::NotFound),
    })?;
    Standard::parse(&text)
        .map_err(|source| AgreedError::Standard { path: path.to_path_buf(), source })
}

/// Names become file names: nothing in them may leave the folder.
fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && name.len() <= 200 && !name.starts_with('.') && name.chars().all(fits)
}

fn yaml<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, AgreedError> {
    let Some(text) = text(path)? else { return Ok(None) };
    serde_yaml_ng::from_str(&text)
        .map(Some)
        .map_err(|source| AgreedError::Malformed { path: path.to_path_buf(), source })
}

/// The file's text; none when it is not there.
fn text(path: &Path) -> Result<Option<String>, AgreedError> {
    let fault = |source| AgreedError::Read { path: path.to_path_buf(), source };
    let length = match std::fs::metadata(path) {
        Ok(found) => found.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fault(error)),
    };
    if length > BYTES_MAX as u64 {
        let what = format!("longer than {BYTES_MAX} bytes");
        return Err(AgreedError::Limit { path: path.to_path_buf(), what });
    }
    std::fs::read_to_string(path).map(Some).map_err(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    const WEB: &str = "name: web\nunits: {enabled: [sshd.service]}\n";
    const DB: &str = "name: db\nunits: {enabled: [mysqld.service]}\n";

    #[test]
    fn a_host_has_its_own_its_roles_or_the_contracts_standard() {
        let assigned = "shop: {default: web, roles: {db: db}, hosts: {odd01: db}}\n";
        let files = [
            ("standards/web.yaml", WEB),
            ("standards/db.yaml", DB),
            ("standards/contracts.yaml", assigned),
            (
                "visits/shop.yaml",
                "- {from: 2026-10-16T00:00:00Z, to: 2026-10-17T00:00:00Z, who: engineer}\n",
            ),
            ("params/shop.yaml", "login-timeout: {limit_seconds: 300}\n"),
        ];
        let folder = folder(&files);
        let pack = crate::rules::built_in().unwrap();
        let agreed = Agreed::of(folder.path(), "shop", &pack).unwrap();
        let name = |host, role| agreed.standard(host, role).map(|standard| standard.name.clone());
        assert_eq!(name("odd01", "web").as_deref(), Some("db"));
        assert_eq!(name("db01", "db").as_deref(), Some("db"));
        assert_eq!(name("w01", "").as_deref(), Some("web"));
        assert_eq!(agreed.windows.len(), 1);
        assert_eq!(agreed.overrides["login-timeout"]["limit_seconds"], 300);
        let other = Agreed::of(folder.path(), "other", &pack).unwrap();
        assert!(other.standard("w01", "").is_none() && other.windows.is_empty());
        assert!(other.overrides.is_empty());
    }

    #[test]
    fn corrections_name_hosts_of_the_contract() {
        let text = "clusters: [{name: shop, members: [db01]}]\n";
        let folder = folder(&[("topology/shop.yaml", text)]);
        let pack = crate::rules::built_in().unwrap();
        let agreed = Agreed::of(folder.path(), "shop", &pack).unwrap();
        assert_eq!(agreed.topology.clusters[0].members, ["db01"]);
        assert!(agreed.check_topology(&BTreeSet::from(["db01"])).is_ok());
        let error = agreed.check_topology(&BTreeSet::from(["db02"])).unwrap_err();
        assert!(error.to_string().contains("topology/shop.yaml"), "{error}");
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let pack = crate::rules::built_in().unwrap();
        let said = |files: &[(&str, &str)]| {
            let folder = folder(files);
            let error = Agreed::of(folder.path(), "shop", &pack).unwrap_err();
            format!("{:#}", anyhow::Error::from(error))
        };
        let check = |files: &[(&str, &str)], word: &str| {
            let said = said(files);
            assert!(said.contains(word), "{said}");
        };
        check(&[("standards/contracts.yaml", "shop: {default: ../../etc}")], "no name");
        check(&[("standards/contracts.yaml", "shop: {default: gone}")], "gone.yaml");
        check(&[("standards/contracts.yaml", "shop: [")], "contracts.yaml");
        let bent = "- {from: 2026-10-17T00:00:00Z, to: 2026-10-16T00:00:00Z, who: e}\n";
        check(&[("visits/shop.yaml", bent)], "ends before");
        check(&[("topology/shop.yaml", "links: [{from: a, too: b}]")], "topology/shop.yaml");
        let files =
            [("standards/contracts.yaml", "shop: {default: w}"), ("standards/w.yaml", "name: w")];
        check(&files, "w.yaml");
        let params = |text: &str, word: &str| {
            let said = said(&[("params/shop.yaml", text)]);
            assert!(said.contains("params/shop.yaml") && said.contains(word), "{said}");
        };
        params("login-timeot: {literal: true}", "there is no rule login-timeot");
        params("login-timeout: {seconds: 1}", "rule login-timeout has no param seconds; it has");
        params(
            "login-timeout: {limit_seconds: ten}",
            "rule login-timeout is \"ten\"; write a whole",
        );
        params("fs-space: [1]", "not readable");
        params("login-timeout: {literal: true}\nlogin-timeout: {literal: false}", "duplicate");
        let fixed = pack.rules.iter().find_map(|rule| {
            let (name, _) = rule.spec.params.iter().find(|(_, param)| !param.overridable)?;
            Some(format!("{}: {{{name}: 1}}", rule.id))
        });
        params(&fixed.unwrap(), "the same for every contract");
    }
}
