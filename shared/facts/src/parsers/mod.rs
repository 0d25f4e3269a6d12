//! The list of parsers. To add one: a file here, and two lines below.

mod accounts;
mod audit;
mod banners;
mod block;
mod boot;
mod boot_loader;
mod checksums;
mod cluster;
mod cpu;
mod cron;
mod dns_server;
mod drbd;
mod file_modes;
mod file_tree;
mod filesystems;
mod firewall_zones;
mod ftp;
mod guide_files;
mod hardware;
mod homes;
mod httpd;
mod jboss;
mod jdk;
mod kdump;
mod kernel;
mod limits;
mod links;
mod livepatch;
mod load;
mod logging;
mod logging_config;
mod login;
mod logs;
mod mail;
mod memory;
mod modprobe;
mod module_streams;
mod mysql;
mod network;
mod nfs;
mod numa;
mod os;
mod package_history;
mod packages;
mod platform;
mod pressure;
mod processes;
mod repositories;
mod resources;
mod samba;
mod selinux;
mod selinux_policy;
mod services;
mod shell_settings;
mod snmp;
mod sockets;
mod sshd;
mod stale_processes;
mod storage;
mod subscription;
mod sudo;
mod swap;
mod sysctl;
mod time;
mod time_settings;
mod tomcat;
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
    &banners::PARSER,
    &block::PARSER,
    &boot::PARSER,
    &boot_loader::PARSER,
    &checksums::PARSER,
    &cluster::PARSER,
    &cpu::PARSER,
    &cron::PARSER,
    &dns_server::PARSER,
    &drbd::PARSER,
    &file_modes::PARSER,
    &file_tree::PARSER,
    &filesystems::PARSER,
    &firewall_zones::PARSER,
    &ftp::PARSER,
    &guide_files::PARSER,
    &hardware::PARSER,
    &homes::PARSER,
    &httpd::PARSER,
    &jboss::PARSER,
    &jdk::PARSER,
    &kdump::PARSER,
    &kernel::PARSER,
    &limits::PARSER,
    &links::PARSER,
    &livepatch::PARSER,
    &load::PARSER,
    &logging::PARSER,
    &logging_config::PARSER,
    &login::PARSER,
    &logs::PARSER,
    &mail::PARSER,
    &memory::PARSER,
    &modprobe::PARSER,
    &module_streams::PARSER,
    &mysql::PARSER,
    &network::PARSER,
    &nfs::PARSER,
    &numa::PARSER,
    &os::PARSER,
    &package_history::PARSER,
    &packages::PARSER,
    &platform::PARSER,
    &pressure::PARSER,
    &processes::PARSER,
    &repositories::PARSER,
    &resources::PARSER,
    &samba::PARSER,
    &selinux::PARSER,
    &selinux_policy::PARSER,
    &services::PARSER,
    &shell_settings::PARSER,
    &snmp::PARSER,
    &sockets::PARSER,
    &sshd::PARSER,
    &stale_processes::PARSER,
    &storage::PARSER,
    &subscription::PARSER,
    &sudo::PARSER,
    &swap::PARSER,
    &sysctl::PARSER,
    &time::PARSER,
    &time_settings::PARSER,
    &tomcat::PARSER,
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
