//! How many gigabytes of log a CPU second scans: ours, and ripgrep and grep with the same
//! patterns, in one run over the same file.
//!
//! `cargo bench -p carepack-agent --bench logscan [MIB]`. The logs are made here, of the forms in
//! `logscan/`; about 1 % of their lines match. ripgrep only counts matching lines; ours also places
//! every line in time, counts programs, days and severities, and keeps samples. Each runs as often,
//! in turns, so that what else the machine does falls on all alike; the medians are compared.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use carepack_agent::host::Host;
use carepack_agent::logs::{LogState, Patterns, scan_files};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use nix::sys::resource::{Usage, UsageWho, getrusage};

/// A mixture of lines, one form a line; `{n}` and `{m}` become numbers.
struct Mixture {
    name: &'static str,
    /// No literal stands in them.
    quiet: &'static str,
    /// A literal or a word of a fault stands in them, but no pattern matches.
    near: &'static str,
    /// A pattern matches.
    faults: &'static str,
    /// Lines of the last two in ten thousand.
    near_share: u64,
    fault_share: u64,
}

/// What a server writes, in the setting of the peers' figures: 0.92 % of lines match. That 2 % come
/// near is what `messages` of hosts in good health have.
const SERVER: Mixture = Mixture {
    name: "server",
    quiet: include_str!("logscan/quiet.txt"),
    near: include_str!("logscan/near.txt"),
    faults: include_str!("logscan/faults.txt"),
    near_share: 200,
    fault_share: 92,
};

/// The older, simpler text, for comparison with older figures.
const TWELVE: Mixture = Mixture {
    name: "twelve",
    quiet: include_str!("logscan/twelve.txt"),
    near: "",
    faults: include_str!("logscan/twelve_faults.txt"),
    near_share: 0,
    fault_share: 100,
};

fn main() {
    let mib = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(300_u64);
    for mixture in [SERVER, TWELVE] {
        compare(&mixture, mib * 1024 * 1024);
    }
    println!("peak of this process {} KiB", peak_kib());
}

/// Ours and the peers over one text.
fn compare(mixture: &Mixture, bytes_max: u64) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let log = folder.path().join("var/log/messages");
    std::fs::create_dir_all(log.parent().expect("it has one")).expect("a folder");
    let lines = write(&log, mixture, bytes_max);
    let bytes = std::fs::metadata(&log).expect("it was written").len();
    let count = Patterns::of_agent().len();
    println!("{}: {} MB, {lines} lines, {count} patterns", mixture.name, bytes / 1_000_000);

    let expressions = folder.path().join("patterns");
    std::fs::write(&expressions, Patterns::of_agent().as_expressions()).expect("a file");
    let host = Host::under(folder.path());
    let peers = [("rg", &["-c", "-a", "-f"][..]), ("grep", &["-c", "-E", "-f"])];
    let (mut own, mut others) = (Vec::new(), [Vec::new(), Vec::new()]);
    for _ in 0..RUNS {
        own.push(scan(&host, bytes, lines));
        for ((program, words), seconds) in peers.iter().zip(&mut others) {
            match peer(program, words, (&expressions, &log)) {
                Ok((one, matched)) => {
                    tell(program, bytes, one, &format!("{matched} lines"));
                    seconds.push(one);
                }
                Err(why) => println!("{program}: NOT MEASURED, {why}"),
            }
        }
    }
    println!("{}, medians of {RUNS} runs:", mixture.name);
    let own = median(&mut own).expect("it ran");
    tell("carepack", bytes, own, "");
    for ((program, words), seconds) in peers.iter().zip(&mut others) {
        let Some(seconds) = median(seconds) else { continue };
        let times = format!("{:.2} times the CPU time of carepack", seconds / own);
        tell(&format!("{program} {}", words.join(" ")), bytes, seconds, &times);
    }
}

/// Runs of each.
const RUNS: usize = 5;

/// The CPU seconds of one scan.
fn scan(host: &Host, bytes: u64, lines: u64) -> f64 {
    let deadline = Instant::now() + Duration::from_secs(600);
    let before = cpu(UsageWho::RUSAGE_SELF);
    let value = scan_files(host, &LogState::default(), deadline);
    let seconds = cpu(UsageWho::RUSAGE_SELF) - before;
    assert_eq!(value["lines"].as_u64(), Some(lines), "every line counts");
    let hits = value["patterns"].as_array().expect("a list");
    let hits: u64 = hits.iter().filter_map(|one| one["count"].as_u64()).sum();
    tell("carepack", bytes, seconds, &format!("{hits} hits"));
    seconds
}

/// Runs a peer once in the C locale; gives its CPU seconds and how many lines it matched.
fn peer(
    program: &str,
    words: &[&str],
    (expressions, log): (&Path, &Path),
) -> Result<(f64, String), String> {
    let before = cpu(UsageWho::RUSAGE_CHILDREN);
    let mut command = Command::new(program);
    command.args(words).arg(expressions).arg(log).env("LC_ALL", "C").stdin(Stdio::null());
    let output = command.output().map_err(|error| format!("it cannot be run: {error}"))?;
    if output.status.code() > Some(1) {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("it failed: {}", said.trim()));
    }
    let seconds = cpu(UsageWho::RUSAGE_CHILDREN) - before;
    Ok((seconds, String::from_utf8_lossy(&output.stdout).trim().to_owned()))
}

/// The middle one, where there is any.
fn median(seconds: &mut [f64]) -> Option<f64> {
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied()
}

fn tell(who: &str, bytes: u64, seconds: f64, what: &str) {
    let speed = bytes as f64 / 1e9 / seconds;
    println!("{who:<24} {seconds:>7.3} CPU s   {speed:>6.2} GB per CPU s   {what}");
}

/// User and system seconds.
fn cpu(who: UsageWho) -> f64 {
    let used: Usage = getrusage(who).expect("getrusage answers");
    let seconds =
        |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    seconds(used.user_time()) + seconds(used.system_time())
}

/// The largest resident size so far; `getrusage` would tell that of who started this process.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// Writes a log of about so many bytes that ends now; gives its lines.
fn write(path: &Path, mixture: &Mixture, bytes_max: u64) -> u64 {
    let forms = |text: &'static str| text.lines().collect::<Vec<_>>();
    let [quiet, near, faults] = [mixture.quiet, mixture.near, mixture.faults].map(forms);
    let mut out = BufWriter::new(std::fs::File::create(path).expect("a file"));
    let (mut lines, mut bytes, mut state) = (0_u64, 0_u64, 1_u64);
    let start = Timestamp::now().as_second() - 30 * 86_400;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state >> 33
    };
    let (mut second, mut stamp) = (-1, String::new());
    while bytes < bytes_max {
        let at = start + i64::try_from(lines / 2).expect("small");
        if at != second {
            second = at;
            let moment = Timestamp::from_second(at).expect("a moment").to_zoned(TimeZone::UTC);
            stamp = moment.strftime("%b %e %H:%M:%S web01 ").to_string();
        }
        let share = random() % 10_000;
        let list = match share.checked_sub(mixture.fault_share) {
            None => &faults,
            Some(rest) if rest < mixture.near_share => &near,
            Some(_) => &quiet,
        };
        let form = list[random() as usize % list.len()];
        let (n, m) = ((random() % 90_000 + 500).to_string(), (random() % 254).to_string());
        let line = form.replace("{n}", &n).replace("{m}", &m);
        writeln!(out, "{stamp}{line}").expect("room on the disk");
        bytes += (stamp.len() + line.len() + 1) as u64;
        lines += 1;
    }
    out.flush().expect("room on the disk");
    lines
}
