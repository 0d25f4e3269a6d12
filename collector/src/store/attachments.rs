//! Attachments of cases: what is known of each; their bytes lie in [`crate::objects`].

use jiff::Timestamp;
use uuid::Uuid;

use super::cases::CaseEvent;
use super::value::{Applied, Row, Step, values};
use super::words::words;
use super::{FromRow, Store, StoreError, queries};

/// Most attachments of one case.
pub const ATTACHMENTS_MAX: i64 = 50;
/// Most bytes of all attachments of one case.
pub const CASE_BYTES_MAX: i64 = 200 * 1024 * 1024;

words! {
    /// What an attachment is, told from its bytes.
    AttachmentKind {
        Text = "text",
        Png = "png",
        Jpeg = "jpeg",
        Pdf = "pdf",
        Gzip = "gzip",
        Zip = "zip",
        Xz = "xz",
        Bzip2 = "bzip2",
        Zstd = "zstd",
        Tar = "tar",
    }
}

/// One attachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    pub id: Uuid,
    pub case: Uuid,
    /// Of its bytes; its place in the object store is made of it.
    pub sha256: String,
    /// As its sender called it: words to show, never a path.
    pub name: String,
    pub kind: AttachmentKind,
    pub bytes: u64,
    /// For the vendor's eyes only.
    pub internal: bool,
    pub added_at: Timestamp,
    pub added_by: String,
}

impl Attachment {
    /// The step that adds it, unless the case has too many.
    pub(super) fn step(&self) -> Step {
        let params = values![
            self.id,
            self.case,
            &self.sha256,
            &self.name,
            self.kind,
            i64::try_from(self.bytes).unwrap_or(i64::MAX),
            self.internal,
            self.added_at,
            &self.added_by,
            ATTACHMENTS_MAX,
            CASE_BYTES_MAX,
        ];
        Step::one(queries::ATTACHMENTS_ADD, params)
    }
}

impl FromRow for Attachment {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            case: row.get("case_id")?,
            sha256: row.get("sha256")?,
            name: row.get("name")?,
            kind: row.get("kind")?,
            bytes: row.get("bytes")?,
            internal: row.get("internal")?,
            added_at: row.get("added_at")?,
            added_by: row.get("added_by")?,
        })
    }
}

impl Store {
    /// Adds an attachment and what the timeline tells of it. False when the case has as many, or
    /// as many bytes, as it may.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the case has the same bytes already.
    pub async fn attach(
        &self,
        attachment: &Attachment,
        event: &CaseEvent,
    ) -> Result<bool, StoreError> {
        let steps = vec![attachment.step(), event.step()];
        Ok(self.apply(steps).await? == Applied::Done)
    }

    pub async fn attachment(&self, id: Uuid) -> Result<Option<Attachment>, StoreError> {
        self.first(queries::ATTACHMENTS_GET, values![id]).await
    }

    /// Of a case, oldest first; at most [`ATTACHMENTS_MAX`] ever are.
    pub async fn attachments(&self, case: Uuid) -> Result<Vec<Attachment>, StoreError> {
        self.list(queries::ATTACHMENTS_LIST, values![case]).await
    }
}
