//! Subscription, the minor release that the host is held to, and its declared purpose.
//!
//! ```text
//! survey:subscription                    {"registered":true,"consumer_until":1803859200,
//!                                         "entitlements":[1803859200],"unreadable":0,
//!                                         "content_access":"simple"}
//! /var/lib/rhsm/cache/releasever.json    {"releaseVer": "9.4"}
//! /etc/dnf/vars/releasever               9.4
//! /etc/rhsm/syspurpose/syspurpose.json   {"role": "…", "service_level_agreement": "Premium",
//!                                         "usage": "Production"}
//! ```

use carepack_shared::Unseen;
use serde::Deserialize;
use serde_json::Value;

use crate::{Evidence, Facts, Parser, Spec};

const SURVEY: &str = "survey:subscription";
const PURPOSE: &str = "/etc/rhsm/syspurpose/syspurpose.json";
const RELEASE: &str = "/var/lib/rhsm/cache/releasever.json";
const VARS: [&str; 2] = ["/etc/dnf/vars/releasever", "/etc/yum/vars/releasever"];

pub static PARSER: Parser = Parser {
    name: "subscription",
    facts: &[
        Spec {
            key: "subscription.registered",
            unit: "",
            about: "the host has an identity at its subscription service",
        },
        Spec {
            key: "subscription.consumer_until",
            unit: "epoch s",
            about: "end of the identity's certificate",
        },
        Spec {
            key: "subscription.entitlements",
            unit: "epoch s",
            about: "ends of the entitlement certificates",
        },
        Spec {
            key: "subscription.content_access",
            unit: "",
            about: "simple, or entitlement by entitlement",
        },
        Spec {
            key: "subscription.release",
            unit: "",
            about: "the release that repositories are held to, e.g. 9.4; empty where to none",
        },
        Spec {
            key: "subscription.purpose",
            unit: "",
            about: "role, service level and usage as declared",
        },
    ],
    parse,
};

#[derive(Deserialize)]
struct Subscription {
    registered: bool,
    consumer_until: Option<i64>,
    entitlements: Vec<i64>,
    content_access: Option<String>,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    match evidence.survey::<Subscription>(SURVEY) {
        Ok(seen) => {
            facts.put("subscription.registered", seen.registered, SURVEY);
            let until = seen.consumer_until.ok_or(Unseen::Absent);
            facts.set("subscription.consumer_until", until, SURVEY);
            facts.put("subscription.entitlements", seen.entitlements, SURVEY);
            let access = seen.content_access.ok_or(Unseen::Absent);
            facts.set("subscription.content_access", access, SURVEY);
        }
        Err(reason) => {
            let keys = PARSER.facts.iter().map(|spec| spec.key).take(4);
            keys.for_each(|key| facts.miss(key, reason, SURVEY));
        }
    }
    let (release, source) = release(evidence);
    facts.set("subscription.release", release, source);
    let purpose = evidence.text(PURPOSE).and_then(|text| {
        let value: Value = serde_json::from_str(text).map_err(|_| Unseen::Malformed)?;
        value.is_object().then_some(value).ok_or(Unseen::Malformed)
    });
    facts.set("subscription.purpose", purpose, PURPOSE);
}

/// What subscription-manager set comes first; a variable of dnf or yum holds too.
fn release<'e>(evidence: &Evidence<'e>) -> (Result<&'e str, Unseen>, &'static str) {
    let set = evidence.text(RELEASE).ok().and_then(set_release).filter(|text| !text.is_empty());
    if let Some(release) = set {
        return (Ok(release), RELEASE);
    }
    let variable = VARS.iter().find_map(|path| Some((evidence.text(path).ok()?.trim(), *path)));
    if let Some((release, path)) = variable.filter(|(text, _)| !text.is_empty()) {
        return (Ok(release), path);
    }
    // Only an answered look says that it is held to none.
    let places = [RELEASE, VARS[0], VARS[1]];
    let looked = places.iter().any(|path| evidence.text(path).is_ok() || evidence.is_absent(path));
    let refused = places.iter().find_map(|path| match evidence.text(path) {
        Err(reason) if reason != Unseen::Absent => Some((Err(reason), *path)),
        _ => None,
    });
    let none = if looked { Ok("") } else { Err(Unseen::Absent) };
    refused.unwrap_or((none, RELEASE))
}

/// The word after `releaseVer`, borrowed: the value is plain letters, digits and dots.
fn set_release(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("\"releaseVer\"")?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    rest.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_that_was_set() {
        assert_eq!(set_release("{\"releaseVer\": \"9.4\"}"), Some("9.4"));
        assert_eq!(set_release("{\"releaseVer\":\"\"}"), Some(""));
        assert_eq!(set_release("{\"releaseVer\": null}"), None);
        assert_eq!(set_release("[\"releaseVer"), None);
    }
}
