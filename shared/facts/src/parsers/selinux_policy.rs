//! SELinux's switches, and what was changed about its policy on this host.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{Evidence, Facts, Parser, Spec};

const BOOLEANS: &str = "survey:selinux-booleans";
const LOCAL: &str = "survey:selinux-local";

pub static PARSER: Parser = Parser {
    name: "selinux_policy",
    facts: &[
        Spec { key: "selinux.booleans_on", unit: "", about: "booleans that are on" },
        Spec { key: "selinux.booleans_local", unit: "", about: "booleans set for good here" },
        Spec {
            key: "selinux.booleans_differ",
            unit: "",
            about: "booleans set for good whose value at run time is another",
        },
        Spec { key: "selinux.modules_local", unit: "", about: "policy modules added here" },
    ],
    parse,
};

#[derive(Deserialize)]
struct Booleans {
    on: Vec<String>,
}

#[derive(Deserialize)]
struct Local {
    booleans: Map<String, Value>,
    modules: Vec<String>,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let running = evidence.survey::<Booleans>(BOOLEANS);
    let local = evidence.survey::<Local>(LOCAL);
    let differ = match (&running, &local) {
        (Ok(running), Ok(local)) => Ok(differ(&running.on, &local.booleans)),
        (Err(reason), _) | (_, Err(reason)) => Err(*reason),
    };
    facts.set("selinux.booleans_differ", differ, BOOLEANS);
    facts.set("selinux.booleans_on", running.map(|seen| seen.on), BOOLEANS);
    let (booleans, modules) = match local {
        Ok(local) => (Ok(local.booleans), Ok(local.modules)),
        Err(reason) => (Err(reason), Err(reason)),
    };
    facts.set("selinux.booleans_local", booleans, LOCAL);
    facts.set("selinux.modules_local", modules, LOCAL);
}

fn differ(on: &[String], local: &Map<String, Value>) -> Vec<String> {
    let wanted = |value: &Value| matches!(value.as_str(), Some("1" | "on" | "true"));
    let other = local.iter().filter(|(name, value)| wanted(value) != on.contains(name));
    other.map(|(name, _)| name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boolean_that_is_not_as_it_was_saved() {
        let local = serde_json::json!({"a": "1", "b": "0", "c": "on"});
        let on = ["a".to_owned(), "b".to_owned()];
        assert_eq!(differ(&on, local.as_object().unwrap()), ["b", "c"]);
    }
}
