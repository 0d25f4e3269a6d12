//! A signed pattern pack: accepted only with a good signature and a version that rises.
//!
//! The signature is minisign's (`minisign -S -t "carepack-patterns version:7" -m FILE`). The
//! version stands in the trusted comment, which the signature covers, and in the pack itself; both
//! must agree, so that neither an old pack nor an old signature comes back.

use minisign_verify::{PublicKey, Signature};
use serde::{Deserialize, Serialize};

use crate::patterns::{Pack, PackError, parse_pack};

/// What the trusted comment begins with; the version follows.
const COMMENT: &str = "carepack-patterns version:";

/// A pack as it travels and is kept: nothing in it is believed before [`accept`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedPack {
    /// The pack's text (TOML).
    pub text: String,
    /// The whole minisign signature file.
    pub signature: String,
}

/// Why a pack was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackRefused {
    #[error("the public key for pattern packs cannot be read; it is one line of base 64")]
    Key,
    #[error("the pattern pack has no minisign signature that can be read")]
    Unsigned,
    #[error("the pattern pack's signature is not of the configured key")]
    Signature,
    #[error("the signature's trusted comment does not say \"{COMMENT}N\"")]
    Comment,
    #[error("the signature is for version {signed}, the pattern pack says {pack}")]
    Version { signed: u64, pack: u64 },
    #[error("the pattern pack has version {offered}, version {known} is in use")]
    Older { offered: u64, known: u64 },
    #[error(transparent)]
    Pack(PackError),
}

/// Checks signature, version and form of a pack; `known` is the version in use (0: none).
///
/// # Errors
/// [`PackRefused`]; the pack in use stays.
pub fn accept(signed: &SignedPack, key: &str, known: u64) -> Result<Pack, PackRefused> {
    let key = PublicKey::from_base64(key.trim()).map_err(|_| PackRefused::Key)?;
    let signature = Signature::decode(&signed.signature).map_err(|_| PackRefused::Unsigned)?;
    key.verify(signed.text.as_bytes(), &signature, false).map_err(|_| PackRefused::Signature)?;
    let version = signature.trusted_comment().trim().strip_prefix(COMMENT);
    let version: u64 =
        version.and_then(|text| text.trim().parse().ok()).ok_or(PackRefused::Comment)?;
    if version <= known {
        return Err(PackRefused::Older { offered: version, known });
    }
    let pack = parse_pack(&signed.text).map_err(PackRefused::Pack)?;
    if pack.version != version {
        return Err(PackRefused::Version { signed: version, pack: pack.version });
    }
    Ok(pack)
}

#[cfg(test)]
mod tests {
    use super::*;
    use minisign::KeyPair;

    fn pack(version: u64) -> String {
        format!(
            "version = {version}\n[[pattern]]\nid = \"a.b\"\nko = \"가\"\nen = \"a\"\n\
             priority = \"err\"\nliterals = [\"abcde\"]\n"
        )
    }

    fn sign(pair: &KeyPair, text: &str, comment: &str) -> SignedPack {
        let made = minisign::sign(None, &pair.sk, text.as_bytes(), Some(comment), None).unwrap();
        SignedPack { text: text.to_owned(), signature: made.to_string() }
    }

    #[test]
    fn only_a_signed_and_newer_pack_is_accepted() {
        let pair = KeyPair::generate_unencrypted_keypair().unwrap();
        let other = KeyPair::generate_unencrypted_keypair().unwrap();
        let key = pair.pk.to_base64();
        let good = sign(&pair, &pack(7), "carepack-patterns version:7");
        assert_eq!(accept(&good, &key, 6).unwrap().version, 7);
        let check = |signed: &SignedPack, key: &str, known, expected| {
            assert_eq!(accept(signed, key, known).unwrap_err(), expected);
        };
        check(&good, &key, 7, PackRefused::Older { offered: 7, known: 7 });
        check(&good, &key, 9, PackRefused::Older { offered: 7, known: 9 });
        check(&good, &other.pk.to_base64(), 0, PackRefused::Signature);
        check(&good, "no key", 0, PackRefused::Key);
        let bare = SignedPack { signature: String::new(), ..good.clone() };
        check(&bare, &key, 0, PackRefused::Unsigned);
        let bent = SignedPack { text: good.text.replace("abcde", "abcdf"), ..good.clone() };
        check(&bent, &key, 0, PackRefused::Signature);
        // The comment is covered by the signature too.
        let signature = good.signature.replace("version:7", "version:8");
        let raised = SignedPack { signature, ..good.clone() };
        check(&raised, &key, 0, PackRefused::Signature);
        let mute = sign(&pair, &pack(7), "hello");
        check(&mute, &key, 0, PackRefused::Comment);
        let two = sign(&pair, &pack(3), "carepack-patterns version:7");
        check(&two, &key, 0, PackRefused::Version { signed: 7, pack: 3 });
        let bad = sign(&pair, "version = 7\nx = 1\n", "carepack-patterns version:7");
        assert!(matches!(accept(&bad, &key, 0), Err(PackRefused::Pack(_))));
    }
}
