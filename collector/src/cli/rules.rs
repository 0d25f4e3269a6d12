//! `rules test | list | facts`: what the pack holds, and whether its cases hold.

use std::path::PathBuf;

use anyhow::Context;
use carepack_assessment::{Pack, case};
use clap::Subcommand;

use super::{Exit, print};
use crate::rules;

#[derive(Debug, Subcommand)]
pub enum Rules {
    /// Run every rule's cases.
    Test {
        /// A pack folder; the built-in pack without it.
        folder: Option<PathBuf>,
    },
    /// List the rules.
    List {
        #[arg(long)]
        folder: Option<PathBuf>,
        #[arg(long)]
        json: bool,
    },
    /// List the facts that rules may use.
    Facts {
        #[arg(long)]
        json: bool,
    },
}

impl Rules {
    pub fn run(self) -> anyhow::Result<Exit> {
        match self {
            Self::Test { folder } => test(&load(folder.as_deref())?),
            Self::List { folder, json } => list(&load(folder.as_deref())?, json),
            Self::Facts { json } => facts(json),
        }
    }
}

/// The named pack, or the built-in one.
pub fn load(folder: Option<&std::path::Path>) -> anyhow::Result<Pack> {
    match folder {
        Some(folder) => rules::from_folder(folder),
        None => rules::built_in(),
    }
    .context("loading the rule pack")
}

fn test(pack: &Pack) -> anyhow::Result<Exit> {
    let outcome = case::run(pack);
    for fault in &outcome.failed {
        print::line(fault);
    }
    print::line(&format!(
        "{} rules: {} passed, {} failed",
        pack.rules.len(),
        outcome.passed,
        outcome.failed.len()
    ));
    Ok(if outcome.failed.is_empty() { Exit::Ok } else { Exit::Failure })
}

fn list(pack: &Pack, as_json: bool) -> anyhow::Result<Exit> {
    let title = |rule: &carepack_assessment::rule::Rule, language: &str| {
        rule.spec.text.get(language).map(|text| text.title.clone()).unwrap_or_default()
    };
    if as_json {
        let rules: Vec<_> = pack
            .rules
            .iter()
            .map(|rule| {
                serde_json::json!({
                    "id": rule.id, "rev": rule.spec.rev, "area": rule.area,
                    "kind": rule.spec.kind.as_str(), "needs": rule.spec.needs,
                    "ko": title(rule, "ko"), "en": title(rule, "en"),
                })
            })
            .collect();
        return print::json(&serde_json::json!({ "pack": pack.stamp, "rules": rules }));
    }
    let rows: Vec<_> = pack
        .rules
        .iter()
        .map(|rule| {
            let area = format!("{:?}", rule.area).to_lowercase();
            vec![area, rule.id.clone(), rule.spec.rev.to_string(), title(rule, "ko")]
        })
        .collect();
    print::table(&["AREA", "RULE", "REV", "TITLE"], &rows);
    Ok(Exit::Ok)
}

fn facts(as_json: bool) -> anyhow::Result<Exit> {
    let specs = carepack_facts::catalogue().chain(carepack_assessment::derived::DERIVED);
    if as_json {
        let list: Vec<_> = specs
            .map(|s| serde_json::json!({"key": s.key, "unit": s.unit, "about": s.about}))
            .collect();
        return print::json(&list);
    }
    let rows: Vec<_> =
        specs.map(|s| vec![s.key.to_owned(), s.unit.to_owned(), s.about.to_owned()]).collect();
    print::table(&["FACT", "UNIT", "WHAT"], &rows);
    Ok(Exit::Ok)
}
