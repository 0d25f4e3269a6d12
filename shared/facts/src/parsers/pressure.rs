//! Pressure stall information: the share of time in which tasks waited for a resource.
//!
//! ```text
//! some avg10=0.00 avg60=0.12 avg300=0.30 total=123
//! full avg10=0.00 avg60=0.00 avg300=0.05 total=45
//! ```
//! RHEL 7 has none; RHEL 8 only when booted with `psi=1`.

use carepack_shared::Unseen;

use crate::{Evidence, Facts, Parser, Spec};

pub static PARSER: Parser = Parser {
    name: "pressure",
    facts: &[
        Spec { key: "pressure.cpu_some_avg300", unit: "%", about: "time some task waited for CPU" },
        Spec {
            key: "pressure.memory_some_avg300",
            unit: "%",
            about: "time some task waited for memory",
        },
        Spec {
            key: "pressure.memory_full_avg300",
            unit: "%",
            about: "time all tasks waited for memory",
        },
        Spec { key: "pressure.io_some_avg300", unit: "%", about: "time some task waited for I/O" },
        Spec { key: "pressure.io_full_avg300", unit: "%", about: "time all tasks waited for I/O" },
    ],
    parse,
};

const READS: [(&str, &str, &str); 5] = [
    ("pressure.cpu_some_avg300", "/proc/pressure/cpu", "some"),
    ("pressure.memory_some_avg300", "/proc/pressure/memory", "some"),
    ("pressure.memory_full_avg300", "/proc/pressure/memory", "full"),
    ("pressure.io_some_avg300", "/proc/pressure/io", "some"),
    ("pressure.io_full_avg300", "/proc/pressure/io", "full"),
];

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    for (key, path, kind) in READS {
        let read = evidence.text(path).and_then(|text| avg300(text, kind));
        facts.set(key, read, path);
    }
}

fn avg300(text: &str, kind: &str) -> Result<f64, Unseen> {
    let line = text.lines().find(|line| line.starts_with(kind)).ok_or(Unseen::Malformed)?;
    let value = line.split(' ').find_map(|word| word.strip_prefix("avg300="));
    let number = value.and_then(|value| value.parse::<f64>().ok()).filter(|n| n.is_finite());
    number.ok_or(Unseen::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_and_full() {
        let text = "some avg10=0.00 avg60=0.12 avg300=0.30 total=1\nfull avg10=0.00 avg60=0.00 avg300=0.05 total=4\n";
        assert_eq!(avg300(text, "some"), Ok(0.30));
        assert_eq!(avg300(text, "full"), Ok(0.05));
        assert_eq!(avg300("some avg10=0", "some"), Err(Unseen::Malformed));
    }
}
