//! `name = value` where the name says that the value is a secret: ini, shell, YAML, JSON, XML,
//! JDBC, mount options, HTTP headers, and the bare forms of a few daemons.
//!
//! Where a value ends is a guess between leaking its tail and eating a setting after it; between
//! the two, it eats.

use std::sync::LazyLock;

use regex::bytes::{Captures, Regex};

use super::{OPEN, Span, built};

/// A name, its separator, and the white space before the value.
static ASSIGNED: LazyLock<Regex> = LazyLock::new(|| {
    built(concat!(
        r"(?i)([a-z0-9_.\-]*(?:pass|pwd|pw|secret|token|cred|community|psk|pin",
        r"|(?:api|access|auth|private|account|encryption|shared)[-_. ]?key)[a-z0-9_.\-]*",
        r"|[0-9a-z_.\-]*(?:비밀번호|비번|암호|인증키|패스워드|토큰|비밀키|접속키|계좌번호|계좌|여권번호|여권|면허번호)",
        r#")(\\?["']?\]?)([ \t]*)(:=|=>|==?|:)([ \t]*)"#,
    ))
});

/// Words that make a name secret wherever they stand in it.
const STRONG: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "passwrd",
    "pwd",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "authkey",
    "privatekey",
    "accountkey",
    "encryptionkey",
    "sharedkey",
    "credential",
    "requirepass",
    "community",
];

/// Words that make it secret only as a whole part of the name (`DB_PASS`, `userPw`).
const WEAK: &[&str] = &["pass", "pw", "psk", "creds", "cred"];

/// What a setting *about* passwords is called, after the secret word: `PASS_MAX_DAYS`,
/// `PasswordAuthentication`, `passwd_tries`, `password_file`.
const ABOUT: &[&str] = &[
    "max",
    "min",
    "warn",
    "age",
    "days",
    "len",
    "authentication",
    "quality",
    "policy",
    "file",
    "path",
    "timeout",
    "prompt",
    "expir",
    "type",
    "count",
    "tries",
    "retr",
    "length",
    "history",
    "required",
    "enabled",
    "lifetime",
    "always",
    "change",
    "endpoint",
    "url",
    "ttl",
    "s",
];

/// Values that give nothing away.
const HARMLESS: &[&str] = &[
    "yes",
    "no",
    "true",
    "false",
    "on",
    "off",
    "none",
    "null",
    "nil",
    "undefined",
    "enabled",
    "disabled",
    "prompt",
    "ask",
    "empty",
    "default",
    "required",
    "sufficient",
    "requisite",
    "optional",
    "include",
    "prohibit-password",
    "without-password",
    "forced-commands-only",
];

pub(super) fn find(line: &str, spans: &mut Vec<Span>) {
    let bytes = line.as_bytes();
    let mut at = 0;
    while let Some(captures) = ASSIGNED.captures_at(bytes, at) {
        let end = captures.get(0).map_or(line.len(), |whole| whole.end());
        at = captures.get(1).map_or(end, |name| name.end().max(at + 1));
        if let Some(span) = assigned(line, &captures) {
            at = at.max(span.range.end);
            spans.push(span);
        }
        if at > line.len() {
            break;
        }
    }
    bare(line, spans);
}

fn assigned(line: &str, captures: &Captures<'_>) -> Option<Span> {
    let group = |index: usize| captures.get(index).map_or(0..0, |found| found.range());
    let name = line.get(group(1))?;
    if !is_secret(name) {
        return None;
    }
    let (before, separator, after) = (group(3), group(4), group(5));
    let spaced = !before.is_empty() || !after.is_empty();
    let first =
        line[..group(1).start].trim_start_matches(['-', ' ', '\t', '"', '\'', '{']).is_empty();
    let start = after.end;
    let range = match line[start..].chars().next()? {
        quote @ ('"' | '\'') => quoted(line, start + 1, quote),
        '\\' if line[start + 1..].starts_with('"') => quoted(line, start + 2, '\\'),
        _ if first && (spaced || &line[separator] == "=") && !is_json(line) => {
            start..line.trim_end().len().max(start)
        }
        _ => start..word_end(line, start),
    };
    let value = line.get(range.clone())?;
    if is_harmless(value) || is_no_secret(name, value) {
        return None;
    }
    let kind = if name.to_lowercase().contains("token") { "token" } else { "password" };
    Some(Span { range, kind })
}

/// The working directory in a sudo log, and the level in an SELinux context.
fn is_no_secret(name: &str, value: &str) -> bool {
    let directory = matches!(name, "PWD" | "OLDPWD") && value.starts_with('/');
    let level = value.trim().strip_prefix('s').and_then(|rest| rest.chars().next());
    directory || name.ends_with("_t") && level.is_some_and(|c| c.is_ascii_digit())
}

/// Whether a name says that its value is a secret.
fn is_secret(name: &str) -> bool {
    if !name.is_ascii() {
        return true;
    }
    let lower = name.to_ascii_lowercase();
    let plain: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    if let Some(tail) = STRONG.iter().find_map(|word| Some(plain.split_once(word)?.1)) {
        return !ABOUT.iter().any(|about| match *about {
            "s" => false,
            about => tail.starts_with(about),
        });
    }
    let parts = parts(name);
    let weak = |part: &String| WEAK.contains(&part.as_str());
    match parts.iter().rposition(weak) {
        Some(last) => {
            let next = parts.get(last + 1);
            !next.is_some_and(|next| ABOUT.iter().any(|about| next.starts_with(about)))
        }
        None => {
            let tail = plain.ends_with("pw") || plain.ends_with("pass");
            tail && !plain.ends_with("bypass") && !plain.ends_with("compass")
        }
    }
}

/// `userPw`, `DB_PASS`, `db.pass` in lower-case parts.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut lower_before = false;
    for c in name.chars() {
        let new = !c.is_ascii_alphanumeric() || c.is_ascii_uppercase() && lower_before;
        if new {
            parts.push(String::new());
        }
        if c.is_ascii_alphanumeric()
            && let Some(part) = parts.last_mut()
        {
            part.push(c.to_ascii_lowercase());
        }
        lower_before = c.is_ascii_lowercase();
    }
    parts.retain(|part| !part.is_empty());
    parts
}

fn is_harmless(value: &str) -> bool {
    let value = value.trim().trim_end_matches([',', ';', ')', '}', ']']);
    let lower = value.to_ascii_lowercase();
    value.is_empty()
        || HARMLESS.contains(&lower.as_str())
        || value.bytes().all(|byte| matches!(byte, b'*' | b'!' | b'x' | b'.' | b'-'))
        || value.starts_with("${") && value.ends_with('}')
        || value.starts_with("$(") && value.ends_with(')')
        || value.starts_with(OPEN) && value.find(']').is_some_and(|end| end + 1 == value.len())
}

fn is_json(line: &str) -> bool {
    line.trim_start().starts_with(['{', '"'])
}

/// To the closing quote; an escaped one does not close.
fn quoted(line: &str, start: usize, quote: char) -> std::ops::Range<usize> {
    let mut escaped = false;
    for (at, c) in line[start..].char_indices() {
        if quote == '\\' && c == '\\' && line[start + at..].starts_with("\\\"") {
            return start..start + at;
        }
        if c == quote && !escaped && quote != '\\' {
            return start..start + at;
        }
        escaped = c == '\\' && !escaped;
    }
    start..line.len()
}

/// The end of an unquoted value: white space or a bracket; `,`, `;` and `&` end it only where
/// another setting follows, because they stand in passwords too.
fn word_end(line: &str, start: usize) -> usize {
    let mounts = line.starts_with('/') || line.contains(" / ");
    for (at, c) in line[start..].char_indices() {
        let at = start + at;
        let rest = &line[at + c.len_utf8()..];
        let ends = match c {
            ' ' | '\t' | '"' | '\'' | '<' | '`' => true,
            ',' => mounts || rest.is_empty() || rest.starts_with([' ', '"']) || is_setting(rest),
            ';' | '&' => rest.is_empty() || rest.starts_with(' ') || is_setting(rest),
            ')' | '}' | ']' => rest.trim_start().is_empty(),
            _ => false,
        };
        // A mask is one word, brackets included.
        if ends && !line[start..at].ends_with(OPEN) {
            return at;
        }
    }
    line.len()
}

/// Whether a text begins with `name=`.
fn is_setting(text: &str) -> bool {
    let name = text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.' | '-'));
    name.is_some_and(|at| at > 0 && text[at..].trim_start().starts_with(['=', ':']))
}

/// Forms without a separator, each with the secret in its first group.
static BARE: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    let of = |text, kind| (built(text), kind);
    vec![
        of(r#"(?i)\b(?:root)?bindpw\s+["']?([^\s"']+)"#, "password"),
        of(
            r#"(?i)(?:^|\s)(?:rootpw|requirepass|masterauth|sasl_passwd)\s+["']?([^\s"']+)"#,
            "password",
        ),
        // ipsec.secrets(5): a quoted text, or hexadecimal or base 64 with its mark.
        of(r#"(?i)\bpsk\s+(?:0[sx]|["'])([^"'\s]+)"#, "password"),
        of(r#"(?i)\blogin\s+\S+\s+password\s+["']?([^\s"']+)"#, "password"),
        of(r#"(?i)identified\s+by\s+(?:password\s+)?["']([^"']+)"#, "password"),
        of(r#"(?i)\bpassword\s+["']([^"']+)["']"#, "password"),
        of(r"(?i)\br[ow](?:community|user)6?\s+(\S+)", "community"),
        of(r"(?i)\bcom2sec6?\s+(?:-Cn\s+\S+\s+)?\S+\s+\S+\s+(\S+)", "community"),
        of(r"(?i)\bsnmp-server\s+community\s+(\S+)", "community"),
        of(r"(?i)\bcommunity\s+(?:string\s+)?([^\s=:]+)\s*$", "community"),
        of(r"(?i)\b(?:trap|trap2|inform)sink\s+\S+\s+(\S+)", "community"),
        of(
            r#"(?i)(?:authorization|x-api-key|x-auth-token|cookie)\\?["']?\s*[:=]\s*\\?["']?(?:(?:basic|bearer|token|digest|negotiate)\s+)?([^"'\s][^"']*)"#,
            "authorization",
        ),
        of(r"(?i)\bbearer\s+([a-z0-9._~+/=\-]{8,})", "authorization"),
        of(
            r#"(?i)<[^<>]*(?:passw|passphrase|pwd|secret|token|apikey)[^<>]*>\s*(?:<!\[CDATA\[)?([^<\]\s][^<\]]*)"#,
            "password",
        ),
        of(
            r#"(?i)(?:name|key|id)\s*=\s*["'][^"']*(?:passw|passphrase|pwd|secret|token)[^"']*["'][^<>]*?value\s*=\s*["']([^"']+)"#,
            "password",
        ),
        // DRBD's net section, and the account of Galera's state transfer.
        of(r#"(?i)\bshared-secret\s+["']?([^\s"';]+)"#, "password"),
        of(r#"(?i)\bwsrep[_-]sst[_-]auth\s*=\s*["']?[^:\s"']*:([^\s"']+)"#, "password"),
        // Directives of httpd, whose values stand behind a blank.
        of(
            r#"(?i)^\s*(?:[a-z]{2,30}(?:bindpassword|cryptopassphrase|clientsecret)|(?:set|pass)env\s+\S*(?:pass|pwd|secret|token|api_?key)\S*)\s+["']?([^\s"']+)"#,
            "password",
        ),
        of(r#"(?i)\bauthorization\s+["']?(?:basic|bearer)\s+([^"'\s]+)"#, "authorization"),
        of(r":ommysql:[^,\s]*,[^,\s]*,[^,\s]*,([^;\s]+)", "password"),
        of(
            r#"(?i)(?:비밀번호|비번|암호|인증키|패스워드|비밀키|접속키)(?:은|는|이|가|을|를)?\s*[:=]?\s*["']?([!-~]{4,})"#,
            "password",
        ),
    ]
});

fn bare(line: &str, spans: &mut Vec<Span>) {
    for (regex, kind) in BARE.iter() {
        for captures in regex.captures_iter(line.as_bytes()) {
            let Some(found) = captures.get(1) else { continue };
            let value = line.get(found.range()).unwrap_or("?");
            if !is_harmless(value) {
                spans.push(Span { range: found.range(), kind });
            }
        }
    }
}
