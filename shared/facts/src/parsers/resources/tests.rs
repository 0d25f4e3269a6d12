//! A month, gaps, growth, and what is no survey.

use carepack_shared::Unseen;
use serde_json::{Value, json};

use super::*;

fn text(values: &[i64]) -> String {
    values.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
}

fn told(series: &Value, hours: usize) -> Facts {
    let value = json!({
        "source": "sampler", "from": 1_793_491_200, "hours": hours, "samples": hours * 60,
        "expected": hours * 60, "starts": 1, "series": series,
    });
    let survey = Survey::deserialize(&value).unwrap();
    let mut facts = Facts::default();
    tell(&Hours::of(&survey).unwrap(), &mut facts);
    facts
}

#[test]
fn a_month_is_its_levels_and_its_busy_hours() {
    // Ten days; busy at 14:00 UTC (the first hour is 00:00).
    let busy: Vec<i64> = (0..240).map(|hour| if hour % 24 == 14 { 800 } else { 100 }).collect();
    let text = text(&busy);
    let facts = told(
        &json!([{"name": "cpu.busy", "min": text, "mean": text, "p95": text, "max": text}]),
        240,
    );
    assert_eq!(facts.value("resources.days"), Some(&json!(10.0)));
    assert_eq!(facts.value("resources.cpu_p95_pct"), Some(&json!(10.0)));
    assert_eq!(facts.value("resources.cpu_max_pct"), Some(&json!(80.0)));
    assert_eq!(facts.value("resources.cpu_mean_pct"), Some(&json!(12.9)));
    assert_eq!(
        facts.value("resources.busy_hours").unwrap()[0],
        json!({"hour": 14, "cpu_pct": 80.0})
    );
    assert_eq!(facts.missing["resources.memory_p95_pct"].reason, Unseen::Absent);
    assert_eq!(facts.value("resources.hourly").unwrap()[0]["mean"][14], json!(80.0));
}

#[test]
fn gaps_are_told() {
    let facts = told(&json!([{"name": "load.1", "mean": "1,-,-,2,-", "p95": "1,-,-,2,-"}]), 5);
    let from = 1_793_491_200;
    assert_eq!(
        facts.value("resources.gaps"),
        Some(&json!([{"from": from + 3600, "hours": 2}, {"from": from + 4 * 3600, "hours": 1}]))
    );
}

#[test]
fn a_file_system_that_grows_has_a_date_and_a_level_one_none() {
    let used: Vec<i64> = (0..480).map(|hour| 10_000 + 100 * (hour / 24)).collect();
    let free: Vec<i64> = used.iter().map(|used| 15_000 - used).collect();
    let level = vec![500; 480];
    let facts = told(
        &json!([
            {"name": "fs:/data.used", "last": text(&used)},
            {"name": "fs:/data.free", "last": text(&free)},
            {"name": "fs:/.used", "last": text(&level)},
            {"name": "fs:/.free", "last": text(&level)},
        ]),
        480,
    );
    let growth = facts.value("resources.growth").unwrap().as_array().unwrap();
    assert_eq!(growth.len(), 1);
    assert_eq!(growth[0]["mount"], "/data");
    assert_eq!(growth[0]["per_day"], json!(100.0));
    assert_eq!(growth[0]["days_left"], json!(31.0));
}

#[test]
fn what_is_no_survey_is_malformed() {
    for (hours, mean) in [(2, "1,x"), (2, "1,2,3"), (0, ""), (99_999, "1"), (1, "NaN")] {
        let value = json!({
            "source": "sampler", "from": 0, "hours": hours, "samples": 1, "expected": 1,
            "series": [{"name": "cpu.busy", "mean": mean}],
        });
        let survey = Survey::deserialize(&value).unwrap();
        assert_eq!(Hours::of(&survey).err(), Some(Unseen::Malformed), "{hours} {mean:?}");
    }
}
