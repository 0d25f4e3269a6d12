//! `inspection`: what becomes of an assessed period — review, publication, acknowledgement, visits.

mod list;
mod publish;
mod review;
mod visit;

use std::path::Path;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::{Exit, open};
use crate::inspections::Inspector;
use crate::store::Contract;

#[derive(Debug, Subcommand)]
pub enum Inspection {
    /// List inspections, missed ones too.
    List {
        /// Of one contract, by name or id; of all without it.
        #[arg(long)]
        contract: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// One inspection: its findings with what was decided on them, its names, its editions.
    Show {
        #[command(flatten)]
        of: Of,
        /// Only findings that fail and are not decided yet.
        #[arg(long)]
        open: bool,
        #[arg(long)]
        json: bool,
    },
    /// Say what an engineer says of an inspection.
    #[command(subcommand)]
    Review(review::Review),
    /// Publish a signed review as the next edition.
    Publish(publish::Publish),
    /// Record that the customer confirms the published report (확인).
    Acknowledge(publish::Acknowledge),
    /// Write an edition's files, manifest and signature to a folder.
    Export(publish::Export),
    /// Check the stored editions of an inspection against their manifests and signatures.
    Verify(publish::Verify),
    /// Visits on site (방문 예방 점검).
    #[command(subcommand)]
    Visit(visit::Visit),
}

/// Which inspection.
#[derive(Debug, Args)]
pub struct Of {
    /// The contract's name or id.
    #[arg(long)]
    contract: String,
    /// `2026-11` or `2026-Q4`; the period we are in without it.
    #[arg(long)]
    period: Option<String>,
}

impl Of {
    async fn find(&self, opened: &open::Opened) -> anyhow::Result<(Contract, String)> {
        let contract = opened.contract(&self.contract).await?;
        let period = match &self.period {
            Some(period) => period.clone(),
            None => Inspector::period_at(&contract, Timestamp::now())?,
        };
        Ok((contract, period))
    }
}

impl Inspection {
    pub fn run(self, config: &Path) -> anyhow::Result<Exit> {
        open::with(config, |opened| async move {
            match self {
                Self::List { contract, json } => list::list(&opened, contract, json).await,
                Self::Show { of, open, json } => list::show(&opened, &of, (open, json)).await,
                Self::Review(review) => review.run(&opened).await,
                Self::Publish(publish) => publish.run(&opened).await,
                Self::Acknowledge(acknowledge) => acknowledge.run(&opened).await,
                Self::Export(export) => export.run(&opened).await,
                Self::Verify(verify) => verify.run(&opened).await,
                Self::Visit(visit) => visit.run(&opened).await,
            }
        })
    }
}

/// A text file under a cap.
///
/// # Errors
/// When it cannot be read or is longer.
pub(super) fn text(file: &Path, bytes_max: u64) -> anyhow::Result<String> {
    use std::io::Read;

    use anyhow::{Context, ensure};
    let read = || format!("reading {}", file.display());
    let mut text = String::new();
    let opened = std::fs::File::open(file).with_context(read)?;
    opened.take(bytes_max + 1).read_to_string(&mut text).with_context(read)?;
    ensure!(text.len() as u64 <= bytes_max, "{} is over {bytes_max} bytes", file.display());
    Ok(text)
}
