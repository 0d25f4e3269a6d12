//! The agent's packages, made by `packaging/build` from this build's binaries.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::binaries;
use crate::process::run_ok;

/// Whether RPMs can be made here; says aloud when they cannot.
#[must_use]
pub fn can_build() -> bool {
    let found =
        Command::new("rpmbuild").arg("--version").output().is_ok_and(|o| o.status.success());
    if !found {
        println!("skipped: rpmbuild is not here (Debian: rpm, RHEL: rpm-build)");
    }
    found
}

/// The agent's RPMs of a version, sorted by name.
///
/// # Errors
/// What the script says.
pub fn build(output: &Path, version: &str) -> Result<Vec<PathBuf>> {
    let agent = binaries::path("carepack-agent")?;
    let folder = agent.parent().context("a binary lies in a folder")?;
    let mut command = Command::new(binaries::root().join("packaging/build"));
    command.arg("--binaries").arg(folder).arg("--agent-only").arg("--output").arg(output);
    run_ok(command.args(["--version", version, "--payload", "w1.gzdio"]))?;
    let mut files: Vec<PathBuf> = std::fs::read_dir(output)
        .context("listing packages")?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "rpm"))
        .collect();
    files.sort();
    Ok(files)
}
