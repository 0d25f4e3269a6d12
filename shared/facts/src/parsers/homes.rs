//! Home folders of accounts that may log in, and the start-up files in them.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Evidence, Facts, Parser, Spec};

const HOMES: &str = "survey:homes";

pub static PARSER: Parser = Parser {
    name: "homes",
    facts: &[
        Spec {
            key: "homes.list",
            unit: "",
            about: "homes: user, uid, state, owner and mode (empty where not seen)",
        },
        Spec {
            key: "homes.files",
            unit: "",
            about: "start-up files: user, uid, path, owner, mode",
        },
        Spec {
            key: "homes.unseen",
            unit: "homes",
            about: "homes that were not looked into: on a network, denied, over the limit",
        },
    ],
    parse,
};

#[derive(Deserialize)]
struct Survey {
    homes: Vec<Home>,
    truncated: bool,
}

#[derive(Deserialize)]
struct Home {
    user: String,
    uid: i64,
    home: String,
    state: String,
    mode: Option<String>,
    owner: Option<i64>,
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    name: String,
    mode: String,
    uid: i64,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    let survey = match evidence.survey::<Survey>(HOMES) {
        Ok(survey) => survey,
        Err(reason) => {
            return facts.miss_all(&["homes.list", "homes.files", "homes.unseen"], reason, HOMES);
        }
    };
    let unseen = survey.homes.iter().filter(|h| matches!(&*h.state, "denied" | "not_local"));
    let unseen = unseen.count() + usize::from(survey.truncated);
    facts.put("homes.unseen", unseen, HOMES);
    let one = |home: &Home| {
        json!({"user": home.user, "uid": home.uid, "home": home.home, "state": home.state,
               "owner": home.owner.unwrap_or(-1), "mode": home.mode.as_deref().unwrap_or("")})
    };
    facts.put("homes.list", survey.homes.iter().map(one).collect::<Vec<Value>>(), HOMES);
    let files = survey.homes.iter().flat_map(|home| {
        home.files.iter().map(move |file| {
            let path = format!("{}/{}", home.home.trim_end_matches('/'), file.name);
            json!({"user": home.user, "uid": home.uid, "name": file.name, "path": path,
                   "owner": file.uid, "mode": file.mode})
        })
    });
    facts.put("homes.files", files.collect::<Vec<Value>>(), HOMES);
}
