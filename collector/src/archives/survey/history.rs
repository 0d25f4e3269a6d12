//! Resources over the month before: the day reports that sysstat wrote, or that sos made of its
//! day files.
//!
//! ```text
//! 12:00:01 AM     CPU      %usr     %nice      %sys   %iowait    %steal     %idle
//! 12:10:01 AM     all      1.20      0.00      0.80      0.40      0.00     97.60
//! ```

use carepack_facts::sysstat::{Samples, Sar, survey};
use carepack_shared::Content;
use jiff::tz::TimeZone;

use super::super::layout::text;
use super::super::sources::is_sar;
use super::{Seen, clock};

/// As far back as an agent's month.
const LOOK_BACK_SECONDS: i64 = 35 * 24 * 3_600;
/// Reports read: a month of days, from either place.
const REPORTS_MAX: usize = 70;
const FOLDER: &str = "var/log/sa/";

/// The survey `resources`, of sysstat's hours alone.
pub fn resources(seen: &Seen<'_>) -> Option<Content> {
    let zone = clock::zone(seen).and_then(|name| TimeZone::get(&name).ok());
    let zone = zone.unwrap_or(TimeZone::UTC);
    let tree = &seen.layout.tree;
    let kept = tree.names_under(FOLDER).filter(|name| is_sar(&name[FOLDER.len()..]));
    let kept = kept.filter_map(|name| tree.file(name));
    let made = seen.layout.commands(&is_sar).into_iter().map(|(_, piece)| piece);
    let mut samples = Samples::new();
    for piece in kept.chain(made).take(REPORTS_MAX) {
        let mut sar = Sar::new(zone.clone());
        text(piece).lines().for_each(|line| sar.line(line));
        for (when, sample) in sar.samples() {
            samples.entry(when).or_default().extend(sample);
        }
    }
    let taken = seen.taken_at.as_second();
    // A day of the month before last, left over under the same number, is no history of this.
    samples.retain(|when, _| *when <= taken);
    survey(&samples, taken - LOOK_BACK_SECONDS).map(Content::Json)
}
