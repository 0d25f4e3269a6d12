//! Secrets on command lines: the flags of the programs that take a password there.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::{Span, built};

/// A program (or any), and what gives its secret in the first group.
struct Flag {
    program: Option<Regex>,
    secret: Regex,
}

static FLAGS: LazyLock<Vec<Flag>> = LazyLock::new(|| {
    let of = |program: &str, secret: &str| Flag {
        program: (!program.is_empty())
            .then(|| built(&format!(r"(?:^|[\s/|;&(`]){program}(?:\s|$)"))),
        secret: built(secret),
    };
    vec![
        of(
            r"(?:mysql[a-z_]*|mariadb[a-z-]*|mycli|xtrabackup|innobackupex|7za?|mongo(?:dump|restore|sh|export)?)",
            r#"\s-p(?:"([^"]+)|'([^']+)|([^\s"'][^\s]*))"#,
        ),
        of(
            r"(?:sshpass|docker|podman|mongo(?:dump|restore|sh|export)?|oc|plink|pscp)",
            r#"\s-(?:p|pw)\s+(?:"([^"]+)|'([^']+)|([^\s"'][^\s]*))"#,
        ),
        of("sshpass", r#"\s-p["']?([^\s"']+)"#),
        of(r"(?:ldap[a-z]+)", r#"\s-[wsa]\s*(?:"([^"]+)|'([^']+)|([^\s"'][^\s]*))"#),
        of("redis-cli", r#"\s-a\s*["']?([^\s"']+)"#),
        of(r"snmp[a-z]+", r#"\s-[cAX]\s*["']?([^\s"']+)"#),
        of(r"(?:ipmitool|sqlcmd|isql|tsql|bcp|zip|unzip)", r#"\s-P\s*["']?([^\s"']+)"#),
        of(r"(?:smbclient|rpcclient|net|winexe|smbget)", r#"\s-U\s*["']?[^\s%"']+%([^\s"']+)"#),
        of("openssl", r#"\s-(?:k|K|pass|passin|passout)\s+["']?(?:pass:)?([^\s"']+)"#),
        of("htpasswd", r#"\s-[a-zA-Z]*b[a-zA-Z]*\s+\S+\s+\S+\s+["']?([^\s"']+)"#),
        of(r"(?:lftp)", r#"\s-u\s*["']?[^\s,"']+,([^\s"']+)"#),
        of(r"(?:xfreerdp|rdesktop)", r#"\s(?:/p:|-p\s*)["']?([^\s"']+)"#),
        of(
            r"(?:sqlplus|expdp|impdp|exp|imp|sqlldr|rman|tnsping)",
            r#"\s(?:[a-z]+=)?["']?[A-Za-z][A-Za-z0-9_$#]*/([^\s/@"'][^\s@"']*)"#,
        ),
        of(
            "echo",
            r#"echo\s+(?:-[a-z]+\s+)*(?:"([^"|]+)"|'([^'|]+)'|([^\s"'|]+))\s*\|\s*(?:sudo\s+)?\S*(?:passwd|chpasswd|cryptsetup|sudo\s+-S)"#,
        ),
        of("", r#"\s(?:-u|-U|--user|--proxy-user)[ =]?["']?[^\s:"'/=]+:([^\s"']+)"#),
        of(
            "",
            r#"(?i)(?:^|[\s"'])--?(?:password|passwd|pass|passphrase|pwd|token|secret|api-?key|access-?key|secret-?key|auth-?token|client-?secret|requirepass|masterauth|bind-?pw)\s+["']?([^\s"'\-][^\s"']*)"#,
        ),
        of("", r#"\bpass:([^\s"']+)"#),
    ]
});

pub(super) fn find(line: &str, spans: &mut Vec<Span>) {
    let bytes = line.as_bytes();
    for flag in FLAGS.iter() {
        if flag.program.as_ref().is_some_and(|program| !program.is_match(bytes)) {
            continue;
        }
        for captures in flag.secret.captures_iter(bytes) {
            let found = captures.iter().skip(1).flatten().next();
            if let Some(found) = found {
                spans.push(Span { range: found.range(), kind: "password" });
            }
        }
    }
}
