//! The times at the beginning of lines, as they are written.

use super::Product;

/// A time as it stands in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Year, month, day; none where the line tells the time alone.
    pub date: Option<(i16, i8, i8)>,
    pub hour: i8,
    pub minute: i8,
    pub second: i8,
    /// East of UTC; none is the host's zone.
    pub offset_seconds: Option<i32>,
}

const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// The stamp of a product's line, and what follows it.
pub(super) fn of(product: Product, line: &[u8]) -> Option<(Stamp, &[u8])> {
    let mut at = At(line);
    let stamp = match product {
        Product::Httpd => httpd(&mut at)?,
        Product::Tomcat => iso(&mut At(line), &mut at)
            .or_else(|| juli(&mut At(line), &mut at))
            .or_else(|| long(&mut At(line), &mut at))
            .or_else(|| korean(&mut At(line), &mut at))?,
        Product::Jboss => {
            iso(&mut At(line), &mut at).or_else(|| time_alone(&mut At(line), &mut at))?
        }
        Product::Mysqld => iso(&mut At(line), &mut at).or_else(|| short(&mut At(line), &mut at))?,
    };
    Some((stamp, at.0.trim_ascii_start()))
}

/// Without the number of the connection (`0 [ERROR]`, `7f12ab34 InnoDB: …`) that MySQL writes
/// first.
pub(super) fn without_thread(rest: &[u8]) -> &[u8] {
    let end = rest.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(rest.len());
    let after = rest[end..].trim_ascii_start();
    let numbered = end > 0 && rest.get(end) == Some(&b' ') && rest[..end].iter().any(digit);
    let named = after.starts_with(b"[") || after.starts_with(b"InnoDB: ");
    if numbered && named { after } else { rest }
}

/// A place in a line.
#[derive(Clone, Copy)]
struct At<'t>(&'t [u8]);

impl<'t> At<'t> {
    fn next(&mut self, expected: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(expected)?;
        Some(())
    }

    fn blanks(&mut self) {
        self.0 = self.0.trim_ascii_start();
    }

    /// A number of so many digits at most.
    fn number(&mut self, digits_max: usize) -> Option<i16> {
        let end = self.0.iter().take(digits_max).take_while(|byte| digit(byte)).count();
        let (digits, rest) = self.0.split_at(end);
        self.0 = rest;
        let value = |sum: i16, byte: &u8| sum * 10 + i16::from(byte - b'0');
        (end > 0).then(|| digits.iter().fold(0, value))
    }

    fn two(&mut self) -> Option<i8> {
        i8::try_from(self.number(2)?).ok()
    }

    /// `1:12:00` or `01:12:00`, and a fraction.
    fn clock(&mut self) -> Option<(i8, i8, i8)> {
        let hour = self.two()?;
        self.next(b":")?;
        let minute = self.two()?;
        self.next(b":")?;
        let second = self.two()?;
        if let [b'.' | b',', rest @ ..] = self.0 {
            let end = rest.iter().take_while(|byte| digit(byte)).count();
            self.0 = &rest[end..];
        }
        (hour < 24 && minute < 60 && second < 61).then_some((hour, minute, second))
    }

    /// `Z`, `+09:00`, `+0900`, and the latter after a blank.
    fn offset(&mut self) -> Option<i32> {
        let text = self.0.strip_prefix(b" ").unwrap_or(self.0);
        if let [b'Z', rest @ ..] = self.0 {
            self.0 = rest;
            return Some(0);
        }
        let (sign, digits) = match text {
            [b'+', rest @ ..] => (1, rest),
            [b'-', rest @ ..] => (-1, rest),
            _ => return None,
        };
        let mut at = At(digits);
        let (hours, minutes) = match digits {
            [a, b, c, d, ..] if [a, b, c, d].into_iter().all(digit) => (at.two()?, at.two()?),
            [a, b, b':', c, d, ..] if [a, b, c, d].into_iter().all(digit) => {
                let hours = at.two()?;
                at.next(b":")?;
                (hours, at.two()?)
            }
            _ => return None,
        };
        self.0 = at.0;
        Some(sign * (i32::from(hours) * 3_600 + i32::from(minutes) * 60))
    }

    /// `Nov`, or `11월`.
    fn month(&mut self) -> Option<i8> {
        if let Some((word, rest)) = self.0.split_first_chunk::<3>()
            && let Some(index) = MONTHS.iter().position(|month| *month == word)
        {
            self.0 = rest;
            return i8::try_from(index + 1).ok();
        }
        let month = self.two()?;
        self.next("월".as_bytes())?;
        Some(month)
    }

    /// `AM`, `PM`, `오전`, `오후`: whether it is the second half of the day.
    fn half(&mut self) -> Option<bool> {
        for (word, second) in [("AM", false), ("PM", true), ("오전", false), ("오후", true)] {
            if self.next(word.as_bytes()).is_some() {
                return Some(second);
            }
        }
        None
    }
}

fn digit(byte: &u8) -> bool {
    byte.is_ascii_digit()
}

fn stamp(date: (i16, i8, i8), (hour, minute, second): (i8, i8, i8)) -> Stamp {
    Stamp { date: Some(date), hour, minute, second, offset_seconds: None }
}

/// Of twelve hours, whose twelfth is the first.
fn of_half((hour, minute, second): (i8, i8, i8), second_half: bool) -> Option<(i8, i8, i8)> {
    let hour = match hour {
        12 => 0,
        1..=11 => hour,
        _ => return None,
    };
    Some((if second_half { hour + 12 } else { hour }, minute, second))
}

/// `[Thu Nov 05 01:12:00.123456 2026]`, or ISO 8601 in the bracket.
fn httpd(at: &mut At<'_>) -> Option<Stamp> {
    at.next(b"[")?;
    let found = match at.0.first()? {
        b'0'..=b'9' => {
            let mut from = *at;
            iso(&mut from, at)?
        }
        _ => {
            // The day of the week.
            at.0 = at.0.get(3..)?;
            at.next(b" ")?;
            let month = at.month()?;
            at.blanks();
            let day = at.two()?;
            at.next(b" ")?;
            let clock = at.clock()?;
            at.next(b" ")?;
            stamp((at.number(4)?, month, day), clock)
        }
    };
    at.next(b"]")?;
    Some(found)
}

/// `2026-11-05 01:12:00,123`, with `T`, one digit of the hour, a fraction, an offset or none.
fn iso<'t>(from: &mut At<'t>, to: &mut At<'t>) -> Option<Stamp> {
    let year = from.number(4).filter(|year| *year >= 1_000)?;
    from.next(b"-")?;
    let month = from.two()?;
    from.next(b"-")?;
    let day = from.two()?;
    if from.next(b"T").is_none() {
        from.next(b" ")?;
        from.blanks();
    }
    let clock = from.clock()?;
    let offset_seconds = from.offset();
    *to = *from;
    Some(Stamp { offset_seconds, ..stamp((year, month, day), clock) })
}

/// `05-Nov-2026 01:12:00.123`.
fn juli<'t>(from: &mut At<'t>, to: &mut At<'t>) -> Option<Stamp> {
    let day = from.two()?;
    from.next(b"-")?;
    let month = from.month()?;
    from.next(b"-")?;
    let year = from.number(4)?;
    from.next(b" ")?;
    let clock = from.clock()?;
    *to = *from;
    Some(stamp((year, month, day), clock))
}

/// `Nov 05, 2026 1:12:00 AM`, `11월 05, 2026 1:12:00 오전`.
fn long<'t>(from: &mut At<'t>, to: &mut At<'t>) -> Option<Stamp> {
    let month = from.month()?;
    from.next(b" ")?;
    let day = from.two()?;
    from.next(b", ")?;
    let year = from.number(4)?;
    from.next(b" ")?;
    let clock = from.clock()?;
    from.next(b" ")?;
    let clock = of_half(clock, from.half()?)?;
    *to = *from;
    Some(stamp((year, month, day), clock))
}

/// `2026. 11. 5 오전 1:12:00`: a Korean Java up to 8.
fn korean<'t>(from: &mut At<'t>, to: &mut At<'t>) -> Option<Stamp> {
    let year = from.number(4)?;
    from.next(b". ")?;
    let month = from.two()?;
    from.next(b". ")?;
    let day = from.two()?;
    let _ = from.next(b".");
    from.next(b" ")?;
    let half = from.half()?;
    from.next(b" ")?;
    let clock = of_half(from.clock()?, half)?;
    *to = *from;
    Some(stamp((year, month, day), clock))
}

/// `01:12:00,123`: JBoss EAP 6.
fn time_alone<'t>(from: &mut At<'t>, to: &mut At<'t>) -> Option<Stamp> {
    if !matches!(from.0, [_, _, b':', _, _, b':', _, _, b',', ..]) {
        return None;
    }
    let (hour, minute, second) = from.clock()?;
    *to = *from;
    Some(Stamp { date: None, hour, minute, second, offset_seconds: None })
}

/// `261105  1:12:00`.
fn short<'t>(from: &mut At<'t>, to: &mut At<'t>) -> Option<Stamp> {
    let (year, month, day) = (from.two()?, from.two()?, from.two()?);
    from.next(b" ")?;
    from.blanks();
    let clock = from.clock()?;
    *to = *from;
    Some(stamp((2_000 + i16::from(year), month, day), clock))
}
