//! Package repositories: which are enabled, which are not checked.
//!
//! ```text
//! [rhel-9-for-x86_64-baseos-rpms]
//! enabled = 1
//! gpgcheck = 1
//! ```

use carepack_shared::Unseen;

use crate::text::lines;
use crate::{Evidence, Facts, Parser, Spec};

const FOLDER: &str = "/etc/yum.repos.d/";
const MAIN: [&str; 2] = ["/etc/dnf/dnf.conf", "/etc/yum.conf"];
const KEYS: [&str; 2] = ["repositories.enabled", "repositories.gpgcheck_off"];

pub static PARSER: Parser = Parser {
    name: "repositories",
    facts: &[
        Spec { key: "repositories.enabled", unit: "", about: "ids of enabled repositories" },
        Spec {
            key: "repositories.gpgcheck_off",
            unit: "",
            about: "enabled ones without signature check",
        },
    ],
    parse,
};

struct Repository<'a> {
    id: &'a str,
    enabled: bool,
    gpgcheck: Option<bool>,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let main = MAIN.iter().find_map(|path| evidence.text(path).ok());
    // yum(8) and dnf.conf(5): without a setting, signatures are not checked.
    let checked = main.is_some_and(|text| sections(text).iter().any(|s| s.gpgcheck == Some(true)));
    let files = match evidence.folder(FOLDER, ".repo") {
        // Neither dnf nor yum is seen; one without a repository is an answer.
        Ok(files) if files.is_empty() && main.is_none() => {
            let reasons = MAIN.iter().filter_map(|path| evidence.text(path).err());
            let reason = reasons.max().unwrap_or(Unseen::Absent);
            return facts.miss_all(&KEYS, reason, FOLDER);
        }
        Ok(files) => files,
        Err(missing) => return facts.miss_all(&KEYS, missing.reason, &missing.source),
    };
    let all: Vec<Repository<'_>> = files.iter().flat_map(|(_, text)| sections(text)).collect();
    let enabled: Vec<&Repository<'_>> = all.iter().filter(|repo| repo.enabled).collect();
    let ids = |list: &[&Repository<'_>]| {
        let mut ids: Vec<String> = list.iter().map(|repo| repo.id.to_owned()).collect();
        ids.sort_unstable();
        ids
    };
    let unchecked: Vec<&Repository<'_>> =
        enabled.iter().copied().filter(|repo| !repo.gpgcheck.unwrap_or(checked)).collect();
    facts.put(KEYS[0], ids(&enabled), FOLDER);
    facts.put(KEYS[1], ids(&unchecked), FOLDER);
}

fn sections(text: &str) -> Vec<Repository<'_>> {
    let mut found: Vec<Repository<'_>> = Vec::new();
    for line in lines(text) {
        if let Some(id) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            found.push(Repository { id, enabled: true, gpgcheck: None });
        } else if let (Some(repo), Some((name, value))) = (found.last_mut(), line.split_once('=')) {
            let on = matches!(value.trim().to_lowercase().as_str(), "1" | "yes" | "true" | "on");
            match name.trim() {
                "enabled" => repo.enabled = on,
                "gpgcheck" => repo.gpgcheck = Some(on),
                _ => {}
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_of_a_file() {
        let found = sections("[a]\nname=A\ngpgcheck = 0\n[b]\nenabled=0\n");
        let seen: Vec<_> = found.iter().map(|r| (r.id, r.enabled, r.gpgcheck)).collect();
        assert_eq!(seen, [("a", true, Some(false)), ("b", false, None)]);
    }
}
