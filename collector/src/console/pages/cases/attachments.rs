//! Attachments of a case: given, and fetched as they came, never shown in the page.

use std::fmt::Write;

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::one::actor;
use crate::cases::attachments::{self, File};
use crate::cases::kind;
use crate::console::Console;
use crate::console::access::Caller;
use crate::console::gate::Detail;
use crate::console::page::{Answer, Refusal, Told, done};
use crate::console::upload::Uploaded;
use crate::store::Attachment;

/// A file that is fetched asks nothing of anybody and runs nothing, whatever it is.
const POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// An attachment in the page of its case.
#[derive(Serialize, ToSchema)]
pub struct Attached {
    pub id: Uuid,
    pub name: String,
    pub kind: &'static str,
    pub bytes: u64,
    pub size: String,
    pub sha256: String,
    pub internal: bool,
    pub added_at: Timestamp,
    pub added_by: String,
}

impl From<Attachment> for Attached {
    fn from(attachment: Attachment) -> Self {
        Self {
            id: attachment.id,
            size: attachments::size(&attachment),
            name: attachment.name,
            kind: attachment.kind.as_str(),
            bytes: attachment.bytes,
            sha256: attachment.sha256,
            internal: attachment.internal,
            added_at: attachment.added_at,
            added_by: attachment.added_by,
        }
    }
}

/// Takes files into a case; a customer's are never internal.
pub async fn attach(
    State(console): State<Console>,
    caller: Caller,
    Path(number): Path<String>,
    uploaded: Uploaded,
) -> Told<Vec<Attached>> {
    let (case, contract) = console.view(&caller).case(&number).await?;
    let stores = (&console.store, &console.objects);
    let mut kept = Vec::new();
    for (name, bytes) in &uploaded.files {
        let file = File { name, bytes, internal: uploaded.internal };
        let what = (&file, actor(&caller));
        kept.push(attachments::attach(stores, &case, what, Timestamp::now()).await?);
    }
    let kept: Vec<Attached> = kept.into_iter().map(Attached::from).collect();
    let after = serde_json::json!({"attachments": kept});
    let detail = Detail { customer: Some(contract.customer), after, ..Detail::default() };
    done(&caller, &format!("/cases/{}", case.number()), &kept, detail)
}

/// Gives an attachment back, to be saved.
pub async fn fetch(
    State(console): State<Console>,
    caller: Caller,
    Path((number, id)): Path<(String, Uuid)>,
) -> Answer {
    let view = console.view(&caller);
    let (case, contract) = view.case(&number).await?;
    let attachment = view.attachments(&case).await?.into_iter().find(|found| found.id == id);
    let attachment = attachment.ok_or(Refusal::NotFound)?;
    let bytes = attachments::read(&console.objects, &attachment).await?;
    let headers = [
        (header::CONTENT_TYPE, kind::content_type(attachment.kind).to_owned()),
        (header::CONTENT_DISPOSITION, disposition(&attachment)),
        (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
    ];
    let mut response = (headers, bytes).into_response();
    let after = serde_json::json!({"name": attachment.name, "sha256": attachment.sha256});
    let detail = Detail { customer: Some(contract.customer), after, ..Detail::default() };
    response.extensions_mut().insert(detail);
    Ok(response)
}

/// Saved under its own name, or under one of ours where a browser does not read that (RFC 6266).
fn disposition(attachment: &Attachment) -> String {
    let ours = format!("{}.{}", attachment.id, kind::ending(attachment.kind));
    let mut told = format!("attachment; filename=\"{ours}\"; filename*=UTF-8''");
    for byte in attachment.name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            told.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(told, "%{byte:02X}");
        }
    }
    told
}
