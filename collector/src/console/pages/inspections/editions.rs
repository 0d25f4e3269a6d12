//! The files of a published edition, as they were signed, and those of the next one as a draft.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::find;
use crate::console::Console;
use crate::console::access::Caller;
use crate::console::gate::Detail;
use crate::console::page::{Answer, Refusal};
use crate::store::Contract;

/// A report is one file with its styles and pictures inside, and asks nothing of anybody.
pub(in crate::console) const REPORT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
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
    let stem = format!("{}-{number}", edition.document);
    Ok(served((&stem, &name), file.bytes, &contract))
}

/// Serves a file of the next edition, as it would be published now.
pub async fn draft(
    State(console): State<Console>,
    caller: Caller,
    Path((id, name)): Path<(Uuid, String)>,
) -> Answer {
    let (inspection, contract) = find(&console, &caller, id).await?;
    let inspector = console.inspector();
    let reviewing = inspector.reviewing(&contract, &inspection.period).await?;
    let of = (&reviewing.inspection, &reviewing.assessment);
    let bytes = inspector.draft_file(&contract, of, &name).await?.ok_or(Refusal::NotFound)?;
    let stem = format!("draft-{}-{}", contract.name, inspection.period);
    Ok(served((&stem, &name), bytes, &contract))
}

fn served((stem, name): (&str, &str), bytes: Vec<u8>, contract: &Contract) -> Response {
    let (kind, way) = match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => ("text/html; charset=utf-8", "inline"),
        "pdf" => ("application/pdf", "inline"),
        "json" => ("application/json", "attachment"),
        _ => ("application/octet-stream", "attachment"),
    };
    // A contract's name is data: only what stands in a file name anywhere goes into the header.
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let file: String = format!("{stem}-{name}").chars().map(plain).collect();
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("{way}; filename=\"{file}\"")),
        (header::CONTENT_SECURITY_POLICY, REPORT_POLICY.to_owned()),
    ];
    let mut response = (headers, bytes).into_response();
    response
        .extensions_mut()
        .insert(Detail { customer: Some(contract.customer), ..Detail::default() });
    response
}
