//! The packages of a host as of an assessment: what is installed, from whom, what an advisory
//! would put in its place.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use carepack_assessment::advised::{Advised, Row};
use carepack_facts::Facts;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::judged::{Chosen, Tabs, judged};
use crate::console::Console;
use crate::console::access::Caller;
use crate::console::frame::Frame;
use crate::console::input::Asked;
use crate::console::page::{Told, show as show_page};

/// Rows of one page; a name narrows it.
const ROWS_MAX: usize = 1_000;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
struct Package {
    name: String,
    arch: String,
    evr: String,
    vendor: String,
    /// Of the most urgent advisory that would replace it.
    advisory: String,
    severity: &'static str,
    fixed: String,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "host_packages.html")]
pub struct PackagesPage {
    #[serde(skip)]
    frame: Frame,
    #[serde(flatten)]
    tabs: Tabs,
    #[serde(skip)]
    q: String,
    total: usize,
    /// At most [`ROWS_MAX`] of them.
    packages: Vec<Package>,
    /// Why packages are not known; a fact's source.
    unseen: Option<String>,
}

pub async fn show(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Asked(chosen): Asked<Chosen>,
) -> Told<PackagesPage> {
    let judged = judged(&console, &caller, (id, "packages"), &chosen).await?;
    let (mut packages, unseen) = match &judged.page {
        Some(page) => listed(&page.facts, page.advised.as_ref()),
        None => (Vec::new(), None),
    };
    let wanted = chosen.q.trim().to_lowercase();
    packages.retain(|package| package.name.to_lowercase().contains(&wanted));
    let total = packages.len();
    packages.truncate(ROWS_MAX);
    let frame = Frame::of(&caller);
    let page = PackagesPage { frame, tabs: judged.tabs, q: chosen.q, total, packages, unseen };
    show_page(&caller, &page)
}

/// Installed packages, those with a fix first, and why they are not known.
fn listed(facts: &Facts, advised: Option<&Advised>) -> (Vec<Package>, Option<String>) {
    let Some(installed) = facts.value("packages.installed").and_then(Value::as_array) else {
        let missing = facts.missing.get("packages.installed");
        return (Vec::new(), Some(missing.map(|m| m.source.clone()).unwrap_or_default()));
    };
    let fixes = fixes(advised);
    let mut packages: Vec<Package> = installed.iter().map(|one| package(one, &fixes)).collect();
    // What waits for a fix comes first.
    let order =
        |p: &Package| (p.advisory.is_empty(), p.name.clone(), p.arch.clone(), p.evr.clone());
    packages.sort_by_cached_key(order);
    (packages, None)
}

fn package(installed: &Value, fixes: &BTreeMap<(&str, &str), (&Row, &str)>) -> Package {
    let text = |key: &str| installed[key].as_str().unwrap_or_default().to_owned();
    let (name, arch) = (text("name"), text("arch"));
    let evr = match installed["epoch"].as_u64() {
        Some(epoch @ 1..) => format!("{epoch}:{}-{}", text("version"), text("release")),
        _ => format!("{}-{}", text("version"), text("release")),
    };
    let fix = fixes.get(&(format!("{name}.{arch}").as_str(), evr.as_str())).copied();
    Package {
        advisory: fix.map(|(row, _)| row.id.clone()).unwrap_or_default(),
        severity: fix.map_or("", |(row, _)| row.severity.as_str()),
        fixed: fix.map(|(_, fixed)| fixed.to_owned()).unwrap_or_default(),
        vendor: text("vendor"),
        name,
        arch,
        evr,
    }
}

/// Name with architecture and installed version → the most urgent advisory with a fix. Rows come
/// most urgent first.
fn fixes(advised: Option<&Advised>) -> BTreeMap<(&str, &str), (&Row, &str)> {
    let mut fixes = BTreeMap::new();
    for row in advised.into_iter().flat_map(|advised| &advised.rows) {
        for hit in &row.hits {
            if let Some(fixed) = &hit.fixed {
                let key = (hit.name.as_str(), hit.installed.as_str());
                fixes.entry(key).or_insert((row, fixed.as_str()));
            }
        }
    }
    fixes
}

#[cfg(test)]
mod tests {
    use carepack_assessment::advised::Told;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_package_has_the_most_urgent_fix_of_its_own_version() {
        let mut facts = Facts::default();
        let installed = |version: &str, epoch: u32| {
            json!({"name": "openssl", "epoch": epoch, "version": version, "release": "1.el9",
                   "arch": "x86_64", "vendor": "Red Hat, Inc."})
        };
        facts.put("packages.installed", json!([installed("3.2", 1), installed("1.1", 0)]), "rpm");
        let told = |fixed: &str| Told {
            name: "openssl.x86_64".into(),
            place: String::new(),
            installed: "1:3.2-1.el9".into(),
            fixed: Some(fixed.into()),
            running: None,
        };
        let row = |id: &str, fixed: &str| {
            let published = jiff::Timestamp::UNIX_EPOCH;
            let mut row: Row = serde_json::from_value(json!({
                "id": id, "class": "applicable", "kind": "security", "severity": "important",
                "title": {"ko": "", "en": ""}, "summary": {"ko": "", "en": ""}, "cves": [],
                "cvss_tenths": null, "exploited": false, "published": published,
                "reboot": false, "restart": false, "not_running": false, "live_patched": false,
                "product": false, "hits": [],
            }))
            .unwrap();
            row.hits.push(told(fixed));
            row
        };
        let rows = vec![row("RHSA-1", "1:3.5-1.el9"), row("RHSA-2", "1:3.4-1.el9")];
        let advised = Advised { rows, ..Advised::default() };
        let (packages, unseen) = listed(&facts, Some(&advised));
        assert_eq!(unseen, None);
        let said: Vec<_> = packages.iter().map(|p| [&p.evr, &p.advisory, &p.fixed]).collect();
        assert_eq!(said, [["1:3.2-1.el9", "RHSA-1", "1:3.5-1.el9"], ["1.1-1.el9", "", ""]]);
        assert!(listed(&Facts::default(), None).1.is_some());
    }
}
