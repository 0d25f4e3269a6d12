//! Why a review, a publication or an acknowledgement is refused, and the way out.

use jiff::Timestamp;

use crate::inspections::InspectionError;
use crate::inspections::manifest::ManifestError;
use crate::store::StoreError;

/// Why an entry, a signature or a publication is refused.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    #[error(transparent)]
    Inspection(#[from] InspectionError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the inspection of {period} is {state}; {way}")]
    State { period: String, state: &'static str, way: &'static str },
    #[error("the inspection was changed by somebody else meanwhile; look at it again")]
    Changed,
    #[error("no host or group of this inspection is called {0:?}; see: inspection show")]
    NoPlace(String),
    #[error("{place} has no finding of rule {rule:?}; see: inspection show")]
    NoFinding { place: String, rule: String },
    #[error("{0:?} names more than one host; use its id")]
    Ambiguous(String),
    #[error("{what} is empty; say it")]
    Empty { what: &'static str },
    #[error("{what} has more than {max} characters")]
    TooLong { what: &'static str, max: usize },
    #[error("{rule} on {place} is {verdict} already")]
    Same { place: String, rule: String, verdict: &'static str },
    #[error("{rule} on {place} does not fail; only a failing finding is accepted as a risk")]
    NotFailing { place: String, rule: String },
    #[error("the risk would be accepted until {0}, which is over")]
    Expired(Timestamp),
    #[error(
        "{} entries were made on verdicts that are others now; decide again: {}", .0.len(),
        .0.join(", ")
    )]
    Stale(Vec<String>),
    #[error("the {missing} has not signed yet; the order is author, reviewer, approver")]
    Unsigned { missing: &'static str },
    #[error(
        "{name} is {role} of this report already; under this contract they are different people"
    )]
    SamePerson { name: String, role: &'static str },
    #[error("the key that signs reports")]
    Key(#[from] crate::pki::PkiError),
    #[error("signing the edition")]
    Sign(#[from] minisign::PError),
    #[error("making the report")]
    Report(#[from] crate::reports::ReportError),
    #[error("an edition's own file cannot be read or written")]
    Json(#[from] serde_json::Error),
    #[error("nothing has been published of {0}; run: inspection publish")]
    NoEdition(String),
    #[error("a corrected edition says why it is made: --reason")]
    NoReason,
    #[error("the edition in the object store is not what was published")]
    Manifest(#[from] ManifestError),
}
