//! `patterns`: the signed packs of log patterns that agents may fetch.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::{Exit, print};
use crate::config::Config;
use crate::pattern_packs;

#[derive(Debug, Subcommand)]
pub enum Patterns {
    /// Hand out a pack: FILE, and its signature FILE.minisig beside it.
    Add { file: PathBuf },
}

impl Patterns {
    pub fn run(self, config: &Path) -> anyhow::Result<Exit> {
        let config = Config::load(config)?;
        match self {
            Self::Add { file } => {
                let version = pattern_packs::add(&config.data, &file)?;
                print::line(&format!("patterns {version}"));
                Ok(Exit::Ok)
            }
        }
    }
}
