//! The mail queue's worker: claims a mail, writes it, hands it to a transport, keeps what became
//! of it.
//!
//! At most once: the claim is durable before a word is said to a mail server. A server that took
//! the text and fell silent, or a process that died before it could keep the answer, leaves the
//! mail `uncertain` with an alarm; a person then resends or drops it.

mod bounces;
mod folder;
mod message;
mod smtp;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{Notices, NoticesError, letter};
use crate::config::{Mail, Transport};
use crate::store::{Alarm, AlarmKind, Delivery, DeliveryState, Ended, Store};

pub use message::{Letter, is_address};

/// Most mails that one run sends; the next run goes on.
const BATCH_MAX: u32 = 200;
/// A claim older than this is of a job that died: longer than all time limits of one mail.
const CLAIM: SignedDuration = SignedDuration::from_mins(15);
/// Longest wait between two tries.
const RETRY_MAX: SignedDuration = SignedDuration::from_hours(4);
/// Longest part of a server's words that is kept, in characters.
const WORDS_CHARS_MAX: usize = 300;

/// What a run of sending did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    pub sent: usize,
    /// To be tried again.
    pub deferred: usize,
    /// Bounced, or given up.
    pub failed: usize,
    pub uncertain: usize,
}

/// What a transport says of one mail.
#[derive(Debug)]
enum Outcome {
    Taken,
    /// Nothing was taken; try again.
    Later(String),
    /// Refused for good.
    Refused(String),
    /// The text was given and no answer came.
    Unknown(String),
}

/// Sends what is due.
///
/// # Errors
/// What the store says; a mail server's refusals are no errors.
pub async fn send(notices: &Notices, now: Timestamp) -> Result<Sent, NoticesError> {
    let mut done = Sent { uncertain: doubt(&notices.store, now).await?, ..Sent::default() };
    if let Some(folder) = &notices.config.mail.bounces {
        bounces::take_in(&notices.store, folder, now).await?;
    }
    if notices.config.mail.transport == Transport::None {
        return Ok(done);
    }
    let pause = Duration::from_secs(60) / notices.config.mail.per_minute.max(1);
    let mut turns = tokio::time::interval(pause);
    turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let started = std::time::Instant::now();
    for delivery in notices.store.due_deliveries(now, BATCH_MAX).await? {
        // The clock of this mail, not of the run: the ones before may have been slow.
        let begun = now.saturating_add(started.elapsed()).unwrap_or(now);
        if !notices.store.claim_delivery(delivery.id, begun).await? {
            continue;
        }
        let attempts = delivery.attempts + 1;
        let outcome = match letter::write(notices, &delivery, begun).await {
            Ok(Some(letter)) => {
                turns.tick().await;
                post(&notices.config.mail, &letter, &delivery).await
            }
            Ok(None) => {
                end(notices, &delivery, DeliveryState::Withdrawn, begun, "no longer needed")
                    .await?;
                continue;
            }
            Err(error) => Outcome::Later(carepack_shared::terminal::explain(&error, None)),
        };
        keep(notices, &Delivery { attempts, ..delivery }, outcome, begun, &mut done).await?;
    }
    Ok(done)
}

async fn post(mail: &Mail, letter: &Letter, delivery: &Delivery) -> Outcome {
    let written = match message::write(mail, letter, delivery.id) {
        Ok(written) => written,
        Err(error) => return Outcome::Refused(error.to_string()),
    };
    match mail.transport {
        Transport::Smtp => smtp::post(mail, &written).await,
        Transport::Folder => folder::post(mail, &written, delivery.id),
        Transport::None => Outcome::Later("no mail transport is configured".to_owned()),
    }
}

/// Keeps what became of a mail.
async fn keep(
    notices: &Notices,
    delivery: &Delivery,
    outcome: Outcome,
    now: Timestamp,
    done: &mut Sent,
) -> Result<(), NoticesError> {
    let (state, words) = match outcome {
        Outcome::Taken => (DeliveryState::Sent, String::new()),
        Outcome::Refused(words) => (DeliveryState::Bounced, words),
        Outcome::Unknown(words) => (DeliveryState::Uncertain, words),
        Outcome::Later(words) => {
            let age = now.duration_since(delivery.queued_at);
            let patience = i64::from(notices.config.mail.give_up_hours);
            if age >= SignedDuration::from_hours(patience) {
                (DeliveryState::Failed, words)
            } else {
                (DeliveryState::Queued, words)
            }
        }
    };
    let words: String = words.chars().take(WORDS_CHARS_MAX).collect();
    match state {
        DeliveryState::Sent => done.sent += 1,
        DeliveryState::Queued => done.deferred += 1,
        DeliveryState::Uncertain => done.uncertain += 1,
        _ => done.failed += 1,
    }
    end(notices, delivery, state, now, &words).await?;
    let (delivery_id, state_word) = (delivery.id, state.as_str());
    tracing::info!(delivery.id = %delivery_id, state = state_word, words, "mail.ended");
    let kind = match state {
        DeliveryState::Bounced | DeliveryState::Failed => AlarmKind::MailFailed,
        DeliveryState::Uncertain => AlarmKind::MailUncertain,
        _ => return Ok(()),
    };
    alarm(&notices.store, kind, delivery.id, &words, now).await
}

async fn end(
    notices: &Notices,
    delivery: &Delivery,
    state: DeliveryState,
    now: Timestamp,
    words: &str,
) -> Result<(), NoticesError> {
    let wait = retry_after(notices.config.mail.retry_seconds, delivery);
    let message_id = message::id(&notices.config.mail, delivery.id);
    let ended = Ended {
        state,
        next_attempt_at: now.saturating_add(wait).unwrap_or(now),
        last_error: words,
        message_id: if state == DeliveryState::Withdrawn { "" } else { &message_id },
        sent_at: (state == DeliveryState::Sent).then_some(now),
    };
    notices.store.end_delivery(delivery, &ended).await?;
    Ok(())
}

/// Doubles with every try up to [`RETRY_MAX`]; up to a quarter more or less, so that a fleet of
/// mails that failed together does not come back together. The same for the same mail and try.
fn retry_after(first_seconds: u32, delivery: &Delivery) -> SignedDuration {
    let doubled = i64::from(first_seconds) << delivery.attempts.saturating_sub(1).min(20);
    let base = doubled.min(RETRY_MAX.as_secs());
    let digest = carepack_shared::digest::sha256_hex(
        format!("{}/{}", delivery.id, delivery.attempts).as_bytes(),
    );
    let spread = i64::from_str_radix(&digest[..4], 16).unwrap_or(0);
    let jitter_ms = base * 500 * spread / 0xffff - base * 250;
    SignedDuration::from_secs(base) + SignedDuration::from_millis(jitter_ms)
}

/// Mails whose job died while it talked to a server.
async fn doubt(store: &Store, now: Timestamp) -> Result<usize, NoticesError> {
    let before = now.saturating_sub(CLAIM).unwrap_or(now);
    let mut count = 0;
    for delivery in store.stale_deliveries(before, BATCH_MAX).await? {
        let why = "the collector stopped while it was being sent; it may have arrived";
        if store.doubt_delivery(delivery.id, before, why).await? {
            alarm(store, AlarmKind::MailUncertain, delivery.id, why, now).await?;
            count += 1;
        }
    }
    Ok(count)
}

async fn alarm(
    store: &Store,
    kind: AlarmKind,
    delivery: Uuid,
    words: &str,
    now: Timestamp,
) -> Result<(), NoticesError> {
    let detail = format!("Mail {delivery}: {words}");
    tracing::warn!(delivery.id = %delivery, kind = kind.as_str(), words, "mail.alarm");
    Ok(store.add_alarm(&Alarm { id: Uuid::now_v7(), at: now, kind, host: None, detail }).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_come_ever_slower_and_never_together() {
        let delivery = |id: u128, attempts: u32| Delivery {
            id: Uuid::from_u128(id),
            notice: None,
            digest: None,
            case_event: None,
            contact: None,
            member: None,
            revision: 1,
            reminder: false,
            state: DeliveryState::Sending,
            attempts,
            queued_at: Timestamp::UNIX_EPOCH,
            next_attempt_at: Timestamp::UNIX_EPOCH,
            claimed_at: None,
            sent_at: None,
            last_error: String::new(),
            message_id: String::new(),
        };
        for (attempts, base) in [(1, 60), (2, 120), (5, 960), (9, 14_400), (4_000_000, 14_400)] {
            for id in 0..50 {
                let wait = retry_after(60, &delivery(id, attempts)).as_millis();
                let (low, high) = (base * 750, base * 1250);
                assert!((low..=high).contains(&wait), "{attempts}: {wait} ms");
            }
        }
        let waits: std::collections::BTreeSet<_> =
            (0..50).map(|id| retry_after(60, &delivery(id, 1)).as_millis()).collect();
        assert!(waits.len() > 40, "{} distinct waits of 50", waits.len());
    }
}
