//! How the commands speak: language, lines, JSON, errors, the log.

use std::io::Write;

use carepack_shared::terminal::{explain, plain};
use serde::Serialize;

use super::Exit;

/// Language of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Lang {
    Ko,
    En,
}

impl Lang {
    /// The chosen one, else that of the locale, else Korean.
    pub fn of(chosen: Option<Self>) -> Self {
        chosen.unwrap_or_else(|| {
            let names = ["LC_ALL", "LC_MESSAGES", "LANG"];
            let locale = names.iter().filter_map(|name| std::env::var(name).ok());
            match locale.into_iter().find(|value| !value.is_empty()) {
                Some(locale) if locale.starts_with("en") => Self::En,
                _ => Self::Ko,
            }
        })
    }

    /// The text in this language.
    pub const fn say<'t>(self, ko: &'t str, en: &'t str) -> &'t str {
        match self {
            Self::Ko => ko,
            Self::En => en,
        }
    }
}

/// Logs to stderr; `RUST_LOG` chooses, `info` by default.
pub fn start_log(json: bool) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json {
        log.json().init();
    } else {
        log.with_target(false).init();
    }
}

/// Prints an error, its causes and the way out, once.
pub fn error(error: &anyhow::Error, way_out: Option<&str>) {
    let _ = writeln!(std::io::stderr(), "{}", explain(error.as_ref(), way_out));
}

/// One line on stdout. A reader that went away is no error of ours.
pub fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{}", plain(text));
}

/// A value as indented JSON on stdout.
///
/// # Errors
/// Never for our own types.
pub fn json(value: &impl Serialize) -> anyhow::Result<Exit> {
    let text = serde_json::to_string_pretty(value)?;
    let _ = writeln!(std::io::stdout(), "{text}");
    Ok(Exit::Ok)
}
