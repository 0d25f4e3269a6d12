//! Samples → what travels of each hour: minimum, mean, 95th percentile and maximum, packed.
//!
//! It knows neither who took the samples nor where they are kept. The numbers of a series stand
//! in one text, an hour each, `-` where there is no sample (commas between them: with spaces a
//! mask could take four of them for a card's number):
//!
//! ```text
//! {"name": "cpu.busy", "mean": "31,29,-", "under": "4,3,-", "over": "9,11,-", "top": "2,0,-"}
//! {"name": "net:eth0.rx", "min": "210,…", "mean": "1340,…", "p95": "5900,…", "max": "7100,…"}
//! {"name": "fs:/.used", "steps": "1021,0,-"}
//! ```
//! Shares (‰) are told by their mean and by what the minimum lies `under` it, the 95th percentile
//! `over` it and the maximum over that (`top`): small numbers, half the bytes. Rates have three
//! digits that mean something, their extremes two. Levels are told by the steps between hours.
//! [`unpack`] reads these and the texts of older agents, in which every number stands whole.

use std::collections::BTreeMap;
use std::fmt::Write;

use carepack_shared::Unseen;
use serde::Deserialize;
use serde_json::{Value, json};

/// Seconds.
pub const HOUR: i64 = 3_600;
/// Devices of a kind that travel: the busiest ones.
const DEVICES_MAX: usize = 4;
const MOUNTS_MAX: usize = 16;
/// Digits of a rate's mean, and of its extremes.
const MEAN_DIGITS: u32 = 3;
const EXTREME_DIGITS: u32 = 2;

/// The first pass over all samples: when, and which devices are busy.
#[derive(Default)]
pub struct Survey {
    /// The first and the last sample, seconds since the epoch.
    pub span: Option<(i64, i64)>,
    sums: BTreeMap<String, i64>,
}

impl Survey {
    /// Takes the moment of a sample.
    pub fn at(&mut self, when: i64) {
        let (begun, ended) = self.span.unwrap_or((when, when));
        self.span = Some((begun.min(when), ended.max(when)));
    }

    /// Takes one value of a sample.
    pub fn see(&mut self, name: &str, value: i64) {
        match self.sums.get_mut(name) {
            Some(sum) => *sum = sum.saturating_add(value),
            None => {
                self.sums.insert(name.to_owned(), value);
            }
        }
    }

    /// The series that travel, and the devices that do not.
    #[must_use]
    pub fn choose(&self) -> (Vec<String>, Vec<String>) {
        let busiest = |kind: &str, measures: &[&str], most: usize| {
            let mut devices: BTreeMap<&str, i64> = BTreeMap::new();
            for (name, sum) in &self.sums {
                let Some((device, measure)) = device(name, kind) else { continue };
                let weight = if measures.contains(&measure) { *sum } else { 0 };
                let total = devices.entry(device).or_default();
                *total = total.saturating_add(weight);
            }
            let mut ranked: Vec<(&str, i64)> = devices.into_iter().collect();
            ranked.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
            let rest = ranked.split_off(ranked.len().min(most));
            rest.into_iter().map(|(device, _)| format!("{kind}{device}")).collect::<Vec<_>>()
        };
        let more = [
            busiest("disk:", &["util"], DEVICES_MAX),
            busiest("net:", &["rx", "tx"], DEVICES_MAX),
            busiest("fs:", &["used"], MOUNTS_MAX),
        ]
        .concat();
        let is_left_out = |name: &str| {
            more.iter().any(|device| {
                name.strip_prefix(device.as_str()).is_some_and(|rest| rest.starts_with('.'))
            })
        };
        let chosen = self.sums.keys().filter(|name| !is_left_out(name)).cloned().collect();
        (chosen, more)
    }
}

/// `disk:sda.util` of `disk:` → `sda`, `util`.
fn device<'n>(name: &'n str, kind: &str) -> Option<(&'n str, &'n str)> {
    name.strip_prefix(kind)?.rsplit_once('.')
}

/// How the numbers of a series are packed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Share,
    Rate,
    Count,
    Level,
}

fn shape(name: &str) -> Shape {
    let measure = name.rsplit_once('.').map_or("", |(_, measure)| measure);
    if name.starts_with("fs:") {
        Shape::Level
    } else if ["cpu.", "memory.", "pressure."].iter().any(|kind| name.starts_with(kind))
        || name == "swap.used"
        || measure == "util"
    {
        Shape::Share
    } else if name.contains(':') && !matches!(measure, "errors" | "drops") {
        Shape::Rate
    } else {
        Shape::Count
    }
}

/// The second pass: one hour at a time, in the order of time.
pub struct Hours {
    numbers: BTreeMap<String, usize>,
    series: Vec<Series>,
    hour: i64,
}

struct Series {
    name: String,
    shape: Shape,
    values: Vec<i64>,
    /// Hours written so far.
    written: i64,
    /// The last value of a level.
    before: i64,
    /// Minimum or what is under the mean; mean; 95th percentile or what is over the mean;
    /// maximum or what is over that. Of a level: its steps.
    texts: [String; 4],
}

impl Hours {
    /// For the series of these names.
    #[must_use]
    pub fn new(names: Vec<String>) -> Self {
        let numbers = names.iter().enumerate().map(|(n, name)| (name.clone(), n)).collect();
        Self { numbers, series: names.into_iter().map(Series::new).collect(), hour: 0 }
    }

    /// Goes on to an hour. False for one that is told already: samples from before a clock that
    /// was set back belong to none.
    pub fn reach(&mut self, hour: i64) -> bool {
        if hour > self.hour {
            self.flush();
            self.hour = hour;
        }
        hour == self.hour
    }

    /// Takes one value of a sample of the hour that was reached.
    pub fn see(&mut self, name: &str, value: i64) {
        let known = self.numbers.get(name);
        if let Some(series) = known.and_then(|at| self.series.get_mut(*at)) {
            series.values.push(value);
        }
    }

    fn flush(&mut self) {
        for series in &mut self.series {
            series.flush(self.hour);
        }
    }

    /// The series as they travel, of so many hours.
    #[must_use]
    pub fn told(mut self, hours: i64) -> Vec<Value> {
        self.flush();
        self.series.into_iter().map(|series| series.told(hours)).collect()
    }
}

impl Series {
    fn new(name: String) -> Self {
        let shape = shape(&name);
        Self { name, shape, values: Vec::new(), written: 0, before: 0, texts: Default::default() }
    }

    fn flush(&mut self, hour: i64) {
        let Some(&last) = self.values.last() else { return };
        self.skip_to(hour);
        if self.shape == Shape::Level {
            put(&mut self.texts[0], Some(last.wrapping_sub(self.before)));
            self.before = last;
        } else {
            for (text, value) in self.texts.iter_mut().zip(four(&mut self.values, self.shape)) {
                put(text, Some(value));
            }
        }
        self.values.clear();
        self.written += 1;
    }

    /// Hours without a sample.
    fn skip_to(&mut self, hour: i64) {
        let texts = if self.shape == Shape::Level { 1 } else { 4 };
        for _ in self.written..hour {
            for text in &mut self.texts[..texts] {
                put(text, None);
            }
            self.written += 1;
        }
    }

    fn told(mut self, hours: i64) -> Value {
        self.skip_to(hours);
        let Self { name, shape, texts: [first, mean, p95, max], .. } = self;
        match shape {
            Shape::Level => json!({"name": name, "steps": first}),
            Shape::Share => {
                json!({"name": name, "under": first, "mean": mean, "over": p95, "top": max})
            }
            Shape::Rate | Shape::Count => {
                json!({"name": name, "min": first, "mean": mean, "p95": p95, "max": max})
            }
        }
    }
}

/// Minimum, mean, 95th percentile and maximum of an hour with a sample, in their shape.
fn four(values: &mut [i64], shape: Shape) -> [i64; 4] {
    values.sort_unstable();
    let count = values.len();
    let sum: i128 = values.iter().map(|value| i128::from(*value)).sum();
    let mean = i64::try_from(sum / i128::try_from(count.max(1)).unwrap_or(1)).unwrap_or(i64::MAX);
    let min = values.first().copied().unwrap_or(mean);
    // Nearest rank: the smallest value that 95 % of the values do not exceed.
    let p95 = values.get((count * 95).div_ceil(100).saturating_sub(1)).copied().unwrap_or(mean);
    let max = values.last().copied().unwrap_or(mean);
    match shape {
        Shape::Share => {
            [mean.wrapping_sub(min), mean, p95.wrapping_sub(mean), max.wrapping_sub(p95)]
        }
        Shape::Rate => {
            let extreme = |value| digits(value, EXTREME_DIGITS);
            let mean = digits(mean, MEAN_DIGITS);
            // Rounding must not turn their order around.
            let max = extreme(max).max(mean);
            [extreme(min).min(mean), mean, extreme(p95).min(max), max]
        }
        Shape::Count | Shape::Level => [min, mean, p95, max],
    }
}

/// A number rounded to so many digits.
fn digits(value: i64, most: u32) -> i64 {
    let length = value.unsigned_abs().checked_ilog10().unwrap_or(0) + 1;
    let Some(unit) = length.checked_sub(most).and_then(|zeros| 10_i64.checked_pow(zeros)) else {
        return value;
    };
    value.checked_add(unit / 2 * value.signum()).map_or(value, |more| more / unit * unit)
}

/// Adds a number to a text of them.
pub fn put(text: &mut String, value: Option<i64>) {
    if !text.is_empty() {
        text.push(',');
    }
    match value {
        Some(value) => {
            let _ = write!(text, "{value}");
        }
        None => text.push('-'),
    }
}

/// A series as it travels: this packing, or that of older agents.
#[derive(Deserialize)]
pub struct Packed<'a> {
    pub name: &'a str,
    #[serde(default)]
    mean: &'a str,
    #[serde(default)]
    p95: &'a str,
    #[serde(default)]
    over: &'a str,
    #[serde(default)]
    max: &'a str,
    #[serde(default)]
    top: &'a str,
    #[serde(default)]
    last: &'a str,
    #[serde(default)]
    steps: &'a str,
}

/// One number an hour.
pub type Numbers = Vec<Option<f64>>;

/// A series whose means, or whose levels, are numbers; the rest of it when it is asked for. The
/// minimum of an hour is in the snapshot for people.
pub struct Unpacked<'a> {
    packed: &'a Packed<'a>,
    len: usize,
    pub mean: Numbers,
    pub last: Numbers,
}

/// The numbers of a series of so many hours.
///
/// # Errors
/// [`Unseen::Malformed`]: numbers that are none, or more than there can be.
pub fn unpack<'a>(packed: &'a Packed<'a>, len: usize) -> Result<Unpacked<'a>, Unseen> {
    for text in [packed.p95, packed.over, packed.max, packed.top] {
        look(text, len)?;
    }
    let mean = numbers(packed.mean, len)?;
    let last = match packed.steps {
        "" => numbers(packed.last, len)?,
        steps => summed(numbers(steps, len)?),
    };
    Ok(Unpacked { packed, len, mean, last })
}

impl Unpacked<'_> {
    #[must_use]
    pub fn p95(&self) -> Numbers {
        match self.packed.over {
            "" => self.numbers(self.packed.p95),
            over => above(self.numbers(over), &self.mean),
        }
    }

    #[must_use]
    pub fn max(&self) -> Numbers {
        match self.packed.top {
            "" => self.numbers(self.packed.max),
            top => above(self.numbers(top), &self.p95()),
        }
    }

    /// What [`look`] let through and is no number all the same (`1.2.3`) is not known.
    fn numbers(&self, text: &str) -> Numbers {
        numbers(text, self.len).unwrap_or_else(|_| vec![None; self.len])
    }
}

/// Whether a text can be numbers, without reading them: most are never asked for.
fn look(text: &str, len: usize) -> Result<(), Unseen> {
    let odd = |byte: u8| !(byte.is_ascii_digit() || matches!(byte, b',' | b'-' | b'.'));
    let (commas, odds) = text.bytes().fold((0_usize, 0_usize), |(commas, odds), byte| {
        (commas + usize::from(byte == b','), odds + usize::from(odd(byte)))
    });
    if odds > 0 || commas >= len { Err(Unseen::Malformed) } else { Ok(()) }
}

/// What lies so far above a base.
fn above(mut over: Numbers, base: &[Option<f64>]) -> Numbers {
    for (over, base) in over.iter_mut().zip(base) {
        *over = over.zip(*base).map(|(over, base)| over + base);
    }
    over
}

fn summed(mut steps: Numbers) -> Numbers {
    let mut level = 0.0;
    for step in steps.iter_mut().flatten() {
        level += *step;
        *step = level;
    }
    steps
}

/// `3,2,-` → numbers; an empty text is no hour at all, a short one ends early.
///
/// # Errors
/// [`Unseen::Malformed`].
pub fn numbers(text: &str, len: usize) -> Result<Numbers, Unseen> {
    if text.is_empty() {
        return Ok(vec![None; len]);
    }
    let mut numbers = Vec::with_capacity(len);
    for word in text.as_bytes().split(|byte| *byte == b',') {
        if numbers.len() == len {
            return Err(Unseen::Malformed);
        }
        numbers.push(number(word)?);
    }
    numbers.resize(len, None);
    Ok(numbers)
}

/// Most words are short whole numbers.
fn number(word: &[u8]) -> Result<Option<f64>, Unseen> {
    const WHOLE_DIGITS_MAX: usize = 9;
    if word == b"-" {
        return Ok(None);
    }
    if (1..=WHOLE_DIGITS_MAX).contains(&word.len()) && word.iter().all(u8::is_ascii_digit) {
        let whole = word.iter().fold(0_u32, |sum, digit| sum * 10 + u32::from(digit - b'0'));
        return Ok(Some(f64::from(whole)));
    }
    let parsed = std::str::from_utf8(word).ok().and_then(|word| word.parse::<f64>().ok());
    parsed.filter(|number| number.is_finite()).map(Some).ok_or(Unseen::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, hours: &[(i64, &[i64])]) -> Value {
        let mut all = Hours::new(vec![name.to_owned()]);
        for (hour, values) in hours {
            assert!(all.reach(*hour));
            values.iter().for_each(|value| all.see(name, *value));
        }
        all.told(hours.last().unwrap().0 + 2).remove(0)
    }

    /// Means, 95th percentiles, maxima, levels.
    fn read(told: &Value) -> [Numbers; 4] {
        let packed = Packed::deserialize(told).unwrap();
        let all = unpack(&packed, 4).unwrap();
        [all.mean.clone(), all.p95(), all.max(), all.last.clone()]
    }

    fn whole(numbers: &[Option<f64>]) -> Vec<Option<i64>> {
        numbers.iter().map(|n| n.map(|n| n.to_string().parse().unwrap())).collect()
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let minutes: Vec<i64> = (0..60).collect();
        let share = read(&told("cpu.busy", &[(0, &minutes), (2, &[7])]));
        assert_eq!(whole(&share[0]), [Some(29), None, Some(7), None]);
        assert_eq!(whole(&share[1]), [Some(56), None, Some(7), None]);
        assert_eq!(whole(&share[2]), [Some(59), None, Some(7), None]);
        let level = read(&told("fs:/.used", &[(0, &[1021, 1024]), (2, &[1020])]));
        assert_eq!(whole(&level[3]), [Some(1024), None, Some(1020), None]);
        let rate = read(&told("net:eth0.rx", &[(0, &[12_345, 12_355, 98_765])]));
        assert_eq!(whole(&rate[0])[0], Some(41_200));
        assert_eq!(whole(&rate[2])[0], Some(99_000));
        let count = read(&told("files.open", &[(0, &[12_345])]));
        assert_eq!(whole(&count[2])[0], Some(12_345));
    }

    #[test]
    fn older_agents_wrote_every_number_whole() {
        let value = json!({"name": "load.1", "mean": "1,-,2", "p95": "2,-,3", "max": "4,-,4.5"});
        let old = read(&value);
        assert_eq!(old[2], [Some(4.0), None, Some(4.5), None]);
        assert_eq!(whole(&old[1]), [Some(2), None, Some(3), None]);
        let old = read(&json!({"name": "fs:/.used", "last": "5,-,6"}));
        assert_eq!(whole(&old[3]), [Some(5), None, Some(6), None]);
        let check = |text: &str| numbers(text, 2).err();
        assert_eq!(check("1,2,3"), Some(Unseen::Malformed));
        assert_eq!(check("1,x"), Some(Unseen::Malformed));
        assert_eq!(check("1,"), Some(Unseen::Malformed));
        assert_eq!(check("NaN"), Some(Unseen::Malformed));
        assert_eq!(check("-,-"), None);
    }

    #[test]
    fn rounding_keeps_their_order() {
        let check = |values: &[i64]| {
            let [min, mean, p95, max] = four(&mut values.to_vec(), Shape::Rate);
            assert!(min <= mean && mean <= max && min <= p95 && p95 <= max, "{values:?}");
        };
        check(&[1049, 1049, 1049]);
        check(&[994, 996, 999]);
        check(&[i64::MIN, i64::MAX]);
        check(&[-15, 0, 15]);
        for (value, most, expected) in
            [(1049, 2, 1000), (1050, 2, 1100), (99, 2, 99), (-1250, 2, -1300)]
        {
            assert_eq!(digits(value, most), expected);
        }
    }

    #[test]
    fn an_hour_that_is_told_is_not_told_again() {
        let mut hours = Hours::new(vec!["load.1".to_owned()]);
        assert!(hours.reach(1));
        hours.see("load.1", 3);
        assert!(!hours.reach(0));
        assert_eq!(hours.told(2)[0]["max"], "-,3");
    }
}
