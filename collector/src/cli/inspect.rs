//! `inspect` and `report`: assess a period now, write its report.

use std::path::{Path, PathBuf};

use anyhow::Context;
use carepack_assessment::Assessment;
use clap::Args;
use jiff::Timestamp;

use super::{Exit, Languages, open, print};
use crate::inspections::Inspector;
use crate::reports::{self, Cover, Lang};
use crate::store::{Contract, Inspection};

#[derive(Debug, Args)]
pub struct Inspect {
    /// The contract's name or id.
    #[arg(long)]
    contract: String,
    /// `2026-11` or `2026-Q4`; the period we are in without it.
    #[arg(long)]
    period: Option<String>,
    /// Judge with the rules of a folder instead of the built-in pack.
    #[arg(long)]
    rules: Option<PathBuf>,
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Report {
    #[arg(long)]
    contract: String,
    /// `2026-11` or `2026-Q4`; the period we are in without it.
    #[arg(long)]
    period: Option<String>,
    /// Folder for `report.LANG.pdf` and `.html`.
    #[arg(long, default_value = ".")]
    output: PathBuf,
    #[arg(long, value_enum, default_value = "both")]
    lang: Languages,
}

impl Inspect {
    pub fn run(self, config: &Path) -> anyhow::Result<Exit> {
        open::with(config, |opened| async move {
            let inspector = opened.inspector(self.rules.as_deref())?;
            let contract = opened.contract(&self.contract).await?;
            let now = Timestamp::now();
            let period = chosen(self.period, &contract, now)?;
            let assessment = inspector.inspect(&contract, &period, now).await?;
            if self.json {
                return print::json(&brief(&contract, &period, &assessment));
            }
            tell(&assessment);
            Ok(Exit::Ok)
        })
    }
}

impl Report {
    pub fn run(self, config: &Path) -> anyhow::Result<Exit> {
        open::with(config, |opened| async move {
            let inspector = opened.inspector(None)?;
            let contract = opened.contract(&self.contract).await?;
            let period = chosen(self.period, &contract, Timestamp::now())?;
            let (inspection, assessment) = inspector.assessment(&contract, &period).await?;
            let customer = opened.store.customer(contract.customer).await?;
            let customer = customer.context("the contract's customer")?;
            let cover = cover(&customer.name, &contract, &inspection, &assessment);
            write(&assessment, &cover, &self.output, self.lang.list())?;
            Ok(Exit::Ok)
        })
    }
}

/// The named period, or the one that the contract is in.
fn chosen(period: Option<String>, contract: &Contract, now: Timestamp) -> anyhow::Result<String> {
    match period {
        Some(period) => Ok(period),
        None => Ok(Inspector::period_at(contract, now)?),
    }
}

/// What stands on the cover of a contract's report.
fn cover(
    customer: &str,
    contract: &Contract,
    inspection: &Inspection,
    assessment: &Assessment,
) -> Cover {
    let short: String = inspection.id.simple().to_string().chars().rev().take(6).collect();
    Cover {
        customer: customer.to_owned(),
        contract: contract.name.clone(),
        level: contract.level.clone(),
        period: inspection.period.clone(),
        document: format!("CP-{}-{}", inspection.period, short.to_uppercase()),
        inspected_at: assessment.as_of,
        engineer: contract.engineer.clone(),
        contact: contract.customer_contact.clone(),
    }
}

/// Writes `report.LANG.{html,pdf}` and prints where.
///
/// # Errors
/// What could not be rendered or written.
pub fn write(
    assessment: &Assessment,
    cover: &Cover,
    folder: &Path,
    languages: &[Lang],
) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    for lang in languages {
        let rendered = reports::render(assessment, cover, *lang).context("rendering the report")?;
        for (ending, bytes) in [("html", rendered.html.as_bytes()), ("pdf", &rendered.pdf[..])] {
            let file = folder.join(format!("report.{}.{ending}", lang.code()));
            std::fs::write(&file, bytes).with_context(|| format!("writing {}", file.display()))?;
            print::line(&file.display().to_string());
        }
    }
    Ok(())
}

fn brief(contract: &Contract, period: &str, assessment: &Assessment) -> serde_json::Value {
    let hosts: Vec<_> = assessment
        .hosts
        .iter()
        .map(|page| {
            serde_json::json!({
                "host": page.host, "snapshot": page.snapshot.as_ref().map(|s| &s.id),
                "score": page.score, "movement": page.movement, "changes": page.changes.len(),
                "findings": page.findings.len(),
            })
        })
        .collect();
    serde_json::json!({
        "contract": contract.name, "period": period, "as_of": assessment.as_of,
        "pack": assessment.pack, "summary": assessment.summary, "hosts": hosts,
        "fix_first": assessment.fix_first,
    })
}

/// A person's summary: a line a host, then what to do first.
pub fn tell(assessment: &Assessment) {
    let score = |score: Option<u16>| score.map_or_else(|| "-".to_owned(), |s| s.to_string());
    let rows: Vec<_> = assessment
        .hosts
        .iter()
        .map(|page| {
            let count = |verdict| page.findings.iter().filter(|f| f.verdict == verdict).count();
            use carepack_assessment::model::Verdict;
            vec![
                page.host.name.clone(),
                score(page.score.effective),
                if page.snapshot.is_some() { "" } else { "접속 불가" }.to_owned(),
                count(Verdict::Danger).to_string(),
                count(Verdict::Attention).to_string(),
                count(Verdict::Unknown).to_string(),
                count(Verdict::Pass).to_string(),
                page.changes.len().to_string(),
            ]
        })
        .collect();
    let head = ["HOST", "SCORE", "STATE", "위험", "주의", "점검불가", "양호", "CHANGES"];
    print::table(&head, &rows);
    print::line(&format!("score {}", score(assessment.summary.score)));
    for (rank, priority) in assessment.fix_first.iter().take(5).enumerate() {
        let hosts = priority.hosts.join(", ");
        print::line(&format!("{}. {} ({hosts})", rank + 1, priority.ko.title));
    }
}
