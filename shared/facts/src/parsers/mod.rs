//! The list of parsers. To add one: a file here, and two lines below.

mod accounts;
mod audit;
mod block;
mod boot;
mod boot_loader;
mod checksums;
mod cpu;
mod cron;
mod file_modes;
mod filesystems;
mod firewall_zones;
mod hardware;
mod jboss;
mod jdk;
mod kdump;
mod kernel;
mod limits;
mod links;
mod load;
mod logging;
mod logging_config;
mod login;
mod logs;
mod memory;
mod modprobe;
mod network;
mod nfs;
mod numa;
mod os;
mod packages;
mod platform;
mod pressure;
mod processes;
mod repositories;
mod resources;
mod selinux;
mod selinux_policy;
mod services;
mod sockets;
mod sshd;
mod storage;
mod sudo;
mod swap;
mod sysctl;
mod time;
mod time_settings;
mod unit_overrides;

use crate::Parser;

/// Every parser, in alphabetical order.
#[must_use]
pub fn all() -> &'static [&'static Parser] {
    ALL
}

static ALL: &[&Parser] = &[
    &accounts::PARSER,
    &audit::PARSER,
    &block::PARSER,
    &boot::PARSER,
    &boot_loader::PARSER,
    &checksums::PARSER,
    &cpu::PARSER,
    &cron::PARSER,
    &file_modes::PARSER,
    &filesystems::PARSER,
    &firewall_zones::PARSER,
    &hardware::PARSER,
    &jboss::PARSER,
    &jdk::PARSER,
    &kdump::PARSER,
    &kernel::PARSER,
    &limits::PARSER,
    &links::PARSER,
    &load::PARSER,
    &logging::PARSER,
    &logging_config::PARSER,
    &login::PARSER,
    &logs::PARSER,
    &memory::PARSER,
    &modprobe::PARSER,
    &network::PARSER,
    &nfs::PARSER,
    &numa::PARSER,
    &os::PARSER,
    &packages::PARSER,
    &platform::PARSER,
    &pressure::PARSER,
    &processes::PARSER,
    &repositories::PARSER,
    &resources::PARSER,
    &selinux::PARSER,
    &selinux_policy::PARSER,
    &services::PARSER,
    &sockets::PARSER,
    &sshd::PARSER,
    &storage::PARSER,
    &sudo::PARSER,
    &swap::PARSER,
    &sysctl::PARSER,
    &time::PARSER,
    &time_settings::PARSER,
    &unit_overrides::PARSER,
];

#[cfg(test)]
mod tests {
    #[test]
    fn no_file_is_forgotten_and_the_list_is_in_order() {
        let listed: Vec<&str> = super::all().iter().map(|parser| parser.name).collect();
        let mut sorted = listed.clone();
        sorted.sort_unstable();
        assert_eq!(listed, sorted);
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/parsers");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().replace(".rs", ""))
            .filter(|name| name != "mod")
            .collect();
        files.sort_unstable();
        // A parser of several files has a folder of its own name.
        files.dedup();
        assert_eq!(listed, files);
    }
}
