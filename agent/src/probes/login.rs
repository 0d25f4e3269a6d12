//! Accounts, groups, and the rules for passwords and logins.
//!
//! Of `/etc/shadow` only the kind of each entry is taken: a hash never becomes an observation.

use std::collections::BTreeMap;

use carepack_shared::Unseen;
use serde_json::{Value, json};

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, Read, file, files};
use crate::host::{Host, Look};

pub static PROBE: Probe = Probe {
    id: "login",
    about_ko: "계정, 그룹, 비밀번호와 로그인 규칙",
    about_en: "Accounts, groups, rules for passwords and logins",
    reads: &[
        file("/etc/login.defs"),
        file("/etc/security/pwhistory.conf"),
        file("/etc/security/pwquality.conf"),
        files("/etc/security/pwquality.conf.d", ".conf"),
        file("/etc/security/faillock.conf"),
        file("/etc/pam.d/system-auth"),
        file("/etc/pam.d/password-auth"),
        file("/etc/pam.d/su"),
        file("/etc/profile"),
        Read::Survey { name: "accounts", reads: &[PASSWD, SHADOW], run: accounts },
        Read::Survey { name: "groups", reads: &[GROUP], run: groups },
    ],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Security,
    legal: Legal::Names,
};

pub(super) const PASSWD: &str = "/etc/passwd";
const SHADOW: &str = "/etc/shadow";
pub(super) const GROUP: &str = "/etc/group";

/// Longest account file read: some ten thousand lines.
pub(super) const ACCOUNTS_BYTES_MAX: usize = 1024 * 1024;
/// Most accounts and groups listed.
const ACCOUNTS_MAX: usize = 5_000;

/// `[{"name","uid","gid","shell","home","password":"set|locked|empty|none|unknown",
/// "scheme":"sha512"|null,"max_days":N|null,"last_change_days":N|null,"shadowed":bool}]`.
/// `shadowed`: the second field of passwd holds no hash and is not empty.
fn accounts(host: &Host) -> Look<Value> {
    let passwd = host.read(PASSWD, ACCOUNTS_BYTES_MAX)?;
    let shadow = match host.read(SHADOW, ACCOUNTS_BYTES_MAX) {
        Ok(piece) => Some(piece.bytes),
        Err(missed) if missed.reason == Unseen::Absent => Some(Vec::new()),
        Err(_) => None,
    };
    let shadow = shadow.as_deref().map(String::from_utf8_lossy);
    Ok(join(&String::from_utf8_lossy(&passwd.bytes), shadow.as_deref()))
}

/// `[{"name":"wheel","gid":10,"members":["ops"]}]`.
fn groups(host: &Host) -> Look<Value> {
    let piece = host.read(GROUP, ACCOUNTS_BYTES_MAX)?;
    let text = String::from_utf8_lossy(&piece.bytes);
    let one = |line: &str| {
        let mut fields = line.split(':');
        let (name, _, gid) = (fields.next()?, fields.next()?, fields.next()?);
        let gid: u32 = gid.parse().ok()?;
        let members: Vec<&str> =
            fields.next()?.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        Some(json!({ "name": name, "gid": gid, "members": members }))
    };
    Ok(text.lines().filter_map(one).take(ACCOUNTS_MAX).collect())
}

/// User id → name. Of two names for one number the first stands, as for the system's own tools.
pub(super) fn user_names(host: &Host) -> BTreeMap<u32, String> {
    let passwd = host.read(PASSWD, ACCOUNTS_BYTES_MAX).map(|piece| piece.bytes);
    let passwd = passwd.unwrap_or_default();
    let one = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        Some((fields.nth(1)?.parse().ok()?, name.to_owned()))
    };
    String::from_utf8_lossy(&passwd).lines().rev().filter_map(one).collect()
}

struct Shadow {
    password: &'static str,
    scheme: Option<&'static str>,
    last_change_days: Option<i64>,
    max_days: Option<i64>,
}

/// Both account files as one list; `shadow` is none when it may not be read.
fn join(passwd: &str, shadow: Option<&str>) -> Value {
    let aging: Option<BTreeMap<&str, Shadow>> =
        shadow.map(|text| text.lines().filter_map(shadow_line).collect());
    let one = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, secret, uid, gid, _, home, shell] = fields[..] else { return None };
        let (uid, gid): (u32, u32) = (uid.parse().ok()?, gid.parse().ok()?);
        let entry = aging.as_ref().map(|aging| aging.get(name));
        let (password, scheme) = match (secret, entry) {
            ("x", None) => ("unknown", None),
            ("x", Some(Some(entry))) => (entry.password, entry.scheme),
            // Pointing at an entry that is not there: no password opens it.
            ("x", Some(None)) => ("none", None),
            (secret, _) => kind(secret),
        };
        let entry = entry.flatten();
        Some(json!({
            "name": name,
            "uid": uid,
            "gid": gid,
            "shell": shell,
            "home": home,
            "password": password,
            "scheme": scheme,
            "shadowed": secret == "x" || (!secret.is_empty() && kind(secret).0 != "set"),
            "max_days": entry.and_then(|entry| entry.max_days),
            "last_change_days": entry.and_then(|entry| entry.last_change_days),
        }))
    };
    passwd.lines().filter_map(one).take(ACCOUNTS_MAX).collect()
}

/// shadow(5): `name:password:last change:min:max:…`.
fn shadow_line(line: &str) -> Option<(&str, Shadow)> {
    let mut fields = line.split(':');
    let (name, secret) = (fields.next()?, fields.next()?);
    let last_change_days = fields.next().and_then(|field| field.parse().ok());
    let max_days = fields.nth(1).and_then(|field| field.parse().ok());
    let (password, scheme) = kind(secret);
    Some((name, Shadow { password, scheme, last_change_days, max_days }))
}

/// What a password field is, and the scheme of its hash (crypt(5)). `!!` and `*` mean that none
/// was ever set; `!` before a hash means that it was locked.
fn kind(secret: &str) -> (&'static str, Option<&'static str>) {
    let bare = secret.trim_start_matches('!');
    match (secret, bare) {
        ("", _) => ("empty", None),
        ("!", _) => ("locked", None),
        (_, "" | "*" | "*LK*" | "NP") => ("none", None),
        _ if secret.starts_with('!') => ("locked", scheme(bare)),
        _ if secret.starts_with('*') => ("locked", None),
        _ => ("set", scheme(bare)),
    }
}

fn scheme(hash: &str) -> Option<&'static str> {
    let name = match hash.strip_prefix('$').and_then(|rest| rest.split_once('$')) {
        Some(("1", _)) => "md5",
        Some(("2" | "2a" | "2b" | "2x" | "2y", _)) => "bcrypt",
        Some(("5", _)) => "sha256",
        Some(("6", _)) => "sha512",
        Some(("7", _)) => "scrypt",
        Some(("y", _)) => "yescrypt",
        Some(("gy", _)) => "gost-yescrypt",
        Some(_) => "other",
        None if hash.len() == 13 => "des",
        None => return None,
    };
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_field_becomes_a_kind() {
        let check = |secret, password, scheme| assert_eq!(kind(secret), (password, scheme));
        check("", "empty", None);
        check("*", "none", None);
        check("!!", "none", None);
        check("!*", "none", None);
        check("!", "locked", None);
        check("!!$6$salt$hash", "locked", Some("sha512"));
        check("$6$salt$hash", "set", Some("sha512"));
        check("$y$j9T$salt$hash", "set", Some("yescrypt"));
        check("$1$salt$hash", "set", Some("md5"));
        check("abJnggxhB/yWI", "set", Some("des"));
    }

    #[test]
    fn a_hash_never_travels() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nold:$1$ab$OLDHASH:5:5::/:/bin/sh\n\
                      ghost:x:7:7::/:/bin/sh\nbent:x:1\n";
        let shadow = "root:$6$saltsalt$SECRETHASH:19000:0:90:7:::\n";
        let value = join(passwd, Some(shadow));
        let text = value.to_string();
        assert!(!text.contains("HASH") && !text.contains("salt"), "{text}");
        assert_eq!(value[0]["password"], "set");
        assert_eq!(value[0]["scheme"], "sha512");
        assert_eq!(value[0]["max_days"], 90);
        assert_eq!(value[0]["last_change_days"], 19000);
        assert_eq!(value[1]["scheme"], "md5");
        assert_eq!((&value[0]["shadowed"], &value[1]["shadowed"]), (&true.into(), &false.into()));
        assert_eq!(value[2]["password"], "none");
        assert_eq!(value.as_array().unwrap().len(), 3);
        assert_eq!(join(passwd, None)[0]["password"], "unknown");
    }
}
