//! Links that open one notice for one contact, without an account, until they expire.
//!
//! A token is the facts it stands for and their HMAC-SHA256 under a key that never leaves
//! `DATA/keys`; nothing is stored for it. Who changes a byte, or has none of ours, is told nothing.

use std::path::Path;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use uuid::Uuid;

use crate::pki::{PkiError, files};

/// Version of the token's form, part of what is signed.
const VERSION: u8 = 1;
/// version, purpose, notice, contact, expiry in seconds.
const FACTS_BYTES: usize = 1 + 1 + 16 + 16 + 8;
const TAG_BYTES: usize = 32;
/// What a mark of a case is signed as: no purpose of a link.
const CASE: u8 = 2;
/// Bytes of a mark: nobody finds one of 2^80 by mails that a person reads.
const MARK_BYTES: usize = 10;
const KEY_BYTES: usize = 32;
/// Longest text that is looked at: a token has 99 characters.
const TEXT_BYTES_MAX: usize = 128;

/// What a token may be used for; one for another purpose is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To read a notice and answer it.
    Answer,
}

impl Purpose {
    const fn byte(self) -> u8 {
        match self {
            Self::Answer => 1,
        }
    }
}

/// What a token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    pub notice: Uuid,
    pub contact: Uuid,
    pub expires_at: Timestamp,
}

/// Why a token does not open anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not one of ours, or for another purpose.
    Unknown,
    /// It was one of ours.
    Expired,
}

/// The key that signs links.
pub struct Links {
    key: hmac::Key,
}

impl Links {
    /// Reads the key of `DATA/keys/links.key`, making one where there is none.
    ///
    /// # Errors
    /// [`PkiError`] when the file is exposed, or neither read nor written.
    pub fn open(data: &Path) -> Result<Self, PkiError> {
        let folder = data.join("keys");
        files::folder(&folder)?;
        let path = folder.join("links.key");
        let text = match files::read_secret(&path)? {
            Some(text) => text,
            None => {
                make(&path)?;
                files::read_secret(&path)?.unwrap_or_default()
            }
        };
        let key = URL_SAFE_NO_PAD.decode(text.trim()).ok().filter(|key| key.len() == KEY_BYTES);
        let key = key.ok_or(PkiError::Unsound { path, what: "32 bytes in base64url" })?;
        Ok(Self { key: hmac::Key::new(hmac::HMAC_SHA256, &key) })
    }

    /// The token of a link.
    #[must_use]
    pub fn token(&self, purpose: Purpose, link: &Link) -> String {
        let mut bytes = Vec::with_capacity(FACTS_BYTES + TAG_BYTES);
        bytes.extend([VERSION, purpose.byte()]);
        bytes.extend(link.notice.as_bytes());
        bytes.extend(link.contact.as_bytes());
        bytes.extend(link.expires_at.as_second().to_be_bytes());
        let tag = hmac::sign(&self.key, &bytes);
        bytes.extend(tag.as_ref());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The mark of a case in the subject of its mails: who has it was sent it.
    #[must_use]
    pub fn case_mark(&self, case: Uuid) -> String {
        let facts = [&[VERSION, CASE][..], case.as_bytes()].concat();
        let tag = hmac::sign(&self.key, &facts);
        tag.as_ref()[..MARK_BYTES].iter().map(|byte| format!("{byte:02X}")).collect()
    }

    /// Whether a mark is the case's; compared in constant time.
    #[must_use]
    pub fn is_case_mark(&self, case: Uuid, mark: &str) -> bool {
        let ours = self.case_mark(case);
        verify_slices_are_equal(ours.as_bytes(), mark.as_bytes()).is_ok()
    }

    /// What a token stands for; the tag is compared in constant time, and first.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn open_token(
        &self,
        purpose: Purpose,
        text: &str,
        now: Timestamp,
    ) -> Result<Link, Refused> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(Refused::Unknown);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Refused::Unknown)?;
        let (facts, tag) = bytes.split_at_checked(FACTS_BYTES).ok_or(Refused::Unknown)?;
        hmac::verify(&self.key, facts, tag).map_err(|_| Refused::Unknown)?;
        if facts[0] != VERSION || facts[1] != purpose.byte() {
            return Err(Refused::Unknown);
        }
        let id = |at: usize| Uuid::from_slice(&facts[at..at + 16]).map_err(|_| Refused::Unknown);
        let seconds: [u8; 8] = facts[34..].try_into().map_err(|_| Refused::Unknown)?;
        let expires_at = Timestamp::from_second(i64::from_be_bytes(seconds));
        let expires_at = expires_at.map_err(|_| Refused::Unknown)?;
        if now >= expires_at {
            return Err(Refused::Expired);
        }
        Ok(Link { notice: id(2)?, contact: id(18)?, expires_at })
    }
}

/// Makes a key, unless another process was faster: its key stays.
fn make(path: &Path) -> Result<(), PkiError> {
    let mut fresh = [0; KEY_BYTES];
    let made = SystemRandom::new().fill(&mut fresh);
    made.map_err(|_| PkiError::Unsound { path: path.to_owned(), what: "random bytes" })?;
    files::write_once(path, &URL_SAFE_NO_PAD.encode(fresh))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_its_notice_until_it_expires_and_no_other_key_makes_one() {
        let folder = tempfile::tempdir().unwrap();
        let links = Links::open(folder.path()).unwrap();
        let now: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
        let end: Timestamp = "2026-12-23T00:00:00Z".parse().unwrap();
        let link = Link { notice: Uuid::now_v7(), contact: Uuid::now_v7(), expires_at: end };
        let token = links.token(Purpose::Answer, &link);
        assert_eq!(token.len(), 99);
        assert_eq!(links.open_token(Purpose::Answer, &token, now), Ok(link));
        assert_eq!(links.open_token(Purpose::Answer, &token, end), Err(Refused::Expired));
        // The key is kept.
        let again = Links::open(folder.path()).unwrap();
        assert_eq!(again.open_token(Purpose::Answer, &token, now), Ok(link));
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            let opened = links.open_token(Purpose::Answer, &changed, now);
            assert_eq!(opened, Err(Refused::Unknown), "character {at}");
        }
        let other = Links::open(tempfile::tempdir().unwrap().path()).unwrap();
        assert_eq!(other.open_token(Purpose::Answer, &token, now), Err(Refused::Unknown));
        for text in ["", "x", "한글", &"A".repeat(4096), &token[..98]] {
            let opened = links.open_token(Purpose::Answer, text, now);
            assert_eq!(opened, Err(Refused::Unknown), "{text}");
        }
    }

    #[test]
    fn the_mark_of_a_case_is_its_own() {
        let links = Links::open(tempfile::tempdir().unwrap().path()).unwrap();
        let (case, other) = (Uuid::now_v7(), Uuid::now_v7());
        let mark = links.case_mark(case);
        assert_eq!(mark.len(), 20);
        assert!(links.is_case_mark(case, &mark) && !links.is_case_mark(other, &mark));
        assert!(!links.is_case_mark(case, "") && !links.is_case_mark(case, &mark[1..]));
    }

    #[test]
    fn an_exposed_key_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        drop(Links::open(folder.path()).unwrap());
        let key = folder.path().join("keys/links.key");
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(Links::open(folder.path()).err().unwrap(), PkiError::Exposed { .. }));
    }
}
