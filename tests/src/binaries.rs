//! Where the product's binaries are: beside the running test or demo, built when missing.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};

/// The workspace's root.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// The folder of this build's binaries (`target/debug`, `target/release`).
///
/// # Errors
/// When the running program's own path is not known.
pub fn folder() -> Result<PathBuf> {
    let exe = std::env::current_exe().context("finding this program's own path")?;
    let folder = exe.parent().context("a program lies in a folder")?;
    let is_test = folder.file_name().is_some_and(|name| name == "deps");
    Ok(if is_test { folder.parent().unwrap_or(folder) } else { folder }.to_path_buf())
}

/// Builds both binaries with the features of the whole workspace, once a process.
///
/// # Errors
/// When cargo fails; its words are on stderr.
pub fn build() -> Result<()> {
    static BUILT: OnceLock<Result<(), String>> = OnceLock::new();
    BUILT
        .get_or_init(|| run_cargo().map_err(|error| format!("{error:#}")))
        .clone()
        .map_err(anyhow::Error::msg)
}

fn run_cargo() -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root()).args(["build", "--quiet", "--locked"]);
    for package in ["carepack-agent", "carepack-collector", "carepack-tests"] {
        command.args(["--package", package]);
    }
    command.arg("--bins");
    if folder()?.file_name().is_some_and(|name| name == "release") {
        command.arg("--release");
    }
    ensure!(command.status().context("starting cargo")?.success(), "cargo build failed");
    Ok(())
}

/// The path of one binary, built when it is not there. `CAREPACK_BINARIES` names a folder whose
/// binaries come first, such as that of the agent as it is shipped.
///
/// # Errors
/// See [`build`].
pub fn path(name: &str) -> Result<PathBuf> {
    let chosen = std::env::var_os("CAREPACK_BINARIES").map(|folder| Path::new(&folder).join(name));
    if let Some(chosen) = chosen.filter(|path| path.exists()) {
        return Ok(chosen);
    }
    let path = folder()?.join(name);
    if !path.exists() {
        build()?;
    }
    ensure!(path.exists(), "{} was not built", path.display());
    Ok(path)
}
