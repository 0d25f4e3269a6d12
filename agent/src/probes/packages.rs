//! Installed RPM packages: names and versions, no files, no signatures.

use super::{Privilege, Probe, Read};
use crate::host::Command;

pub static PROBE: Probe = Probe {
    id: "packages",
    about_ko: "설치된 RPM 패키지와 판",
    about_en: "Installed RPM packages and their versions",
    reads: &[Read::Command(Command {
        name: "rpm-packages",
        argv: &["/usr/bin/rpm", "-qa", "--nosignature", "--nodigest", "--qf", FORMAT],
        output_bytes_max: 4096 * 1024,
        as_nobody: true,
    })],
    // A cold database on a busy disk takes tens of seconds.
    deadline_ms: 60_000,
    privilege: Privilege::None,
};

/// One package a line; RPM itself reads the two-letter escapes.
const FORMAT: &str =
    r"%{NAME}\t%{EPOCHNUM}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\t%{VENDOR}\t%{INSTALLTIME}\n";
