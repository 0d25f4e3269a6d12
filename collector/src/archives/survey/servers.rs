//! Settings of servers and shells from the root copy, reduced as the agent reduces them.
//!
//! A file that others could change the meaning of counts as not seen when it is not in the archive:
//! neither tool says whether it was missing on the host.

use carepack_shared::Content;
use carepack_shared::reduce::{banner, dns, ftp, mail, samba, shell, snmp};
use serde::Serialize;
use serde_json::json;

use super::super::layout::text;
use super::Seen;

/// Most settings of all start-up files, as on a host.
const SETTINGS_MAX: usize = 500;
/// Most files of a name server.
const ZONE_FILES_MAX: usize = 50;

fn content(value: &impl Serialize) -> Option<Content> {
    serde_json::to_value(value).ok().map(Content::Json)
}

/// As the agent's survey `shell-settings`.
pub fn shell_settings(seen: &Seen<'_>) -> Option<Content> {
    let (profile, bashrc) = (seen.file("/etc/profile")?, seen.file("/etc/bashrc")?);
    let folder = seen.layout.folder("/etc/profile.d", "sh");
    if folder.is_empty() {
        return None;
    }
    let mut found = shell::settings("/etc/profile", &profile);
    found.extend(shell::settings("/etc/bashrc", &bashrc));
    for (path, piece) in folder {
        found.extend(shell::settings(&path, &text(piece)));
    }
    for path in ["/etc/csh.cshrc", "/etc/csh.login", "/etc/environment"] {
        found.extend(seen.file(path).map(|text| shell::settings(path, &text)).unwrap_or_default());
    }
    found.truncate(SETTINGS_MAX);
    content(&found)
}

/// As the agent's survey `mail`.
pub fn mail(seen: &Seen<'_>) -> Option<Content> {
    let found = mail::Mail {
        postfix: seen.file("/etc/postfix/main.cf").map(|text| mail::postfix(&text)),
        sendmail: seen.file("/etc/mail/sendmail.cf").map(|text| mail::sendmail(&text)),
        exim: false,
    };
    if found == mail::Mail::default() { None } else { content(&found) }
}

/// As the agent's survey `snmp`.
pub fn snmp(seen: &Seen<'_>) -> Option<Content> {
    let mut found = snmp::Snmp::default();
    snmp::read(&seen.file("/etc/snmp/snmpd.conf")?, &mut found);
    content(&found)
}

/// As the agent's survey `samba`.
pub fn samba(seen: &Seen<'_>) -> Option<Content> {
    content(&samba::sections(&seen.file("/etc/samba/smb.conf")?))
}

/// As the agent's survey `ftp`.
pub fn ftp(seen: &Seen<'_>) -> Option<Content> {
    let vsftpd = seen.file("/etc/vsftpd/vsftpd.conf").map(|text| ftp::vsftpd(&text))?;
    let list = |path: &str| seen.file(path).map(|text| ftp::list(path, &text));
    let lists = ["/etc/vsftpd/ftpusers", "/etc/vsftpd/user_list"].into_iter().filter_map(list);
    let found = ftp::Ftp { vsftpd: Some(vsftpd), lists: lists.collect(), ..ftp::Ftp::default() };
    content(&found)
}

/// As the agent's survey `dns-server`; none where a file that is included is not in the archive.
pub fn dns_server(seen: &Seen<'_>) -> Option<Content> {
    let mut found = dns::Dns::default();
    let mut left = vec!["/etc/named.conf".to_owned()];
    let mut read = std::collections::BTreeSet::new();
    while let Some(path) = left.pop() {
        if read.len() == ZONE_FILES_MAX || !read.insert(path.clone()) {
            continue;
        }
        dns::read(&seen.file(&path)?, &mut found);
        left.append(&mut found.includes);
    }
    content(&found)
}

/// As the agent's survey `banners`; none without the texts that every RHEL has.
pub fn banners(seen: &Seen<'_>) -> Option<Content> {
    let sshd = banner::of_sshd(&seen.file("/etc/ssh/sshd_config")?);
    let issue = seen.file("/etc/issue")?;
    let mut texts = vec![banner::banner("/etc/issue", &issue)];
    for path in ["/etc/issue.net", "/etc/motd"] {
        texts.extend(seen.file(path).map(|text| banner::banner(path, &text)));
    }
    Some(Content::Json(json!({ "texts": texts, "sshd": sshd })))
}
