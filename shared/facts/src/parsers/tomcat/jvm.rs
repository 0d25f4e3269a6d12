//! Flags of the Java machine that an instance runs in; the machine itself is another's subject.

use serde_json::{Value, json};

use super::Instance;

/// Garbage collectors that a flag `-XX:+Use…` chooses.
const COLLECTORS: [&str; 6] =
    ["G1GC", "ParallelGC", "ConcMarkSweepGC", "SerialGC", "ZGC", "ShenandoahGC"];

/// One row for an instance whose flags are known: of its process, else of its files.
pub fn rows(instance: &Instance) -> Vec<Value> {
    if instance.flags.is_empty() && instance.running != Some(true) {
        return Vec::new();
    }
    let flags = &instance.flags;
    // Of a flag that is given twice the last one counts.
    let value = |prefix: &str| flags.iter().rev().find_map(|flag| flag.strip_prefix(prefix));
    let switch = |name: &str| -> Option<bool> {
        flags.iter().rev().find_map(|flag| {
            let flag = flag.strip_prefix("-XX:")?;
            (flag.strip_prefix(['+', '-']) == Some(name)).then(|| flag.starts_with('+'))
        })
    };
    let size = |prefixes: &[&str]| prefixes.iter().find_map(|p| value(p)).and_then(mebibytes);
    let gc_log = value("-Xloggc:").or_else(|| value("-Xlog:gc"));
    let is = |prefix: &str| flags.iter().any(|flag| flag.starts_with(prefix));
    let jmx = "-Dcom.sun.management.jmxremote";
    let property = |name: &str| value(&format!("{jmx}.{name}="));
    let collector = COLLECTORS.iter().find(|name| switch(&format!("Use{name}")) == Some(true));
    vec![json!({
        "instance": instance.base,
        "heap_max_mib": size(&["-Xmx", "-XX:MaxHeapSize="]),
        "heap_start_mib": size(&["-Xms", "-XX:InitialHeapSize="]),
        "metaspace_max_mib": size(&["-XX:MaxMetaspaceSize=", "-XX:MaxPermSize="]),
        "stack_kib": value("-Xss").and_then(kibibytes),
        "ram_percentage": value("-XX:MaxRAMPercentage=").and_then(|text| text.parse::<f64>().ok()),
        "gc_log": gc_log.is_some() || is("-verbose:gc"),
        "gc_log_rotates": is("-XX:+UseGCLogFileRotation")
            || gc_log.is_some_and(|text| !text.contains("filecount=0"))
                && value("-Xlog:gc").is_some(),
        "heap_dump": switch("HeapDumpOnOutOfMemoryError").unwrap_or(false),
        "heap_dump_path": value("-XX:HeapDumpPath="),
        "exit_on_oom": switch("ExitOnOutOfMemoryError").unwrap_or(false)
            || switch("CrashOnOutOfMemoryError").unwrap_or(false)
            || is("-XX:OnOutOfMemoryError="),
        "collector": collector,
        "jmx_port": property("port").and_then(|text| text.parse::<i64>().ok()),
        "jmx_authenticates": property("authenticate") != Some("false"),
        "jmx_tls": property("ssl") != Some("false"),
        "jmx_host": property("host"),
        "encoding": value("-Dfile.encoding="),
        "flags": flags.len(),
    })]
}

fn kibibytes(text: &str) -> Option<i64> {
    bytes(text).map(|bytes| bytes / 1024)
}

fn mebibytes(text: &str) -> Option<i64> {
    bytes(text).map(|bytes| bytes / (1024 * 1024))
}

/// Bytes of `2g`, `512m`, `1024k`, `1048576`.
fn bytes(text: &str) -> Option<i64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: i64 = text[..end].parse().ok()?;
    let unit: i64 = match text[end..].to_ascii_lowercase().as_str() {
        "" => 1,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        "t" => 1 << 40,
        _ => return None,
    };
    number.checked_mul(unit)
}
