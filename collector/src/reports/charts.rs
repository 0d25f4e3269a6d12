//! Charts as hand-written SVG, the same for HTML and PDF. Every text in them is escaped here.

mod period;
pub mod topology;

pub use period::{Period, period};

/// Colours of the report.
pub const INK: &str = "#1d2b3a";
const GREY: &str = "#d8dee6";
const PALE: &str = "#eef1f5";

/// Text made safe for XML.
#[must_use]
pub fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Colour of a share in use: calm, at 85 % attention, at 95 % danger.
#[must_use]
pub fn heat(pct: f64) -> &'static str {
    match pct {
        95.0.. => "#b3261e",
        85.0.. => "#c77700",
        _ => "#3f6f9f",
    }
}

/// Colour of a score: the borders are those of the grades.
#[must_use]
pub const fn score_colour(score: u16) -> &'static str {
    match score {
        900.. => "#2e7d4f",
        700.. => "#3f6f9f",
        500.. => "#c77700",
        _ => "#b3261e",
    }
}

/// A ring that is filled to `score` of 1000, the number inside.
#[must_use]
pub fn donut(score: Option<u16>, title: &str, grade: &str) -> String {
    const RADIUS: f64 = 52.0;
    let around = 2.0 * std::f64::consts::PI * RADIUS;
    let filled = around * f64::from(score.unwrap_or(0)) / 1000.0;
    let colour = score.map_or(GREY, score_colour);
    let number = score.map_or_else(|| "-".to_owned(), |score| score.to_string());
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 140 140" width="140" height="140" role="img"><title>{title}: {number}</title><circle cx="70" cy="70" r="{RADIUS}" fill="none" stroke="{PALE}" stroke-width="14"/><circle cx="70" cy="70" r="{RADIUS}" fill="none" stroke="{colour}" stroke-width="14" stroke-dasharray="{filled:.1} {around:.1}" transform="rotate(-90 70 70)"/><text x="70" y="76" text-anchor="middle" font-family="Pretendard" font-size="30" font-weight="700" fill="{INK}">{number}</text><text x="70" y="96" text-anchor="middle" font-family="Pretendard" font-size="13" fill="{INK}">{grade}</text></svg>"#,
        title = xml(title),
        grade = xml(grade),
    )
}

/// One horizontal bar of a chart.
pub struct Bar {
    pub label: String,
    /// 0–100.
    pub pct: f64,
    /// The last inspection's value, drawn as a line.
    pub before: Option<f64>,
    /// Text at the right end.
    pub note: String,
}

/// Most bars in one chart; further ones are in the table beside it.
const BARS_MAX: usize = 12;

/// Horizontal bars over 0–100 %, a line where the last inspection stood.
#[must_use]
pub fn bars(title: &str, bars: &[Bar]) -> String {
    const ROW: f64 = 22.0;
    const LEFT: f64 = 150.0;
    const WIDTH: f64 = 300.0;
    let shown = &bars[..bars.len().min(BARS_MAX)];
    let height = ROW * count(shown.len()) + 8.0;
    let mut body = String::new();
    for (at, bar) in shown.iter().enumerate() {
        let y = ROW * count(at) + 4.0;
        let pct = bar.pct.clamp(0.0, 100.0);
        let width = WIDTH * pct / 100.0;
        let label = xml(&shortened(&bar.label));
        body.push_str(&format!(
            r#"<text x="{x:.0}" y="{ty:.0}" text-anchor="end" font-family="Pretendard" font-size="11" fill="{INK}">{label}</text><rect x="{LEFT}" y="{y}" width="{WIDTH}" height="14" fill="{PALE}"/><rect x="{LEFT}" y="{y}" width="{width:.1}" height="14" fill="{colour}"/>"#,
            x = LEFT - 8.0,
            ty = y + 11.0,
            colour = heat(pct),
        ));
        if let Some(before) = bar.before {
            let x = LEFT + WIDTH * before.clamp(0.0, 100.0) / 100.0;
            body.push_str(&format!(
                r#"<line x1="{x:.1}" y1="{y1}" x2="{x:.1}" y2="{y2}" stroke="{INK}" stroke-width="1.6"/>"#,
                y1 = y - 2.0,
                y2 = y + 16.0,
            ));
        }
        body.push_str(&format!(
            r#"<text x="{x:.0}" y="{ty:.0}" font-family="Pretendard" font-size="11" fill="{INK}">{note}</text>"#,
            x = LEFT + WIDTH + 8.0,
            ty = y + 11.0,
            note = xml(&bar.note),
        ));
    }
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {height:.0}" width="720" height="{height:.0}" role="img"><title>{title}</title>{body}</svg>"#,
        title = xml(title),
    )
}

/// One part of a whole.
pub struct Part {
    pub label: String,
    /// 0–1; the shares of a chart add up to 1.
    pub share: f64,
}

/// Colours of the parts, from the heaviest to the lightest; each label repeats its colour.
const PARTS: [&str; 3] = ["#3f6f9f", "#9bb8d3", "#eef1f5"];

/// One bar made of parts, a key below it.
#[must_use]
pub fn parts(title: &str, list: &[Part]) -> String {
    const LEFT: f64 = 150.0;
    const WIDTH: f64 = 300.0;
    const KEY: f64 = 165.0;
    let mut body = String::new();
    let mut x = LEFT;
    for (at, (part, colour)) in list.iter().zip(PARTS).enumerate() {
        let width = WIDTH * part.share.clamp(0.0, 1.0);
        let key = LEFT + KEY * count(at);
        body.push_str(&format!(
            r#"<rect x="{x:.1}" y="4" width="{width:.1}" height="14" fill="{colour}"/><rect x="{key:.0}" y="27" width="9" height="9" fill="{colour}" stroke="{GREY}" stroke-width="0.6"/><text x="{tx:.0}" y="35" font-family="Pretendard" font-size="11" fill="{INK}">{label}</text>"#,
            tx = key + 14.0,
            label = xml(&part.label),
        ));
        x += width;
    }
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 44" width="720" height="44" role="img"><title>{title}</title><text x="{lx:.0}" y="15" text-anchor="end" font-family="Pretendard" font-size="11" fill="{INK}">{title}</text>{body}</svg>"#,
        title = xml(title),
        lx = LEFT - 8.0,
    )
}

/// Labels fit their column; the table beside the chart has them whole.
fn shortened(label: &str) -> String {
    const CHARS_MAX: usize = 22;
    let length = label.chars().count();
    if length <= CHARS_MAX {
        return label.to_owned();
    }
    let tail: String = label.chars().skip(length - CHARS_MAX + 1).collect();
    format!("…{tail}")
}

fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hosts_label_is_escaped() {
        let bar = |label: &str| Bar {
            label: label.into(),
            pct: 97.0,
            before: Some(120.0),
            note: "x".into(),
        };
        let svg = bars("t", &[bar("<script>")]);
        assert!(svg.contains("&lt;script&gt;") && !svg.contains("<script>"));
        assert!(svg.contains("#b3261e"), "97 % is drawn as danger");
    }

    #[test]
    fn parts_stand_side_by_side() {
        let part = |label: &str, share| Part { label: label.into(), share };
        let svg = parts("m", &[part("a<b", 0.5), part("c", 0.25), part("d", 0.25)]);
        assert!(svg.contains(r#"x="150.0" y="4" width="150.0""#), "{svg}");
        assert!(svg.contains(r#"x="300.0" y="4" width="75.0""#), "{svg}");
        assert!(svg.contains("a&lt;b"));
    }

    #[test]
    fn no_score_is_no_full_ring() {
        let svg = donut(None, "score", "");
        assert!(svg.contains("stroke-dasharray=\"0.0 "));
        assert!(svg.contains(">-<"));
    }
}
