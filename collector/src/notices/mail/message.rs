//! A mail as it goes over the wire: headers, text and HTML, DKIM signature.

use std::path::PathBuf;

use jiff::Timestamp;
use lettre::address::Envelope;
use lettre::message::dkim::{
    DkimCanonicalization, DkimCanonicalizationType, DkimConfig, DkimSigningAlgorithm,
    DkimSigningKey,
};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};
use uuid::Uuid;

use crate::config::{Dkim, DkimAlgorithm, Mail};

/// Longest key file that is read, in bytes.
const KEY_BYTES_MAX: u64 = 64 * 1024;
/// Headers that the signature covers.
const SIGNED: [&str; 9] = [
    "From",
    "Reply-To",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Auto-Submitted",
];

/// What a contact is sent.
#[derive(Clone, Debug)]
pub struct Letter {
    pub name: String,
    pub email: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub at: Timestamp,
}

/// A mail ready for a transport.
pub struct Written {
    pub envelope: Envelope,
    pub bytes: Vec<u8>,
}

/// Why a mail cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    #[error("{what} {value:?} is no mail address")]
    Address { what: &'static str, value: String },
    #[error("the message cannot be made: {0}")]
    Message(#[from] lettre::error::Error),
    #[error("the DKIM key {} cannot be used: {why}", path.display())]
    Dkim { path: PathBuf, why: String },
}

/// The Message-ID of a delivery: made of its id, so that a bounce tells which mail it is about.
pub fn id(mail: &Mail, delivery: Uuid) -> String {
    let domain = mail.from.parse::<Mailbox>().map(|from| from.email.domain().to_owned());
    format!("<{delivery}@{}>", domain.unwrap_or_else(|_| "localhost".to_owned()))
}

/// Writes and signs a letter.
pub fn write(mail: &Mail, letter: &Letter, delivery: Uuid) -> Result<Written, MessageError> {
    let from = mailbox("mail.from", &mail.from)?;
    let email = address("contact", &letter.email)?;
    let name = Some(letter.name.clone()).filter(|name| !name.is_empty());
    let mut builder = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(name, email.clone()))
        .subject(letter.subject.clone())
        .message_id(Some(id(mail, delivery)))
        .date(std::time::SystemTime::from(letter.at))
        // No out-of-office answers to a machine (RFC 3834).
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ));
    if let Some(reply_to) = &mail.reply_to {
        builder = builder.reply_to(mailbox("mail.reply_to", reply_to)?);
    }
    let body = MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone());
    let mut message = builder.multipart(body)?;
    if let Some(dkim) = &mail.dkim {
        message.sign(&signing(dkim)?);
    }
    let envelope = Envelope::new(Some(from.email), vec![email])?;
    Ok(Written { envelope, bytes: message.formatted() })
}

fn mailbox(what: &'static str, value: &str) -> Result<Mailbox, MessageError> {
    value.parse().map_err(|_| MessageError::Address { what, value: value.to_owned() })
}

fn address(what: &'static str, value: &str) -> Result<Address, MessageError> {
    value.parse().map_err(|_| MessageError::Address { what, value: value.to_owned() })
}

/// Whether a text is one mail address.
#[must_use]
pub fn is_address(value: &str) -> bool {
    value.is_ascii() && value.parse::<Address>().is_ok()
}

/// Relaxed for headers and body: relays fold and trim both.
fn signing(dkim: &Dkim) -> Result<DkimConfig, MessageError> {
    let fail = |why: String| MessageError::Dkim { path: dkim.key_file.clone(), why };
    let size = std::fs::metadata(&dkim.key_file).map_err(|error| fail(error.to_string()))?.len();
    if size > KEY_BYTES_MAX {
        return Err(fail(format!("it is longer than {KEY_BYTES_MAX} bytes")));
    }
    let key = std::fs::read_to_string(&dkim.key_file).map_err(|error| fail(error.to_string()))?;
    let algorithm = match dkim.algorithm {
        DkimAlgorithm::Rsa => DkimSigningAlgorithm::Rsa,
        DkimAlgorithm::Ed25519 => DkimSigningAlgorithm::Ed25519,
    };
    let key =
        DkimSigningKey::new(key.trim(), algorithm).map_err(|error| fail(error.to_string()))?;
    let headers = SIGNED.iter().map(|name| HeaderName::new_from_ascii_str(name)).collect();
    let relaxed = DkimCanonicalization {
        header: DkimCanonicalizationType::Relaxed,
        body: DkimCanonicalizationType::Relaxed,
    };
    Ok(DkimConfig::new(dkim.selector.clone(), dkim.domain.clone(), key, headers, relaxed))
}
