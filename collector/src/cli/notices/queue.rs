//! `notice queue list | resend | drop`: the mails, and a person's word on those in doubt.

use anyhow::ensure;
use clap::Subcommand;
use jiff::Timestamp;
use uuid::Uuid;

use crate::cli::{Exit, open, print};
use crate::store::{Delivery, DeliveryState};

/// Most mails that are listed.
const LISTED_MAX: u32 = 1000;

#[derive(Debug, Subcommand)]
pub enum Queue {
    /// List mails, newest first.
    List {
        /// Only of this state: queued, sending, sent, delivered, bounced, failed, uncertain,
        /// withdrawn.
        #[arg(long, value_parser = state)]
        state: Option<DeliveryState>,
        #[arg(long)]
        json: bool,
    },
    /// Send a mail that is uncertain, bounced, failed or withdrawn; it may arrive twice.
    Resend { id: Uuid },
    /// Do not send a mail that waits or is uncertain.
    Drop { id: Uuid },
}

fn state(word: &str) -> Result<DeliveryState, String> {
    DeliveryState::of(word).ok_or_else(|| {
        let words: Vec<_> = DeliveryState::ALL.iter().map(|state| state.as_str()).collect();
        format!("one of {}", words.join(", "))
    })
}

impl Queue {
    pub(super) async fn run(self, opened: &open::Opened) -> anyhow::Result<Exit> {
        match self {
            Self::List { state, json } => {
                let mails = opened.store.deliveries(state, LISTED_MAX).await?;
                if json {
                    return print::json(&mails.iter().map(told).collect::<Vec<_>>());
                }
                table(&mails);
                Ok(Exit::Ok)
            }
            Self::Resend { id } => {
                let done = opened.store.resend_delivery(id, Timestamp::now()).await?;
                ensure!(done, "mail {id} is not uncertain, bounced, failed or withdrawn");
                Ok(Exit::Ok)
            }
            Self::Drop { id } => {
                ensure!(
                    opened.store.drop_delivery(id).await?,
                    "mail {id} neither waits nor is uncertain"
                );
                Ok(Exit::Ok)
            }
        }
    }
}

pub(super) fn told(mail: &Delivery) -> serde_json::Value {
    serde_json::json!({
        "id": mail.id, "notice": mail.notice, "digest": mail.digest,
        "case_event": mail.case_event, "contact": mail.contact, "member": mail.member,
        "revision": mail.revision, "reminder": mail.reminder, "state": mail.state.as_str(),
        "attempts": mail.attempts, "queued_at": mail.queued_at,
        "next_attempt_at": mail.next_attempt_at, "sent_at": mail.sent_at,
        "last_error": mail.last_error, "message_id": mail.message_id,
    })
}

pub(super) fn table(mails: &[Delivery]) {
    let rows: Vec<_> = mails
        .iter()
        .map(|mail| {
            let what = match (mail.digest, mail.reminder) {
                _ if mail.case_event.is_some() => "case".to_owned(),
                (Some(_), _) => "digest".to_owned(),
                (None, true) => format!("reminder r{}", mail.revision),
                (None, false) => format!("notice r{}", mail.revision),
            };
            vec![
                what,
                mail.state.as_str().to_owned(),
                mail.attempts.to_string(),
                mail.next_attempt_at.to_string(),
                mail.last_error.clone(),
                mail.id.to_string(),
            ]
        })
        .collect();
    print::table(&["MAIL", "STATE", "TRIES", "NEXT", "LAST WORDS", "ID"], &rows);
}
