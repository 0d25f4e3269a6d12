//! Module streams as dnf keeps them, a file each in `/etc/dnf/modules.d`.
//!
//! ```text
//! [nodejs]
//! name=nodejs
//! stream=18
//! profiles=common
//! state=enabled
//! ```

use std::collections::BTreeMap;

use carepack_shared::Unseen;
use serde_json::{Map, Value, json};

use crate::text::lines;
use crate::{Evidence, Facts, Parser, Spec};

const FOLDER: &str = "/etc/dnf/modules.d";
const NOTHING: &str = "/etc/dnf/modules.d/*.module";

pub static PARSER: Parser = Parser {
    name: "module_streams",
    facts: &[Spec { key: "modules.enabled", unit: "", about: "module → its enabled stream" }],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    match evidence.folder(FOLDER, ".module") {
        // A folder that is there and empty is told like one that is not.
        Ok(files) if files.is_empty() && evidence.get(NOTHING).is_none() => {
            facts.miss("modules.enabled", Unseen::Absent, FOLDER);
        }
        Ok(files) => {
            let enabled: BTreeMap<String, Value> =
                files.iter().flat_map(|(_, text)| streams(text)).collect();
            facts.put("modules.enabled", enabled.into_iter().collect::<Map<_, _>>(), FOLDER);
        }
        Err(missing) => facts.miss("modules.enabled", missing.reason, &missing.source),
    }
}

fn streams(text: &str) -> Vec<(String, Value)> {
    let mut found: Vec<(String, BTreeMap<&str, &str>)> = Vec::new();
    for line in lines(text) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            found.push((name.to_owned(), BTreeMap::new()));
        } else if let (Some((_, words)), Some((key, value))) =
            (found.last_mut(), line.split_once('='))
        {
            words.insert(key.trim(), value.trim());
        }
    }
    let enabled = |(name, words): (String, BTreeMap<&str, &str>)| {
        let stream = words.get("stream").filter(|stream| !stream.is_empty())?;
        (words.get("state") == Some(&"enabled")).then(|| (name, json!(stream)))
    };
    found.into_iter().filter_map(enabled).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_enabled_streams() {
        let text =
            "[nodejs]\nname=nodejs\nstream=18\nstate=enabled\n[php]\nstream=\nstate=disabled\n";
        assert_eq!(streams(text), [("nodejs".to_owned(), json!("18"))]);
        assert!(streams("stream=1\nstate=enabled\n").is_empty());
    }
}
