//! Settings of the host firewall: the service's own, its zones, and rule files beside it.
//!
//! Of a zone what it lets in is counted and named; addresses and rich rules stay on the host.

use carepack_shared::Unseen;
use serde_json::{Value, json};

use super::cron::exists;
use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, Read, file};
use crate::host::{Host, Look, Missed};

pub static PROBE: Probe = Probe {
    id: "firewall",
    about_ko: "호스트 방화벽 설정과 존별 허용 서비스",
    about_en: "Settings of the host firewall and what each zone lets in",
    reads: &[
        file("/etc/firewalld/firewalld.conf"),
        Read::Survey { name: "firewall-zones", reads: &[LOCAL, VENDOR], run: zones },
        Read::Survey { name: "firewall-files", reads: FILES, run: rule_files },
    ],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Security,
    legal: Legal::Names,
};

/// A zone here stands before the vendor's of the same name.
const LOCAL: &str = "/etc/firewalld/zones";
const VENDOR: &str = "/usr/lib/firewalld/zones";
const ZONES_MAX: usize = 100;
const ZONE_BYTES_MAX: usize = 64 * 1024;

/// Rules that are loaded without firewalld.
const FILES: &[&str] = &[
    "/etc/firewalld/direct.xml",
    "/etc/sysconfig/ip6tables",
    "/etc/sysconfig/iptables",
    "/etc/sysconfig/nftables.conf",
];

/// `[{"zone":"public","file":"…","local":true,"target":"default","services":["ssh"],
/// "ports":["8443/tcp"],"interfaces":["ens192"],"sources":N,"rich_rules":N,"masquerade":false}]`.
fn zones(host: &Host) -> Look<Value> {
    let mut found: Vec<Value> = Vec::new();
    let mut missed = None;
    for (folder, local) in [(LOCAL, true), (VENDOR, false)] {
        let names = match host.list(folder) {
            Ok(listing) => listing.names,
            Err(error) if error.reason == Unseen::Absent => {
                missed = missed.or(Some(error));
                continue;
            }
            Err(error) => return Err(error),
        };
        for name in names.iter().filter_map(|name| name.strip_suffix(".xml")).take(ZONES_MAX) {
            if found.iter().any(|zone| zone["zone"] == name) {
                continue;
            }
            let file = format!("{folder}/{name}.xml");
            let piece = host.read(&file, ZONE_BYTES_MAX)?;
            let mut zone = zone(&String::from_utf8_lossy(&piece.bytes));
            zone["zone"] = name.into();
            zone["file"] = file.into();
            zone["local"] = local.into();
            found.push(zone);
        }
    }
    match missed {
        Some(missed) if found.is_empty() => Err(missed),
        _ => Ok(found.into()),
    }
}

/// firewalld.zone(5): elements of one line each, nested in rich rules only.
fn zone(text: &str) -> Value {
    let (mut services, mut ports, mut interfaces) = (Vec::new(), Vec::new(), Vec::new());
    let (mut target, mut sources, mut rich, mut masquerade) = ("default", 0, 0, false);
    let mut in_rule = false;
    for element in text.split('<').skip(1) {
        let attribute = |name: &str| {
            let rest = element.split_once(&format!(" {name}=\""))?.1;
            rest.split_once('"').map(|(value, _)| value)
        };
        match element.split([' ', '>', '/', '\n', '\t']).next().unwrap_or_default() {
            "zone" => target = attribute("target").unwrap_or(target),
            "rule" => {
                rich += 1;
                in_rule = !element.trim_end().ends_with("/>");
            }
            "" if element.starts_with("/rule") => in_rule = false,
            _ if in_rule => {}
            "service" => services.extend(attribute("name").map(str::to_owned)),
            "interface" => interfaces.extend(attribute("name").map(str::to_owned)),
            "port" => {
                let port = attribute("port").zip(attribute("protocol"));
                ports.extend(port.map(|(port, protocol)| format!("{port}/{protocol}")));
            }
            "source" => sources += 1,
            "masquerade" => masquerade = true,
            _ => {}
        }
    }
    json!({
        "target": target, "services": services, "ports": ports, "interfaces": interfaces,
        "sources": sources, "rich_rules": rich, "masquerade": masquerade,
    })
}

/// `{"files":["/etc/sysconfig/nftables.conf"]}`: which of them are there.
fn rule_files(host: &Host) -> Look<Value> {
    let mut found = Vec::new();
    for path in FILES {
        if exists(host, path)? {
            found.push(*path);
        }
    }
    if found.is_empty() {
        return Err(Missed::new(Unseen::Absent, "no file of firewall rules"));
    }
    Ok(json!({ "files": found }))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_zone_is_told_without_its_addresses() {
        let text = r#"<?xml version="1.0" encoding="utf-8"?>
<zone target="ACCEPT">
  <short>Public</short>
  <service name="ssh"/>
  <port protocol="tcp" port="8443"/>
  <source address="10.0.0.0/8"/>
  <rule family="ipv4"><source address="10.9.9.9"/><service name="telnet"/><accept/></rule>
  <masquerade/>
</zone>"#;
        let got = super::zone(text).to_string();
        let expected = concat!(
            r#"{"interfaces":[],"masquerade":true,"ports":["8443/tcp"],"rich_rules":1,"#,
            r#""services":["ssh"],"sources":1,"target":"ACCEPT"}"#
        );
        assert_eq!(got, expected);
    }
}
