//! A host that means harm: what a local user can plant, what hangs, what is far too large. The agent
//! ends in time, with little memory, says what it could not see, and runs nothing that was planted.

use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use carepack_shared::{Outcome, Snapshot, Unseen};
use carepack_tests::agent::Agent;
use carepack_tests::binaries;
use carepack_tests::process::{run, run_ok};
use carepack_tests::recorded;

/// Most memory of a collection on a host however hostile, in KiB; its unit allows 192 MiB.
const PEAK_KIB_MAX: u64 = 96 * 1024;

/// What is said of a source: why it was not seen, or nothing.
fn reason(snapshot: &Snapshot, key: &str) -> Result<Option<Unseen>> {
    let found = snapshot.observations.iter().find(|o| o.source.key() == key);
    Ok(match &found.with_context(|| format!("{key} is not in the snapshot"))?.outcome {
        Outcome::Seen { .. } => None,
        Outcome::Unseen { reason, .. } => Some(*reason),
    })
}

/// Looks at a file tree as at a host.
fn look(dir: &Path, root: &Path) -> Result<(Snapshot, Duration)> {
    let agent = Agent::new(&dir.join("agent"), "https://127.0.0.1:1", None)?;
    let started = Instant::now();
    let root = root.to_string_lossy();
    let output = agent.run(&["collect", "--root", &root, "--output", "-"])?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(matches!(output.status.code(), Some(0 | 6)), "{}: {said}", output.status);
    Ok((Snapshot::from_document(&output.stdout)?, started.elapsed()))
}

fn tree(dir: &Path) -> Result<std::path::PathBuf> {
    let root = dir.join("root");
    for folder in ["etc/sysctl.d", "var/log", "etc/cron.d"] {
        std::fs::create_dir_all(root.join(folder))?;
    }
    std::fs::write(root.join("etc/os-release"), "NAME=\"Red Hat\"\nID=rhel\nVERSION_ID=\"9.4\"\n")?;
    Ok(root)
}

fn is_root() -> bool {
    let root = nix::unistd::geteuid().is_root();
    if !root {
        println!("skipped: needs root");
    }
    root
}

#[test]
fn fifos_devices_and_links_are_named_and_never_opened() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let root = tree(dir.path())?;
    nix::unistd::mkfifo(&root.join("etc/fstab"), nix::sys::stat::Mode::S_IRWXU)?;
    symlink("/dev/zero", root.join("etc/hosts"))?;
    symlink("/etc/shadow", root.join("etc/sysctl.conf"))?;
    std::fs::create_dir(root.join("etc/chrony.conf"))?;
    let (snapshot, took) = look(dir.path(), &root)?;
    ensure!(took < Duration::from_secs(30), "{took:?}");
    for key in ["/etc/fstab", "/etc/hosts", "/etc/sysctl.conf", "/etc/chrony.conf"] {
        let found = reason(&snapshot, key)?;
        ensure!(matches!(found, Some(Unseen::Failed | Unseen::Absent)), "{key}: {found:?}");
    }
    ensure!(!String::from_utf8(snapshot.to_document())?.contains("root:$"), "/etc/shadow was read");
    Ok(())
}

#[test]
fn a_file_that_is_swapped_for_a_fifo_all_the_time_hangs_nobody() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let root = tree(dir.path())?;
    let (file, fifo, place) =
        (dir.path().join("file"), dir.path().join("fifo"), root.join("etc/hosts"));
    std::fs::write(&file, "127.0.0.1 localhost\n")?;
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU)?;
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let next = dir.path().join("next");
            while !stop.load(Ordering::Relaxed) {
                for target in [&file, &fifo] {
                    let _ = std::fs::remove_file(&next);
                    let _ = std::fs::hard_link(target, &next);
                    let _ = std::fs::rename(&next, &place);
                }
            }
        });
        let looked = (0..5).try_for_each(|_| {
            let (snapshot, took) = look(dir.path(), &root)?;
            ensure!(took < Duration::from_secs(30), "{took:?}");
            reason(&snapshot, "/etc/hosts").map(drop)
        });
        stop.store(true, Ordering::Relaxed);
        looked
    })
}

#[test]
fn a_state_folder_that_somebody_else_made_is_refused() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let agent = Agent::new(&dir.path().join("a"), "https://127.0.0.1:1", Some(&recorded::ALL[0]))?;
    let refused = |word: &str| -> Result<()> {
        let output = agent.run(&["collect"])?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(!output.status.success() && said.contains(word), "{}: {said}", output.status);
        Ok(())
    };
    std::fs::create_dir(agent.state())?;
    std::fs::set_permissions(agent.state(), std::fs::Permissions::from_mode(0o777))?;
    refused("chmod 0700")?;
    if is_root() {
        std::fs::set_permissions(agent.state(), std::fs::Permissions::from_mode(0o700))?;
        chown(agent.state(), Some(65_534), None)?;
        refused("chown")?;
    }
    std::fs::remove_dir(agent.state())?;
    symlink("/tmp", agent.state())?;
    refused("not a folder")
}

#[test]
fn a_fake_command_first_in_path_and_a_library_to_preload_are_not_used() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (fakes, marker) = (dir.path().join("bin"), dir.path().join("ran"));
    std::fs::create_dir(&fakes)?;
    for name in ["rpm", "systemctl", "ip", "getent", "sh", "chronyc"] {
        let fake = fakes.join(name);
        std::fs::write(&fake, format!("#!/bin/sh\necho $0 >> {}\n", marker.display()))?;
        std::fs::set_permissions(&fake, std::fs::Permissions::from_mode(0o755))?;
    }
    let agent = Agent::new(&dir.path().join("a"), "https://127.0.0.1:1", None)?;
    let mut command = agent.command()?;
    command.args(["collect", "--dry-run"]).env("PATH", &fakes).env("IFS", "/").env("LANG", "xx");
    let output = run(&mut command)?;
    ensure!(matches!(output.status.code(), Some(0 | 6)), "{}", output.status);
    ensure!(!marker.exists(), "{}", std::fs::read_to_string(&marker)?);
    // The helpers' own environment is empty: what a caller preloads stays with the caller.
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(text.contains("processes started"), "{text}");
    Ok(())
}

/// Runs a shell line as root in a mount namespace of its own, `$AGENT` being the binary.
fn in_namespace(line: &str) -> Result<String> {
    let binary = binaries::path("carepack-agent")?;
    run_ok(Command::new("unshare").args(["-m", "/bin/sh", "-ec", line]).env("AGENT", binary))
}

#[test]
fn a_helper_that_hangs_costs_its_probe_and_the_snapshot_is_taken() -> Result<()> {
    if !is_root() || !Path::new("/usr/bin/systemctl").exists() {
        println!("skipped: no /usr/bin/systemctl to replace");
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let agent = Agent::new(&dir.path().join("a"), "https://127.0.0.1:1", None)?;
    let fake = dir.path().join("systemctl");
    std::fs::write(&fake, "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 1000; done\n")?;
    std::fs::set_permissions(&fake, std::fs::Permissions::from_mode(0o755))?;
    let file = dir.path().join("seen.json");
    let started = Instant::now();
    in_namespace(&format!(
        "mount --bind {} /usr/bin/systemctl; $AGENT --config {} collect --output {} >&2 || [ $? = 6 ]",
        fake.display(),
        agent.config().display(),
        file.display()
    ))?;
    ensure!(started.elapsed() < Duration::from_secs(120), "{:?}", started.elapsed());
    let snapshot = Snapshot::from_document(&std::fs::read(&file)?)?;
    ensure!(reason(&snapshot, "cmd:systemd-units")? == Some(Unseen::TimedOut));
    ensure!(reason(&snapshot, "/proc/loadavg")?.is_none());
    let left = run(Command::new("pgrep").arg("-f").arg(&fake))?;
    ensure!(left.stdout.is_empty(), "the helper lives on");
    Ok(())
}

#[test]
fn half_a_million_files_in_one_folder_cost_neither_memory_nor_minutes() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let root = tree(dir.path())?;
    let folder = root.join("etc/sysctl.d");
    for number in 0..500_000 {
        std::fs::File::create(folder.join(format!("{number:06}.conf")))?;
    }
    let (snapshot, took) = look(dir.path(), &root)?;
    ensure!(took < Duration::from_secs(90), "{took:?}");
    ensure!(snapshot.agent.peak_kib < PEAK_KIB_MAX, "{} KiB", snapshot.agent.peak_kib);
    let cpu = snapshot.agent.cpu_ms;
    println!("500,000 files: {took:?}, {cpu} ms CPU, {} KiB", snapshot.agent.peak_kib);
    ensure!(cpu < 30_000, "{cpu} ms");
    Ok(())
}

#[test]
fn a_line_of_200_megabytes_and_escapes_are_cut_and_cleaned() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let root = tree(dir.path())?;
    let mut log = std::fs::File::create(root.join("var/log/messages"))?;
    log.write_all(b"Nov  5 00:00:01 h kernel: ")?;
    // Not a hole: every byte of it is a letter.
    let piece = vec![b'x'; 1024 * 1024];
    for _ in 0..200 {
        log.write_all(&piece)?;
    }
    log.write_all(
        b"\nNov  5 00:00:02 h sshd[1]: error: \x1b]0;owned\x07\x1b[2J\xff\xfe\xe2\x80\xae txt\n",
    )?;
    log.seek(SeekFrom::Start(0))?;
    std::fs::write(root.join("etc/hostname"), "h\x1b[31m\n")?;
    std::fs::write(root.join("etc/fstab"), "\x1b]52;c;AAAA\x07 /x xfs defaults 0 0\n")?;
    let (snapshot, took) = look(dir.path(), &root)?;
    ensure!(took < Duration::from_secs(60), "{took:?}");
    ensure!(snapshot.agent.peak_kib < PEAK_KIB_MAX, "{} KiB", snapshot.agent.peak_kib);
    ensure!(reason(&snapshot, "log:messages")?.is_none());
    let document = String::from_utf8(snapshot.to_document())?;
    for raw in ["\u{1b}", "\\u001b", "\u{202e}", "\u{7}", "\\u0007"] {
        ensure!(!document.contains(raw), "{raw:?} travels");
    }
    Ok(())
}
