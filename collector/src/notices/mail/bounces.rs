//! Reports of mail systems (RFC 3464): a folder into which the bounce address is delivered.
//!
//! Which mail a report is about is told by our Message-ID, which holds a delivery's id. A file
//! that was read is removed; one that tells nothing of ours is left alone.

use std::io::Read;
use std::path::Path;

use jiff::Timestamp;
use uuid::Uuid;

use super::{NoticesError, alarm};
use crate::store::{AlarmKind, DeliveryState, Store};

/// Longest report that is read: the head of the mail that it returns is enough.
const BYTES_MAX: u64 = 256 * 1024;
/// Most files in one run.
const FILES_MAX: usize = 200;

/// What a report says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub delivery: Uuid,
    pub state: DeliveryState,
    pub words: String,
}

/// Reads a report; none when it is none, or of a mail that is not ours.
#[must_use]
pub fn read(text: &str) -> Option<Report> {
    let mut action = None;
    let mut words = String::new();
    let mut delivery = None;
    for line in text.lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "action" => action = Some(value.to_ascii_lowercase()),
            "diagnostic-code" => words = value.to_owned(),
            "status" if words.is_empty() => words = value.to_owned(),
            // The report's own comes first; ours is that of the mail it returns.
            "message-id" | "x-original-message-id" | "original-message-id" => {
                delivery = id_of(value).or(delivery);
            }
            _ => {}
        }
    }
    let state = match action?.as_str() {
        "failed" => DeliveryState::Bounced,
        "delivered" | "relayed" | "expanded" => DeliveryState::Delivered,
        // Delayed: the mail system goes on trying.
        _ => return None,
    };
    Some(Report { delivery: delivery?, state, words })
}

/// The delivery in `<ID@domain>`.
fn id_of(message_id: &str) -> Option<Uuid> {
    message_id.trim_start_matches('<').split('@').next()?.parse().ok()
}

/// Takes in the reports of a folder.
pub async fn take_in(store: &Store, folder: &Path, now: Timestamp) -> Result<(), NoticesError> {
    let found = match std::fs::read_dir(folder) {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!("mail.bounces_unreadable: {}: {error}", folder.display());
            return Ok(());
        }
    };
    for entry in found.flatten().take(FILES_MAX) {
        let path = entry.path();
        if !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let mut bytes = Vec::new();
        let opened = std::fs::File::open(&path);
        if opened.and_then(|file| file.take(BYTES_MAX).read_to_end(&mut bytes)).is_err() {
            continue;
        }
        let Some(report) = read(&String::from_utf8_lossy(&bytes)) else { continue };
        let Some(delivery) = store.delivery(report.delivery).await? else { continue };
        if store.report_delivery(&delivery, report.state, &report.words).await?
            && report.state == DeliveryState::Bounced
        {
            alarm(store, AlarmKind::MailFailed, delivery.id, &report.words, now).await?;
        }
        let _ = std::fs::remove_file(&path);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_names_our_mail_and_what_became_of_it() {
        let id = "019a8b0e-1f2d-7c3a-8d4e-5f6071829304";
        let report = |action: &str| {
            format!(
                "From: MAILER-DAEMON@relay\nMessage-ID: <x1@relay>\nContent-Type: multipart/report\n\n\
                 --b\nReporting-MTA: dns; relay\n\nFinal-Recipient: rfc822; kim@shop.kr\n\
                 Action: {action}\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no such user\n\n\
                 --b\nSubject: =?utf-8?b?x?=\nMessage-ID: <{id}@vendor.kr>\n"
            )
        };
        let failed = read(&report("failed")).unwrap();
        assert_eq!(failed.delivery, id.parse::<Uuid>().unwrap());
        assert_eq!(failed.state, DeliveryState::Bounced);
        assert_eq!(failed.words, "smtp; 550 no such user");
        assert_eq!(read(&report("delivered")).unwrap().state, DeliveryState::Delivered);
        assert_eq!(read(&report("delayed")), None);
        assert_eq!(read("Subject: hello\n\nAction: failed\n"), None);
        assert_eq!(read(""), None);
    }
}
