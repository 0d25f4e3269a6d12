//! Accounts and groups from the root copy. Neither tool takes `/etc/shadow`.

use carepack_shared::Content;
use serde_json::{Value, json};

use super::Seen;

/// Most accounts and groups listed, as on a host.
const ACCOUNTS_MAX: usize = 5_000;

/// passwd(5): `name:password:uid:gid:comment:home:shell`.
pub fn accounts(seen: &Seen<'_>) -> Option<Content> {
    let text = seen.file("/etc/passwd")?;
    let list: Vec<Value> = text.lines().filter_map(account).take(ACCOUNTS_MAX).collect();
    (!list.is_empty()).then(|| Content::Json(list.into()))
}

fn account(line: &str) -> Option<Value> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, secret, uid, gid, _, home, shell] = fields[..] else { return None };
    let (uid, gid): (u32, u32) = (uid.parse().ok()?, gid.parse().ok()?);
    // Without shadow a password that is kept there is neither set nor empty: it is not known.
    let password = match secret {
        "" => "empty",
        "*" | "!!" => "none",
        "!" => "locked",
        _ => "unknown",
    };
    Some(json!({
        "name": name, "uid": uid, "gid": gid, "shell": shell, "home": home,
        "password": password, "scheme": null, "max_days": null, "last_change_days": null,
        "shadowed": matches!(secret, "x" | "*" | "!" | "!!"),
    }))
}

/// group(5): `name:password:gid:members`.
pub fn groups(seen: &Seen<'_>) -> Option<Content> {
    let text = seen.file("/etc/group")?;
    let one = |line: &str| {
        let mut fields = line.split(':');
        let (name, _, gid) = (fields.next()?, fields.next()?, fields.next()?);
        let gid: u32 = gid.parse().ok()?;
        let members = fields.next()?.split(',').map(str::trim).filter(|name| !name.is_empty());
        let members: Vec<&str> = members.collect();
        Some(json!({ "name": name, "gid": gid, "members": members }))
    };
    let list: Vec<Value> = text.lines().filter_map(one).take(ACCOUNTS_MAX).collect();
    (!list.is_empty()).then(|| Content::Json(list.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_kept_elsewhere_is_not_known() {
        let check = |line, expected: Option<&str>| {
            let found = account(line);
            let word = found.as_ref().and_then(|account| account["password"].as_str());
            assert_eq!(word, expected, "{line}");
        };
        check("root:x:0:0:root:/root:/bin/bash", Some("unknown"));
        check("open::1000:1000::/home/open:/bin/bash", Some("empty"));
        check("old:$1$abc:1000:1000::/:/bin/sh", Some("unknown"));
        check("bin:*:1:1:bin:/bin:/sbin/nologin", Some("none"));
        check("bent:x:zero:0:::", None);
        check("short:x:1", None);
    }
}
