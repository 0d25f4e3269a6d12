//! The state folder: what is made, refused and kept.

use std::os::unix::fs::PermissionsExt;

use super::*;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_is_made_is_closed_to_others() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("deep/state");
    let state = State::open(&folder).unwrap();
    state.mask_key().unwrap();
    state.save_progress(&Progress::default()).unwrap();
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("spool")), 0o700);
    assert_eq!(mode(&folder.join("mask.key")), 0o600);
    assert_eq!(mode(&folder.join("progress.json")), 0o600);
    assert_eq!(state.mask_key().unwrap(), State::open(&folder).unwrap().mask_key().unwrap());
}

#[test]
fn a_folder_that_others_can_write_is_refused_with_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let check = |bits, word: &str| {
        set(dir.path(), bits);
        let told = State::open(dir.path()).unwrap_err().to_string();
        assert!(told.contains(word), "{told}");
    };
    check(0o770, "chmod 0700");
    check(0o702, "chmod 0700");
    set(dir.path(), 0o755);
    let state = State::open(dir.path()).unwrap();
    state.mask_key().unwrap();
    set(&dir.path().join("mask.key"), 0o640);
    assert!(state.mask_key().unwrap_err().to_string().contains("chmod 0600"));
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert!(State::open(&file).is_err());
    if nix::unistd::geteuid().is_root() {
        std::os::unix::fs::chown(dir.path(), Some(12345), None).unwrap();
        assert!(State::open(dir.path()).unwrap_err().to_string().contains("chown"));
    }
}

#[test]
fn one_collection_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let state = State::look(dir.path());
    let held = state.lock().unwrap();
    assert!(matches!(state.lock(), Err(StateError::Busy { .. })));
    drop(held);
    state.lock().unwrap();
}

#[test]
fn a_damaged_record_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let state = State::look(dir.path());
    std::fs::write(dir.path().join("progress.json"), "{").unwrap();
    let told = state.progress().unwrap_err().to_string();
    assert!(told.contains("progress.json") && told.contains("move it away"), "{told}");
    std::fs::write(dir.path().join("identity.pem"), "x").unwrap();
    set(&dir.path().join("identity.pem"), 0o600);
    assert!(state.identity().unwrap_err().to_string().contains("enrol again"));
}
