//! Red Hat's map from repositories to the names of their products.
//!
//! `{"data": {"rhel-9-for-x86_64-baseos-rpms": {"cpes": ["cpe:/o:redhat:enterprise_linux:9::baseos"]}}}`,
//! published as `repository-to-cpe.json`: by it the repositories that a host has enabled become
//! the streams that its advisories speak of.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{FeedError, json, limit, words};

/// Most repositories; there are some 10,000.
pub const REPOSITORIES_MAX: usize = 200_000;
/// Most names of one repository; the longest list has some 150.
pub const CPES_MAX: usize = 10_000;

const FORM: &str = "repository-to-cpe.json";

#[derive(Deserialize)]
struct Document {
    data: BTreeMap<String, Repository>,
}

#[derive(Deserialize)]
struct Repository {
    #[serde(default)]
    cpes: Vec<String>,
}

/// Repository id → CPEs, sorted. Names that cannot be names are left out.
///
/// # Errors
/// [`FeedError`] when it is not the format or larger than the limits.
pub fn read(bytes: &[u8]) -> Result<BTreeMap<String, Vec<String>>, FeedError> {
    let document: Document = json(bytes, FORM)?;
    limit(FORM, "repositories", document.data.len(), REPOSITORIES_MAX)?;
    let mut map = BTreeMap::new();
    for (id, Repository { mut cpes }) in document.data {
        limit(FORM, "names of a repository", cpes.len(), CPES_MAX)?;
        cpes.retain(|cpe| cpe.starts_with("cpe:/") && words::is_name(cpe));
        cpes.sort();
        cpes.dedup();
        if words::is_name(&id) {
            map.insert(id, cpes);
        }
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_once_and_only_names() {
        let map = read(
            br#"{"data": {"b-rpms": {"cpes": ["cpe:/o:x:9", "cpe:/a:x:9", "cpe:/o:x:9", "no"],
                 "repo_relative_urls": ["content/b"]}, "a rpms": {"cpes": []}, "c": {}}}"#,
        );
        let expected = [
            ("b-rpms".to_owned(), vec!["cpe:/a:x:9".to_owned(), "cpe:/o:x:9".to_owned()]),
            ("c".to_owned(), Vec::new()),
        ];
        assert_eq!(map.unwrap(), BTreeMap::from(expected));
        assert!(read(b"[]").is_err());
    }
}
