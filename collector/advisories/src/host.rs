//! What is installed on a host, as advisories ask for it.

use carepack_facts::Facts;
use rpm_version::EvrSortKey;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Everything about a host that decides which advisories concern it. Small, and the same for
/// hosts installed alike: kept beside the snapshot it came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Host {
    pub os: Os,
    /// By name, then architecture and version.
    pub packages: Vec<Package>,
    /// `uname -r`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub running_kernel: String,
    /// Ids of enabled repositories; none: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repositories: Option<Vec<String>>,
    /// The release that repositories are held to, `9.2`; empty where to none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub release: String,
    /// `name:stream` of enabled modules, for packages whose label is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modules: Vec<String>,
    /// A live patch of the kernel is in force.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub live_patched: bool,
    /// Products that did not come as packages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<Product>,
}

/// A distribution's release.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Os {
    /// ID of os-release: `rhel`, `rocky`; `centos-stream` for what calls itself so.
    pub id: String,
    pub major: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minor: Option<u32>,
}

/// An installed package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "Row", into = "Row")]
pub struct Package {
    pub name: String,
    pub arch: String,
    /// None: the list that it stands in does not tell epochs. It is then compared without.
    pub epoch: Option<u32>,
    pub version: String,
    pub release: String,
    /// `name:stream` of its module.
    pub module: String,
    /// Name of its source package.
    pub source: String,
    /// Empty where not known.
    pub vendor: String,
    /// Orders as RPM does.
    pub(crate) key: EvrSortKey,
}

/// A product outside RPM.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Product {
    /// As [`crate::model::Range::product`].
    pub name: String,
    pub version: String,
    /// Where it is installed, or the instance's name.
    pub place: String,
}

/// A package as it is stored: name, arch, epoch, version, release, module, source, vendor.
#[derive(Clone, Serialize, Deserialize)]
struct Row(String, String, Option<u32>, String, String, String, String, String);

impl From<Row> for Package {
    fn from(row: Row) -> Self {
        let key = key(row.2, &row.3, &row.4);
        Self {
            name: row.0,
            arch: row.1,
            epoch: row.2,
            version: row.3,
            release: row.4,
            module: row.5,
            source: row.6,
            vendor: row.7,
            key,
        }
    }
}

impl From<Package> for Row {
    fn from(p: Package) -> Self {
        Self(p.name, p.arch, p.epoch, p.version, p.release, p.module, p.source, p.vendor)
    }
}

fn key(epoch: Option<u32>, version: &str, release: &str) -> EvrSortKey {
    EvrSortKey::from_values(&epoch.unwrap_or(0).to_string(), version, release)
}

impl Package {
    /// `E:V-R`, without an epoch that is not known.
    #[must_use]
    pub fn evr(&self) -> String {
        match self.epoch {
            Some(epoch) => format!("{epoch}:{}-{}", self.version, self.release),
            None => format!("{}-{}", self.version, self.release),
        }
    }
}

impl Os {
    /// From os-release's ID, `VERSION_ID` and name.
    #[must_use]
    pub fn of(id: &str, version: &str, name: &str) -> Self {
        let mut numbers = version.split('.').map(|number| number.parse().ok());
        let major = numbers.next().flatten().unwrap_or(0);
        // The Stream has other builds than the rebuild of that name had, which ended with 8.
        let stream = id == "centos" && (name.contains("Stream") || major > 8);
        let id = if stream { "centos-stream" } else { id };
        Self { id: id.to_owned(), major, minor: numbers.next().flatten() }
    }

    /// Its packages are Red Hat's builds or have their versions: RHEL, and CentOS up to 8.
    #[must_use]
    pub fn takes_from_red_hat(&self) -> bool {
        matches!(self.id.as_str(), "rhel" | "centos")
    }
}

/// Why a host cannot be matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmatchable {
    /// The fact that is missing.
    pub fact: &'static str,
}

impl Host {
    /// From the facts of a snapshot.
    ///
    /// # Errors
    /// [`Unmatchable`] where packages or the release are not known.
    pub fn of(facts: &Facts) -> Result<Self, Unmatchable> {
        let text = |key: &str| facts.value(key).and_then(Value::as_str).unwrap_or_default();
        let id = text("os.id");
        if id.is_empty() {
            return Err(Unmatchable { fact: "os.id" });
        }
        let installed = facts.value("packages.installed").and_then(Value::as_array);
        let installed = installed.ok_or(Unmatchable { fact: "packages.installed" })?;
        let mut packages: Vec<Package> = installed.iter().filter_map(package).collect();
        packages.sort();
        let strings = |key: &str| {
            let list = facts.value(key)?.as_array()?;
            Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>())
        };
        let modules = facts.value("modules.enabled").and_then(Value::as_object);
        let modules = modules
            .into_iter()
            .flatten()
            .filter_map(|(name, stream)| Some(format!("{name}:{}", stream.as_str()?)));
        let patches = facts.value("kernel.livepatches").and_then(Value::as_array);
        Ok(Self {
            os: Os::of(id, text("os.version"), text("os.name")),
            packages,
            running_kernel: text("kernel.release").to_owned(),
            repositories: strings("repositories.enabled"),
            release: text("subscription.release").to_owned(),
            modules: modules.collect(),
            live_patched: patches.is_some_and(|patches| !patches.is_empty()),
            products: crate::products::installed(facts),
        })
    }
}

fn package(value: &Value) -> Option<Package> {
    let text = |key: &str| value[key].as_str().unwrap_or_default();
    if text("name").is_empty() {
        return None;
    }
    let vendor = if text("vendor") == "(none)" { "" } else { text("vendor") };
    let epoch = value["epoch"].as_u64().and_then(|epoch| u32::try_from(epoch).ok());
    let module = text("module").splitn(3, ':').take(2).collect::<Vec<_>>().join(":");
    let source = source_name(text("source")).to_owned();
    let row = |key: &str| text(key).to_owned();
    let (name, arch, version, release) = (row("name"), row("arch"), row("version"), row("release"));
    Some(Row(name, arch, epoch, version, release, module, source, vendor.to_owned()).into())
}

/// `bash` of `bash-5.1.8-9.el9.src.rpm`.
fn source_name(file: &str) -> &str {
    let mut parts = file.rsplitn(3, '-');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(_), Some(_), Some(name)) => name,
        _ => file,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn facts_become_a_host_and_a_host_travels() {
        let mut facts = Facts::default();
        assert_eq!(Host::of(&facts), Err(Unmatchable { fact: "os.id" }));
        facts.put("os.id", "rhel", "t");
        facts.put("os.version", "8.9", "t");
        assert_eq!(Host::of(&facts), Err(Unmatchable { fact: "packages.installed" }));
        let package = json!({"name": "ruby", "epoch": 0, "version": "2.7.6", "release": "1.el8",
            "arch": "x86_64", "vendor": "(none)", "module": "ruby:2.7:8000:ab",
            "source": "ruby-2.7.6-1.el8.src.rpm"});
        facts.put("packages.installed", vec![package], "t");
        facts.put("modules.enabled", json!({"ruby": "2.7"}), "t");
        facts.put("repositories.enabled", vec!["base"], "t");
        let host = Host::of(&facts).unwrap();
        assert_eq!(host.os, Os { id: "rhel".to_owned(), major: 8, minor: Some(9) });
        let ruby = &host.packages[0];
        assert_eq!((ruby.module.as_str(), ruby.source.as_str()), ("ruby:2.7", "ruby"));
        assert_eq!((ruby.vendor.as_str(), ruby.evr().as_str()), ("", "0:2.7.6-1.el8"));
        assert_eq!(host.modules, ["ruby:2.7"]);
        let text = serde_json::to_string(&host).unwrap();
        assert_eq!(serde_json::from_str::<Host>(&text).unwrap(), host);
    }

    #[test]
    fn the_stream_is_not_the_rebuild() {
        assert_eq!(Os::of("centos", "8", "CentOS Linux 8").id, "centos");
        assert_eq!(Os::of("centos", "8", "CentOS Stream 8").id, "centos-stream");
        assert_eq!(Os::of("centos", "9", "").id, "centos-stream");
        assert_eq!(Os::of("rhel", "10.1", "").minor, Some(1));
    }
}
