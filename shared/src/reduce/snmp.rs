//! Settings of the SNMP agent (snmpd.conf(5)) without a single community: of each only its length,
//! its kinds of characters, whether it is a well-known one, and from where it is accepted.

use serde::{Deserialize, Serialize};

/// Most communities kept.
const COMMUNITIES_MAX: usize = 200;

/// What the configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snmp {
    pub communities: Vec<Community>,
    /// Lines that let a user of version 3 in.
    pub v3_users: u32,
}

/// One community that is accepted (versions 1 and 2c), described.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Community {
    /// `rocommunity`, `rwcommunity`, `com2sec`, …
    pub directive: String,
    /// May be used to change things.
    pub writes: bool,
    pub length: usize,
    pub letters: bool,
    pub digits: bool,
    pub symbols: bool,
    /// `public`, `private` or another word that everybody tries first.
    pub common: bool,
    /// Address or network it is accepted from; `default` where none is named, `named` for a name.
    pub source: String,
}

/// Words that every scanner tries first.
const COMMON: [&str; 8] =
    ["public", "private", "community", "snmp", "snmpd", "manager", "cisco", "default"];

/// Takes the settings of a text into `found`.
pub fn read(text: &str, found: &mut Snmp) {
    for line in super::lines(text) {
        let words = words(line);
        let Some((directive, rest)) = words.split_first() else { continue };
        let directive = directive.to_ascii_lowercase();
        match directive.as_str() {
            "rocommunity" | "rocommunity6" | "rwcommunity" | "rwcommunity6" => {
                let Some(word) = rest.first() else { continue };
                keep(found, &directive, word, rest.get(1).copied());
            }
            "com2sec" | "com2sec6" => {
                let rest = if rest.first() == Some(&"-Cn") { rest.get(2..) } else { Some(rest) };
                if let Some([_, source, word, ..]) = rest {
                    keep(found, &directive, word, Some(source));
                }
            }
            "rouser" | "rwuser" => found.v3_users = found.v3_users.saturating_add(1),
            _ => {}
        }
    }
}

/// Words separated by blanks; one in quotes may hold blanks and a `#`.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() && !rest.starts_with('#') {
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (word, left) = match quote {
            Some(quote) => rest[1..].split_once(quote).unwrap_or((&rest[1..], "")),
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word);
        rest = left.trim_start();
    }
    words
}

fn keep(found: &mut Snmp, directive: &str, word: &str, source: Option<&str>) {
    if found.communities.len() == COMMUNITIES_MAX {
        return;
    }
    // `-V` and an object id stand where no source is named.
    let source = source.filter(|word| !word.starts_with('-') && !word.starts_with('.'));
    let has = |wanted: fn(char) -> bool| word.chars().any(wanted);
    found.communities.push(Community {
        directive: directive.to_owned(),
        writes: directive.starts_with("rw"),
        length: word.chars().count(),
        letters: has(char::is_alphabetic),
        digits: has(|c| c.is_ascii_digit()),
        symbols: has(|c| !c.is_alphanumeric()),
        common: COMMON.iter().any(|common| word.eq_ignore_ascii_case(common)),
        source: source.map_or_else(|| "default".to_owned(), shown),
    });
}

/// A source as written where it has the form of one; any other word is only said to be there: in
/// a line of another order it could be the community.
fn shown(source: &str) -> String {
    let bare = source.trim_start_matches('!');
    let address = bare.contains(['.', ':'])
        && bare.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '/'));
    if address || matches!(bare, "default" | "localhost") {
        super::short(source)
    } else {
        "named".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_community_never_travels() {
        let text = "# rocommunity old\nrocommunity s3cret-Word 10.1.0.0/16 -V all\n\
            rwcommunity public\ncom2sec -Cn ctx remote default \"two words\"\n\
            com2sec local localhost pa55\ncom2sec bent Sw4pped default\nrocommunity6 six .1.3.6\nrouser audit priv\nrocommunity\n";
        let mut found = Snmp::default();
        read(text, &mut found);
        let seen = serde_json::to_string(&found).unwrap();
        for secret in ["s3cret", "two words", "Sw4pped", "pa55", "\"six\"", "\"public\""] {
            assert!(!seen.contains(secret), "{seen}");
        }
        let check = |at: usize, length, source: &str, common, writes| {
            let one: &Community = &found.communities[at];
            let told = (one.length, one.source.as_str(), one.common, one.writes);
            assert_eq!(told, (length, source, common, writes));
        };
        check(0, 11, "10.1.0.0/16", false, false);
        check(1, 6, "default", true, true);
        check(2, 9, "default", false, false);
        check(3, 4, "localhost", false, false);
        check(4, 7, "named", true, false);
        check(5, 3, "default", false, false);
        assert_eq!((found.communities.len(), found.v3_users), (6, 1));
    }
}
