//! System cron jobs and who may make their own.
//!
//! ```text
//! 17 *  * * *  root  run-parts /etc/cron.hourly
//! @daily       root  /usr/local/bin/backup
//! ```

use serde::Deserialize;
use serde_json::{Value, json};

use crate::text::lines;
use crate::{Evidence, Facts, Parser, Spec};

const TABLE: &str = "/etc/crontab";
const FOLDER: &str = "/etc/cron.d/";
const ACCESS: &str = "survey:cron-access";

pub static PARSER: Parser = Parser {
    name: "cron",
    facts: &[
        Spec { key: "cron.jobs", unit: "", about: "jobs of crontab and cron.d" },
        Spec { key: "cron.allow", unit: "", about: "cron.allow exists" },
        Spec { key: "cron.deny", unit: "", about: "cron.deny exists" },
    ],
    parse,
};

#[derive(Deserialize)]
struct Access {
    cron_allow: bool,
    cron_deny: bool,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    match evidence.main_and_folder(TABLE, FOLDER, "") {
        Ok(files) => {
            let jobs = files.into_iter().flat_map(|(path, text)| table_jobs(text, path));
            facts.put("cron.jobs", jobs.collect::<Vec<_>>(), TABLE);
        }
        Err(missing) => facts.miss("cron.jobs", missing.reason, &missing.source),
    }
    let access = evidence.survey::<Access>(ACCESS);
    facts.set("cron.allow", access.as_ref().map(|a| a.cron_allow).map_err(|e| *e), ACCESS);
    facts.set("cron.deny", access.as_ref().map(|a| a.cron_deny).map_err(|e| *e), ACCESS);
}

fn table_jobs(text: &str, file: &str) -> Vec<Value> {
    lines(text).filter_map(|line| job(line, file)).collect()
}

/// Five fields or one `@word`, the user, the command; assignments are no jobs.
fn job(line: &str, file: &str) -> Option<Value> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let first = words.first()?;
    if !first.starts_with(['*', '@', '-']) && !first.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let fields = if first.starts_with('@') { 1 } else { 5 };
    let schedule = words.get(..fields)?;
    // A path among the five, or for a user, is a line that cron refuses.
    if schedule.iter().any(|field| !is_field(field)) || words.get(fields)?.contains('/') {
        return None;
    }
    let schedule = schedule.join(" ");
    let user = words.get(fields)?;
    let command = words.get(fields + 1..).filter(|rest| !rest.is_empty())?.join(" ");
    Some(json!({"file": file, "schedule": schedule, "user": user, "command": command}))
}

/// crontab(5): numbers, names, `*`, ranges, lists and steps; `@daily`; `~` is cronie's random range.
fn is_field(field: &str) -> bool {
    let known =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '*' | ',' | '-' | '/' | '~' | '@');
    !field.starts_with('/') && field.chars().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs() {
        let seen = Value::from(table_jobs(
            "SHELL=/bin/sh\n17 * * * * root run x\n@daily app /b\n1 2 3\n",
            "f",
        ));
        let expected = concat!(
            r#"[{"command":"run x","file":"f","schedule":"17 * * * *","user":"root"},"#,
            r#"{"command":"/b","file":"f","schedule":"@daily","user":"app"}]"#
        );
        assert_eq!(seen.to_string(), expected);
    }
}
