//! The place of an imported file among its host's: its sheet must be its own, a file that never
//! came before it is an alarm. The snapshot is kept whatever the chain says.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context;
use carepack_shared::bundle::{Link, Seal};
use carepack_shared::digest::sha256_hex;
use carepack_shared::manifest::{self, SHEET_BYTES_MAX};
use carepack_shared::{Snapshot, terminal};
use jiff::Timestamp;
use uuid::Uuid;

use crate::cli::print;
use crate::handovers::{self, Remark};
use crate::store::{Alarm, AlarmKind, Handover, Host, Store};

/// The sheet that lies beside a file says what the file says; a file without one is told.
pub fn check_sheet(
    file: &Path,
    (snapshot, bytes): (&Snapshot, &[u8]),
    link: &Link,
) -> anyhow::Result<()> {
    use std::io::Read;
    let path = manifest::path(file);
    let mut sheet = String::new();
    let read = std::fs::File::open(&path)
        .and_then(|opened| opened.take(SHEET_BYTES_MAX as u64).read_to_string(&mut sheet));
    match read {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {
            print::note(&format!("{} is not there: nobody could compare it", path.display()));
            return Ok(());
        }
        Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
    }
    manifest::check(&sheet, (snapshot, bytes), link).with_context(|| {
        format!(
            "the manifest {} is not of this file; ask the host's administrator for both again, or \
             move the manifest away to import the signed file alone",
            path.display()
        )
    })
}

/// The row of a file, its words checked.
pub fn handover(
    host: &Host,
    (snapshot, bytes): (&Snapshot, &[u8]),
    (seal, link): (&Seal, &Link),
) -> anyhow::Result<Handover> {
    handovers::check(link).context("the file's place in its host's chain is refused")?;
    Ok(Handover {
        host: host.id,
        number: link.number,
        sha256: sha256_hex(bytes),
        before_sha256: link.before.clone(),
        before_period: link.before_period.clone(),
        period: snapshot.period.clone(),
        snapshot: snapshot.id,
        certificate_pem: seal.certificate_pem.clone(),
        imported_at: Timestamp::now(),
    })
}

/// Keeps the place, with an alarm for what is missing before it or does not follow.
pub async fn record(store: &Store, host: &Host, new: Handover) -> anyhow::Result<()> {
    let known = store.handovers(host.id).await?;
    if let Some(there) = known.iter().find(|file| file.number == new.number) {
        if there.sha256 != new.sha256 {
            let detail = format!(
                "Two files of {} carry number {}; its state folder was restored or copied.",
                host.hostname, new.number
            );
            tell(&detail);
            store.add_alarm(&alarm(AlarmKind::BundleChain, host.id, detail)).await?;
        }
        return Ok(());
    }
    let alarms: Vec<Alarm> = handovers::remarks(&known, &new)
        .iter()
        .map(|remark| {
            let (kind, detail) = worded(remark, host);
            tell(&detail);
            alarm(kind, host.id, detail)
        })
        .collect();
    Ok(store.add_handover(&new, &alarms).await?)
}

fn worded(remark: &Remark, host: &Host) -> (AlarmKind, String) {
    let name = &host.hostname;
    match remark {
        Remark::Missing(place) => {
            let period = place.period.as_deref().unwrap_or("?");
            let detail = format!(
                "File {} of {name} never came; the last of it is of period {period}. Ask its \
                 administrator for it.",
                place.numbers()
            );
            (AlarmKind::BundleMissing, detail)
        }
        Remark::Broken { number } => {
            let detail = format!(
                "File {number} of {name} does not follow the file before it: one of the two is \
                 not the one that the host made."
            );
            (AlarmKind::BundleChain, detail)
        }
    }
}

fn tell(detail: &str) {
    print::note(&terminal::plain(detail));
}

fn alarm(kind: AlarmKind, host: Uuid, detail: String) -> Alarm {
    Alarm { id: Uuid::now_v7(), at: Timestamp::now(), kind, host: Some(host), detail }
}
