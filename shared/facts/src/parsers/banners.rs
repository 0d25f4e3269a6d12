//! Texts shown at login.

use carepack_shared::reduce::banner::Banner;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{Evidence, Facts, Parser, Spec};

const BANNERS: &str = "survey:banners";

pub static PARSER: Parser = Parser {
    name: "banners",
    facts: &[
        Spec { key: "banners.texts", unit: "", about: "file → the text shown, its beginning" },
        Spec { key: "banners.sshd", unit: "", about: "file that sshd shows; empty without one" },
    ],
    parse,
};

#[derive(Deserialize)]
struct Shown {
    texts: Vec<Banner>,
    sshd: Option<String>,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    match evidence.survey::<Shown>(BANNERS) {
        Ok(shown) => {
            let one = |banner: Banner| (banner.file, Value::from(banner.text));
            let texts: Map<String, Value> = shown.texts.into_iter().map(one).collect();
            facts.put("banners.texts", json!(texts), BANNERS);
            facts.put("banners.sshd", shown.sshd.unwrap_or_default(), BANNERS);
        }
        Err(reason) => facts.miss_all(&["banners.texts", "banners.sshd"], reason, BANNERS),
    }
}
