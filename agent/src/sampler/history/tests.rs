//! Day files of the real sysstat where it is installed, and reports of our own.

use std::path::Path;
use std::time::Duration;

use super::*;

fn samples(folder: &Path, seen: &BTreeSet<i64>, host: &Host) -> Samples {
    let folder = folder.to_string_lossy();
    let history = History {
        host,
        folder: &folder,
        zone: TimeZone::UTC,
        deadline: Instant::now() + Duration::from_secs(20),
        withheld: &|path| path.ends_with("sar30"),
    };
    history.samples(host.now().as_second() - 40 * 86_400, seen)
}

/// A folder that the helper's unprivileged user can read too.
fn folder() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    folder
}

fn report(folder: &Path, days_ago: i64) -> Date {
    let at = Timestamp::now() - jiff::SignedDuration::from_hours(24 * days_ago);
    let date = at.to_zoned(TimeZone::UTC).date();
    let path = folder.join(format!("sar{:02}", date.day()));
    let text = format!(
        "Linux 5.14.0 (web02) \t{date} \t_x86_64_\t(2 CPU)\n\n\
        00:00:00      runq-sz  plist-sz   ldavg-1   ldavg-5  ldavg-15   blocked\n\
        00:10:00            1       300      0.50      0.40      0.30         0\n"
    );
    std::fs::write(&path, text).unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    let written = date.at(23, 53, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp();
    let second = u64::try_from(written.as_second()).unwrap();
    file.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(second)).unwrap();
    date
}

#[test]
fn reports_are_read_without_a_process_and_only_of_days_that_lack_an_hour() {
    let folder = folder();
    let dates: Vec<Date> = [9, 5, 2].map(|days_ago| report(folder.path(), days_ago)).into();
    std::fs::write(folder.path().join("sar99"), "no day\n").unwrap();
    std::fs::write(folder.path().join("sa1x"), "no day\n").unwrap();
    let first = |date: Date| {
        let begin = date.to_zoned(TimeZone::UTC).unwrap().timestamp().as_second();
        begin + 9 * 60
    };
    let host = Host::live();
    let withheld = |date: &Date| date.day() == 30;
    let told = samples(folder.path(), &BTreeSet::new(), &host);
    let mut expected: Vec<i64> =
        dates.iter().filter(|d| !withheld(d)).map(|date| first(*date)).collect();
    expected.sort_unstable();
    assert_eq!(told.keys().copied().collect::<Vec<_>>(), expected);
    let hour = first(dates[1]).div_euclid(HOUR);
    let seen: BTreeSet<i64> = (hour..hour + 24).collect();
    assert!(!samples(folder.path(), &seen, &host).contains_key(&first(dates[1])));
    assert_eq!(host.spawned(), 0);
    assert!(samples(Path::new("/nonexistent"), &BTreeSet::new(), &host).is_empty());
}

#[test]
fn real_day_files_are_asked_of_sadf_and_of_no_more_than_a_few() {
    const SADC: &str = "/usr/lib/sysstat/sadc";
    if !Path::new(SADC).exists() || !Path::new(SADF.argv[0]).exists() {
        eprintln!("skipped: sysstat is not installed");
        return;
    }
    let folder = folder();
    // In the first hour after midnight no hour of the new day is over, and its file is not asked for;
    // sadc's is then the one of the day that ended, written in the night after it.
    let now =
        (Timestamp::now() - jiff::SignedDuration::from_hours(1)).to_zoned(TimeZone::UTC).date();
    let today = folder.path().join(format!("sa{:02}", now.day()));
    let mut sadc = std::process::Command::new(SADC);
    assert!(sadc.args(["-S", "DISK", "1", "3"]).arg(&today).status().unwrap().success());
    let host = Host::live();
    let told = samples(folder.path(), &BTreeSet::new(), &host);
    assert_eq!(host.spawned(), 1);
    assert_eq!(told.len(), 2, "three looks are two intervals");
    for sample in told.values() {
        for name in ["cpu.busy", "memory.used"] {
            assert!(sample.get(name).is_some_and(|value| *value <= 1000), "{name}: {sample:?}");
        }
        assert!(sample.contains_key("load.1") && sample.contains_key("files.open"), "{sample:?}");
    }
    // The same file as seven days, each lacking; and one that is damaged.
    for days_ago in 1..=7 {
        let date = now.checked_sub(jiff::Span::new().days(days_ago)).unwrap();
        let path = folder.path().join(format!("sa{}", date.strftime("%Y%m%d")));
        std::fs::copy(&today, path).unwrap();
    }
    std::fs::write(&today, "no data file").unwrap();
    let host = Host::live();
    let told = samples(folder.path(), &BTreeSet::new(), &host);
    assert_eq!(host.spawned() as usize, SPAWNS_MAX);
    assert_eq!(told.len(), 2);
}
