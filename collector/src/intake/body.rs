//! Bodies, never longer than their limit, whatever their length header says.

use axum::body::Body;
use axum::http::{HeaderMap, header};
use carepack_shared::wire::{ProblemCode, SMALL_BODY_BYTES_MAX};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use super::Refusal;

/// Longest agent version in bytes.
pub(super) const VERSION_BYTES_MAX: usize = 64;

/// Reads a body of at most `bytes_max` bytes; a longer one is refused by its header alone where
/// it has one, else as soon as it passes the limit.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    bytes_max: usize,
) -> Result<Vec<u8>, Refusal> {
    let too_large = || {
        let detail = format!("The body is longer than {bytes_max} bytes.");
        Refusal::new(ProblemCode::TooLarge, detail)
    };
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if announced.and_then(|text| text.parse::<usize>().ok()).is_some_and(|n| n > bytes_max) {
        return Err(too_large());
    }
    match Limited::new(body, bytes_max).collect().await {
        Ok(whole) => Ok(whole.to_bytes().into()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(_) => Err(Refusal::new(ProblemCode::Malformed, "The body ended before its length.")),
    }
}

/// Reads a small JSON body; unknown fields are refused by the wire's types.
pub(super) async fn read_json<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
) -> Result<T, Refusal> {
    let bytes = read(headers, body, SMALL_BODY_BYTES_MAX).await?;
    serde_json::from_slice(&bytes).map_err(|error| malformed(format!("The body: {error}.")))
}

pub(super) fn malformed(detail: impl Into<String>) -> Refusal {
    Refusal::new(ProblemCode::Malformed, detail)
}

/// Refuses a host's short text when it is empty, over `bytes_max` long or holds control
/// characters (a database or a terminal could not keep it).
pub(super) fn short_text(name: &str, text: &str, bytes_max: usize) -> Result<(), Refusal> {
    let sound = (1..=bytes_max).contains(&text.len()) && !text.chars().any(char::is_control);
    if sound {
        return Ok(());
    }
    Err(malformed(format!("{name} must have 1 to {bytes_max} bytes and no control characters.")))
}

/// Whether a text is a SHA-256 as we write it.
pub(super) fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
