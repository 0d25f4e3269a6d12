//! Names, addresses and networks as people write them in settings.

use std::net::IpAddr;
use std::str::FromStr;

/// `10.0.0.0/8`, `fd00::/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    /// Whether an address lies in it; an IPv4 address in its IPv6 form is the same address.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(address)) => {
                let shift = 32 - self.bits;
                (u32::from(net) ^ u32::from(address)).checked_shr(shift).unwrap_or(0) == 0
            }
            (IpAddr::V6(net), IpAddr::V6(address)) => {
                let shift = 128 - self.bits;
                (u128::from(net) ^ u128::from(address)).checked_shr(shift).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "write an address or a network such as 10.1.0.0/16";
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = unbracketed(address).parse().map_err(|_| FORM)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| FORM)?;
        if bits > most { Err(FORM) } else { Ok(Self { address, bits }) }
    }
}

/// `::1` of `[::1]`; anything else as it is.
#[must_use]
pub fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Whether a list of names, `.suffixes`, addresses and networks names a host.
#[must_use]
pub fn lists(list: &[String], host: &str) -> bool {
    let host = unbracketed(host).to_ascii_lowercase();
    let address: Option<IpAddr> = host.parse().ok();
    list.iter().any(|entry| match (entry.parse::<Network>(), address) {
        (Ok(network), Some(address)) => network.holds(address),
        (Ok(_), None) => false,
        (Err(_), _) if entry == "*" => true,
        (Err(_), _) => {
            let name = entry.trim_start_matches('.').to_ascii_lowercase();
            !name.is_empty()
                && host.strip_suffix(name.as_str()).is_some_and(|rest| {
                    rest.is_empty() && !entry.starts_with('.') || rest.ends_with('.')
                })
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses() {
        let check = |network: &str, address: &str, holds: bool| {
            let network: Network = network.parse().unwrap();
            assert_eq!(network.holds(address.parse().unwrap()), holds, "{network:?} {address}");
        };
        check("10.1.0.0/16", "10.1.255.1", true);
        check("10.1.0.0/16", "10.2.0.1", false);
        check("10.1.2.3", "10.1.2.3", true);
        check("10.1.2.3", "10.1.2.4", false);
        check("0.0.0.0/0", "203.0.113.9", true);
        check("0.0.0.0/0", "::1", false);
        check("10.0.0.0/8", "::ffff:10.9.9.9", true);
        check("fd00::/8", "fd12::1", true);
        check("[::1]", "::1", true);
        check("::/0", "2001:db8::1", true);
        for odd in ["", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "host", "10.0.0/8"] {
            assert!(odd.parse::<Network>().is_err(), "{odd}");
        }
    }

    #[test]
    fn a_list_names_hosts_by_name_suffix_and_network() {
        let list = ["collector.example.com", ".in.example", "10.0.0.0/8", "::1"].map(str::to_owned);
        for named in [
            "collector.example.com",
            "a.collector.example.com",
            "x.IN.example",
            "10.9.9.9",
            "[::1]",
        ] {
            assert!(lists(&list, named), "{named}");
        }
        for other in ["in.example", "notcollector.example.com", "11.0.0.1", "[::2]", "example.com"]
        {
            assert!(!lists(&list, other), "{other}");
        }
        assert!(lists(&["*".to_owned()], "anything") && !lists(&[], "anything"));
        assert!(!lists(&[String::new()], "anything"));
    }
}
