//! Listening sockets and the states of TCP connections. Peers' addresses never travel.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};

use carepack_shared::Unseen;
use serde_json::{Value, json};

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, Read};
use crate::host::{Host, Look, Missed};

pub static PROBE: Probe = Probe {
    id: "sockets",
    about_ko: "열린 포트와 TCP 연결 상태별 수",
    about_en: "Open ports and TCP connections by state",
    reads: &[Read::Survey { name: "listeners", reads: &TABLES, run: listeners }],
    deadline_ms: QUICK_MS,
    privilege: Privilege::None,
    purpose: Purpose::Security,
    legal: Legal::Names,
};

const TABLES: [&str; 4] = ["/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6"];

/// Most of one table: some thirteen thousand sockets. Listeners come first in the TCP tables.
const TABLE_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Most listeners named.
const LISTENERS_MAX: usize = 2_000;

/// State numbers of the kernel's TCP tables (include/net/tcp_states.h), from 1.
const STATES: [&str; 12] = [
    "ESTABLISHED",
    "SYN_SENT",
    "SYN_RECV",
    "FIN_WAIT1",
    "FIN_WAIT2",
    "TIME_WAIT",
    "CLOSE",
    "CLOSE_WAIT",
    "LAST_ACK",
    "LISTEN",
    "CLOSING",
    "NEW_SYN_RECV",
];

type Listener = (&'static str, u16, String, u32);

/// `{"listening":[{"proto":"tcp|tcp6|udp|udp6","address":"0.0.0.0","port":22,"uid":0}],
/// "tcp_states":{"ESTABLISHED":12},"truncated":bool}`.
fn listeners(host: &Host) -> Look<Value> {
    let mut found: BTreeSet<Listener> = BTreeSet::new();
    let mut states: BTreeMap<&str, u64> = BTreeMap::new();
    let (mut seen, mut truncated) = (false, false);
    for path in TABLES {
        let proto = path.rsplit('/').next().unwrap_or(path);
        match host.read(path, TABLE_BYTES_MAX) {
            Ok(piece) => {
                seen = true;
                truncated |= piece.truncated;
                let text = String::from_utf8_lossy(&piece.bytes);
                table(proto, &text, &mut found, &mut states);
            }
            // A host without IPv6 has no such table.
            Err(missed) if missed.reason == Unseen::Absent => {}
            Err(missed) => return Err(missed),
        }
    }
    if !seen {
        return Err(Missed::new(Unseen::Absent, "/proc/net/tcp: no socket tables"));
    }
    let one = |(proto, port, address, uid): &Listener| json!({ "proto": proto, "address": address, "port": port, "uid": uid });
    truncated |= found.len() > LISTENERS_MAX;
    let listening: Vec<Value> = found.iter().take(LISTENERS_MAX).map(one).collect();
    Ok(json!({ "listening": listening, "tcp_states": states, "truncated": truncated }))
}

/// proc(5), `/proc/net/tcp`: `sl local remote state queues timer retransmits uid …`.
fn table(
    proto: &'static str,
    text: &str,
    found: &mut BTreeSet<Listener>,
    states: &mut BTreeMap<&str, u64>,
) {
    let tcp = proto.starts_with("tcp");
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split_ascii_whitespace().take(8).collect();
        let [_, local, remote, state, _, _, _, uid] = fields[..] else { continue };
        let Ok(state) = usize::from_str_radix(state, 16) else { continue };
        let Some(name) = state.checked_sub(1).and_then(|index| STATES.get(index)) else { continue };
        if tcp {
            *states.entry(name).or_default() += 1;
        }
        // An unconnected UDP socket shows as CLOSE and receives from anyone.
        let open =
            if tcp { *name == "LISTEN" } else { *name == "CLOSE" && remote.ends_with(":0000") };
        if let (true, Some((address, port))) = (open, address(local)) {
            found.insert((proto, port, address, uid.parse().unwrap_or(0)));
        }
    }
}

/// `0100007F:0016`: words of the address in host byte order, then the port.
fn address(text: &str) -> Option<(String, u16)> {
    let (words, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |index: usize| {
        let digits = words.get(index * 8..index * 8 + 8)?;
        Some(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes())
    };
    let shown = match words.len() {
        8 => Ipv4Addr::from(word(0)?).to_string(),
        32 => {
            let mut bytes = [0; 16];
            for (index, chunk) in bytes.chunks_mut(4).enumerate() {
                chunk.copy_from_slice(&word(index)?);
            }
            Ipv6Addr::from(bytes).to_string()
        }
        _ => return None,
    };
    Some((shown, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_in_host_order() {
        let check = |text, expected: &str, port| {
            assert_eq!(address(text), Some((expected.to_owned(), port)));
        };
        check("0100007F:0016", "127.0.0.1", 22);
        check("00000000:1F90", "0.0.0.0", 8080);
        check("00000000000000000000000001000000:0035", "::1", 53);
        check("0000000000000000FFFF00000100007F:0050", "::ffff:127.0.0.1", 80);
        assert_eq!(address("xyz"), None);
        assert_eq!(address("é00007F:0016"), None);
    }

    #[test]
    fn tables_become_listeners_and_counts() {
        let tcp = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n\
            0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0 0 1\n\
            1: 0100007F:0016 0100007F:A000 01 00000000:00000000 00:00000000 00000000  1000 0 2\n\
            bent\n";
        let udp = "header\n\
            5: 00000000:0044 00000000:0000 07 00000000:00000000 00:00000000 00000000   998 0 3\n\
            6: 0100007F:0045 0100007F:0046 01 00000000:00000000 00:00000000 00000000     0 0 4\n";
        let (mut found, mut states) = (BTreeSet::new(), BTreeMap::new());
        table("tcp", tcp, &mut found, &mut states);
        table("udp", udp, &mut found, &mut states);
        let expected =
            [("tcp", 22, "0.0.0.0".to_owned(), 0), ("udp", 68, "0.0.0.0".to_owned(), 998)];
        assert_eq!(found, BTreeSet::from(expected));
        assert_eq!(states, BTreeMap::from([("ESTABLISHED", 1), ("LISTEN", 1)]));
    }
}
