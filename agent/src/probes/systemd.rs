//! Units, unit files and the target that the host boots into.

use super::{HELPER_MS, Legal, Privilege, Probe, Purpose, Read};
use crate::host::Command;

pub static PROBE: Probe = Probe {
    id: "systemd",
    about_ko: "systemd 유닛 상태와 기본 타깃",
    about_en: "State of systemd units and the default target",
    reads: &[
        Read::Command(Command {
            name: "systemd-units",
            argv: &[
                "/usr/bin/systemctl",
                "list-units",
                "--all",
                "--plain",
                "--no-legend",
                "--no-pager",
                "--full",
            ],
            output_bytes_max: OUTPUT_BYTES_MAX,
            as_nobody: false,
        }),
        // Without the bus systemctl reads every unit file itself, which costs more than all other
        // probes together, and says nothing about a machine that systemd does not run.
        Read::Dependent {
            command: Command {
                name: "systemd-unit-files",
                argv: &[
                    "/usr/bin/systemctl",
                    "list-unit-files",
                    "--no-legend",
                    "--no-pager",
                    "--full",
                ],
                output_bytes_max: OUTPUT_BYTES_MAX,
                as_nobody: false,
            },
            on: "systemd-units",
        },
        Read::Link { path: "/etc/systemd/system/default.target" },
    ],
    deadline_ms: HELPER_MS,
    privilege: Privilege::None,
    purpose: Purpose::Settings,
    legal: Legal::Names,
};

/// Two thousand units of 250 letters.
const OUTPUT_BYTES_MAX: usize = 512 * 1024;
