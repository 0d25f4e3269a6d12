//! `inspection review …`: entries on findings, the overall opinion, the three names.

use std::path::PathBuf;

use anyhow::Context;
use carepack_assessment::model::Verdict;
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;

use super::Of;
use crate::cli::{Exit, open, print};
use crate::inspections::Inspector;
use crate::inspections::review::{Accepted, Decision, Reviewing, Role, Wish, findings};
use crate::store::Decided;

/// Longest file of an opinion in bytes.
const OPINION_BYTES_MAX: u64 = 256 * 1024;

#[derive(Debug, Subcommand)]
pub enum Review {
    /// Take an assessed inspection into review, or reopen a published one for a corrected edition.
    Open {
        #[command(flatten)]
        of: Of,
    },
    /// Confirm a verdict as it was judged; `--all` every failing one that is not decided yet.
    Accept {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        on: Option<On>,
        #[arg(long, conflicts_with_all = ["place", "rule"])]
        all: bool,
        #[arg(long)]
        by: String,
    },
    /// Replace a verdict; the judged one stays on the report.
    Correct {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        on: On,
        #[arg(long, value_enum)]
        verdict: VerdictWord,
        /// 정정 사유
        #[arg(long)]
        reason: String,
        #[arg(long)]
        by: String,
    },
    /// Say something on a finding, or link it to a case.
    Comment {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        on: On,
        #[arg(long)]
        ko: Option<String>,
        #[arg(long)]
        en: Option<String>,
        /// Number of the case, e.g. C-2026-0001; empty for none.
        #[arg(long)]
        case: Option<String>,
        #[arg(long)]
        by: String,
    },
    /// Register the risk of a finding as accepted until a date.
    Except(Except),
    /// Take a decision back; words stay.
    Reopen {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        on: On,
        #[arg(long)]
        by: String,
    },
    /// Show or replace the overall opinion. An empty file brings the draft back.
    Opinion {
        #[command(flatten)]
        of: Of,
        /// File with the Korean text, a paragraph a line.
        #[arg(long, value_name = "FILE")]
        ko: Option<PathBuf>,
        /// File with the English text.
        #[arg(long, value_name = "FILE")]
        en: Option<PathBuf>,
    },
    /// Put a name under the review: author (작성), reviewer (검토), approver (승인), in this order.
    Sign {
        #[command(flatten)]
        of: Of,
        #[arg(value_enum)]
        role: RoleWord,
        #[arg(long)]
        name: String,
    },
}

/// Which finding.
#[derive(Debug, Args)]
pub struct On {
    /// Name or id of the host, or name of the cluster or link.
    #[arg(long = "on", id = "place")]
    place: String,
    #[arg(long)]
    rule: String,
}

#[derive(Debug, Args)]
pub struct Except {
    #[command(flatten)]
    of: Of,
    #[command(flatten)]
    on: On,
    /// 사유
    #[arg(long)]
    reason: String,
    /// 위험성
    #[arg(long)]
    risk: String,
    /// 보완대책
    #[arg(long)]
    compensation: String,
    /// 승인자
    #[arg(long)]
    approver: String,
    /// Last day on which it holds, in the contract's time zone.
    #[arg(long)]
    until: Date,
    #[arg(long)]
    by: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum VerdictWord {
    Danger,
    Attention,
    Pass,
    NotApplicable,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum RoleWord {
    Author,
    Reviewer,
    Approver,
}

impl Review {
    pub async fn run(self, opened: &open::Opened) -> anyhow::Result<Exit> {
        match self {
            Self::Open { of } => {
                let (contract, period) = of.find(opened).await?;
                opened.inspector(None).await?.open_review(&contract, &period).await?;
                Ok(Exit::Ok)
            }
            Self::Accept { of, on: Some(on), by, .. } => {
                decide(opened, &of, &on, (Decision::Accept.into(), &by)).await
            }
            Self::Accept { of, all: true, by, .. } => accept_all(opened, &of, &by).await,
            Self::Accept { .. } => anyhow::bail!("name a finding with --on and --rule, or --all"),
            Self::Correct { of, on, verdict, reason, by } => {
                let verdict = verdict.verdict();
                let decision = Decision::Correct { verdict, reason };
                decide(opened, &of, &on, (decision.into(), &by)).await
            }
            Self::Comment { of, on, ko, en, case, by } => {
                let wish = Wish { decision: None, comment_ko: ko, comment_en: en, case_id: case };
                decide(opened, &of, &on, (wish, &by)).await
            }
            Self::Except(except) => except.run(opened).await,
            Self::Reopen { of, on, by } => {
                decide(opened, &of, &on, (Decision::Reopen.into(), &by)).await
            }
            Self::Opinion { of, ko, en } => opinion(opened, &of, ko, en).await,
            Self::Sign { of, role, name } => {
                let (inspector, reviewing) = reviewing(opened, &of).await?;
                let role = match role {
                    RoleWord::Author => Role::Author,
                    RoleWord::Reviewer => Role::Reviewer,
                    RoleWord::Approver => Role::Approver,
                };
                inspector.sign(&reviewing, role, (&name, Timestamp::now())).await?;
                Ok(Exit::Ok)
            }
        }
    }
}

impl From<Decision> for Wish {
    fn from(decision: Decision) -> Self {
        Self { decision: Some(decision), ..Self::default() }
    }
}

impl VerdictWord {
    const fn verdict(self) -> Verdict {
        match self {
            Self::Danger => Verdict::Danger,
            Self::Attention => Verdict::Attention,
            Self::Pass => Verdict::Pass,
            Self::NotApplicable => Verdict::NotApplicable,
        }
    }
}

async fn reviewing(opened: &open::Opened, of: &Of) -> anyhow::Result<(Inspector, Reviewing)> {
    let (contract, period) = of.find(opened).await?;
    let inspector = opened.inspector(None).await?;
    let reviewing = inspector.reviewing(&contract, &period).await?;
    Ok((inspector, reviewing))
}

async fn decide(
    opened: &open::Opened,
    of: &Of,
    on: &On,
    (wish, by): (Wish, &str),
) -> anyhow::Result<Exit> {
    let (inspector, reviewing) = reviewing(opened, of).await?;
    let at = (on.place.as_str(), on.rule.as_str());
    inspector.decide(&reviewing, at, &wish, (by, Timestamp::now())).await?;
    Ok(Exit::Ok)
}

async fn accept_all(opened: &open::Opened, of: &Of, by: &str) -> anyhow::Result<Exit> {
    let (inspector, mut read) = reviewing(opened, of).await?;
    let decided = |subject: &str, rule: &str| {
        let on = |e: &&crate::store::ReviewFinding| e.subject == subject && e.rule == rule;
        read.entries.iter().find(on).is_some_and(|entry| entry.decided != Decided::Open)
    };
    let open: Vec<(String, String)> = findings(&read.assessment)
        .filter(|(_, _, f)| matches!(f.verdict, Verdict::Danger | Verdict::Attention))
        .filter(|(subject, _, f)| !decided(subject, &f.rule))
        .map(|(subject, _, f)| (subject, f.rule.clone()))
        .collect();
    for (subject, rule) in &open {
        let at = (subject.as_str(), rule.as_str());
        let wish = Decision::Accept.into();
        inspector.decide(&read, at, &wish, (by, Timestamp::now())).await?;
        read.review.revision += 1;
    }
    print::line(&format!("{} accepted", open.len()));
    Ok(Exit::Ok)
}

impl Except {
    async fn run(self, opened: &open::Opened) -> anyhow::Result<Exit> {
        let (contract, _) = self.of.find(opened).await?;
        let zone = jiff::tz::TimeZone::get(&contract.schedule.time_zone)?;
        let end = self.until.tomorrow().context("the last day")?;
        let accepted = Accepted {
            reason: self.reason,
            risk: self.risk,
            compensation: self.compensation,
            approver: self.approver,
            expires_at: end.to_zoned(zone)?.timestamp(),
        };
        decide(opened, &self.of, &self.on, (Decision::Except(accepted).into(), &self.by)).await
    }
}

async fn opinion(
    opened: &open::Opened,
    of: &Of,
    ko: Option<PathBuf>,
    en: Option<PathBuf>,
) -> anyhow::Result<Exit> {
    let (inspector, reviewing) = reviewing(opened, of).await?;
    if ko.is_none() && en.is_none() {
        let at = (&reviewing.inspection, &reviewing.assessment);
        let (_, frozen) = inspector.drafted(&reviewing.contract, at).await?;
        print::line(&frozen.review.opinion.ko);
        print::line("");
        print::line(&frozen.review.opinion.en);
        return Ok(Exit::Ok);
    }
    let read = |file: Option<PathBuf>| -> anyhow::Result<Option<String>> {
        let Some(file) = file else { return Ok(None) };
        Ok(Some(super::text(&file, OPINION_BYTES_MAX)?))
    };
    let (ko, en) = (read(ko)?, read(en)?);
    inspector.set_opinion(&reviewing, ko.as_deref(), en.as_deref()).await?;
    Ok(Exit::Ok)
}
