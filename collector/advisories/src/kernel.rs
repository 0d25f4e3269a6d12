//! Kernels: several are installed at once, and only the running one protects.

use rpm_version::Evr;

use crate::host::Package;
use crate::index::Fixed;

/// Packages whose code runs as the kernel; tools, headers and debug information do not.
const RUNNING: [&str; 20] = [
    "kernel",
    "kernel-core",
    "kernel-modules",
    "kernel-modules-core",
    "kernel-modules-extra",
    "kernel-64k",
    "kernel-64k-core",
    "kernel-64k-modules",
    "kernel-64k-modules-core",
    "kernel-debug",
    "kernel-debug-core",
    "kernel-debug-modules",
    "kernel-debug-modules-core",
    "kernel-rt",
    "kernel-rt-core",
    "kernel-rt-modules",
    "kernel-rt-modules-core",
    "kernel-rt-modules-extra",
    "kernel-uek",
    "kernel-uek-core",
];

/// Whether a package is a kernel that runs.
#[must_use]
pub(crate) fn is_one(name: &str) -> bool {
    RUNNING.contains(&name)
}

/// Whether the running kernel, `uname -r`, is of an installed package's flavour and older than the
/// fixed one.
#[must_use]
pub(crate) fn is_running_before(release: &str, package: &Package, fixed: &Fixed<'_>) -> bool {
    if release.is_empty() || !is_one(&package.name) {
        return false;
    }
    let (release, flavour) = release.split_once('+').unwrap_or((release, ""));
    let release = release.strip_suffix(&format!(".{}", package.arch)).unwrap_or(release);
    let Some((version, build)) = release.split_once('-') else { return false };
    let is_rt = flavour.starts_with("rt") || build.contains(".rt");
    let running = match (is_rt, flavour, build.contains("uek")) {
        (true, ..) => "kernel-rt",
        (_, flavour, _) if flavour.starts_with("64k") => "kernel-64k",
        (_, "debug", _) => "kernel-debug",
        (_, _, true) => "kernel-uek",
        _ => "kernel",
    };
    let fixed = Evr::parse(&fixed.fix.evr);
    flavour_of(&package.name) == running
        && Evr::new("0", version, build) < Evr::new("0", fixed.version(), fixed.release())
}

fn flavour_of(name: &str) -> &'static str {
    ["kernel-rt", "kernel-64k", "kernel-debug", "kernel-uek"]
        .into_iter()
        .find(|flavour| name.starts_with(flavour))
        .unwrap_or("kernel")
}
