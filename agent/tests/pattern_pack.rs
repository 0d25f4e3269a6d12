//! An accepted pattern pack is searched for in the next collection; one that no longer holds is
//! not.

use carepack_agent::collect::{Order, look};
use carepack_agent::config::Config;
use carepack_agent::state::State;
use carepack_shared::pattern_pack::SignedPack;
use carepack_shared::{Content, Outcome, Reason};
use minisign::KeyPair;
use serde_json::Value;

/// The log observation of a host with one line of interest.
fn observed(key: &str, pack: &SignedPack) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let recorded = folder.path().join("host");
    let log = recorded.join("root/var/log");
    std::fs::create_dir_all(&log).unwrap();
    let host = "hostname = \"a\"\ntaken_at = \"2026-11-05T00:00:00Z\"\n";
    std::fs::write(recorded.join("host.toml"), host).unwrap();
    std::fs::write(log.join("messages"), "Nov  4 01:12:00 a shop: order lost: 17\n").unwrap();
    let state = State::open(&folder.path().join("state")).unwrap();
    state.save_pattern_pack(pack).unwrap();
    let mut config = Config { patterns_key: Some(key.to_owned()), ..Config::default() };
    config.collect.recorded = Some(recorded);
    let order = Order { reason: Reason::OnDemand, period: None, request: None };
    let snapshot = look(&config, &state, &order).unwrap();
    let log = snapshot.observations.iter().find(|one| one.source.key() == "log:messages").unwrap();
    match &log.outcome {
        Outcome::Seen { content: Content::Json(value), .. } => value.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_accepted_pack_is_searched_for_and_a_bent_one_is_not() {
    let pair = KeyPair::generate_unencrypted_keypair().unwrap();
    let text = "version = 5\n[[pattern]]\nid = \"shop.lost\"\nko = \"주문 유실\"\nen = \"Order lost\"\n\
                priority = \"err\"\nliterals = [\"order lost\"]\n";
    let comment = Some("carepack-patterns version:5");
    let made = minisign::sign(None, &pair.sk, text.as_bytes(), comment, None).unwrap();
    let pack = SignedPack { text: text.to_owned(), signature: made.to_string() };
    let key = pair.pk.to_base64();
    let value = observed(&key, &pack);
    assert_eq!(value["pack_version"], 5);
    assert_eq!(value["patterns"][0]["id"], "shop.lost");
    assert_eq!(value["patterns"][0]["days"]["2026-11-04"], 1);
    assert_eq!(value["by_priority"]["err"], 1);

    let bent = SignedPack { text: text.replace("order lost", "other lost"), ..pack };
    let value = observed(&key, &bent);
    assert_eq!(
        (&value["pack_version"], value["patterns"].as_array().unwrap().len()),
        (&0.into(), 0)
    );
}
