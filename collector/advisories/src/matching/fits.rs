//! Whether a fix is for an installed package at all, and whether that package is older.

use crate::host::Package;
use crate::index::{Fixed, Row};

/// Whether a fixed package replaces an installed one of an architecture. Packages do move between
/// one architecture and none; then the fix has only the other.
pub fn concerns(row: Row<'_>, arch: &str, rows: &[Row<'_>]) -> bool {
    if row.arch == arch || row.arch.is_empty() {
        return true;
    }
    let moved = match (row.arch, arch) {
        ("noarch", _) => true,
        (machine, "noarch") => machine == "x86_64",
        _ => false,
    };
    moved && !rows.iter().any(|other| other.fix == row.fix && other.arch == arch)
}

/// Whether an installed package is older than the fixed one, and whether that was found without
/// epochs because one side does not tell its own.
pub fn is_older(package: &Package, fixed: &Fixed<'_>) -> (bool, bool) {
    if package.epoch.is_some() && fixed.has_epoch {
        return (package.key < fixed.key, false);
    }
    let fixed = rpm_version::Evr::parse(&fixed.fix.evr);
    let alike = rpm_version::Evr::new("0", fixed.version(), fixed.release());
    let own = rpm_version::Evr::new("0", package.version.as_str(), package.release.as_str());
    (own < alike, true)
}

pub fn is_of_module(package: &Package, module: Option<&str>, enabled: &[String]) -> bool {
    let is_modular = !package.module.is_empty() || package.release.contains(".module");
    match module {
        None => !is_modular,
        Some(module) if package.module.is_empty() => {
            is_modular && enabled.iter().any(|enabled| enabled == module)
        }
        Some(module) => package.module == module,
    }
}

/// Vendors of distributions, as the VENDOR tag has them, by the beginning of their streams.
const VENDORS: [(&str, &[&str]); 8] = [
    ("cpe:/", &["Red Hat", "CentOS"]),
    ("os:rocky:", &["Rocky"]),
    ("os:almalinux:", &["AlmaLinux"]),
    ("os:ol:", &["Oracle America"]),
    ("os:centos", &["CentOS"]),
    ("os:epel:", &["Fedora Project"]),
    ("os:fedora:", &["Fedora Project"]),
    ("repo:", &["Red Hat", "CentOS", "Rocky", "AlmaLinux", "Oracle America", "Fedora Project"]),
];

/// A package of another vendor only has the same name.
pub fn is_of_vendor(package: &Package, fixed: &Fixed<'_>) -> bool {
    if package.vendor.is_empty() {
        return true;
    }
    let stream = fixed.fix.streams.first().map_or("", String::as_str);
    let known = VENDORS.iter().find(|(prefix, _)| stream.starts_with(prefix));
    known.is_none_or(|(_, names)| names.iter().any(|name| package.vendor.starts_with(name)))
}

pub fn is_foreign(vendor: &str) -> bool {
    let known = |names: &[&str]| names.iter().any(|name| vendor.starts_with(name));
    !vendor.is_empty() && !VENDORS.iter().any(|(_, names)| known(names))
}
