//! Listening sockets and TCP states from `netstat` or `ss`.
//!
//! ```text
//! tcp   0  0 0.0.0.0:22   0.0.0.0:*  LISTEN   0   22405   1026/sshd   off (0.00/0/0)
//! udp   0  0 0.0.0.0:68   0.0.0.0:*           998 12345   811/dhclient
//! tcp   LISTEN  0  128    0.0.0.0:22   0.0.0.0:*   users:(("sshd",pid=1026,fd=5)) ino:22405 uid:29
//! ```

use std::collections::{BTreeMap, BTreeSet};

use carepack_shared::Content;
use serde_json::{Value, json};

use super::Seen;

/// Most listeners named, as on a host.
const LISTENERS_MAX: usize = 2_000;

type Listener = (String, u16, String, u32);

#[derive(Default)]
struct Table {
    found: BTreeSet<Listener>,
    states: BTreeMap<String, u64>,
}

/// `{"listening":[{"proto","address","port","uid"}],"tcp_states":{…},"truncated":bool}`.
pub fn listeners(seen: &Seen<'_>) -> Option<Content> {
    let mut table = Table::default();
    if let Some(text) = seen.command(&["netstat_-W_-neopa", "netstat_-neopa"]) {
        text.lines().for_each(|line| netstat(line, &mut table));
    }
    // net-tools is not installed everywhere any more; its file then holds an error.
    if table.states.is_empty() && table.found.is_empty() {
        let text = seen.command(&["ss_-peaonmi", "ss_-tupna"])?;
        // RHEL 7 writes `*` for any IPv4 address and `::` for any IPv6 one; later ones `0.0.0.0`,
        // and `*` for both.
        let any = if text.contains(" :::") { "0.0.0.0" } else { "::" };
        text.lines().for_each(|line| ss(line, any, &mut table));
    }
    if table.states.is_empty() && table.found.is_empty() {
        return None;
    }
    let one = |(proto, port, address, uid): &Listener| json!({ "proto": proto, "address": address, "port": port, "uid": uid });
    let listening: Vec<Value> = table.found.iter().take(LISTENERS_MAX).map(one).collect();
    Some(Content::Json(json!({
        "listening": listening,
        "tcp_states": table.states,
        "truncated": table.found.len() > LISTENERS_MAX,
    })))
}

fn netstat(line: &str, table: &mut Table) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [proto, _, _, local, remote, rest @ ..] = words.as_slice() else { return };
    if !matches!(*proto, "tcp" | "tcp6" | "udp" | "udp6") {
        return;
    }
    // A UDP socket often has no state at all.
    let (state, user) = match rest {
        [state, user, ..] if state.parse::<u32>().is_err() => (*state, *user),
        [user, ..] => ("", *user),
        [] => return,
    };
    let user = user.parse().unwrap_or(0);
    table.put(proto, (local, remote), state, user);
}

fn ss(line: &str, any: &str, table: &mut Table) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [proto @ ("tcp" | "udp"), state, _, _, local, remote, rest @ ..] = words.as_slice() else {
        return;
    };
    // RHEL 7 calls unconnected UDP sockets tcp.
    let proto = if *state == "UNCONN" { "udp" } else { *proto };
    let local = local.replacen('*', any, usize::from(local.starts_with('*')));
    let state = match *state {
        "ESTAB" => "ESTABLISHED".to_owned(),
        "UNCONN" => String::new(),
        "CLOSED" => "CLOSE".to_owned(),
        other => other.replace('-', "_").replace("FIN_WAIT_", "FIN_WAIT"),
    };
    let v6 = local.starts_with('[') || local.matches(':').count() > 1;
    let proto = if v6 { format!("{proto}6") } else { proto.to_owned() };
    let user = rest.iter().find_map(|word| word.strip_prefix("uid:")?.parse().ok());
    table.put(&proto, (&local, remote), &state, user.unwrap_or(0));
}

impl Table {
    fn put(&mut self, proto: &str, (local, remote): (&str, &str), state: &str, uid: u32) {
        let tcp = proto.starts_with("tcp");
        if tcp {
            *self.states.entry(state.to_owned()).or_default() += 1;
        }
        let open = if tcp { state == "LISTEN" } else { remote.ends_with(":*") };
        let Some((address, port)) = local.rsplit_once(':') else { return };
        if let (true, Ok(port)) = (open, port.parse()) {
            let address = address.split('%').next().unwrap_or(address).trim_matches(['[', ']']);
            self.found.insert((proto.to_owned(), port, address.to_owned(), uid));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_commands_name_the_same_sockets() {
        let (mut one, mut other) = (Table::default(), Table::default());
        let text = "Proto Recv-Q Send-Q Local Address  Foreign Address  State  User  Inode\n\
            tcp 0 0 0.0.0.0:22 0.0.0.0:* LISTEN 0 22405 1026/sshd off (0.00/0/0)\n\
            tcp 0 0 10.0.0.1:22 10.0.0.9:5000 ESTABLISHED 0 1 - keepalive\n\
            tcp6 0 0 :::80 :::* LISTEN 29 2 -\n\
            udp 0 0 0.0.0.0:68 0.0.0.0:* 998 12345 811/dhclient\n\
            unix 2 [ ACC ] STREAM LISTENING 1 /run/x\n";
        text.lines().for_each(|line| netstat(line, &mut one));
        let text = "Netid State Recv-Q Send-Q Local Address:Port Peer Address:Port\n\
            tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:((\"sshd\",pid=1026,fd=5)) ino:1\n\
            tcp ESTAB 0 0 10.0.0.1:22 10.0.0.9:5000 timer:(keepalive,9min,0)\n\
            tcp LISTEN 0 128 *:80 *:* uid:29 ino:3\n\
            udp UNCONN 0 0 0.0.0.0%eth0:68 0.0.0.0:* uid:998\n\
            nl UNCONN 0 0 0:0 *\n";
        text.lines().for_each(|line| ss(line, "::", &mut other));
        assert_eq!(one.found, other.found);
        assert_eq!(one.states, other.states);
        assert_eq!(one.found.len(), 3);
        assert!(one.found.contains(&("tcp6".to_owned(), 80, "::".to_owned(), 29)));
        assert_eq!(one.states["LISTEN"], 2);
    }
}
