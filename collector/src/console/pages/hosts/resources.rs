//! The resources of a host over a whole period: what the sampler saw hour by hour as charts to
//! look into, and the figures behind them.

use askama::Template;
use axum::extract::{Path, State};
use carepack_assessment::model::HostAssessment;
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
use crate::reports::resource_series;

/// Rows of each table.
const ROWS_MAX: usize = 40;
/// Seconds of a series' step.
const HOUR_SECONDS: i64 = 3_600;

/// The figures above the charts: fact, unit.
const FIGURES: [(&str, &str); 8] = [
    ("resources.cpu_mean_pct", "%"),
    ("resources.cpu_p95_pct", "%"),
    ("resources.cpu_max_pct", "%"),
    ("resources.iowait_p95_pct", "%"),
    ("resources.memory_p95_pct", "%"),
    ("resources.swap_p95_pct", "%"),
    ("resources.load_p95", ""),
    ("resources.coverage_pct", "%"),
];

/// One measure, hour by hour; an hour without a sample is null.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
struct Series {
    name: String,
    unit: String,
    /// Start of the first hour, seconds since 1970.
    from: i64,
    mean: Vec<Option<f64>>,
    max: Vec<Option<f64>>,
}

impl Series {
    /// For the browser's chart: times, means, maxima.
    fn columns(&self) -> String {
        let hours = i64::try_from(self.mean.len()).unwrap_or(0);
        let times: Vec<i64> = (0..hours).map(|hour| self.from + hour * HOUR_SECONDS).collect();
        serde_json::json!([times, self.mean, self.max]).to_string()
    }

    /// The largest hour's maximum and when its hour began.
    fn peak(&self) -> Option<(f64, jiff::Timestamp)> {
        let hours = self.max.iter().zip(0_i64..).filter_map(|(max, hour)| Some(((*max)?, hour)));
        let (max, hour) = hours.max_by(|a, b| a.0.total_cmp(&b.0))?;
        Some((max, jiff::Timestamp::from_second(self.from + hour * HOUR_SECONDS).ok()?))
    }

    /// Mean of the hours with samples.
    fn average(&self) -> Option<f64> {
        let (sum, count) =
            self.mean.iter().flatten().fold((0.0, 0_u32), |(sum, n), mean| (sum + mean, n + 1));
        (count > 0).then(|| sum / f64::from(count))
    }
}

/// A file system as it was at the end, and where it is going.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
struct FileSystem {
    mount: String,
    used_pct: f64,
    before_pct: Option<f64>,
    inodes_pct: Option<f64>,
    /// Days until it is full; soonest and latest (−1: never) at the growth seen.
    full_in: Option<(i64, i64)>,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "host_resources.html")]
pub struct ResourcesPage {
    #[serde(skip)]
    frame: Frame,
    #[serde(flatten)]
    tabs: Tabs,
    /// Fact, value, unit.
    figures: Vec<(&'static str, f64, &'static str)>,
    series: Vec<Series>,
    file_systems: Vec<FileSystem>,
    /// Programs that used most: name, hours, % of one processor, largest MiB.
    programs: Vec<(String, i64, f64, f64)>,
}

pub async fn show(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Asked(chosen): Asked<Chosen>,
) -> Told<ResourcesPage> {
    let judged = judged(&console, &caller, (id, "resources"), &chosen).await?;
    let frame = Frame::of(&caller);
    let page = match &judged.page {
        Some(page) => filled(frame, judged.tabs, page),
        None => ResourcesPage {
            frame,
            tabs: judged.tabs,
            figures: Vec::new(),
            series: Vec::new(),
            file_systems: Vec::new(),
            programs: Vec::new(),
        },
    };
    show_page(&caller, &page)
}

fn filled(frame: Frame, tabs: Tabs, page: &HostAssessment) -> ResourcesPage {
    let facts = &page.facts;
    let figure = |(key, unit): (&'static str, &'static str)| Some((key, number(facts, key)?, unit));
    let lang = frame.report_language();
    let series = list(facts, "resources.hourly").map(|one| Series {
        name: resource_series(lang, one["name"].as_str().unwrap_or_default()),
        unit: one["unit"].as_str().unwrap_or_default().to_owned(),
        from: one["from"].as_i64().unwrap_or(0),
        mean: numbers(&one["mean"]),
        max: numbers(&one["max"]),
    });
    let program = |one: &Value| {
        Some((
            one["name"].as_str()?.to_owned(),
            one["hours"].as_i64().unwrap_or(0),
            one["cpu_pct"].as_f64().unwrap_or(0.0),
            one["rss_max_mib"].as_f64().unwrap_or(0.0),
        ))
    };
    ResourcesPage {
        figures: FIGURES.into_iter().filter_map(figure).collect(),
        series: series.filter(|series| series.average().is_some()).take(ROWS_MAX).collect(),
        file_systems: file_systems(facts, &page.previous_facts),
        programs: list(facts, "resources.top").filter_map(program).take(ROWS_MAX).collect(),
        frame,
        tabs,
    }
}

/// The fullest first.
fn file_systems(facts: &Facts, before: &Facts) -> Vec<FileSystem> {
    let growth: Vec<&Value> = list(facts, "resources.growth").collect();
    let one = |fs: &Value| {
        let mount = fs["mount"].as_str()?;
        let earlier = list(before, "fs.usage").find(|fs| fs["mount"] == mount);
        let grows = growth.iter().find(|one| one["mount"] == mount && one["kind"] == "space");
        Some(FileSystem {
            mount: mount.to_owned(),
            used_pct: fs["used_pct"].as_f64()?,
            before_pct: earlier.and_then(|fs| fs["used_pct"].as_f64()),
            inodes_pct: fs["inodes_used_pct"].as_f64(),
            full_in: grows.and_then(|one| {
                Some((one["days_soonest"].as_i64()?, one["days_latest"].as_i64()?))
            }),
        })
    };
    let mut all: Vec<FileSystem> = list(facts, "fs.usage").filter_map(one).collect();
    all.sort_by(|a, b| b.used_pct.total_cmp(&a.used_pct));
    all.truncate(ROWS_MAX);
    all
}

fn number(facts: &Facts, key: &str) -> Option<f64> {
    facts.value(key)?.as_f64()
}

fn list<'f>(facts: &'f Facts, key: &str) -> impl Iterator<Item = &'f Value> {
    facts.value(key).and_then(Value::as_array).into_iter().flatten()
}

fn numbers(value: &Value) -> Vec<Option<f64>> {
    value.as_array().into_iter().flatten().map(Value::as_f64).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_series_knows_its_peak_and_its_mean_without_the_gaps() {
        let series = Series {
            name: "x".into(),
            unit: "%".into(),
            from: 7_200,
            mean: vec![Some(1.0), None, Some(3.0)],
            max: vec![Some(2.0), None, Some(9.0)],
        };
        assert_eq!(series.average(), Some(2.0));
        assert_eq!(series.peak().map(|(max, at)| (max, at.as_second())), Some((9.0, 14_400)));
        assert_eq!(series.columns(), "[[7200,10800,14400],[1.0,null,3.0],[2.0,null,9.0]]");
    }

    #[test]
    fn a_file_system_tells_where_it_comes_from_and_goes_to() {
        let of = |used: f64| json!([{"mount": "/", "used_pct": 1.0}, {"mount": "/var", "used_pct": used}]);
        let (mut facts, mut before) = (Facts::default(), Facts::default());
        facts.put("fs.usage", of(80.0), "df");
        before.put("fs.usage", of(70.0), "df");
        let growth =
            json!([{"mount": "/var", "kind": "space", "days_soonest": 20, "days_latest": -1}]);
        facts.put("resources.growth", growth, "samples");
        let all = file_systems(&facts, &before);
        assert_eq!(all[0].mount, "/var");
        assert_eq!((all[0].before_pct, all[0].full_in), (Some(70.0), Some((20, -1))));
        assert_eq!(all[1].full_in, None);
    }
}
