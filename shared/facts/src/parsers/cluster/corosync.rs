//! `corosync.conf`: nested sections of `name: value` (corosync.conf(5), votequorum(5)).
//!
//! ```text
//! totem {
//!     cluster_name: shop
//!     token: 3000
//!     interface { linknumber: 0 }
//! }
//! ```

use carepack_shared::cluster::RING_TIMES;
use serde_json::{Value, json};

use super::around::Seen;
use super::{COROSYNC, text_of, truth};
use crate::{Evidence, Facts, Missing};

const KEYS: [&str; 4] =
    ["cluster.totem", "cluster.quorum", "cluster.config_sha256", "cluster.logging"];

/// Most nodes and links that are told of; corosync itself takes 32 and 8.
const NODES_MAX: usize = 128;
const LINKS_MAX: usize = 8;
const SECTIONS_MAX: usize = 2_000;

/// What other parts need of it.
#[derive(Default)]
pub struct Ring {
    pub name: Option<String>,
    pub nodes: Vec<Value>,
    pub missing: Option<Missing>,
}

/// One section: its values and the sections in it.
#[derive(Debug, Default)]
struct Section {
    name: String,
    values: Vec<(String, String)>,
    inner: Vec<Section>,
}

impl Section {
    /// The last value of a name counts.
    fn get(&self, name: &str) -> Option<&str> {
        self.values.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Under its own name, or under the one by which the host lets it travel.
    fn number(&self, name: &str) -> Option<i64> {
        let other = RING_TIMES.iter().find(|(own, _)| *own == name);
        let text = self.get(name).or_else(|| self.get(other?.1));
        text.and_then(|text| text.parse().ok())
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Section> {
        self.inner.iter().filter(move |section| section.name == name)
    }

    /// The values of a name over all sections of that kind: a section may stand twice.
    fn whole(&self, name: &str) -> Section {
        let mut whole = Section { name: name.to_owned(), ..Section::default() };
        for section in self.all(name) {
            whole.values.extend(section.values.iter().cloned());
        }
        whole
    }
}

pub fn tell(evidence: &Evidence<'_>, seen: &Seen, facts: &mut Facts) -> Ring {
    let (text, source) = match text_of(evidence, COROSYNC) {
        Ok(read) => read,
        Err(missing) => {
            facts.hide(&KEYS, &missing);
            return Ring { missing: Some(missing), ..Ring::default() };
        }
    };
    let root = sections(&text);
    let nodes = nodes(&root);
    facts.put("cluster.totem", totem(&root, nodes.len(), seen), source);
    facts.put("cluster.quorum", quorum(&root, &nodes), source);
    let logging = root.whole("logging");
    let on = |name: &str| logging.get(name).map(truth);
    let told = json!({
        "to_syslog": on("to_syslog").unwrap_or(true),
        "to_logfile": on("to_logfile").unwrap_or(false),
        "logfile": logging.get("logfile"),
        "debug": on("debug").unwrap_or(false),
    });
    facts.put("cluster.logging", told, source);
    let sha256 = evidence.get(COROSYNC.0).and_then(|seen| seen.json().ok());
    let sha256 = sha256.and_then(|value| value.get("sha256")).and_then(Value::as_str);
    let own = || carepack_shared::digest::sha256_hex(text.as_bytes());
    facts.put("cluster.config_sha256", sha256.map_or_else(own, str::to_owned), source);
    let name = root.whole("totem").get("cluster_name").map(str::to_owned);
    Ring { name, nodes, missing: None }
}

/// Reads lines; a line that is none of `name {`, `}`, `name: value` is passed over.
fn sections(text: &str) -> Section {
    let mut open = vec![Section::default()];
    let mut count = 0;
    for line in crate::text::lines(text) {
        if line == "}" {
            close(&mut open);
        } else if let Some(name) = line.strip_suffix('{') {
            count += 1;
            if count > SECTIONS_MAX {
                break;
            }
            open.push(Section { name: name.trim().to_owned(), ..Section::default() });
        } else if let (Some((name, value)), Some(section)) = (line.split_once(':'), open.last_mut())
        {
            section.values.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
    // What is not closed counts as far as it was read.
    while open.len() > 1 {
        close(&mut open);
    }
    open.pop().unwrap_or_default()
}

/// The innermost open section becomes part of the one around it; the file itself stays open.
fn close(open: &mut Vec<Section>) {
    if open.len() > 1
        && let Some(closed) = open.pop()
        && let Some(above) = open.last_mut()
    {
        above.inner.push(closed);
    }
}

/// `[{"name", "id", "addresses"}]`; a node without a name is called by its first address.
fn nodes(root: &Section) -> Vec<Value> {
    let listed = root.all("nodelist").flat_map(|list| list.all("node")).take(NODES_MAX);
    let one = |node: &Section| {
        let address = |link: usize| node.get(&format!("ring{link}_addr"));
        let addresses: Vec<&str> = (0..LINKS_MAX).filter_map(address).collect();
        let name = node.get("name").or(addresses.first().copied()).unwrap_or_default();
        json!({ "name": name, "id": node.number("nodeid"), "addresses": addresses })
    };
    listed.map(one).collect()
}

fn totem(root: &Section, nodes: usize, seen: &Seen) -> Value {
    let totem = root.whole("totem");
    let is_three = seen.major("corosync") != 2;
    let transport = totem.get("transport").unwrap_or(if is_three { "knet" } else { "udp" });
    let interfaces: Vec<&Section> =
        root.all("totem").flat_map(|totem| totem.all("interface")).take(LINKS_MAX).collect();
    let addresses = |node: &Section| {
        (0..LINKS_MAX).filter(|link| node.get(&format!("ring{link}_addr")).is_some()).count()
    };
    let listed = root.all("nodelist").flat_map(|list| list.all("node"));
    let links = listed.map(addresses).max().unwrap_or(0).max(interfaces.len()).max(1);
    // 3 s since corosync 3.1, 1 s before; 650 ms more for each node above two.
    let is_slow = seen.major("corosync") == 3 && seen.number("corosync", 1) >= 1
        || seen.major("corosync") > 3;
    let token = totem.number("token").unwrap_or(if is_slow { 3_000 } else { 1_000 });
    let more = i64::try_from(nodes.saturating_sub(2)).unwrap_or(0);
    let coefficient = totem.number("token_coefficient").unwrap_or(650);
    let effective = token.saturating_add(coefficient.saturating_mul(more));
    let cipher = totem.get("crypto_cipher");
    let hash = totem.get("crypto_hash");
    let secure = totem.get("secauth").map_or(!is_three, truth);
    let is_none = |word: Option<&str>| word.is_none_or(|word| word == "none");
    let is_encrypted = if is_three {
        !(is_none(cipher) || is_none(hash)) || totem.get("secauth").is_some_and(truth)
    } else {
        secure && !(cipher == Some("none") && hash == Some("none"))
    };
    json!({
        "version": totem.number("version"),
        "transport": transport,
        "links": links,
        "rrp_mode": totem.get("rrp_mode"),
        "link_mode": totem.get("link_mode"),
        "token_set_ms": totem.number("token"),
        "token_ms": effective,
        "consensus_set_ms": totem.number("consensus"),
        "consensus_ms": totem.number("consensus").unwrap_or(effective.saturating_mul(6) / 5),
        "retransmits": totem.number("token_retransmits_before_loss_const").unwrap_or(4),
        "encrypted": is_encrypted,
        "crypto_cipher": cipher,
        "crypto_hash": hash,
        "netmtu": totem.number("netmtu"),
        "ports": interfaces.iter().filter_map(|i| i.number("mcastport")).collect::<Vec<_>>(),
    })
}

fn quorum(root: &Section, nodes: &[Value]) -> Value {
    let quorum = root.whole("quorum");
    let on = |name: &str| quorum.get(name).is_some_and(truth);
    let device = root.all("quorum").flat_map(|quorum| quorum.all("device")).next();
    let device = device.map(|device| {
        let net = device.whole("net");
        json!({
            "model": device.get("model"),
            "votes": device.number("votes"),
            "host": net.get("host"),
            "algorithm": net.get("algorithm").unwrap_or("test"),
            "tls": net.get("tls"),
            "heuristics": device.all("heuristics").next().is_some(),
        })
    });
    let two_node = on("two_node");
    json!({
        "provider": quorum.get("provider"),
        "expected_votes": quorum.number("expected_votes"),
        "two_node": two_node,
        // votequorum(5): two_node turns it on unless it is turned off by name.
        "wait_for_all": quorum.get("wait_for_all").map_or(two_node, truth),
        "wait_for_all_set": quorum.get("wait_for_all").map(truth),
        "last_man_standing": on("last_man_standing"),
        "auto_tie_breaker": on("auto_tie_breaker"),
        "allow_downscale": on("allow_downscale"),
        "device": device,
        "nodes": nodes.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONF: &str = "
totem {
    version: 2
    cluster_name: shop
    transport: knet
    crypto_cipher: aes256
    crypto_hash: sha256
    interface {
        linknumber: 0
    }
}
nodelist {
    node {
        ring0_addr: 10.0.0.1
        ring1_addr: 10.1.0.1
        name: db-a
        nodeid: 1
    }
    node {
        ring0_addr: 10.0.0.2
        ring1_addr: 10.1.0.2
        nodeid: 2
    }
}
quorum {
    provider: corosync_votequorum
    two_node: 1
    device { }
";

    fn seen(version: &str) -> Seen {
        let packages = json!({ "corosync": version }).as_object().cloned();
        Seen { packages, legacy: None }
    }

    #[test]
    fn sections_of_sections() {
        let root = sections(CONF);
        let nodes = nodes(&root);
        assert_eq!(
            nodes[0],
            json!({"name": "db-a", "id": 1, "addresses": ["10.0.0.1", "10.1.0.1"]})
        );
        assert_eq!(nodes[1]["name"], "10.0.0.2");
        let quorum = quorum(&root, &nodes);
        assert_eq!((&quorum["two_node"], &quorum["wait_for_all"]), (&json!(true), &json!(true)));
    }

    #[test]
    fn defaults_follow_the_version() {
        let root = sections(CONF);
        let check = |version, token: i64, encrypted: bool| {
            let totem = totem(&root, 2, &seen(version));
            assert_eq!(totem["token_ms"], json!(token), "{version}");
            assert_eq!(totem["consensus_ms"], json!(token * 6 / 5), "{version}");
            assert_eq!(totem["encrypted"], json!(encrypted), "{version}");
            assert_eq!(totem["links"], json!(2));
        };
        check("3.1.7-1.el9", 3_000, true);
        check("3.0.3-4.el8", 1_000, true);
        let told = sections("totem {\ntoken_timeout: 5000\ntimeout_coefficient: 0\n}\n");
        assert_eq!(totem(&told, 4, &seen("3.1.7"))["token_ms"], json!(5_000));
        let bare = sections("totem {\nversion: 2\n}\n");
        assert_eq!(totem(&bare, 4, &seen("2.4.5-7.el7"))["token_ms"], json!(2_300));
        assert_eq!(totem(&bare, 2, &seen("2.4.5-7.el7"))["encrypted"], json!(true));
        assert_eq!(totem(&bare, 2, &seen("3.1.7-1.el9"))["encrypted"], json!(false));
    }
}
