//! Mail in: replies land in their case.
//!
//! A mail is taken when it answers a mail of ours (by its id, or by the mark in the subject) *and*
//! its sender is a contact of the case's contract. Any other is set aside with an alarm: a person
//! decides. Automatic answers and our own mails are put away without a word. Which mail was seen
//! is kept with what it changed, so that the same one never stands in a case twice.

mod read;

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use carepack_shared::digest::sha256_hex;
use carepack_shared::terminal::plain;
use jiff::Timestamp;
use regex::Regex;
use serde::Serialize;
use uuid::Uuid;

use self::read::Incoming;
use super::{Actor, CaseError, TEXT_MAX, attachments, said};
use crate::notices::Notices;
use crate::store::{
    Alarm, AlarmKind, Along, Attachment, Case, CaseMail, CaseState, MailOutcome, StoreError,
};

/// Longest mail that is read: the longest attachment in base64, and words.
const BYTES_MAX: u64 = 30 * 1024 * 1024;
/// Most files in one run.
const MAILS_MAX: usize = 200;
/// Most attachments of one mail.
const FILES_MAX: usize = 10;
/// Most files that lie in a subfolder; more stay where they came.
const PUT_AWAY_MAX: usize = 10_000;
/// Where a maildir has what is new.
const NEW: &str = "new";

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CameIn {
    pub taken: usize,
    pub ignored: usize,
    pub set_aside: usize,
}

/// What becomes of a mail.
enum Verdict {
    Taken,
    Ignored(&'static str),
    SetAside(String),
    /// Somebody changed the case at this moment: the next run looks again.
    Later,
}

/// Takes in the mails of the folder of replies, if there is one.
///
/// # Errors
/// What the store says; what was taken before stands.
pub async fn run(notices: &Notices, now: Timestamp) -> Result<CameIn, CaseError> {
    let mut came = CameIn::default();
    let Some(folder) = notices.config.mail.replies.clone() else { return Ok(came) };
    for path in mails(&folder) {
        let Some(bytes) = bytes(&path) else { continue };
        let outcome = take_in(notices, bytes, now).await?;
        match outcome {
            Some(MailOutcome::Taken) => {
                came.taken += 1;
                let _ = std::fs::remove_file(&path);
            }
            Some(MailOutcome::Ignored) => {
                came.ignored += 1;
                put_away(&folder, "ignored", &path);
            }
            Some(MailOutcome::SetAside) => {
                came.set_aside += 1;
                put_away(&folder, "set-aside", &path);
            }
            None => {}
        }
    }
    Ok(came)
}

/// Files of the folder and of a maildir's `new`, by name.
fn mails(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in [folder.to_owned(), folder.join(NEW)] {
        match std::fs::read_dir(&folder) {
            Ok(entries) => {
                let files = entries.flatten().filter(|e| e.file_type().is_ok_and(|k| k.is_file()));
                found.extend(files.take(MAILS_MAX).map(|entry| entry.path()));
            }
            Err(error) if folder.ends_with(NEW) && error.kind() == std::io::ErrorKind::NotFound => {
            }
            Err(error) => {
                tracing::warn!("mail.replies_unreadable: {}: {error}", folder.display());
            }
        }
    }
    found.sort();
    found.truncate(MAILS_MAX);
    found
}

/// A file, cut one byte after the longest that is read.
fn bytes(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).ok()?;
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Moves a file into a subfolder, under a name of our own.
fn put_away(folder: &Path, name: &str, path: &Path) {
    let into = folder.join(name);
    let put = || -> std::io::Result<()> {
        std::fs::create_dir_all(&into)?;
        if std::fs::read_dir(&into)?.count() >= PUT_AWAY_MAX {
            return Err(std::io::Error::other("the subfolder is full; look at it and empty it"));
        }
        std::fs::rename(path, into.join(format!("{}.eml", Uuid::now_v7())))
    };
    if let Err(error) = put() {
        tracing::warn!("mail.cannot_be_put_away: {}: {error}", path.display());
    }
}

/// Takes in one mail; what became of it now or before, none when the next run shall look again.
async fn take_in(
    notices: &Notices,
    bytes: Vec<u8>,
    now: Timestamp,
) -> Result<Option<MailOutcome>, CaseError> {
    let is_long = bytes.len() as u64 > BYTES_MAX;
    let digest = sha256_hex(&bytes);
    // A parser that stops at a mail of ill will stops for this mail only.
    let incoming = tokio::task::spawn_blocking(move || read::read(&bytes)).await.ok().flatten();
    let mut incoming = incoming.unwrap_or_default();
    if incoming.message_id.is_empty() {
        incoming.message_id = format!("sha256:{digest}");
    }
    if let Some(known) = notices.store.case_mail(&incoming.message_id).await? {
        return Ok(Some(known.outcome));
    }
    let (case, verdict) = if is_long {
        (None, Verdict::SetAside("it is too long".to_owned()))
    } else {
        judge(notices, &incoming, now).await?
    };
    let (outcome, why) = match verdict {
        Verdict::Taken => return Ok(Some(MailOutcome::Taken)),
        Verdict::Later => return Ok(None),
        Verdict::Ignored(why) => (MailOutcome::Ignored, why.to_owned()),
        Verdict::SetAside(why) => (MailOutcome::SetAside, why),
    };
    let alarm = (outcome == MailOutcome::SetAside).then(|| alarm(&incoming, &why, now));
    let mail = CaseMail { outcome, case, why, ..noted(&incoming, now) };
    match notices.store.note_case_mail(&mail, alarm.as_ref()).await {
        // Another job saw it at this moment.
        Err(StoreError::Exists { .. }) => Ok(None),
        other => Ok(other.map(|()| Some(outcome))?),
    }
}

fn noted(incoming: &Incoming, now: Timestamp) -> CaseMail {
    CaseMail {
        message_id: incoming.message_id.clone(),
        case: None,
        outcome: MailOutcome::Taken,
        sender: plain(&incoming.from),
        subject: plain(&incoming.subject),
        why: String::new(),
        came_at: now,
    }
}

fn alarm(incoming: &Incoming, why: &str, now: Timestamp) -> Alarm {
    let (from, subject) = (plain(&incoming.from), plain(&incoming.subject));
    let detail = format!("A mail of {from:?} with the subject {subject:?} was set aside: {why}.");
    Alarm { id: Uuid::now_v7(), at: now, kind: AlarmKind::MailSetAside, host: None, detail }
}

/// Whether a mail is taken, and takes it.
async fn judge(
    notices: &Notices,
    incoming: &Incoming,
    now: Timestamp,
) -> Result<(Option<Uuid>, Verdict), CaseError> {
    if let Some(why) = incoming.automatic {
        return Ok((None, Verdict::Ignored(why)));
    }
    if is_ours(notices, &incoming.from) {
        return Ok((None, Verdict::Ignored("it is our own")));
    }
    let aside = |why: &str| Verdict::SetAside(why.to_owned());
    let Some(case) = case_of(notices, incoming).await? else {
        return Ok((None, aside("it answers no mail of a case")));
    };
    let contacts = notices.store.contacts_of(case.contract).await?;
    let Some(contact) = contacts.iter().find(|contact| contact.email == incoming.from) else {
        return Ok((Some(case.id), aside("its sender is no contact of the case's contract")));
    };
    if case.state == CaseState::Closed {
        return Ok((Some(case.id), aside("its case is closed")));
    }
    let by = Actor { name: &contact.name, is_staff: false };
    let verdict = keep(notices, &case, (incoming, by), now).await?;
    Ok((Some(case.id), verdict))
}

fn is_ours(notices: &Notices, from: &str) -> bool {
    let mail = &notices.config.mail;
    let ours = [Some(&mail.from), mail.reply_to.as_ref()].into_iter().flatten();
    let address = |text: &String| {
        let mailbox = text.parse::<lettre::message::Mailbox>();
        mailbox.map(|mailbox| mailbox.email.to_string().to_lowercase()).ok()
    };
    ours.filter_map(address).any(|ours| ours == from)
}

/// The case whose mail this one answers.
async fn case_of(notices: &Notices, incoming: &Incoming) -> Result<Option<Case>, CaseError> {
    static MARK: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"\[(C-[0-9]{4}-[0-9]{4,9}):([0-9A-F]{20})\]").ok());
    let store = &notices.store;
    let marks = MARK.iter().flat_map(|mark| mark.captures_iter(&incoming.subject));
    for found in marks {
        let Some(case) = store.find_case(&found[1]).await? else { continue };
        if notices.links.is_case_mark(case.id, &found[2]) {
            return Ok(Some(case));
        }
    }
    for id in &incoming.answers {
        let event = store.delivery(*id).await?.and_then(|delivery| delivery.case_event);
        let Some(event) = event else { continue };
        if let Some(event) = store.case_event(event).await? {
            return Ok(store.case(event.case).await?);
        }
    }
    Ok(None)
}

/// Puts words and files into the case, all or nothing.
async fn keep(
    notices: &Notices,
    case: &Case,
    (incoming, by): (&Incoming, Actor<'_>),
    now: Timestamp,
) -> Result<Verdict, CaseError> {
    let (files, refused) = files(notices, case, (incoming, by), now).await?;
    for (files, refused) in [(files, refused), (Vec::new(), vec![FULL.to_owned()])] {
        let body = body(&incoming.text, &refused);
        let (changed, mut events) = said(case, (&body, false, by), now)?;
        events.extend(files.iter().map(attachments::told));
        let mail = CaseMail { case: Some(case.id), ..noted(incoming, now) };
        let along = Along { attachments: &files, mail: Some(&mail), ..Along::default() };
        match notices.store.change_case(&changed, &events, &along).await {
            Ok(true) => return Ok(Verdict::Taken),
            Err(StoreError::Exists { .. }) => return Ok(Verdict::Later),
            // The case was changed, or it has too many files: then without these.
            Ok(false) if files.is_empty() => break,
            Ok(false) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Verdict::Later)
}

/// What is said of files for which a case has no room.
const FULL: &str = "케이스의 첨부 한도를 넘음 / the case takes no more attachments";

/// Files that are taken, and what is said of those that are not.
async fn files(
    notices: &Notices,
    case: &Case,
    (incoming, by): (&Incoming, Actor<'_>),
    now: Timestamp,
) -> Result<(Vec<Attachment>, Vec<String>), CaseError> {
    let known = notices.store.attachments(case.id).await?.into_iter();
    let mut seen: BTreeSet<String> =
        known.filter(|file| !file.internal).map(|file| file.sha256).collect();
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for (name, bytes) in &incoming.files {
        // A logo under every mail is kept once.
        if !seen.insert(sha256_hex(bytes)) {
            continue;
        }
        if taken.len() + refused.len() == FILES_MAX {
            refused.push(format!("… {FILES_MAX}+"));
            break;
        }
        let file = attachments::File { name, bytes, internal: false };
        match attachments::ready(&notices.objects, case, (&file, by), now).await {
            Ok(attachment) => taken.push(attachment),
            Err(error @ (CaseError::Kind { .. } | CaseError::Large { .. })) => {
                refused.push(error.to_string());
            }
            Err(error) => return Err(error),
        }
    }
    Ok((taken, refused))
}

/// The words, cut where they are too long, with what was not taken.
fn body(text: &str, refused: &[String]) -> String {
    let mut tail = String::new();
    if !refused.is_empty() {
        tail = format!("\n\n[첨부하지 못함 / not attached]\n{}", refused.join("\n"));
    }
    let text = if text.is_empty() { "(본문 없음 / no text)" } else { text };
    // Escaping makes a character longer, nothing makes it shorter.
    let safe: String = text.lines().map(plain).collect::<Vec<_>>().join("\n");
    let room = TEXT_MAX.saturating_sub(tail.chars().count() + 1);
    let mut body: String = safe.chars().take(room).collect();
    if safe.chars().count() > room {
        body.push('…');
    }
    body + &tail
}
