//! A refusal: problem JSON (RFC 9457) with a stable code and a way out.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use carepack_shared::wire::ProblemCode;

use crate::objects::ObjectError;
use crate::pki::PkiError;
use crate::store::StoreError;

/// Seconds after which a full or silent store is worth another try.
const RETRY_FULL_SECONDS: u32 = 600;
const RETRY_UNAVAILABLE_SECONDS: u32 = 60;

/// What a route answers when it does not do what was asked.
#[derive(Debug)]
pub struct Refusal {
    status: u16,
    code: ProblemCode,
    detail: String,
    retry_after_seconds: Option<u32>,
}

/// The HTTP status that belongs to a code (405 shares its code with 404).
#[must_use]
pub const fn status_of(code: ProblemCode) -> u16 {
    match code {
        ProblemCode::CertificateMissing => 401,
        ProblemCode::CertificateRevoked | ProblemCode::HostUnknown | ProblemCode::TokenRefused => {
            403
        }
        ProblemCode::NoSuchRoute => 404,
        ProblemCode::DigestConflict | ProblemCode::HostMismatch => 409,
        ProblemCode::TooLarge => 413,
        ProblemCode::Malformed | ProblemCode::SchemaUnknown => 422,
        ProblemCode::TooManyAttempts => 429,
        ProblemCode::Internal => 500,
        ProblemCode::Unavailable => 503,
        ProblemCode::StorageFull => 507,
    }
}

impl Refusal {
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self { status: status_of(code), code, detail: detail.into(), retry_after_seconds: None }
    }

    #[must_use]
    pub const fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    #[must_use]
    pub const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// The store or the folder has no space.
    pub fn full() -> Self {
        let detail = "The collector has no space left. Nothing was stored; try again later.";
        Self::new(ProblemCode::StorageFull, detail).retry_after(RETRY_FULL_SECONDS)
    }

    /// The store does not answer, or no longer promises anything.
    pub fn unavailable() -> Self {
        let detail =
            "The collector cannot store anything now. Nothing was stored; try again later.";
        Self::new(ProblemCode::Unavailable, detail).retry_after(RETRY_UNAVAILABLE_SECONDS)
    }

    /// Our own fault; the cause is in our log, not in the answer.
    pub fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = chain(error), "intake.internal");
        Self::new(ProblemCode::Internal, "The collector failed; its log says why.")
    }
}

/// An error and its causes in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut link = error.source();
    while let Some(cause) = link {
        text = format!("{text}: {cause}");
        link = cause.source();
    }
    text
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Full => Self::full(),
            StoreError::Unhealthy | StoreError::Unavailable { .. } | StoreError::Closed => {
                tracing::warn!(error = chain(&error), "intake.store_unavailable");
                Self::unavailable()
            }
            _ => Self::internal(&error),
        }
    }
}

impl From<ObjectError> for Refusal {
    fn from(error: ObjectError) -> Self {
        match &error {
            ObjectError::Full { .. } => Self::full(),
            _ => {
                tracing::warn!(error = chain(&error), "intake.objects_unavailable");
                Self::unavailable()
            }
        }
    }
}

impl From<PkiError> for Refusal {
    fn from(error: PkiError) -> Self {
        Self::internal(&error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response<Body> {
        tracing::info!(status = self.status, code = ?self.code, "intake.refused");
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let problem = super::problem(self.status, self.code, self.detail);
        let mut response = (status, axum::Json(problem)).into_response();
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, kind);
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
