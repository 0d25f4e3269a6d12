//! System calls that this program never makes answer EPERM from now on, and sockets of a network
//! EAFNOSUPPORT, as systemd's `RestrictAddressFamilies=` has it.
//!
//! A list of what is denied and not of what is allowed: the helpers of a collection are the
//! customer's programs, and the C library of another release makes other calls.

use std::collections::BTreeMap;

use nix::libc;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

/// Kinds of calls that are not made besides [`NEVER`].
#[derive(Clone, Copy)]
pub(super) struct Unused {
    /// Starting programs.
    pub programs: bool,
    /// Waiting for connections on a new socket.
    pub listening: bool,
}

/// Into other processes, into the kernel, over the sandbox's edge. `io_uring` opens sockets and
/// files past a filter like this.
const NEVER: [libc::c_long; 45] = [
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_finit_module,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_init_module,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_ioperm,
    libc::SYS_iopl,
    libc::SYS_kexec_file_load,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pivot_root,
    libc::SYS_process_madvise,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_setns,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
    libc::SYS_vhangup,
];
const PROGRAMS: [libc::c_long; 2] = [libc::SYS_execve, libc::SYS_execveat];
const LISTENING: [libc::c_long; 1] = [libc::SYS_listen];

/// The kernel's second table on x86-64 (x32), where it is built in: the same calls with this bit,
/// and a few under numbers of their own: execve, ptrace, kexec_load, process_vm_*, execveat.
const X32_BIT: libc::c_long = 0x4000_0000;
const X32_NEVER: [libc::c_long; 4] = [521, 528, 539, 540];
const X32_PROGRAMS: [libc::c_long; 2] = [520, 545];

/// Sockets of this machine: services beside us and the kernel's tables.
const LOCAL: [libc::c_int; 2] = [libc::AF_UNIX, libc::AF_NETLINK];

/// The calls are denied from now on.
///
/// # Errors
/// Why they are not.
pub(super) fn without(unused: Unused) -> Result<(), String> {
    let mut numbers = [&NEVER[..], &X32_NEVER].concat();
    if unused.programs {
        numbers.extend(PROGRAMS.iter().chain(&X32_PROGRAMS));
    }
    if unused.listening {
        numbers.extend(LISTENING);
    }
    let rules = numbers.into_iter().flat_map(both).map(|number| (number, Vec::new())).collect();
    deny(rules, libc::EPERM)
}

/// Only sockets of this machine are made from now on.
///
/// # Errors
/// Why it is not so.
pub(super) fn no_network() -> Result<(), String> {
    let other = |family: libc::c_int| {
        let (family, dword) = (u64::from(family.unsigned_abs()), SeccompCmpArgLen::Dword);
        SeccompCondition::new(0, dword, SeccompCmpOp::Ne, family)
    };
    let others = LOCAL.into_iter().map(other).collect::<Result<Vec<_>, _>>();
    let rule = others.and_then(SeccompRule::new).map_err(|error| error.to_string())?;
    let rules = both(libc::SYS_socket).map(|number| (number, vec![rule.clone()])).into();
    deny(rules, libc::EAFNOSUPPORT)
}

/// A call's numbers in both tables.
fn both(number: libc::c_long) -> [libc::c_long; 2] {
    [number, number | X32_BIT]
}

fn deny(rules: BTreeMap<i64, Vec<SeccompRule>>, errno: libc::c_int) -> Result<(), String> {
    let fault = |error: &dyn std::fmt::Display| error.to_string();
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(|error| fault(&error))?;
    let answer = SeccompAction::Errno(errno.unsigned_abs());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, answer, arch);
    let program: BpfProgram = filter.and_then(TryInto::try_into).map_err(|error| fault(&error))?;
    apply(&program).map_err(|error| format!("the kernel takes no filter: {error}"))
}

/// By prctl(2): RHEL 7's kernel has no seccomp(2), and systemd's filter denies it.
fn apply(program: &BpfProgram) -> std::io::Result<()> {
    let mut filter: Vec<libc::sock_filter> = program
        .iter()
        .map(|step| libc::sock_filter { code: step.code, jt: step.jt, jf: step.jf, k: step.k })
        .collect();
    let len = libc::c_ushort::try_from(filter.len()).map_err(std::io::Error::other)?;
    nix::sys::prctl::set_no_new_privs()?;
    let program = libc::sock_fprog { len, filter: filter.as_mut_ptr() };
    // SAFETY: the kernel copies the program of `len` steps, which lives until after the call, and
    // keeps no pointer to it.
    let done =
        unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) };
    if done == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel says to a call with arguments that no call takes.
    fn said(number: libc::c_long) -> i32 {
        // SAFETY: every argument is out of range or a bad address, so the call fails before it does
        // anything, if it gets through at all.
        let result = unsafe { libc::syscall(number, -1, -1, -1, -1, -1, -1) };
        assert_eq!(result, -1, "call {number} succeeded");
        std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
    }

    #[test]
    fn every_call_of_the_list_is_denied() {
        let reached = [libc::SYS_unshare, libc::SYS_ptrace, libc::SYS_process_vm_readv];
        for number in reached {
            assert_ne!(said(number), libc::EPERM, "the control: {number} gets through here");
        }
        let inside = || {
            without(Unused { programs: true, listening: true }).unwrap();
            NEVER.iter().chain(&PROGRAMS).chain(&LISTENING).for_each(|&number| {
                assert_eq!(said(number), libc::EPERM, "call {number}");
                assert_eq!(said(number | X32_BIT), libc::EPERM, "call {number} of x32");
            });
            for number in X32_NEVER.into_iter().chain(X32_PROGRAMS) {
                assert_eq!(said(number | X32_BIT), libc::EPERM, "call {number} of x32");
            }
        };
        std::thread::spawn(inside).join().unwrap();
        assert_ne!(said(libc::SYS_unshare), libc::EPERM, "the other threads keep theirs");
    }
}
