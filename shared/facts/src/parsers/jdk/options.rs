//! Options of the `java` launcher, as its manual reads them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// The words of a command line that are options.
pub struct Options<'a> {
    words: Vec<&'a str>,
}

impl<'a> Options<'a> {
    pub fn of(argv: &'a [String]) -> Self {
        let words = argv.iter().skip(1).map(String::as_str);
        Self { words: words.filter(|word| word.starts_with('-')).collect() }
    }

    fn last(&self, prefix: &str) -> Option<&'a str> {
        self.words.iter().rev().find_map(|word| word.strip_prefix(prefix))
    }

    /// `-Xmx2g` in bytes.
    pub fn size(&self, prefix: &str) -> Option<i64> {
        bytes(self.last(prefix)?)
    }

    /// `-XX:NAME=value`.
    pub fn value(&self, name: &str) -> Option<&'a str> {
        self.last(&format!("-XX:{name}="))
    }

    pub fn value_size(&self, name: &str) -> Option<i64> {
        bytes(self.value(name)?)
    }

    pub fn value_number(&self, name: &str) -> Option<f64> {
        self.value(name)?.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// `-XX:+NAME` or `-XX:-NAME`; none when neither stands there.
    pub fn is_on(&self, name: &str) -> Option<bool> {
        self.words.iter().rev().find_map(|word| {
            let rest = word.strip_prefix("-XX:")?;
            let (sign, flag) = rest.split_at_checked(1)?;
            (flag == name).then(|| sign == "+")
        })
    }

    pub fn property(&self, name: &str) -> Option<&'a str> {
        self.last(&format!("-D{name}="))
    }

    /// The collector that is asked for by name.
    pub fn collector(&self) -> Option<&'static str> {
        const COLLECTORS: [(&str, &str); 6] = [
            ("UseG1GC", "g1"),
            ("UseParallelGC", "parallel"),
            ("UseConcMarkSweepGC", "cms"),
            ("UseSerialGC", "serial"),
            ("UseShenandoahGC", "shenandoah"),
            ("UseZGC", "zgc"),
        ];
        let on = |(flag, _): &&(&str, &str)| self.is_on(flag) == Some(true);
        COLLECTORS.iter().find(on).map(|&(_, name)| name)
    }

    pub fn gc_log(&self) -> bool {
        self.last("-Xloggc:").is_some()
            || self.words.iter().any(|word| word.starts_with("-Xlog:gc") && word.contains("file"))
    }

    /// Where a debugger may come in: `{"address","exposed"}`. Before Java 9 a port without a
    /// host listened on all addresses; since then only on the loopback.
    pub fn debug(&self) -> Value {
        let prefixes = ["-agentlib:jdwp=", "-Xrunjdwp:"];
        let Some(text) = prefixes.iter().find_map(|prefix| self.last(prefix)) else {
            return Value::Null;
        };
        let setting = |name: &str| {
            text.split(',').find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
        };
        let address = setting("address").unwrap_or("");
        let host = address.rsplit_once(':').map(|(host, _)| host);
        let listens = setting("server") == Some("y");
        json!({
            "address": address,
            "listens": listens,
            "host": host,
        })
    }

    /// Names of `-XX` options, once each, in order, without their values.
    pub fn names(&self) -> Vec<&'a str> {
        let names: BTreeSet<&str> = self.words.iter().filter_map(|word| name(word)).collect();
        names.into_iter().collect()
    }

    /// Options that stand there more than once with different values.
    pub fn repeated(&self) -> Vec<&'static str> {
        let differ = |prefix: &&str| {
            let values: BTreeSet<&str> =
                self.words.iter().filter_map(|word| word.strip_prefix(prefix)).collect();
            values.len() > 1
        };
        ["-Xmx", "-Xms", "-Xss"].into_iter().filter(differ).collect()
    }
}

/// `-XX:+UseG1GC`, `-XX:MaxPermSize=256m`.
fn name<'a>(word: &&'a str) -> Option<&'a str> {
    let rest = word.strip_prefix("-XX:")?;
    let rest = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    Some(rest.split('=').next().unwrap_or(rest))
}

/// `512m`, `2G`, `1073741824`.
fn bytes(text: &str) -> Option<i64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" => 1,
        "k" | "K" => 1 << 10,
        "m" | "M" => 1 << 20,
        "g" | "G" => 1 << 30,
        "t" | "T" => 1_i64 << 40,
        _ => return None,
    };
    digits.parse::<i64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_option_stands() {
        let argv = |line: &str| -> Vec<String> { line.split(' ').map(str::to_owned).collect() };
        let words = argv(
            "java -Xms1g -Xmx1g -Xmx2G -XX:+UseG1GC -XX:-UseContainerSupport \
             -XX:MaxMetaspaceSize=256m -XX:MaxRAMPercentage=75.0 -Xlog:gc*:file=/tmp/gc.log \
             -Dcom.sun.management.jmxremote.port=9999 -agentlib:jdwp=transport=dt_socket,\
             server=y,address=*:8787",
        );
        let options = Options::of(&words);
        assert_eq!(options.size("-Xmx"), Some(2 << 30));
        assert_eq!(options.value_size("MaxMetaspaceSize"), Some(256 << 20));
        assert_eq!(options.value_number("MaxRAMPercentage"), Some(75.0));
        assert_eq!(options.is_on("UseContainerSupport"), Some(false));
        assert_eq!(options.is_on("HeapDumpOnOutOfMemoryError"), None);
        assert_eq!(options.collector(), Some("g1"));
        assert!(options.gc_log());
        assert_eq!(options.property("com.sun.management.jmxremote.port"), Some("9999"));
        let debug = options.debug();
        assert_eq!((&debug["host"], &debug["listens"]), (&json!("*"), &json!(true)));
        assert_eq!(options.repeated(), ["-Xmx"]);
        assert!(options.names().contains(&"MaxMetaspaceSize"));
    }

    #[test]
    fn sizes() {
        let check = |text, expected| assert_eq!(bytes(text), expected, "{text}");
        check("512m", Some(512 << 20));
        check("1073741824", Some(1 << 30));
        check("2x", None);
        check("9223372036854775807g", None);
        check("", None);
        check("한", None);
    }
}
