//! Robust statistics over short series. Pure.

/// The smallest value that `percent` % of the values do not exceed (nearest rank); none of none.
#[must_use]
pub fn percentile(values: &[f64], percent: u32) -> Option<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * percent.min(100) as usize).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

/// The mean; none of none.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / count(values.len()))
}

/// A trend: change per unit of x, with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    pub slope: f64,
    pub low: f64,
    pub high: f64,
}

/// Fewest points of a trend: a week.
pub const POINTS_MIN: usize = 7;
/// Most points: a quarter of days; the slopes grow with their square.
pub const POINTS_MAX: usize = 100;

/// Theil–Sen: the median of the slopes between all pairs of points, which a third of wild points
/// does not move. The interval is Sen's (J. Am. Stat. Assoc. 63, 1968): with
/// C = 1.96 · √(n(n−1)(2n+5)/18) the (N−C)/2-th and the (N+C)/2+1-th of the N slopes in order.
///
/// Points are (x, y), x rising. None of fewer than [`POINTS_MIN`] points; of more than
/// [`POINTS_MAX`] the last are taken.
#[must_use]
pub fn theil_sen(points: &[(f64, f64)]) -> Option<Trend> {
    let points = &points[points.len().saturating_sub(POINTS_MAX)..];
    if points.len() < POINTS_MIN {
        return None;
    }
    let mut slopes = Vec::with_capacity(points.len() * (points.len() - 1) / 2);
    for (at, (x1, y1)) in points.iter().enumerate() {
        for (x2, y2) in &points[at + 1..] {
            let slope = (y2 - y1) / (x2 - x1);
            if slope.is_finite() {
                slopes.push(slope);
            }
        }
    }
    if slopes.is_empty() {
        return None;
    }
    slopes.sort_by(f64::total_cmp);
    let n = count(points.len());
    let spread = 1.96 * (n * (n - 1.0) * (2.0 * n + 5.0) / 18.0).sqrt();
    let all = count(slopes.len());
    let at = |rank: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let index = rank.floor().clamp(0.0, all - 1.0) as usize;
        slopes[index]
    };
    let middle = slopes.len() / 2;
    let slope = if slopes.len().is_multiple_of(2) {
        f64::midpoint(slopes[middle - 1], slopes[middle])
    } else {
        slopes[middle]
    };
    Some(Trend { slope, low: at((all - spread) / 2.0 - 1.0), high: at(f64::midpoint(all, spread)) })
}

fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_values_that_were_seen() {
        let values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(percentile(&values, 95), Some(95.0));
        assert_eq!(percentile(&values, 100), Some(100.0));
        assert_eq!(percentile(&values, 0), Some(1.0));
        assert_eq!(percentile(&[7.0], 95), Some(7.0));
        assert_eq!(percentile(&[], 95), None);
        assert_eq!(percentile(&[f64::NAN, 1.0], 95), Some(1.0));
    }

    #[test]
    fn a_line_is_found_through_a_third_of_wild_points() {
        let mut points: Vec<(f64, f64)> =
            (0..30).map(|x| (f64::from(x), 100.0 + 2.5 * f64::from(x))).collect();
        for at in [3, 7, 11, 15, 19, 23, 27] {
            points[at].1 = 10_000.0;
        }
        let trend = theil_sen(&points).unwrap();
        assert!((trend.slope - 2.5).abs() < 0.1, "{trend:?}");
        assert!(trend.low <= trend.slope && trend.slope <= trend.high);
    }

    #[test]
    fn few_points_are_no_trend_and_a_level_is_none() {
        assert_eq!(theil_sen(&[(0.0, 1.0), (1.0, 2.0)]), None);
        let level: Vec<(f64, f64)> = (0..10).map(|x| (f64::from(x), 5.0)).collect();
        assert_eq!(theil_sen(&level), Some(Trend { slope: 0.0, low: 0.0, high: 0.0 }));
        let same: Vec<(f64, f64)> = (0..10).map(|y| (1.0, f64::from(y))).collect();
        assert_eq!(theil_sen(&same), None);
    }

    /// n = 10 without ties: N = 45, C = 1.96 · √125 = 21.9, so the 11th and the 34th slope.
    #[test]
    fn the_interval_is_sens() {
        let ys = [1.0, 2.3, 2.9, 4.4, 4.9, 6.5, 6.8, 8.3, 8.8, 10.4];
        let points: Vec<(f64, f64)> = ys.iter().enumerate().map(|(x, y)| (count(x), *y)).collect();
        let mut slopes: Vec<f64> = Vec::new();
        for a in 0..10 {
            for b in a + 1..10 {
                slopes.push((points[b].1 - points[a].1) / (points[b].0 - points[a].0));
            }
        }
        slopes.sort_by(f64::total_cmp);
        let trend = theil_sen(&points).unwrap();
        assert_eq!((trend.low, trend.high), (slopes[10], slopes[33]));
    }

    proptest::proptest! {
        #[test]
        fn the_interval_holds_the_slope(
            ys in proptest::collection::vec(-1e6_f64..1e6, 0..120),
        ) {
            let points: Vec<(f64, f64)> =
                ys.iter().enumerate().map(|(x, y)| (count(x), *y)).collect();
            if let Some(trend) = theil_sen(&points) {
                proptest::prop_assert!(trend.low <= trend.slope && trend.slope <= trend.high);
            }
        }
    }
}
