//! A mail that came in, read: who wrote, what it answers, its words and files. Pure.
//!
//! Nothing here decides whether it is believed.

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Encoding, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders};
use uuid::Uuid;

use crate::cases::letter::REPLY_ABOVE;

/// Most Message-IDs that are looked at of what a mail answers.
const ANSWERED_MAX: usize = 50;
/// Longest Message-ID and address that is kept, in bytes.
const ID_BYTES_MAX: usize = 300;
/// Longest subject that is kept, in characters.
const SUBJECT_CHARS_MAX: usize = 300;

/// What a mail says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Incoming {
    /// Empty when it has none.
    pub message_id: String,
    /// Lower case; empty unless there is exactly one.
    pub from: String,
    pub subject: String,
    /// Mails of ours that it answers, the last one first.
    pub answers: Vec<Uuid>,
    /// Why it is no person's: an automatic answer, a report, a list.
    pub automatic: Option<&'static str>,
    /// Its new words, without what it quotes.
    pub text: String,
    /// Name and bytes.
    pub files: Vec<(String, Vec<u8>)>,
}

/// Reads a mail; none when it is none.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Incoming> {
    let message = MessageParser::default().parse(bytes)?;
    let name = |part: &MessagePart<'_>| part.attachment_name().unwrap_or_default().to_owned();
    let files = message.attachments().map(|part| (name(part), as_sent(&message, part)));
    let subject = message.subject().unwrap_or_default().chars().take(SUBJECT_CHARS_MAX);
    Some(Incoming {
        message_id: message.message_id().map(short).unwrap_or_default(),
        from: from(&message),
        subject: subject.collect(),
        answers: answers(&message),
        automatic: automatic(&message),
        text: new_words(&message.body_text(0).unwrap_or_default()),
        files: files.filter(|(_, bytes)| !bytes.is_empty()).collect(),
    })
}

/// A file as it was before it was packed for the way: the parser gives texts in UTF-8.
fn as_sent(message: &Message<'_>, part: &MessagePart<'_>) -> Vec<u8> {
    let (from, to) = (part.raw_body_offset() as usize, part.raw_end_offset() as usize);
    let packed = message.raw_message().get(from..to).unwrap_or_default();
    match part.encoding {
        Encoding::None => Some(packed.to_vec()),
        Encoding::QuotedPrintable => quoted_printable_decode(packed),
        Encoding::Base64 => base64_decode(packed),
    }
    .unwrap_or_else(|| part.contents().to_vec())
}

fn short(text: &str) -> String {
    let mut end = text.len().min(ID_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

fn from(message: &Message<'_>) -> String {
    let mut all = message.from().into_iter().flat_map(|from| from.iter());
    match (all.next().and_then(|one| one.address()), all.next()) {
        (Some(address), None) => short(&address.trim().to_lowercase()),
        _ => String::new(),
    }
}

/// Ids of our mails in `In-Reply-To` and `References`: `<ID@domain>`.
fn answers(message: &Message<'_>) -> Vec<Uuid> {
    let id = |text: &str| text.trim_start_matches('<').split('@').next()?.parse::<Uuid>().ok();
    let mut found: Vec<Uuid> = Vec::new();
    for header in [message.in_reply_to(), message.references()] {
        let texts: Vec<&str> = match header {
            HeaderValue::Text(text) => vec![text.as_ref()],
            HeaderValue::TextList(texts) => texts.iter().map(AsRef::as_ref).collect(),
            _ => Vec::new(),
        };
        found.extend(texts.into_iter().rev().take(ANSWERED_MAX).filter_map(id));
    }
    found
}

/// Whether a machine wrote it (RFC 3834, 5230, and what programs did before them).
fn automatic(message: &Message<'_>) -> Option<&'static str> {
    let text = |name: &str| {
        let mut all = message.headers_raw();
        let found = all.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim().to_ascii_lowercase())
    };
    if text("Auto-Submitted").is_some_and(|value| !value.starts_with("no")) {
        return Some("it says that a machine wrote it (Auto-Submitted)");
    }
    let bulk = ["bulk", "junk", "list", "auto_reply"];
    if text("Precedence").is_some_and(|value| bulk.contains(&value.as_str())) {
        return Some("it is bulk mail or an automatic answer (Precedence)");
    }
    if text("X-Autoreply").is_some() || text("X-Autorespond").is_some() {
        return Some("it is an automatic answer");
    }
    let report = message.content_type().is_some_and(|kind| {
        kind.ctype() == "multipart" && kind.subtype().is_some_and(|sub| sub == "report")
    });
    let bounce = text("Return-Path").is_some_and(|path| path == "<>");
    (report || bounce).then_some("it is a report of a mail system")
}

/// The words above what is quoted of our mail, without the line that says who is quoted.
fn new_words(text: &str) -> String {
    let above = text.lines().take_while(|line| !line.contains(REPLY_ABOVE));
    let mut lines: Vec<&str> = above.map(str::trim_end).collect();
    let is_quote = |line: &&str| line.is_empty() || line.starts_with('>');
    while lines.last().is_some_and(&is_quote) {
        lines.pop();
    }
    let says_who = |line: &&str| line.ends_with("wrote:") || line.ends_with("작성:");
    if lines.last().is_some_and(says_who) {
        lines.pop();
    }
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPLY: &str = "From: =?utf-8?B?6rmA64u064u5?= <Kim@Shop.KR>\r\n\
        To: desk@vendor.kr\r\n\
        Subject: =?utf-8?B?UmU6IFtDLTIwMjYtMDAwMTpBQkNdIOuLteuzgA==?=\r\n\
        Message-ID: <abc@shop.kr>\r\n\
        In-Reply-To: <019a8b0e-1f2d-7c3a-8d4e-5f6071829304@vendor.kr>\r\n\
        References: <x@shop.kr>\r\n <019a8b0e-1f2d-7c3a-8d4e-5f6071829304@vendor.kr>\r\n\
        MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
        --b\r\nContent-Type: text/plain; charset=euc-kr\r\nContent-Transfer-Encoding: base64\r\n\r\n\
        uM605MfVtM+02S4KCjIwMjYtMTEtMjMg6NswIMDbvLo6Cj4gLS0gY2FycGVwYWNr\r\n\
        --b\r\nContent-Type: image/png; name=\"../a.png\"\r\n\
        Content-Disposition: attachment; filename=\"../a.png\"\r\n\
        Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n";

    #[test]
    fn a_reply_is_read_with_its_files() {
        let mail = read(REPLY.as_bytes()).unwrap();
        assert_eq!((mail.from.as_str(), mail.message_id.as_str()), ("kim@shop.kr", "abc@shop.kr"));
        assert!(mail.subject.contains("[C-2026-0001:ABC]"), "{}", mail.subject);
        let ours: Uuid = "019a8b0e-1f2d-7c3a-8d4e-5f6071829304".parse().unwrap();
        assert_eq!(mail.answers, [ours, ours]);
        assert_eq!(mail.automatic, None);
        assert_eq!(mail.files, [("../a.png".to_owned(), b"\x89PNG\r\n\x1a\n".to_vec())]);
    }

    #[test]
    fn what_is_quoted_is_left_out() {
        let check = |text: &str, expected: &str| assert_eq!(new_words(text), expected, "{text}");
        let quoted = format!("됩니다.\n\n2026년 … 님이 작성:\n> {REPLY_ABOVE}\n> 답변");
        check(&quoted, "됩니다.");
        check(&format!("Works.\n\nOn Mon, desk wrote:\n\n{REPLY_ABOVE}\nmore"), "Works.");
        check("위 > 아래\n> 인용\n답은 사이에", "위 > 아래\n> 인용\n답은 사이에");
        check("끝\n> 인용\n", "끝");
        check("", "");
    }

    #[test]
    fn machines_are_told_from_people() {
        let check = |head: &str, automatic: bool| {
            let text = format!("From: a@b.kr\r\nSubject: x\r\n{head}\r\n\r\nhello\r\n");
            let mail = read(text.as_bytes()).unwrap();
            assert_eq!(mail.automatic.is_some(), automatic, "{head}: {mail:?}");
        };
        check("X-Mailer: x", false);
        check("Auto-Submitted: no", false);
        check("Auto-Submitted: auto-replied", true);
        check("Precedence: bulk", true);
        check("X-Autoreply: yes", true);
        check("Return-Path: <>", true);
        check("Content-Type: multipart/report; boundary=b", true);
    }

    #[test]
    fn two_senders_are_nobody() {
        let two = read(b"From: a@b.kr, c@d.kr\r\n\r\nx").unwrap();
        assert_eq!(two.from, "");
        assert_eq!(read(b"").map(|mail| mail.from).unwrap_or_default(), "");
    }
}
