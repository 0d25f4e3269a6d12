//! From when to when something was seen.

/// A span with one more moment in it, in seconds since the epoch.
#[inline]
pub(super) fn widen(span: Option<(i64, i64)>, at: Option<i64>) -> Option<(i64, i64)> {
    match (span, at) {
        (span, None) => span,
        (None, Some(at)) => Some((at, at)),
        (Some((first, last)), Some(at)) => Some((first.min(at), last.max(at))),
    }
}
