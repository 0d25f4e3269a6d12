//! Capabilities: what is not named is given up, in this process and in what it starts.

use std::collections::HashSet;

use caps::errors::CapsError;
use caps::{CapSet, Capability};

/// Keeps these where they are there, and no others.
///
/// # Errors
/// What the kernel said.
pub(super) fn keep_only(kept: &[Capability]) -> Result<(), String> {
    // Without it a program with a set-user-id bit or file capabilities would give them back.
    nix::sys::prctl::set_no_new_privs().map_err(|errno| errno.desc().to_owned())?;
    give_up(&kept.iter().copied().collect()).map_err(|error| error.to_string())
}

fn give_up(kept: &HashSet<Capability>) -> Result<(), CapsError> {
    // The bounding set first: it takes CAP_SETPCAP, which goes with the rest. Who has none of it
    // has no way to what is in the set either, now that no program gives new privileges.
    if caps::has_cap(None, CapSet::Effective, Capability::CAP_SETPCAP)? {
        for one in caps::read(None, CapSet::Bounding)?.difference(kept) {
            caps::drop(None, CapSet::Bounding, *one)?;
        }
    }
    // A capability that leaves Permitted or Inheritable leaves Ambient too.
    for set in [CapSet::Effective, CapSet::Permitted, CapSet::Inheritable] {
        let held = caps::read(None, set)?;
        let left: HashSet<Capability> = held.intersection(kept).copied().collect();
        // Under systemd there is nothing to do, and capset(2) may be denied.
        if left != held {
            caps::set(None, set, &left)?;
        }
    }
    Ok(())
}
