//! The packages: made from this build's binaries, installed, upgraded and erased in an empty root.
//!
//! What runs after an installation is tried under a real systemd in `systemd.rs`.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use carepack_tests::agent::Agent;
use carepack_tests::packages::{build, can_build};
use carepack_tests::process::{run, run_ok};
use carepack_tests::recorded;

/// `rpm` on a root of its own; owners and scripts need the accounts of a real one.
fn rpm(root: &Path, words: &[&str]) -> Result<String> {
    let mut command = Command::new("rpm");
    run_ok(command.arg("--root").arg(root).args(words))
}

fn mode(path: &Path) -> Result<u32> {
    let seen = std::fs::metadata(path).with_context(|| format!("{}", path.display()))?;
    Ok(seen.permissions().mode() & 0o7777)
}

#[test]
fn an_agent_is_installed_upgraded_and_erased_and_its_settings_are_nobody_elses() -> Result<()> {
    if !can_build() {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let old = build(&dir.path().join("old"), "0.0.9")?;
    let new = build(&dir.path().join("new"), "0.1.0")?;
    for release in ["el7", "el8"] {
        let root = dir.path().join(release);
        std::fs::create_dir(&root)?;
        rpm(&root, &["--initdb"])?;
        let package = |files: &[PathBuf]| {
            let end = format!("{release}.x86_64.rpm");
            let named = |path: &&PathBuf| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                name.ends_with(&end) && !name.contains("selinux")
            };
            files.iter().find(named).map(|path| path.display().to_string()).context("a package")
        };
        let (old, new) = (package(&old)?, package(&new)?);
        rpm(&root, &["-i", "--nodeps", "--noscripts", &old])?;
        let config = root.join("etc/carepack-agent/agent.toml");
        ensure!(mode(&config)? == 0o640 && mode(&root.join("var/lib/carepack-agent"))? == 0o700);
        ensure!(mode(&root.join("usr/bin/carepack-agent"))? == 0o755);
        for unit in ["carepack-agent", "carepack-collect"] {
            let drop_in = format!("usr/lib/systemd/system/{unit}.service.d/10-{release}.conf");
            ensure!(root.join(&drop_in).exists(), "{drop_in}");
        }
        std::fs::write(&config, "# edited\n")?;
        rpm(&root, &["-U", "--nodeps", "--noscripts", &new])?;
        ensure!(rpm(&root, &["-q", "carepack-agent"])?.contains("0.1.0"));
        ensure!(std::fs::read_to_string(&config)? == "# edited\n", "the edited settings are gone");
        rpm(&root, &["-e", "--nodeps", "--noscripts", "carepack-agent"])?;
        let kept = config.with_extension("toml.rpmsave");
        ensure!(std::fs::read_to_string(&kept)? == "# edited\n", "no .rpmsave");
        ensure!(!root.join("usr/bin/carepack-agent").exists());
    }
    Ok(())
}

#[test]
fn the_same_sources_give_the_same_package() -> Result<()> {
    if !can_build() {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let digest = |name: &str| -> Result<Vec<String>> {
        let files = build(&dir.path().join(name), "0.1.0")?;
        let one = |path: &PathBuf| Ok(carepack_shared::digest::sha256_hex(&std::fs::read(path)?));
        files.iter().map(one).collect()
    };
    let (first, second) = (digest("a")?, digest("b")?);
    ensure!(first.len() >= 2 && first == second, "{first:?} and {second:?}");
    Ok(())
}

/// What `recipes` call RHEL 7.9's base: no library beside glibc. The versions of glibc itself are those
/// of the machine that built; `packaging/build` refuses newer ones in what is shipped.
#[test]
fn nothing_is_required_that_rhel_7_lacks() -> Result<()> {
    if !can_build() {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let files = build(dir.path(), "0.1.0")?;
    let file = files.iter().find(|path| path.to_string_lossy().contains(".el7.")).context("el7")?;
    let required = run_ok(Command::new("rpm").arg("-qpR").arg(file))?;
    let base = |name: &str| {
        let known = ["libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "libgcc_s.so.1"];
        known.iter().any(|library| name.starts_with(library))
            || ["/bin/sh", "systemd", "shadow-utils", "rtld(GNU_HASH)"].contains(&name)
            || name.starts_with("ld-linux-x86-64.so.2")
            || name.starts_with("rpmlib(")
            || name.starts_with("config(carepack-agent)")
    };
    let more: Vec<&str> = required.lines().map(str::trim).filter(|name| !base(name)).collect();
    ensure!(more.is_empty(), "the package wants {more:?}");
    Ok(())
}

#[test]
fn nothing_starts_by_an_installation_and_only_what_runs_is_restarted() -> Result<()> {
    if !can_build() {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    for file in build(dir.path(), "0.1.0")? {
        let scripts = run_ok(Command::new("rpm").args(["-qp", "--scripts"]).arg(&file))?;
        for word in ["systemctl start", "systemctl restart", "systemctl enable"] {
            ensure!(!scripts.contains(word), "{}: {word}", file.display());
        }
        let preset = std::fs::read_to_string(
            carepack_tests::binaries::root().join("packaging/rpm/90-carepack-agent.preset"),
        )?;
        ensure!(!preset.lines().any(|line| line.starts_with("enable")), "{preset}");
    }
    Ok(())
}

#[test]
fn rpmlint_has_nothing_to_say() -> Result<()> {
    let Ok(found) = Command::new("/usr/bin/rpmlint").arg("--version").output() else {
        println!("skipped: /usr/bin/rpmlint is not here");
        return Ok(());
    };
    ensure!(found.status.success());
    if !can_build() {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let folder = carepack_tests::binaries::root().join("packaging/rpm");
    let mut command = Command::new("/usr/bin/rpmlint");
    command.arg("-c").arg(folder.join("rpmlint.toml")).args(build(dir.path(), "0.1.0")?);
    command.args(["carepack-agent.spec", "carepack-collector.spec"].map(|name| folder.join(name)));
    let output = run(&mut command)?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(said.contains(" 0 errors, 0 warnings"), "{said}");
    Ok(())
}

#[test]
fn a_purge_leaves_nothing_and_an_unenrolment_only_what_was_seen() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let agent = Agent::new(&dir.path().join("a"), "https://127.0.0.1:1", Some(&recorded::ALL[0]))?;
    agent.run(&["collect"])?;
    std::fs::write(agent.state().join("enrolment.json"), "{}")?;
    agent.run_ok(&["unenroll"])?;
    ensure!(!agent.state().join("enrolment.json").exists(), "the enrolment stays");
    ensure!(agent.state().join("spool").read_dir()?.next().is_some(), "the spool is gone");
    agent.run_ok(&["unenroll", "--purge"])?;
    ensure!(!agent.state().exists() && !agent.config().exists(), "something stays");
    Ok(())
}

#[test]
fn the_shipped_settings_are_the_defaults_and_are_sound() -> Result<()> {
    let file = carepack_tests::binaries::root().join("packaging/config/agent.toml");
    let text = std::fs::read_to_string(&file)?;
    let dir = tempfile::tempdir()?;
    // Every key that is commented out, put in force: names and values must hold.
    let in_force: String = text
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest)
                if rest.split(" = ").next().is_some_and(is_key) && !rest.contains("\"\"") =>
            {
                format!("{rest}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect();
    ensure!(in_force.lines().filter(|line| line.contains(" = ")).count() > 10, "{in_force}");
    let config = dir.path().join("agent.toml");
    std::fs::write(&config, in_force)?;
    let binary = carepack_tests::binaries::path("carepack-agent")?;
    let checked = run(Command::new(binary).arg("--config").arg(&config).args(["config", "check"]))?;
    ensure!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    Ok(())
}

fn is_key(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')
}
