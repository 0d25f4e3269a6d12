//! A request body that can be read to its end after the route has answered.
//!
//! A route that refuses early leaves part of the body unread. Closing then resets the
//! connection, and the other side sees a broken pipe instead of the reason. So the rest is read
//! and thrown away, within bounds, before the answer goes out.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};

/// How long the rest of a body is waited for.
const DRAIN: Duration = Duration::from_secs(30);

/// A handle to a body; clones share it.
#[derive(Clone)]
pub struct Shared {
    body: Arc<Mutex<Incoming>>,
}

impl Shared {
    pub fn new(body: Incoming) -> Self {
        Self { body: Arc::new(Mutex::new(body)) }
    }

    /// Reads what is left, at most `bytes_max`. A longer rest, or a slower one, stays unread.
    pub async fn drain(mut self, bytes_max: usize) {
        let reading = async {
            let mut left = bytes_max;
            while let Some(Ok(frame)) = self.frame().await {
                let length = frame.data_ref().map_or(0, Bytes::len);
                match left.checked_sub(length) {
                    Some(rest) => left = rest,
                    None => break,
                }
            }
        };
        let _ = tokio::time::timeout(DRAIN, reading).await;
    }
}

impl Body for Shared {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let mut body = self.body.lock().unwrap_or_else(PoisonError::into_inner);
        Pin::new(&mut *body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.lock().unwrap_or_else(PoisonError::into_inner).is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.lock().unwrap_or_else(PoisonError::into_inner).size_hint()
    }
}
