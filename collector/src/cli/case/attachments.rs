//! `case attach | attachment`.

use std::io::{Read, Write};
use std::path::Path;

use anyhow::Context;
use jiff::Timestamp;
use uuid::Uuid;

use super::{find, staff};
use crate::cases::attachments::{self, BYTES_MAX, File};
use crate::cli::{Exit, open, print};
use crate::store::Attachment;

pub async fn attach(
    opened: &open::Opened,
    case: &str,
    (path, internal, by): (&Path, bool, &str),
) -> anyhow::Result<Exit> {
    let case = find(&opened.store, case).await?;
    let file = std::fs::File::open(path).with_context(|| format!("opening {}", path.display()))?;
    let mut bytes = Vec::new();
    // One byte more than may be: that it is too long is the library's to say.
    let read = file.take(BYTES_MAX + 1).read_to_end(&mut bytes);
    read.with_context(|| format!("reading {}", path.display()))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let file = File { name: &name, bytes: &bytes, internal };
    let stores = (&opened.store, &opened.objects()?);
    let kept = attachments::attach(stores, &case, (&file, staff(by)), Timestamp::now()).await?;
    print::line(&kept.id.to_string());
    Ok(Exit::Ok)
}

pub async fn fetch(
    opened: &open::Opened,
    case: &str,
    (id, output): (Uuid, &Path),
) -> anyhow::Result<Exit> {
    let case = find(&opened.store, case).await?;
    let attachment = attachments::find(&opened.store, &case, id).await?.with_context(|| {
        let number = case.number();
        format!("{number} has no attachment {id}; see: carepack-collector case show {number}")
    })?;
    let bytes = attachments::read(&opened.objects()?, &attachment).await?;
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::File::create_new(output)?;
        file.write_all(&bytes)?;
        file.sync_all()
    };
    write().with_context(|| format!("writing {}", output.display()))?;
    Ok(Exit::Ok)
}

/// An attachment as JSON.
pub fn value(attachment: &Attachment) -> serde_json::Value {
    serde_json::json!({
        "id": attachment.id, "name": attachment.name, "kind": attachment.kind.as_str(),
        "bytes": attachment.bytes, "sha256": attachment.sha256, "internal": attachment.internal,
        "added_at": attachment.added_at, "added_by": attachment.added_by,
    })
}

/// The attachments of a case for people.
pub fn list(attachments: &[Attachment]) {
    if attachments.is_empty() {
        return;
    }
    let row = |attachment: &Attachment| {
        let mark = if attachment.internal { "internal" } else { "" };
        vec![
            attachment.id.to_string(),
            attachment.name.clone(),
            attachment.kind.as_str().to_owned(),
            attachments::size(attachment),
            attachment.added_by.clone(),
            mark.to_owned(),
        ]
    };
    let rows: Vec<_> = attachments.iter().map(row).collect();
    print::table(&["ATTACHMENT", "NAME", "KIND", "SIZE", "BY", ""], &rows);
}
