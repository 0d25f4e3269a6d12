//! One literal of each form, as the products write it.

use super::*;

const SEOUL: &str = "Asia/Seoul";

fn reader(product: Product) -> Reader {
    let day = Some(jiff::civil::date(2026, 11, 5));
    Reader::new(product, TimeZone::get(SEOUL).unwrap(), day)
}

/// Lines of one file; each as time, priority, part, message.
/// A line, and its time, priority, part and message.
type Row<'r> = (&'r str, Option<&'r str>, Option<Priority>, Part, &'r str);

fn check(product: Product, lines: &[Row<'_>]) {
    let mut reader = reader(product);
    for (line, at, priority, part, message) in lines {
        let seen = reader.line(line.as_bytes());
        let expected = at.map(|at| at.parse::<jiff::Timestamp>().unwrap().as_second());
        assert_eq!(seen.at, expected, "{line}");
        assert_eq!((seen.priority, seen.part), (*priority, *part), "{line}");
        assert_eq!(str::from_utf8(seen.message).unwrap(), *message, "{line}");
    }
}

use Part::{Continued, Entry, Frame};
const ERR: Option<Priority> = Some(Priority::Err);
const WARNING: Option<Priority> = Some(Priority::Warning);
const INFO: Option<Priority> = Some(Priority::Info);
/// 01:12:00 of 5 November 2026 in Seoul.
const AT: Option<&str> = Some("2026-11-04T16:12:00Z");

#[test]
fn httpd() {
    let full = "[proxy:error] [pid 7:tid 9] (111)Connection refused: AH00957: HTTP: x";
    check(
        Product::Httpd,
        &[
            ("sh: before any entry", None, None, Entry, "sh: before any entry"),
            (&format!("[Thu Nov 05 01:12:00.123456 2026] {full}"), AT, ERR, Entry, full),
            ("[Thu Nov  5 01:12:00 2026] [warn] msg", AT, WARNING, Entry, "[warn] msg"),
            (
                "[Thu Nov 05 01:12:00.1 2026] [7:139] [error] ajp_send_request::x",
                AT,
                ERR,
                Entry,
                "[7:139] [error] ajp_send_request::x",
            ),
            (
                "[2026-11-05 01:12:00.123456] [core:emerg] x\r",
                AT,
                Some(Priority::Emerg),
                Entry,
                "[core:emerg] x",
            ),
            ("  more of it", AT, None, Continued, "  more of it"),
            ("PHP Fatal error:  x", AT, None, Entry, "PHP Fatal error:  x"),
            (
                "[Thu Nov 35 01:12:00 2026] [error] x",
                AT,
                None,
                Entry,
                "[Thu Nov 35 01:12:00 2026] [error] x",
            ),
        ],
    );
}

#[test]
fn tomcat_and_what_its_applications_print() {
    let severe = "SEVERE [main] org.apache.catalina.core.StandardContext.startInternal failed";
    check(
        Product::Tomcat,
        &[
            (&format!("05-Nov-2026 01:12:00.123 {severe}"), AT, ERR, Entry, severe),
            (
                "java.lang.OutOfMemoryError: Java heap space",
                AT,
                None,
                Continued,
                "java.lang.OutOfMemoryError: Java heap space",
            ),
            (
                "\tat shop.ErrorHandler.fail(ErrorHandler.java:1)",
                AT,
                None,
                Frame,
                "\tat shop.ErrorHandler.fail(ErrorHandler.java:1)",
            ),
            ("\t... 12 more", AT, None, Frame, "\t... 12 more"),
            ("\tSuppressed: x", AT, None, Continued, "\tSuppressed: x"),
            (
                "Caused by: java.io.IOException: x",
                AT,
                None,
                Continued,
                "Caused by: java.io.IOException: x",
            ),
            ("05-11월-2026 01:12:00.123 심각 [main] a.b c", AT, ERR, Entry, "심각 [main] a.b c"),
            (
                "Nov 05, 2026 1:12:00 AM org.apache.catalina.core.X start",
                AT,
                None,
                Entry,
                "org.apache.catalina.core.X start",
            ),
            (
                "SEVERE: Error starting static Resources",
                AT,
                ERR,
                Entry,
                "SEVERE: Error starting static Resources",
            ),
            ("11월 05, 2026 1:12:00 오전 org.apache.x y", AT, None, Entry, "org.apache.x y"),
            ("경고: 느림", AT, WARNING, Entry, "경고: 느림"),
            ("2026. 11. 5 오전 1:12:00 org.apache.x y", AT, None, Entry, "org.apache.x y"),
            ("정보: 시작", AT, INFO, Entry, "정보: 시작"),
            (
                "java.lang.IllegalStateException: printed",
                AT,
                None,
                Entry,
                "java.lang.IllegalStateException: printed",
            ),
            (
                "2026-11-05 01:12:00.123 ERROR 991 --- [main] s.Shop : x",
                AT,
                ERR,
                Entry,
                "ERROR 991 --- [main] s.Shop : x",
            ),
            ("Nov 05, 2026 12:12:00 PM a b", Some("2026-11-05T03:12:00Z"), None, Entry, "a b"),
            ("Nov 05, 2026 12:12:00 AM a b", Some("2026-11-04T15:12:00Z"), None, Entry, "a b"),
            ("error somewhere", Some("2026-11-04T15:12:00Z"), None, Continued, "error somewhere"),
        ],
    );
}

#[test]
fn jboss_with_and_without_zone_and_day() {
    let error = "ERROR [org.jboss.as.controller] (Boot) WFLYCTL0013: x";
    check(
        Product::Jboss,
        &[
            (&format!("2026-11-05 01:12:00,123 {error}"), AT, ERR, Entry, error),
            (&format!("2026-11-04 16:12:00,123+0000 {error}"), AT, ERR, Entry, error),
            (&format!("2026-11-05 01:12:00,123 +0900 {error}"), AT, ERR, Entry, error),
            (&format!("01:12:00,123 {error}"), AT, ERR, Entry, error),
            (
                "    \"WFLYCTL0080: Failed services\" => {",
                AT,
                None,
                Continued,
                "    \"WFLYCTL0080: Failed services\" => {",
            ),
            ("2026-11-05 01:12:00,123 FATAL [x] y", AT, Some(Priority::Crit), Entry, "FATAL [x] y"),
            ("2026-11-05 01:12:00,123 WARN  [x] y", AT, WARNING, Entry, "WARN  [x] y"),
        ],
    );
}

#[test]
fn mysql_and_mariadb_of_all_ages() {
    let server = "[ERROR] [MY-010119] [Server] Aborting";
    check(
        Product::Mysqld,
        &[
            (&format!("2026-11-04T16:12:00.123456Z 0 {server}"), AT, ERR, Entry, server),
            (&format!("2026-11-05T01:12:00.123456+09:00 0 {server}"), AT, ERR, Entry, server),
            ("2026-11-05  1:12:00 0 [ERROR] InnoDB: x", AT, ERR, Entry, "[ERROR] InnoDB: x"),
            ("2026-11-05 01:12:00 7f12ab34 InnoDB: Error: x", AT, None, Entry, "InnoDB: Error: x"),
            ("261105  1:12:00 [Warning] x", AT, WARNING, Entry, "[Warning] x"),
            ("261105 01:12:00 mysqld_safe Starting x", AT, None, Entry, "mysqld_safe Starting x"),
            (
                "2026-11-04T16:12:00Z UTC - mysqld got signal 11 ;",
                AT,
                None,
                Entry,
                "UTC - mysqld got signal 11 ;",
            ),
            ("InnoDB: Error: x", AT, None, Entry, "InnoDB: Error: x"),
            (
                "Some pointers may be invalid and cause the dump to abort.",
                AT,
                None,
                Continued,
                "Some pointers may be invalid and cause the dump to abort.",
            ),
        ],
    );
}

#[test]
fn console_lines_are_known_by_their_form() {
    let check = |line: &str, expected| assert_eq!(of_console(line.as_bytes()), expected, "{line}");
    check("05-Nov-2026 01:12:00.123 SEVERE [main] a.b c", Some(Product::Tomcat));
    check("01:12:00,123 ERROR [org.jboss.as] (Boot) x", Some(Product::Jboss));
    check("2026-11-05 01:12:00,123 WARN  [org.jboss.as] (Boot) x", Some(Product::Jboss));
    check("2026-11-05 01:12:00,123 ERROR shop.Order x", None);
    check("java.lang.OutOfMemoryError: Java heap space", None);
    check("", None);
}

#[test]
fn what_was_read_before_gives_its_time() {
    let mut reader = reader(Product::Jboss);
    reader.go_on_after(Some(7));
    assert_eq!(reader.line(b"\tat a.b(C.java:1)").at, Some(7));
}

#[test]
fn no_bytes_break_it() {
    for product in Product::ALL {
        let mut reader = reader(product);
        for line in [
            &b"[2026-13-45 99:99:99]"[..],
            b"[",
            b"2026-",
            b"\xff\xfe\x00",
            b"9999-99-99 1",
            "11월".as_bytes(),
        ] {
            for end in 0..=line.len() {
                let seen = reader.line(&line[..end]);
                assert_eq!(seen.at, None);
            }
        }
        let pairs: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_be_bytes).collect();
        pairs.split(|&byte| byte == b'\n').for_each(|line| {
            reader.line(line);
        });
    }
}
