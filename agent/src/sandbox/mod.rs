//! What this process gives up of its own accord before it does its work: capabilities, writing
//! outside its folder, system calls that it never makes.
//!
//! systemd takes the same and more where it is new enough; this holds on RHEL 7, in a container
//! and by hand. Best effort: what the kernel cannot do is told in the log and by `doctor`, and the
//! work goes on. Everything here is inherited by threads and children, so it comes before any.

mod calls;
mod capabilities;
mod files;

use std::path::Path;

use caps::Capability;
use serde::{Deserialize, Serialize};

/// Who gives up, and so what may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role<'a> {
    /// `run`, collections asked for by a file.
    Resident { state_dir: &'a Path },
    /// `run` that starts collections itself: they inherit what it gives up, so it keeps what they
    /// need.
    Starter,
    /// `relay`, already listening.
    Relay,
    /// A collection. Landlock is not for it: a process under it may not look at others (`exe`,
    /// `maps`, `wchan` below `/proc/PID`), and the inspection would be wrong without a word.
    Collection {
        /// The snapshot goes to a file that a person named, in a folder of anybody's.
        to_a_file: bool,
    },
}

/// One thing that was given up, or why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    pub what: String,
    /// None: it holds.
    pub missing: Option<String>,
}

/// What a collection by root keeps: to read all, to step down to `nobody` for a helper and to end
/// that one, to see other processes, the kernel's log, and no new access times. A unit gives it
/// the first alone.
const COLLECTION: [Capability; 7] = [
    Capability::CAP_DAC_READ_SEARCH,
    Capability::CAP_FOWNER,
    Capability::CAP_KILL,
    Capability::CAP_SETGID,
    Capability::CAP_SETUID,
    Capability::CAP_SYS_PTRACE,
    Capability::CAP_SYSLOG,
];

/// Said of what a collecting child would miss.
const STARTER: &str = "collect.start is \"child\": collections would inherit it and see less";

/// Gives up what the role never needs, as far as the kernel can; says what holds.
#[must_use]
pub fn enter(role: Role<'_>) -> Vec<Limit> {
    let limit =
        |what: &str, done: Result<(), String>| Limit { what: what.to_owned(), missing: done.err() };
    let mut limits = vec![limit("capabilities", give_up_capabilities(role))];
    match role {
        Role::Resident { state_dir } => limits.push(limit("files", files::only(&[state_dir]))),
        Role::Starter => limits.push(limit("files", Err(STARTER.to_owned()))),
        Role::Relay => limits.push(limit("files", files::only(&[]))),
        Role::Collection { .. } => limits.push(limit("sockets", calls::no_network())),
    }
    limits.push(limit("system calls", calls::without(unused_calls(role))));
    tell(role, &limits);
    limits
}

/// The limits on one line, those that do not hold with the reason.
#[must_use]
pub fn line(limits: &[Limit]) -> String {
    let one = |limit: &Limit| match &limit.missing {
        None => limit.what.clone(),
        Some(why) => format!("no {} ({why})", limit.what),
    };
    limits.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn give_up_capabilities(role: Role<'_>) -> Result<(), String> {
    match role {
        Role::Resident { .. } | Role::Relay => capabilities::keep_only(&[]),
        Role::Starter => Err(STARTER.to_owned()),
        Role::Collection { to_a_file: false } => capabilities::keep_only(&COLLECTION),
        Role::Collection { to_a_file: true } => {
            capabilities::keep_only(&[&COLLECTION[..], &[Capability::CAP_DAC_OVERRIDE]].concat())
        }
    }
}

const fn unused_calls(role: Role<'_>) -> calls::Unused {
    match role {
        Role::Resident { .. } | Role::Relay => calls::Unused { programs: true, listening: true },
        Role::Starter => calls::Unused { programs: false, listening: true },
        Role::Collection { .. } => calls::Unused { programs: false, listening: false },
    }
}

/// The services say it once a start; a collection only what it lacks.
fn tell(role: Role<'_>, limits: &[Limit]) {
    let whole = limits.iter().all(|limit| limit.missing.is_none());
    match role {
        Role::Collection { .. } if whole => tracing::debug!("sandbox: {}", line(limits)),
        _ => tracing::info!("sandbox: {}", line(limits)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::os::unix::net::UnixStream;
    use std::process::Command;

    use nix::libc;

    /// In a thread of its own: what is given up there the other tests keep.
    fn inside(role: Role<'_>, work: impl FnOnce(&[Limit]) + Send) {
        std::thread::scope(|scope| {
            scope.spawn(|| work(&enter(role))).join().expect("what is promised holds");
        });
    }

    fn holds(limits: &[Limit], what: &str) -> bool {
        let limit = limits.iter().find(|limit| limit.what == what).expect("it is told");
        if let Some(why) = &limit.missing {
            println!("skipped: {what}: {why}");
        }
        limit.missing.is_none()
    }

    fn run_true() -> std::io::Result<bool> {
        Ok(Command::new("/bin/true").status()?.success())
    }

    #[test]
    fn the_resident_writes_in_its_folder_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (own, other) = (folder.path().join("own"), folder.path().join("other"));
        for path in [own.join("requests"), other.clone()] {
            std::fs::create_dir_all(path).unwrap();
        }
        std::fs::write(other.join("old"), "x").unwrap();
        inside(Role::Resident { state_dir: &own }, |limits| {
            if !holds(limits, "files") {
                return;
            }
            std::fs::write(own.join("a"), "x").unwrap();
            std::fs::rename(own.join("a"), own.join("requests/a")).unwrap();
            std::fs::remove_file(own.join("requests/a")).unwrap();
            std::fs::write("/dev/null", "x").unwrap();
            assert_eq!(std::fs::read(other.join("old")).unwrap(), b"x");
            let denied = |done: std::io::Result<()>, what| {
                assert_eq!(done.unwrap_err().kind(), ErrorKind::PermissionDenied, "{what}");
            };
            denied(std::fs::write(other.join("new"), "x"), "a new file");
            denied(std::fs::write(other.join("old"), "y"), "a file written over");
            denied(std::fs::remove_file(other.join("old")), "a file removed");
            denied(std::fs::create_dir(other.join("d")), "a folder");
            denied(std::os::unix::fs::symlink("x", other.join("l")), "a link");
            std::fs::write(own.join("a"), "x").unwrap();
            assert!(std::fs::rename(own.join("a"), other.join("a")).is_err(), "moved out");
        });
        assert_eq!(std::fs::read(other.join("old")).unwrap(), b"x");
    }

    #[test]
    fn the_resident_starts_nothing_listens_nowhere_and_talks() {
        let folder = tempfile::tempdir().unwrap();
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        assert!(run_true().unwrap(), "the control: it can be started here");
        for role in [Role::Resident { state_dir: folder.path() }, Role::Relay] {
            inside(role, |limits| {
                if !holds(limits, "system calls") {
                    return;
                }
                assert_eq!(run_true().unwrap_err().kind(), ErrorKind::PermissionDenied);
                assert!(TcpListener::bind("127.0.0.1:0").is_err());
                TcpStream::connect(address).unwrap();
            });
        }
    }

    #[test]
    fn a_collection_opens_no_network_socket_and_runs_its_helpers() {
        UdpSocket::bind("127.0.0.1:0").unwrap();
        inside(Role::Collection { to_a_file: false }, |limits| {
            if !holds(limits, "sockets") {
                return;
            }
            for error in [
                UdpSocket::bind("127.0.0.1:0").unwrap_err(),
                UdpSocket::bind("[::1]:0").unwrap_err(),
                TcpStream::connect("127.0.0.1:1").unwrap_err(),
            ] {
                assert_eq!(error.raw_os_error(), Some(libc::EAFNOSUPPORT));
            }
            UnixStream::pair().unwrap();
            assert!(run_true().unwrap());
            let shell = "exec 3<>/dev/tcp/127.0.0.1/1";
            let helper = Command::new("/bin/bash").args(["-c", shell]).output().unwrap();
            let said = String::from_utf8_lossy(&helper.stderr).into_owned();
            assert!(said.contains("not supported"), "a helper inherits it: {said}");
        });
    }

    #[test]
    fn capabilities_that_are_not_needed_are_gone_for_good() {
        let left = |set| caps::read(None, set).unwrap();
        let before = left(caps::CapSet::Permitted);
        inside(Role::Relay, |limits| {
            assert!(holds(limits, "capabilities"));
            for set in [caps::CapSet::Effective, caps::CapSet::Permitted, caps::CapSet::Inheritable]
            {
                assert!(left(set).is_empty(), "{set:?}");
            }
            if before.contains(&Capability::CAP_SETPCAP) {
                assert!(left(caps::CapSet::Bounding).is_empty());
            }
        });
        inside(Role::Collection { to_a_file: false }, |limits| {
            assert!(holds(limits, "capabilities"));
            let kept = left(caps::CapSet::Permitted);
            assert_eq!(
                kept,
                before.iter().filter(|one| COLLECTION.contains(one)).copied().collect()
            );
        });
        assert_eq!(left(caps::CapSet::Permitted), before, "this thread has its own");
    }

    #[test]
    fn a_limit_that_does_not_hold_is_told_with_its_reason() {
        let limit = |what: &str, missing: Option<&str>| Limit {
            what: what.to_owned(),
            missing: missing.map(str::to_owned),
        };
        let limits = [limit("files", Some("an old kernel")), limit("system calls", None)];
        assert_eq!(line(&limits), "no files (an old kernel), system calls");
    }
}
