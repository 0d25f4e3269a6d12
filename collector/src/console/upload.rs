//! Files that callers send: `multipart/form-data`, within limits; the name is words, never a path.

use axum::extract::{FromRequest, Request};
use axum::http::header;
use multer::{Constraints, Error, Multipart, SizeLimit};

use super::describe::{Described, Input};
use utoipa::{PartialSchema, ToSchema};

use super::page::Refusal;
use crate::cases::attachments::BYTES_MAX;

/// Most files of one request.
const FILES_MAX: usize = 10;
/// What a request may be longer than its files: the other fields, the heads of all parts.
const AROUND_BYTES_MAX: u64 = 64 * 1024;
/// Longest field that is no file.
const FIELD_BYTES_MAX: u64 = 1024;

/// The fields of the form that are read; another is refused.
const FILE: &str = "file";
const INTERNAL: &str = "internal";

/// What was sent.
#[derive(Debug, Default)]
pub struct Uploaded {
    /// Name and bytes, those without a byte left out.
    pub files: Vec<(String, Vec<u8>)>,
    pub internal: bool,
}

impl<S: Sync> FromRequest<S> for Uploaded {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let boundary = multer::parse_boundary(kind).map_err(|error| refused(&error))?;
        let limits = SizeLimit::new()
            .whole_stream(BYTES_MAX + AROUND_BYTES_MAX)
            .for_field(INTERNAL, FIELD_BYTES_MAX);
        let fields = Constraints::new().size_limit(limits).allowed_fields(vec![FILE, INTERNAL]);
        let stream = request.into_body().into_data_stream();
        read(Multipart::with_constraints(stream, boundary, fields)).await
    }
}

/// The form as it is described: what [`read`] reads.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Form {
    #[schema(value_type = Vec<String>, format = Binary, min_items = 1)]
    file: Vec<Vec<u8>>,
    /// Present: not for the customer.
    internal: Option<String>,
}

impl Input for Uploaded {
    fn describe(told: &mut Described) {
        told.body = Some(("multipart/form-data", Form::schema()));
    }
}

async fn read(mut form: Multipart<'_>) -> Result<Uploaded, Refusal> {
    let mut uploaded = Uploaded::default();
    while let Some(field) = form.next_field().await.map_err(|error| refused(&error))? {
        if field.name() == Some(INTERNAL) {
            uploaded.internal = true;
            continue;
        }
        let name = field.file_name().unwrap_or_default().to_owned();
        let bytes = field.bytes().await.map_err(|error| refused(&error))?;
        if bytes.is_empty() {
            continue;
        }
        if uploaded.files.len() == FILES_MAX {
            return Err(Refusal::TooMuch(format!("{FILES_MAX} files")));
        }
        uploaded.files.push((name, bytes.to_vec()));
    }
    if uploaded.files.is_empty() {
        return Err(Refusal::malformed("refused.empty", FILE));
    }
    Ok(uploaded)
}

fn refused(error: &Error) -> Refusal {
    match error {
        Error::StreamSizeExceeded { .. } | Error::FieldSizeExceeded { .. } => {
            Refusal::TooMuch(format!("{} MiB", BYTES_MAX / (1024 * 1024)))
        }
        other => Refusal::malformed("refused.malformed", other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    async fn sent(parts: &[(&str, &[u8])]) -> Result<Uploaded, Refusal> {
        let mut body = Vec::new();
        for (head, bytes) in parts {
            body.extend(format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n").bytes());
            body.extend(*bytes);
            body.extend(b"\r\n");
        }
        body.extend(b"--b--\r\n");
        let request = Request::builder()
            .header("content-type", "multipart/form-data; boundary=b")
            .body(Body::from(body));
        Uploaded::from_request(request.unwrap(), &()).await
    }

    #[tokio::test]
    async fn files_are_read_up_to_their_limits() {
        let file = "name=\"file\"; filename=\"a.txt\"";
        let two = sent(&[(file, b"one"), ("name=\"internal\"", b"on"), (file, b"two")]).await;
        let two = two.unwrap();
        assert_eq!(two.files, [("a.txt".into(), b"one".into()), ("a.txt".into(), b"two".into())]);
        assert!(two.internal);
        let nothing = sent(&[(file, b"")]).await.unwrap_err();
        assert_eq!(nothing, Refusal::malformed("refused.empty", "file"));
        let other = sent(&[("name=\"other\"", b"x")]).await.unwrap_err();
        assert!(matches!(other, Refusal::Malformed { .. }), "{other:?}");
        let most = usize::try_from(BYTES_MAX + AROUND_BYTES_MAX).unwrap();
        let long = sent(&[(file, &vec![b'x'; most])]).await.unwrap_err();
        assert_eq!(long, Refusal::TooMuch("20 MiB".to_owned()));
        let many = vec![(file, &b"x"[..]); FILES_MAX + 1];
        assert_eq!(sent(&many).await.unwrap_err(), Refusal::TooMuch("10 files".to_owned()));
    }
}
