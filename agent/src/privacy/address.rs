//! IP and MAC addresses as codes of the same shape, in ranges where no real one lies.
//!
//! IPv4 goes to 240.0.0.0/4 (RFC 1112, reserved) bit by bit, so that two addresses of one network
//! stay in one network; IPv6 goes to 2001:db8::/32 (RFC 3849, documentation) with its /64; a MAC
//! becomes a locally administered one that begins with f2.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::names::Coder;

/// Bits of an IPv4 code that follow from the address bit by bit; the first four are the range's.
const LOW_BITS: u32 = 24;

/// Whether an address says nothing of anybody: of this machine itself, of all, of none, a mask.
fn is_nobodys(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => matches!(v4.octets()[0], 0 | 127 | 224..=255),
        IpAddr::V6(v6) => {
            v6.is_loopback() || v6.is_unspecified() || v6.is_multicast() || is_documentation(v6)
        }
    }
}

fn is_documentation(address: &Ipv6Addr) -> bool {
    address.segments()[..2] == [0x2001, 0x0db8]
}

/// The code of an address; none for one that is nobody's. `prefix` is the length of the network
/// that it names: what stands behind is zero in the code if it is in the address.
pub(super) fn ip(coder: &Coder, address: IpAddr, prefix: Option<u32>) -> Option<IpAddr> {
    if is_nobodys(&address) {
        return None;
    }
    Some(match address {
        IpAddr::V4(v4) => {
            let code = u32::from(ipv4(coder, v4));
            let host = prefix.and_then(|bits| u32::MAX.checked_shr(bits)).unwrap_or(0);
            let network = u32::from(v4) & host == 0;
            Ipv4Addr::from(if network { code & !host } else { code }).into()
        }
        IpAddr::V6(v6) => {
            let code = u128::from(ipv6(coder, v6));
            let host = prefix.and_then(|bits| u128::MAX.checked_shr(bits)).unwrap_or(0);
            let network = u128::from(v6) & host == 0;
            Ipv6Addr::from(if network { code & !host } else { code }).into()
        }
    })
}

/// Each bit is turned or not as the bits before it say, so that a common beginning stays common.
fn ipv4(coder: &Coder, address: Ipv4Addr) -> Ipv4Addr {
    let bits = u32::from(address);
    let first = bits >> LOW_BITS;
    // Private networks do not meet; the others share what is left but for the broadcast's.
    let nibble = match first {
        10 => 0,
        172 => 1,
        192 => 2,
        _ => 3 + u32::from(coder.digest("net", &[first as u8])[0]) % 12,
    };
    let mut code = 0xf000_0000 | nibble << LOW_BITS;
    for at in (0..LOW_BITS).rev() {
        let before = bits >> (at + 1);
        let mut seed = [0; 5];
        seed[0] = at as u8;
        seed[1..].copy_from_slice(&before.to_be_bytes());
        let turned = u32::from(coder.digest("bit", &seed)[0] & 1);
        code |= ((bits >> at & 1) ^ turned) << at;
    }
    Ipv4Addr::from(code)
}

/// The /64 and the interface each have a code; both halves of an address that is cut there agree
/// with other addresses'.
fn ipv6(coder: &Coder, address: Ipv6Addr) -> Ipv6Addr {
    let bytes = address.octets();
    let mut code = [0; 16];
    code[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
    code[4..8].copy_from_slice(&coder.digest("net6", &bytes[..8])[..4]);
    if bytes[8..] != [0; 8] {
        code[8..].copy_from_slice(&coder.digest("host6", &bytes)[..8]);
    }
    Ipv6Addr::from(code)
}

/// The code of a MAC with the separator that it had; none for nobody's.
pub(super) fn mac(coder: &Coder, text: &str) -> Option<String> {
    let separator = if text.contains('-') { "-" } else { ":" };
    let bytes: Vec<u8> =
        text.split(separator).filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect();
    if bytes.len() != 6 || bytes.iter().all(|byte| *byte == 0 || *byte == 0xff) {
        return None;
    }
    let digest = coder.digest("mac", &bytes);
    let code = std::iter::once(0xf2).chain(digest[..5].iter().copied());
    Some(code.map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(separator))
}

/// Eight digits of `/proc/net/route`: the address as the kernel holds it, lowest byte first.
pub(super) fn kernel_ipv4(digits: &str) -> Option<Ipv4Addr> {
    (digits.len() == 8)
        .then(|| u32::from_str_radix(digits, 16).ok())
        .flatten()
        .map(|bits| Ipv4Addr::from(bits.swap_bytes()))
}

/// As `/proc/net/route` writes it.
pub(super) fn to_kernel_ipv4(address: Ipv4Addr) -> String {
    format!("{:08X}", u32::from(address).swap_bytes())
}
