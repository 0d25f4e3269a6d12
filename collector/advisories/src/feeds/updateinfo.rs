//! `updateinfo.xml`: the advisories of one repository, as DNF reads them.
//!
//! ```xml
//! <updates><update type="security" status="final"><id>RHSA-2024:0811</id>
//!   <issued date="2024-02-14 00:54:45"/><severity>Moderate</severity>
//!   <references><reference type="cve" id="CVE-2023-28486" href="…"/></references>
//!   <pkglist><collection><module name="ruby" stream="2.7" …/>
//!     <package name="ruby" epoch="0" version="2.7.8" release="139.el8" arch="x86_64">
//!       <reboot_suggested/></package></collection></pkglist></update></updates>
//! ```
//!
//! Read as a stream: RHEL's is larger than 100 MB. The file does not say which repository it is
//! of, so the caller names the stream of all its packages. Updates with one id are joined.

use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::rows::Rows;
use super::{
    CVES_MAX, Fault, Faults, FeedError, Reading, SUMMARY_CHARS_MAX, TITLE_CHARS_MAX, Withdrawn,
    set, words,
};
use crate::model::{Advisory, Cve, Kind, Severity, Text};

/// Largest file, unpacked; that of RHEL 8 AppStream has some 150 MB.
pub const UPDATEINFO_BYTES_MAX: u64 = 2 << 30;
/// Most updates of one file; EPEL has some 20,000.
pub const UPDATES_MAX: usize = 500_000;
/// Most packages of one update; one of TeX Live has some 10,000.
pub const PACKAGES_MAX: usize = 200_000;
/// Longest text that is looked at, in bytes.
const TEXT_BYTES_MAX: usize = 64 << 10;
/// Deepest nesting; the format has six levels.
const DEPTH_MAX: usize = 32;

const FORM: &str = "updateinfo.xml";

/// Reads the advisories of one repository; `stream` as in [`Fix::streams`](crate::model::Fix),
/// e.g. `repo:rhel-9-for-x86_64-baseos-rpms` or `os:rocky:9`.
///
/// # Errors
/// [`FeedError`] when it is not whole, not the format, or larger than the limits.
pub fn read(input: impl BufRead, stream: &str) -> Result<Reading, FeedError> {
    let mut reader = Reader::from_reader(input.take(UPDATEINFO_BYTES_MAX));
    reader.config_mut().check_comments = false;
    let mut parser = Parser::new(stream);
    let mut buffer = Vec::with_capacity(8 << 10);
    loop {
        let event = reader.read_event_into(&mut buffer).map_err(|source| FeedError::Xml {
            form: FORM,
            byte: reader.error_position(),
            source: Box::new(source),
        })?;
        match event {
            Event::Start(tag) => parser.start(&tag)?,
            Event::Empty(tag) => {
                parser.start(&tag)?;
                parser.end()?;
            }
            Event::End(_) => parser.end()?,
            Event::Text(text) => parser.text(&text),
            Event::CData(text) => parser.text(&text),
            Event::GeneralRef(reference) => parser.reference(&reference),
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
        buffer.clear();
    }
    parser.finish()
}

/// What text is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Id,
    Title,
    Severity,
    Summary,
    Description,
    Reboot,
    Restart,
}

/// One update being read.
#[derive(Default)]
struct Draft {
    id: String,
    kind: Option<Kind>,
    retracted: bool,
    title: String,
    severity: String,
    summary: String,
    description: String,
    issued: String,
    updated: String,
    cves: Vec<String>,
    references: Vec<String>,
    reboot: bool,
    restart: bool,
    fixes: Rows<String>,
    packages: usize,
}

struct Parser<'s> {
    stream: &'s str,
    /// Elements that are open.
    depth: usize,
    started: bool,
    update: Option<Draft>,
    /// Of the collection that is open.
    module: Option<String>,
    /// The text that is being read, and how deep its element lies.
    field: Option<(Field, usize)>,
    text: String,
    advisories: Vec<Advisory>,
    reading: Reading,
}

impl<'s> Parser<'s> {
    fn new(stream: &'s str) -> Self {
        Self {
            stream,
            depth: 0,
            started: false,
            update: None,
            module: None,
            field: None,
            text: String::new(),
            advisories: Vec::new(),
            reading: Reading::default(),
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), FeedError> {
        self.depth += 1;
        super::limit(FORM, "levels", self.depth, DEPTH_MAX)?;
        let name = tag.local_name();
        let name = name.into_inner();
        if self.depth == 1 {
            if name != "updates" || self.started {
                return Err(FeedError::Lacks { form: FORM, what: "one root element <updates>" });
            }
            self.started = true;
            return Ok(());
        }
        if self.depth == 2 {
            if name == "update" {
                super::limit(FORM, "updates", self.advisories.len() + 1, UPDATES_MAX)?;
                self.update = Some(update(tag));
            }
            return Ok(());
        }
        let Some(draft) = &mut self.update else { return Ok(()) };
        let faults = &mut self.reading.faults;
        let field = match (self.depth, name) {
            (3, "id") => Some(Field::Id),
            (3, "title") => Some(Field::Title),
            (3, "severity") => Some(Field::Severity),
            (3, "summary") => Some(Field::Summary),
            (3, "description") => Some(Field::Description),
            (_, "reboot_suggested") => Some(Field::Reboot),
            (_, "restart_suggested" | "relogin_suggested") => Some(Field::Restart),
            (3, "issued") => {
                each(tag, |key, value| {
                    if key == "date" {
                        value.clone_into(&mut draft.issued);
                    }
                });
                None
            }
            (3, "updated") => {
                each(tag, |key, value| {
                    if key == "date" {
                        value.clone_into(&mut draft.updated);
                    }
                });
                None
            }
            (_, "reference") => {
                draft.reference(tag, faults);
                None
            }
            (_, "collection") => {
                self.module = None;
                None
            }
            (_, "module") => {
                self.module = module(tag, faults);
                None
            }
            (_, "package") => {
                draft.packages += 1;
                super::limit(FORM, "packages of an update", draft.packages, PACKAGES_MAX)?;
                draft.package(tag, self.stream, self.module.as_deref(), faults);
                None
            }
            _ => None,
        };
        if let (Some(field), None) = (field, self.field) {
            self.field = Some((field, self.depth));
            self.text.clear();
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), FeedError> {
        if let Some((field, depth)) = self.field
            && depth == self.depth
        {
            self.field = None;
            if let Some(draft) = &mut self.update {
                draft.take(field, &self.text);
            }
        }
        if self.depth == 2
            && let Some(draft) = self.update.take()
        {
            self.module = None;
            if let Some(advisory) = draft.finish(&mut self.reading) {
                self.advisories.push(advisory);
            }
        }
        let deeper = FeedError::Lacks { form: FORM, what: "the beginning of an element" };
        self.depth = self.depth.checked_sub(1).ok_or(deeper)?;
        Ok(())
    }

    fn text(&mut self, text: &str) {
        if self.field.is_some() {
            let room = TEXT_BYTES_MAX.saturating_sub(self.text.len());
            self.text.push_str(words::clip(text, room));
        }
    }

    /// One of XML's five entities, or a character by its number; others are left out.
    fn reference(&mut self, reference: &BytesRef<'_>) {
        if self.field.is_none() {
            return;
        }
        if let Ok(Some(character)) = reference.resolve_char_ref() {
            self.text(character.encode_utf8(&mut [0; 4]));
        } else if let Some(text) = quick_xml::escape::resolve_predefined_entity(reference) {
            self.text(text);
        }
    }

    fn finish(mut self) -> Result<Reading, FeedError> {
        if self.depth > 0 || !self.started {
            return Err(FeedError::Lacks { form: FORM, what: "its end (cut off on the way?)" });
        }
        self.reading.advisories = set::joined(self.advisories);
        Ok(self.reading)
    }
}

fn update(tag: &BytesStart<'_>) -> Draft {
    let mut draft = Draft::default();
    each(tag, |key, value| match key {
        "type" => draft.kind = kind(value),
        "status" => draft.retracted = value == "retracted",
        _ => {}
    });
    draft
}

/// Fedora and SUSE have more words than Red Hat.
fn kind(word: &str) -> Option<Kind> {
    match word.to_ascii_lowercase().as_str() {
        "security" => Some(Kind::Security),
        "bugfix" | "recommended" => Some(Kind::Bugfix),
        "enhancement" | "newpackage" | "optional" | "feature" => Some(Kind::Enhancement),
        _ => None,
    }
}

fn module(tag: &BytesStart<'_>, faults: &mut Faults) -> Option<String> {
    let (mut name, mut stream) = (String::new(), String::new());
    each(tag, |key, value| match key {
        "name" => value.clone_into(&mut name),
        "stream" => value.clone_into(&mut stream),
        _ => {}
    });
    if words::is_name(&name) && words::is_name(&stream) {
        return Some(format!("{name}:{stream}"));
    }
    faults.add(Fault::Module, &name);
    None
}

/// Each attribute with its value, entities resolved; what is broken is passed over.
fn each(tag: &BytesStart<'_>, mut visit: impl FnMut(&str, &str)) {
    for attribute in tag.attributes().with_checks(false).flatten() {
        let key = attribute.key.local_name().into_inner();
        if attribute.value.contains('&') {
            if let Ok(value) = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0) {
                visit(key, value.trim());
            }
        } else {
            visit(key, attribute.value.trim());
        }
    }
}

impl Draft {
    fn take(&mut self, field: Field, text: &str) {
        let text = text.trim();
        match field {
            Field::Id => text.clone_into(&mut self.id),
            Field::Title => text.clone_into(&mut self.title),
            Field::Severity => text.clone_into(&mut self.severity),
            Field::Summary => text.clone_into(&mut self.summary),
            Field::Description => text.clone_into(&mut self.description),
            Field::Reboot => self.reboot |= is_true(text),
            Field::Restart => self.restart |= is_true(text),
        }
    }

    fn reference(&mut self, tag: &BytesStart<'_>, faults: &mut Faults) {
        let (mut kind, mut id) = (String::new(), String::new());
        let (mut title, mut href) = (String::new(), String::new());
        each(tag, |key, value| match key {
            "type" => kind = value.to_ascii_lowercase(),
            "id" => value.clone_into(&mut id),
            "title" => value.clone_into(&mut title),
            "href" => value.clone_into(&mut href),
            _ => {}
        });
        match kind.as_str() {
            "cve" => match words::cve(&id).or_else(|| words::cves_in(&title).next()) {
                Some(cve) => self.cves.push(cve),
                None => faults.add(Fault::Cve, &id),
            },
            // Fedora and EPEL name CVEs only in the titles of bugs.
            "bugzilla" => self.cves.extend(words::cves_in(&title)),
            _ => words::add_reference(&mut self.references, &href),
        }
        self.cves.truncate(CVES_MAX);
    }

    fn package(
        &mut self,
        tag: &BytesStart<'_>,
        stream: &str,
        module: Option<&str>,
        faults: &mut Faults,
    ) {
        let (mut package, mut arch) = (String::new(), String::new());
        let (mut evr, mut epoch) = (String::new(), String::new());
        let mut release = String::new();
        each(tag, |key, value| match key {
            "name" => value.clone_into(&mut package),
            "epoch" => value.clone_into(&mut epoch),
            "version" => value.clone_into(&mut evr),
            "release" => value.clone_into(&mut release),
            "arch" => value.clone_into(&mut arch),
            _ => {}
        });
        let good = words::is_name(&package)
            && words::is_name(&evr)
            && words::is_name(&release)
            && (arch.is_empty() || words::is_name(&arch));
        if !good {
            faults.add(Fault::Package, &package);
            return;
        }
        evr.push('-');
        evr.push_str(&release);
        // Without an epoch the feed does not tell it, which is not zero.
        if !epoch.is_empty() && epoch.bytes().all(|byte| byte.is_ascii_digit()) {
            evr.insert(0, ':');
            evr.insert_str(0, &epoch);
        }
        if !arch.is_empty() {
            package.push('.');
            package.push_str(&arch);
        }
        self.fixes.add(stream, module, evr, package);
    }

    fn finish(self, reading: &mut Reading) -> Option<Advisory> {
        let faults = &mut reading.faults;
        let Some(id) = words::id(&self.id) else {
            faults.add(Fault::Id, &self.id);
            return None;
        };
        let updated = words::dated(&[&self.updated, &self.issued], id, faults);
        if self.retracted {
            reading.withdrawn.push(Withdrawn { id: id.to_owned(), at: updated });
            return None;
        }
        let (before, title) = words::severity_before(&self.title);
        let title = [title, &self.summary, id].into_iter().find(|text| !text.is_empty());
        let summary = if self.description.is_empty() { &self.summary } else { &self.description };
        let mut cves = self.cves;
        cves.sort_unstable();
        cves.dedup();
        let stated = Severity::of(&self.severity);
        Some(Advisory {
            id: id.to_owned(),
            kind: self.kind.or_else(|| words::kind_of(id)).unwrap_or(Kind::Bugfix),
            severity: if stated == Severity::None { before } else { stated },
            title: Text {
                en: words::prose(title.unwrap_or_default(), TITLE_CHARS_MAX),
                ko: String::new(),
            },
            summary: Text { en: words::prose(summary, SUMMARY_CHARS_MAX), ko: String::new() },
            published: words::moment(&self.issued).unwrap_or(updated),
            updated,
            cves: cves.into_iter().map(|id| Cve { id, ..Cve::default() }).collect(),
            reboot: self.reboot,
            restart: self.restart,
            references: self.references,
            fixes: self.fixes.into_fixes(),
            ranges: Vec::new(),
            feeds: Vec::new(),
        })
    }
}

/// An empty element is a yes.
fn is_true(text: &str) -> bool {
    !matches!(text.to_ascii_lowercase().as_str(), "false" | "0" | "no")
}

#[cfg(test)]
mod tests;
