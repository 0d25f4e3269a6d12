//! Accounts and groups as the host counted them: no hash is in there.

use carepack_shared::Unseen;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Evidence, Facts, Parser, Spec};

const ACCOUNTS: &str = "survey:accounts";
const GROUPS: &str = "survey:groups";

pub static PARSER: Parser = Parser {
    name: "accounts",
    facts: &[
        Spec {
            key: "accounts.users",
            unit: "",
            about: "accounts: ids, shell, state of the password",
        },
        Spec { key: "accounts.uid_zero", unit: "", about: "accounts with user id 0" },
        Spec { key: "accounts.empty_password", unit: "", about: "accounts that need no password" },
        Spec {
            key: "accounts.login",
            unit: "",
            about: "accounts with a login shell that are not locked",
        },
        Spec {
            key: "accounts.unshadowed",
            unit: "",
            about: "accounts whose second field of passwd does not point to shadow",
        },
        Spec { key: "accounts.groups", unit: "", about: "groups and their members" },
    ],
    parse,
};

#[derive(Deserialize)]
struct Account {
    name: String,
    uid: i64,
    gid: i64,
    shell: String,
    home: String,
    /// `set`, `locked`, `empty`, `none`, or `unknown` where shadow could not be read.
    password: String,
    scheme: Option<String>,
    max_days: Option<i64>,
    /// None: an older agent did not say.
    #[serde(default)]
    shadowed: Option<bool>,
}

const NO_LOGIN: [&str; 6] = [
    "/sbin/nologin",
    "/usr/sbin/nologin",
    "/bin/false",
    "/usr/bin/false",
    "/bin/sync",
    "/sbin/shutdown",
];

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    match evidence.survey::<Vec<Account>>(ACCOUNTS) {
        Ok(accounts) => tell(&accounts, facts),
        Err(reason) => {
            let keys = PARSER.facts.iter().map(|spec| spec.key).take(5);
            keys.for_each(|key| facts.miss(key, reason, ACCOUNTS));
        }
    }
    facts.set("accounts.groups", evidence.survey::<Vec<Value>>(GROUPS), GROUPS);
}

fn tell(accounts: &[Account], facts: &mut Facts) {
    let names = |wanted: &dyn Fn(&Account) -> bool| {
        accounts.iter().filter(|a| wanted(a)).map(|a| a.name.as_str()).collect::<Vec<_>>()
    };
    facts.put("accounts.uid_zero", names(&|a| a.uid == 0), ACCOUNTS);
    // Accounts whose password field says something by itself are told even without shadow.
    let shadow_seen = accounts.iter().all(|a| a.password != "unknown");
    let empty = names(&|a| a.password == "empty");
    let empty = if shadow_seen { Ok(empty) } else { Err(Unseen::Denied) };
    facts.set("accounts.empty_password", empty, "/etc/shadow");
    let told = accounts.iter().all(|a| a.shadowed.is_some());
    let unshadowed = names(&|a| a.shadowed == Some(false));
    let unshadowed = if told { Ok(unshadowed) } else { Err(Unseen::Absent) };
    facts.set("accounts.unshadowed", unshadowed, ACCOUNTS);
    let shell = |a: &Account| !NO_LOGIN.contains(&a.shell.as_str()) && a.shell != "/sbin/halt";
    let open = |a: &Account| shell(a) && !matches!(a.password.as_str(), "locked" | "none");
    let login = if shadow_seen { Ok(names(&open)) } else { Err(Unseen::Denied) };
    facts.set("accounts.login", login, "/etc/shadow");
    let users: Vec<Value> = accounts
        .iter()
        .map(|a| {
            json!({
                "name": a.name, "uid": a.uid, "gid": a.gid, "shell": a.shell, "home": a.home,
                "password": a.password, "scheme": a.scheme, "max_days": a.max_days,
            })
        })
        .collect();
    facts.put("accounts.users", users, ACCOUNTS);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(name: &str, uid: i64, shell: &str, password: &str) -> Account {
        Account {
            name: name.into(),
            uid,
            gid: uid,
            shell: shell.into(),
            home: "/".into(),
            password: password.into(),
            scheme: None,
            max_days: None,
            shadowed: Some(true),
        }
    }

    fn check(accounts: &[Account], key: &str, expected: &str) {
        let mut facts = Facts::default();
        tell(accounts, &mut facts);
        let seen = facts.value(key).map(ToString::to_string);
        let missing = facts.missing.get(key).map(|m| m.reason.as_str().to_owned());
        assert_eq!(seen.or(missing).as_deref(), Some(expected), "{key}");
    }

    #[test]
    fn who_can_log_in() {
        let list = [
            account("root", 0, "/bin/bash", "set"),
            account("toor", 0, "/bin/sh", "empty"),
            account("bin", 1, "/sbin/nologin", "none"),
            account("old", 900, "/bin/bash", "locked"),
        ];
        check(&list, "accounts.uid_zero", r#"["root","toor"]"#);
        check(&list, "accounts.empty_password", r#"["toor"]"#);
        check(&list, "accounts.login", r#"["root","toor"]"#);
    }

    #[test]
    fn an_unreadable_shadow_is_not_an_empty_list() {
        let list = [account("root", 0, "/bin/bash", "unknown")];
        check(&list, "accounts.empty_password", "denied");
        check(&list, "accounts.login", "denied");
        check(&list, "accounts.uid_zero", r#"["root"]"#);
    }
}
