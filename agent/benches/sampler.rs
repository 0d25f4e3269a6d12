//! What one sample costs, beside resident `sadc` (Debian: sysstat) in the same run.
//!
//! `cargo bench -p carepack-agent --bench sampler`. Nothing here passes or fails.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use carepack_agent::sampler::{EVERY, Sampler};
use jiff::Timestamp;
use nix::sys::resource::{UsageWho, getrusage};

/// A day of ours; `sadc` takes one a second.
const OURS: u32 = 1_440;
const THEIRS: u32 = 20;
const SADC: [&str; 2] = ["/usr/lib/sysstat/sadc", "/usr/lib64/sa/sadc"];

fn main() {
    // `cargo bench` hands over `--bench`; `cargo test --benches` would hand over nothing.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let ours = ours(folder.path());
    println!("sampler: {:.3} ms CPU and {:.0} bytes a sample", ours.0, ours.1);
    match SADC.iter().find(|path| Path::new(path).exists()) {
        Some(sadc) => {
            let theirs = theirs(sadc, &folder.path().join("sa"));
            println!("sadc:    {:.3} ms CPU and {:.0} bytes a sample", theirs.0, theirs.1);
            println!(
                "ratio:   {:.2} of its CPU, {:.3} of its bytes",
                ours.0 / theirs.0,
                ours.1 / theirs.1
            );
        }
        None => println!("sadc:    not installed here (Debian: sysstat)"),
    }
}

fn cpu_ms(who: UsageWho) -> f64 {
    let usage = getrusage(who).expect("a process has usage");
    let ms = |time: nix::sys::time::TimeVal| {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a short run")]
        let ms = time.tv_sec() as f64 * 1e3 + time.tv_usec() as f64 / 1e3;
        ms
    };
    ms(usage.user_time()) + ms(usage.system_time())
}

fn ours(folder: &Path) -> (f64, f64) {
    let mut sampler = Sampler::new(Path::new("/"), folder.into());
    let start = Instant::now();
    let before = cpu_ms(UsageWho::RUSAGE_SELF);
    for minute in 0..OURS {
        let at = Timestamp::from_second(i64::from(minute) * 60).expect("1970");
        sampler.take(start + EVERY * minute, at).expect("a sample is kept");
    }
    let cpu = cpu_ms(UsageWho::RUSAGE_SELF) - before;
    (cpu / f64::from(OURS), bytes(&folder.join("19700101.cps")) / f64::from(OURS))
}

fn theirs(sadc: &str, file: &Path) -> (f64, f64) {
    let before = cpu_ms(UsageWho::RUSAGE_CHILDREN);
    let status = Command::new(sadc)
        .args(["-S", "DISK", "1", &THEIRS.to_string()])
        .arg(file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status();
    assert!(status.is_ok_and(|status| status.success()), "sadc runs");
    let cpu = cpu_ms(UsageWho::RUSAGE_CHILDREN) - before;
    (cpu / f64::from(THEIRS), bytes(file) / f64::from(THEIRS))
}

#[expect(clippy::cast_precision_loss, reason = "files of a few megabytes")]
fn bytes(path: &Path) -> f64 {
    std::fs::metadata(path).map_or(0.0, |seen| seen.len() as f64)
}
