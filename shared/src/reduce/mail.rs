//! What a mail server passes on and tells strangers: postfix's main.cf, sendmail.cf.
//!
//! Of main.cf (postconf(5)) a list of settings is taken; maps and their passwords are not read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What is configured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// Settings of main.cf; none where postfix has no configuration.
    #[serde(default)]
    pub postfix: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub sendmail: Option<Sendmail>,
    /// Exim has a configuration; it is not read.
    #[serde(default)]
    pub exim: bool,
}

/// What sendmail.cf says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sendmail {
    /// `PrivacyOptions`, in lower case.
    pub privacy: Vec<String>,
    /// The rule set still refuses to relay for strangers.
    pub relay_refused: bool,
}

/// Settings kept of main.cf.
const KEPT: [&str; 10] = [
    "compatibility_level",
    "disable_vrfy_command",
    "inet_interfaces",
    "mynetworks",
    "mynetworks_style",
    "relay_domains",
    "smtpd_banner",
    "smtpd_client_restrictions",
    "smtpd_recipient_restrictions",
    "smtpd_relay_restrictions",
];

/// Settings of main.cf: a line that begins with a blank goes on with the one before, later ones
/// win.
#[must_use]
pub fn postfix(text: &str) -> BTreeMap<String, String> {
    let mut whole: Vec<String> = Vec::new();
    for line in text.lines() {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with('#') {
            continue;
        }
        match whole.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => {
                last.push(' ');
                last.push_str(bare);
            }
            _ => whole.push(bare.to_owned()),
        }
    }
    let one = |line: &String| {
        let (name, value) = line.split_once('=')?;
        let name = name.trim();
        KEPT.contains(&name).then(|| (name.to_owned(), super::short(value.trim())))
    };
    whole.iter().filter_map(one).collect()
}

/// What sendmail.cf says of strangers.
#[must_use]
pub fn sendmail(text: &str) -> Sendmail {
    let mut found = Sendmail::default();
    for line in super::lines(text) {
        if let Some(value) = line.strip_prefix("O PrivacyOptions=") {
            let words = value.split([',', ' ']).filter(|word| !word.is_empty());
            found.privacy = words.take(50).map(|word| super::short(word).to_lowercase()).collect();
        }
        found.relay_refused |=
            line.starts_with('R') && line.to_lowercase().contains("relaying denied");
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_on_and_only_listed_settings_are_kept() {
        assert!(KEPT.is_sorted());
        let text = "# c\nmynetworks = 127.0.0.0/8,\n  # between\n\t10.0.0.0/8\n\
            smtp_sasl_password_maps = static:joe:hunter2\ndisable_vrfy_command=yes\n";
        let found = serde_json::to_string(&postfix(text)).unwrap();
        let expected = r#"{"disable_vrfy_command":"yes","mynetworks":"127.0.0.0/8, 10.0.0.0/8"}"#;
        assert_eq!(found, expected);
    }

    #[test]
    fn what_sendmail_refuses() {
        let text = "O PrivacyOptions=authwarnings,noexpn, noVrfy\n\
            R$*\t\t$#error $@ 5.7.1 $: \"550 Relaying denied\"\n";
        let found = sendmail(text);
        assert_eq!(found.privacy, ["authwarnings", "noexpn", "novrfy"]);
        assert!(found.relay_refused);
        assert_eq!(sendmail("# Relaying denied\n"), Sendmail::default());
    }
}
