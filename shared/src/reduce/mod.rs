//! What of a settings file may leave a host: the few settings that are judged, and nothing else.
//!
//! The agent and the reading of archives take the same text to the same shape. Files that hold
//! secrets (SNMP communities, zone keys) are reduced to what can be said of the secret. It does
//! not know where a text comes from, and judges nothing.

pub mod banner;
pub mod dns;
pub mod ftp;
pub mod mail;
pub mod samba;
pub mod shell;
pub mod snmp;

/// Longest value kept of one setting, in characters.
pub const VALUE_CHARS_MAX: usize = 512;

/// The beginning of a value.
fn short(value: &str) -> String {
    value.chars().take(VALUE_CHARS_MAX).collect()
}

/// Lines without blanks and comments (`#` first), ends trimmed.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}
