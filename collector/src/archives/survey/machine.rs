//! The machine and its system: identity, kernel, firmware, parameters, units.

use std::collections::BTreeMap;
use std::fmt::Write;

use carepack_shared::Content;
use carepack_shared::digest::sha256_hex;
use serde_json::json;

use super::Seen;

/// Most kernel parameters, kernels and dumps listed.
const PARAMETERS_MAX: usize = 2_000;
const NAMES_MAX: usize = 200;

/// `{"hostname","machine_sha256"}`.
pub fn identity(seen: &Seen<'_>) -> Option<Content> {
    let hostname = seen.layout.hostname()?;
    Some(Content::Json(json!({ "hostname": hostname, "machine_sha256": machine(seen) })))
}

/// SHA-256 of the machine id, as the agent tells it.
pub fn machine(seen: &Seen<'_>) -> Option<String> {
    let id = seen.file("/etc/machine-id")?;
    let id = id.trim();
    (!id.is_empty()).then(|| sha256_hex(id.as_bytes()))
}

pub fn units(seen: &Seen<'_>) -> Option<Content> {
    seen.command(&["systemctl_list-units_--all", "systemctl_list-units"]).map(Content::Text)
}

pub fn unit_files(seen: &Seen<'_>) -> Option<Content> {
    seen.command(&["systemctl_list-unit-files"]).map(Content::Text)
}

/// `Linux host 4.18.0-80.el8.x86_64 #1 SMP …`.
pub fn release(seen: &Seen<'_>) -> Option<Content> {
    let text = seen.command(&["uname_-a"])?;
    let mut words = text.lines().find(|line| line.starts_with("Linux "))?.split_whitespace();
    Some(Content::Text(format!("{}\n", words.nth(2)?)))
}

/// The rows of lsmod, without its head.
pub fn modules(seen: &Seen<'_>) -> Option<Content> {
    let text = seen.command(&["lsmod"])?;
    let rows = text.lines().skip_while(|line| !line.starts_with("Module ")).skip(1);
    let rows = rows.fold(String::new(), |mut rows, line| {
        let _ = writeln!(rows, "{line}");
        rows
    });
    (!rows.is_empty()).then_some(Content::Text(rows))
}

/// ` 02:54:32 up 35 min,  1 user,  load average: 0.64, 0.37, 0.23`.
pub fn load(seen: &Seen<'_>) -> Option<Content> {
    let text = seen.command(&["uptime"])?;
    let (_, averages) = text.split_once("load average: ")?;
    let words: Vec<&str> = averages.trim().split(", ").collect();
    let [one, five, fifteen] = words[..] else { return None };
    let number = |word: &str| word.parse::<f64>().is_ok();
    [one, five, fifteen].into_iter().all(number).then_some(())?;
    Some(Content::Text(format!("{one} {five} {fifteen}\n")))
}

/// `On-line CPU(s) list: 0-3`.
pub fn processors(seen: &Seen<'_>) -> Option<Content> {
    let text = seen.command(&["lscpu"])?;
    let list = text.lines().find_map(|line| line.strip_prefix("On-line CPU(s) list:"))?;
    Some(Content::Text(format!("{}\n", list.trim())))
}

/// Seconds from the boot that the kernel tells to the moment of the archive.
pub fn uptime(seen: &Seen<'_>) -> Option<Content> {
    let text = seen.file("/proc/stat")?;
    let boot = text.lines().find_map(|line| line.strip_prefix("btime "))?;
    let boot: i64 = boot.trim().parse().ok()?;
    let seconds = seen.taken_at.as_second().checked_sub(boot).filter(|seconds| *seconds >= 0)?;
    Some(Content::Text(format!("{seconds}.00 0.00\n")))
}

/// A field of the first section of a kind: `System Information`, `BIOS Information`.
pub fn dmi(seen: &Seen<'_>, section: &str, field: &str) -> Option<Content> {
    let text = seen.command(&["dmidecode"])?;
    dmi_field(&text, section, field).map(|value| Content::Text(format!("{value}\n")))
}

fn dmi_field<'t>(text: &'t str, section: &str, field: &str) -> Option<&'t str> {
    let head = format!("{section} Information");
    let lines = text.lines().skip_while(|line| line.trim() != head).skip(1);
    let mut inside =
        lines.take_while(|line| !line.trim().is_empty() && !line.starts_with("Handle"));
    let value = inside.find_map(|line| {
        let (name, value) = line.trim().split_once(": ")?;
        (name == field).then_some(value.trim())
    })?;
    (!value.is_empty()).then_some(value)
}

/// `Current mode: enforcing` as the kernel's own number.
pub fn enforce(seen: &Seen<'_>) -> Option<Content> {
    let text = seen.command(&["sestatus", "sestatus_-b", "getenforce"])?;
    let mode = text.lines().find_map(|line| line.strip_prefix("Current mode:"));
    let number = match mode.unwrap_or(&text).trim().to_lowercase().as_str() {
        "enforcing" => 1,
        "permissive" => 0,
        // Disabled: the kernel has no such file then.
        _ => return None,
    };
    Some(Content::Text(format!("{number}\n")))
}

/// `{"images":[…]}` of the listing of `/boot`.
pub fn kernels(seen: &Seen<'_>) -> Option<Content> {
    let text = seen.command(&["ls_-lanR_.boot"])?;
    let names = text.lines().filter(|line| line.starts_with('-')).filter_map(|line| {
        let name = line.split_whitespace().last()?;
        name.starts_with("vmlinuz-").then_some(name)
    });
    let names: std::collections::BTreeSet<&str> = names.take(NAMES_MAX).collect();
    Some(Content::Json(json!({ "images": names })))
}

/// `{"dumps":[…]}` of the listing of `/var/crash`: the folders at its top.
pub fn crash_dumps(seen: &Seen<'_>) -> Option<Content> {
    let text = seen.command(&["ls_-alhR_.var.crash"])?;
    let top = |line: &str| matches!(line.trim_end_matches(['/', ':']), "/var/crash");
    let mut lines = text.lines().skip_while(|line| !top(line));
    lines.next()?;
    let rows = lines.take_while(|line| !line.is_empty()).filter(|line| line.starts_with('d'));
    let names = rows.filter_map(|line| line.split_whitespace().last());
    let names: Vec<&str> =
        names.filter(|name| !matches!(*name, "." | "..")).take(NAMES_MAX).collect();
    Some(Content::Json(json!({ "dumps": names })))
}

/// `{"journal_persistent","messages_bytes","audit_log"}` of the listing of `/var/log`, whose sizes
/// are for people.
pub fn log_storage(seen: &Seen<'_>) -> Option<Content> {
    let text = seen.command(&["ls_-alRh_.var.log"])?;
    let folder = |path: &str| {
        text.lines().any(|line| line.trim_end_matches([':', '/']) == path && line.ends_with(':'))
    };
    folder("/var/log").then(|| {
        Content::Json(json!({
            "journal_persistent": folder("/var/log/journal"),
            "messages_bytes": null,
            "audit_log": folder("/var/log/audit"),
        }))
    })
}

/// `{"cron_allow","cron_deny"}`: sosreport takes all of `/etc/cron*`, so when it took the table,
/// what is not beside it was not there. insights-client takes single files and cannot say.
pub fn cron_access(seen: &Seen<'_>) -> Option<Content> {
    if seen.layout.kind != super::super::layout::Kind::Sos {
        return None;
    }
    seen.layout.file("/etc/crontab")?;
    let there = |path| seen.layout.file(path).is_some();
    Some(Content::Json(json!({
        "cron_allow": there("/etc/cron.allow"),
        "cron_deny": there("/etc/cron.deny"),
    })))
}

/// `key = value` of `sysctl -a`. Counters, random numbers and the parameters of single interfaces
/// are left out: they say nothing of a setting.
pub fn sysctl(seen: &Seen<'_>) -> Option<Content> {
    let text = seen.command(&["sysctl_-a"])?;
    let found = parameters(&text);
    (!found.is_empty()).then(|| Content::Json(json!(found)))
}

fn parameters(text: &str) -> BTreeMap<&str, String> {
    const PASSING: [&str; 8] = [
        "fs.binfmt_misc.",
        "fs.dentry-state",
        "fs.file-nr",
        "fs.inode-",
        "fs.quota.",
        "kernel.ns_last_pid",
        "kernel.random.",
        "kernel.sched_domain.",
    ];
    let one = |line| {
        let (key, value) = str::split_once(line, " = ").or_else(|| line.split_once(" ="))?;
        let key = key.trim();
        let named = !key.is_empty() && !key.contains(char::is_whitespace);
        let passing = PASSING.iter().any(|prefix| key.starts_with(prefix));
        let of_interface = [".conf.", ".neigh."].iter().any(|part| {
            key.split_once(part)
                .is_some_and(|(_, rest)| !rest.starts_with("all.") && !rest.starts_with("default."))
        });
        let value: Vec<&str> = value.split_whitespace().collect();
        (named && !passing && !of_interface).then(|| (key, value.join(" ")))
    };
    text.lines().filter_map(one).take(PARAMETERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_without_those_that_only_pass_by() {
        let text = "vm.swappiness = 60\nkernel.sem = 32000\t1024000000\t500\t32000\n\
            net.ipv4.conf.all.rp_filter = 1\nnet.ipv4.conf.eth0.rp_filter = 1\n\
            kernel.random.uuid = x\nkernel.core_pattern = |/usr/lib/x %P\n\
            sysctl: permission denied on key 'fs.x'\nkernel.domainname =\n";
        let found = parameters(text);
        let keys: Vec<&str> = found.keys().copied().collect();
        let expected = [
            "kernel.core_pattern",
            "kernel.domainname",
            "kernel.sem",
            "net.ipv4.conf.all.rp_filter",
            "vm.swappiness",
        ];
        assert_eq!(keys, expected);
        assert_eq!(found["kernel.sem"], "32000 1024000000 500 32000");
    }

    #[test]
    fn firmware_fields_are_those_of_their_section() {
        let text = "BIOS Information\n\tVendor: A\n\tVersion: 1\n\nHandle 0x1\nSystem Information\n\
            \tManufacturer: B\n\tVersion: 2\n\tSerial Number: \n\nHandle 0x2\nBase Board\n\tVersion: 3\n";
        let check = |section, field, expected| {
            assert_eq!(dmi_field(text, section, field), expected, "{section} {field}");
        };
        check("BIOS", "Version", Some("1"));
        check("System", "Version", Some("2"));
        check("System", "Serial Number", None);
        check("System", "Vendor", None);
        check("Chassis", "Version", None);
    }
}
