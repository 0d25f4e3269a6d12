//! NFS exports (exports(5)).
//!
//! ```text
//! /srv/share  10.20.0.0/16(rw,sync) *(ro,no_root_squash)
//! ```

use carepack_shared::Unseen;
use serde_json::{Value, json};

use crate::text::lines;
use crate::{Evidence, Facts, Parser, Spec};

const MAIN: &str = "/etc/exports";
const FOLDER: &str = "/etc/exports.d/";

pub static PARSER: Parser = Parser {
    name: "nfs",
    facts: &[Spec { key: "nfs.exports", unit: "", about: "exports: path, client, options" }],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    match evidence.main_and_folder(MAIN, FOLDER, ".exports") {
        Ok(files) => {
            let exports = files.iter().flat_map(|(path, text)| exports(path, text));
            facts.put("nfs.exports", exports.collect::<Vec<_>>(), MAIN);
        }
        // No such file: nothing is exported.
        Err(missing) if missing.reason == Unseen::Absent && evidence.is_absent(MAIN) => {
            facts.put("nfs.exports", Vec::<Value>::new(), MAIN);
        }
        Err(missing) => facts.hide(&["nfs.exports"], &missing),
    }
}

fn exports(file: &str, text: &str) -> Vec<Value> {
    let joined = text.replace("\\\n", " ");
    let mut found = Vec::new();
    for line in lines(&joined) {
        let mut words = line.split_whitespace();
        let Some(path) = words.next() else { continue };
        for word in words {
            let (client, options) = word.split_once('(').unwrap_or((word, ""));
            // ` (rw)` with a blank before it exports to everybody.
            let client = if client.is_empty() { "*" } else { client };
            let options: Vec<&str> =
                options.trim_end_matches(')').split(',').filter(|o| !o.is_empty()).collect();
            found.push(json!({"path": path, "client": client, "options": options, "file": file}));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_of_a_path() {
        let found = exports("f", "# x\n/srv 10.0.0.0/8(rw,sync) \\\n (ro)\n/bare\n");
        let expected = concat!(
            r#"[{"client":"10.0.0.0/8","file":"f","options":["rw","sync"],"path":"/srv"},"#,
            r#"{"client":"*","file":"f","options":["ro"],"path":"/srv"}]"#
        );
        assert_eq!(Value::from(found).to_string(), expected);
    }
}
