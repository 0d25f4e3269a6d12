//! Resource samples, once a minute, all period long.
//!
//! Read in the data's order: [`counters`] (kernel text → counts), [`rates`] (two readings → one
//! sample), [`ring`] (samples on disk), [`history`] (what sysstat kept of other hours), [`hourly`]
//! (what travels). The resident process samples; the collecting one reads the ring.
//!
//! One thread, no lock: a sample is ten open files read and at most one write. What cannot be read
//! is left out of the sample, and trouble with the disk is told once and never stops the service.

mod counters;
pub mod history;
pub mod hourly;
mod processes;
mod rates;
mod ring;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::host::{Host, Kept};
use counters::{Counts, local_mounts};
use processes::Processes;
use rates::sample;
use ring::Writer;

pub use ring::RingError;

/// Time between samples.
pub const EVERY: Duration = Duration::from_secs(60);
/// File systems fill slowly: each tenth sample asks for them.
const SPACE_EVERY: u64 = 10;
/// A walk over all processes would cost more than all the rest: once an hour.
const TOP_EVERY: u64 = 60;
/// A longer pause than this is a gap (a suspended machine, a stopped process): no rates over it.
const GAP: Duration = Duration::from_secs(150);
/// Folder of the ring in the state folder.
pub const FOLDER: &str = "samples";

type Parse = fn(&str, &mut Counts);

/// What is read each time.
const FILES: [(&str, Parse); 10] = [
    ("/proc/stat", counters::stat),
    ("/proc/loadavg", counters::loadavg),
    ("/proc/meminfo", counters::meminfo),
    ("/proc/vmstat", counters::vmstat),
    ("/proc/pressure/cpu", |text, counts| counters::pressure("cpu", text, counts)),
    ("/proc/pressure/memory", |text, counts| counters::pressure("memory", text, counts)),
    ("/proc/pressure/io", |text, counts| counters::pressure("io", text, counts)),
    ("/proc/sys/fs/file-nr", counters::file_nr),
    ("/proc/diskstats", counters::diskstats),
    ("/proc/net/dev", counters::net_dev),
];
const MOUNTS: &str = "/proc/self/mounts";

/// Takes samples of this machine.
pub struct Sampler {
    host: Host,
    files: Vec<(Kept, Parse)>,
    mounts: Kept,
    buffer: Vec<u8>,
    before: Option<(Instant, Counts)>,
    taken: u64,
    processes: Processes,
    writer: Writer,
    next: Instant,
}

impl Sampler {
    /// A sampler of the machine under `root` (`/`) that keeps its samples in `folder`.
    #[must_use]
    pub fn new(root: &Path, folder: PathBuf) -> Self {
        Self {
            host: Host::under(root),
            files: FILES.map(|(path, parse)| (Kept::new(root, path), parse)).into(),
            mounts: Kept::new(root, MOUNTS),
            buffer: Vec::new(),
            before: None,
            taken: 0,
            processes: Processes::new(),
            writer: Writer::new(folder),
            next: Instant::now(),
        }
    }

    /// When the next sample is due.
    #[must_use]
    pub const fn next(&self) -> Instant {
        self.next
    }

    /// Takes a sample when one is due.
    ///
    /// # Errors
    /// [`RingError`] when it could not be kept.
    pub fn tick(&mut self, now: Timestamp) -> Result<(), RingError> {
        let instant = Instant::now();
        if instant < self.next {
            return Ok(());
        }
        self.next += EVERY;
        if self.next <= instant {
            // Minutes that were missed are not made up for.
            self.next = instant + EVERY;
        }
        self.take(instant, now)
    }

    /// Takes a sample, due or not.
    ///
    /// # Errors
    /// [`RingError`] when it could not be kept.
    pub fn take(&mut self, instant: Instant, now: Timestamp) -> Result<(), RingError> {
        let mut counts = Counts::new();
        for (file, parse) in &mut self.files {
            if file.read(&mut self.buffer).is_ok() {
                parse(&String::from_utf8_lossy(&self.buffer), &mut counts);
            }
        }
        let before = self.before.take();
        let since = before.as_ref().map(|(then, _)| instant.duration_since(*then));
        let sampled = match (&before, since) {
            (Some((_, before)), Some(since)) if since <= GAP => {
                let elapsed_ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
                Some(sample(before, &counts, elapsed_ms))
            }
            // The first reading, or one after a gap: the levels alone.
            _ => Some(sample(&Counts::new(), &counts, 0)),
        };
        self.before = Some((instant, counts));
        let mut sampled = sampled.unwrap_or_default();
        if self.taken.is_multiple_of(SPACE_EVERY) {
            self.space(&mut sampled);
        }
        let top = if self.taken.is_multiple_of(TOP_EVERY) {
            self.processes.look(&self.host)
        } else {
            Vec::new()
        };
        self.taken += 1;
        self.writer.append(now, &sampled, &top)
    }

    fn space(&mut self, sampled: &mut rates::Sample) {
        const MIB: u64 = 1024 * 1024;
        if self.mounts.read(&mut self.buffer).is_err() {
            return;
        }
        for mount in local_mounts(&String::from_utf8_lossy(&self.buffer)) {
            let Ok(space) = self.host.statfs(&mount) else { continue };
            let used = space.bytes_total.saturating_sub(space.bytes_free);
            let inodes_used = space.inodes_total.saturating_sub(space.inodes_free);
            for (what, value) in [
                ("used", used / MIB),
                ("free", space.bytes_available / MIB),
                ("inodes_used", inodes_used),
                ("inodes_free", space.inodes_free),
            ] {
                let value = i64::try_from(value).unwrap_or(i64::MAX);
                sampled.push((format!("fs:{mount}.{what}"), value));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_sampled() {
        let folder = tempfile::tempdir().unwrap();
        let mut sampler = Sampler::new(Path::new("/"), folder.path().into());
        let start = Instant::now();
        let at = |second| Timestamp::from_second(second).unwrap();
        sampler.take(start, at(60)).unwrap();
        let ticks =
            || std::fs::read_to_string("/proc/stat").unwrap().lines().next().map(str::to_owned);
        let before = ticks();
        while ticks() == before {
            std::hint::spin_loop();
        }
        sampler.take(start + EVERY, at(120)).unwrap();
        sampler.take(start + EVERY * 10, at(660)).unwrap();
        let mut seen = Vec::new();
        ring::read(folder.path(), 0, &mut |entry| {
            let ring::Entry::Sample { when, first, names, values } = entry else { return };
            let of = |name: &str| {
                values.iter().find(|(number, _)| names[*number] == name).map(|(_, value)| *value)
            };
            seen.push((when, first, of("memory.used"), of("cpu.busy").is_some()));
        })
        .unwrap();
        assert_eq!(seen.len(), 3);
        assert!(
            seen.iter().all(|(_, _, memory, _)| memory.is_some_and(|m| (1..1000).contains(&m)))
        );
        let rates: Vec<bool> = seen.iter().map(|(.., cpu)| *cpu).collect();
        assert_eq!(rates, [false, true, false], "no rate at the start and none over a gap");
        assert_eq!(
            seen.iter().map(|(_, first, ..)| *first).collect::<Vec<_>>(),
            [true, false, false]
        );
    }
}
