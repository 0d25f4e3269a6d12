//! `[mail]`: how notices leave, and as whom.

use std::net::IpAddr;
use std::path::PathBuf;

use serde::Deserialize;

/// How mail leaves the collector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// It does not: the queue waits.
    #[default]
    None,
    /// Through a mail server.
    Smtp,
    /// As `.eml` files in a folder, for a site without a network.
    Folder,
}

/// How the conversation with the mail server is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// Begun in the open, encrypted before anything is said; a server without it gets no mail.
    #[default]
    Starttls,
    /// Encrypted from the first byte.
    Tls,
    /// In the open; without a password, or to this machine only.
    None,
}

/// The kind of a DKIM key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DkimAlgorithm {
    /// PEM of PKCS #1 (`openssl genrsa -traditional 2048`); what every receiver can check.
    #[default]
    Rsa,
    /// 32 bytes in base64 (RFC 8463).
    Ed25519,
}

/// The signature of the sender's domain.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dkim {
    pub domain: String,
    /// The key's name in DNS: `SELECTOR._domainkey.DOMAIN`.
    pub selector: String,
    pub key_file: PathBuf,
    #[serde(default)]
    pub algorithm: DkimAlgorithm,
}

/// The whole section.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    pub transport: Transport,
    /// Of transport `folder`.
    pub folder: Option<PathBuf>,
    /// Of transport `smtp`: the relay's name, which its certificate must bear.
    pub host: String,
    /// 587 with `starttls`, 465 with `tls`, 25 with `none` when absent.
    pub port: Option<u16>,
    pub tls: Tls,
    /// A certificate (PEM) that is trusted besides those of the system.
    pub ca_file: Option<PathBuf>,
    pub user: Option<String>,
    /// A file with the password alone.
    pub password_file: Option<PathBuf>,
    /// `Name <address>`; bounces go to that address.
    pub from: String,
    pub reply_to: Option<String>,
    /// What we call ourselves to the server.
    pub hello_name: Option<String>,
    /// Mails a minute at most.
    pub per_minute: u32,
    /// Seconds to the second try; each later one waits twice as long, up to four hours.
    pub retry_seconds: u32,
    /// Hours after which a mail that nobody takes is given up.
    pub give_up_hours: u32,
    /// Folder into which the mail of `from` is delivered, to learn of bounces.
    pub bounces: Option<PathBuf>,
    /// Folder into which the mail of `reply_to` (else of `from`) is delivered: replies to cases.
    pub replies: Option<PathBuf>,
    pub dkim: Option<Dkim>,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            transport: Transport::None,
            folder: None,
            host: String::new(),
            port: None,
            tls: Tls::Starttls,
            ca_file: None,
            user: None,
            password_file: None,
            from: String::new(),
            reply_to: None,
            hello_name: None,
            per_minute: 60,
            retry_seconds: 60,
            give_up_hours: 72,
            bounces: None,
            replies: None,
            dkim: None,
        }
    }
}

impl Mail {
    /// The port, the default of the encryption filled in.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            Tls::Starttls => 587,
            Tls::Tls => 465,
            Tls::None => 25,
        })
    }

    /// The first key that is not sound, its value and what is allowed.
    pub(super) fn mistake(&self) -> Option<(&'static str, String, &'static str)> {
        let is_local = self.host == "localhost"
            || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let is_mailbox = |text: &str| text.parse::<lettre::message::Mailbox>().is_ok();
        let wants_from = self.transport != Transport::None;
        if self.transport == Transport::Folder && self.folder.is_none() {
            return Some(("mail.folder", String::new(), "name the folder of the .eml files"));
        }
        if self.transport == Transport::Smtp && self.host.is_empty() {
            return Some(("mail.host", String::new(), "name the mail server"));
        }
        if wants_from && !is_mailbox(&self.from) {
            return Some(("mail.from", self.from.clone(), "give \"Name <user@domain>\""));
        }
        if let Some(reply_to) = self.reply_to.as_ref().filter(|text| !is_mailbox(text)) {
            return Some(("mail.reply_to", reply_to.clone(), "give \"Name <user@domain>\""));
        }
        if self.user.is_some() && self.password_file.is_none() {
            return Some(("mail.password_file", String::new(), "name the password's file"));
        }
        if self.tls == Tls::None && self.user.is_some() && !is_local {
            let allowed = "a password is not sent in the open; use starttls or tls";
            return Some(("mail.tls", "none".to_owned(), allowed));
        }
        for (key, value, most) in [
            ("mail.per_minute", self.per_minute, 60_000),
            ("mail.retry_seconds", self.retry_seconds, 86_400),
            ("mail.give_up_hours", self.give_up_hours, 24 * 30),
        ] {
            if value == 0 || value > most {
                return Some((
                    key,
                    value.to_string(),
                    "give 1 up to a minute's, day's, month's worth",
                ));
            }
        }
        None
    }
}
