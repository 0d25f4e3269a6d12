//! Settings: what is read, merged and refused.

use super::*;

fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("agent.toml");
    std::fs::write(&path, text).unwrap();
    (dir, path)
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut link = error.source();
    while let Some(cause) = link {
        text = format!("{text}: {cause}");
        link = cause.source();
    }
    text
}

#[test]
fn every_bent_setting_is_named_with_its_file() {
    let check = |text: &str, word: &str| {
        let (_dir, path) = file(text);
        let told = chain(&load(Some(&path), true).unwrap_err());
        assert!(told.contains("agent.toml") && told.contains(word), "{text}: {told}");
    };
    check("servr = 'x'", "servr");
    check("server = 'http://x'", "server is \"http://x\"; write https");
    check("server = 'https://x/y'", "nothing behind");
    check("server = 'https://'", "nothing behind");
    check("state_dir = 'state'", "state_dir is state");
    check("poll_seconds = 0", "poll_seconds is 0");
    check("poll_seconds = -1", "poll_seconds");
    check("[collect]\nstart = 'cron'", "request-file");
    check("approval = 'never'", "manual");
    check("[collect]\ndeadline_seconds = 1", "collect.deadline_seconds is 1");
    check("[collect]\non_demand = 'maybe'", "refuse");
    check("[collect]\ntree_entries_max = 10000001", "collect.tree_entries_max is 10000001");
    check("[collect]\ntree_entries_max = -1", "tree_entries_max");
    check("[spool]\nbytes_max = 1", "spool.bytes_max is 1");
    check("[spool]\ncount_max = 0", "spool.count_max is 0");
    check("[withhold]\nprobes = ['cpuu']", "cpuu");
    check("[privacy]\nmode = 'facts'", "facts-only");
    check("[privacy]\nkey_file = 'fleet.key'", "privacy.key_file is fleet.key");
    check("[privacy]\npseudonym = true", "pseudonym");
    check("[withhold]\npaths = ['etc/x']", "withhold.paths");
    check("[withhold]\npatterns = ['(']", "withhold.patterns");
    check("[withhold]\nkeywords = ['']", "withhold.keywords");
    check("= 1", "not a configuration");
}

#[test]
fn drop_ins_add_up_and_the_last_word_wins() {
    let (dir, path) = file("poll_seconds = 5\n[withhold]\nprobes = ['cpu']\n");
    let drop_ins = dir.path().join("agent.d");
    std::fs::create_dir(&drop_ins).unwrap();
    std::fs::write(drop_ins.join("20-b.toml"), "poll_seconds = 7").unwrap();
    std::fs::write(drop_ins.join("10-a.toml"), "poll_seconds = 6\n[withhold]\nprobes = ['dmi']")
        .unwrap();
    std::fs::write(drop_ins.join("note.txt"), "not TOML").unwrap();
    let loaded = load(Some(&path), false).unwrap();
    assert_eq!(loaded.config.poll_seconds, Some(7));
    assert_eq!(loaded.config.withhold.probes, ["cpu", "dmi"]);
    assert_eq!(loaded.read.len(), 3);
    std::fs::write(drop_ins.join("30-c.toml"), "poll = 7").unwrap();
    let told = chain(&load(Some(&path), false).unwrap_err());
    assert!(told.contains("30-c.toml") && told.contains("poll"), "{told}");
}

#[test]
fn a_walk_of_no_entries_is_kept_back_by_policy() {
    let kept = |text: &str| {
        let (_dir, path) = file(text);
        let config = load(Some(&path), true).unwrap().config;
        (config.collect.tree_entries_max, config.policy().paths)
    };
    assert_eq!(kept("[withhold]\npaths = ['/a']"), (100_000, vec!["/a".to_owned()]));
    let (entries, paths) = kept("[collect]\ntree_entries_max = 0\n[withhold]\npaths = ['/a']");
    assert_eq!((entries, paths), (0, vec!["/a".to_owned(), TREE_SOURCE.to_owned()]));
    let probe = probes::all().iter().find(|probe| probe.id == "file-tree").unwrap();
    assert!(probe.reads.iter().any(|read| read.source().key() == TREE_SOURCE));
}

#[test]
fn a_named_file_must_be_there() {
    let path = Path::new("/nonexistent/agent.toml");
    assert!(matches!(load(Some(path), true), Err(ConfigError::Missing { .. })));
}
