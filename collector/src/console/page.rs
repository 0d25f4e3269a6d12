//! Answers: a page is a serializable model with a template; a refusal says what is wrong and the
//! way out. Which form it takes is the gate's to know.

use std::marker::PhantomData;

use askama::Template;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Caller, Wants};
use super::frame::Frame;
use super::gate::Detail;
use crate::cases::CaseError;
use crate::inspections::InspectionError;
use crate::service::ServiceError;
use crate::store::StoreError;

/// What handlers give back that give a file or serve browsers only.
pub type Answer = Result<Response, Refusal>;

/// What the other handlers give back: a `T`, as a page or as JSON.
pub type Told<T> = Result<Shown<T>, Refusal>;

/// An answer of which is known what it shows.
pub struct Shown<T> {
    response: Response,
    of: PhantomData<fn() -> T>,
}

impl<T> Shown<T> {
    const fn new(response: Response) -> Self {
        Self { response, of: PhantomData }
    }

    /// Adds what its audit row is to tell.
    #[must_use]
    pub fn telling(mut self, detail: Detail) -> Self {
        self.response.extensions_mut().insert(detail);
        self
    }
}

/// The id of what was written, as programs get it.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(transparent)]
pub struct Id(pub Uuid);

impl<T> IntoResponse for Shown<T> {
    fn into_response(self) -> Response {
        self.response
    }
}

/// Shows a model to a caller: its template, or as JSON.
///
/// # Errors
/// [`Refusal::Broken`] when the template cannot be filled.
pub fn show<T: Template + Serialize>(caller: &Caller, model: &T) -> Told<T> {
    match caller.wants {
        Wants::Json => Ok(Shown::new(Json(model).into_response())),
        Wants::Html => match model.render() {
            Ok(text) => Ok(Shown::new(Html(text).into_response())),
            Err(error) => Err(Refusal::broken("a page cannot be filled", &error)),
        },
    }
}

/// What a write answers: browsers go to `place`, programs get what was written.
pub fn done<T: Serialize>(caller: &Caller, place: &str, written: &T, detail: Detail) -> Told<T> {
    let response = match caller.wants {
        Wants::Json => Json(written).into_response(),
        Wants::Html => to(place),
    };
    Ok(Shown::new(response).telling(detail))
}

/// See other.
pub fn to(place: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let place = HeaderValue::from_str(place).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, place);
    response
}

/// Why something is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody is signed in.
    SignInNeeded,
    /// The role or the token does not allow it.
    Forbidden,
    /// The form was sent from another site.
    Foreign,
    /// Not there, or not this caller's to see: the same answer for both.
    NotFound,
    /// What was filled in is not sound: a key of the words, and what it is about.
    Malformed { key: &'static str, about: String },
    /// It was changed meanwhile, or exists already.
    Conflict { key: &'static str, about: String },
    /// More than we take; with the limit.
    TooMuch(String),
    /// A fault of ours or of the machine; details are in the log.
    Broken(&'static str),
}

impl Refusal {
    pub fn malformed(key: &'static str, about: impl Into<String>) -> Self {
        Self::Malformed { key, about: about.into() }
    }

    pub fn conflict(key: &'static str, about: impl Into<String>) -> Self {
        Self::Conflict { key, about: about.into() }
    }

    /// Logs a fault with its causes and gives what may be told.
    pub fn broken(what: &'static str, error: &dyn std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(source) = cause {
            text.push_str(": ");
            text.push_str(&source.to_string());
            cause = source.source();
        }
        tracing::error!(what, "console.failed: {text}");
        Self::Broken(what)
    }

    const fn status(&self) -> StatusCode {
        match self {
            Self::SignInNeeded => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::Foreign => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Malformed { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Conflict { .. } => StatusCode::CONFLICT,
            Self::TooMuch(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The key of its sentence, and what it is about.
    fn words(&self) -> (&'static str, &str) {
        match self {
            Self::SignInNeeded => ("refused.sign_in", ""),
            Self::Forbidden => ("refused.forbidden", ""),
            Self::Foreign => ("refused.foreign", ""),
            Self::NotFound => ("refused.not_found", ""),
            Self::Malformed { key, about } | Self::Conflict { key, about } => (key, about),
            Self::TooMuch(limit) => ("refused.too_much", limit),
            Self::Broken(what) => ("refused.broken", what),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Exists { .. } => Self::conflict("refused.exists", ""),
            StoreError::Dangling { .. } => Self::NotFound,
            StoreError::Ambiguous { name, .. } => Self::conflict("refused.ambiguous", name.clone()),
            _ => Self::broken("the store", &error),
        }
    }
}

impl From<CaseError> for Refusal {
    fn from(error: CaseError) -> Self {
        match error {
            CaseError::Store(error) => Self::from(error),
            CaseError::NotNext { to, .. } => Self::conflict("refused.case_state", to.as_str()),
            CaseError::Empty(what) => Self::malformed("refused.empty", what),
            CaseError::Long { what, max } => {
                Self::malformed("refused.long", format!("{what} ≤ {max}"))
            }
            CaseError::Changed => Self::conflict("refused.changed", ""),
            CaseError::ForeignHost | CaseError::NotLinked => {
                Self::conflict("refused.case_host", "")
            }
            CaseError::Kind { name } => Self::malformed("refused.kind", name),
            CaseError::Large { name } => Self::TooMuch(name),
            CaseError::NoContact(email) => Self::malformed("refused.value", email),
            CaseError::Many => Self::conflict("refused.many", ""),
            CaseError::Object(_) | CaseError::Lost { .. } => {
                Self::broken("an attachment's bytes", &error)
            }
            CaseError::Service(_) | CaseError::Render(_) | CaseError::Zone(_) => {
                Self::broken("a case's clock", &error)
            }
        }
    }
}

impl From<ServiceError> for Refusal {
    fn from(error: ServiceError) -> Self {
        Self::broken("the service folder", &error)
    }
}

impl From<InspectionError> for Refusal {
    fn from(error: InspectionError) -> Self {
        match &error {
            InspectionError::NotAssessed { .. } => Self::NotFound,
            InspectionError::NoHosts(name) => Self::conflict("refused.no_hosts", name.clone()),
            InspectionError::Closed { period, .. } => {
                Self::conflict("refused.closed", period.clone())
            }
            _ => Self::broken("an inspection", &error),
        }
    }
}

impl IntoResponse for Refusal {
    /// Carried to the gate, which knows who asked and in which form to answer.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[derive(Template)]
#[template(path = "refusal.html")]
struct RefusalPage<'r> {
    frame: Frame,
    status: u16,
    key: &'static str,
    about: &'r str,
}

/// Why something is not done, for programs.
#[derive(Serialize, ToSchema)]
pub struct Problem<'r> {
    status: u16,
    code: &'static str,
    about: &'r str,
    ko: &'static str,
    en: &'static str,
}

/// A refusal as a page or as JSON.
pub fn refusal_page(caller: Option<&Caller>, wants: Wants, refusal: &Refusal) -> Response {
    let (status, (key, about)) = (refusal.status(), refusal.words());
    match wants {
        Wants::Json => {
            let (ko, en) = super::words::both(key);
            let code = key.rsplit('.').next().unwrap_or(key);
            (status, Json(Problem { status: status.as_u16(), code, about, ko, en })).into_response()
        }
        Wants::Html => {
            let frame = caller.map_or_else(Frame::stranger, Frame::of);
            let page = RefusalPage { frame, status: status.as_u16(), key, about };
            match page.render() {
                Ok(text) => (status, Html(text)).into_response(),
                Err(_) => (status, super::words::both(key).1).into_response(),
            }
        }
    }
}
