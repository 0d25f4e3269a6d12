//! Shares of smb.conf(5): who may come in as a guest, and from where. No other setting is taken.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Most sections kept.
const SECTIONS_MAX: usize = 300;

/// One section; `global` holds for all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    pub name: String,
    pub settings: BTreeMap<String, String>,
}

/// Settings kept, by their names without blanks.
const KEPT: [&str; 12] = [
    "available",
    "guestok",
    "guestonly",
    "hostsallow",
    "hostsdeny",
    "maptoguest",
    "path",
    "public",
    "readonly",
    "restrictanonymous",
    "security",
    "writable",
];

/// The sections of a text.
#[must_use]
pub fn sections(text: &str) -> Vec<Section> {
    let mut found: Vec<Section> = Vec::new();
    for line in super::lines(text).filter(|line| !line.starts_with(';')) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            if found.len() == SECTIONS_MAX {
                break;
            }
            let name = super::short(name.trim()).to_lowercase();
            found.push(Section { name, settings: BTreeMap::new() });
            continue;
        }
        let (Some(section), Some((name, value))) = (found.last_mut(), line.split_once('=')) else {
            continue;
        };
        // Samba ignores blanks and case in names.
        let name: String = name.chars().filter(|c| !c.is_whitespace()).collect();
        let name = name.to_lowercase();
        if KEPT.contains(&name.as_str()) {
            section.settings.insert(name, super::short(value.trim()).to_lowercase());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_settings_are_kept() {
        assert!(KEPT.is_sorted());
        let text = "[Global]\n map to guest = Bad User\n ldap admin dn = cn=x\n; guest ok = yes\n\
            [Drop]\npath = /srv/drop\nGuest OK = Yes\n";
        let found = serde_json::to_string(&sections(text)).unwrap();
        let expected = concat!(
            r#"[{"name":"global","settings":{"maptoguest":"bad user"}},"#,
            r#"{"name":"drop","settings":{"guestok":"yes","path":"/srv/drop"}}]"#
        );
        assert_eq!(found, expected);
    }
}
