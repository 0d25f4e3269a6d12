//! Small charts of the console as SVG, without styles of their own so that the content policy
//! needs no exception.

use crate::reports::charts::{score_colour, xml};

const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 96.0;
const EDGE: f64 = 10.0;

/// A score over periods: a point each, joined; a period without a score is left open.
#[must_use]
pub fn course(points: &[(String, Option<u16>)], title: &str) -> String {
    let steps = points.len().saturating_sub(1).max(1);
    let x = |at: usize| EDGE + (WIDTH - 2.0 * EDGE) * as_f64(at) / as_f64(steps);
    let y = |score: u16| HEIGHT - 18.0 - (HEIGHT - 34.0) * f64::from(score) / 1000.0;
    let mut body = String::new();
    let pairs = points.iter().enumerate().zip(points.iter().skip(1));
    for ((at, (_, from)), (_, to)) in pairs {
        if let (Some(from), Some(to)) = (from, to) {
            body.push_str(&format!(
                r##"<line x1="{:.1}" y1="{:.1}" x2="{:.1}" y2="{:.1}" stroke="#275a8a" stroke-width="1.5"/>"##,
                x(at), y(*from), x(at + 1), y(*to),
            ));
        }
    }
    for (at, (period, score)) in points.iter().enumerate() {
        let Some(score) = score else { continue };
        body.push_str(&format!(
            r#"<circle cx="{:.1}" cy="{:.1}" r="3.5" fill="{}"><title>{}: {score}</title></circle>"#,
            x(at), y(*score), score_colour(*score), xml(period),
        ));
    }
    for (at, anchor) in [(0, "start"), (points.len().saturating_sub(1), "end")] {
        let Some((period, _)) = points.get(at).filter(|_| at > 0 || anchor == "start") else {
            continue;
        };
        body.push_str(&format!(
            r##"<text x="{:.1}" y="{HEIGHT}" font-size="10" text-anchor="{anchor}" fill="#53606f">{}</text>"##,
            x(at), xml(period),
        ));
    }
    format!(
        r#"<svg viewBox="0 0 {WIDTH} {}" role="img" aria-label="{}">{body}</svg>"#,
        HEIGHT + 4.0,
        xml(title),
    )
}

#[expect(clippy::cast_precision_loss, reason = "a few dozen points")]
fn as_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_without_a_score_breaks_the_line() {
        let points = |scores: &[Option<u16>]| -> Vec<(String, Option<u16>)> {
            scores.iter().enumerate().map(|(n, score)| (format!("2026-{n:02}"), *score)).collect()
        };
        let whole = course(&points(&[Some(500), Some(700), Some(900)]), "x");
        assert_eq!((whole.matches("<line").count(), whole.matches("<circle").count()), (2, 3));
        let broken = course(&points(&[Some(500), None, Some(900)]), "<b>");
        assert_eq!((broken.matches("<line").count(), broken.matches("<circle").count()), (0, 2));
        assert!(broken.contains("&lt;b&gt;") && !broken.contains("<b>"));
        assert!(course(&[], "x").contains("svg"));
    }
}
