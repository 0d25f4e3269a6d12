//! Load average: tasks that wanted a CPU over the last 1, 5 and 15 minutes.
//!
//! ```text
//! 0.21 0.37 0.39 1/719 19737
//! ```

use carepack_shared::Unseen;

use crate::{Evidence, Facts, Parser, Spec};

const LOADAVG: &str = "/proc/loadavg";
const KEYS: [&str; 3] = ["load.avg1", "load.avg5", "load.avg15"];

pub static PARSER: Parser = Parser {
    name: "load",
    facts: &[
        Spec { key: "load.avg1", unit: "tasks", about: "load over one minute" },
        Spec { key: "load.avg5", unit: "tasks", about: "load over five minutes" },
        Spec { key: "load.avg15", unit: "tasks", about: "load over fifteen minutes" },
    ],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    match evidence.text(LOADAVG) {
        Ok(text) => {
            let mut words = text.split_whitespace();
            for key in KEYS {
                let number = words.next().and_then(|word| word.parse::<f64>().ok());
                let number = number.filter(|n| n.is_finite());
                facts.set(key, number.ok_or(Unseen::Malformed), LOADAVG);
            }
        }
        Err(reason) => facts.miss_all(&KEYS, reason, LOADAVG),
    }
}
