//! Landlock: files are written below named folders and nowhere else, no TCP port is bound, no
//! signal leaves. Reading is left as it is.

use std::path::Path;

use landlock::{
    ABI, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

/// The newest that is asked for; an older kernel gives what it has.
const ASKED: ABI = ABI::V6;

/// Written besides: what a library opens for nothing.
const NOWHERE: &str = "/dev/null";

/// Writes go below these folders from now on.
///
/// # Errors
/// What is missing, for a person.
pub(super) fn only(folders: &[&Path]) -> Result<(), String> {
    match restrict(folders) {
        Ok(RulesetStatus::FullyEnforced) => Ok(()),
        Ok(RulesetStatus::PartiallyEnforced) => {
            Err("in part: the kernel's Landlock is older than 6.12's".to_owned())
        }
        Ok(RulesetStatus::NotEnforced) | Err(_) => {
            Err("no Landlock of Linux 5.19 or later can be used here".to_owned())
        }
    }
}

fn restrict(folders: &[&Path]) -> Result<RulesetStatus, RulesetError> {
    let writing = AccessFs::from_write(ASKED);
    let status = Ruleset::default()
        // Before it is known, no file can be moved from one folder to another at all, which a
        // request is: such a kernel's Landlock is not used.
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::Refer)?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(writing)?
        .handle_access(AccessNet::BindTcp)?
        .scope(Scope::Signal)?
        .create()?
        .add_rules(path_beneath_rules(folders, writing))?
        .add_rules(path_beneath_rules([NOWHERE], AccessFs::WriteFile))?
        .restrict_self()?;
    Ok(status.ruleset)
}
