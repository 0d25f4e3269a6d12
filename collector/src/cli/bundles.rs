//! `import FILE`: a snapshot from a host without a network, treated as hostile.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use carepack_shared::bundle;
use carepack_shared::wire::BODY_BYTES_MAX;
use clap::Args;
use jiff::Timestamp;

use super::admin::find_host;
use super::{Exit, open, print};
use crate::intake::accept::{self, Arrived};
use crate::objects::Objects;
use crate::pki;
use crate::store::{Accepted, Host};

/// Longest bundle file in bytes: a body and its header.
const FILE_BYTES_MAX: u64 = BODY_BYTES_MAX as u64 + 64 * 1024;

#[derive(Debug, Args)]
pub struct Import {
    /// A `.cpk` bundle, as `carepack-agent collect --output F.cpk` writes it.
    file: PathBuf,
    /// Take an unsigned bundle as this host's: you vouch for where it comes from.
    #[arg(long, value_name = "HOST")]
    unsigned_for: Option<String>,
}

impl Import {
    pub fn run(self, config: &Path) -> anyhow::Result<Exit> {
        let file = read(&self.file)?;
        let name = self.file.display().to_string();
        open::with(config, |opened| async move {
            let (header, snapshot, document) =
                bundle::read(&file).with_context(|| format!("bundle {name} is refused"))?;
            let host = match (&header.seal, &self.unsigned_for) {
                (Some(seal), _) => {
                    let id = pki::verify_seal(&opened.config, seal, &header, Timestamp::now())
                        .with_context(|| format!("the seal of {name} is refused"))?;
                    let host = opened.store.host(id).await?;
                    host.context("the bundle's host is not known to this collector")?
                }
                (None, Some(text)) => find_host(&opened.store, text).await?,
                (None, None) => anyhow::bail!(
                    "bundle {name} is not signed; if you vouch for it, say whose it is: \
                     --unsigned-for HOST"
                ),
            };
            ensure_same(&host, snapshot.host.id)?;
            let objects = Objects::open(&opened.config.data.join("objects")).context("opening the object store")?;
            let arrived = Arrived {
                host: host.id,
                snapshot: &snapshot,
                sha256: &header.sha256,
                bytes: document.len() as u64,
                body: bundle::compress(&document)?.into(),
                received_at: Timestamp::now(),
            };
            match accept::store(&opened.store, &objects, arrived).await? {
                Accepted::New => print::line(&format!("{} {}", header.id, host.hostname)),
                Accepted::Duplicate => {
                    print::line(&format!("{} {} (already here)", header.id, host.hostname));
                }
                Accepted::Conflict { stored_sha } => anyhow::bail!(
                    "snapshot {} is here already with another digest ({stored_sha}); the file was \
                     altered, or two hosts share an identity",
                    header.id
                ),
            }
            Ok(Exit::Ok)
        })
    }
}

fn ensure_same(host: &Host, named: Option<uuid::Uuid>) -> anyhow::Result<()> {
    ensure!(
        named.is_none_or(|id| id == host.id),
        "the snapshot speaks of another host than {}",
        host.hostname
    );
    Ok(())
}

/// Reads a bundle file, at most [`FILE_BYTES_MAX`] of it.
pub fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    use std::io::Read;
    let opened = std::fs::File::open(file).with_context(|| format!("opening {}", file.display()))?;
    ensure!(opened.metadata()?.is_file(), "{} is not a regular file", file.display());
    let mut bytes = Vec::new();
    opened
        .take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("reading {}", file.display()))?;
    ensure!(
        bytes.len() as u64 <= FILE_BYTES_MAX,
        "{} is over {FILE_BYTES_MAX} bytes: not a bundle that an agent wrote",
        file.display()
    );
    Ok(bytes)
}
