//! The agent under a real systemd as PID 1: installed from its package, enrolled at a collector,
//! collected by a unit of its own, killed, hung, reloaded, stopped, erased.
//!
//! Needs root, systemd-nspawn, and a Debian root that `tests/run` makes once with debootstrap
//! (`target/tools/systemd-root`); says aloud what is missing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use carepack_shared::Snapshot;
use carepack_tests::process::{run, run_ok, until};
use carepack_tests::{binaries, packages};

/// Two machines would share a control group, and each one's systemd would clear the other's away.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A booted root; powered off when dropped.
struct Machine {
    _only: MutexGuard<'static, ()>,
    root: tempfile::TempDir,
    nspawn: Child,
    leader: String,
}

impl Machine {
    /// None, said aloud, where this cannot be done.
    fn boot() -> Result<Option<Self>> {
        let base = binaries::root().join("target/tools/systemd-root");
        let missing = [
            (!nix::unistd::geteuid().is_root(), "root"),
            (!Path::new("/usr/bin/systemd-nspawn").exists(), "systemd-nspawn"),
            (!base.join("usr/lib/systemd/systemd").exists(), "target/tools/systemd-root"),
        ];
        if let Some((_, what)) = missing.iter().find(|(missing, _)| *missing) {
            println!("skipped: no systemd can be booted here, {what} is missing");
            return Ok(None);
        }
        if !packages::can_build() {
            return Ok(None);
        }
        let only = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let root = tempfile::Builder::new().prefix("carepack-boot").tempdir()?;
        run_ok(
            Command::new("cp").args(["-a", "--reflink=auto"]).arg(base.join(".")).arg(root.path()),
        )?;
        std::fs::write(root.path().join("etc/hosts"), "127.0.0.1 localhost\n")?;
        // Debian's rpm has its database in the home folder, RHEL's here.
        std::fs::create_dir_all(root.path().join("etc/rpm"))?;
        std::fs::write(root.path().join("etc/rpm/macros"), "%_dbpath /var/lib/rpm\n")?;
        let collector = binaries::path("carepack-collector")?;
        std::fs::copy(collector, root.path().join("usr/local/bin/carepack-collector"))?;
        let name = root.path().file_name().context("a name")?.to_string_lossy().replace('.', "");
        let log = root.path().with_extension("console");
        let console = std::fs::File::create(&log)?;
        let nspawn = Command::new("/usr/bin/systemd-nspawn")
            .args(["-q", "--boot", "--register=no", "--keep-unit", "--private-network"])
            .arg("--console=pipe")
            .arg(format!("--machine={name}"))
            .arg(format!("--directory={}", root.path().display()))
            .stdin(Stdio::null())
            .stdout(console.try_clone()?)
            .stderr(console)
            .spawn()
            .context("starting systemd-nspawn")?;
        let mut machine = Self { _only: only, root, nspawn, leader: String::new() };
        let parent = machine.nspawn.id().to_string();
        machine.leader = until("systemd to start", || {
            let found = run(Command::new("pgrep").args(["-P", &parent]))?;
            let text = String::from_utf8_lossy(&found.stdout).into_owned();
            Ok(text.lines().next().map(str::to_owned))
        })?;
        until("the machine to run", || {
            if let Some(status) = machine.nspawn.try_wait()? {
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                bail!("systemd-nspawn ended with {status}: {said}");
            }
            let state = machine.try_say("systemctl is-system-running")?;
            Ok(matches!(state.trim(), "running" | "degraded").then_some(()))
        })?;
        machine.say("ip link set lo up")?;
        Ok(Some(machine))
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.leader, "-a", "--", "/usr/bin/env", "-i"]);
        command.args(["PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin", "LC_ALL=C.UTF-8"]);
        command.args(["/bin/sh", "-c", line]);
        command
    }

    fn say(&self, line: &str) -> Result<String> {
        Ok(run_ok(&mut self.command(line))?.trim().to_owned())
    }

    /// As [`Self::say`], whatever the exit code.
    fn try_say(&self, line: &str) -> Result<String> {
        let output = run(&mut self.command(line))?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Puts a package into the machine and installs it there, scripts and all.
    fn install(&self, file: &Path, how: &str) -> Result<()> {
        std::fs::copy(file, self.root.path().join("root/package.rpm"))?;
        self.say(&format!("rpm {how} --nodeps /root/package.rpm")).map(drop)
    }

    fn shows(&self, unit: &str, property: &str) -> Result<String> {
        self.say(&format!("systemctl show --value -p {property} {unit}"))
    }

    fn pid(&self) -> Result<String> {
        self.shows("carepack-agent.service", "MainPID")
    }

    fn becomes(&self, what: &str, line: &str, expected: &str) -> Result<()> {
        until(what, || Ok((self.try_say(line)? == expected).then_some(())))
            .with_context(|| self.try_say("journalctl --no-pager -n 40").unwrap_or_default())
    }

    /// A new process than `before`, ready.
    fn restarted(&self, before: &str) -> Result<String> {
        until("another process", || {
            let (pid, state) = (self.pid()?, self.shows("carepack-agent", "ActiveState")?);
            Ok((pid != before && pid != "0" && state == "active").then_some(pid))
        })
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = run(&mut self.command("systemctl poweroff --force --force"));
        let _ = self.nspawn.kill();
        let _ = self.nspawn.wait();
        let root = self.root.path();
        let _ = std::fs::remove_file(root.with_extension("console"));
        // The lock that systemd-nspawn leaves beside a root.
        let name = root.file_name().unwrap_or_default().to_string_lossy();
        let _ = std::fs::remove_file(root.with_file_name(format!(".#{name}.lck")));
    }
}

fn el8(folder: &Path, version: &str) -> Result<PathBuf> {
    let named = |path: &PathBuf| {
        let name = path.to_string_lossy();
        name.contains(".el8.") && !name.contains("selinux")
    };
    packages::build(folder, version)?.into_iter().find(named).context("an el8 package")
}

/// A collector inside, and a token of it.
fn collector(machine: &Machine) -> Result<String> {
    let tool = "carepack-collector --data /srv/c";
    machine.say(&format!(
        "{tool} init --poll-seconds 5 --public-name localhost --agents-listen 127.0.0.1:8443"
    ))?;
    machine.say(&format!("{tool} customer add X && {tool} contract add --customer X --name x"))?;
    machine.say("systemd-run --unit=collector carepack-collector --data /srv/c serve")?;
    machine.becomes("the collector", "test -s /srv/c/run/addresses.json; echo $?", "0")?;
    machine.say(&format!("{tool} token add --contract x"))
}

#[test]
fn two_services_under_a_real_systemd() -> Result<()> {
    let Some(machine) = Machine::boot()? else { return Ok(()) };
    let dir = tempfile::tempdir()?;
    let (old, new) = (el8(&dir.path().join("a"), "0.0.9")?, el8(&dir.path().join("b"), "0.1.0")?);
    machine.install(&old, "-i")?;
    for unit in ["carepack-agent.service", "carepack-collect.path", "carepack-collect.timer"] {
        let state =
            machine.try_say(&format!("systemctl is-enabled {unit}; systemctl is-active {unit}"))?;
        ensure!(state == "disabled\ninactive", "after the installation {unit} is {state}");
    }
    let token = collector(&machine)?;
    machine.say("find /etc /var/lib/rpm /boot -type f -exec sha256sum {} + -printf '%p %T@\\n' | grep -v carepack > /root/before")?;
    machine.say(&format!(
        "printf %s '{token}' | runuser -u carepack-agent -- carepack-agent enroll \
         --server https://localhost:8443 --token-file - --yes"
    ))?;
    machine.say("systemctl start carepack-agent.service")?;
    // Starting it starts what wakes the collection; the first one is due at once.
    machine.becomes("the path unit", "systemctl is-active carepack-collect.path", "active")?;
    machine.becomes("the timer", "systemctl is-active carepack-collect.timer", "active")?;
    let stored = "carepack-collector --data /srv/c host list --json | grep -c '\"snapshots\": 1$'";
    machine.becomes("a snapshot at the collector", stored, "1")?;
    ensure!(machine.shows("carepack-collect.service", "Result")? == "success");
    machine.say("find /etc /var/lib/rpm /boot -type f -exec sha256sum {} + -printf '%p %T@\\n' | grep -v carepack > /root/after")?;
    machine.say("diff /root/before /root/after").context("a collection changed the host")?;
    privileges(&machine)?;
    lives(&machine)?;
    upgrades(&machine, &new)
}

/// What the kernel says of the resident process, and systemd of both.
fn privileges(machine: &Machine) -> Result<()> {
    let pid = machine.pid()?;
    let status = machine.say(&format!("cat /proc/{pid}/status"))?;
    for line in
        ["CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"]
    {
        ensure!(status.contains(line), "no {line:?} in\n{status}");
    }
    // Under systemd's filter the binary's own limits still hold, and it says so. The container that
    // stands for a machine here may lack Landlock, which is told too.
    let told = machine.say("journalctl --no-pager -u carepack-agent | grep -o 'sandbox: .*'")?;
    println!("{told}");
    ensure!(told.starts_with("sandbox: capabilities, ") && !told.contains("no system"), "{told}");
    let doctor = machine.say("runuser -u carepack-agent -- carepack-agent --lang en doctor")?;
    ensure!(doctor.contains(told.trim_start_matches("sandbox: ")), "{told}\n{doctor}");
    let level = |unit: &str| -> Result<f64> {
        let text =
            machine.try_say(&format!("systemd-analyze security --no-pager {unit} | tail -n 1"))?;
        let words: Vec<&str> = text.split_whitespace().collect();
        words.iter().find_map(|word| word.parse().ok()).with_context(|| text.clone())
    };
    // What a collection must be able to see costs the rest; security.md names each setting.
    for (unit, max) in [("carepack-agent.service", 1.5), ("carepack-collect.service", 2.3)] {
        let found = level(unit)?;
        ensure!(found <= max, "{unit}: exposure {found}");
    }
    Ok(())
}

/// Killed, hung, reloaded, stopped.
fn lives(machine: &Machine) -> Result<()> {
    let pid = machine.pid()?;
    machine.say("mkdir -p /run/systemd/system/carepack-agent.service.d && printf '[Service]\\nWatchdogSec=25\\nRestartSec=1\\n' > /run/systemd/system/carepack-agent.service.d/99.conf && systemctl daemon-reload")?;
    machine.say(&format!("kill -9 {pid}"))?;
    let pid = machine.restarted(&pid)?;
    machine.say(&format!("kill -STOP {pid}"))?;
    let pid = machine.restarted(&pid).context("a process that hangs is not noticed")?;
    machine.say("echo 'poll_seconds = 0' > /etc/carepack-agent/agent.d/x.toml && chmod 644 /etc/carepack-agent/agent.d/x.toml && systemctl reload carepack-agent")?;
    machine.becomes(
        "the refusal of bad settings",
        "journalctl -u carepack-agent | grep -c 'poll_seconds is 0'",
        "1",
    )?;
    ensure!(machine.pid()? == pid, "a reload with bad settings stopped it");
    machine.say("rm /etc/carepack-agent/agent.d/x.toml && systemctl reload carepack-agent")?;
    let started = Instant::now();
    machine.say("systemctl stop carepack-agent")?;
    ensure!(started.elapsed() < Duration::from_secs(5), "it took {:?} to stop", started.elapsed());
    ensure!(machine.shows("carepack-agent", "Result")? == "success");
    Ok(())
}

/// Upgraded while stopped and while running, then erased.
fn upgrades(machine: &Machine, new: &Path) -> Result<()> {
    machine.install(new, "-U")?;
    ensure!(
        machine.try_say("systemctl is-active carepack-agent")? == "inactive",
        "an upgrade started it"
    );
    machine.say("systemctl start carepack-agent")?;
    let pid = machine.pid()?;
    machine.install(new, "-U --force")?;
    machine.restarted(&pid).context("an upgrade leaves the old binary running")?;
    machine.say("rpm -e --nodeps carepack-agent")?;
    ensure!(machine.try_say("pgrep -x carepack-agent")?.is_empty(), "it runs after it was erased");
    Ok(())
}

/// Kinds of what is seen that the moment decides, by the end of its key.
const MOMENTARY: [&str; 19] = [
    "/proc/stat",
    "/proc/uptime",
    "cpu-usage",
    "/proc/diskstats",
    "file-nr",
    "/proc/loadavg",
    "journal",
    "/proc/meminfo",
    "/proc/pressure/cpu",
    "/proc/pressure/io",
    "/proc/pressure/memory",
    "/proc/vmstat",
    "/proc/net/dev",
    "/proc/net/netstat",
    "/proc/net/snmp",
    "numa",
    "processes",
    "systemd-units",
    "systemd-unit-files",
];

/// Runs a collection as a unit of the given name; what it saw.
fn collected(machine: &Machine, unit: &str, settings: &str) -> Result<Snapshot> {
    let folder = "/run/systemd/system";
    let file = format!("/var/lib/carepack-agent/{unit}.json");
    machine.say(&format!(
        "mkdir -p {folder}/{unit}.service.d && {settings} && \
         printf '[Service]\\nExecStart=\\nExecStart=/usr/bin/carepack-agent collect --output {file}\\n' \
         > {folder}/{unit}.service.d/99.conf && systemctl daemon-reload && systemctl start {unit}"
    ))?;
    let bytes = std::fs::read(machine.root.path().join(file.trim_start_matches('/')))?;
    Snapshot::from_document(&bytes).context("reading a snapshot")
}

#[test]
fn the_sandbox_hides_nothing_that_an_inspection_needs() -> Result<()> {
    let Some(machine) = Machine::boot()? else { return Ok(()) };
    let dir = tempfile::tempdir()?;
    machine.install(&el8(dir.path(), "0.1.0")?, "-i")?;
    machine.say("systemd-run --unit=listens /usr/local/bin/carepack-collector --data /srv/c version; ip addr add 10.9.8.7/24 dev lo; sysctl -w net.ipv4.ip_forward=1")?;
    let own = "/usr/lib/systemd/system/carepack-collect.service";
    let boxed = collected(
        &machine,
        "boxed",
        &format!(
            "cp {own} /run/systemd/system/boxed.service && cp {own}.d/*.conf /run/systemd/system/boxed.service.d/"
        ),
    )?;
    let free = collected(
        &machine,
        "free",
        "printf '[Service]\\nType=oneshot\\nUser=carepack-agent\\nSuccessExitStatus=6\\nAmbientCapabilities=CAP_DAC_READ_SEARCH\\nExecStart=/bin/true\\n' > /run/systemd/system/free.service",
    )?;
    let seen = |snapshot: &Snapshot| -> Result<BTreeSet<(String, String)>> {
        let one = |o: &carepack_shared::Observation| {
            Ok((o.source.key(), serde_json::to_string(&o.outcome)?))
        };
        snapshot.observations.iter().map(one).collect()
    };
    let (boxed, free) = (seen(&boxed)?, seen(&free)?);
    ensure!(free.iter().any(|(_, said)| said.contains("10.9.8.7/24")), "no address is seen at all");
    let mut differ: Vec<&(String, String)> = boxed.symmetric_difference(&free).collect();
    differ.retain(|(key, _)| !MOMENTARY.iter().any(|end| key.ends_with(end)));
    if !differ.is_empty() {
        bail!("seen with one and not with the other: {differ:#?}");
    }
    Ok(())
}
