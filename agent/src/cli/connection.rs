//! `test-connection`: the way to the collector, a line a step, each with its fix.

use carepack_shared::wire::Poll;
use jiff::Timestamp;

use super::{Exit, print, state_of};
use crate::config::{Config, OnDemand};
use crate::uplink::{self, Uplink};

/// A clock further off than this breaks certificates soon; the collector reports it too.
const SKEW_SECONDS_MAX: i64 = 300;

pub fn run(config: &Config, lang: print::Lang) -> anyhow::Result<Exit> {
    let state = state_of(config);
    let Some(identity) = state.identity()? else {
        tell(
            false,
            "identity",
            lang.say("등록되지 않음: carepack-agent enroll", "not enrolled: carepack-agent enroll"),
        );
        return Ok(Exit::NotEnrolled);
    };
    let enrolled = state.enrolment()?.map(|enrolment| enrolment.server);
    let Some(server) = config.server.clone().or(enrolled) else {
        tell(false, "server", "no collector is named");
        return Ok(Exit::NotEnrolled);
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match uplink::reach(&server).await {
            Ok(address) => tell(true, "DNS, TCP", &address),
            Err(error) => {
                tell(
                    false,
                    "DNS, TCP",
                    &format!("{server}: {error}; check name, route and firewall"),
                );
                return Ok(Exit::Unreachable);
            }
        }
        let now = Timestamp::now();
        let valid = identity.not_before <= now && now <= identity.not_after;
        tell(valid, "certificate", &format!("{} – {}", identity.not_before, identity.not_after));
        let poll = Poll {
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            now,
            spooled: 0,
            rss_kib: 0,
            cpu_ms: 0,
            refuses_on_demand: config.collect.on_demand == OnDemand::Refuse,
        };
        match Uplink::new(&server, &identity)?.poll(&poll).await {
            Ok(policy) => {
                tell(true, "TLS, authorisation", &identity.host_id.to_string());
                let skew = now.as_second() - policy.now.as_second();
                let ok = skew.abs() <= SKEW_SECONDS_MAX;
                tell(ok, "clock", &format!("{skew:+} s"));
                Ok(Exit::Ok)
            }
            Err(error) => {
                let refused = error.is_refusal();
                let way_out = error.way_out();
                tell(
                    false,
                    "TLS, authorisation",
                    &format!("{:#}; {way_out}", anyhow::Error::new(error)),
                );
                Ok(if refused { Exit::Refused } else { Exit::Unreachable })
            }
        }
    })
}

fn tell(ok: bool, step: &str, said: &str) {
    print::line(&format!("{} {step:20} {said}", if ok { "ok  " } else { "FAIL" }));
}
