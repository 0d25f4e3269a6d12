//! Outputs of commands into the shapes of the agent's own surveys and commands.
//!
//! Each function is pure and takes text; none judges. What an output does not say is left out, so
//! that its facts are missing and nobody takes a guess for evidence. The shapes are documented
//! beside the agent's probes.

mod accounts;
mod clock;
mod cluster;
mod disks;
mod history;
mod java;
mod links;
mod log;
mod machine;
mod packages;
mod servers;
mod sockets;
mod space;
mod sudo;
mod tasks;
mod tomcat;

use carepack_shared::{Content, Source};
use jiff::Timestamp;

use super::layout::Layout;

/// What is told from.
pub struct Seen<'a> {
    pub(super) layout: &'a Layout,
    pub taken_at: Timestamp,
}

/// The source that an output stands for.
#[derive(Clone, Copy, Debug)]
pub enum Key {
    /// A file that the archive may hold under its own name too, which then stands.
    File(&'static str),
    Command(&'static str),
    Survey(&'static str),
    Log(&'static str),
}

/// One source told from outputs.
pub struct Derived {
    pub key: Key,
    build: fn(&Seen<'_>) -> Option<Content>,
}

impl Key {
    /// The source, as an observation names it.
    #[must_use]
    pub fn source(self) -> Source {
        match self {
            Self::File(path) => Source::File { path: path.to_owned() },
            Self::Command(name) => Source::Command { name: name.to_owned(), argv: Vec::new() },
            Self::Survey(name) => Source::Survey { name: name.to_owned() },
            Self::Log(name) => Source::Log { name: name.to_owned() },
        }
    }
}

impl Derived {
    /// The content; none when the archive does not say.
    #[must_use]
    pub fn build(&self, seen: &Seen<'_>) -> Option<Content> {
        (self.build)(seen)
    }
}

impl Seen<'_> {
    /// The first of some outputs that is there, as text.
    fn command(&self, names: &[&str]) -> Option<String> {
        let (_, piece) = self.layout.command(names)?;
        Some(super::layout::text(piece).into_owned())
    }

    /// A file of the root copy, as text.
    fn file(&self, path: &str) -> Option<String> {
        self.layout.file(path).map(|piece| super::layout::text(piece).into_owned())
    }
}

const fn file(path: &'static str, build: fn(&Seen<'_>) -> Option<Content>) -> Derived {
    Derived { key: Key::File(path), build }
}

const fn command(name: &'static str, build: fn(&Seen<'_>) -> Option<Content>) -> Derived {
    Derived { key: Key::Command(name), build }
}

const fn survey(name: &'static str, build: fn(&Seen<'_>) -> Option<Content>) -> Derived {
    Derived { key: Key::Survey(name), build }
}

/// Everything that is told from outputs.
pub static DERIVED: &[Derived] = &[
    command("chronyc-sources", clock::sources),
    command("chronyc-tracking", clock::tracking),
    command("drbdadm-status", |seen| seen.command(&["drbdadm_status"]).map(Content::Text)),
    command("rpm-packages", packages::installed),
    command("systemd-unit-files", machine::unit_files),
    command("systemd-units", machine::units),
    file("/proc/loadavg", machine::load),
    file("/proc/modules", machine::modules),
    file("/proc/sys/kernel/osrelease", machine::release),
    file("/proc/uptime", machine::uptime),
    file("/sys/class/dmi/id/bios_date", |seen| machine::dmi(seen, "BIOS", "Release Date")),
    file("/sys/class/dmi/id/bios_vendor", |seen| machine::dmi(seen, "BIOS", "Vendor")),
    file("/sys/class/dmi/id/bios_version", |seen| machine::dmi(seen, "BIOS", "Version")),
    file("/sys/class/dmi/id/product_name", |seen| machine::dmi(seen, "System", "Product Name")),
    file("/sys/class/dmi/id/product_serial", |seen| machine::dmi(seen, "System", "Serial Number")),
    file("/sys/class/dmi/id/product_version", |seen| machine::dmi(seen, "System", "Version")),
    file("/sys/class/dmi/id/sys_vendor", |seen| machine::dmi(seen, "System", "Manufacturer")),
    file("/sys/devices/system/cpu/online", machine::processors),
    file("/sys/fs/selinux/enforce", machine::enforce),
    Derived { key: Key::Log("journal"), build: log::journal },
    Derived { key: Key::Log("messages"), build: log::messages },
    survey("accounts", accounts::accounts),
    survey("banners", servers::banners),
    survey("block-devices", disks::devices),
    survey("clock", clock::clock),
    survey("cluster-cib", cluster::cib),
    survey("cluster-input", cluster::input),
    survey("cluster-legacy", cluster::legacy),
    survey("corosync-cfgtool", cluster::rings),
    survey("corosync-conf", cluster::corosync),
    survey("corosync-quorumtool", cluster::quorum),
    survey("crash-dumps", machine::crash_dumps),
    survey("cron-access", machine::cron_access),
    survey("dns-server", servers::dns_server),
    survey("ftp", servers::ftp),
    survey("groups", accounts::groups),
    survey("identity", machine::identity),
    survey("interfaces", links::interfaces),
    survey("jboss", java::jboss),
    survey("jdk", java::jdk),
    survey("kernels", machine::kernels),
    survey("listeners", sockets::listeners),
    survey("log-storage", machine::log_storage),
    survey("mail", servers::mail),
    survey("processes", tasks::processes),
    survey("resources", history::resources),
    survey("samba", servers::samba),
    survey("shell-settings", servers::shell_settings),
    survey("snmp", servers::snmp),
    survey("statfs", space::statfs),
    survey("sudo", sudo::rules),
    survey("sysctl", machine::sysctl),
    survey("tomcat", tomcat::instances),
];
