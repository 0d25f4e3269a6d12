//! Twelve months of what is coming: inspections by schedule, ends of contracts, holidays, and the
//! days that rules watch on hosts: ends of support and of certificates, free space that runs out.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use carepack_service::calendar::Calendar;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::console::Console;
use crate::console::access::Caller;
use crate::console::frame::Frame;
use crate::console::input::Asked;
use crate::console::page::{Refusal, Told, show as show_page};
use crate::service;
use crate::store::{ComingDate, Contract};

/// Months that are shown.
const MONTHS: i32 = 12;
/// Most inspections of one contract in them, with one to spare for the month that runs.
const INSPECTIONS_MAX: usize = 13;
/// Days of hosts that are read: two for each of 10,000 hosts.
const DATES_MAX: u32 = 20_000;
/// Hosts named in one entry; more are counted.
const NAMES_MAX: usize = 3;

/// The customer that is asked for; all that are seen without one.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default)]
#[schema(as = CalendarFilter)]
pub struct Filter {
    customer: String,
}

/// One thing on a day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
struct Entry {
    day: Date,
    /// `capacity`, `contract_end`, `ends`, `holiday`, `inspection`.
    kind: &'static str,
    customer: String,
    /// Contract and period, or the holiday's name.
    ko: String,
    en: String,
    /// A holiday that may still change (추정).
    estimated: bool,
    /// Where it is explained; empty for none.
    link: String,
}

#[derive(Serialize, ToSchema)]
struct Month {
    /// `2026-12`
    month: String,
    entries: Vec<Entry>,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "calendar.html")]
pub struct CalendarPage {
    #[serde(skip)]
    frame: Frame,
    filter: Filter,
    months: Vec<Month>,
    #[serde(skip)]
    customers: Vec<(String, String)>,
}

pub async fn show(
    State(console): State<Console>,
    caller: Caller,
    Asked(filter): Asked<Filter>,
) -> Told<CalendarPage> {
    let (view, now) = (console.view(&caller), Timestamp::now());
    let customers: BTreeMap<Uuid, String> =
        view.customers().await?.into_iter().map(|customer| (customer.id, customer.name)).collect();
    let calendar = service::calendar(&console.config.data)?;
    let today = now.to_zoned(zone()).date();
    let mut entries = holidays(&calendar, today);
    let mut asked = BTreeMap::new();
    for contract in view.contracts().await? {
        let is_asked =
            filter.customer.is_empty() || filter.customer == contract.customer.to_string();
        if is_asked {
            let name = customers.get(&contract.customer).map_or("", String::as_str);
            entries.extend(of_contract((&contract, name), today, now)?);
            asked.insert(contract.id, name.to_owned());
        }
    }
    let until = now + SignedDuration::from_hours(24 * 31 * i64::from(MONTHS));
    let dates = console.store.coming_dates((now, until), DATES_MAX).await?;
    entries.extend(of_hosts(dates, &asked, horizon(today)));
    let page = CalendarPage {
        frame: Frame::of(&caller),
        filter,
        months: months(entries, today),
        customers: customers.into_iter().map(|(id, name)| (id.to_string(), name)).collect(),
    };
    show_page(&caller, &page)
}

fn horizon(today: Date) -> Date {
    today.first_of_month().saturating_add(MONTHS.months())
}

fn holidays(calendar: &Calendar, today: Date) -> Vec<Entry> {
    let until = horizon(today);
    let coming = calendar.days().filter(|holiday| holiday.day >= today && holiday.day < until);
    coming
        .map(|holiday| Entry {
            day: holiday.day,
            kind: "holiday",
            customer: String::new(),
            ko: holiday.ko.clone(),
            en: holiday.en.clone(),
            estimated: calendar.is_estimated(holiday.day),
            link: String::new(),
        })
        .collect()
}

/// A contract's inspections, on the first day of each window, and its last day.
fn of_contract(
    (contract, customer): (&Contract, &str),
    today: Date,
    now: Timestamp,
) -> Result<Vec<Entry>, Refusal> {
    let until = horizon(today);
    let broken = |error: &dyn std::error::Error| Refusal::broken("a contract's schedule", error);
    let zone = TimeZone::get(&contract.schedule.time_zone).map_err(|error| broken(&error))?;
    let entry = |day: Date, kind: &'static str, text: String| Entry {
        day,
        kind,
        customer: customer.to_owned(),
        en: text.clone(),
        ko: text,
        estimated: false,
        link: format!("/contracts/{}", contract.id),
    };
    let mut entries = Vec::new();
    let mut at = now;
    for _ in 0..INSPECTIONS_MAX {
        let slot = contract.schedule.slot_at(at, "").map_err(|error| broken(&error))?;
        let day = slot.window_start.to_zoned(zone.clone()).date();
        if day >= today && day < until && day <= contract.ends {
            entries.push(entry(day, "inspection", format!("{} {}", contract.name, slot.period)));
        }
        at = slot.period_end;
    }
    if contract.ends >= today && contract.ends < until {
        entries.push(entry(contract.ends, "contract_end", contract.name.clone()));
    }
    Ok(entries)
}

/// Days that rules watch, one entry for all hosts of a contract that have the same one. `asked` are
/// the contracts that are looked at, with their customers.
fn of_hosts(dates: Vec<ComingDate>, asked: &BTreeMap<Uuid, String>, until: Date) -> Vec<Entry> {
    let mut grouped: BTreeMap<(Uuid, Date, String, String), Vec<ComingDate>> = BTreeMap::new();
    for date in dates.into_iter().filter(|date| asked.contains_key(&date.contract)) {
        let day = date.at.to_zoned(zone()).date();
        if day < until {
            let key = (date.contract, day, date.rule.clone(), date.what.clone());
            grouped.entry(key).or_default().push(date);
        }
    }
    let entry = |((contract, day, ..), same): ((Uuid, Date, _, _), Vec<ComingDate>)| {
        let first = same.first()?;
        let names: Vec<&str> =
            same.iter().map(|date| date.hostname.as_str()).take(NAMES_MAX).collect();
        let more = match same.len().saturating_sub(NAMES_MAX) {
            0 => String::new(),
            more => format!(" +{more}"),
        };
        let told = format!("{} ({}{more})", first.what, names.join(", "));
        let link = match same.as_slice() {
            [one] => format!("/hosts/{}", one.host),
            _ => format!("/findings?rule={}", first.rule),
        };
        Some(Entry {
            day,
            kind: if first.kind == "capacity" { "capacity" } else { "ends" },
            customer: asked.get(&contract).cloned().unwrap_or_default(),
            ko: format!("{}: {told}", first.title_ko),
            en: format!("{}: {told}", first.title_en),
            estimated: first.kind == "capacity",
            link,
        })
    };
    grouped.into_iter().filter_map(entry).collect()
}

fn zone() -> TimeZone {
    TimeZone::get("Asia/Seoul").unwrap_or(TimeZone::UTC)
}

/// Every month of the horizon, the empty ones too.
fn months(mut entries: Vec<Entry>, today: Date) -> Vec<Month> {
    entries.sort();
    let begin = today.first_of_month();
    (0..MONTHS)
        .map(|n| {
            let first = begin.saturating_add(n.months());
            let of_month = entries.iter().filter(|entry| entry.day.first_of_month() == first);
            Month {
                month: first.strftime("%Y-%m").to_string(),
                entries: of_month.cloned().collect(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use carepack_shared::period::{Cadence, Schedule};

    use super::*;

    #[test]
    fn a_year_of_a_contract_stands_in_its_months() {
        let contract = Contract {
            id: Uuid::nil(),
            customer: Uuid::nil(),
            name: "shop".to_owned(),
            level: "standard-12".to_owned(),
            schedule: Schedule {
                cadence: Cadence::Quarterly,
                window_day: 5,
                window_hour: 1,
                window_hours: 72,
                time_zone: "Asia/Seoul".to_owned(),
            },
            engineer: String::new(),
            customer_contact: String::new(),
            starts: "2026-01-01".parse().unwrap(),
            ends: "2027-06-30".parse().unwrap(),
            policy_version: 1,
        };
        let today: Date = "2026-11-30".parse().unwrap();
        let now = "2026-11-30T00:00:00Z".parse().unwrap();
        let mut entries = of_contract((&contract, "한빛상사"), today, now).unwrap();
        let days: Vec<_> =
            entries.iter().map(|entry| (entry.day.to_string(), entry.kind, &*entry.ko)).collect();
        let expected = [
            ("2027-01-05".to_owned(), "inspection", "shop 2027-Q1"),
            ("2027-04-05".to_owned(), "inspection", "shop 2027-Q2"),
            ("2027-06-30".to_owned(), "contract_end", "shop"),
        ];
        assert_eq!(days, expected, "no inspection after the last day");
        entries.extend(holidays(&Calendar::korea().unwrap(), today));
        let year = months(entries, today);
        assert_eq!((year.len(), year[0].month.as_str()), (12, "2026-11"));
        assert_eq!(year[11].month, "2027-10");
        let december: Vec<_> = year[1].entries.iter().map(|entry| entry.day.day()).collect();
        assert_eq!(december, [25]);
        assert!(year[2].entries.iter().all(|entry| !entry.estimated));
    }

    #[test]
    fn one_entry_for_all_hosts_of_a_contract_with_the_same_day() {
        let (mine, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let date = |contract, host: u128, name: &str, what: &str| ComingDate {
            host: Uuid::from_u128(host),
            hostname: name.to_owned(),
            contract,
            rule: "tomcat-lifecycle".to_owned(),
            kind: "ends".to_owned(),
            at: "2027-03-31T20:00:00Z".parse().unwrap(),
            what: what.to_owned(),
            title_ko: "Tomcat 지원 종료".to_owned(),
            title_en: "End of Tomcat support".to_owned(),
        };
        let dates = vec![
            date(mine, 1, "a", "Tomcat 9.0"),
            date(mine, 2, "b", "Tomcat 9.0"),
            date(mine, 3, "c", "Tomcat 9.0"),
            date(mine, 4, "d", "Tomcat 9.0"),
            date(mine, 1, "a", "Tomcat 8.5"),
            date(other, 5, "e", "Tomcat 9.0"),
        ];
        let asked = BTreeMap::from([(mine, "한빛상사".to_owned())]);
        let entries = of_hosts(dates, &asked, "2027-10-01".parse().unwrap());
        let said: Vec<_> = entries.iter().map(|e| (e.day.to_string(), &*e.ko, &*e.link)).collect();
        let host = format!("/hosts/{}", Uuid::from_u128(1));
        let expected = [
            ("2027-04-01".to_owned(), "Tomcat 지원 종료: Tomcat 8.5 (a)", host.as_str()),
            (
                "2027-04-01".to_owned(),
                "Tomcat 지원 종료: Tomcat 9.0 (a, b, c +1)",
                "/findings?rule=tomcat-lifecycle",
            ),
        ];
        assert_eq!(said, expected, "in Korean time, of the contracts asked for");
    }
}
