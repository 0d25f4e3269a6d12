//! Notices from outside: where their mail goes, and a bulletin that the recorded web server lacks.

use anyhow::{Context, Result};
use serde_json::{Value as Json, json};

use crate::collector::Collector;

/// A change of the recorded web server's sudo, and when its snapshot is taken.
pub const OLD: &str = "10.el9_3";
pub const NEW: &str = "11.el9_4";

/// `[mail]` and what goes with it.
pub fn configure(collector: &Collector, mail: &Json) -> Result<()> {
    let file = collector.data.join("collector.toml");
    let mut root: toml::Table = std::fs::read_to_string(&file)?.parse()?;
    let mut section = toml::Table::try_from(mail)?;
    section.insert("from".into(), "Carepack 공지 <notice@vendor.example.kr>".into());
    section.insert("retry_seconds".into(), 1.into());
    section.insert("per_minute".into(), 6000.into());
    root.insert("mail".into(), section.into());
    let mut notices = toml::Table::new();
    notices.insert("period_seconds".into(), 1.into());
    root.insert("notices".into(), notices.into());
    let policies = collector.data.join("notices");
    std::fs::create_dir_all(&policies)?;
    let at_once = "at_once: {severities: [critical], exploited: true, settle_minutes: 0}\n";
    std::fs::write(policies.join("policy.yaml"), at_once)?;
    Ok(std::fs::write(&file, root.to_string())?)
}

/// Takes in a bulletin that the recorded web server lacks.
pub fn publish(collector: &Collector) -> Result<()> {
    let now = jiff::Timestamp::now();
    let rest = json!({
        "title": {"ko": "sudo 보안 업데이트", "en": "sudo security update"},
        "summary": {
            "ko": "로컬 사용자가 권한을 얻을 수 있습니다.",
            "en": "A local user may gain privileges.",
        },
        "cves": [{
            "id": "CVE-2026-9001", "exploited": true,
            "cvss": "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H",
        }],
        "references": ["https://access.example.com/errata/RHSA-2026:9001"],
        "fixes": [{
            "streams": ["cpe:/o:redhat:enterprise_linux:9::baseos"],
            "evr": format!("0:1.9.5p2-{NEW}"), "packages": ["sudo.x86_64", "sudo.src"],
        }],
    });
    let file = collector.data.join("RHSA-2026-9001.yaml");
    let mut bulletin = format!("id: RHSA-2026:9001\nseverity: critical\npublished: \"{now}\"\n");
    // What JSON says is YAML too.
    for (key, value) in rest.as_object().context("an object")? {
        bulletin += &format!("{key}: {value}\n");
    }
    std::fs::write(&file, bulletin)?;
    collector.run(&["advisory", "import", &file.to_string_lossy(), "--name", "bulletins"])?;
    Ok(())
}
