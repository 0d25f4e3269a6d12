//! How the commands speak: tables, JSON, errors, the log.

use std::io::Write;

use carepack_shared::terminal::{explain, plain};
use serde::Serialize;

use super::Exit;

/// Logs to stderr; `RUST_LOG` chooses, `info` by default.
pub fn start_log(json: bool) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,refinery_core=warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json {
        log.json().init();
    } else {
        log.with_target(false).init();
    }
}

/// Prints an error and its causes once.
pub fn error(error: &anyhow::Error) {
    let _ = writeln!(std::io::stderr(), "{}", explain(error.as_ref(), None));
}

/// Writes one line to stdout. A reader that went away is no error of ours.
pub fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{}", plain(text));
}

/// Writes one line to stderr: what a person should know and no program reads.
pub fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "note: {}", plain(text));
}

/// Writes a value as indented JSON to stdout.
///
/// # Errors
/// Never for our own types.
pub fn json(value: &impl Serialize) -> anyhow::Result<Exit> {
    let text = serde_json::to_string_pretty(value)?;
    let _ = writeln!(std::io::stdout(), "{text}");
    Ok(Exit::Ok)
}

/// Rows under a head, columns as wide as their widest cell (Hangul counts two).
pub fn table(head: &[&str], rows: &[Vec<String>]) {
    let width = |text: &str| {
        text.chars().map(|c| if u32::from(c) >= 0x1100 { 2 } else { 1 }).sum::<usize>()
    };
    let mut widths: Vec<usize> = head.iter().map(|cell| width(cell)).collect();
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            widths[at] = widths[at].max(width(cell));
        }
    }
    let print = |cells: Vec<&str>| {
        let padded = cells.iter().enumerate().map(|(at, cell)| {
            let pad = if at + 1 == cells.len() { 0 } else { widths[at] - width(cell) };
            format!("{cell}{}", " ".repeat(pad))
        });
        line(padded.collect::<Vec<_>>().join("  ").trim_end());
    };
    print(head.to_vec());
    for row in rows {
        print(row.iter().map(String::as_str).collect());
    }
}

/// Version and build.
///
/// # Errors
/// Never.
pub fn version(as_json: bool) -> anyhow::Result<Exit> {
    let version = env!("CARGO_PKG_VERSION");
    if as_json {
        return json(&serde_json::json!({
            "name": "carepack-collector",
            "version": version,
            "schema": carepack_shared::snapshot::SCHEMA,
            "tls": "rustls with aws-lc-rs",
        }));
    }
    line(&format!("carepack-collector {version}"));
    Ok(Exit::Ok)
}
