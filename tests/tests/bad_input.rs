//! What bad surroundings get from the agent: a clear error that names the thing and the way out,
//! the right exit code, and nothing lost.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use anyhow::{Result, ensure};
use carepack_tests::agent::Agent;
use carepack_tests::process::run;
use carepack_tests::recorded;

fn agent(dir: &std::path::Path) -> Result<Agent> {
    Agent::new(&dir.join("agent"), "https://127.0.0.1:1", Some(&recorded::ALL[0]))
}

/// Exit code and words of a run that must fail.
fn refused(agent: &Agent, arguments: &[&str], code: i32, words: &[&str]) -> Result<()> {
    let output = agent.run(arguments)?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.code() == Some(code), "wanted {code}, got {}: {said}", output.status);
    for word in words {
        ensure!(said.contains(word), "{word:?} is not said: {said}");
    }
    Ok(())
}

#[test]
fn a_bad_configuration_names_its_file_and_key() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let agent = agent(dir.path())?;
    let file = agent.config();
    let name = file.to_string_lossy().into_owned();
    for (text, word) in [
        ("servr = \"https://x\"", "servr"),
        ("poll_seconds = \"often\"", "poll_seconds"),
        ("server = \"http://x\"", "https://NAME:PORT"),
        ("= nothing", "TOML"),
    ] {
        std::fs::write(&file, text)?;
        let words = [name.as_str(), word];
        let words = if word == "TOML" { &words[..1] } else { &words[..] };
        refused(&agent, &["config", "check"], 78, words)?;
        refused(&agent, &["run"], 78, &[])?;
    }
    std::fs::remove_file(&file)?;
    refused(&agent, &["config", "check"], 78, &[&name, "no such file"])
}

#[test]
fn a_state_folder_of_somebody_else_is_refused() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let agent = agent(dir.path())?;
    std::fs::create_dir(agent.state())?;
    std::fs::set_permissions(agent.state(), std::fs::Permissions::from_mode(0o777))?;
    refused(&agent, &["collect"], 1, &["chmod"])?;
    std::fs::set_permissions(agent.state(), std::fs::Permissions::from_mode(0o700))?;
    ensure!(matches!(agent.run(&["collect"])?.status.code(), Some(0 | 6)));
    Ok(())
}

#[test]
fn a_full_disk_is_named_and_what_was_spooled_stays() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let agent = agent(dir.path())?;
    let state = agent.state();
    std::fs::create_dir(&state)?;
    let mounted = run(std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs"])
        .arg(&state));
    if !mounted.is_ok_and(|output| output.status.success()) {
        println!("skipped: a small tmpfs cannot be mounted here (needs root)");
        return Ok(());
    }
    let result = fill(&agent);
    run(std::process::Command::new("umount").arg("-l").arg(&state))?;
    result
}

/// Collects until the disk is full, then makes room and collects again.
fn fill(agent: &Agent) -> Result<()> {
    ensure!(matches!(agent.run(&["collect"])?.status.code(), Some(0 | 6)), "the first one fits");
    let spool = agent.state().join("spool");
    let spooled = || std::fs::read_dir(&spool).map(|entries| entries.flatten().count());
    let before = spooled()?;
    let mut ballast = std::fs::File::create(agent.state().join("ballast"))?;
    while ballast.write_all(&[0; 1024]).is_ok() {}
    drop(ballast);
    refused(agent, &["collect"], 1, &["free space"])?;
    ensure!(spooled()? == before, "the earlier entry stays and no half one is left");
    std::fs::remove_file(agent.state().join("ballast"))?;
    ensure!(matches!(agent.run(&["collect"])?.status.code(), Some(0 | 6)), "room again");
    ensure!(spooled()? == before + 1);
    Ok(())
}

#[test]
fn a_read_only_state_folder_is_named() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let agent = agent(dir.path())?;
    agent.run(&["collect"])?;
    let mount = |words: &[&str]| {
        run(std::process::Command::new("mount").args(words)).is_ok_and(|o| o.status.success())
    };
    let state = agent.state().to_string_lossy().into_owned();
    if !mount(&["--bind", &state, &state]) || !mount(&["-o", "remount,ro,bind", &state]) {
        println!("skipped: a read-only bind mount cannot be made here (needs root)");
        return Ok(());
    }
    let result = refused(&agent, &["collect"], 1, &[&state]);
    run(std::process::Command::new("umount").arg("-l").arg(&state))?;
    result
}

#[test]
fn two_collections_at_once_are_one() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let agent = agent(dir.path())?;
    agent.run(&["collect"])?;
    let lock = std::fs::File::open(agent.state().join("lock"))?;
    let held = nix::fcntl::Flock::lock(lock, nix::fcntl::FlockArg::LockExclusiveNonblock)
        .map_err(|(_, errno)| errno)?;
    refused(&agent, &["collect"], 75, &["another collection"])?;
    drop(held);
    ensure!(matches!(agent.run(&["collect"])?.status.code(), Some(0 | 6)));
    Ok(())
}

#[test]
fn nobody_at_the_other_end_is_unreachable_and_not_enrolled_is_said() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let agent = agent(dir.path())?;
    refused(&agent, &["run"], 3, &["not enrolled", "enroll"])?;
    ensure!(agent.run(&["doctor"])?.status.code() == Some(3));
    let token = format!("cpk1.{}.{}", "a".repeat(32), "0".repeat(64));
    let output = agent.enrol_output(&token)?;
    ensure!(output.status.code() == Some(4), "{}", output.status);
    Ok(())
}
