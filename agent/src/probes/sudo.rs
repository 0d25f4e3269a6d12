//! Who may become root through sudo. The text of the rules never travels.

use carepack_shared::Unseen;
use serde_json::{Value, json};

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, Read};
use crate::host::{Host, Look};

pub static PROBE: Probe = Probe {
    id: "sudo",
    about_ko: "sudo 권한을 가진 대상(규칙 원문 제외)",
    about_en: "Who holds sudo rights (without the text of the rules)",
    reads: &[Read::Survey { name: "sudo", reads: &[SUDOERS, SUDOERS_D], run: survey }],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Security,
    legal: Legal::Names,
};

const SUDOERS: &str = "/etc/sudoers";
const SUDOERS_D: &str = "/etc/sudoers.d";
const SUDOERS_BYTES_MAX: usize = 256 * 1024;
const FILES_MAX: usize = 200;
const RULES_MAX: usize = 2_000;

/// `[{"file":"/etc/sudoers","line":100,"subject":"%wheel","nopasswd":bool,"all_commands":bool}]`.
/// `Defaults !authenticate` stands as a rule of its own: it asks nobody for a password.
fn survey(host: &Host) -> Look<Value> {
    let mut rules = Vec::new();
    let main = host.read(SUDOERS, SUDOERS_BYTES_MAX)?;
    gather(SUDOERS, &String::from_utf8_lossy(&main.bytes), &mut rules);
    match host.list(SUDOERS_D) {
        Ok(listing) => {
            // sudoers(5): names with a dot or a final tilde are skipped.
            let fits = |name: &&String| !name.contains('.') && !name.ends_with('~');
            for name in listing.names.iter().filter(fits).take(FILES_MAX) {
                let path = format!("{SUDOERS_D}/{name}");
                let piece = host.read(&path, SUDOERS_BYTES_MAX)?;
                gather(&path, &String::from_utf8_lossy(&piece.bytes), &mut rules);
            }
        }
        Err(missed) if missed.reason == Unseen::Absent => {}
        Err(missed) => return Err(missed),
    }
    rules.truncate(RULES_MAX);
    Ok(Value::Array(rules))
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
                "file": path,
                "line": first,
                "subject": subject,
                "nopasswd": nopasswd,
                "all_commands": all_commands,
            }));
        }
        whole.clear();
    }
}

/// Subject, no password, all commands: of `SUBJECT HOSTS = (RUNAS) TAGS: COMMANDS`.
fn rule(line: &str) -> Option<(&str, bool, bool)> {
    let line = without_comment(line).trim();
    let (subject, rest) = line.split_once(char::is_whitespace)?;
    if subject.starts_with("Defaults") {
        let asks_nobody = rest.split(',').any(|setting| setting.trim() == "!authenticate");
        return asks_nobody.then_some((subject, true, true));
    }
    if subject.starts_with('@') || subject.ends_with("_Alias") {
        return None;
    }
    let (_, commands) = rest.split_once('=')?;
    let all = commands
        .split([',', ':', ')', '='])
        .map(str::trim)
        .any(|word| word == "ALL" || word.ends_with(" ALL") && !word.contains('/'));
    // `(ALL)` alone names whom to become, not what to run.
    let runs_all = all && strip_runas(commands).contains("ALL");
    Some((subject, commands.contains("NOPASSWD:"), runs_all))
}

/// A `#` opens a comment unless it stands before a user number (`#1000`) or is escaped.
fn without_comment(line: &str) -> &str {
    let bytes = line.as_bytes();
    let opens = |&(index, _): &(usize, char)| {
        let number = bytes.get(index + 1).is_some_and(u8::is_ascii_digit);
        let escaped = index > 0 && bytes[index - 1] == b'\\';
        !number && !escaped
    };
    let at = line.char_indices().filter(|&(_, c)| c == '#').find(opens);
    at.map_or(line, |(index, _)| &line[..index])
}

fn strip_runas(text: &str) -> String {
    let mut depth = 0;
    text.chars()
        .filter(|&c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth == 0
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_reduced_to_what_it_grants() {
        let check = |line, expected| assert_eq!(rule(line), expected, "{line}");
        check("root\tALL=(ALL) \tALL", Some(("root", false, true)));
        check("%wheel ALL=(ALL:ALL) NOPASSWD: ALL", Some(("%wheel", true, true)));
        check("ops ALL=(root) NOPASSWD: /usr/bin/systemctl restart x", Some(("ops", true, false)));
        check("app ALL=(ALL) /bin/ls, /bin/cat", Some(("app", false, false)));
        check("app ALL=ALL", Some(("app", false, true)));
        check("app ALL=NOPASSWD:ALL # why", Some(("app", true, true)));
        check("#1000 ALL=(ALL) ALL", Some(("#1000", false, true)));
        check("# %wheel ALL=(ALL) ALL", None);
        check("#includedir /etc/sudoers.d", None);
        check("@includedir /etc/sudoers.d", None);
        check("Defaults    env_reset", None);
        check("Defaults !authenticate", Some(("Defaults", true, true)));
        check("Defaults:ops env_reset, !authenticate", Some(("Defaults:ops", true, true)));
        check("User_Alias ADMINS = a, b", None);
        check("Cmnd_Alias ALLTHINGS = ALL", None);
        check("", None);
    }

    #[test]
    fn lines_that_continue_count_from_their_first() {
        let mut rules = Vec::new();
        gather(
            "/etc/sudoers",
            "# x\n\nops ALL=(ALL) \\\n  NOPASSWD: ALL\nb ALL=/bin/x\n",
            &mut rules,
        );
        assert_eq!(rules[0]["line"], 3);
        assert_eq!(rules[0]["nopasswd"], true);
        assert_eq!(rules[1]["line"], 5);
        assert!(!rules[1].to_string().contains("/bin/x"));
    }
}
