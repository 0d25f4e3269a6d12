//! Units that this host has changed, and the settings that are left in effect.
//!
//! The order of systemd.unit(5): a unit in /etc replaces the vendor's; drop-ins come after it in
//! the order of their file names.

use std::collections::BTreeMap;

use carepack_shared::Unseen;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::text::{assignments, base};
use crate::{Evidence, Facts, Parser, Spec};

const UNITS: &str = "survey:unit-settings";
const MANAGER: &str = "/etc/systemd/system.conf";
const MANAGER_FOLDER: &str = "/etc/systemd/system.conf.d/";

pub static PARSER: Parser = Parser {
    name: "unit_overrides",
    facts: &[
        Spec { key: "services.overrides", unit: "", about: "drop-ins: file and settings" },
        Spec { key: "services.replaced", unit: "", about: "vendor units replaced whole in /etc" },
        Spec { key: "services.masked", unit: "", about: "units that are masked" },
        Spec { key: "services.settings", unit: "", about: "unit → limits and restart in effect" },
        Spec { key: "systemd.defaults", unit: "", about: "settings of systemd's own manager" },
    ],
    parse,
};

#[derive(Deserialize, Serialize)]
struct Told {
    unit: String,
    file: String,
    /// `vendor`, `local`, `drop_in` or `masked`.
    origin: String,
    settings: Map<String, Value>,
    other: Vec<String>,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    match evidence.survey::<Vec<Told>>(UNITS) {
        Ok(list) => tell(&list, facts),
        Err(reason) => facts.miss_all(
            &["services.overrides", "services.replaced", "services.masked", "services.settings"],
            reason,
            UNITS,
        ),
    }
    match evidence.main_and_folder(MANAGER, MANAGER_FOLDER, ".conf") {
        Ok(files) => {
            let mut merged = Map::new();
            files.iter().for_each(|(_, text)| merged.extend(assignments(text)));
            facts.put("systemd.defaults", merged, MANAGER);
        }
        // Without the file the built-in defaults stand.
        Err(missing) if missing.reason == Unseen::Absent && evidence.is_absent(MANAGER) => {
            facts.put("systemd.defaults", Map::new(), MANAGER);
        }
        Err(missing) => facts.hide(&["systemd.defaults"], &missing),
    }
}

fn tell(list: &[Told], facts: &mut Facts) {
    let of = |origin: &'static str| list.iter().filter(move |told| told.origin == origin);
    let dropins = of("drop_in").map(|told| {
        json!({"unit": told.unit, "file": told.file, "settings": told.settings, "other": told.other})
    });
    facts.put("services.overrides", dropins.collect::<Vec<_>>(), UNITS);
    let vendor = |unit: &str| of("vendor").any(|told| told.unit == unit);
    let replaced = of("local").filter(|told| vendor(&told.unit)).map(|told| told.unit.as_str());
    facts.put("services.replaced", replaced.collect::<Vec<_>>(), UNITS);
    let masked: Vec<&str> = of("masked").map(|told| told.unit.as_str()).collect();
    facts.put("services.masked", masked, UNITS);
    facts.put("services.settings", in_effect(list), UNITS);
}

fn in_effect(list: &[Told]) -> Map<String, Value> {
    let mut ordered: Vec<&Told> = list.iter().filter(|told| told.origin != "masked").collect();
    let rank = |told: &Told| match told.origin.as_str() {
        "vendor" => 0,
        "local" => 1,
        _ => 2,
    };
    ordered.sort_by(|a, b| (rank(a), base(&a.file)).cmp(&(rank(b), base(&b.file))));
    let mut units: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for told in ordered {
        let settings = units.entry(&told.unit).or_default();
        if told.origin == "local" {
            settings.clear();
        }
        settings.extend(told.settings.clone());
    }
    units.into_iter().map(|(unit, settings)| (unit.to_owned(), settings.into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_files_win_and_a_local_unit_replaces_all() {
        let told = |file: &str, origin: &str, settings: Value| Told {
            unit: "a.service".to_owned(),
            file: file.to_owned(),
            origin: origin.to_owned(),
            settings: settings.as_object().unwrap().clone(),
            other: Vec::new(),
        };
        let list = [
            told("/etc/a.service.d/20-x.conf", "drop_in", json!({"LimitNOFILE": "2"})),
            told("/etc/a.service.d/10-x.conf", "drop_in", json!({"LimitNOFILE": "1"})),
            told("/usr/a.service", "vendor", json!({"Restart": "always", "User": "v"})),
            told("/etc/a.service", "local", json!({"User": "l"})),
        ];
        let seen = Value::Object(in_effect(&list)).to_string();
        assert_eq!(seen, r#"{"a.service":{"LimitNOFILE":"2","User":"l"}}"#);
    }
}
