//! What a contact reads: one notice or a digest, in its language, as text and as HTML.
//!
//! [`Card`] is a notice ready to be shown, for mail and page alike. Text of hosts and of feeds is
//! data: it goes through the templates' escaping in HTML and loses control characters in text.

use std::collections::HashMap;

use askama::Template;
use carepack_shared::terminal::plain;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use carepack_advisories::matching::Hit;

use super::content::{Content, Evidence};
use super::links::{Link, Purpose};
use super::mail::Letter;
use super::policy::Policy;
use super::queue::zone_of;
use super::wording::say;
use super::{Notices, NoticesError};
use crate::store::{
    Contact, Contract, Delivery, Hold, Host, Language, Notice, NoticeHost, NoticeState, Standing,
};

/// Most hosts of one notice in a mail, and most packages of one host; the page has the rest.
const HOSTS_MAX: usize = 40;
const ROWS_MAX: usize = 20;
/// Most packages that a command names.
const COMMAND_PACKAGES_MAX: usize = 10;
/// Longest subject, in characters.
const SUBJECT_CHARS_MAX: usize = 150;

/// A notice ready to be shown.
#[derive(Debug)]
pub struct Card {
    pub language: Language,
    pub advisory: String,
    pub title: String,
    /// Paragraphs.
    pub summary: Vec<String>,
    /// [`carepack_advisories::model::Severity::as_str`].
    pub severity: String,
    pub kind: String,
    pub exploited: bool,
    pub cves: Vec<String>,
    pub published: String,
    pub reason: String,
    pub hosts: Vec<HostCard>,
    pub more_hosts: usize,
    /// Distinct commands, each with the servers it is for.
    pub commands: Vec<(String, String)>,
    pub is_product: bool,
    pub risk: String,
    pub how: String,
    pub reboot: &'static str,
    pub references: Vec<String>,
    pub link: String,
    pub link_until: String,
}

/// A host with what it lacks.
#[derive(Debug)]
pub struct HostCard {
    pub id: Uuid,
    pub name: String,
    pub rows: Vec<Row>,
    pub more_rows: usize,
    pub live_patched: bool,
    pub is_closed: bool,
}

/// A package against what fixes it.
#[derive(Debug)]
pub struct Row {
    pub package: String,
    pub installed: String,
    pub fixed: String,
    pub note: String,
}

impl Card {
    /// The words of `prefix.key`.
    #[must_use]
    pub fn of(&self, prefix: &str, key: &str) -> String {
        say(self.language, &format!("{prefix}.{key}")).to_owned()
    }
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Html<'l> {
    language: Language,
    title: &'l str,
    greeting: &'l str,
    contract: &'l str,
    cards: &'l [Card],
}

#[derive(Template)]
#[template(path = "mail.txt", escape = "none")]
struct Plain<'l> {
    language: Language,
    greeting: &'l str,
    contract: &'l str,
    cards: &'l [Card],
}

impl Row {
    fn cells<'r>(&'r self, host: &'r str) -> [&'r str; 5] {
        [host, &self.package, &self.installed, &self.fixed, &self.note]
    }
}

impl Html<'_> {
    fn heads(&self) -> [&str; 5] {
        ["host", "package", "installed", "fixed", "note"].map(|key| say(self.language, key))
    }

    fn w<'k>(&self, key: &'k str) -> &'k str {
        say(self.language, key)
    }
}

impl Plain<'_> {
    fn w<'k>(&self, key: &'k str) -> &'k str {
        say(self.language, key)
    }
}

/// Writes what a delivery is to bring; none when there is nothing to say any more: revised or
/// held since, applied everywhere, or its contact removed.
///
/// # Errors
/// What the store says, or a row that cannot be read.
pub async fn write(
    notices: &Notices,
    delivery: &Delivery,
    now: Timestamp,
) -> Result<Option<Letter>, NoticesError> {
    let store = &notices.store;
    if let Some(event) = delivery.case_event {
        return Ok(crate::cases::letter::write(notices, delivery, event, now).await?);
    }
    let Some(contact) = delivery.contact else { return Ok(None) };
    let Some(contact) = store.contact(contact).await? else { return Ok(None) };
    if contact.removed_at.is_some() {
        return Ok(None);
    }
    let mut told = Vec::new();
    match (delivery.notice, delivery.digest) {
        (Some(id), _) => told.push((id, delivery.revision)),
        (None, Some(digest)) => told = store.digest_notices(digest).await?,
        (None, None) => {}
    }
    let mut cards = Vec::new();
    let mut of = None;
    for (id, revision) in told {
        let Some(notice) = store.notice(id).await? else { continue };
        let is_over = matches!(notice.state, NoticeState::Verified);
        let is_answered = delivery.reminder && notice.state == NoticeState::Decided;
        if notice.revision != revision
            || notice.hold == Hold::Engineer
            || is_over
            || is_answered
            || !contact.wants(&notice.kind)
        {
            continue;
        }
        let contract = store.contract(notice.contract).await?;
        let contract = contract.ok_or(NoticesError::Gone("the notice's contract"))?;
        if let Some(card) = card(notices, &notice, &contract, &contact, now).await? {
            cards.push(card);
            of = Some(contract);
        }
    }
    let Some(contract) = of else { return Ok(None) };
    let customer = store.customer(contract.customer).await?.map(|c| c.name).unwrap_or_default();
    letter(delivery, &contact, (&contract, &customer), &cards, now).map(Some)
}

fn letter(
    delivery: &Delivery,
    contact: &Contact,
    (contract, customer): (&Contract, &str),
    cards: &[Card],
    now: Timestamp,
) -> Result<Letter, NoticesError> {
    let language = contact.language;
    let (title, greeting) = match (delivery.reminder, delivery.digest.is_some()) {
        (true, _) => ("title.notice", "greeting.reminder"),
        (false, true) => ("title.digest", "greeting.digest"),
        (false, false) => ("title.notice", "greeting"),
    };
    let (title, greeting) = (say(language, title), say(language, greeting));
    let html = Html { language, title, greeting, contract: &contract.name, cards }.render()?;
    let text = Plain { language, greeting, contract: &contract.name, cards }.render()?;
    Ok(Letter {
        name: contact.name.clone(),
        email: contact.email.clone(),
        subject: subject(delivery, language, customer, cards),
        text: text.lines().map(plain).collect::<Vec<_>>().join("\n"),
        html,
        at: now,
    })
}

fn subject(delivery: &Delivery, language: Language, customer: &str, cards: &[Card]) -> String {
    let mut words = String::from("[Carepack] ");
    let urgent = |card: &Card| card.severity == "critical" || card.exploited;
    if cards.iter().any(urgent) {
        words += &format!("[{}] ", say(language, "urgent"));
    }
    if delivery.reminder {
        words += &format!("[{}] ", say(language, "answer.wanted"));
    }
    match cards {
        [card] => {
            let hosts = card.hosts.len() + card.more_hosts;
            words += &match language {
                Language::Korean => {
                    format!("{} {} · {customer} 서버 {hosts}대", card.advisory, card.title)
                }
                Language::English => {
                    format!("{} {} · {customer}, servers: {hosts}", card.advisory, card.title)
                }
            };
        }
        _ => {
            let count = cards.len();
            words += &match language {
                Language::Korean => format!("버그 및 패치 공지 {count}건 · {customer}"),
                Language::English => format!("{count} bug and patch notices · {customer}"),
            };
        }
    }
    let words: Vec<_> = words.split_whitespace().collect();
    plain(&words.join(" ")).chars().take(SUBJECT_CHARS_MAX).collect()
}

/// A notice as a contact sees it; none when no host lacks it any more.
///
/// # Errors
/// What the store says, or a row that cannot be read.
pub async fn card(
    notices: &Notices,
    notice: &Notice,
    contract: &Contract,
    contact: &Contact,
    now: Timestamp,
) -> Result<Option<Card>, NoticesError> {
    let names = names(&notices.store.hosts(Some(contract.id)).await?);
    let hosts = notices.store.notice_hosts(notice.id).await?;
    let policy = Policy::of(&notices.config.data, &contract.name, &contract.level)?;
    let life = SignedDuration::from_hours(24 * i64::from(policy.link_days));
    let expires_at = now.saturating_add(life).unwrap_or(now);
    let link = Link { notice: notice.id, contact: contact.id, expires_at };
    let link = format!("{}/n/{}", notices.url, notices.links.token(Purpose::Answer, &link));
    let zone = zone_of(&contract.schedule.time_zone);
    let shown = Shown { language: contact.language, zone, hosts_max: HOSTS_MAX };
    let Some(mut card) = shown.card(notice, &hosts, &names, false)? else { return Ok(None) };
    card.link = link;
    card.link_until = moment(expires_at, &shown.zone);
    Ok(Some(card))
}

/// Host names by id.
#[must_use]
pub fn names(hosts: &[Host]) -> HashMap<Uuid, String> {
    hosts.iter().map(|host| (host.id, host.hostname.clone())).collect()
}

/// `2026-12-01 02:00`, in a zone.
#[must_use]
pub fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// For whom a card is made.
pub struct Shown {
    pub language: Language,
    pub zone: TimeZone,
    pub hosts_max: usize,
}

impl Shown {
    /// The card without its link; none when no host is to be shown. Pure.
    ///
    /// # Errors
    /// A row that cannot be read.
    pub fn card(
        &self,
        notice: &Notice,
        hosts: &[NoticeHost],
        names: &HashMap<Uuid, String>,
        closed_too: bool,
    ) -> Result<Option<Card>, NoticesError> {
        let content: Content = serde_json::from_str(&notice.content)?;
        let mut cards = Vec::new();
        let mut commands: Vec<(String, String)> = Vec::new();
        let mut is_product = false;
        let mut boots = content.reboot;
        for host in hosts {
            let is_closed = matches!(host.standing, Standing::Applied | Standing::Gone);
            if host.standing == Standing::Gone || (is_closed && !closed_too) {
                continue;
            }
            let evidence: Evidence = serde_json::from_str(&host.evidence)?;
            let name = names.get(&host.host).cloned().unwrap_or_default();
            if !is_closed {
                boots |= evidence.hits.iter().any(|seen| seen.running.is_some());
                is_product |= evidence.hits.iter().any(|seen| seen.arch.is_empty());
                if let Some(command) = command(&evidence, &notice.advisory) {
                    match commands.iter_mut().find(|(known, _)| *known == command) {
                        Some((_, on)) => *on = format!("{on}, {name}"),
                        None => commands.push((command, name.clone())),
                    }
                }
            }
            let rows = evidence.hits.iter().take(ROWS_MAX).map(|seen| self.row(seen)).collect();
            let more_rows = evidence.left_out + evidence.hits.len().saturating_sub(ROWS_MAX);
            let live_patched = evidence.live_patched;
            cards.push(HostCard { id: host.host, name, rows, more_rows, live_patched, is_closed });
        }
        if cards.is_empty() {
            return Ok(None);
        }
        cards.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        let more_hosts = cards.len().saturating_sub(self.hosts_max);
        cards.truncate(self.hosts_max);
        let pick = |ko: &str, en: &str| {
            let (first, second) = match self.language {
                Language::Korean => (ko, en),
                Language::English => (en, ko),
            };
            if first.is_empty() { second.to_owned() } else { first.to_owned() }
        };
        let summary = pick(&content.summary.ko, &content.summary.en);
        let score = |tenths: u8| format!("{}.{}", tenths / 10, tenths % 10);
        Ok(Some(Card {
            language: self.language,
            advisory: notice.advisory.clone(),
            title: pick(&content.title.ko, &content.title.en),
            summary: summary.split("\n\n").map(|p| p.trim().to_owned()).collect(),
            severity: notice.severity.clone(),
            kind: notice.kind.clone(),
            exploited: notice.exploited,
            cves: content
                .cves
                .iter()
                .map(|cve| match cve.cvss_tenths {
                    Some(tenths) => format!("{} (CVSS {})", cve.id, score(tenths)),
                    None => cve.id.clone(),
                })
                .collect(),
            published: content.published.to_zoned(self.zone.clone()).date().to_string(),
            reason: say(self.language, &format!("reason.{}", notice.reason.as_str())).to_owned(),
            hosts: cards,
            more_hosts,
            commands,
            is_product,
            risk: pick(&notice.words.risk_ko, &notice.words.risk_en),
            how: pick(&notice.words.how_ko, &notice.words.how_en),
            reboot: match (boots, content.restart) {
                (true, _) => "reboot.yes",
                (false, true) => "reboot.restart",
                (false, false) => "reboot.no",
            },
            references: content.references.iter().filter(|url| is_web(url)).cloned().collect(),
            link: String::new(),
            link_until: String::new(),
        }))
    }

    fn row(&self, seen: &Hit) -> Row {
        let package = match (seen.arch.as_str(), seen.place.as_str()) {
            ("", "") => seen.name.clone(),
            ("", place) => format!("{} ({place})", seen.name),
            (arch, _) => format!("{}.{arch}", seen.name),
        };
        let mut notes = Vec::new();
        if let Some(running) = &seen.running {
            notes.push(format!("{} {running}", say(self.language, "running")));
        }
        if seen.without_epoch {
            notes.push(say(self.language, "without_epoch").to_owned());
        }
        Row {
            package,
            installed: seen.installed.clone(),
            fixed: seen.fixed.clone().unwrap_or_else(|| "-".to_owned()),
            note: notes.join("; "),
        }
    }
}

/// Only the web's own schemes become links.
fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// The command that applies it on a host: by the advisory's id where its distribution publishes
/// ids (`updateinfo`), by the packages' names elsewhere; none for what did not come as a package,
/// or is installed already.
fn command(evidence: &Evidence, advisory: &str) -> Option<String> {
    let is_safe = |word: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || ":._+-".contains(c);
        !word.is_empty() && !word.starts_with('-') && word.chars().all(allowed)
    };
    let missing = evidence.hits.iter().filter(|seen| seen.running.is_none());
    let mut packages: Vec<&str> =
        missing.filter(|seen| !seen.arch.is_empty()).map(|seen| seen.name.as_str()).collect();
    packages.dedup();
    packages.retain(|name| is_safe(name));
    if packages.is_empty() {
        return None;
    }
    let has_ids = !matches!(evidence.os.as_str(), "centos" | "centos-stream");
    let is_erratum = advisory.split_once(['-', ':']).is_some_and(|(word, _)| {
        ["SA", "BA", "EA"].iter().any(|end| word.ends_with(end)) || word == "FEDORA"
    });
    let by_id = has_ids && is_erratum && is_safe(advisory);
    let tool = match (evidence.major, by_id) {
        (8.., true) => return Some(format!("dnf upgrade --advisory={advisory}")),
        (7, true) => return Some(format!("yum update --advisory={advisory}")),
        (8.., false) => "dnf upgrade",
        _ => "yum update",
    };
    packages.truncate(COMMAND_PACKAGES_MAX);
    Some(format!("{tool} {}", packages.join(" ")))
}

#[cfg(test)]
mod tests;
