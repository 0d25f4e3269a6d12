//! Processes that use files an update has replaced, and when each service began.
//!
//! ```text
//! {"seen":12,"denied":180,"contained":0,"cut":false,
//!  "stale":[{"unit":"httpd.service","name":"httpd","processes":4,"files":["/usr/lib64/libssl.so.3.0.7"]}],
//!  "starts":[{"unit":"httpd.service","name":"httpd","started":1789171200}]}
//! ```

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Evidence, Facts, Parser, Spec};

const SURVEY: &str = "survey:stale-processes";
const KEYS: [&str; 4] =
    ["processes.stale", "processes.maps_seen", "processes.maps_denied", "processes.starts"];

pub static PARSER: Parser = Parser {
    name: "stale_processes",
    facts: &[
        Spec {
            key: "processes.stale",
            unit: "",
            about: "processes seen to use replaced files: unit, name, how many, files",
        },
        Spec {
            key: "processes.maps_seen",
            unit: "processes",
            about: "processes whose mapped files were seen",
        },
        Spec {
            key: "processes.maps_denied",
            unit: "processes",
            about: "processes whose mapped files the kernel did not show",
        },
        Spec {
            key: "processes.starts",
            unit: "",
            about: "when the oldest process of each service began",
        },
    ],
    parse,
};

#[derive(Deserialize)]
struct Survey {
    seen: i64,
    denied: i64,
    stale: Vec<Stale>,
    starts: Vec<Start>,
}

#[derive(Deserialize, Serialize)]
struct Stale {
    unit: String,
    name: String,
    processes: i64,
    files: Vec<String>,
}

#[derive(Deserialize, Serialize)]
struct Start {
    unit: String,
    name: String,
    started: i64,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    match evidence.survey::<Survey>(SURVEY) {
        Ok(survey) => {
            facts.put(KEYS[0], json!(survey.stale), SURVEY);
            facts.put(KEYS[1], survey.seen, SURVEY);
            facts.put(KEYS[2], survey.denied, SURVEY);
            facts.put(KEYS[3], json!(survey.starts), SURVEY);
        }
        Err(reason) => facts.miss_all(&KEYS, reason, SURVEY),
    }
}
