//! Samples on disk: a file a day, the oldest go when there are too many or they grow too large.
//! What stands in a file is in [`frames`].
//!
//! A frame is appended by one write. What a crash leaves of one is cut off at the next start and
//! counted; nothing before it is touched. Each tenth sample is synced: a power cut costs ten
//! minutes at most, a killed process none.

mod frames;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::processes::Top;
use super::rates::Sample;
use frames::{MAGIC, Series, Take, frame, walk};

pub use frames::Entry;

const SUFFIX: &str = ".cps";
/// A quarter and a margin.
const FILES_MAX: usize = 100;
/// All files together; a day of an ordinary server takes about 100 KiB.
const BYTES_MAX: u64 = 24 * 1024 * 1024;
/// One day; a machine with a hundred devices stays under it.
const DAY_BYTES_MAX: u64 = 1024 * 1024;
const SYNC_EVERY: u32 = 10;
/// What is wrong with the samples on disk.
#[derive(Debug, thiserror::Error)]
pub enum RingError {
    #[error("cannot {operation} the samples in {path}")]
    Io { operation: &'static str, path: PathBuf, source: std::io::Error },
    #[error("{path} is no file of samples; move it away, the agent makes a new one")]
    Foreign { path: PathBuf },
    #[error("{path} is full for today ({DAY_BYTES_MAX} bytes); sampling goes on tomorrow")]
    Full { path: PathBuf },
}

/// The file of today, open for appending.
pub struct Writer {
    folder: PathBuf,
    today: Option<Today>,
    unsynced: u32,
    /// The next sample is the first since the process began.
    first: bool,
}

struct Today {
    name: String,
    path: PathBuf,
    file: File,
    bytes: u64,
    series: Series,
}

impl Writer {
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, today: None, unsynced: 0, first: true }
    }

    /// Appends a sample, and the top consumers where the hour is over.
    ///
    /// # Errors
    /// [`RingError`]; the sample is lost, what stands is not touched.
    pub fn append(&mut self, at: Timestamp, sample: &Sample, top: &[Top]) -> Result<(), RingError> {
        let name = file_name(at);
        if self.today.as_ref().is_none_or(|today| today.name != name) {
            self.today = None;
            self.today = Some(open_day(&self.folder, &name)?);
            retire(&self.folder).map_err(|source| io("clean", &self.folder, source))?;
        }
        let Some(today) = self.today.as_mut() else { return Ok(()) };
        let mut frames = today.series.encode(at, self.first, sample);
        if !top.is_empty() {
            frame(b'T', &frames::encode_top(at, top), &mut frames);
        }
        let grown = today.bytes + frames.len() as u64;
        if grown > DAY_BYTES_MAX {
            return Err(RingError::Full { path: today.path.clone() });
        }
        let written = today.file.write_all(&frames);
        if let Err(source) = written {
            let path = today.path.clone();
            // What stands of the frames is cut off when the file is opened again.
            self.today = None;
            return Err(io("append", &path, source));
        }
        today.bytes = grown;
        self.first = false;
        self.unsynced += 1;
        if self.unsynced >= SYNC_EVERY {
            self.unsynced = 0;
            today.file.sync_data().map_err(|source| io("sync", &today.path, source))?;
        }
        Ok(())
    }
}

fn io(operation: &'static str, path: &Path, source: std::io::Error) -> RingError {
    RingError::Io { operation, path: path.to_path_buf(), source }
}

/// `20261123.cps`, by the day in UTC.
fn file_name(at: Timestamp) -> String {
    format!("{}{SUFFIX}", at.to_zoned(TimeZone::UTC).strftime("%Y%m%d"))
}

fn open_day(folder: &Path, name: &str) -> Result<Today, RingError> {
    let path = folder.join(name);
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_CLOEXEC)
        .open(&path)
        .map_err(|source| io("open", &path, source))?;
    let mut bytes = Vec::new();
    (&file)
        .take(DAY_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| io("read", &path, source))?;
    let mut series = Series::default();
    let mut good = 0;
    if bytes.len() < MAGIC.len() && MAGIC.starts_with(&bytes) {
        file.seek(SeekFrom::Start(0)).map_err(|source| io("begin", &path, source))?;
        file.write_all(MAGIC).map_err(|source| io("begin", &path, source))?;
        good = MAGIC.len();
    } else if bytes.starts_with(MAGIC) {
        good = walk(&bytes, &mut series, &mut |_| {});
    }
    if good == 0 {
        return Err(RingError::Foreign { path });
    }
    if bytes.len() > good {
        tracing::warn!(bytes = bytes.len() - good, "samples.cut: what a crash left of a frame");
    }
    file.set_len(good as u64).map_err(|source| io("cut", &path, source))?;
    file.seek(SeekFrom::Start(good as u64)).map_err(|source| io("open", &path, source))?;
    Ok(Today { name: name.to_owned(), path, file, bytes: good as u64, series })
}

/// The names of the files, oldest first.
fn files(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let day = name.strip_suffix(SUFFIX).unwrap_or_default();
        if day.len() == 8 && day.bytes().all(|b| b.is_ascii_digit()) {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Removes the oldest files over the limits.
fn retire(folder: &Path) -> std::io::Result<()> {
    let names = files(folder)?;
    let mut bytes = 0;
    for (age, name) in names.iter().rev().enumerate() {
        let path = folder.join(name);
        bytes += std::fs::metadata(&path)?.len();
        if age >= FILES_MAX || bytes > BYTES_MAX {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Hands every sample since `since` on, oldest first.
///
/// # Errors
/// The folder cannot be read; a file that is damaged gives what stands before the damage.
pub fn read(folder: &Path, since: i64, take: &mut Take<'_>) -> std::io::Result<()> {
    let from = Timestamp::from_second(since).map_or_else(|_| String::new(), file_name);
    let names = match files(folder) {
        // The resident process never ran.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        names => names?,
    };
    for name in names.into_iter().filter(|name| *name >= from) {
        let mut bytes = Vec::new();
        File::open(folder.join(&name))?.take(DAY_BYTES_MAX).read_to_end(&mut bytes)?;
        if bytes.starts_with(MAGIC) {
            walk(&bytes, &mut Series::default(), &mut |entry| {
                if entry.when() >= since {
                    take(entry);
                }
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn of(list: &[(&str, i64)]) -> Sample {
        list.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
    }

    fn values_of(bytes: &[u8], all: &mut Vec<i64>) -> usize {
        walk(bytes, &mut Series::default(), &mut |entry| {
            if let Entry::Sample { values, .. } = entry {
                all.push(values[0].1);
            }
        })
    }

    #[test]
    fn top_consumers_stand_between_samples() {
        let folder = tempfile::tempdir().unwrap();
        let top = vec![Top { name: "한글 (x".into(), cpu_ms: u64::MAX, rss_kib: 3 }];
        let mut writer = Writer::new(folder.path().into());
        writer.append(at(60), &of(&[("a", 1)]), &top).unwrap();
        writer.append(at(120), &of(&[("a", 2)]), &[]).unwrap();
        let mut seen = Vec::new();
        read(folder.path(), 0, &mut |entry| {
            if let Entry::Top { when, top } = entry {
                seen.push((when, top));
            }
        })
        .unwrap();
        assert_eq!(seen, [(60, top)]);
        assert_eq!(told(folder.path()).len(), 2);
    }

    fn told(folder: &Path) -> Vec<(i64, bool, Sample)> {
        let mut all = Vec::new();
        read(folder, 0, &mut |entry| {
            if let Entry::Sample { when, first, names, values } = entry {
                let sample = values.iter().map(|(n, v)| (names[*n].clone(), *v)).collect();
                all.push((when, first, sample));
            }
        })
        .unwrap();
        all
    }

    #[test]
    fn what_was_appended_is_read_over_days_and_restarts() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer::new(folder.path().into());
        writer.append(at(86_340), &of(&[("b", -5), ("a", 7)]), &[]).unwrap();
        writer.append(at(86_400), &of(&[("a", i64::MAX), ("c", i64::MIN)]), &[]).unwrap();
        drop(writer);
        let mut writer = Writer::new(folder.path().into());
        writer.append(at(86_460), &of(&[("c", 1)]), &[]).unwrap();
        let all = told(folder.path());
        assert_eq!(all[0], (86_340, true, of(&[("b", -5), ("a", 7)])));
        assert_eq!(all[1], (86_400, false, of(&[("a", i64::MAX), ("c", i64::MIN)])));
        assert_eq!(all[2], (86_460, true, of(&[("c", 1)])));
    }

    #[test]
    fn what_a_crash_left_is_cut_at_any_byte() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("19700101.cps");
        let mut writer = Writer::new(folder.path().into());
        writer.append(at(60), &of(&[("a", 1), ("b", 2)]), &[]).unwrap();
        let one = std::fs::metadata(&path).unwrap().len();
        writer.append(at(120), &of(&[("a", 3), ("b", 4)]), &[]).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for length in 0..=whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let mut writer = Writer::new(folder.path().into());
            writer.append(at(180), &of(&[("b", 9)]), &[]).unwrap();
            let all = told(folder.path());
            let before = usize::from(length as u64 >= one) + usize::from(length == whole.len());
            assert_eq!(all.len(), before + 1, "cut at {length}");
            assert_eq!(all.last().unwrap(), &(180, true, of(&[("b", 9)])), "cut at {length}");
        }
    }

    #[test]
    fn a_strangers_file_is_named_and_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("19700101.cps");
        std::fs::write(&path, "not ours").unwrap();
        let refused = Writer::new(folder.path().into()).append(at(60), &of(&[("a", 1)]), &[]);
        assert!(matches!(refused, Err(RingError::Foreign { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), b"not ours");
        assert!(told(folder.path()).is_empty());
    }

    #[test]
    fn old_days_go() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer::new(folder.path().into());
        for day in 0..110 {
            writer.append(at(day * 86_400), &of(&[("a", day)]), &[]).unwrap();
        }
        let names = files(folder.path()).unwrap();
        assert_eq!(names.len(), FILES_MAX);
        assert_eq!(names[0], "19700111.cps");
    }

    proptest::proptest! {
        #[test]
        fn damage_never_panics_and_spares_what_is_before_it(
            values in proptest::collection::vec(proptest::num::i64::ANY, 1..20),
            place in proptest::num::usize::ANY,
            byte in proptest::num::u8::ANY,
        ) {
            let mut bytes = MAGIC.to_vec();
            let mut series = Series::default();
            for (minute, value) in values.iter().enumerate() {
                let minute = i64::try_from(minute).unwrap();
                let frames = series.encode(at(minute * 60), minute == 0, &of(&[("a", *value)]));
                bytes.extend(frames);
            }
            let mut whole = Vec::new();
            values_of(&bytes, &mut whole);
            proptest::prop_assert_eq!(&whole, &values);
            let place = MAGIC.len() + place % (bytes.len() - MAGIC.len());
            bytes[place] ^= byte;
            let mut read = Vec::new();
            let good = values_of(&bytes, &mut read);
            proptest::prop_assert!(byte == 0 || good <= place);
            proptest::prop_assert_eq!(&values[..read.len()], &read[..]);
        }
    }
}
