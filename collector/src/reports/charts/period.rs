//! A series over the whole period: the mean of each hour as an area, the maximum as a line, and
//! hours without a sample left open.

use super::{GREY, INK, PALE, count, xml};

/// A series of hours.
pub struct Period<'a> {
    pub title: String,
    pub unit: &'a str,
    /// Of each hour; none where there was no sample.
    pub mean: Vec<Option<f64>>,
    pub max: Vec<Option<f64>>,
    /// Days to write below, by their hour.
    pub days: Vec<(usize, String)>,
    /// Text at the right end.
    pub note: String,
}

const LEFT: f64 = 44.0;
const WIDTH: f64 = 560.0;
const TOP: f64 = 20.0;
const HEIGHT: f64 = 74.0;
/// Columns at most: one for each unit of width would be drawn over another.
const COLUMNS_MAX: usize = 560;
const AREA: &str = "#9bb8d3";
const LINE: &str = "#3f6f9f";

/// The chart as SVG.
#[must_use]
pub fn period(chart: &Period<'_>) -> String {
    let hours = chart.mean.len().max(1);
    let top = ceiling(chart);
    let x = |hour: usize| LEFT + WIDTH * count(hour) / count(hours);
    let y = |value: f64| TOP + HEIGHT * (1.0 - (value / top).clamp(0.0, 1.0));
    let mut body = frame(chart, top);
    for gap in gaps(&chart.mean) {
        body.push_str(&format!(
            r##"<rect x="{:.1}" y="{TOP}" width="{:.1}" height="{HEIGHT}" fill="{GREY}"/>"##,
            x(gap.0),
            x(gap.1) - x(gap.0),
        ));
    }
    for (values, filled) in [(&chart.mean, true), (&chart.max, false)] {
        for run in runs(&columns(values)) {
            let points: Vec<String> = run
                .iter()
                .map(|(hour, value)| format!("{:.1},{:.1}", x(*hour), y(*value)))
                .collect();
            let (first, last) = (x(run[0].0), x(run[run.len() - 1].0));
            let points = points.join(" ");
            let bottom = TOP + HEIGHT;
            body.push_str(&if filled {
                format!(
                    r#"<polygon points="{first:.1},{bottom} {points} {last:.1},{bottom}" fill="{AREA}"/>"#
                )
            } else {
                format!(
                    r#"<polyline points="{points}" fill="none" stroke="{LINE}" stroke-width="0.7"/>"#
                )
            });
        }
    }
    for (hour, label) in &chart.days {
        body.push_str(&format!(
            r#"<text x="{:.1}" y="{:.0}" font-family="Pretendard" font-size="9" fill="{INK}">{}</text>"#,
            x(*hour),
            TOP + HEIGHT + 11.0,
            xml(label),
        ));
    }
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 110" width="720" height="110" role="img"><title>{}</title>{body}</svg>"#,
        xml(&chart.title),
    )
}

/// Title, note, and the lines of nothing, half and all.
fn frame(chart: &Period<'_>, top: f64) -> String {
    let mut frame = format!(
        r#"<text x="{LEFT}" y="12" font-family="Pretendard" font-size="11" font-weight="600" fill="{INK}">{}</text><text x="{right}" y="12" text-anchor="end" font-family="Pretendard" font-size="10" fill="{INK}">{}</text><rect x="{LEFT}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" fill="{PALE}"/>"#,
        xml(&chart.title),
        xml(&chart.note),
        right = LEFT + WIDTH,
    );
    for (part, value) in [(1.0, top), (0.5, top / 2.0), (0.0, 0.0)] {
        let y = TOP + HEIGHT * (1.0 - part);
        frame.push_str(&format!(
            r#"<line x1="{LEFT}" y1="{y:.1}" x2="{x2}" y2="{y:.1}" stroke="{GREY}" stroke-width="0.5"/><text x="{tx}" y="{ty:.1}" text-anchor="end" font-family="Pretendard" font-size="9" fill="{INK}">{value}</text>"#,
            x2 = LEFT + WIDTH,
            tx = LEFT - 4.0,
            ty = y + 3.0,
            value = shown(value, chart.unit),
        ));
    }
    frame
}

fn shown(value: f64, unit: &str) -> String {
    if unit == "%" {
        format!("{value:.0}%")
    } else if value >= 10.0 || value == 0.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    }
}

/// Shares go to 100; other values to the next 1, 2 or 5 above the highest.
fn ceiling(chart: &Period<'_>) -> f64 {
    if chart.unit == "%" {
        return 100.0;
    }
    let highest = chart.max.iter().flatten().copied().fold(0.0, f64::max).max(1.0);
    let power = 10_f64.powf(highest.log10().floor());
    [1.0, 2.0, 5.0]
        .into_iter()
        .map(|step| step * power)
        .find(|top| *top >= highest)
        .unwrap_or(power * 10.0)
}

/// The highest value of each column, so that no peak is lost.
fn columns(values: &[Option<f64>]) -> Vec<(usize, Option<f64>)> {
    let each = values.len().div_ceil(COLUMNS_MAX).max(1);
    let column = |(at, hours): (usize, &[Option<f64>])| {
        (at * each, hours.iter().flatten().copied().reduce(f64::max))
    };
    values.chunks(each).enumerate().map(column).collect()
}

/// Unbroken runs of values.
fn runs(columns: &[(usize, Option<f64>)]) -> Vec<Vec<(usize, f64)>> {
    let mut runs: Vec<Vec<(usize, f64)>> = Vec::new();
    let mut open = false;
    for (hour, value) in columns {
        match (value, open) {
            (Some(value), true) => {
                if let Some(run) = runs.last_mut() {
                    run.push((*hour, *value));
                }
            }
            (Some(value), false) => runs.push(vec![(*hour, *value)]),
            (None, _) => {}
        }
        open = value.is_some();
    }
    runs
}

/// Hours from–to without a value.
fn gaps(values: &[Option<f64>]) -> Vec<(usize, usize)> {
    let mut gaps = Vec::new();
    let mut begun = None;
    for (at, value) in values.iter().map(Option::is_some).chain([true]).enumerate() {
        match (value, begun) {
            (false, None) => begun = Some(at),
            (true, Some(start)) => {
                gaps.push((start, at));
                begun = None;
            }
            _ => {}
        }
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: Vec<Option<f64>>) -> Period<'static> {
        Period {
            title: "a<b".into(),
            unit: "%",
            mean: values.clone(),
            max: values,
            days: vec![(0, "11-01".into())],
            note: "n".into(),
        }
    }

    #[test]
    fn a_gap_breaks_the_line_and_is_grey() {
        let svg = period(&chart(vec![Some(10.0), Some(20.0), None, None, Some(5.0)]));
        assert_eq!(svg.matches("<polyline").count(), 2);
        assert_eq!(svg.matches(r##"height="74" fill="#d8dee6""##).count(), 1, "{svg}");
        assert!(svg.contains("a&lt;b") && svg.contains("11-01"));
    }

    #[test]
    fn no_peak_of_a_long_period_is_lost() {
        let mut values = vec![Some(1.0); 2_400];
        values[1_777] = Some(99.0);
        let highest = columns(&values).iter().filter_map(|(_, v)| *v).fold(0.0, f64::max);
        assert_eq!(highest.to_string(), "99");
        assert!(columns(&values).len() <= COLUMNS_MAX);
    }

    #[test]
    fn the_scale_is_round() {
        for (highest, top) in [(0.3, 1.0), (1.0, 1.0), (1.2, 2.0), (34.0, 50.0), (71.0, 100.0)] {
            let mut chart = chart(vec![Some(highest)]);
            chart.unit = "Mbit/s";
            assert!((ceiling(&chart) - top).abs() < 1e-9, "{highest}");
        }
    }
}
