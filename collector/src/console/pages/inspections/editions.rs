//! The files of a published edition, as they were signed.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use uuid::Uuid;

use super::find;
use crate::console::Console;
use crate::console::access::Caller;
use crate::console::gate::Detail;
use crate::console::page::{Answer, Refusal};

/// A report is one file with its styles and pictures inside, and asks nothing of anybody.
const REPORT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
                             font-src data:; frame-ancestors 'self'; sandbox";

/// Serves a file after it was checked against the signed manifest.
pub async fn file(
    State(console): State<Console>,
    caller: Caller,
    Path((id, number, name)): Path<(Uuid, u32, String)>,
) -> Answer {
    let (_, contract) = find(&console, &caller, id).await?;
    let editions = console.store.editions(id).await?;
    let edition = editions.into_iter().find(|edition| edition.number == number);
    let edition = edition.ok_or(Refusal::NotFound)?;
    let (_, files) = console.inspector().export(&edition).await?;
    let file = files.into_iter().find(|file| file.name == name).ok_or(Refusal::NotFound)?;
    let (kind, way) = match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => ("text/html; charset=utf-8", "inline"),
        "pdf" => ("application/pdf", "inline"),
        "json" => ("application/json", "attachment"),
        _ => ("application/octet-stream", "attachment"),
    };
    let told = format!("{way}; filename=\"{}-{number}-{name}\"", edition.document);
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, told),
        (header::CONTENT_SECURITY_POLICY, REPORT_POLICY.to_owned()),
    ];
    let mut response = (headers, file.bytes).into_response();
    response
        .extensions_mut()
        .insert(Detail { customer: Some(contract.customer), ..Detail::default() });
    Ok(response)
}
