//! `inspect` and `report`: assess a period now, write its report.

use std::path::{Path, PathBuf};

use anyhow::Context;
use carepack_assessment::Assessment;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::admin::find_host;
use super::{Exit, Languages, open, print};
use crate::config::Config;
use crate::inspections::Inspector;
use crate::inspections::editions::Frozen;
use crate::inspections::manifest::verify_folder;
use crate::inspections::signing::public_file;
use crate::reports::{self, Cover, Lang, Rendered, Review};
use crate::store::{Contract, State};

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
#[command(args_conflicts_with_subcommands = true)]
pub struct Report {
    #[command(subcommand)]
    command: Option<ReportCommand>,
    #[arg(long, required_unless_present = "installation")]
    contract: Option<String>,
    /// `2026-11` or `2026-Q4`; the period we are in without it.
    #[arg(long)]
    period: Option<String>,
    /// The installation report (설치 결과 보고서) of this host instead: its first snapshot against
    /// its standard.
    #[arg(long, value_name = "HOST", conflicts_with_all = ["contract", "period"])]
    installation: Option<String>,
    /// Folder for `report.LANG.pdf` and `.html`.
    #[arg(long, default_value = ".")]
    output: PathBuf,
    #[arg(long, value_enum, default_value = "both")]
    lang: Languages,
}

#[derive(Debug, Subcommand)]
enum ReportCommand {
    /// Check a folder that an edition was exported to: every file against the manifest, and the
    /// manifest against its signature.
    Verify {
        folder: PathBuf,
        /// The public key; that of this collector without it.
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        #[arg(long)]
        json: bool,
    },
}

impl Inspect {
    pub fn run(self, config: &Path) -> anyhow::Result<Exit> {
        open::with(config, |opened| async move {
            let inspector = opened.inspector(self.rules.as_deref()).await?;
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
        if let Some(ReportCommand::Verify { folder, key, json }) = &self.command {
            return verify(config, folder, key.as_deref(), *json);
        }
        open::with(config, |opened| async move {
            if let Some(host) = &self.installation {
                return installation(&opened, host, (&self.output, self.lang)).await;
            }
            let contract = opened.contract(self.contract.as_deref().unwrap_or_default()).await?;
            let period = chosen(self.period, &contract, Timestamp::now())?;
            let inspector = opened.inspector(None).await?;
            let (inspection, assessment) = inspector.assessment(&contract, &period).await?;
            let published = matches!(inspection.state, State::Published | State::Acknowledged);
            let edition = opened.store.editions(inspection.id).await?.pop();
            let (assessment, frozen) = match edition.filter(|_| published) {
                Some(edition) => inspector.frozen(&edition).await?,
                None => inspector.drafted(&contract, (&inspection, &assessment)).await?,
            };
            let Frozen { cover, review } = &frozen;
            write(&assessment, (cover, review), &self.output, self.lang.list())?;
            Ok(Exit::Ok)
        })
    }
}

/// Writes `installation.LANG.{html,pdf}` of a host.
async fn installation(
    opened: &open::Opened,
    host: &str,
    (folder, lang): (&Path, Languages),
) -> anyhow::Result<Exit> {
    let host = find_host(&opened.store, host).await?;
    let contract = opened.store.contract(host.contract).await?.context("the host's contract")?;
    let customer = opened.store.customer(contract.customer).await?;
    let inspector = opened.inspector(None).await?;
    let assessment = inspector.installation(&contract, &host).await?;
    let assessment =
        assessment.with_context(|| format!("{} has sent no snapshot yet", host.hostname))?;
    let period = Inspector::period_at(&contract, assessment.as_of)?;
    let short: String = host.id.simple().to_string().chars().rev().take(6).collect();
    let cover = Cover {
        customer: customer.map(|customer| customer.name).unwrap_or_default(),
        contract: contract.name.clone(),
        level: contract.level.clone(),
        document: format!("CPI-{period}-{}", short.to_uppercase()),
        period,
        inspected_at: assessment.as_of,
        engineer: contract.engineer.clone(),
        contact: contract.customer_contact.clone(),
    };
    for lang in lang.list() {
        let rendered = reports::render_installation(&assessment, &cover, *lang)?;
        let rendered = rendered.with_context(|| {
            format!(
                "no standard is named for {}; name one in DATA/standards/contracts.yaml",
                host.hostname
            )
        })?;
        save(folder, &format!("installation.{}", lang.code()), &rendered)?;
    }
    Ok(Exit::Ok)
}

/// Writes `NAME.{html,pdf}` and prints where.
pub fn save(folder: &Path, name: &str, rendered: &Rendered) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    for (ending, bytes) in [("html", rendered.html.as_bytes()), ("pdf", &rendered.pdf[..])] {
        let file = folder.join(format!("{name}.{ending}"));
        std::fs::write(&file, bytes).with_context(|| format!("writing {}", file.display()))?;
        print::line(&file.display().to_string());
    }
    Ok(())
}

/// Checks an exported edition; ends with 1 when it is not what was published.
fn verify(config: &Path, folder: &Path, key: Option<&Path>, as_json: bool) -> anyhow::Result<Exit> {
    let key = match key {
        Some(key) => key.to_owned(),
        None => public_file(&Config::load(config)?.data),
    };
    let verified = verify_folder(folder, &key)
        .with_context(|| format!("the edition in {} does not hold", folder.display()))?;
    if as_json {
        return print::json(&verified);
    }
    for name in &verified.unsigned {
        print::note(&format!("{name} lies beside the edition and is not signed"));
    }
    let manifest = &verified.manifest;
    print::line(&format!(
        "{} edition {}: {} files as published {} by {}",
        manifest.document,
        manifest.edition,
        manifest.files.len(),
        manifest.published_at,
        manifest.published_by
    ));
    Ok(Exit::Ok)
}

/// The named period, or the one that the contract is in.
fn chosen(period: Option<String>, contract: &Contract, now: Timestamp) -> anyhow::Result<String> {
    match period {
        Some(period) => Ok(period),
        None => Ok(Inspector::period_at(contract, now)?),
    }
}

/// Writes `report.LANG.{html,pdf}` and prints where.
///
/// # Errors
/// What could not be rendered or written.
pub fn write(
    assessment: &Assessment,
    (cover, review): (&Cover, &Review),
    folder: &Path,
    languages: &[Lang],
) -> anyhow::Result<()> {
    for lang in languages {
        let rendered = reports::render_reviewed(assessment, cover, review, *lang);
        let rendered = rendered.context("rendering the report")?;
        save(folder, &format!("report.{}", lang.code()), &rendered)?;
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
