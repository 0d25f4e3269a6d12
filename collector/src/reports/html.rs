//! The report as one HTML file: no network, no script, prints on A4.

use askama::Template;

use super::ReportError;
use super::model::{Installation, Report};

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    r: &'a Report,
}

impl Page<'_> {
    /// The words of a key.
    fn w(&self, key: &str) -> &str {
        self.r.words.get(key).map_or("", String::as_str)
    }
}

/// Fills the template; everything but our own charts is escaped by it.
pub fn render(report: &Report) -> Result<String, ReportError> {
    Ok(Page { r: report }.render()?)
}

#[derive(Template)]
#[template(path = "installation.html")]
struct InstallationPage<'a> {
    r: &'a Installation,
}

impl InstallationPage<'_> {
    /// The words of a key.
    fn w(&self, key: &str) -> &str {
        self.r.words.get(key).map_or("", String::as_str)
    }
}

/// Fills the template of an installation report.
pub fn installation(report: &Installation) -> Result<String, ReportError> {
    Ok(InstallationPage { r: report }.render()?)
}
