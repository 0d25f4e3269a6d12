//! The list of parsers. To add one: a file here, and two lines below.

mod accounts;
mod block;
mod boot;
mod cpu;
mod cron;
mod file_modes;
mod filesystems;
mod hardware;
mod kdump;
mod kernel;
mod limits;
mod load;
mod logging;
mod login;
mod logs;
mod memory;
mod network;
mod os;
mod packages;
mod platform;
mod pressure;
mod processes;
mod repositories;
mod selinux;
mod services;
mod sockets;
mod sshd;
mod sudo;
mod sysctl;
mod time;

use crate::Parser;

/// Every parser, in alphabetical order.
#[must_use]
pub fn all() -> &'static [&'static Parser] {
    ALL
}

static ALL: &[&Parser] = &[
    &accounts::PARSER,
    &block::PARSER,
    &boot::PARSER,
    &cpu::PARSER,
    &cron::PARSER,
    &file_modes::PARSER,
    &filesystems::PARSER,
    &hardware::PARSER,
    &kdump::PARSER,
    &kernel::PARSER,
    &limits::PARSER,
    &load::PARSER,
    &logging::PARSER,
    &login::PARSER,
    &logs::PARSER,
    &memory::PARSER,
    &network::PARSER,
    &os::PARSER,
    &packages::PARSER,
    &platform::PARSER,
    &pressure::PARSER,
    &processes::PARSER,
    &repositories::PARSER,
    &selinux::PARSER,
    &services::PARSER,
    &sockets::PARSER,
    &sshd::PARSER,
    &sudo::PARSER,
    &sysctl::PARSER,
    &time::PARSER,
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
        assert_eq!(listed, files);
    }
}
