//! `export-return`: what goes back to a host without a network, as one signed file: its next
//! certificate, its next order (policy and pattern pack), the published report, advisories for a
//! collector inside.
//!
//! Nothing is kept here but the certificate that was issued: the host refuses an older file by
//! the time that it was made at.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use carepack_shared::returned::{Content, FILE_BYTES_MAX, Kind, pack, signed_text};
use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::admin::find_host;
use super::{Exit, open, print};
use crate::inspections::signing::public_file;
use crate::intake::policy;
use crate::pattern_packs;
use crate::pki::Authority;
use crate::store::{Certificate, Contract, Host, Store};

#[derive(Debug, Args)]
pub struct ExportReturn {
    /// The host that the file is for: no other one takes it.
    #[arg(long)]
    host: String,
    /// Where the file goes, e.g. db01.cpr.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// The edition in force of this period goes with it.
    #[arg(long)]
    period: Option<String>,
    /// A bundle of advisories (`advisory bundle`) goes with it; FILE.minisig must lie beside it.
    #[arg(long, value_name = "FILE")]
    advisories: Option<PathBuf>,
    /// How long the file may be taken.
    #[arg(long, value_name = "DAYS", default_value_t = 90,
          value_parser = clap::value_parser!(u16).range(1..=400))]
    days: u16,
}

impl ExportReturn {
    pub fn run(self, config: &Path) -> anyhow::Result<Exit> {
        open::with(config, |opened| async move {
            let host = find_host(&opened.store, &self.host).await?;
            may_take(&opened.store, &host).await?;
            let contract = opened.store.contract(host.contract).await?;
            let contract = contract.context("the host's contract")?;
            let now = Timestamp::now();
            let authority = Authority::open(&opened.config.data.join("pki"), now)?;
            let mut contents = Vec::new();
            contents.extend(certificate(&opened.store, &authority, &host, now).await?);
            contents.extend(order(&opened, (&contract, &host), now)?);
            if let Some(period) = &self.period {
                contents.extend(edition(&opened, &contract, period).await?);
            }
            if let Some(file) = &self.advisories {
                contents.extend(advisories(file)?);
            }
            let unsealed = pack(host.id, now, &contents)?;
            let life = SignedDuration::from_hours(24 * i64::from(self.days));
            let seal = authority.seal_return(&signed_text(&unsealed.head), now, life)?;
            let file = unsealed.sealed(&seal)?;
            std::fs::write(&self.output, &file)
                .with_context(|| format!("writing {}", self.output.display()))?;
            print::line(&format!("{} {} bytes", self.output.display(), file.len()));
            for content in &contents {
                print::line(&format!("  {} {} bytes", content.name, content.bytes.len()));
            }
            Ok(Exit::Ok)
        })
    }
}

async fn may_take(store: &Store, host: &Host) -> anyhow::Result<()> {
    let name = &host.hostname;
    ensure!(host.retired_at.is_none(), "{name} is retired; nothing goes back to it");
    let known = store.certificates(host.id).await?;
    ensure!(
        known.iter().any(|certificate| certificate.revoked_at.is_none()),
        "no certificate of {name} stands; nothing goes back to it. Enrol it again: \
         carepack-collector token add"
    );
    Ok(())
}

/// The next certificate, for the key of the newest file that came; none for a host that never
/// handed one over.
async fn certificate(
    store: &Store,
    authority: &Authority,
    host: &Host,
    now: Timestamp,
) -> anyhow::Result<Option<Content>> {
    let Some(last) = store.handovers(host.id).await?.into_iter().next() else { return Ok(None) };
    let issued = authority.certify_again(&last.certificate_pem, host.id, now)?;
    let certificate = Certificate {
        serial: issued.serial,
        host: host.id,
        not_before: issued.not_before,
        not_after: issued.not_after,
        revoked_at: None,
        reason: None,
    };
    store.add_certificate(&certificate).await?;
    let (kind, name) = (Kind::Certificate, "certificate.pem".to_owned());
    Ok(Some(Content { kind, name, bytes: issued.pem.into_bytes() }))
}

/// The policy that a poll would be answered with, and the newest pattern pack.
fn order(
    opened: &open::Opened,
    (contract, host): (&Contract, &Host),
    now: Timestamp,
) -> anyhow::Result<Vec<Content>> {
    let data = &opened.config.data;
    let mut policy = policy(contract, host, opened.config.limits.poll_seconds, now);
    policy.patterns = pattern_packs::newest(data);
    let json = |kind, name: &str, bytes| Content { kind, name: name.to_owned(), bytes };
    let mut contents = vec![json(Kind::Policy, "policy.json", serde_json::to_vec(&policy)?)];
    if let Some(pack) = pattern_packs::give(data)? {
        contents.push(json(Kind::Patterns, "patterns.json", serde_json::to_vec(&pack)?));
    }
    Ok(contents)
}

/// The files of the edition in force, as they were published, and the key that they are checked
/// with.
async fn edition(
    opened: &open::Opened,
    contract: &Contract,
    period: &str,
) -> anyhow::Result<Vec<Content>> {
    let inspector = opened.inspector(None).await?;
    let last = inspector.editions(contract, period).await?.pop().context("an edition")?;
    let (_, files) = inspector.export(&last).await.context("reading the edition")?;
    let key = public_file(&opened.config.data);
    let public = std::fs::read(&key).with_context(|| format!("reading {}", key.display()))?;
    let part = |name, bytes| Content { kind: Kind::Report, name, bytes };
    let files = files.into_iter().map(|file| part(file.name, file.bytes));
    Ok(files.chain([part("reports.pub".to_owned(), public)]).collect())
}

/// The bundle and its signature, as they lie: whoever takes them in checks them with the
/// operator's key.
fn advisories(file: &Path) -> anyhow::Result<[Content; 2]> {
    let mut signature = file.as_os_str().to_owned();
    signature.push(".minisig");
    let part = |name: &str, path: &Path| {
        use std::io::Read;
        let mut bytes = Vec::new();
        std::fs::File::open(path)
            .and_then(|opened| opened.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes))
            .with_context(|| format!("reading {}", path.display()))?;
        anyhow::Ok(Content { kind: Kind::Advisories, name: name.to_owned(), bytes })
    };
    let signature = part("advisories.bundle.minisig", Path::new(&signature))
        .context("a bundle of advisories goes with its signature")?;
    Ok([part("advisories.bundle", file)?, signature])
}
