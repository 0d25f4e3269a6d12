//! How many gigabytes of log a CPU second scans: ours, and ripgrep and grep with the same
//! patterns, in one run over the same file.
//!
//! `cargo bench -p carepack-agent --bench logscan [MIB]`. The log is made here: about 1 % of its
//! lines match. ripgrep only counts matching lines; ours also places every line in time, counts
//! programs, days and severities, and keeps samples. Each runs as often, in turns, so that what
//! else the machine does falls on all alike; the medians are compared.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use carepack_agent::host::Host;
use carepack_agent::logs::{LogState, Patterns, scan_files};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use nix::sys::resource::{Usage, UsageWho, getrusage};

/// Quiet lines; `{n}` and `{m}` become numbers.
const QUIET: [&str; 12] = [
    "systemd[1]: Started Session {n} of User root.",
    "sshd[{n}]: pam_unix(sshd:session): session opened for user deploy(uid=1001) by (uid=0)",
    "CROND[{n}]: (root) CMD (/usr/lib64/sa/sa1 1 1)",
    "systemd[1]: Created slice User Slice of UID {n}.",
    "sshd[{n}]: Accepted publickey for deploy from 10.20.30.{m} port {n} ssh2: RSA SHA256:abc",
    "NetworkManager[{m}]: <info>  [1730739120.{n}] dhcp4 (ens192): state changed new lease",
    "java[{n}]: INFO  [http-nio-8080-exec-{m}] com.example.shop.OrderService - order {n} accepted in {m} ms, cart=4",
    "postfix/smtpd[{n}]: disconnect from unknown[10.0.0.{m}] ehlo=1 mail=1 rcpt=1 data=1 quit=1",
    "su[{n}]: pam_unix(su:session): session closed for user deploy",
    "systemd[1]: Stopping User Manager for UID {n}...",
    "rsyslogd[{m}]: imjournal: journal files changed, reloading...  [v8.2102.0-117.el9]",
    "chronyd[{m}]: Selected source 10.0.0.{m} (ntp.example.com)",
];

/// Lines that a pattern matches.
const FAULTS: [&str; 6] = [
    "sshd[{n}]: Failed password for invalid user admin from 10.9.8.{m} port {n} ssh2",
    "kernel: EXT4-fs error (device sda1): ext4_lookup:1601: inode #{n}",
    "kernel: blk_update_request: I/O error, dev sdb, sector {n}",
    "systemd[1]: app.service: Failed with result 'exit-code'.",
    "kernel: java[{n}]: segfault at 0 ip 00007f{n} sp 00007f error 4 in libc.so",
    "kernel: nfs: server nas{m} not responding, still trying",
];

fn main() {
    let mib = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(300_u64);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let log = folder.path().join("var/log/messages");
    std::fs::create_dir_all(log.parent().expect("it has one")).expect("a folder");
    let lines = write(&log, mib * 1024 * 1024);
    let bytes = std::fs::metadata(&log).expect("it was written").len();
    let count = Patterns::of_agent().len();
    println!("{} MB, {lines} lines, {count} patterns", bytes / 1_000_000);

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
    println!("peak of this process {} KiB; medians of {RUNS} runs:", peak_kib());
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
fn write(path: &Path, bytes_max: u64) -> u64 {
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
        let list: &[&str] = if random() % 100 == 0 { &FAULTS } else { &QUIET };
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
