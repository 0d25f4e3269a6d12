//! Password and lockout policy.
//!
//! ```text
//! /etc/login.defs                  PASS_MAX_DAYS   90
//! /etc/security/pwquality.conf     minlen = 8
//! /etc/security/faillock.conf      deny = 5
//! /etc/pam.d/system-auth           auth required pam_faillock.so preauth silent
//! ```

use carepack_shared::Unseen;

use serde_json::{Map, Value};

use crate::text::{assignments, int, lines, settings};
use crate::{Evidence, Facts, Parser, Spec};

const DEFS: &str = "/etc/login.defs";
const QUALITY: &str = "/etc/security/pwquality.conf";
const LOCK: &str = "/etc/security/faillock.conf";
const QUALITY_D: &str = "/etc/security/pwquality.conf.d/";
const HISTORY: &str = "/etc/security/pwhistory.conf";
const SU: &str = "/etc/pam.d/su";
const PAM: [&str; 2] = ["/etc/pam.d/system-auth", "/etc/pam.d/password-auth"];

pub static PARSER: Parser = Parser {
    name: "login",
    facts: &[
        Spec { key: "login.defs", unit: "", about: "settings of login.defs" },
        Spec { key: "login.pwquality", unit: "", about: "settings of pwquality.conf" },
        Spec { key: "login.faillock", unit: "", about: "settings of faillock.conf (RHEL 8.2 on)" },
        Spec {
            key: "login.faillock_in_pam",
            unit: "",
            about: "a lockout module stands in the PAM stack",
        },
        Spec {
            key: "login.quality",
            unit: "",
            about: "pwquality in effect: its files, and what the PAM stack says instead",
        },
        Spec { key: "login.remember", unit: "passwords", about: "old passwords refused; 0: none" },
        Spec {
            key: "login.su_wheel",
            unit: "",
            about: "su asks for membership of a group (pam_wheel)",
        },
    ],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    facts.set("login.defs", evidence.text(DEFS).map(settings), DEFS);
    facts.set("login.pwquality", evidence.text(QUALITY).map(assignments), QUALITY);
    // Before RHEL 8.2 the file does not exist and the options stand in the PAM stack.
    let lock = match evidence.text(LOCK) {
        Ok(text) => Ok(assignments(text)),
        Err(Unseen::Absent) if evidence.is_absent(LOCK) => Ok(Map::new()),
        Err(reason) => Err(reason),
    };
    let lock = lock.map(|map| with_pam(map, evidence, "pam_faillock.so"));
    facts.set("login.faillock", lock, LOCK);
    let locks = PAM.map(|path| evidence.text(path).map(has_lockout));
    let found = locks.contains(&Ok(true));
    let in_pam = if found { Ok(true) } else { locks[0] };
    facts.set("login.faillock_in_pam", in_pam, PAM[0]);
    match evidence.main_and_folder(QUALITY, QUALITY_D, ".conf") {
        Ok(files) => {
            // The main file is read last, and so wins (pwquality.conf(5)).
            let map = files.iter().rev().flat_map(|(_, text)| assignments(text)).collect();
            let seen = evidence.text(PAM[0]).map(|_| with_pam(map, evidence, "pam_pwquality.so"));
            facts.set("login.quality", seen, PAM[0]);
        }
        Err(missing) => facts.hide(&["login.quality"], &missing),
    }
    facts.set("login.remember", remember(evidence), PAM[0]);
    facts.set("login.su_wheel", evidence.text(SU).map(asks_for_wheel), SU);
}

/// Old passwords that are refused: of pam_pwhistory or pam_unix. An option of the PAM stack stands
/// above pwhistory.conf; without either pam_pwhistory keeps ten (pam_pwhistory(8)).
fn remember(evidence: &Evidence<'_>) -> Result<i64, Unseen> {
    let texts = PAM.map(|path| evidence.text(path));
    let text = texts.iter().find_map(|text| text.ok()).ok_or_else(|| match texts[0] {
        Err(reason) => reason,
        Ok(_) => Unseen::Absent,
    })?;
    let mut found = 0;
    for line in lines(text).filter(|line| line.starts_with("password")) {
        let said = line.split_whitespace().find_map(|word| int(word.strip_prefix("remember=")?));
        let kept = if line.contains("pam_pwhistory.so") {
            let file = evidence.text(HISTORY).map(assignments).unwrap_or_default();
            let file = file.get("remember").and_then(|value| int(value.as_str()?));
            said.or(file).unwrap_or(10)
        } else {
            said.unwrap_or(0)
        };
        found = found.max(kept);
    }
    Ok(found)
}

/// A line that turns away everybody outside the group; `sufficient` lets members in without a
/// password and turns nobody away.
fn asks_for_wheel(text: &str) -> bool {
    lines(text).any(|line| {
        let mut words = line.split_whitespace();
        let kind = words.next().unwrap_or("");
        let control = words.next().unwrap_or("");
        matches!(kind, "auth" | "account" | "-auth")
            && matches!(control, "required" | "requisite")
            && words.any(|word| word.ends_with("pam_wheel.so"))
    })
}

/// `map`, with the options that the PAM stack gives `module`: those stand above its file.
fn with_pam(
    mut map: Map<String, Value>,
    evidence: &Evidence<'_>,
    module: &str,
) -> Map<String, Value> {
    let texts = PAM.iter().rev().filter_map(|path| evidence.text(path).ok());
    for line in texts.flat_map(lines) {
        let words = line.split_whitespace().skip_while(|word| !word.ends_with(module)).skip(1);
        let options = words.take_while(|word| !word.starts_with('#'));
        for (name, value) in options.filter_map(|word| word.split_once('=')) {
            map.insert(name.to_owned(), value.into());
        }
    }
    map
}

fn has_lockout(text: &str) -> bool {
    const MODULES: [&str; 3] = ["pam_faillock.so", "pam_tally2.so", "pam_tally.so"];
    lines(text).any(|line| {
        line.split_whitespace().any(|word| MODULES.iter().any(|module| word.ends_with(module)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn su_turns_away_only_where_wheel_is_required() {
        let check = |text, expected| assert_eq!(asks_for_wheel(text), expected, "{text}");
        check("auth required pam_wheel.so use_uid\n", true);
        check("#auth required pam_wheel.so use_uid\n", false);
        check("auth sufficient pam_wheel.so trust use_uid\n", false);
        check("auth requisite /usr/lib64/security/pam_wheel.so group=ops", true);
    }

    #[test]
    fn lockout_modules() {
        assert!(has_lockout("auth required pam_env.so\nauth required pam_faillock.so preauth\n"));
        assert!(!has_lockout("#auth required pam_faillock.so\nauth required pam_unix.so\n"));
    }
}
