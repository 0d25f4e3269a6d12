//! Standards of roles and comparisons of hosts, on recorded hosts and through the real commands:
//! an engineer's `standard check` and `compare`, with no server and no database.

use anyhow::{Context, Result, ensure};
use carepack_tests::{binaries, recorded};
use serde_json::Value;

fn folder(name: &str) -> Result<String> {
    let host = recorded::ALL.iter().find(|host| host.name == name).context("a recorded host")?;
    Ok(host.folder().to_string_lossy().into_owned())
}

/// Exit code and the JSON that a command prints.
fn run(arguments: &[&str]) -> Result<(Option<i32>, Value)> {
    binaries::path("carepack-agent")?;
    let mut command = std::process::Command::new(binaries::path("carepack-collector")?);
    let output = command.args(arguments).arg("--json").output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let value =
        serde_json::from_slice(&output.stdout).with_context(|| format!("no JSON: {said}"))?;
    Ok((output.status.code(), value))
}

fn check(host: &str, standard: &str) -> Result<(Option<i32>, Value)> {
    let file = binaries::root().join("collector/standards").join(standard);
    let file = file.to_string_lossy().into_owned();
    run(&["standard", "check", &folder(host)?, "--standard", &file])
}

fn names(compared: &Value) -> Vec<&str> {
    let list = compared["deviations"].as_array();
    list.into_iter().flatten().filter_map(|one| one["name"].as_str()).collect()
}

#[test]
fn the_healthy_web_server_is_as_its_standard_has_it() -> Result<()> {
    let (code, compared) = check("rhel9-web", "web-rhel9.yaml")?;
    ensure!(names(&compared).is_empty(), "{compared}");
    ensure!(code == Some(0) && compared["checked"].as_u64() > Some(40), "{compared}");
    ensure!(compared["unseen"].as_array().is_some_and(Vec::is_empty), "{compared}");
    Ok(())
}

#[test]
fn the_neglected_database_deviates_where_it_was_neglected() -> Result<()> {
    let (code, compared) = check("rhel8-db", "db-rhel8.yaml")?;
    let found = names(&compared);
    let wanted =
        ["111/tcp", "chronyd.service", "firewall.default_zone", "memory.thp", "tuned.profile"];
    for name in wanted {
        ensure!(found.contains(&name), "{name} is not in {found:?}");
    }
    ensure!(code == Some(1));
    Ok(())
}

#[test]
fn what_a_broken_host_hides_is_not_taken_for_right() -> Result<()> {
    let (_, compared) = check("rhel9-broken", "web-rhel9.yaml")?;
    let unseen = compared["unseen"].as_array().context("a list")?;
    let says = |fact: &str| unseen.iter().any(|one| one[0] == fact);
    ensure!(says("packages.installed") && says("services.enabled"), "{compared}");
    ensure!(!names(&compared).contains(&"httpd"), "{compared}");
    Ok(())
}

#[test]
fn two_hosts_differ_by_subject_and_a_host_does_not_differ_from_itself() -> Result<()> {
    let (web, app) = (folder("rhel9-web")?, folder("rhel8-app")?);
    let (_, same) = run(&["compare", &web, &web])?;
    ensure!(same["differences"].as_array().is_some_and(Vec::is_empty), "{same}");
    let (code, other) = run(&["compare", &web, &app])?;
    let differences = other["differences"].as_array().context("a list")?;
    for subject in ["package", "parameter", "unit", "listener", "system"] {
        ensure!(differences.iter().any(|one| one["subject"] == subject), "{subject}: {code:?}");
    }
    let own = |one: &&Value| one["key"] == "hardware.serial" || one["key"] == "identity.hostname";
    ensure!(differences.iter().find(own).is_none(), "what is a host's own is left out");
    Ok(())
}

#[test]
fn a_standard_that_cannot_be_used_is_refused_by_name() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("bent.yaml");
    std::fs::write(&file, "name: bent\nparameters: {no.such.fact: 1}\n")?;
    let mut command = std::process::Command::new(binaries::path("carepack-collector")?);
    command.args(["standard", "check", &folder("rhel9-web")?, "--standard"]).arg(&file);
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(!output.status.success() && said.contains("no.such.fact"), "{said}");
    ensure!(said.contains("bent.yaml"), "{said}");
    Ok(())
}
