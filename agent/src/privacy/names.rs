//! Codes for names: the same name has the same code wherever and whenever it stands, and only the
//! key's owner can tell which name it was.
//!
//! A host `db01` becomes `h-3kq7x2mp`, its domain `d-zq4tm6ya.invalid` (RFC 2606: it never resolves),
//! a person's account `u-h5wd2nxe`; addresses are in [`super::address`]. A word is a name when the
//! host itself calls it one ([`super::learn`]); a word that is every product's is nobody's name.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::LazyLock;

use aws_lc_rs::hmac;
use regex::{Captures, Regex};

use super::address;
use super::words::is_common;

/// Letters of a code: 40 bits, one chance in a million that two of a thousand names meet.
const CODE_LETTERS: usize = 8;
/// Most names that a snapshot's table takes; a host with more has them replaced, and not told.
const NAMES_MAX: usize = 50_000;
/// Longest name in bytes: a full domain name.
const NAME_BYTES_MAX: usize = 253;
/// Parts of one word that are looked at together; a longer word is looked at in these.
const PARTS_MAX: usize = 10;
/// Shortest name that is looked for inside a word.
const INNER_BYTES_MIN: usize = 3;

/// The key, and the names that were given codes with it.
pub struct Coder {
    key: hmac::Key,
    /// Code → name.
    pub given: BTreeMap<String, String>,
}

impl Coder {
    fn new(key: &[u8]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key), given: BTreeMap::new() }
    }

    pub(super) fn digest(&self, kind: &str, bytes: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(kind.as_bytes());
        context.update(&[0]);
        context.update(bytes);
        let mut digest = [0; 32];
        digest.copy_from_slice(context.sign().as_ref());
        digest
    }

    fn word(&self, kind: &str, name: &str) -> String {
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let digest = self.digest(kind, name.as_bytes());
        let bits = digest[..5].iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
        let letter = |place| ALPHABET[(bits >> (place * 5) & 31) as usize] as char;
        let word: String = (0..CODE_LETTERS).rev().map(letter).collect();
        format!("{kind}-{word}")
    }

    fn give(&mut self, code: String, name: &str) -> String {
        if self.given.len() < NAMES_MAX && is_name(name) {
            self.given.entry(code.clone()).or_insert_with(|| name.to_owned());
        }
        code
    }
}

/// Whether a text may be kept as a name: no markup, no formula and no command wherever it is put.
pub(super) fn is_name(text: &str) -> bool {
    let first = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    let other = |c: char| first(c) || matches!(c, '.' | '-' | '@');
    text.starts_with(first) && text.chars().all(other) && text.len() <= NAME_BYTES_MAX
}

/// Turns names into codes.
pub struct Namer {
    coder: Coder,
    /// Short names, in small letters.
    pub(super) hosts: BTreeSet<String>,
    /// Of two labels or more, in small letters.
    pub(super) domains: BTreeSet<String>,
    pub(super) users: BTreeSet<String>,
    /// Accounts that belong to no person.
    pub(super) programs: BTreeSet<String>,
    /// Addresses that the host calls its own or its neighbours'.
    pub(super) addresses: BTreeSet<IpAddr>,
}

/// What may be an address or a name, the longest first.
static WORD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?-u)(?P<mac>(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2})",
        r"|(?P<mapped>::[fF]{4}:)",
        r"|(?P<v6>[0-9A-Fa-f]{0,4}:(?:[0-9A-Fa-f]{0,4}:){1,6}[0-9A-Fa-f]{0,4})(?:/(?P<len6>[0-9]{1,3}))?",
        r"|(?P<v4>[0-9]{1,3}(?:\.[0-9]{1,3}){3})(?:/(?P<len4>[0-9]{1,2}))?",
        r"|(?P<word>[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?)",
    ))
    .expect("the expression is built by a test")
});

impl Namer {
    /// Knows no name yet.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        Self {
            coder: Coder::new(key),
            hosts: BTreeSet::new(),
            domains: BTreeSet::new(),
            users: BTreeSet::new(),
            programs: BTreeSet::new(),
            addresses: BTreeSet::new(),
        }
    }

    /// Code → name of all that was replaced.
    #[must_use]
    pub fn given(self) -> BTreeMap<String, String> {
        self.coder.given
    }

    /// The text with codes for names; none when there is no name in it. Without `addresses` only
    /// words are names.
    pub fn rewrite_some(&mut self, text: &str, addresses: bool) -> Option<String> {
        let mut out = String::new();
        let mut at = 0;
        for found in WORD.captures_iter(text) {
            let whole = found.get(0).map_or(0..0, |found| found.range());
            if let Some(code) = self.replaced(text, &found, addresses) {
                out.push_str(&text[at..whole.start]);
                out.push_str(&code);
                at = whole.end;
            }
        }
        if at == 0 {
            return None;
        }
        out.push_str(&text[at..]);
        Some(out)
    }

    fn replaced(&mut self, text: &str, found: &Captures<'_>, addresses: bool) -> Option<String> {
        let whole = found.get(0)?;
        if let Some(word) = found.name("word") {
            return self.word(word.as_str());
        }
        let alone = addresses && stands_alone(text, whole.range());
        let code = match (found.name("mac"), found.name("v4"), found.name("v6")) {
            (Some(mac), ..) if alone => self.mac(mac.as_str()),
            (_, Some(v4), _) if alone => self.ip(v4.as_str(), found.name("len4")),
            (.., Some(v6)) if alone => self.ip(v6.as_str(), found.name("len6")),
            _ => None,
        };
        // What has the shape of an address and is none may hold a name: `abe:10:30`.
        code.or_else(|| self.between_colons(whole.as_str()))
    }

    fn between_colons(&mut self, text: &str) -> Option<String> {
        let mut changed = false;
        let mut part = |part: &str| match self.word(part) {
            Some(code) => {
                changed = true;
                code
            }
            None => part.to_owned(),
        };
        let parts: Vec<String> = text.split(':').map(&mut part).collect();
        changed.then(|| parts.join(":"))
    }

    fn mac(&mut self, text: &str) -> Option<String> {
        let code = address::mac(&self.coder, text)?;
        Some(self.coder.give(code, text))
    }

    fn ip(&mut self, text: &str, prefix: Option<regex::Match<'_>>) -> Option<String> {
        let parsed: IpAddr = text.parse().ok()?;
        let bits = prefix.and_then(|prefix| prefix.as_str().parse().ok());
        let code = address::ip(&self.coder, parsed, bits)?.to_string();
        let code = self.coder.give(code, &parsed.to_string());
        Some(match prefix {
            Some(prefix) => format!("{code}/{}", prefix.as_str()),
            None => code,
        })
    }

    /// An address as `/proc/net/route` writes it.
    pub(super) fn kernel_ipv4(&mut self, digits: &str) -> Option<String> {
        let address = address::kernel_ipv4(digits)?;
        let code = address::ip(&self.coder, address.into(), None)?;
        self.coder.give(code.to_string(), &address.to_string());
        match code {
            IpAddr::V4(code) => Some(address::to_kernel_ipv4(code)),
            IpAddr::V6(_) => None,
        }
    }

    /// An address as `/proc/net/ipv6_route` writes it.
    pub(super) fn kernel_ipv6(&mut self, digits: &str) -> Option<String> {
        let bits = (digits.len() == 32).then(|| u128::from_str_radix(digits, 16).ok()).flatten()?;
        let address = IpAddr::V6(bits.into());
        match address::ip(&self.coder, address, None)? {
            IpAddr::V6(code) => {
                self.coder.give(code.to_string(), &address.to_string());
                Some(format!("{:032x}", u128::from(code)))
            }
            IpAddr::V4(_) => None,
        }
    }

    /// The host's own name, whatever word it is.
    pub fn host(&mut self, name: &str) -> String {
        match name.split_once('.') {
            Some((label, domain)) if !label.is_empty() && !domain.is_empty() => {
                format!("{}.{}", self.label(label), self.domain(domain))
            }
            _ => self.label(name),
        }
    }

    fn label(&mut self, label: &str) -> String {
        let code = self.coder.word("h", &label.to_ascii_lowercase());
        self.coder.give(code, label)
    }

    fn domain(&mut self, domain: &str) -> String {
        let code = self.coder.word("d", &domain.to_ascii_lowercase()) + ".invalid";
        self.coder.give(code, domain)
    }

    /// A word with its names replaced, the longest of its parts first: `db01.hanbit.example`, `db01`
    /// and `db01-bin.000001` all hold the same one.
    fn word(&mut self, word: &str) -> Option<String> {
        let cuts = cuts(word);
        let mut out = String::new();
        let (mut done, mut from) = (0, 0);
        while from + 1 < cuts.len() {
            let longest = (from + PARTS_MAX).min(cuts.len() - 1);
            let found = (from + 1..=longest).rev().find_map(|to| {
                let part = &word[cuts[from].0..cuts[to].1];
                Some((to, self.name(part, part.len() == word.len())?))
            });
            match found {
                Some((to, code)) => {
                    out.push_str(&word[done..cuts[from].0]);
                    out.push_str(&code);
                    done = cuts[to].1;
                    from = to;
                }
                None => from += 1,
            }
        }
        (done > 0).then(|| out + &word[done..])
    }

    /// The code of what is a name as a whole.
    fn name(&mut self, part: &str, is_whole: bool) -> Option<String> {
        let lower = part.to_ascii_lowercase();
        if !is_whole && part.len() < INNER_BYTES_MIN || is_common(&lower) {
            return None;
        }
        if self.hosts.contains(&lower) {
            return Some(self.label(part));
        }
        if self.domains.contains(&lower) {
            return Some(self.domain(part));
        }
        if let Some((label, domain)) = lower.split_once('.')
            && self.domains.contains(domain)
            && !label.is_empty()
        {
            return Some(self.host(part));
        }
        if self.users.contains(part) {
            let code = self.coder.word("u", part);
            return Some(self.coder.give(code, part));
        }
        let address: IpAddr = part.parse().ok().filter(|found| self.addresses.contains(found))?;
        self.ip(&address.to_string(), None)
    }
}

/// Where a word's parts begin and where the part before each of these ends: the first of a pair
/// is a beginning, the second an end.
fn cuts(word: &str) -> Vec<(usize, usize)> {
    let mut cuts = vec![(0, 0)];
    for (at, _) in word.match_indices(['.', '-', '_']) {
        cuts.push((at + 1, at));
    }
    cuts.push((word.len(), word.len()));
    cuts
}

/// Not part of a longer number, word, or list of pairs.
fn stands_alone(text: &str, range: std::ops::Range<usize>) -> bool {
    let bytes = text.as_bytes();
    let joins = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':');
    let before = range.start.checked_sub(1).map(|at| bytes[at]);
    // `::ffff:10.0.0.5` and `db01:10.0.0.5` are addresses behind a colon; `a:b` in a digest is none.
    let is_v4 = !text[range.clone()].contains([':', '-']);
    if before.is_some_and(|byte| joins(byte) && !(byte == b':' && is_v4)) {
        return false;
    }
    match (bytes.get(range.end), bytes.get(range.end + 1)) {
        (Some(b'.' | b':'), Some(next)) => {
            // A port behind an address, or the end of a sentence.
            let port = bytes[range.end] == b':' && is_v4;
            port || !next.is_ascii_alphanumeric()
        }
        (Some(byte), _) => !byte.is_ascii_alphanumeric() && *byte != b'_',
        (None, _) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namer() -> Namer {
        let mut namer = Namer::new(b"key");
        namer.hosts = ["db01", "web-01"].map(str::to_owned).into();
        namer.domains = ["hanbit.example"].map(str::to_owned).into();
        namer.users = ["kim", "hong.gildong", "tomcat"].map(str::to_owned).into();
        namer.addresses = ["10.0.0.5".parse().unwrap()].into();
        namer
    }

    /// The text with codes, then the names put back in their places.
    fn check(text: &str, changed: &[&str]) {
        let mut namer = namer();
        let coded = namer.rewrite_some(text, true).unwrap_or_else(|| text.to_owned());
        let given = namer.given();
        for name in changed {
            assert!(!coded.contains(name), "{name} stands in {coded}");
        }
        let told: BTreeSet<&str> = given.values().map(String::as_str).collect();
        let expected: BTreeSet<&str> = changed.iter().copied().collect();
        assert_eq!(told, expected, "{text} -> {coded}");
        let back = given.iter().fold(coded, |text, (code, name)| text.replace(code, name));
        assert_eq!(back, text);
    }

    #[test]
    fn names_become_codes_wherever_they_stand_and_nothing_else_does() {
        check("db01", &["db01"]);
        check("db01.hanbit.example:3306", &["db01", "hanbit.example"]);
        check("mail.hanbit.example", &["mail", "hanbit.example"]);
        check("/data/db01-bin.000001 web-01_access.log", &["db01", "web-01"]);
        check("Accepted for kim from 10.0.0.5 port 22", &["kim", "10.0.0.5"]);
        check("/home/hong.gildong/.ssh kimchi akim", &["hong.gildong"]);
        check("kim:x:1000", &["kim"]);
        check("inet 192.168.10.4/24 brd", &["192.168.10.4"]);
        check("[2001:470::5]:8080 fe80::1/64", &["2001:470::5", "fe80::1"]);
        check("link/ether 00:50:56:aa:bb:cc", &["00:50:56:aa:bb:cc"]);
        check("::ffff:172.16.0.9", &["172.16.0.9"]);
        check("copy-10.0.0.5.tar.gz", &["10.0.0.5"]);
    }

    #[test]
    fn what_is_nobodys_stays_as_it_is() {
        for text in [
            "tomcat 9.0.65 at 127.0.0.1, 0.0.0.0, 255.255.255.0, ::1, ff02::1",
            "Nov  5 00:00:02 std::add v1.2.3.4 1.2.3.4.5 openssl-1.1.1.1k",
            "SHA1 aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd",
            "00:00:00:00:00:00 ff:ff:ff:ff:ff:ff",
            "db010 mydb01 skim",
        ] {
            check(text, &[]);
        }
    }

    #[test]
    fn one_key_gives_one_code_and_another_key_another() {
        let code = |key: &[u8], text: &str| {
            let mut namer = Namer { coder: Coder::new(key), ..namer() };
            namer.rewrite_some(text, true).unwrap()
        };
        assert_eq!(code(b"a", "db01"), code(b"a", "DB01"));
        assert_ne!(code(b"a", "db01"), code(b"b", "db01"));
        let word = code(b"a", "db01");
        assert!(word.len() == 10 && word.starts_with("h-"), "{word}");
    }

    #[test]
    fn addresses_of_one_network_stay_in_one_network() {
        let mut namer = namer();
        let mut code = |text: &str| namer.rewrite_some(text, true).unwrap();
        let ip = |text: String| u32::from(text.parse::<std::net::Ipv4Addr>().unwrap());
        let (one, two) = (ip(code("10.1.2.3")), ip(code("10.1.2.200")));
        let (far, other) = (ip(code("10.1.3.3")), ip(code("192.1.2.3")));
        assert_eq!((one >> 8, one >> 28), (two >> 8, 15));
        assert_ne!(one >> 8, far >> 8);
        assert_ne!(one >> 24, other >> 24);
        let network = code("10.1.2.0/24");
        assert_eq!(ip(network.trim_end_matches("/24").to_owned()), one & 0xffff_ff00);
        assert!(code("2001:470:1:2::5").starts_with("2001:db8:"));
        assert!(code("00-50-56-AA-BB-CC").starts_with("f2-"));
        assert_eq!(namer.kernel_ipv4("0302010A").unwrap().len(), 8);
        assert_eq!(namer.kernel_ipv4("00000000"), None);
        assert_eq!(namer.kernel_ipv6(&"0".repeat(32)), None);
    }
}
