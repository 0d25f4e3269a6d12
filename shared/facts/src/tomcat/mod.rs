//! Tomcat's files, reduced to what may leave a host: elements and attributes of an allow-list,
//! and of a secret only that it is set.
//!
//! The agent reduces on the host, the collector reduces what an archive holds; both with these
//! functions. They do not know where a file lies and judge nothing.

mod reduce;
mod settings;
mod start;

use carepack_shared::{Unseen, xml};
use serde_json::Value;

pub use start::{flags, version};

/// `server.xml`, `context.xml` or a context's own file as a tree: `{"element", "attributes",
/// "children"}`.
///
/// # Errors
/// [`Unseen::Malformed`] when it is no XML, or goes past a limit.
pub fn tree(text: &str) -> Result<Value, Unseen> {
    root(text).map(|root| reduce::element(&root).unwrap_or_default())
}

/// `web.xml`: `{"session_timeout_min", "http_only", "secure", "listings", "readonly",
/// "show_server_info", "error_pages", "cors_any_origin", "filters"}`; null where it does not say.
///
/// # Errors
/// As [`tree`].
pub fn web(text: &str) -> Result<Value, Unseen> {
    root(text).map(|root| settings::web(&root))
}

/// `tomcat-users.xml`: counts, never a name and never a password.
///
/// # Errors
/// As [`tree`].
pub fn users(text: &str) -> Result<Value, Unseen> {
    root(text).map(|root| settings::users(&root))
}

fn root(text: &str) -> Result<xml::Element, Unseen> {
    xml::parse(text).map_err(|_| Unseen::Malformed)
}

/// Longest text of an element or name of a role that is kept, in bytes.
const TEXT_BYTES_MAX: usize = 8 * 1024;

/// A text that leaves the host, cut where it is longer than any of Tomcat's own.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_xml_is_malformed_and_long_texts_are_cut() {
        for text in ["", "x", "<Server>", "<Server/><Server/>", &"<Server>".repeat(100_000)] {
            for read in [tree, web, users] {
                assert_eq!(read(text), Err(Unseen::Malformed), "{}", cut(text));
            }
        }
        let long = "가".repeat(TEXT_BYTES_MAX);
        let told = tree(&format!("<Alias>{long}</Alias>")).unwrap();
        assert_eq!(told["text"].as_str().unwrap().len(), TEXT_BYTES_MAX / 3 * 3);
        let told = web(&format!(
            "<web-app><filter><filter-class>a.{long}</filter-class></filter></web-app>"
        ));
        assert!(told.unwrap()["filters"][0].as_str().unwrap().len() <= TEXT_BYTES_MAX);
        let told = users(&format!("<x><user roles='manager{long}'/></x>")).unwrap();
        assert!(told["roles"][0].as_str().unwrap().len() <= TEXT_BYTES_MAX);
    }
}
