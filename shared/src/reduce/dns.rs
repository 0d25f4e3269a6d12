//! Who may take or change the zones of a name server (named.conf), without keys and secrets.

use serde::{Deserialize, Serialize};

/// Most zones kept.
const ZONES_MAX: usize = 500;
/// Most words of an address list kept.
const LIST_MAX: usize = 50;
/// Statements inside statements: named.conf has five levels at most.
const DEPTH_MAX: usize = 20;
/// Most words looked at in one file.
const WORDS_MAX: usize = 500_000;

/// What the files say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dns {
    /// What holds for every zone that says nothing itself.
    pub options: Access,
    pub zones: Vec<Zone>,
    /// Files named by `include`, as written.
    #[serde(default, skip_serializing)]
    pub includes: Vec<String>,
}

/// Address lists: words as written; none where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    pub allow_transfer: Option<Vec<String>>,
    pub allow_update: Option<Vec<String>>,
    pub update_policy: bool,
}

/// One zone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    pub name: String,
    /// `master`, `primary`, `slave`, `secondary`, `hint`, …
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(flatten)]
    pub access: Access,
}

/// Takes the statements of one file into `found`.
pub fn read(text: &str, found: &mut Dns) {
    let words = words(text);
    let mut at = 0;
    block(&words, &mut at, 0, &mut Scope { found, zone: None });
}

struct Scope<'a> {
    found: &'a mut Dns,
    /// The zone that the words stand in.
    zone: Option<Zone>,
}

/// Statements up to the closing brace of this block.
fn block(words: &[&str], at: &mut usize, depth: usize, scope: &mut Scope<'_>) {
    while let Some(&word) = words.get(*at) {
        match word {
            "}" => {
                *at += 1;
                return;
            }
            ";" => *at += 1,
            _ => statement(words, at, depth, scope),
        }
    }
}

fn statement(words: &[&str], at: &mut usize, depth: usize, scope: &mut Scope<'_>) {
    let start = *at;
    while words.get(*at).is_some_and(|word| !matches!(*word, ";" | "{" | "}")) {
        *at += 1;
    }
    let head = &words[start..*at];
    let opens = words.get(*at) == Some(&"{");
    match head {
        ["include", path] => scope.found.includes.push(super::short(path)),
        ["type", kind, ..] => {
            if let Some(zone) = &mut scope.zone {
                zone.kind = super::short(kind);
            }
        }
        ["allow-transfer", ..] if opens => access(scope).allow_transfer = Some(list(words, at)),
        ["allow-update", ..] if opens => access(scope).allow_update = Some(list(words, at)),
        ["update-policy", ..] => {
            access(scope).update_policy = true;
            skip(words, at);
        }
        ["zone", name, ..] if opens && depth < DEPTH_MAX => {
            *at += 1;
            let zone = Zone { name: super::short(name), ..Zone::default() };
            let outer = scope.zone.replace(zone);
            block(words, at, depth + 1, scope);
            let zone = std::mem::replace(&mut scope.zone, outer);
            if scope.found.zones.len() < ZONES_MAX {
                scope.found.zones.extend(zone);
            }
        }
        ["options" | "view", ..] if opens && depth < DEPTH_MAX => {
            *at += 1;
            block(words, at, depth + 1, scope);
        }
        _ => skip(words, at),
    }
}

const fn access<'s>(scope: &'s mut Scope<'_>) -> &'s mut Access {
    match &mut scope.zone {
        Some(zone) => &mut zone.access,
        None => &mut scope.found.options,
    }
}

/// The words between braces, those of inner ones included.
fn list(words: &[&str], at: &mut usize) -> Vec<String> {
    let start = *at;
    skip(words, at);
    let inner = words[start..*at].iter().filter(|word| !matches!(**word, ";" | "{" | "}"));
    inner.take(LIST_MAX).map(|word| super::short(word)).collect()
}

/// Goes behind a block in braces, or does nothing where none opens.
fn skip(words: &[&str], at: &mut usize) {
    let mut depth = 0_usize;
    while let Some(&word) = words.get(*at) {
        match word {
            "{" => depth += 1,
            "}" if depth <= 1 => {
                *at += usize::from(depth == 1);
                return;
            }
            "}" => depth -= 1,
            _ if depth == 0 => return,
            _ => {}
        }
        *at += 1;
    }
}

/// Words, strings without their quotes, and the marks `{`, `}`, `;`; comments are left out.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() && words.len() < WORDS_MAX {
        let (word, left) = if let Some(comment) = rest.strip_prefix("/*") {
            ("", comment.split_once("*/").map_or("", |(_, left)| left))
        } else if rest.starts_with("//") || rest.starts_with('#') {
            ("", rest.split_once('\n').map_or("", |(_, left)| left))
        } else if let Some(string) = rest.strip_prefix('"') {
            string.split_once('"').unwrap_or((string, ""))
        } else if rest.starts_with(['{', '}', ';']) {
            rest.split_at(1)
        } else {
            let ends = |c: char| c.is_whitespace() || matches!(c, '{' | '}' | ';' | '"');
            rest.split_at(rest.find(ends).unwrap_or(rest.len()))
        };
        if !word.is_empty() {
            words.push(word);
        }
        rest = left.trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_and_what_holds_for_all() {
        let text = r#"
// main
acl inner { 10.0.0.0/8; !10.9.0.0/16; };
key "xfer" { algorithm hmac-sha256; secret "c2VjcmV0"; };
options { directory "/var/named"; allow-transfer { none; }; /* x */ version "hidden"; };
include "/etc/named.rfc1912.zones";
zone "." IN { type hint; file "named.ca"; };
view "in" { zone "a.example" { type master; allow-transfer { key "xfer"; inner; };
  allow-update { any; }; }; };
zone "b.example" { type primary; update-policy { grant * self * A; }; }; # end
"#;
        let mut found = Dns::default();
        read(text, &mut found);
        assert_eq!(found.options.allow_transfer, Some(vec!["none".to_owned()]));
        assert_eq!(found.includes, ["/etc/named.rfc1912.zones"]);
        let names: Vec<_> = found.zones.iter().map(|z| (&*z.name, &*z.kind)).collect();
        assert_eq!(names, [(".", "hint"), ("a.example", "master"), ("b.example", "primary")]);
        let a = &found.zones[1].access;
        assert_eq!(a.allow_transfer.as_ref().unwrap().join(" "), "key xfer inner");
        assert_eq!(a.allow_update, Some(vec!["any".to_owned()]));
        assert!(found.zones[2].access.update_policy);
        assert!(!serde_json::to_string(&found).unwrap().contains("c2VjcmV0"));
    }

    #[test]
    fn bent_texts_end() {
        for text in
            ["zone", "zone \"a\" {", "}}};{", "allow-transfer {", "zone \"a\" { type", "\"", "/*"]
        {
            read(text, &mut Dns::default());
        }
        read(&"view x {".repeat(100_000), &mut Dns::default());
        read(&"options { allow-transfer {".repeat(10_000), &mut Dns::default());
    }
}
