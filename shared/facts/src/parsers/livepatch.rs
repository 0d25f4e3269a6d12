//! Live patches of the kernel.
//!
//! ```text
//! survey:livepatches   [{"name":"kpatch_5_14_0_427_96_1_1_2","enabled":true,"transition":false}]
//! ```

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Evidence, Facts, Parser, Spec};

const SURVEY: &str = "survey:livepatches";

pub static PARSER: Parser = Parser {
    name: "livepatch",
    facts: &[
        Spec { key: "kernel.livepatches", unit: "", about: "live patches that are in force" },
        Spec {
            key: "kernel.livepatches_pending",
            unit: "",
            about: "live patches that are loaded and not in force",
        },
    ],
    parse,
};

#[derive(Deserialize, Serialize)]
struct Patch {
    name: String,
    enabled: bool,
    #[serde(default)]
    transition: bool,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    match evidence.survey::<Vec<Patch>>(SURVEY) {
        Ok(patches) => {
            let names = |wanted: bool| {
                let fits = |patch: &&Patch| (patch.enabled && !patch.transition) == wanted;
                json!(patches.iter().filter(fits).map(|patch| &patch.name).collect::<Vec<_>>())
            };
            facts.put("kernel.livepatches", names(true), SURVEY);
            facts.put("kernel.livepatches_pending", names(false), SURVEY);
        }
        Err(reason) => {
            let keys = ["kernel.livepatches", "kernel.livepatches_pending"];
            facts.miss_all(&keys, reason, SURVEY);
        }
    }
}
