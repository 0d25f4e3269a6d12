//! Lines of the products' own log files: when, how bad, and whether a line begins an entry.
//!
//! ```text
//! [Thu Nov 05 01:12:00.123456 2026] [proxy:error] [pid 7:tid 9] AH00898: msg      httpd 2.4
//! [Thu Nov 05 01:12:00 2026] [error] [client 10.0.0.9] msg                        httpd 2.2
//! 05-Nov-2026 01:12:00.123 SEVERE [main] org.apache.catalina.x.y msg              Tomcat
//! Nov 05, 2026 1:12:00 AM org.apache.catalina.x y                                 Tomcat, older:
//! SEVERE: msg                                                                     two lines
//! 2026-11-05 01:12:00,123 ERROR [category] (thread) msg                           JBoss, WildFly
//! 2026-11-05T01:12:00.123456Z 0 [ERROR] [MY-010119] [Server] msg                  MySQL
//! 2026-11-05  1:12:00 0 [ERROR] msg                                               MariaDB
//! 261105  1:12:00 [ERROR] msg                                                     both, 5.5
//! ```
//! A stamp without a zone is of the host's. A line without a stamp belongs to the entry before.
//! It knows neither files nor patterns; the agent and the survey of archives both read with it.

mod levels;
mod stamps;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::patterns::Priority;
use stamps::Stamp;

/// A product with a log of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Product {
    Httpd,
    Tomcat,
    Jboss,
    Mysqld,
}

impl Product {
    pub const ALL: [Self; 4] = [Self::Httpd, Self::Tomcat, Self::Jboss, Self::Mysqld];

    /// The name under which its lines are counted, as a syslog identifier would be.
    #[must_use]
    pub const fn program(self) -> &'static str {
        match self {
            Self::Httpd => "httpd",
            Self::Tomcat => "tomcat",
            Self::Jboss => "jboss",
            Self::Mysqld => "mysqld",
        }
    }
}

/// What a line is of its entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// An entry's first line, or a line that stands for itself.
    Entry,
    /// Goes on with the entry before: it may name the cause, but is no fault of its own.
    Continued,
    /// A frame of a stack trace: names of code, which say nothing of what happened.
    Frame,
}

/// One line, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'t> {
    /// Seconds since the epoch: its own, or that of the entry before.
    pub at: Option<i64>,
    /// Where the line says so.
    pub priority: Option<Priority>,
    pub part: Part,
    /// What follows the stamp, the level included; the line's end.
    pub message: &'t [u8],
}

/// Reads the lines of one file in their order.
#[derive(Clone, Debug)]
pub struct Reader {
    product: Product,
    zone: TimeZone,
    /// The day of lines that tell the time alone.
    day: Option<Date>,
    /// The last hour that was placed: its stamp without minutes, and its first second.
    hour: Option<(Stamp, i64)>,
    last: Option<i64>,
    /// The entry before was a warning or worse: what goes on with it is told by it.
    told: bool,
}

impl Reader {
    /// `day` is that of lines that tell the time alone (JBoss EAP 6): the file's.
    #[must_use]
    pub const fn new(product: Product, zone: TimeZone, day: Option<Date>) -> Self {
        Self { product, zone, day, hour: None, last: None, told: false }
    }

    /// Goes on after a line of that time, which was read before.
    pub const fn go_on_after(&mut self, at: Option<i64>) {
        self.last = at;
    }

    /// Reads the next line; without its end.
    pub fn line<'t>(&mut self, line: &'t [u8]) -> Line<'t> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let stamped = stamps::of(self.product, line).and_then(|(stamp, rest)| {
            let at = self.place(&stamp)?;
            Some((at, rest))
        });
        let Some((at, rest)) = stamped else { return self.unstamped(line) };
        self.last = Some(at);
        let message = match self.product {
            Product::Mysqld => stamps::without_thread(rest),
            _ => rest,
        };
        let priority = levels::of(self.product, message);
        self.told = priority.is_some_and(|priority| priority <= Priority::Warning);
        Line { at: Some(at), priority, part: Part::Entry, message }
    }

    fn unstamped<'t>(&mut self, line: &'t [u8]) -> Line<'t> {
        let (part, priority) = match self.product {
            Product::Tomcat | Product::Jboss => self.java(line),
            Product::Mysqld if line.starts_with(b"InnoDB: ") => (Part::Entry, None),
            Product::Mysqld => (Part::Continued, None),
            Product::Httpd if line.first().is_some_and(u8::is_ascii_whitespace) => {
                (Part::Continued, None)
            }
            // What programs behind it write to their standard error.
            Product::Httpd => (Part::Entry, None),
        };
        if part == Part::Entry {
            self.told = priority.is_some_and(|priority| priority <= Priority::Warning);
        }
        Line { at: self.last, priority, part, message: line }
    }

    fn java(&self, line: &[u8]) -> (Part, Option<Priority>) {
        let bare = line.trim_ascii_start();
        if bare.len() < line.len() {
            let frame = bare.starts_with(b"at ") || bare.starts_with(b"... ");
            return (if frame { Part::Frame } else { Part::Continued }, None);
        }
        // The second line of the older form, or a program's own.
        if let Some(priority) = levels::of(self.product, line) {
            return (Part::Entry, Some(priority));
        }
        // What was printed and not logged is told by nothing else.
        let begins = line.starts_with(b"Exception in thread ") || is_throwable(line);
        (if begins && !self.told { Part::Entry } else { Part::Continued }, None)
    }

    /// Seconds since the epoch.
    fn place(&mut self, stamp: &Stamp) -> Option<i64> {
        let within = i64::from(stamp.minute) * 60 + i64::from(stamp.second);
        let key = Stamp { minute: 0, second: 0, ..*stamp };
        let start = match &self.hour {
            Some((known, start)) if *known == key => *start,
            _ => {
                let start = self.place_hour(&key)?;
                self.hour = Some((key, start));
                start
            }
        };
        Some(start + within)
    }

    fn place_hour(&self, stamp: &Stamp) -> Option<i64> {
        let date = match stamp.date {
            Some((year, month, day)) => Date::new(year, month, day).ok()?,
            None => self.day?,
        };
        let at: DateTime = date.at(stamp.hour, 0, 0, 0);
        match stamp.offset_seconds {
            Some(east) => {
                let utc = at.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
                Some(utc - i64::from(east))
            }
            None => Some(at.to_zoned(self.zone.clone()).ok()?.timestamp().as_second()),
        }
    }
}

/// Whose console line this is, by its form: products write the same lines to their own file and to
/// standard output, which the journal keeps.
#[must_use]
pub fn of_console(message: &[u8]) -> Option<Product> {
    let ours = |product: Product| {
        let (_, rest) = stamps::of(product, message)?;
        levels::of(product, rest)?;
        // `LEVEL [thread]` of Tomcat, `LEVEL [category]` of JBoss.
        let after = rest.iter().position(|&byte| byte == b' ')?;
        rest[after..].trim_ascii_start().starts_with(b"[").then_some(product)
    };
    // They differ in their dates: `05-Nov-2026` and `2026-11-05`, or none.
    match message.get(2)? {
        b'-' => ours(Product::Tomcat),
        _ => ours(Product::Jboss),
    }
}

/// `java.lang.IllegalStateException: msg` or the bare name.
fn is_throwable(line: &[u8]) -> bool {
    let end = line.iter().position(|&b| b == b':' || b == b' ').unwrap_or(line.len());
    let name = &line[..end];
    let letter = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'$');
    name.contains(&b'.')
        && name.iter().all(letter)
        && (name.ends_with(b"Exception") || name.ends_with(b"Error"))
}

#[cfg(test)]
mod tests;
