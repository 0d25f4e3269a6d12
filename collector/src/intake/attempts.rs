//! How often strangers may try to enrol: counted a minute, in all and from one address.
//!
//! In memory and bounded: no more addresses are remembered than attempts are allowed in all.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use crate::config::Limits;

const WINDOW: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Attempts {
    since: Instant,
    total: u32,
    by_address: HashMap<IpAddr, u32>,
    total_max: u32,
    address_max: u32,
}

impl Attempts {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            since: Instant::now(),
            total: 0,
            by_address: HashMap::new(),
            total_max: limits.enrolments_per_minute,
            address_max: limits.enrolments_per_minute_per_address,
        }
    }

    /// Counts an attempt; `Err` holds the seconds until the next one may be made.
    pub(super) fn count(&mut self, address: IpAddr, now: Instant) -> Result<(), u32> {
        let mut passed = now.saturating_duration_since(self.since);
        if passed >= WINDOW {
            (self.since, self.total, passed) = (now, 0, Duration::ZERO);
            self.by_address.clear();
        }
        let wait = u32::try_from((WINDOW - passed).as_secs()).unwrap_or(0) + 1;
        if self.total >= self.total_max {
            return Err(wait);
        }
        let count = self.by_address.entry(network(address)).or_default();
        if *count >= self.address_max {
            return Err(wait);
        }
        *count += 1;
        self.total += 1;
        Ok(())
    }
}

/// One IPv6 subscriber has a whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_and_all_together_have_their_limits() {
        let limits = Limits {
            enrolments_per_minute: 3,
            enrolments_per_minute_per_address: 2,
            ..Limits::default()
        };
        let mut attempts = Attempts::new(&limits);
        let start = attempts.since;
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let (a, b) = (address("2001:db8::1"), address("10.0.0.1"));
        assert_eq!(attempts.count(a, start), Ok(()));
        assert_eq!(attempts.count(address("2001:db8::2"), start), Ok(()), "the same /64");
        assert_eq!(attempts.count(a, start), Err(61));
        assert_eq!(attempts.count(b, start), Ok(()));
        assert_eq!(attempts.count(address("10.0.0.2"), start), Err(61), "all together");
        assert!(attempts.by_address.len() <= 3);
        assert_eq!(attempts.count(a, start + WINDOW), Ok(()));
    }
}
