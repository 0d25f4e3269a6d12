//! Rows that every suite begins with; a suite says only what it wants otherwise.
#![allow(dead_code, reason = "not every suite begins with every row")]

use carepack_collector::store::{Contract, Host};
use carepack_shared::period::{Cadence, Schedule};
use jiff::Timestamp;
use uuid::Uuid;

/// A premium contract of 2026: monthly, from the fifth at one o'clock on, for 72 hours.
pub fn contract(customer: Uuid) -> Contract {
    Contract {
        id: Uuid::now_v7(),
        customer,
        name: "main".to_owned(),
        level: "premium".to_owned(),
        schedule: schedule(72),
        engineer: "박엔지니어".to_owned(),
        customer_contact: String::new(),
        starts: "2026-01-01".parse().unwrap(),
        ends: "2026-12-31".parse().unwrap(),
        policy_version: 1,
    }
}

/// Monthly in Seoul, from the fifth at one o'clock on.
pub fn schedule(window_hours: u16) -> Schedule {
    Schedule {
        cadence: Cadence::Monthly,
        window_day: 5,
        window_hour: 1,
        window_hours,
        time_zone: "Asia/Seoul".to_owned(),
    }
}

/// A host that was enrolled and has sent nothing yet.
pub fn host(contract: Uuid, hostname: &str, enrolled_at: Timestamp) -> Host {
    Host {
        id: Uuid::now_v7(),
        contract,
        hostname: hostname.to_owned(),
        machine: None,
        role: String::new(),
        importance: 1,
        enrolled_at,
        last_seen: None,
        agent_version: String::new(),
        clock_skew_seconds: None,
        refuses_on_demand: false,
        retired_at: None,
        collect_request: None,
        collect_requested_at: None,
    }
}
