//! Tomcat's files, reduced to what may leave a host: elements and attributes of an allow-list,
//! and of a secret only that it is set.
//!
//! The agent reduces on the host, the collector reduces what an archive holds; both with these
//! functions. They do not know where a file lies and judge nothing.

mod reduce;
mod settings;
mod start;
mod url;
mod xml;

use carepack_shared::Unseen;
use serde_json::Value;

pub use start::{flags, version};

/// `server.xml`, `context.xml` or a context's own file as a tree: `{"element", "attributes",
/// "children"}`.
///
/// # Errors
/// [`Unseen::Malformed`] when it is no XML, or goes past a limit.
pub fn tree(text: &str) -> Result<Value, Unseen> {
    xml::parse(text).map(|root| reduce::element(&root).unwrap_or_default())
}

/// `web.xml`: `{"session_timeout_min", "http_only", "secure", "listings", "readonly",
/// "show_server_info", "error_pages", "cors_any_origin", "filters"}`; null where it does not say.
///
/// # Errors
/// As [`tree`].
pub fn web(text: &str) -> Result<Value, Unseen> {
    xml::parse(text).map(|root| settings::web(&root))
}

/// `tomcat-users.xml`: counts, never a name and never a password.
///
/// # Errors
/// As [`tree`].
pub fn users(text: &str) -> Result<Value, Unseen> {
    xml::parse(text).map(|root| settings::users(&root))
}
