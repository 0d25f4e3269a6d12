//! What start-up files of login shells set: idle time, umask, search path.
//!
//! The files are programs: each assignment is told where it stands, and none is called the one in
//! effect but where it is plain.

use carepack_shared::reduce::shell::Setting;
use serde_json::{Value, json};

use crate::text::int;
use crate::{Evidence, Facts, Parser, Spec};

const SETTINGS: &str = "survey:shell-settings";
const KEYS: [&str; 3] = ["shell.timeouts", "shell.umasks", "shell.paths"];

pub static PARSER: Parser = Parser {
    name: "shell_settings",
    facts: &[
        Spec {
            key: "shell.timeouts",
            unit: "s",
            about: "TMOUT and autologout: file, line, seconds (-1: not a number)",
        },
        Spec { key: "shell.umasks", unit: "", about: "umask: file, line, value, conditional" },
        Spec { key: "shell.paths", unit: "", about: "PATH: file, line, its parts" },
    ],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    match evidence.survey::<Vec<Setting>>(SETTINGS) {
        Ok(settings) => {
            let told = |names: &[&str], value: &dyn Fn(&Setting, &str) -> Value| {
                let named = settings.iter().filter(|one| names.contains(&one.name.as_str()));
                named
                    .filter_map(|one| {
                        let mut entry = value(one, one.value.as_deref()?);
                        entry["file"] = one.file.as_str().into();
                        entry["line"] = one.line.into();
                        entry["conditional"] = one.conditional.into();
                        Some(entry)
                    })
                    .collect::<Vec<Value>>()
            };
            let seconds = |one: &Setting, value: &str| {
                // csh counts in minutes.
                let unit = if one.name == "autologout" { 60 } else { 1 };
                json!({"seconds": int(value).map_or(-1, |n| n.saturating_mul(unit))})
            };
            facts.put("shell.timeouts", told(&["TMOUT", "autologout"], &seconds), SETTINGS);
            let mask = |_: &Setting, value: &str| json!({"value": value});
            facts.put("shell.umasks", told(&["umask"], &mask), SETTINGS);
            let parts =
                |_: &Setting, value: &str| json!({"parts": value.split(':').collect::<Vec<_>>()});
            facts.put("shell.paths", told(&["PATH"], &parts), SETTINGS);
        }
        Err(reason) => facts.miss_all(&KEYS, reason, SETTINGS),
    }
}
