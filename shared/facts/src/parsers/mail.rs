//! What a mail server relays, and which commands it answers.

use carepack_shared::reduce::mail::Mail;
use serde_json::{Map, Value, json};

use super::services::runs;
use crate::{Evidence, Facts, Parser, Spec};

const MAIL: &str = "survey:mail";
const KEYS: [&str; 3] = ["mail.server", "mail.postfix", "mail.sendmail"];

pub static PARSER: Parser = Parser {
    name: "mail",
    facts: &[
        Spec { key: "mail.running", unit: "", about: "a mail server runs" },
        Spec {
            key: "mail.server",
            unit: "",
            about: "postfix, sendmail or exim: the first that is configured",
        },
        Spec { key: "mail.postfix", unit: "", about: "settings of main.cf; empty without one" },
        Spec {
            key: "mail.sendmail",
            unit: "",
            about: "sendmail.cf: privacy options, whether relaying is refused; empty without one",
        },
    ],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let running = runs(evidence, &["postfix", "sendmail", "exim"], MAIL);
    facts.set("mail.running", running, MAIL);
    match evidence.survey::<Mail>(MAIL) {
        Ok(mail) => {
            let server = match (&mail.postfix, &mail.sendmail) {
                (Some(_), _) => "postfix",
                (None, Some(_)) => "sendmail",
                (None, None) => "exim",
            };
            facts.put("mail.server", server, MAIL);
            facts.put("mail.postfix", json!(mail.postfix.unwrap_or_default()), MAIL);
            let sendmail = mail.sendmail.map_or_else(
                || Value::Object(Map::new()),
                |seen| json!({"privacy": seen.privacy, "relay_refused": seen.relay_refused}),
            );
            facts.put("mail.sendmail", sendmail, MAIL);
        }
        Err(reason) => facts.miss_all(&KEYS, reason, MAIL),
    }
}
