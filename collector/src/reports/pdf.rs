//! The report as PDF: the model as JSON and the charts as files, laid out by a Typst template.

use jiff::Timestamp;
use serde_json::Value;

use super::ReportError;
use super::model::Report;

const TEMPLATE: &str = include_str!("report.typ");

/// Makes the PDF.
pub fn render(report: &Report, date: Timestamp) -> Result<Vec<u8>, ReportError> {
    let mut files = vec![("score.svg".to_owned(), report.score.svg.clone().into_bytes())];
    for (host, page) in report.hosts.iter().enumerate() {
        for (at, chart) in page.charts.iter().enumerate() {
            files.push((format!("chart-{host}-{at}.svg"), chart.svg.clone().into_bytes()));
        }
    }
    for (at, picture) in report.topology.pictures.iter().enumerate() {
        files.push((format!("topology-{at}.svg"), picture.svg.clone().into_bytes()));
    }
    let ident = format!("{} {}", report.document, report.lang);
    document((TEMPLATE, serde_json::to_value(report)?), files, ident, date)
}

/// Makes the PDF of a template and its model, with the files that stand beside `report.json`.
pub fn document(
    (template, mut json): (&str, Value),
    mut files: Vec<(String, Vec<u8>)>,
    ident: String,
    date: Timestamp,
) -> Result<Vec<u8>, ReportError> {
    breakable(&mut json);
    files.push(("report.json".to_owned(), serde_json::to_vec(&json)?));
    let utc = date.to_zoned(jiff::tz::TimeZone::UTC);
    let part = |n: i8| u8::try_from(n).unwrap_or(1);
    Ok(carepack_pdf::render(carepack_pdf::Job {
        template,
        files,
        ident,
        date: (
            i32::from(utc.year()),
            part(utc.month()),
            part(utc.day()),
            part(utc.hour()),
            part(utc.minute()),
            part(utc.second()),
        ),
    })?)
}

/// Longest run without a blank that fits the narrowest column.
const RUN_CHARS_MAX: usize = 14;

/// Lets paths, versions and digests break in narrow columns: a zero-width space after their
/// separators, and inside runs that have none. The template makes gaps without text of them.
fn breakable(json: &mut Value) {
    match json {
        Value::String(text) if text.split(' ').any(|word| word.chars().count() > RUN_CHARS_MAX) => {
            *text = broken(text);
        }
        Value::Array(list) => list.iter_mut().for_each(breakable),
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                // Charts are files of their own, classes are names.
                if key != "svg" && key != "class" {
                    breakable(value);
                }
            }
        }
        _ => {}
    }
}

fn broken(text: &str) -> String {
    const SPACE: char = '\u{200b}';
    let mut out = String::with_capacity(text.len() + 16);
    let mut run = 0;
    for c in text.chars() {
        out.push(c);
        run = if c.is_whitespace() || c >= '\u{1100}' { 0 } else { run + 1 };
        if run > 3 && matches!(c, '/' | '.' | '_' | '-' | '=' | ',' | ':' | '@' | '|' | '·' | '(')
            || run >= RUN_CHARS_MAX
        {
            out.push(SPACE);
            run = 0;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn paths_break_after_their_separators() {
        assert_eq!(super::broken("/etc/ssh/x"), "/etc/\u{200b}ssh/\u{200b}x");
        assert_eq!(super::broken(&"a".repeat(30)).chars().count(), 32);
        assert_eq!(super::broken("점검 항목"), "점검 항목");
    }
}
