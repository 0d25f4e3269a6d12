//! `audit`: is the chain of the audit log whole.

use std::path::Path;

use clap::Subcommand;

use crate::cli::{Exit, open, print};
use crate::store::{Store, chain_break};

/// Rows read at once.
const CHUNK_ROWS: u32 = 5_000;

#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Check every row against its digest and the row before it.
    Verify,
}

impl Audit {
    pub fn run(self, config: &Path) -> anyhow::Result<Exit> {
        open::with(config, |opened| async move {
            match self {
                Self::Verify => verify(&opened.store).await,
            }
        })
    }
}

async fn verify(store: &Store) -> anyhow::Result<Exit> {
    let (mut next, mut previous) = (1, String::new());
    loop {
        let rows = store.audit_from(next, CHUNK_ROWS).await?;
        if let Some(broken) = chain_break(&rows, next, &previous) {
            print::line(&format!(
                "row {broken} is not what was written, or does not follow the one before; compare \
                 with an export or a backup"
            ));
            return Ok(Exit::Failure);
        }
        if let Some(last) = rows.last() {
            next = last.seq + 1;
            previous.clone_from(&last.digest);
        }
        if rows.len() < CHUNK_ROWS as usize {
            print::line(&format!("{} rows, the chain is whole; last digest {previous}", next - 1));
            return Ok(Exit::Ok);
        }
    }
}
