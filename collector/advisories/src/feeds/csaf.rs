//! Red Hat's security data in CSAF 2.0 and 2.1: advisories, and a VEX file for each CVE.
//!
//! An advisory's document becomes an [`Advisory`]. A CVE's file tells which packages of which
//! platforms are open, put off, given up or not concerned, and becomes a [`Vulnerability`]; the
//! fixes that it names become advisories in part, by their ids: [`set`](super::set) joins them
//! with the whole ones. Both layouts of those files are read, the later with modules after `::`.
//!
//! Formats: <https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html>,
//! <https://redhatproductsecurity.github.io/security-data-guidelines/csaf-vex/>.

mod advisory;
mod component;
mod document;
mod products;
mod vex;

use std::collections::HashSet;

use super::rows::Rows;
use super::{CVES_MAX, Fault, Faults, FeedError, Reading, Withdrawn, json, limit, words};
use crate::model::{Advisory, Cve, Severity, Status, Vulnerability};
use document::{Document, Remediation, Score, Str, Vulnerability as Told};
use products::{Products, Target};

pub use products::{BRANCH_DEPTH_MAX, CHAIN_MAX, PRODUCTS_MAX, RELATIONSHIPS_MAX};

/// The form's name in errors.
const FORM: &str = "a CSAF document";

/// Most products in the lists of one vulnerability.
pub const STATUSES_MAX: usize = 2_000_000;

/// What one document gave, and how many products its lists held.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Csaf {
    pub reading: Reading,
    pub counts: Counts,
}

/// Products in the lists of a document, packages and others, as they stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub fixed: usize,
    pub known_affected: usize,
    pub known_not_affected: usize,
    pub under_investigation: usize,
    /// What remediations say of products without a fix.
    pub affected: usize,
    pub fix_deferred: usize,
    pub out_of_support: usize,
    pub will_not_fix: usize,
    /// Containers, jars and whole products among the lists: nothing that RPM installs.
    pub others: usize,
}

/// Reads one document of either kind.
///
/// A notice without packages (`csaf_informational_advisory`: the end of a product's support) gives
/// nothing; one that was withdrawn gives its id.
///
/// # Errors
/// [`FeedError`] when it is no CSAF or larger than the limits. What is wrong with single products
/// is among the faults, and the rest is kept.
pub fn read(bytes: &[u8]) -> Result<Csaf, FeedError> {
    let document: Document<'_> = json(bytes, FORM)?;
    limit(FORM, "vulnerabilities", document.vulnerabilities.len(), CVES_MAX)?;
    let mut csaf = Csaf::default();
    let faults = &mut csaf.reading.faults;
    let tracking = &document.document.tracking;
    let Some(id) = words::id(tracking.id.as_str()) else {
        return Err(FeedError::Lacks { form: FORM, what: "an id in document.tracking" });
    };
    match document.document.category.as_str() {
        "csaf_informational_advisory" => return Ok(csaf),
        "csaf_withdrawn" | "csaf_superseded" => {
            let at = words::dated(&[tracking.current_release_date.as_str()], id, faults);
            csaf.reading.withdrawn.push(Withdrawn { id: id.to_owned(), at });
            return Ok(csaf);
        }
        _ => {}
    }
    let products = Products::of(&document.product_tree, faults)?;
    for told in &document.vulnerabilities {
        let lists = &told.product_status;
        let affected = lists.known_affected.len() + lists.under_investigation.len();
        let rest = lists.fixed.len() + lists.first_fixed.len() + lists.known_not_affected.len();
        limit(FORM, "products of a vulnerability", affected + rest, STATUSES_MAX)?;
    }
    if words::cve(id).is_some() {
        vex::read(&document, id, &products, &mut csaf);
    } else {
        advisory::read(&document, id, &products, &mut csaf);
    }
    Ok(csaf)
}

/// A vulnerability's id, score and whether it is known to be exploited.
fn cve(told: &Told<'_>, faults: &mut Faults) -> Option<Cve> {
    let id = told.cve.as_ref()?.as_str();
    let Some(id) = words::cve(id) else {
        faults.add(Fault::Cve, id);
        return None;
    };
    let mut cve = Cve { id, ..Cve::default() };
    let metrics = told.metrics.iter().map(|metric| &metric.content);
    for score in told.scores.iter().chain(metrics) {
        score_into(score, &mut cve, faults);
    }
    cve.exploited = told.threats.iter().any(|threat| {
        let details = threat.details.as_str().to_ascii_lowercase();
        threat.category.as_str() == "exploit_status"
            && (details.contains("known-exploited") || details.contains("cisa"))
    });
    Some(cve)
}

fn score_into(score: &Score<'_>, cve: &mut Cve, faults: &mut Faults) {
    for given in [&score.cvss_v2, &score.cvss_v3, &score.cvss_v4].into_iter().flatten() {
        let vector = given.vector.as_str();
        let tenths = match given.score {
            Some(score) => super::cvss::tenths(score),
            None => super::cvss::score_of(vector),
        };
        match tenths {
            Some(tenths) => super::cvss::take(cve, tenths, vector),
            None => faults.add(Fault::Score, vector),
        }
    }
}

/// The vendor's own rating of a vulnerability.
fn impact(told: &Told<'_>) -> Severity {
    let impacts = told.threats.iter().filter(|threat| threat.category.as_str() == "impact");
    impacts.map(|threat| Severity::of(threat.details.as_str())).max().unwrap_or_default()
}

/// What a remediation says of a product without a fix.
fn reason(remediation: &Remediation<'_>) -> Option<Status> {
    let details = remediation.details.as_str().trim().to_ascii_lowercase();
    let status = match (remediation.category.as_str(), details.as_str()) {
        ("none_available" | "no_fix_planned", "fix deferred") => Status::FixDeferred,
        ("none_available" | "no_fix_planned", "will not fix") => Status::WillNotFix,
        ("none_available" | "no_fix_planned", "out of support scope") => Status::OutOfSupport,
        ("none_available", "under investigation") => Status::UnderInvestigation,
        ("none_available" | "fix_planned", _) => Status::Affected,
        ("no_fix_planned", _) => Status::WillNotFix,
        _ => return None,
    };
    Some(status)
}

/// Products that some list calls open, or not concerned.
struct Open<'a>(HashSet<&'a str>);

impl<'a> Open<'a> {
    fn of(told: &'a Told<'_>) -> Self {
        let lists = &told.product_status;
        let all = lists.known_affected.iter().chain(&lists.known_not_affected);
        Self(all.chain(&lists.under_investigation).map(Str::as_str).collect())
    }

    /// A fix names its products; those of them that another list calls open, or not concerned at
    /// all, are not fixed by it.
    fn fixed<'r>(&self, remediation: &'r Remediation<'_>) -> impl Iterator<Item = &'r str> {
        let products = remediation.product_ids.iter().map(Str::as_str);
        products.filter(|product| !self.0.contains(product))
    }
}

/// Adds a fixed package; what is not one is counted.
fn add_fix(products: &Products<'_>, id: &str, fixes: &mut Rows<String>, csaf: &mut Csaf) {
    let faults = &mut csaf.reading.faults;
    match products.target(id) {
        Target::Package { cpe, module, package } => match &package.evr {
            Some(evr) => fixes.add(cpe, module, evr.clone(), package.labelled()),
            None => faults.add(Fault::Package, id),
        },
        Target::Other => csaf.counts.others += 1,
        Target::Unknown(fault) => faults.add(fault, id),
    }
}

/// What a fix asks for afterwards: (the machine to boot, services or sessions to start anew).
fn afterwards(remediation: &Remediation<'_>) -> (bool, bool) {
    let category = remediation.restart_required.as_ref().map_or("none", |r| r.category.as_str());
    let details = remediation.details.as_str().to_ascii_lowercase();
    let says = |word: &str| details.contains(word);
    let needless = ["no reboot", "not require a reboot", "without a reboot"].into_iter().any(says);
    let reboot = matches!(category, "machine" | "system") || says("reboot") && !needless;
    let restart = !matches!(category, "none" | "" | "machine" | "system")
        || says("restarted")
        || says("must be restart")
        || says("relogin")
        || says("log in again");
    (reboot, restart)
}
