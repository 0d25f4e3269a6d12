//! What corosync's own tools print: votes and members, rings or links.
//!
//! ```text
//! Quorate:          Yes
//! Expected votes:   2
//! Flags:            2Node Quorate WaitForAll
//!     Nodeid      Votes Name
//!          1          1 db-a (local)
//! LINK ID 0 udp
//!     addr    = 10.0.0.1
//!         nodeid:          2:    connected
//! ```

use carepack_shared::Unseen;
use serde_json::{Value, json};

use crate::text::int;
use crate::{Evidence, Facts};

const QUORUM: &str = "survey:corosync-quorumtool";
const RINGS: &str = "survey:corosync-cfgtool";

/// Most rows of each list.
const ROWS_MAX: usize = 256;

pub fn tell(evidence: &Evidence<'_>, facts: &mut Facts) {
    facts.set("cluster.membership", text(evidence, QUORUM).and_then(membership), QUORUM);
    facts.set("cluster.link_states", text(evidence, RINGS).map(links), RINGS);
}

fn text<'a>(evidence: &Evidence<'a>, key: &str) -> Result<&'a str, Unseen> {
    let value = evidence.get(key).ok_or(Unseen::Absent)?.json()?;
    value.as_str().ok_or(Unseen::Malformed)
}

fn membership(text: &str) -> Result<Value, Unseen> {
    let field = |name: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
    };
    let quorate = field("Quorate").ok_or(Unseen::Malformed)? == "Yes";
    let number =
        |name: &str| field(name).and_then(|text| text.split_whitespace().next()).and_then(int);
    let flags: Vec<&str> = field("Flags").unwrap_or_default().split_whitespace().collect();
    let table = text.lines().skip_while(|line| !line.trim_start().starts_with("Nodeid")).skip(1);
    let member = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (id, votes, rest) = match words[..] {
            [id, votes, ref rest @ ..] => (int(id)?, int(votes)?, rest),
            _ => return None,
        };
        // A column of the quorum device's flags stands before the name: `A,V,NMW`.
        let name = rest.iter().rev().find(|word| **word != "(local)")?;
        Some(json!({ "id": id, "votes": votes, "name": name }))
    };
    let members: Vec<Value> = table.filter_map(member).take(ROWS_MAX).collect();
    Ok(json!({
        "quorate": quorate,
        "expected": number("Expected votes"),
        "highest": number("Highest expected"),
        "total": number("Total votes"),
        "quorum": number("Quorum"),
        "flags": flags,
        "members": members,
    }))
}

/// Links of knet with their peers, and rings of corosync 2 with their status line.
fn links(text: &str) -> Vec<Value> {
    struct Link<'a> {
        id: i64,
        address: &'a str,
        status: &'a str,
        peers: Vec<Value>,
        down: Vec<i64>,
    }
    let mut found: Vec<Link<'_>> = Vec::new();
    for line in text.lines().map(str::trim) {
        let is_head = line.starts_with("LINK ID") || line.starts_with("RING ID");
        if is_head && found.len() < ROWS_MAX {
            let id = line.split_whitespace().nth(2).and_then(int).unwrap_or(-1);
            found.push(Link { id, address: "", status: "", peers: Vec::new(), down: Vec::new() });
        }
        let Some(link) = found.last_mut() else { continue };
        if let Some((name, value)) = line.split_once('=') {
            match name.trim() {
                "addr" | "id" => link.address = value.trim(),
                "status" => link.status = value.trim(),
                _ => {}
            }
        } else if let Some(rest) = line.strip_prefix("nodeid").filter(|_| link.peers.len() < 64) {
            // `nodeid:  2:  connected`, and `nodeid  2:  link enabled:1  link connected:0`.
            let rest = rest.trim_start_matches(':').trim_start();
            let Some((id, state)) = rest.split_once(':') else { continue };
            let (Some(id), state) = (int(id), state.trim()) else { continue };
            if state.contains("disconnected") || state.contains("link connected:0") {
                link.down.push(id);
            }
            link.peers.push(json!({ "id": id, "state": state }));
        }
    }
    let told = |link: Link<'_>| {
        let is_faulty = link.status.contains("FAULTY") || !link.down.is_empty();
        json!({
            "id": link.id, "address": link.address, "peers": link.peers,
            "down": link.down, "faulty": is_faulty, "status": link.status,
        })
    };
    found.into_iter().map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn votes_and_members() {
        let text = "Quorum information\n------\nQuorate:          Yes\n\nVotequorum information\n\
            Expected votes:   2\nTotal votes:      2\nQuorum:           1  \n\
            Flags:            2Node Quorate WaitForAll \n\nMembership information\n\
            \x20   Nodeid      Votes Name\n         1          1 db-a (local)\n\
            \x20        2          1 db-b\n";
        let seen = membership(text).unwrap();
        assert_eq!(seen["flags"], json!(["2Node", "Quorate", "WaitForAll"]));
        assert_eq!((&seen["quorum"], &seen["total"]), (&json!(1), &json!(2)));
        let names: Vec<&Value> =
            seen["members"].as_array().unwrap().iter().map(|m| &m["name"]).collect();
        assert_eq!(names, ["db-a", "db-b"]);
        assert_eq!(membership("Cannot initialize"), Err(Unseen::Malformed));
    }

    #[test]
    fn links_of_knet_and_rings_of_corosync_2() {
        let knet = "Local node ID 1, transport knet\nLINK ID 0 udp\n\taddr\t= 10.0.0.1\n\
            \tstatus:\n\t\tnodeid:          1:\tlocalhost\n\t\tnodeid:          2:\tdisconnected\n";
        let seen = links(knet);
        assert_eq!((&seen[0]["down"], &seen[0]["faulty"]), (&json!([2]), &json!(true)));
        let rings = "Printing ring status.\nLocal node ID 1\nRING ID 0\n\tid\t= 10.0.0.1\n\
            \tstatus\t= ring 0 active with no faults\nRING ID 1\n\tid\t= 10.1.0.1\n\
            \tstatus\t= Marking ringid 1 interface 10.1.0.1 FAULTY\n";
        let seen = links(rings);
        let faulty: Vec<&Value> = seen.iter().map(|link| &link["faulty"]).collect();
        assert_eq!(faulty, [false, true]);
    }
}
