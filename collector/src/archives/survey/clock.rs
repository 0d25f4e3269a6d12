//! The clock: what chronyc and timedatectl printed for people.
//!
//! ```text
//! Stratum         : 3
//! System time     : 0.000018441 seconds slow of NTP time
//! Leap status     : Normal
//! ^* 203.0.113.10                  2   8   377   131    -18us[  -20us] +/-   12ms
//! System clock synchronized: yes
//! ```

use std::fmt::Write;

use carepack_shared::Content;
use serde_json::json;

use super::Seen;

/// Most time sources listed.
const SOURCES_MAX: usize = 100;

/// The report of `chronyc tracking` as `chronyc -c` prints it.
pub fn tracking(seen: &Seen<'_>) -> Option<Content> {
    let text = seen.command(&["chronyc_-n_tracking", "chronyc_tracking"])?;
    csv(&text).map(Content::Text)
}

fn csv(text: &str) -> Option<String> {
    let field = |name: &str| {
        text.lines().find_map(|line| {
            let (key, value) = line.split_once(" : ")?;
            (key.trim() == name).then_some(value.trim())
        })
    };
    let first = |name: &str| field(name)?.split_whitespace().next();
    let (id, name) = field("Reference ID")?.split_once(' ')?;
    let name = name.trim_matches(['(', ')']);
    let stratum: u8 = field("Stratum")?.parse().ok()?;
    // chronyc's client.c prints a positive number as slow, a negative one as fast.
    let system: f64 = first("System time")?.parse().ok()?;
    let system = if field("System time")?.contains("fast") { -system } else { system };
    let number = |name| first(name).unwrap_or_default().trim_start_matches('+').to_owned();
    let frequency: f64 = first("Frequency")?.parse().ok()?;
    let frequency = if field("Frequency")?.contains("slow") { -frequency } else { frequency };
    let rest = ["Residual freq", "Skew", "Root delay", "Root dispersion", "Update interval"];
    let rest: Vec<String> = rest.into_iter().map(number).collect();
    let (last, rms) = (number("Last offset"), number("RMS offset"));
    let leap = field("Leap status")?;
    Some(format!(
        "{id},{name},{stratum},0.000000000,{system:.9},{last},{rms},{frequency:.3},{},{leap}\n",
        rest.join(",")
    ))
}

/// The table of `chronyc sources` as `chronyc -c` prints it.
pub fn sources(seen: &Seen<'_>) -> Option<Content> {
    let text = seen.command(&["chronyc_-n_sources", "chronyc_sources"])?;
    let mut csv = String::new();
    for line in text.lines().filter(|line| line.starts_with(['^', '=', '#'])).take(SOURCES_MAX) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [marks, name, stratum, poll, reach, heard, ..] = words[..] else { continue };
        let mut marks = marks.chars();
        let (Some(mode), Some(state), None) = (marks.next(), marks.next(), marks.next()) else {
            continue;
        };
        let _ = writeln!(csv, "{mode},{state},{name},{stratum},{poll},{reach},{heard},0,0,0");
    }
    (!csv.is_empty()).then_some(Content::Text(csv))
}

/// `{"synchronised","max_error_us","time_zone"}` from timedatectl.
pub fn clock(seen: &Seen<'_>) -> Option<Content> {
    let text = seen.command(&["timedatectl", "timedatectl_status"]).unwrap_or_default();
    let field = |names: &[&str]| {
        text.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            names.contains(&key.trim()).then_some(value.trim())
        })
    };
    // systemd 219 calls it "NTP synchronized".
    let synchronised = field(&["System clock synchronized", "NTP synchronized"]);
    let zone = zone(seen);
    let synchronised = synchronised.map(|word| word == "yes").or_else(|| followed(seen));
    if synchronised.is_none() && zone.is_none() {
        return None;
    }
    Some(Content::Json(json!({
        "synchronised": synchronised,
        "max_error_us": null,
        "time_zone": zone,
    })))
}

/// The host's time zone by its name.
pub fn zone(seen: &Seen<'_>) -> Option<String> {
    let text = seen.command(&["timedatectl", "timedatectl_status"])?;
    let zone = text.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        matches!(key.trim(), "Time zone" | "Timezone").then_some(value.trim())
    })?;
    zone.split(' ').next().map(str::to_owned)
}

/// Whether chronyd steers the clock, where timedatectl was not asked.
fn followed(seen: &Seen<'_>) -> Option<bool> {
    let text = seen.command(&["chronyc_-n_tracking", "chronyc_tracking"])?;
    let line = text.lines().find_map(|line| line.strip_prefix("Leap status"))?;
    Some(line.trim_start_matches([' ', ':']) != "Not synchronised")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_becomes_the_line_that_the_agent_asks_for() {
        let text = "Reference ID    : CB00710A (203.0.113.10)\nStratum         : 3\n\
            Ref time (UTC)  : Thu Nov 05 01:11:09 2026\n\
            System time     : 0.000018441 seconds fast of NTP time\n\
            Last offset     : -0.000020158 seconds\nRMS offset      : 0.000035 seconds\n\
            Frequency       : 12.500 ppm slow\nResidual freq   : +0.001 ppm\nSkew : 0.020 ppm\n\
            Root delay      : 0.012 seconds\nRoot dispersion : 0.001 seconds\n\
            Update interval : 256.5 seconds\nLeap status     : Normal\n";
        let expected = "CB00710A,203.0.113.10,3,0.000000000,-0.000018441,-0.000020158,0.000035,\
            -12.500,0.001,0.020,0.012,0.001,256.5,Normal\n";
        assert_eq!(csv(text).as_deref(), Some(expected));
        assert_eq!(csv("506 Cannot talk to daemon\n"), None);
    }
}
