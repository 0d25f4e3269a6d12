//! `import FILE`: a snapshot from a host without a network, or another tool's archive. Both are
//! treated as hostile.

mod chain;

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use carepack_shared::digest::sha256_hex;
use carepack_shared::wire::BODY_BYTES_MAX;
use carepack_shared::{Snapshot, bundle};
use clap::Args;
use jiff::Timestamp;

use super::admin::find_host;
use super::{Exit, archive, open, print};
use crate::archives;
use crate::objects::snapshot_key;
use crate::pki::Authority;
use crate::store::{Accepted, Host, SnapshotRow};

/// Longest bundle file in bytes: a body and its header.
const FILE_BYTES_MAX: u64 = BODY_BYTES_MAX as u64 + 64 * 1024;

#[derive(Debug, Args)]
pub struct Import {
    /// A `.cpk` bundle, as `carepack-agent collect --output F.cpk` writes it, or a sosreport or an
    /// insights archive (packed or unpacked).
    file: PathBuf,
    /// Whose it is, when it is not sealed: you vouch for where it comes from.
    #[arg(long, value_name = "HOST", alias = "unsigned-for")]
    host: Option<String>,
    /// The inspection period of an archive, e.g. 2026-11; the one it was made in without it.
    #[arg(long)]
    period: Option<String>,
    /// When an archive was made that does not say so itself.
    #[arg(long, value_name = "TIME")]
    taken_at: Option<Timestamp>,
}

/// A checked snapshot and the bytes that its digest is of.
struct Incoming {
    snapshot: Snapshot,
    document: Vec<u8>,
    sha256: String,
}

impl Import {
    pub fn run(self, config: &Path) -> anyhow::Result<Exit> {
        if archive::is_archive(&self.file) {
            return self.archive(config);
        }
        let file = read(&self.file)?;
        let name = self.file.display().to_string();
        open::with(config, |opened| async move {
            let (header, snapshot, document) =
                bundle::read(&file).with_context(|| format!("bundle {name} is refused"))?;
            let host = match (&header.seal, &self.host) {
                (Some(_), _) => sealed_by(&opened, &header, &snapshot)
                    .await
                    .with_context(|| format!("the seal of {name} is refused"))?,
                (None, Some(text)) => find_host(&opened.store, text).await?,
                (None, None) => anyhow::bail!(
                    "bundle {name} is not signed; if you vouch for it, say whose it is: \
                     --host HOST"
                ),
            };
            ensure_same(&host, snapshot.host.id)?;
            let link = header.seal.as_ref().and_then(|seal| seal.link.as_ref());
            let handover = match (&header.seal, link) {
                (Some(seal), Some(link)) => {
                    chain::check_sheet(&self.file, (&snapshot, &file), link)?;
                    Some(chain::handover(&host, (&snapshot, &file), (seal, link))?)
                }
                _ => None,
            };
            let incoming = Incoming { snapshot, document, sha256: header.sha256 };
            let exit = keep(&opened, &host, incoming).await?;
            if let Some(handover) = handover {
                chain::record(&opened.store, &host, handover).await?;
            }
            Ok(exit)
        })
    }

    /// Another tool's archive. It names no host of ours: the engineer does.
    fn archive(self, config: &Path) -> anyhow::Result<Exit> {
        let host = self.host.with_context(|| {
            let name = self.file.display();
            format!("{name} is another tool's archive; say whose it is: --host HOST")
        })?;
        let mut snapshot = archive::read(&self.file, self.taken_at)?;
        open::with(config, |opened| async move {
            let host = find_host(&opened.store, &host).await?;
            let same = (snapshot.host.machine.as_deref(), host.machine.as_deref());
            if let (Some(seen), Some(known)) = same
                && seen != known
            {
                print::note("the archive comes from another machine than the one that enrolled");
            }
            if !host.hostname.eq_ignore_ascii_case(&snapshot.host.hostname) {
                let name = &snapshot.host.hostname;
                print::note(&format!("the archive calls its host {name}, not {}", host.hostname));
            }
            let period = period_of(&opened, &host, self.period, snapshot.taken_at).await?;
            archives::put_into(&mut snapshot, period);
            let document = snapshot.to_document();
            let sha256 = sha256_hex(&document);
            keep(&opened, &host, Incoming { snapshot, document, sha256 }).await
        })
    }
}

/// Keeps a checked snapshot of a host: object first, then row, so that a row never points to
/// nothing.
async fn keep(opened: &open::Opened, host: &Host, incoming: Incoming) -> anyhow::Result<Exit> {
    let Incoming { snapshot, document, sha256 } = incoming;
    let objects = opened.objects()?;
    let body = bundle::compress(&document).context("compressing the document")?;
    let row = SnapshotRow {
        id: snapshot.id,
        host: host.id,
        object_key: snapshot_key(host.id, snapshot.id, &sha256),
        sha256,
        bytes: document.len() as u64,
        stored_bytes: body.len() as u64,
        reason: snapshot.reason.as_str().to_owned(),
        period: snapshot.period.clone(),
        taken_at: snapshot.taken_at,
        received_at: Timestamp::now(),
        recorded: snapshot.host.recorded,
    };
    if opened.store.snapshot(row.id).await?.is_none() {
        objects.put(&row.object_key, body).await?;
    }
    match opened.store.accept_snapshot(&row).await? {
        Accepted::New => print::line(&format!("{} {}", row.id, host.hostname)),
        Accepted::Duplicate => {
            print::line(&format!("{} {} (already here)", row.id, host.hostname));
        }
        Accepted::Conflict { stored_sha } => anyhow::bail!(
            "snapshot {} is here already with another digest ({stored_sha}); the file was \
             altered, or two hosts share an identity",
            row.id
        ),
    }
    Ok(Exit::Ok)
}

/// The period that an archive is for: the one named, else the one it was made in, both by the
/// contract's calendar.
async fn period_of(
    opened: &open::Opened,
    host: &Host,
    named: Option<String>,
    taken_at: Timestamp,
) -> anyhow::Result<String> {
    let contract = opened.store.contract(host.contract).await?.context("the host's contract")?;
    match named {
        Some(period) => {
            contract.schedule.slot_of(&period, "").context("the period of --period")?;
            Ok(period)
        }
        None => Ok(contract.schedule.slot_at(taken_at, "")?.period),
    }
}

/// The host whose certificate sealed a bundle.
///
/// The certificate must have been valid when the snapshot was taken. A replayed recording carries
/// the time of its recording; there the time of import counts.
async fn sealed_by(
    opened: &open::Opened,
    header: &bundle::Header,
    snapshot: &Snapshot,
) -> anyhow::Result<Host> {
    let now = Timestamp::now();
    let authority = Authority::open(&opened.config.data.join("pki"), now)?;
    let at = if snapshot.host.recorded { now } else { snapshot.taken_at };
    let peer = authority.check_seal(header, at)?;
    let certificate = opened.store.certificate(&peer.serial).await?;
    let certificate = certificate.context("its certificate is not one that is known here")?;
    ensure!(certificate.revoked_at.is_none(), "its certificate is revoked");
    let host = opened.store.host(peer.host).await?;
    host.context("its host is not known to this collector")
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
    let opened =
        std::fs::File::open(file).with_context(|| format!("opening {}", file.display()))?;
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
