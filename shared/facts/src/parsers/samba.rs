//! Shares of a Samba server.

use carepack_shared::reduce::samba::Section;
use serde_json::{Value, json};

use super::services::runs;
use crate::{Evidence, Facts, Parser, Spec};

const SAMBA: &str = "survey:samba";

pub static PARSER: Parser = Parser {
    name: "samba",
    facts: &[
        Spec { key: "samba.running", unit: "", about: "a Samba server runs" },
        Spec { key: "samba.sections", unit: "", about: "global and shares: name and settings" },
    ],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    facts.set("samba.running", runs(evidence, &["smb", "nmb"], SAMBA), SAMBA);
    let sections = evidence.survey::<Vec<Section>>(SAMBA).map(|sections| {
        let one = |s: Section| json!({"name": s.name, "settings": s.settings});
        sections.into_iter().map(one).collect::<Vec<Value>>()
    });
    facts.set("samba.sections", sections, SAMBA);
}
