//! One line of a log file: when, who, what.
//!
//! ```text
//! Nov  5 01:12:00 db01 sshd[811]: Failed password for root          rsyslog, traditional
//! 2026-11-05T01:12:00.123456+09:00 db01 kernel: Out of memory       rsyslog, RFC 3339
//! type=AVC msg=audit(1762272720.123:456): avc:  denied  { read }    auditd
//! 2026-11-05T01:12:00+0900 ERROR Failed to download                 dnf
//! Nov 05 01:12:00 Updated: bash-4.2.46                              yum
//! [ 1234.567890] Out of memory                                      dmesg
//! ```
//!
//! The traditional form has no year: it is the latest year that does not lie in the future. Lines
//! without a time of their own belong to the one before. Lines of the products' own logs are read
//! by [`carepack_shared::product_log`].

use carepack_shared::patterns::Priority;
use carepack_shared::product_log::{self, Part, Product};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::bytes::find_any;
use super::programs::Key;

/// How a file's lines are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// rsyslog, either form.
    Syslog,
    Audit,
    /// A time, then the message; `program` stands for who wrote it.
    Plain {
        program: &'static str,
    },
    /// The kernel's ring buffer; the boot's epoch second.
    Kernel {
        boot: Option<i64>,
    },
    /// A product's own log.
    Product(Product),
}

/// One line's parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts<'t> {
    /// Seconds since the epoch; its own, or that of the line before.
    pub at: Option<i64>,
    pub program: &'t [u8],
    /// With the tag before it, which few lines are worth the search for: see [`Self::message`].
    pub rest: &'t [u8],
    /// Where the line says so.
    pub priority: Option<Priority>,
    pub part: Part,
    tagged: bool,
}

impl<'t> Parts<'t> {
    /// The key of the program.
    #[inline]
    pub fn key(&self) -> Key {
        let text = if self.tagged { self.rest } else { self.program };
        Key::of(text, self.program.len())
    }

    /// The message alone: without tag, and of the kernel without its uptime.
    pub fn message(&self) -> &'t [u8] {
        if !self.tagged {
            return self.rest;
        }
        let mut after = &self.rest[self.program.len()..];
        if after.first() == Some(&b'[') {
            let close = after.iter().position(|&byte| byte == b']');
            after = close.map_or(b"", |close| &after[close + 1..]);
        }
        let message = match after {
            [b':', b' ', message @ ..] | [b':', message @ ..] => message,
            _ => self.rest,
        };
        match self.program {
            b"kernel" => uptime(message).map_or(message, |(_, rest)| rest),
            _ => message,
        }
    }
}

/// Reads lines of one file of one host.
pub(super) struct Reader {
    format: Format,
    now: Timestamp,
    zone: TimeZone,
    /// The last hour that was placed: its text (`Nov  5 01` or `2026-11-05T01`), and its first
    /// second in the host's zone.
    hour: Option<([u8; HOUR_BYTES], i64)>,
    /// The last minute of a traditional stamp as [`minute_key`], and its first second.
    minute: ((u64, u64), i64),
    last: Option<i64>,
    product: Option<product_log::Reader>,
}

/// `Nov  5 01:12:00`.
const STAMP_BYTES: usize = 15;

/// The longer of the two forms of an hour; the shorter is filled up with zeroes.
const HOUR_BYTES: usize = 13;

const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

impl Reader {
    pub const fn new(format: Format, now: Timestamp, zone: TimeZone) -> Self {
        let (hour, minute, product) = (None, ((0, 1), 0), None);
        Self { format, now, zone, hour, minute, last: None, product }
    }

    /// Of a product's file: the day of lines that tell the time alone, and the time of the last
    /// line that was read before, to which lines without one belong.
    pub fn of_product(mut self, day: Option<Date>, after: Option<i64>) -> Self {
        if let Format::Product(product) = self.format {
            let mut reader = product_log::Reader::new(product, self.zone.clone(), day);
            reader.go_on_after(after);
            self.product = Some(reader);
        }
        self
    }

    #[inline]
    pub fn line<'t>(&mut self, line: &'t [u8]) -> Parts<'t> {
        let line = plain(line);
        match self.format {
            Format::Syslog => self.syslog(line),
            Format::Audit => self.audit(line),
            Format::Plain { program } => {
                let (at, rest) = self.stamp(line).unwrap_or((None, line));
                self.parts(at, program.as_bytes(), rest)
            }
            Format::Kernel { boot } => {
                let message = without_level(line);
                let (seconds, rest) = uptime(message).unwrap_or((None, message));
                let at = boot.zip(seconds).and_then(|(boot, s)| boot.checked_add(s));
                self.parts(at, b"kernel", rest)
            }
            Format::Product(product) => {
                let Some(reader) = &mut self.product else {
                    return self.parts(None, product.program().as_bytes(), line);
                };
                let product_log::Line { at, priority, part, message } = reader.line(line);
                let program = product.program().as_bytes();
                Parts { at, program, rest: message, priority, part, tagged: false }
            }
        }
    }

    #[inline]
    fn parts<'t>(&mut self, at: Option<i64>, program: &'t [u8], rest: &'t [u8]) -> Parts<'t> {
        self.last = at.or(self.last);
        let tagged = self.format == Format::Syslog
            && !program.is_empty()
            && rest.as_ptr() == program.as_ptr();
        let (priority, part) = (None, Part::Entry);
        Parts { at: self.last, program, rest, priority, part, tagged }
    }

    #[inline]
    fn syslog<'t>(&mut self, line: &'t [u8]) -> Parts<'t> {
        let Some((at, rest)) = self.stamp(line) else {
            // The kernel's own form in a text that was saved from dmesg.
            return match uptime(without_level(line)) {
                Some((_, rest)) => self.parts(None, b"kernel", rest),
                None => self.parts(None, b"", line),
            };
        };
        // Host name, then the program with its number.
        let rest = match find_any(rest, [b' '; 3]) {
            Some(space) => &rest[space + 1..],
            None => b"",
        };
        let end = find_any(rest, [b'[', b':', b' ']).unwrap_or(rest.len());
        let program = &rest[..end];
        match rest.get(end) {
            // A bracket or a word, but no tag: the whole rest is the message.
            Some(b' ') | None => self.parts(at, b"", rest),
            _ => self.parts(at, program, rest),
        }
    }

    /// `type=AVC msg=audit(1762272720.123:456): …`: the message keeps the type.
    fn audit<'t>(&mut self, line: &'t [u8]) -> Parts<'t> {
        let begin = memchr::memmem::find(line.get(..200).unwrap_or(line), b"msg=audit(");
        let at = begin.and_then(|begin| digits(&line[begin + 10..]));
        self.parts(at, b"audit", line)
    }

    /// The time at the beginning of a line, and what follows.
    #[inline]
    fn stamp<'t>(&mut self, line: &'t [u8]) -> Option<(Option<i64>, &'t [u8])> {
        if line.first()?.is_ascii_digit() {
            let (at, rest) = self.rfc3339(line)?;
            return Some((Some(at), rest));
        }
        let (at, rest) = self.traditional(line)?;
        Some((Some(at), rest))
    }

    /// `Nov  5 01:12:00 ` is sixteen bytes.
    #[inline]
    fn traditional<'t>(&mut self, line: &'t [u8]) -> Option<(i64, &'t [u8])> {
        let (stamp, rest) = (line.first_chunk::<STAMP_BYTES>()?, line.get(16..).unwrap_or(b""));
        let key = minute_key(stamp);
        if key != self.minute.0 {
            self.minute = (key, self.place_minute(stamp)?);
        }
        Some((self.minute.1 + i64::from(two(&stamp[13..])?), rest))
    }

    /// The first second of the minute.
    #[inline(never)]
    fn place_minute(&mut self, stamp: &[u8; STAMP_BYTES]) -> Option<i64> {
        if stamp[9] != b':' || stamp[12] != b':' || stamp[3] != b' ' {
            return None;
        }
        let minute = i64::from(two(&stamp[10..12])?);
        let key = hour_key(&stamp[..9]);
        let start = match self.hour {
            Some((known, start)) if known == key => start,
            _ => {
                let start = self.place(stamp)?;
                self.hour = Some((key, start));
                start
            }
        };
        Some(start + minute * 60)
    }

    /// The first second of the hour.
    fn place(&self, stamp: &[u8]) -> Option<i64> {
        let month = MONTHS.iter().position(|month| month[..] == stamp[..3])? + 1;
        let month = i8::try_from(month).ok()?;
        let day: i8 = std::str::from_utf8(&stamp[4..6]).ok()?.trim_start().parse().ok()?;
        let hour = two(&stamp[7..9])?;
        // A clock that was a little ahead must not throw a line back by a year.
        let latest = self.now.checked_add(24.hours()).ok()?;
        let year = latest.to_zoned(self.zone.clone()).year();
        // Leap days need up to eight years back, but nobody keeps a log so long.
        (0..=4).find_map(|back| {
            let at = DateTime::new(year - back, month, day, hour, 0, 0, 0).ok()?;
            let at = at.to_zoned(self.zone.clone()).ok()?.timestamp();
            (at <= latest).then(|| at.as_second())
        })
    }

    /// `2026-11-05T01:12:00`, a fraction, an offset or none (the host's zone), a space.
    fn rfc3339<'t>(&mut self, line: &'t [u8]) -> Option<(i64, &'t [u8])> {
        let text = line.get(..19)?;
        if text[4] != b'-' || !matches!(text[10], b'T' | b' ') || text[16] != b':' {
            return None;
        }
        let minute = i64::from(two(&text[14..16])?);
        let second = i64::from(two(&text[17..19])?);
        let mut rest = &line[19..];
        if let Some(b'.' | b',') = rest.first() {
            let end =
                rest[1..].iter().position(|b| !b.is_ascii_digit()).map_or(rest.len(), |n| n + 1);
            rest = &rest[end..];
        }
        let (offset, rest) = offset(rest);
        let key = hour_key(&text[..HOUR_BYTES]);
        let start = match self.hour {
            Some((known, start)) if known == key => start,
            _ => {
                let start = self.place_numbers(text)?;
                self.hour = Some((key, start));
                start
            }
        };
        let here = match offset {
            // The hour was placed in the host's zone; put it where the line says.
            Some(offset) => start + self.offset_of(start) - offset,
            None => start,
        };
        Some((here + minute * 60 + second, rest.strip_prefix(b" ").unwrap_or(rest)))
    }

    fn offset_of(&self, at: i64) -> i64 {
        let moment = Timestamp::from_second(at).unwrap_or(self.now);
        i64::from(self.zone.to_offset(moment).seconds())
    }

    fn place_numbers(&self, text: &[u8]) -> Option<i64> {
        let year = i16::from(two(&text[..2])?) * 100 + i16::from(two(&text[2..4])?);
        let (month, day, hour) = (two(&text[5..7])?, two(&text[8..10])?, two(&text[11..13])?);
        let at = DateTime::new(year, month, day, hour, 0, 0, 0).ok()?;
        Some(at.to_zoned(self.zone.clone()).ok()?.timestamp().as_second())
    }
}

/// Without what a crash or a terminal leaves at a line's ends: NULs before it, a CR after it.
fn plain(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match line.first() {
        Some(0) => {
            let end = line.iter().position(|&b| b != 0);
            &line[end.unwrap_or(line.len())..]
        }
        Some(0x1b) => {
            // A colour: ESC [ digits m.
            let end = line.iter().take(16).position(|&b| b == b'm').map_or(0, |at| at + 1);
            &line[end..]
        }
        _ => line,
    }
}

/// A stamp without its seconds (`Nov  5 01:12:`) as two numbers, which share three bytes. No stamp
/// is a zero and a one.
#[inline]
fn minute_key(stamp: &[u8; STAMP_BYTES]) -> (u64, u64) {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, _, _] = *stamp;
    (u64::from_le_bytes([a, b, c, d, e, f, g, h]), u64::from_le_bytes([f, g, h, i, j, k, l, m]))
}

#[inline]
fn hour_key(text: &[u8]) -> [u8; HOUR_BYTES] {
    let mut key = [0; HOUR_BYTES];
    let count = text.len().min(HOUR_BYTES);
    key[..count].copy_from_slice(&text[..count]);
    key
}

/// Two digits.
#[inline]
fn two(text: &[u8]) -> Option<i8> {
    let [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] = text else { return None };
    i8::try_from((tens - b'0') * 10 + (ones - b'0')).ok()
}

/// The number at the beginning.
fn digits(text: &[u8]) -> Option<i64> {
    let end = text.iter().take(18).position(|b| !b.is_ascii_digit())?;
    std::str::from_utf8(&text[..end]).ok()?.parse().ok()
}

/// `Z`, `+09:00`, `+0900` or nothing; in seconds east.
fn offset(text: &[u8]) -> (Option<i64>, &[u8]) {
    match text {
        [b'Z', rest @ ..] => (Some(0), rest),
        [sign @ (b'+' | b'-'), a, b, b':', c, d, rest @ ..]
        | [sign @ (b'+' | b'-'), a, b, c, d, rest @ ..] => match (two(&[*a, *b]), two(&[*c, *d])) {
            (Some(hours), Some(minutes)) => {
                let east = i64::from(hours) * 3600 + i64::from(minutes) * 60;
                (Some(if *sign == b'-' { -east } else { east }), rest)
            }
            _ => (None, text),
        },
        _ => (None, text),
    }
}

/// Kernel lines may begin with seconds since boot: `[12345.678901] `.
fn uptime(message: &[u8]) -> Option<(Option<i64>, &[u8])> {
    let rest = message.strip_prefix(b"[")?;
    let close = rest.iter().take(24).position(|&b| b == b']')?;
    let stamp = rest[..close].trim_ascii_start();
    let numeric = |b: &u8| b.is_ascii_digit() || *b == b'.';
    // A second bracket may name the task or CPU: `[   12.5][ T100] `.
    let after = rest[close + 1..].trim_ascii_start();
    (!stamp.is_empty() && stamp.iter().all(numeric) && stamp.contains(&b'.'))
        .then(|| (digits(stamp), after))
}

/// A console line may begin with its level: `<6>`.
fn without_level(line: &[u8]) -> &[u8] {
    match line {
        [b'<', b'0'..=b'9', b'>', rest @ ..] => rest,
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: Format, text: &str, at: Option<&str>, program: &str, message: &str) {
        let now = "2026-01-03T00:00:00Z".parse().unwrap();
        let at = at.map(|at| at.parse::<Timestamp>().unwrap().as_second());
        let mut reader = Reader::new(format, now, TimeZone::get("Asia/Seoul").unwrap());
        for _ in 0..2 {
            let parts = reader.line(text.as_bytes());
            let seen = [parts.program, parts.message()].map(String::from_utf8_lossy);
            assert_eq!((parts.at, &*seen[0], &*seen[1]), (at, program, message), "{text}");
        }
    }

    #[test]
    fn both_forms_of_rsyslog_are_read_and_the_year_is_the_latest_past_one() {
        let check = |text, at, program, message| check(Format::Syslog, text, at, program, message);
        let jan = Some("2026-01-02T01:12:09+09:00");
        check("Jan  2 01:12:09 db01 sshd[811]: Failed x", jan, "sshd", "Failed x");
        check("Jan  2 01:12:09 db01 sshd[811]: Failed x\r", jan, "sshd", "Failed x");
        let december = Some("2025-12-31T23:59:59+09:00");
        check("Dec 31 23:59:59 db01 kernel: [  12.5] Trace:", december, "kernel", "Trace:");
        check("2026-01-02T01:12:09.5+09:00 db01 systemd[1]: x: y", jan, "systemd", "x: y");
        check("2026-01-01T16:12:09Z db01 systemd[1]: x: y", jan, "systemd", "x: y");
        check("2026-01-01T11:12:09.123456-05:00 db01 a: b", jan, "a", "b");
        check("Jan  2 01:12:09 db01 last message repeated", jan, "", "last message repeated");
        check("Jan  2 01:12:09 db01 sshd(pam_unix)[1]: a", jan, "sshd(pam_unix)", "a");
        check("Jan  2 01:12:09 db01 a:", jan, "a", "");
        check("Jan  2 01:12:09 db01", jan, "", "");
        check("Jan  2 01:12:09 db01 postfix/smtpd[9]: a: b", jan, "postfix/smtpd", "a: b");
        check("\0\0\0Jan  2 01:12:09 db01 a: b", jan, "a", "b");
        check("\u{1b}[31mJan  2 01:12:09 db01 a: b", jan, "a", "b");
        check("[133191.911987] bond0: x", None, "kernel", "bond0: x");
        check("<6>[   12.345678][  T10] usb: x", None, "kernel", "[  T10] usb: x");
        check("no time here", None, "", "no time here");
        check("", None, "", "");
        check("2026-99-02T01:12:09Z x y: z", None, "", "2026-99-02T01:12:09Z x y: z");
        check("한글 한글 한글 한글 한글 한글", None, "", "한글 한글 한글 한글 한글 한글");
    }

    #[test]
    fn other_files_have_their_own_forms() {
        let audit = "type=AVC msg=audit(1767283929.123:456): avc:  denied  { read }";
        check(Format::Audit, audit, Some("2026-01-01T16:12:09Z"), "audit", audit);
        let dnf = Format::Plain { program: "dnf" };
        let at = Some("2026-01-01T16:12:09Z");
        check(dnf, "2026-01-02T01:12:09+0900 ERROR Failed to", at, "dnf", "ERROR Failed to");
        check(dnf, "2026-01-01T16:12:09Z DEBUG x", at, "dnf", "DEBUG x");
        check(dnf, "Jan 02 01:12:09 Updated: bash", at, "dnf", "Updated: bash");
        check(dnf, "2026-01-02 01:12:09,123 x", at, "dnf", "x");
        let kernel = Format::Kernel { boot: Some(1_767_283_900) };
        check(kernel, "[   29.500000] Call Trace:", at, "kernel", "Call Trace:");
        check(kernel, "continued", None, "kernel", "continued");
    }

    #[test]
    fn the_first_of_three_bytes_is_found_wherever_it_stands() {
        let text = b"\x5a\x5c\x3b\xdb\x3a-a long name/[:] \x01\x00";
        for start in 0..text.len() {
            for end in start..=text.len() {
                for bytes in [[b'[', b':', b' '], [b' '; 3], [0, 1, 0xdb]] {
                    let text = &text[start..end];
                    let expected = text.iter().position(|byte| bytes.contains(byte));
                    assert_eq!(find_any(text, bytes), expected, "{}", text.escape_ascii());
                }
            }
        }
    }

    #[test]
    fn a_line_without_a_time_belongs_to_the_one_before() {
        let now = "2026-01-03T00:00:00Z".parse().unwrap();
        let mut reader = Reader::new(Format::Syslog, now, TimeZone::UTC);
        let at = reader.line(b"Jan  2 00:00:01 a b: c").at;
        assert!(at.is_some());
        assert_eq!(reader.line(b"\tat java.lang").at, at);
    }

    #[test]
    fn no_bytes_break_the_reader() {
        let now = "2026-01-03T00:00:00Z".parse().unwrap();
        let kernel = Format::Kernel { boot: Some(i64::MAX) };
        for format in [Format::Syslog, Format::Audit, Format::Plain { program: "x" }, kernel] {
            let mut reader = Reader::new(format, now, TimeZone::UTC);
            let seeds: [&[u8]; 6] = [
                b"Jan  2 01:12:09 a b[1]: [1.5] c",
                b"2026-01-02T01:12:09.5+09:00 a b: c",
                b"type=AVC msg=audit(99999999999999999999.1:2): x",
                b"[99999999999.5] x",
                b"\x1b\x1b[",
                b"\0\0",
            ];
            for seed in seeds {
                for at in 0..=seed.len() {
                    reader.line(&seed[..at]);
                    for byte in [0, b' ', b':', b'[', b']', 0x1b, 0xff, b'9'] {
                        let mut bent = seed.to_vec();
                        if let Some(place) = bent.get_mut(at) {
                            *place = byte;
                        }
                        reader.line(&bent);
                    }
                }
            }
        }
    }
}
