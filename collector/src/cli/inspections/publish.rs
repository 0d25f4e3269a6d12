//! `inspection publish | acknowledge | export | verify`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use jiff::Timestamp;

use super::Of;
use super::list::issued;
use crate::cli::{Exit, open, print};
use crate::inspections::Inspector;
use crate::store::{Acknowledged, Edition};

#[derive(Debug, Args)]
pub struct Publish {
    #[command(flatten)]
    of: Of,
    /// Who publishes.
    #[arg(long)]
    by: String,
    /// Why there is another edition; a first one needs none.
    #[arg(long, default_value = "")]
    reason: String,
    /// Also write the edition to this folder.
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Acknowledge {
    #[command(flatten)]
    of: Of,
    /// Who confirms, on the customer's side.
    #[arg(long)]
    name: String,
    #[arg(long, default_value = "")]
    comment: String,
}

#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    of: Of,
    /// Number of the edition; the newest without it.
    #[arg(long)]
    edition: Option<u32>,
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
}

#[derive(Debug, Args)]
pub struct Verify {
    #[command(flatten)]
    of: Of,
    #[arg(long)]
    json: bool,
}

impl Publish {
    pub async fn run(self, opened: &open::Opened) -> anyhow::Result<Exit> {
        let (contract, period) = self.of.find(opened).await?;
        let inspector = opened.inspector(None).await?;
        let reviewing = inspector.reviewing(&contract, &period).await?;
        let by = (self.by.as_str(), Timestamp::now());
        let edition = inspector.publish(&reviewing, &self.reason, by).await?;
        print::line(&format!("{} edition {}", edition.document, edition.number));
        if let Some(folder) = &self.output {
            write(&inspector, &edition, folder).await?;
        }
        Ok(Exit::Ok)
    }
}

impl Acknowledge {
    pub async fn run(self, opened: &open::Opened) -> anyhow::Result<Exit> {
        let (contract, period) = self.of.find(opened).await?;
        let inspector = opened.inspector(None).await?;
        let at = Timestamp::now();
        let acknowledged = Acknowledged { at, name: self.name, comment: self.comment };
        let edition = inspector.acknowledge(&contract, &period, &acknowledged).await?;
        print::line(&format!("{} edition {}", edition.document, edition.number));
        Ok(Exit::Ok)
    }
}

impl Export {
    pub async fn run(self, opened: &open::Opened) -> anyhow::Result<Exit> {
        let (contract, period) = self.of.find(opened).await?;
        let inspector = opened.inspector(None).await?;
        let editions = inspector.editions(&contract, &period).await?;
        let edition = match self.edition {
            Some(number) => editions.into_iter().find(|edition| edition.number == number),
            None => editions.into_iter().next_back(),
        };
        let edition =
            edition.context("there is no edition of this number; see: inspection show")?;
        write(&inspector, &edition, &self.output).await
    }
}

impl Verify {
    pub async fn run(self, opened: &open::Opened) -> anyhow::Result<Exit> {
        let (contract, period) = self.of.find(opened).await?;
        let inspector = opened.inspector(None).await?;
        let editions = inspector.editions(&contract, &period).await?;
        let mut values = Vec::new();
        for edition in &editions {
            let (manifest, files) = inspector.export(edition).await?;
            values.push(issued(edition));
            if !self.json {
                let (document, number) = (&manifest.document, manifest.edition);
                print::line(&format!("{document} edition {number}: {} files hold", files.len()));
            }
        }
        if self.json { print::json(&values) } else { Ok(Exit::Ok) }
    }
}

/// Writes an edition's files and prints where.
///
/// # Errors
/// What is not as it was published, or cannot be written.
pub async fn write(
    inspector: &Inspector,
    edition: &Edition,
    folder: &Path,
) -> anyhow::Result<Exit> {
    let (_, files) = inspector.export(edition).await?;
    std::fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    for file in files {
        let path = folder.join(&file.name);
        std::fs::write(&path, &file.bytes)
            .with_context(|| format!("writing {}", path.display()))?;
        print::line(&path.display().to_string());
    }
    Ok(Exit::Ok)
}
