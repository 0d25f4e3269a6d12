//! Advisories: what hosts lack now, which hosts those are, and when their customer was told.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, State};
use carepack_advisories::model::Advisory;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::console::Console;
use crate::console::access::{Caller, Right};
use crate::console::describe::{AnySchema, any_or};
use crate::console::frame::Frame;
use crate::console::input::{Asked, address, parsed};
use crate::console::lacking::Lack;
use crate::console::page::{Refusal, Told, show as show_page};
use crate::notices::Evidence;
use crate::store::Host;

/// Rows of one page of the list.
const PAGE_ROWS: usize = 100;
/// Hosts named on an advisory's page.
const HOSTS_MAX: usize = 10_000;
/// What a vendor rates, the most urgent first; not rated is without a word.
const SEVERITIES: [&str; 4] = ["critical", "important", "moderate", "low"];
const KINDS: [&str; 3] = ["security", "bugfix", "enhancement"];

fn severities() -> AnySchema {
    any_or(&SEVERITIES)
}

fn kinds() -> AnySchema {
    any_or(&KINDS)
}

/// One advisory in lists.
#[derive(Serialize, ToSchema)]
pub struct AdvisoryRow {
    id: String,
    title_ko: String,
    title_en: String,
    kind: &'static str,
    severity: &'static str,
    /// The highest CVSS base score of its vulnerabilities, in tenths.
    cvss_tenths: Option<u8>,
    exploited: bool,
    published: Timestamp,
    /// Hosts that lack it, of those that the caller sees.
    hosts: usize,
}

impl AdvisoryRow {
    fn of(advisory: &Advisory, hosts: usize) -> Self {
        Self {
            id: advisory.id.clone(),
            title_ko: advisory.title.ko.clone(),
            title_en: advisory.title.en.clone(),
            kind: advisory.kind.as_str(),
            severity: advisory.severity.as_str(),
            cvss_tenths: advisory.cvss_tenths(),
            exploited: advisory.is_exploited(),
            published: advisory.published,
            hosts,
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = AdvisoryFilter)]
pub struct Filter {
    /// Part of its id, its title or a CVE.
    q: String,
    /// Part of a package's or product's name that hosts have too old.
    product: String,
    #[schema(schema_with = severities)]
    severity: String,
    #[schema(schema_with = kinds)]
    kind: String,
    /// `1`: only what is known to be exploited.
    exploited: String,
    /// First and last day of publication (UTC).
    #[schema(value_type = Date)]
    since: String,
    #[schema(value_type = Date)]
    until: String,
    page: usize,
}

/// First and last day.
type Days = (Option<Date>, Option<Date>);

impl Filter {
    fn keeps(&self, one: &Advisory, hosts: &Share<'_>, days: Days) -> bool {
        let holds = |text: &str, wanted: &str| text.to_lowercase().contains(wanted);
        let (wanted, product) = (self.q.trim().to_lowercase(), self.product.trim().to_lowercase());
        let names = [&one.id, &one.title.ko, &one.title.en];
        let mut named = names.into_iter().chain(one.cves.iter().map(|cve| &cve.id));
        let mut hits = hosts.iter().flat_map(|(_, evidence)| &evidence.hits);
        let day = jiff::tz::TimeZone::UTC.to_datetime(one.published).date();
        named.any(|name| holds(name, &wanted))
            && (product.is_empty() || hits.any(|hit| holds(&hit.name, &product)))
            && (self.severity.is_empty() || self.severity == one.severity.as_str())
            && (self.kind.is_empty() || self.kind == one.kind.as_str())
            && (self.exploited.is_empty() || one.is_exploited())
            && days.0.is_none_or(|since| since <= day)
            && days.1.is_none_or(|until| day <= until)
    }

    fn days(&self) -> Result<Days, Refusal> {
        let day = |field: &str, text: &str| -> Result<Option<Date>, Refusal> {
            if text.is_empty() { Ok(None) } else { parsed(field, text).map(Some) }
        };
        Ok((day("since", &self.since)?, day("until", &self.until)?))
    }

    /// The address of another page of this list.
    fn at(&self, page: &usize) -> String {
        let filters = [
            ("q", self.q.as_str()),
            ("product", self.product.as_str()),
            ("severity", self.severity.as_str()),
            ("kind", self.kind.as_str()),
            ("exploited", self.exploited.as_str()),
            ("since", self.since.as_str()),
            ("until", self.until.as_str()),
        ];
        address("/advisories", &filters, *page)
    }
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "advisories.html")]
pub struct ListedAdvisories {
    #[serde(skip)]
    frame: Frame,
    filter: Filter,
    total: usize,
    pages: usize,
    advisories: Vec<AdvisoryRow>,
    #[serde(skip)]
    severities: [&'static str; 4],
    #[serde(skip)]
    kinds: [&'static str; 3],
}

/// Hosts that a caller sees, retired ones left out.
async fn seen(console: &Console, caller: &Caller) -> Result<HashMap<Uuid, Host>, Refusal> {
    let hosts = console.view(caller).hosts(None).await?.into_iter();
    Ok(hosts.filter(|host| host.retired_at.is_none()).map(|host| (host.id, host)).collect())
}

/// A caller's share of the hosts that lack something.
type Share<'l> = Vec<(&'l Host, &'l Evidence)>;

fn own<'l>(lack: &'l Lack, seen: &'l HashMap<Uuid, Host>) -> Share<'l> {
    lack.hosts.iter().filter_map(|(id, evidence)| Some((seen.get(id)?, evidence))).collect()
}

pub async fn list(
    State(console): State<Console>,
    caller: Caller,
    Asked(filter): Asked<Filter>,
) -> Told<ListedAdvisories> {
    let days = filter.days()?;
    let (lacks, seen) = (console.lacks().await?, seen(&console, &caller).await?);
    let mut advisories = Vec::new();
    for lack in lacks.values() {
        let hosts = own(lack, &seen);
        if !hosts.is_empty() && filter.keeps(&lack.advisory, &hosts, days) {
            advisories.push(AdvisoryRow::of(&lack.advisory, hosts.len()));
        }
    }
    advisories.sort_by(|a, b| (b.published, &a.id).cmp(&(a.published, &b.id)));
    let total = advisories.len();
    let pages = total.div_ceil(PAGE_ROWS).max(1);
    let begin = filter.page.min(pages - 1) * PAGE_ROWS;
    let page = ListedAdvisories {
        frame: Frame::of(&caller),
        filter,
        total,
        pages,
        advisories: advisories.into_iter().skip(begin).take(PAGE_ROWS).collect(),
        severities: SEVERITIES,
        kinds: KINDS,
    };
    show_page(&caller, &page)
}

/// A host that lacks it.
#[derive(Serialize, ToSchema)]
pub struct LackingHost {
    id: Uuid,
    name: String,
    contract: Uuid,
    contract_name: String,
    /// A live patch of the kernel is in force.
    live_patched: bool,
    packages: Vec<LackingPackage>,
    /// Packages beyond those.
    left_out: usize,
}

/// A package that is too old.
#[derive(Serialize, ToSchema)]
pub struct LackingPackage {
    name: String,
    installed: String,
    fixed: Option<String>,
    /// The version that still runs, where it is another.
    running: Option<String>,
}

/// What a customer was told of it.
#[derive(Serialize, ToSchema)]
pub struct AdvisoryNotice {
    id: Uuid,
    contract_name: String,
    #[schema(value_type = crate::store::NoticeState)]
    state: &'static str,
    /// When the first mail left; none: not yet.
    sent_at: Option<Timestamp>,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "advisory.html")]
pub struct AdvisoryPage {
    #[serde(skip)]
    frame: Frame,
    advisory: AdvisoryRow,
    summary_ko: String,
    summary_en: String,
    cves: Vec<String>,
    references: Vec<String>,
    reboot: bool,
    restart: bool,
    hosts: Vec<LackingHost>,
    notices: Vec<AdvisoryNotice>,
}

/// An advisory that one of the caller's hosts lacks.
pub async fn show(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Told<AdvisoryPage> {
    let (lacks, seen) = (console.lacks().await?, seen(&console, &caller).await?);
    let lack = lacks.get(&id).ok_or(Refusal::NotFound)?;
    let hosts = own(lack, &seen);
    if hosts.is_empty() {
        return Err(Refusal::NotFound);
    }
    let view = console.view(&caller);
    let contracts = view.contracts_by_id().await?;
    let name = |contract: &Uuid| contracts.get(contract).map(|c| c.name.clone());
    let mut notices = view.notices(Timestamp::UNIX_EPOCH).await?;
    // A customer learns of a notice when it is sent.
    let is_staff = caller.may(Right::Staff);
    notices.retain(|notice| notice.advisory == id && (is_staff || notice.sent_at.is_some()));
    let advisory = &lack.advisory;
    let page = AdvisoryPage {
        frame: Frame::of(&caller),
        summary_ko: advisory.summary.ko.clone(),
        summary_en: advisory.summary.en.clone(),
        cves: advisory.cves.iter().map(|cve| cve.id.clone()).collect(),
        references: advisory.references.clone(),
        reboot: advisory.reboot,
        restart: advisory.restart,
        notices: notices
            .into_iter()
            .map(|notice| AdvisoryNotice {
                id: notice.id,
                contract_name: name(&notice.contract).unwrap_or_default(),
                state: notice.state.as_str(),
                sent_at: notice.sent_at,
            })
            .collect(),
        advisory: AdvisoryRow::of(advisory, hosts.len()),
        hosts: lacking(hosts, name),
    };
    show_page(&caller, &page)
}

/// The hosts that lack it, by name.
fn lacking(share: Share<'_>, contract_name: impl Fn(&Uuid) -> Option<String>) -> Vec<LackingHost> {
    let row = |(host, evidence): (&Host, &Evidence)| {
        let package = |hit: &carepack_advisories::matching::Hit| LackingPackage {
            name: hit.name.clone(),
            installed: hit.installed.clone(),
            fixed: hit.fixed.clone(),
            running: hit.running.clone(),
        };
        LackingHost {
            id: host.id,
            name: host.hostname.clone(),
            contract: host.contract,
            contract_name: contract_name(&host.contract).unwrap_or_default(),
            live_patched: evidence.live_patched,
            packages: evidence.hits.iter().map(package).collect(),
            left_out: evidence.left_out,
        }
    };
    let mut hosts: Vec<LackingHost> = share.into_iter().map(row).collect();
    hosts.sort_by(|a, b| a.name.cmp(&b.name));
    hosts.truncate(HOSTS_MAX);
    hosts
}
