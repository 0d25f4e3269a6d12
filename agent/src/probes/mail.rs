//! What a mail server passes on and tells strangers. Maps, aliases and passwords are not read.

use carepack_shared::Unseen;
use carepack_shared::reduce::mail;
use serde_json::Value;

use super::{FILE_BYTES_MAX, Legal, Privilege, Probe, Purpose, QUICK_MS, Read};
use crate::host::{Host, Look, Missed};

pub static PROBE: Probe = Probe {
    id: "mail",
    about_ko: "메일 서버의 중계·명령 제한 설정(정해진 항목만)",
    about_en: "What a mail server relays and which commands it answers (listed settings only)",
    reads: &[Read::Survey { name: "mail", reads: READS, run: survey }],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Security,
    legal: Legal::Names,
};

const READS: &[&str] = &[POSTFIX, SENDMAIL, EXIM];
const POSTFIX: &str = "/etc/postfix/main.cf";
const SENDMAIL: &str = "/etc/mail/sendmail.cf";
const EXIM: &str = "/etc/exim/exim.conf";
/// sendmail.cf is long.
const BYTES_MAX: usize = 4 * FILE_BYTES_MAX;

/// `{"postfix":{"mynetworks":"127.0.0.0/8"}|null,"sendmail":{"privacy":["novrfy"],
/// "relay_refused":bool}|null,"exim":bool}`; absent where none of them is configured.
fn survey(host: &Host) -> Look<Value> {
    let text = |path: &str| match host.read(path, BYTES_MAX) {
        Ok(piece) => Ok(Some(String::from_utf8_lossy(&piece.bytes).into_owned())),
        Err(missed) if missed.reason == Unseen::Absent => Ok(None),
        Err(missed) => Err(missed),
    };
    let found = mail::Mail {
        postfix: text(POSTFIX)?.map(|text| mail::postfix(&text)),
        sendmail: text(SENDMAIL)?.map(|text| mail::sendmail(&text)),
        exim: super::cron::exists(host, EXIM)?,
    };
    if found == mail::Mail::default() {
        return Err(Missed::new(Unseen::Absent, "no mail server is configured"));
    }
    Ok(serde_json::to_value(found).unwrap_or_default())
}
