//! The tables of four versions, both forms, and what is no table.

use super::*;

fn sadf(text: &str) -> Samples {
    let mut sadf = Sadf::default();
    text.lines().for_each(|line| sadf.line(line));
    sadf.samples()
}

fn sar(text: &str, zone: &str) -> Samples {
    let zone =
        jiff::tz::TimeZone::fixed(jiff::tz::Offset::from_hours(zone.parse().unwrap()).unwrap());
    let mut sar = Sar::new(zone);
    text.lines().for_each(|line| sar.line(line));
    sar.samples()
}

fn check(samples: &Samples, when: &str, expected: &[(&str, i64)]) {
    // A moment is told a minute before its end, so that 10:00:01 belongs to the hour before.
    let when = when.parse::<Timestamp>().unwrap().as_second() - ENDS_BEFORE_SECONDS;
    let told = samples.get(&when).unwrap_or_else(|| panic!("nothing at {when}: {samples:?}"));
    let told: Vec<(&str, i64)> = told.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    assert_eq!(told, expected);
}

/// 10.1.5: sectors, no available memory, `%user`.
#[test]
fn rhel_7() {
    let text = "\
# hostname;interval;timestamp;CPU;%user;%nice;%system;%iowait;%steal;%idle
erp01;600;2026-11-04 15:10:01 UTC;-1;6.40;0.10;2.50;1.00;0.00;90.00
# hostname;interval;timestamp;pswpin/s;pswpout/s
erp01;600;2026-11-04 15:10:01 UTC;0.50;2.00
# hostname;interval;timestamp;kbmemfree;kbmemused;%memused;kbbuffers;kbcached;kbcommit;%commit;kbactive;kbinact;kbdirty
erp01;600;2026-11-04 15:10:01 UTC;1000000;7000000;87.50;200000;2800000;9000000;90.00;1;1;1
# hostname;interval;timestamp;kbswpfree;kbswpused;%swpused;kbswpcad;%swpcad
erp01;600;2026-11-04 15:10:01 UTC;3000000;1000000;25.00;0;0.00
# hostname;interval;timestamp;dentunusd;file-nr;inode-nr;pty-nr
erp01;600;2026-11-04 15:10:01 UTC;80000;4512;91000;2
# hostname;interval;timestamp;runq-sz;plist-sz;ldavg-1;ldavg-5;ldavg-15;blocked
erp01;600;2026-11-04 15:10:01 UTC;2;412;1.37;1.20;1.10;1
# hostname;interval;timestamp;DEV;tps;rd_sec/s;wr_sec/s;avgrq-sz;avgqu-sz;await;svctm;%util
erp01;600;2026-11-04 15:10:01 UTC;sda;12.00;200.00;40.00;20.00;0.10;3.25;1.00;7.50
erp01;600;2026-11-04 15:10:01 UTC;sdb;0.00;0.00;0.00;0.00;0.00;0.00;0.00;0.00
erp01;600;2026-11-04 15:10:01 UTC;vg0-root;12.00;200.00;40.00;20.00;0.10;3.25;1.00;7.50
# hostname;interval;timestamp;IFACE;rxpck/s;txpck/s;rxkB/s;txkB/s;rxcmp/s;txcmp/s;rxmcst/s
erp01;600;2026-11-04 15:10:01 UTC;lo;9.00;9.00;9.00;9.00;0.00;0.00;0.00
erp01;600;2026-11-04 15:10:01 UTC;eth0;100.00;80.00;35.50;20.00;0.00;0.00;0.00
# hostname;interval;timestamp;IFACE;rxerr/s;txerr/s;coll/s;rxdrop/s;txdrop/s;txcarr/s;rxfram/s;rxfifo/s;txfifo/s
erp01;600;2026-11-04 15:10:01 UTC;eth0;0.10;0.10;0.00;0.05;0.00;0.00;0.00;0.00;0.00
";
    check(
        &sadf(text),
        "2026-11-04T15:10:01Z",
        &[
            ("cpu.busy", 90),
            ("cpu.iowait", 10),
            ("cpu.steal", 0),
            ("cpu.system", 25),
            ("cpu.user", 65),
            ("disk:sda.await", 325),
            ("disk:sda.read", 6_000),
            ("disk:sda.util", 75),
            ("disk:sda.write", 1_200),
            ("disk:sdb.read", 0),
            ("disk:sdb.util", 0),
            ("disk:sdb.write", 0),
            ("files.open", 4_512),
            ("load.1", 137),
            ("memory.used", 500),
            ("net:eth0.drops", 3),
            ("net:eth0.errors", 12),
            ("net:eth0.rx", 2_130),
            ("net:eth0.tx", 1_200),
            ("swap.in", 30),
            ("swap.out", 120),
            ("swap.used", 250),
            ("tasks.blocked", 1),
            ("tasks.running", 2),
            ("tasks.total", 412),
        ],
    );
}

/// 11.7.3 calls what is not free used, 12.5.4 what is neither free nor cache; both tell what is
/// available.
#[test]
fn rhel_8_and_9() {
    let rhel8 = "\
# hostname;interval;timestamp;kbmemfree;kbavail;kbmemused;%memused;kbbuffers;kbcached;kbcommit
web01;600;2026-11-04 15:10:00 UTC;1000000;6000000;7000000;87.50;100;4000000;1
# hostname;interval;timestamp;DEV;tps;rkB/s;wkB/s;areq-sz;aqu-sz;await;svctm;%util
web01;600;2026-11-04 15:10:00 UTC;nvme0n1;10.00;100.00;20.00;12.00;0.01;0.50;0.30;1.00
";
    check(
        &sadf(rhel8),
        "2026-11-04T15:10:00Z",
        &[
            ("disk:nvme0n1.await", 50),
            ("disk:nvme0n1.read", 6_000),
            ("disk:nvme0n1.util", 10),
            ("disk:nvme0n1.write", 1_200),
            ("memory.used", 250),
        ],
    );
    let rhel9 = "\
# hostname;interval;timestamp;kbmemfree;kbavail;kbmemused;%memused;kbbuffers;kbcached;kbcommit
web02;600;2026-11-04 15:10:00 UTC;1000000;6000000;2000000;25.00;100;4000000;1
web02;-1;2026-11-04 15:12:00 UTC;LINUX-RESTART	(4 CPU)
# hostname;interval;timestamp;DEV;tps;rkB/s;wkB/s;dkB/s;areq-sz;aqu-sz;await;%util
web02;600;2026-11-04 15:10:00 UTC;vda;10.00;100.00;20.00;0.00;12.00;0.01;0.50;1.00
";
    check(
        &sadf(rhel9),
        "2026-11-04T15:10:00Z",
        &[
            ("disk:vda.await", 50),
            ("disk:vda.read", 6_000),
            ("disk:vda.util", 10),
            ("disk:vda.write", 1_200),
            ("memory.used", 250),
        ],
    );
    let seconds = rhel8.replace("2026-11-04 15:10:00 UTC", "1793805000");
    assert_eq!(sadf(&seconds), sadf(rhel8));
}

#[test]
fn a_report_of_the_twelve_hour_clock_in_its_own_time() {
    let text = "Linux 3.10.0-1160.el7.x86_64 (erp01) \t11/05/2026 \t_x86_64_\t(2 CPU)\n\n\
        12:00:01 AM     CPU      %usr     %nice      %sys   %iowait    %steal     %idle\n\
        12:10:01 AM     all      1.00      0.00      1.00      0.00      0.00     98.00\n\
        12:10:01 AM       0      9.00      0.00      1.00      0.00      0.00     90.00\n\
        01:10:01 PM     all      0.00      0.00      0.00      0.00      0.00      0.00\n\
        11:50:01 PM     all     50.00      0.00      0.00      0.00      0.00     50.00\n\
        12:00:01 AM     all     60.00      0.00      0.00      0.00      0.00     40.00\n\
        Average:        all     30.00      0.00      0.00      0.00      0.00     70.00\n\n\
        12:30:00 PM       LINUX RESTART\n\n\
        12:00:01 AM       DEV       tps  rd_sec/s  wr_sec/s  avgrq-sz     await     %util\n\
        12:10:01 AM   dev8-16      1.00     20.00      0.00      1.00      2.00      5.00\n\
        12:10:01 AM  dev253-0      1.00     20.00      0.00      1.00      2.00      5.00\n";
    let samples = sar(text, "9");
    let busy = |when: &str| {
        let when = when.parse::<Timestamp>().unwrap().as_second() - ENDS_BEFORE_SECONDS;
        samples.get(&when).and_then(|sample| sample.get("cpu.busy")).copied()
    };
    assert_eq!(busy("2026-11-05T00:10:01+09:00"), Some(20));
    assert_eq!(busy("2026-11-05T13:10:01+09:00"), None, "no time had passed");
    assert_eq!(busy("2026-11-05T23:50:01+09:00"), Some(500));
    assert_eq!(busy("2026-11-06T00:00:01+09:00"), Some(600));
    let first = "2026-11-05T00:10:01+09:00".parse::<Timestamp>().unwrap().as_second();
    let sample = &samples[&(first - ENDS_BEFORE_SECONDS)];
    assert_eq!(sample.get("disk:sdb.read"), Some(&600));
    assert_eq!(sample.keys().filter(|name| name.starts_with("disk:")).count(), 4);
}

#[test]
fn a_report_of_the_twenty_four_hour_clock() {
    let text = "Linux 5.14.0 (web02) \t2026-11-05 \t_x86_64_\t(2 CPU)\n\n\
        13:00:00      runq-sz  plist-sz   ldavg-1   ldavg-5  ldavg-15   blocked\n\
        13:10:00            1       300      0.50      0.40      0.30         0\n";
    let expected =
        [("load.1", 50), ("tasks.blocked", 0), ("tasks.running", 1), ("tasks.total", 300)];
    check(&sar(text, "9"), "2026-11-05T04:10:00Z", &expected);
}

#[test]
fn what_is_no_table_is_passed_over() {
    let hostile = [
        ";;;;",
        "#",
        "a;b;99999999999999999999;x",
        "# hostname;interval;timestamp;CPU",
        "a;600;2026-11-04 15:10:01 UTC;-1",
        "a;600;2026-13-44 99:10:01 UTC;-1;1",
        "00:00:01 CPU",
        "99:99:99 all 1",
        "Linux x 99/99/9999",
        "12:00:00 AM",
    ];
    for line in hostile {
        assert!(sadf(line).is_empty() && sar(line, "0").is_empty(), "{line}");
    }
}

#[test]
fn the_hours_of_a_history_alone_are_a_survey() {
    let mut samples = Samples::new();
    for (when, load) in [(3_600, 1), (4_200, 3), (10_900, 5)] {
        samples.insert(when, BTreeMap::from([("load.1".to_owned(), load)]));
    }
    let told = survey(&samples, 0).unwrap();
    assert_eq!(told["source"], "sysstat");
    assert_eq!(told["series"][0]["max"], "3,-,5");
    assert_eq!(told["history"], serde_json::json!([[0, 1], [2, 1]]));
    assert!(survey(&Samples::new(), 0).is_none());
}

proptest::proptest! {
    #[test]
    fn nothing_panics(text in "[ -~\n;#]{0,400}", words in "(CPU|DEV|all|-1|12:00:01 AM|;|%idle|[0-9.]{1,9}|\n| ){0,60}") {
        for text in [&text, &words] {
            let _ = survey(&sadf(text), 0);
            let _ = survey(&sar(text, "9"), 0);
        }
    }
}
