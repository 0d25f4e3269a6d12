//! `pattern`: Support Patterns, from a case's snapshot to the rule pack.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::json;

use super::admin::find_host;
use super::{Exit, inspections, open, print};
use crate::reports::review::Texts;
use crate::store::{PatternState, SupportPattern};
use crate::support_patterns::draft::{self, Birth};
use crate::support_patterns::{self, Found, YAML_BYTES_MAX, hunt, tell};

#[derive(Debug, Subcommand)]
pub enum Pattern {
    /// Draft a pattern from the snapshot of a case's host, or from a rule that you wrote.
    Draft(Box<Draft>),
    /// Put another text in the place of one that does not judge yet.
    Edit {
        id: String,
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        #[arg(long)]
        by: String,
    },
    /// Try it against every stored snapshot: who has it, who had it, since when.
    Try {
        id: String,
        #[arg(long)]
        json: bool,
    },
    /// Let it run in assessments without reaching a customer.
    Shadow(Step),
    /// Let it judge; customers whose hosts have it get a notice that waits for an engineer.
    Publish(Step),
    /// Take it out.
    Retire(Step),
    List {
        #[arg(long)]
        json: bool,
    },
    /// Its text, its life, and what its last trial found.
    Show {
        id: String,
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub struct Step {
    id: String,
    #[arg(long)]
    by: String,
}

#[derive(Debug, Args)]
pub struct Draft {
    /// Id of the new rule: lower-case letters, digits and '-'.
    id: String,
    /// availability, security, stability, performance or hygiene.
    #[arg(long, default_value = "stability")]
    area: String,
    /// Number of the case that it is born from.
    #[arg(long)]
    case: String,
    /// The case's host, by name or id.
    #[arg(long)]
    host: String,
    /// When the fault was there, e.g. 2026-11-03T10:00:00Z.
    #[arg(long)]
    at: Timestamp,
    /// A rule that you wrote, instead of one drafted from the snapshot.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[arg(long, required_unless_present = "file")]
    title_ko: Option<String>,
    #[arg(long, required_unless_present = "file")]
    title_en: Option<String>,
    /// What the fault does.
    #[arg(long, required_unless_present = "file")]
    why_ko: Option<String>,
    #[arg(long, required_unless_present = "file")]
    why_en: Option<String>,
    /// What is to be done about it.
    #[arg(long, required_unless_present = "file")]
    remedy_ko: Option<String>,
    #[arg(long, required_unless_present = "file")]
    remedy_en: Option<String>,
    #[arg(long)]
    by: String,
}

impl Pattern {
    pub fn run(self, config: &Path) -> anyhow::Result<Exit> {
        open::with(config, |opened| async move {
            match self {
                Self::Draft(draft) => draft.run(&opened).await,
                Self::Edit { id, file, by } => {
                    let yaml = inspections::text(&file, YAML_BYTES_MAX as u64)?;
                    let by = (by.as_str(), Timestamp::now());
                    let to = support_patterns::edit(&opened.store, &id, &yaml, by).await?;
                    print::line(&format!("{} revision {}", to.id, to.revision));
                    Ok(Exit::Ok)
                }
                Self::Try { id, json } => attempt(&opened, &id, json).await,
                Self::Shadow(step) => advance(&opened, &step, PatternState::Shadow).await,
                Self::Publish(step) => advance(&opened, &step, PatternState::Published).await,
                Self::Retire(step) => advance(&opened, &step, PatternState::Retired).await,
                Self::List { json } => list(&opened, json).await,
                Self::Show { id, json } => show(&opened, &id, json).await,
            }
        })
    }
}

impl Draft {
    async fn run(self, opened: &open::Opened) -> anyhow::Result<Exit> {
        let host = find_host(&opened.store, &self.host).await?;
        let texts = |ko: Option<String>, en: Option<String>| Texts {
            ko: ko.unwrap_or_default(),
            en: en.unwrap_or_default(),
        };
        let birth = Birth {
            id: self.id,
            area: self.area,
            case_id: self.case,
            incident_at: self.at,
            title: texts(self.title_ko, self.title_en),
            why: texts(self.why_ko, self.why_en),
            remedy: texts(self.remedy_ko, self.remedy_en),
            by: self.by,
        };
        let now = Timestamp::now();
        let pattern = match &self.file {
            Some(file) => SupportPattern {
                id: birth.id,
                area: birth.area,
                state: PatternState::Draft,
                revision: 1,
                yaml: inspections::text(file, YAML_BYTES_MAX as u64)?,
                case_id: birth.case_id,
                host: Some(host.id),
                incident_at: Some(birth.incident_at),
                changed_at: now,
                changed_by: birth.by,
            },
            None => {
                let inspector = opened.inspector(None).await?;
                draft::draft(&inspector, &host, &birth, now).await?
            }
        };
        support_patterns::add(&opened.store, &pattern).await?;
        print::line(&pattern.yaml);
        Ok(Exit::Ok)
    }
}

async fn attempt(opened: &open::Opened, id: &str, as_json: bool) -> anyhow::Result<Exit> {
    let pattern = support_patterns::get(&opened.store, id).await?;
    let objects = opened.objects()?;
    let mut told = 0;
    let progress = |done: usize, all: usize| {
        // Each tenth once.
        let tenth = (done * 10).checked_div(all).unwrap_or(10);
        if tenth > told {
            told = tenth;
            let _ = writeln!(std::io::stderr(), "{done} of {all} hosts");
        }
    };
    let stores = (&opened.store, &objects);
    let found = hunt::hunt(stores, &pattern, Timestamp::now(), progress).await?;
    if as_json { print::json(&found) } else { tell_found(&found) }
}

fn tell_found(found: &Found) -> anyhow::Result<Exit> {
    let rows: Vec<_> = found
        .hosts
        .iter()
        .map(|host| {
            let state = if host.now { "has it" } else { "had it" };
            let case = if host.is_case { "case" } else { "no such case" };
            vec![
                host.name.clone(),
                state.to_owned(),
                host.since.to_string(),
                host.last.to_string(),
                host.times.to_string(),
                case.to_owned(),
                host.value.clone(),
            ]
        })
        .collect();
    print::table(&["HOST", "STATE", "SINCE", "LAST", "TIMES", "CASE", "VALUE"], &rows);
    let lead = found.lead_days.map_or_else(
        || "it was not seen on the case's host before the fault".to_owned(),
        |days| format!("it could have been seen {days} days before the fault"),
    );
    print::line(&format!(
        "{} snapshots judged, {} unreadable, {} hosts unknown{}; {lead}",
        found.snapshots,
        found.unreadable,
        found.unknown,
        if found.cut { " (cut at the limit)" } else { "" },
    ));
    Ok(Exit::Ok)
}

async fn advance(opened: &open::Opened, step: &Step, to: PatternState) -> anyhow::Result<Exit> {
    let now = Timestamp::now();
    let by = (step.by.as_str(), now);
    let moved = support_patterns::advance(&opened.store, &step.id, to, by).await?;
    print::line(&format!("{} {}", moved.id, moved.state.as_str()));
    if to == PatternState::Published {
        let drafted = tell::draft(&opened.store, &moved, now).await?;
        print::line(&format!("{drafted} notices drafted; release them: notice release"));
    }
    Ok(Exit::Ok)
}

fn brief(pattern: &SupportPattern) -> serde_json::Value {
    json!({
        "id": pattern.id, "area": pattern.area, "state": pattern.state.as_str(),
        "revision": pattern.revision, "case": pattern.case_id, "host": pattern.host,
        "incident_at": pattern.incident_at, "changed_at": pattern.changed_at,
        "changed_by": pattern.changed_by,
    })
}

async fn list(opened: &open::Opened, as_json: bool) -> anyhow::Result<Exit> {
    let all = opened.store.support_patterns().await?;
    if as_json {
        return print::json(&all.iter().map(brief).collect::<Vec<_>>());
    }
    let row = |pattern: &SupportPattern| {
        let (state, revision) = (pattern.state.as_str(), pattern.revision);
        let revision = revision.to_string();
        vec![pattern.id.clone(), state.to_owned(), revision, pattern.case_id.clone()]
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    print::table(&["PATTERN", "STATE", "REVISION", "CASE"], &rows);
    Ok(Exit::Ok)
}

async fn show(opened: &open::Opened, id: &str, as_json: bool) -> anyhow::Result<Exit> {
    let pattern = support_patterns::get(&opened.store, id).await?;
    let changes = opened.store.support_pattern_changes(id).await?;
    let trial = opened.store.trial(id, pattern.revision).await?;
    let found: Option<Found> = match &trial {
        Some(trial) => Some(serde_json::from_str(&trial.result).context("the last trial")?),
        None => None,
    };
    if as_json {
        let changes: Vec<_> = changes
            .iter()
            .map(|c| json!({"at": c.at, "by": c.made_by, "revision": c.revision, "state": c.state.as_str()}))
            .collect();
        return print::json(&json!({
            "pattern": brief(&pattern), "yaml": pattern.yaml, "changes": changes, "trial": found,
        }));
    }
    print::line(&pattern.yaml);
    for change in &changes {
        let (at, by, revision) = (change.at, &change.made_by, change.revision);
        print::line(&format!("{at} {} revision {revision} ({by})", change.state.as_str()));
    }
    match &found {
        Some(found) => tell_found(found),
        None => Ok(Exit::Ok),
    }
}
