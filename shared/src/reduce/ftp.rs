//! Settings of FTP servers that say who may come in: vsftpd.conf(5), proftpd.conf.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What is configured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ftp {
    /// Settings of vsftpd.conf; none where it has no configuration.
    #[serde(default)]
    pub vsftpd: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub proftpd: Option<Proftpd>,
    /// Files that name who is kept out or let in.
    #[serde(default)]
    pub lists: Vec<List>,
    /// What `banner_file` of vsftpd shows.
    #[serde(default)]
    pub banner: Option<String>,
}

/// What proftpd.conf says; directives without a value are `""`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proftpd {
    /// An `<Anonymous>` section stands in it.
    pub anonymous: bool,
    pub settings: BTreeMap<String, String>,
}

/// One list of users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    pub file: String,
    pub names: usize,
    /// root stands in it.
    pub root: bool,
}

/// Settings kept of vsftpd.conf.
const VSFTPD: [&str; 16] = [
    "anon_mkdir_write_enable",
    "anon_upload_enable",
    "anonymous_enable",
    "banner_file",
    "force_local_data_ssl",
    "force_local_logins_ssl",
    "ftpd_banner",
    "listen_port",
    "local_enable",
    "pam_service_name",
    "ssl_enable",
    "tcp_wrappers",
    "userlist_deny",
    "userlist_enable",
    "userlist_file",
    "write_enable",
];

/// Directives kept of proftpd.conf, in lower case.
const PROFTPD: [&str; 5] = ["rootlogin", "serverident", "tlsengine", "tlsrequired", "useftpusers"];

/// Settings of vsftpd.conf: no blanks around `=`, later ones win.
#[must_use]
pub fn vsftpd(text: &str) -> BTreeMap<String, String> {
    let one = |line: &str| {
        let (name, value) = line.split_once('=')?;
        let name = name.trim().to_lowercase();
        VSFTPD.contains(&name.as_str()).then(|| (name, super::short(value.trim())))
    };
    super::lines(text).filter_map(one).collect()
}

/// Directives of proftpd.conf.
#[must_use]
pub fn proftpd(text: &str) -> Proftpd {
    let mut found = Proftpd::default();
    for line in super::lines(text) {
        found.anonymous |= line.to_lowercase().starts_with("<anonymous");
        let (name, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let name = name.to_lowercase();
        if PROFTPD.contains(&name.as_str()) {
            found.settings.insert(name, super::short(value.trim()).to_lowercase());
        }
    }
    found
}

/// The users of a list, one a line.
#[must_use]
pub fn list(file: &str, text: &str) -> List {
    let names: Vec<&str> = super::lines(text).collect();
    List { file: file.to_owned(), names: names.len(), root: names.contains(&"root") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_settings_of_both() {
        assert!(VSFTPD.is_sorted() && PROFTPD.is_sorted());
        let found = vsftpd("# x\nanonymous_enable=NO\nrsa_private_key_file=/k\nssl_enable=YES\n");
        let found: Vec<_> = found.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(found, ["anonymous_enable=NO", "ssl_enable=YES"]);
        let found = proftpd("ServerIdent on \"Files\"\n<Anonymous ~ftp>\nRootLogin off\n");
        assert!(found.anonymous);
        assert_eq!(found.settings["rootlogin"], "off");
        assert!(list("/etc/ftpusers", "# root\nbin\nroot\n").root);
        assert_eq!(list("/etc/ftpusers", "# root\nbin\n").names, 1);
    }
}
