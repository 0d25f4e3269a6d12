//! The package list: ours beside `rpm -qa` on the same database, in the same run.
//!
//! `cargo bench -p carepack-rpmdb`. The databases are those of `CAREPACK_CORPUS` (default
//! `../shared/corpus` beside the tree). RPM's figure has the start of its process in it, as an
//! agent that asked it would pay for. Nothing here passes or fails.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use carepack_rpmdb::{Package, bdb, sqlite};
use nix::sys::resource::{UsageWho, getrusage};

const RUNS: u32 = 20;
const DATABASES: [&str; 4] = [
    "made-sqlite-centos6",
    "made-sqlite-ubi9-nodejs",
    "scancode-rhel8.0-as-sqlite",
    "made-bdb-centos8.2-modules",
];

fn main() {
    // `cargo bench` hands over `--bench`; `cargo test --benches` would hand over nothing.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let corpus = std::env::var_os("CAREPACK_CORPUS").map_or(root, PathBuf::from).join("rpmdb");
    println!(
        "{:34} {:>9} {:>10} {:>10} {:>7}",
        "database", "packages", "ours ms", "rpm ms", "ratio"
    );
    for name in DATABASES {
        let folder = corpus.join(name);
        if !folder.is_dir() {
            println!("{name:34} not here (CAREPACK_CORPUS)");
            continue;
        }
        let mut count = 0;
        let ours = cpu_ms(UsageWho::RUSAGE_SELF, || count = ours(&folder));
        let theirs = rpm(&folder).map(|mut command| {
            cpu_ms(UsageWho::RUSAGE_CHILDREN, || {
                assert!(command.status().is_ok_and(|status| status.success()), "rpm answers");
            })
        });
        match theirs {
            Some(theirs) => {
                println!("{name:34} {count:>9} {ours:>10.2} {theirs:>10.2} {:>7.3}", ours / theirs);
            }
            None => println!("{name:34} {count:>9} {ours:>10.2} rpm is not installed"),
        }
    }
}

/// CPU milliseconds of one run, of [`RUNS`].
fn cpu_ms(who: UsageWho, mut run: impl FnMut()) -> f64 {
    let used = || {
        let usage = getrusage(who).expect("a process has usage");
        let of = |time: nix::sys::time::TimeVal| {
            Duration::from_secs(time.tv_sec().unsigned_abs())
                + Duration::from_micros(time.tv_usec().unsigned_abs())
        };
        of(usage.user_time()) + of(usage.system_time())
    };
    run();
    let before = used();
    for _ in 0..RUNS {
        run();
    }
    (used() - before).as_secs_f64() * 1e3 / f64::from(RUNS)
}

fn ours(folder: &Path) -> usize {
    let mut count = 0;
    let mut visit = |package: Result<Package, carepack_rpmdb::Error>| {
        std::hint::black_box(package?);
        count += 1;
        Ok(())
    };
    let read = |name: &str| std::fs::read(folder.join(name)).ok();
    match read("rpmdb.sqlite") {
        Some(file) => sqlite::packages(&file, None, &mut visit),
        None => bdb::packages(&read("Packages").expect("a database"), &mut visit),
    }
    .expect("a good database");
    count
}

/// RPM over a private copy, which it may write to.
fn rpm(folder: &Path) -> Option<Command> {
    let copy = std::env::temp_dir().join(format!("carepack-rpm-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&copy);
    std::fs::create_dir_all(&copy).ok()?;
    let mut backend = "bdb_ro";
    for entry in std::fs::read_dir(folder).ok()?.flatten() {
        if entry.file_name() == "rpmdb.sqlite" {
            backend = "sqlite";
        }
        std::fs::copy(entry.path(), copy.join(entry.file_name())).ok()?;
    }
    Command::new("rpm").arg("--version").stdout(Stdio::null()).status().ok()?;
    let mut command = Command::new("rpm");
    command
        .args(["-qa", "--nosignature", "--nodigest", "--define"])
        .arg(format!("_db_backend {backend}"))
        .args([
            "--qf",
            "%{NAME} %{EPOCHNUM} %{VERSION} %{RELEASE} %{ARCH} %{VENDOR} %{INSTALLTIME}\\n",
        ])
        .arg("--dbpath")
        .arg(copy)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Some(command)
}
