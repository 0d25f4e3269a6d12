//! Who may become root, from the sudoers files; the text of the rules never travels.

use carepack_shared::Content;
use serde_json::{Value, json};

use super::Seen;

const RULES_MAX: usize = 2_000;

/// `[{"file","line","subject","nopasswd","all_commands"}]`.
pub fn rules(seen: &Seen<'_>) -> Option<Content> {
    let mut rules = Vec::new();
    gather("/etc/sudoers", &seen.file("/etc/sudoers")?, &mut rules);
    for (path, piece) in seen.layout.folder("/etc/sudoers.d", "") {
        // sudoers(5): names with a dot or a final tilde are skipped.
        let name = path.rsplit('/').next().unwrap_or_default();
        if !name.contains('.') && !name.ends_with('~') {
            gather(&path, &super::super::layout::text(piece), &mut rules);
        }
    }
    rules.truncate(RULES_MAX);
    Some(Content::Json(rules.into()))
}

fn gather(path: &str, text: &str, rules: &mut Vec<Value>) {
    let mut whole = String::new();
    let mut first = 0;
    for (index, line) in text.lines().enumerate() {
        if whole.is_empty() {
            first = index + 1;
        }
        if let Some(part) = line.strip_suffix('\\') {
            whole.push_str(part);
            whole.push(' ');
            continue;
        }
        whole.push_str(line);
        if let Some((subject, nopasswd, all_commands)) = rule(&whole) {
            rules.push(json!({
                "file": path, "line": first, "subject": subject,
                "nopasswd": nopasswd, "all_commands": all_commands,
            }));
        }
        whole.clear();
    }
}

/// Subject, no password, all commands: of `SUBJECT HOSTS = (RUNAS) TAGS: COMMANDS`.
fn rule(line: &str) -> Option<(&str, bool, bool)> {
    let line = line.trim();
    // A `#` opens a comment unless a user's number follows it.
    let comment = line
        .match_indices('#')
        .find(|(at, _)| !line[at + 1..].starts_with(|next: char| next.is_ascii_digit()));
    let line = comment.map_or(line, |(at, _)| line[..at].trim_end());
    let (subject, rest) = line.split_once(char::is_whitespace)?;
    if subject.starts_with("Defaults") {
        let asks_nobody = rest.split(',').any(|setting| setting.trim() == "!authenticate");
        return asks_nobody.then_some((subject, true, true));
    }
    if subject.starts_with('@') || subject.ends_with("_Alias") {
        return None;
    }
    let (_, commands) = rest.split_once('=')?;
    let mut depth = 0;
    // `(ALL)` names whom to become, not what to run.
    let runs: String = commands
        .chars()
        .map(|c| {
            depth += i32::from(c == '(');
            let outside = depth == 0;
            depth -= i32::from(c == ')');
            if outside { c } else { ' ' }
        })
        .collect();
    let all = runs.split([',', ':', ' ', '\t']).any(|word| word == "ALL");
    Some((subject, commands.contains("NOPASSWD:"), all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_reduced_to_what_it_grants() {
        let check = |line, expected| assert_eq!(rule(line), expected, "{line}");
        check("root\tALL=(ALL) \tALL", Some(("root", false, true)));
        check("%wheel ALL=(ALL:ALL) NOPASSWD: ALL", Some(("%wheel", true, true)));
        check("ops ALL=(ALL) NOPASSWD: /usr/bin/systemctl restart x", Some(("ops", true, false)));
        check("app ALL=NOPASSWD:ALL # why", Some(("app", true, true)));
        check("#1000 ALL=(ALL) ALL", Some(("#1000", false, true)));
        check("# %wheel ALL=(ALL) ALL", None);
        check("@includedir /etc/sudoers.d", None);
        check("Defaults !authenticate", Some(("Defaults", true, true)));
        check("Cmnd_Alias ALLTHINGS = ALL", None);
    }
}
