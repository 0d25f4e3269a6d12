//! What is looked at, as data: one file = one subject, and the alphabetical list of them all.
//!
//! A probe declares its reads; one executor ([`execute`]) turns them into observations. The
//! catalogue of what is collected is generated from the same list. No threshold and no opinion
//! lives here.

mod audit;
mod banners;
mod boot;
mod boot_loader;
mod checksums;
mod cluster;
mod cpu;
mod cron;
mod daemons;
mod devices;
mod dmi;
mod dns_server;
mod drbd;
mod file_modes;
mod file_tree;
mod filesystems;
mod firewall;
mod ftp;
mod guide_files;
mod homes;
mod httpd;
mod identity;
mod jboss;
mod jdk;
mod kdump;
mod limits;
mod links;
mod livepatch;
mod load;
mod logging;
mod login;
mod logs;
mod mail;
mod memory;
mod modprobe;
mod modules;
mod mysql;
mod network;
mod nfs;
mod numa;
mod os;
mod package_history;
mod packages;
mod processes;
mod repositories;
mod resources;
mod samba;
mod selinux;
mod shell_settings;
mod snmp;
mod sockets;
mod sshd;
mod stale_processes;
mod storage;
mod subscription;
mod sudo;
mod sysctl;
mod systemd;
mod time;
mod tomcat;
mod tuned;
mod unit_overrides;

pub mod describe;
pub mod execute;

use carepack_shared::Source;
use serde_json::Value;

use crate::host::{Command, Host, Look};

pub use describe::{Described, Legal, Purpose, describe};
pub use identity::machine;

/// One subject.
pub struct Probe {
    pub id: &'static str,
    pub about_ko: &'static str,
    pub about_en: &'static str,
    pub reads: &'static [Read],
    /// All its reads together, in milliseconds; then it is given up.
    pub deadline_ms: u64,
    pub privilege: Privilege,
    /// Which duty of the contract it serves.
    pub purpose: Purpose,
    /// What the law may see in it.
    pub legal: Legal,
}

/// What a probe needs to see all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privilege {
    None,
    /// `CAP_DAC_READ_SEARCH`: some of its sources are readable by root only.
    ReadAll,
}

/// One source, declared.
pub enum Read {
    /// A regular or kernel file.
    File {
        path: &'static str,
        bytes_max: usize,
    },
    /// The files of one directory whose name ends so.
    Glob {
        dir: &'static str,
        suffix: &'static str,
        bytes_max: usize,
        files_max: usize,
    },
    Command(Command),
    /// A command that is not worth starting when an earlier one of the same probe, `on`, failed:
    /// both ask the same daemon.
    Dependent {
        command: Command,
        on: &'static str,
    },
    /// A command that is started only when the survey `after` of the same probe gave nothing.
    Fallback {
        command: Command,
        after: &'static str,
    },
    /// The target of a symbolic link, as text.
    Link {
        path: &'static str,
    },
    /// Something counted on the spot; `reads` names what it looks at.
    Survey {
        name: &'static str,
        reads: &'static [&'static str],
        run: Count,
    },
    /// The files that `find` names at that moment: settings that include others, one set for
    /// each running instance. Each file is an observation of its own; the list of them is one
    /// too, as the survey `name`: `{"files": [path, …], "truncated": bool}`.
    Found {
        name: &'static str,
        /// What it looks at, for people.
        reads: &'static [&'static str],
        find: Find,
        bytes_max: usize,
        files_max: usize,
    },
    /// The hours of the sampler; `reads` names what it samples.
    Samples {
        reads: &'static [&'static str],
    },
    /// The incremental log scan; `reads` names what it looks at.
    Log {
        reads: &'static [&'static str],
        /// The products' own logs, for people: the deny list is asked of each by itself.
        found: &'static [&'static str],
    },
}

/// How a survey counts.
pub type Count = fn(&Host) -> Look<Value>;

/// How files are found; a path stands once, however often it is named.
pub type Find = fn(&Host) -> Look<Vec<String>>;

/// Enough for the files of file systems that never block.
const QUICK_MS: u64 = 5_000;
/// For probes that start a helper.
const HELPER_MS: u64 = 20_000;

/// Default cap of one file: settings and kernel tables are far shorter.
const FILE_BYTES_MAX: usize = 64 * 1024;
/// Most files taken from one directory of settings.
const GLOB_FILES_MAX: usize = 200;

/// A file with the default cap.
const fn file(path: &'static str) -> Read {
    Read::File { path, bytes_max: FILE_BYTES_MAX }
}

/// A file with its own cap.
const fn file_kib(path: &'static str, kib_max: usize) -> Read {
    Read::File { path, bytes_max: kib_max * 1024 }
}

/// The files of a directory that end in `suffix`.
const fn files(dir: &'static str, suffix: &'static str) -> Read {
    Read::Glob { dir, suffix, bytes_max: FILE_BYTES_MAX, files_max: GLOB_FILES_MAX }
}

/// Every probe, in alphabetical order.
#[must_use]
pub fn all() -> &'static [&'static Probe] {
    ALL
}

static ALL: &[&Probe] = &[
    &audit::PROBE,
    &banners::PROBE,
    &boot::PROBE,
    &boot_loader::PROBE,
    &checksums::PROBE,
    &cluster::PROBE,
    &cpu::PROBE,
    &cron::PROBE,
    &daemons::PROBE,
    &devices::PROBE,
    &dmi::PROBE,
    &dns_server::PROBE,
    &drbd::PROBE,
    &file_modes::PROBE,
    &file_tree::PROBE,
    &filesystems::PROBE,
    &firewall::PROBE,
    &ftp::PROBE,
    &guide_files::PROBE,
    &homes::PROBE,
    &httpd::PROBE,
    &identity::PROBE,
    &jboss::PROBE,
    &jdk::PROBE,
    &kdump::PROBE,
    &limits::PROBE,
    &links::PROBE,
    &livepatch::PROBE,
    &load::PROBE,
    &logging::PROBE,
    &login::PROBE,
    &logs::PROBE,
    &mail::PROBE,
    &memory::PROBE,
    &modprobe::PROBE,
    &modules::PROBE,
    &mysql::PROBE,
    &network::PROBE,
    &nfs::PROBE,
    &numa::PROBE,
    &os::PROBE,
    &package_history::PROBE,
    &packages::PROBE,
    &processes::PROBE,
    &repositories::PROBE,
    &resources::PROBE,
    &samba::PROBE,
    &selinux::PROBE,
    &shell_settings::PROBE,
    &snmp::PROBE,
    &sockets::PROBE,
    &sshd::PROBE,
    &stale_processes::PROBE,
    &storage::PROBE,
    &subscription::PROBE,
    &sudo::PROBE,
    &sysctl::PROBE,
    &systemd::PROBE,
    &time::PROBE,
    &tomcat::PROBE,
    &tuned::PROBE,
    &unit_overrides::PROBE,
];

impl Read {
    /// The source under which a read that gave nothing is reported; a directory of files is
    /// reported as `dir/*suffix`.
    #[must_use]
    pub fn source(&self) -> Source {
        match self {
            Self::File { path, .. } | Self::Link { path } => {
                Source::File { path: (*path).to_owned() }
            }
            Self::Glob { dir, suffix, .. } => Source::File { path: format!("{dir}/*{suffix}") },
            Self::Command(command)
            | Self::Dependent { command, .. }
            | Self::Fallback { command, .. } => Source::Command {
                name: command.name.to_owned(),
                argv: command.argv.iter().map(|&word| word.to_owned()).collect(),
            },
            Self::Survey { name, .. } | Self::Found { name, .. } => {
                Source::Survey { name: (*name).to_owned() }
            }
            Self::Samples { .. } => Source::Survey { name: "resources".to_owned() },
            Self::Log { .. } => Source::Log { name: "journal".to_owned() },
        }
    }

    /// The paths that it looks at: what a deny list is held against.
    pub fn paths(&self) -> &[&'static str] {
        match self {
            Self::File { path, .. } | Self::Link { path } => std::slice::from_ref(path),
            Self::Glob { dir, .. } => std::slice::from_ref(dir),
            Self::Command(command)
            | Self::Dependent { command, .. }
            | Self::Fallback { command, .. } => &command.argv[..1],
            Self::Survey { reads, .. }
            | Self::Found { reads, .. }
            | Self::Samples { reads }
            | Self::Log { reads, .. } => reads,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_probe_is_forgotten() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/probes");
        let mut expected: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .filter(|name| !matches!(name.as_str(), "mod" | "describe" | "execute"))
            .map(|name| name.replace('_', "-"))
            .collect();
        expected.sort();
        // A probe of several files has a folder of its own name.
        expected.dedup();
        let ids: Vec<&str> = all().iter().map(|probe| probe.id).collect();
        assert_eq!(ids, expected);
    }

    #[test]
    fn no_source_is_read_twice_and_every_helper_is_absolute() {
        let mut keys = std::collections::BTreeSet::new();
        for read in all().iter().flat_map(|probe| probe.reads) {
            assert!(keys.insert(read.source().key()), "{} twice", read.source().key());
            if let Read::Command(command)
            | Read::Dependent { command, .. }
            | Read::Fallback { command, .. } = read
            {
                assert!(command.argv[0].starts_with("/usr/"), "{}", command.name);
                assert!(command.output_bytes_max > 0);
            }
        }
    }
}
