//! Areas of swap.
//!
//! ```text
//! Filename    Type       Size     Used  Priority
//! /dev/dm-1   partition  4194300  0     -2
//! ```

use carepack_shared::Unseen;
use serde_json::{Value, json};

use crate::text::int;
use crate::{Evidence, Facts, Parser, Spec};

const SWAPS: &str = "/proc/swaps";

pub static PARSER: Parser = Parser {
    name: "swap",
    facts: &[Spec { key: "swap.areas", unit: "", about: "swap partitions and files" }],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    facts.set("swap.areas", evidence.text(SWAPS).and_then(areas), SWAPS);
}

fn areas(text: &str) -> Result<Vec<Value>, Unseen> {
    let mut rows = text.lines();
    if !rows.next().is_some_and(|head| head.starts_with("Filename")) {
        return Err(Unseen::Malformed);
    }
    let area = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |at: usize| words.get(at).copied().and_then(int);
        Some(json!({
            "name": words.first()?, "type": words.get(1)?, "size_kib": number(2)?,
            "used_kib": number(3)?, "priority": number(4)?,
        }))
    };
    Ok(rows.filter_map(area).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_of_swap() {
        let text =
            "Filename Type Size Used Priority\n/dev/dm-1 partition 4194300 0 -2\n/swap file 8 1\n";
        assert_eq!(areas(text).unwrap().len(), 1);
        assert_eq!(areas(""), Err(Unseen::Malformed));
    }
}
