//! Pattern packs: asked for when the policy names a newer one, kept only when they are accepted.

use carepack_shared::pattern_pack::{PackRefused, SignedPack, accept};

use super::Resident;
use crate::state::State;
use crate::uplink::UplinkError;

/// Checks an offered pack against the one in use and keeps it; the new version.
///
/// # Errors
/// The refusal in a word; the pack in use stays.
pub fn keep(state: &State, key: &str, offered: &SignedPack) -> Result<u64, String> {
    let pack = accept(offered, key, known(state, key)).map_err(|refused| refused.to_string())?;
    state.save_pattern_pack(offered).map_err(|error| error.to_string())?;
    Ok(pack.version)
}

/// The version in use; 0 when there is none or the kept one does not hold any more.
pub fn known(state: &State, key: &str) -> u64 {
    let kept = state.pattern_pack().ok().flatten();
    let pack = kept.as_ref().map(|kept| accept(kept, key, 0));
    match pack {
        Some(Ok(pack)) => pack.version,
        // Its form is of a newer agent, its signature is good: it still stops a roll-back.
        Some(Err(PackRefused::Version { signed, .. })) => signed,
        _ => 0,
    }
}

impl Resident {
    /// Takes the pack that the policy names, when the host's settings want packs at all.
    pub(super) async fn take_patterns(&mut self, offered: Option<u64>) -> Result<(), UplinkError> {
        let (Some(version), Some(key)) = (offered, self.config.patterns_key.clone()) else {
            return Ok(());
        };
        if self.refused_pack >= version || known(&self.state, &key) >= version {
            return Ok(());
        }
        let signed = match self.uplink.patterns().await {
            Ok(signed) => signed,
            Err(UplinkError::Refused { problem, .. }) => {
                self.refused_pack = version;
                self.fault(&problem.detail, "the patterns in use stay");
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        match keep(&self.state, &key, &signed) {
            Ok(version) => tracing::info!(version, "run.patterns: a pattern pack was accepted"),
            Err(refused) => {
                // Not asked for again until another one is offered or the agent starts anew.
                self.refused_pack = version;
                self.fault(&refused, "the patterns in use stay; tell the collector's operator");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minisign::KeyPair;

    fn signed(pair: &KeyPair, version: u64) -> SignedPack {
        let text = format!(
            "version = {version}\n[[pattern]]\nid = \"shop.lost\"\nko = \"주문 유실\"\nen = \"Order \
             lost\"\npriority = \"err\"\nliterals = [\"order lost\"]\n"
        );
        let comment = format!("carepack-patterns version:{version}");
        let made = minisign::sign(None, &pair.sk, text.as_bytes(), Some(&comment), None).unwrap();
        SignedPack { text, signature: made.to_string() }
    }

    #[test]
    fn a_bad_or_older_pack_leaves_the_last_good_one() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(&folder.path().join("state")).unwrap();
        let pair = KeyPair::generate_unencrypted_keypair().unwrap();
        let stranger = KeyPair::generate_unencrypted_keypair().unwrap();
        let key = pair.pk.to_base64();
        assert_eq!(known(&state, &key), 0);
        assert_eq!(keep(&state, &key, &signed(&pair, 4)), Ok(4));
        let refused = |pack: &SignedPack, word: &str| {
            let error = keep(&state, &key, pack).unwrap_err();
            assert!(error.contains(word), "{error}");
            assert_eq!(state.pattern_pack().unwrap(), Some(signed_again(&state)));
            assert_eq!(known(&state, &key), 4);
        };
        refused(&signed(&pair, 3), "version 3, version 4 is in use");
        refused(&signed(&pair, 4), "version 4");
        refused(&signed(&stranger, 9), "not of the configured key");
        refused(&SignedPack { signature: "x".into(), ..signed(&pair, 9) }, "no minisign");
        assert_eq!(keep(&state, &key, &signed(&pair, 5)), Ok(5));
        // With another key the kept pack is worth nothing.
        assert_eq!(known(&state, &stranger.pk.to_base64()), 0);
    }

    fn signed_again(state: &State) -> SignedPack {
        state.pattern_pack().unwrap().unwrap()
    }
}
