//! How many connections strangers may hold: in all and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::Limits;

/// The count of open connections; clones share it.
#[derive(Clone)]
pub struct Connections {
    open: Arc<Mutex<Open>>,
    total_max: usize,
    address_max: usize,
}

#[derive(Default)]
struct Open {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// One counted connection; gives its place back when dropped.
pub struct Place {
    open: Arc<Mutex<Open>>,
    address: IpAddr,
}

impl Connections {
    pub fn new(limits: &Limits) -> Self {
        Self {
            open: Arc::default(),
            total_max: limits.connections,
            address_max: limits.connections_per_address,
        }
    }

    /// A place, or `None` when there is none left for this address.
    pub fn enter(&self, address: IpAddr) -> Option<Place> {
        let address = address.to_canonical();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.total >= self.total_max {
            return None;
        }
        let from_here = open.by_address.entry(address).or_default();
        if *from_here >= self.address_max {
            return None;
        }
        *from_here += 1;
        open.total += 1;
        Some(Place { open: Arc::clone(&self.open), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.total -= 1;
        if let Some(count) = open.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_given_back() {
        let limits = Limits { connections: 3, connections_per_address: 2, ..Limits::default() };
        let connections = Connections::new(&limits);
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let first = connections.enter(address("10.0.0.1")).unwrap();
        let _second = connections.enter(address("::ffff:10.0.0.1")).unwrap();
        assert!(connections.enter(address("10.0.0.1")).is_none(), "one address");
        let _third = connections.enter(address("10.0.0.2")).unwrap();
        assert!(connections.enter(address("10.0.0.3")).is_none(), "all together");
        drop(first);
        assert!(connections.enter(address("10.0.0.1")).is_some());
        assert_eq!(connections.open.lock().unwrap().by_address.len(), 2);
    }
}
