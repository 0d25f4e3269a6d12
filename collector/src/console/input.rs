//! What callers send: forms of browsers and JSON of programs become the same types, within limits.

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header;
use axum::http::request::Parts;
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;

use super::page::Refusal;

/// Longest form, in bytes.
const FORM_BYTES_MAX: usize = 256 * 1024;

/// A body, as form or JSON.
pub struct Filled<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Filled<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let is_json = kind
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.starts_with("application/json"));
        let bytes = read(request.into_body()).await?;
        let sound = |detail: String| Refusal::malformed("refused.malformed", detail);
        let value = if is_json {
            serde_json::from_slice(&bytes).map_err(|error| sound(error.to_string()))?
        } else {
            serde_html_form::from_bytes(&bytes).map_err(|error| sound(error.to_string()))?
        };
        Ok(Self(value))
    }
}

async fn read(body: Body) -> Result<Vec<u8>, Refusal> {
    let limit = || Refusal::TooMuch(format!("{} KiB", FORM_BYTES_MAX / 1024));
    let collected = Limited::new(body, FORM_BYTES_MAX).collect().await.map_err(|_| limit())?;
    Ok(collected.to_bytes().to_vec())
}

/// The query of an address: filters.
pub struct Asked<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let query = parts.uri.query().unwrap_or_default();
        let value = serde_html_form::from_str(query);
        let value =
            value.map_err(|error| Refusal::malformed("refused.malformed", error.to_string()));
        value.map(Self)
    }
}

/// The address of a list with its filters; those that are empty and the first page stand not in it.
pub fn address(path: &str, filters: &[(&str, &str)], page: usize) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(filters.iter().filter(|(_, value)| !value.is_empty()));
    if page > 0 {
        query.append_pair("page", &page.to_string());
    }
    format!("{path}?{}", query.finish())
}

/// A text that must be there and not be longer than `characters_max`, its ends trimmed.
///
/// # Errors
/// [`Refusal::Malformed`] names the field.
pub fn text(field: &str, value: &str, characters_max: usize) -> Result<String, Refusal> {
    let value = value.trim();
    if value.is_empty() {
        return Err(Refusal::malformed("refused.empty", field));
    }
    optional(field, value, characters_max)
}

/// A text that may be empty.
///
/// # Errors
/// [`Refusal::Malformed`] names the field.
pub fn optional(field: &str, value: &str, characters_max: usize) -> Result<String, Refusal> {
    let value = value.trim();
    if value.chars().count() > characters_max {
        return Err(Refusal::malformed("refused.long", format!("{field} ≤ {characters_max}")));
    }
    if value.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(Refusal::malformed("refused.control", field));
    }
    Ok(value.to_owned())
}

/// A value out of a text, e.g. a date.
///
/// # Errors
/// [`Refusal::Malformed`] names the field and the text.
pub fn parsed<T: std::str::FromStr>(field: &str, value: &str) -> Result<T, Refusal> {
    let wrong = || Refusal::malformed("refused.value", format!("{field}: {}", value.trim()));
    value.trim().parse().map_err(|_| wrong())
}
