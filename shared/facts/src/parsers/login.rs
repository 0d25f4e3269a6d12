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

use crate::text::{assignments, lines, settings};
use crate::{Evidence, Facts, Parser, Spec};

const DEFS: &str = "/etc/login.defs";
const QUALITY: &str = "/etc/security/pwquality.conf";
const LOCK: &str = "/etc/security/faillock.conf";
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
    fn lockout_modules() {
        assert!(has_lockout("auth required pam_env.so\nauth required pam_faillock.so preauth\n"));
        assert!(!has_lockout("#auth required pam_faillock.so\nauth required pam_unix.so\n"));
    }
}
