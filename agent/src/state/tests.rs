//! The state folder: what is made, refused and kept.

use std::os::unix::fs::PermissionsExt;

use carepack_shared::Reason;
use carepack_shared::privacy::Mode;

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

#[test]
fn facts_of_a_period_tell_its_logs_whole_and_evidence_tells_each_line_once() {
    let at = |second| crate::logs::LogState { kernel: Some(second), ..Default::default() };
    let mut progress = Progress { last_period: Some("2026-10".to_owned()), ..Progress::default() };
    let mut take = |mode, reason, period: &str, end| {
        let start = progress.log_start(mode, Some(period)).kernel;
        progress.scanned(mode, reason, Some(period), at(end));
        if reason == Reason::Scheduled {
            progress.last_period = Some(period.to_owned());
        }
        start
    };
    let (facts, now, due) = (Mode::FactsOnly, Reason::OnDemand, Reason::Scheduled);
    assert_eq!(take(Mode::Full, due, "2026-10", 10), None);
    assert_eq!(take(Mode::Full, now, "2026-11", 20), Some(10));
    assert_eq!(take(facts, now, "2026-11", 30), Some(20));
    assert_eq!(take(facts, due, "2026-11", 40), Some(20));
    assert_eq!(take(facts, now, "2026-11", 50), Some(20));
    assert_eq!(take(facts, due, "2026-12", 60), Some(40));
    assert_eq!(take(facts, now, "2026-12", 70), Some(40));
    assert_eq!(take(Mode::Full, now, "2026-12", 80), Some(60));
}
