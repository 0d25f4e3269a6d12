//! Apache httpd's configuration as httpd itself reads it: files in, directives with their place
//! out.
//!
//! The agent follows the includes with it, the parsers judge nothing and ask it for effective
//! values. It does not know where files come from ([`Files`]) and opens none.

mod config;
mod glob;
mod instances;
mod walk;
mod words;

pub use config::{Config, Directive, SERVER, Section};
pub use glob::{children, path_fits};
pub use instances::{Instance, Process, instances};
pub use walk::{Settings, walk};
pub use words::{Line, logical_lines};

use std::borrow::Cow;

/// Where the files of a configuration come from.
pub trait Files {
    /// The text of a file; none when it is not there or was not seen.
    fn text(&self, path: &str) -> Option<Cow<'_, str>>;
    /// The names in a folder, in order; empty when it is none.
    fn list(&self, folder: &str) -> Vec<String>;
}

#[cfg(test)]
pub(crate) mod tests {
    use std::borrow::Cow;
    use std::collections::BTreeMap;

    /// Files of a literal, by path.
    pub struct Texts(pub BTreeMap<String, String>);

    impl Texts {
        pub fn of(files: &[(&str, &str)]) -> Self {
            let owned = |&(path, text): &(&str, &str)| (path.to_owned(), text.to_owned());
            Self(files.iter().map(owned).collect())
        }
    }

    impl super::Files for Texts {
        fn text(&self, path: &str) -> Option<Cow<'_, str>> {
            self.0.get(path).map(|text| Cow::Borrowed(text.as_str()))
        }

        fn list(&self, folder: &str) -> Vec<String> {
            super::glob::children(self.0.keys().map(String::as_str), folder)
        }
    }
}
