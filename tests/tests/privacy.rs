//! What leaves a host: none of the secrets planted over the recorded hosts, in any notation, and
//! exactly what the preview shows.

#[path = "privacy/modes.rs"]
mod modes;
#[path = "privacy/unpacked.rs"]
mod unpacked;

use std::io::Write;

use anyhow::{Context, Result, ensure};
use carepack_shared::bundle;
use carepack_shared::digest::sha256_hex;
use carepack_tests::agent::Agent;
use carepack_tests::binaries::root;
use carepack_tests::collector::Collector;
use carepack_tests::process::until;
use carepack_tests::recorded;
use unpacked::{holds, layers};

/// `host TAB secret TAB where` of `tests/hosts/secrets.tsv`.
fn planted() -> Result<Vec<(String, String)>> {
    let text = std::fs::read_to_string(root().join("tests/hosts/secrets.tsv"))?;
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| {
        let mut fields = line.split('\t');
        let (host, secret) = (fields.next().context("a host")?, fields.next().context("a secret")?);
        Ok((host.to_owned(), secret.to_owned()))
    })
    .collect()
}

#[test]
fn no_planted_secret_is_in_the_bytes_that_leave() -> Result<()> {
    let secrets = planted()?;
    ensure!(secrets.len() >= 20, "only {} secrets are planted", secrets.len());
    let dir = tempfile::tempdir()?;
    for host in recorded::ALL {
        for overlay in
            [None, Some("previous")].into_iter().filter(|o| o.is_none() || host.has_previous)
        {
            let agent = Agent::new(&dir.path().join(host.name), "https://127.0.0.1:1", Some(host))?;
            let mut words = Vec::new();
            if let Some(overlay) = overlay {
                words.extend(["--recorded-overlay", overlay]);
            }
            words.push("collect");
            agent.run(&words)?;
            let entry = spooled(&agent)?;
            let layers = layers(&entry);
            let longest = layers.iter().map(String::len).max();
            ensure!(longest > Some(10_000), "{}: {longest:?} bytes", host.name);
            for (_, secret) in secrets.iter().filter(|(name, _)| name == host.name) {
                ensure!(!holds(&layers, secret), "{} {overlay:?}: {secret} leaves", host.name);
            }
        }
    }
    Ok(())
}

/// `kind TAB secret TAB line` of `tests/hosts/secret-kinds.tsv`.
fn kinds() -> Result<Vec<[String; 3]>> {
    let text = std::fs::read_to_string(root().join("tests/hosts/secret-kinds.tsv"))?;
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| {
        let fields: Vec<String> = line.splitn(3, '\t').map(str::to_owned).collect();
        <[String; 3]>::try_from(fields).map_err(|bent| anyhow::anyhow!("{bent:?}"))
    })
    .collect()
}

/// Samples that a pattern keeps of a log.
const LINES_KEPT: usize = 3;

/// What leaves a file tree, layer by layer, in the file that would leave and as the preview has it.
fn leaves(dir: &std::path::Path, tree: &std::path::Path, mode: &str) -> Result<Vec<String>> {
    let agent = Agent::new(&dir.join("agent"), "https://127.0.0.1:1", None)?;
    let config = std::fs::read_to_string(agent.config())?;
    std::fs::write(agent.config(), format!("{config}\n[privacy]\nmode = \"{mode}\"\n"))?;
    let (tree, file) = (tree.to_string_lossy(), dir.join("x.cpk"));
    agent.run(&["collect", "--root", &tree, "--output", &file.to_string_lossy()])?;
    let file = std::fs::read(&file)?;
    let found = layers(&file);
    let (_, _, document) = bundle::read(&file)?;
    ensure!(
        found.contains(&String::from_utf8(document)?),
        "the search does not reach the document"
    );
    Ok(found)
}

/// The entry that waits in an agent's spool, as its bytes are.
fn spooled(agent: &Agent) -> Result<Vec<u8>> {
    let entry = std::fs::read_dir(agent.state().join("spool"))?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|end| end == "cpk"))
        .context("a spool entry")?;
    Ok(std::fs::read(entry)?)
}

fn gzip(text: &str) -> Result<Vec<u8>> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(text.as_bytes())?;
    Ok(packed.finish()?)
}

#[test]
fn sixty_kinds_of_secrets_stay_wherever_they_are_planted() -> Result<()> {
    let kinds = kinds()?;
    ensure!(kinds.len() >= 60, "only {} kinds", kinds.len());
    let dir = tempfile::tempdir()?;
    let tree = dir.path().join("root");
    for folder in ["etc/sysctl.d", "etc/cron.d", "etc/yum.repos.d", "var/log", "etc/systemd/system"]
    {
        std::fs::create_dir_all(tree.join(folder))?;
    }
    let lines = kinds.iter().map(|[_, _, line]| line.as_str());
    let plain = lines.clone().collect::<Vec<_>>().join("\n");
    let comments = lines.map(|line| format!("# {line}\n")).collect::<String>();
    for file in ["etc/fstab", "etc/sysctl.d/1.conf", "etc/cron.d/x", "etc/yum.repos.d/x.repo"] {
        std::fs::write(tree.join(file), &plain)?;
    }
    std::fs::write(tree.join("etc/hosts"), &comments)?;
    let mut documents = Vec::new();
    for mode in ["full", "facts-only", "numbers-only"] {
        documents.extend(leaves(dir.path(), &tree, mode)?);
    }
    // A pattern keeps a few lines of a log: so many kinds at a time.
    for some in kinds.chunks(LINES_KEPT) {
        // As it stands, and in a rotated log that the agent unpacks.
        let (now, packed) = some.split_at(some.len() / 2);
        let lines = |some: &[[String; 3]], program: &str| {
            let line = |[_, _, line]: &[String; 3]| {
                format!(
                    "Nov  5 00:00:02 h kernel: Out of memory: Killed process 7 ({program}) {line}\n"
                )
            };
            some.iter().map(line).collect::<String>()
        };
        std::fs::write(tree.join("var/log/messages"), lines(now, "plain"))?;
        std::fs::write(tree.join("var/log/messages-20261104.gz"), gzip(&lines(packed, "packed"))?)?;
        let found = leaves(dir.path(), &tree, "full")?;
        ensure!(holds(&found, "(packed)"), "no line of the packed log travels");
        ensure!(now.is_empty() || holds(&found, "(plain)"), "no line of the log travels");
        documents.extend(found);
    }
    let leaves = |secret: &str| holds(&documents, secret);
    let out: Vec<&str> = kinds
        .iter()
        .filter(|[_, secret, _]| leaves(secret))
        .map(|[kind, ..]| kind.as_str())
        .collect();
    ensure!(out.is_empty(), "these leave: {out:?}");
    Ok(())
}

#[test]
fn the_preview_of_a_spooled_snapshot_is_byte_for_byte_what_would_leave() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let agent = Agent::new(&dir.path().join("a"), "https://127.0.0.1:1", Some(&recorded::ALL[0]))?;
    agent.run(&["collect"])?;
    let (header, _, document) = bundle::read(&spooled(&agent)?)?;
    let shown = agent.run(&["preview", "--id", &header.id.to_string()])?;
    ensure!(shown.stdout == document, "the preview differs from the spooled document");
    let said = String::from_utf8_lossy(&shown.stderr).into_owned();
    ensure!(said.contains(&header.sha256) && sha256_hex(&document) == header.sha256, "{said}");
    Ok(())
}

#[test]
fn what_the_customer_withholds_stays_and_is_said() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let agent = Agent::new(&dir.path().join("a"), "https://127.0.0.1:1", Some(&recorded::ALL[0]))?;
    let config = std::fs::read_to_string(agent.config())?;
    let more =
        "[withhold]\nprobes = [\"processes\"]\npaths = [\"/etc/ssh\"]\nkeywords = [\"shop\"]\n";
    std::fs::write(agent.config(), format!("{config}\n{more}"))?;
    let document = agent.run(&["collect", "--output", "-"])?.stdout;
    let snapshot = carepack_shared::Snapshot::from_document(&document)?;
    let withheld: Vec<String> = snapshot
        .observations
        .iter()
        .filter(|o| o.json().err().or(o.text().err()) == Some(carepack_shared::Unseen::Withheld))
        .map(|o| o.source.key())
        .collect();
    ensure!(withheld.iter().any(|key| key == "survey:processes"), "{withheld:?}");
    ensure!(withheld.iter().any(|key| key.starts_with("/etc/ssh/sshd_config")), "{withheld:?}");
    ensure!(!String::from_utf8(document)?.contains("shop.example"), "the keyword leaves");
    Ok(())
}

#[test]
fn a_snapshot_that_nobody_approved_stays_and_one_that_somebody_did_leaves() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let mut collector = Collector::init(&dir.path().join("c"))?;
    collector.contract("한빛정보", "h", &[])?;
    let token = collector.token("h", &[])?;
    let addresses = collector.serve()?;
    let url = format!("https://{}", addresses.agents);
    let mut agent = Agent::new(&dir.path().join("a"), &url, Some(&recorded::ALL[0]))?;
    let config = std::fs::read_to_string(agent.config())?;
    std::fs::write(agent.config(), format!("approval = \"manual\"\n{config}"))?;
    agent.enrol(&token)?;
    agent.start()?;
    until("a snapshot to wait", || Ok((agent.status()?["held"] == 1).then_some(())))?;
    let listed = agent.run_ok(&["approve"])?;
    let id = listed.split(' ').next().context("an id")?.to_owned();
    // Polled again since, and still here.
    let polled = agent.status()?["last_poll"].clone();
    until("another poll", || Ok((agent.status()?["last_poll"] != polled).then_some(())))?;
    ensure!(collector.snapshots()? == 0, "it left unapproved");
    agent.run_ok(&["approve", &id])?;
    until("the approved one", || Ok((collector.snapshots()? == 1).then_some(())))?;
    let journal = std::fs::read_to_string(agent.state().join("journal.log"))?;
    ensure!(journal.contains("\"approved\"") && journal.contains("\"by\""), "{journal}");
    Ok(())
}

#[test]
fn a_file_for_an_air_gap_has_a_sheet_that_names_it_and_the_one_before() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let agent = Agent::new(&dir.path().join("a"), "https://127.0.0.1:1", Some(&recorded::ALL[0]))?;
    // There is a state folder on a host that has collected once.
    agent.run(&["collect"])?;
    let mut before = "-".to_owned();
    for (number, period) in [(1, "2026-10"), (2, "2026-11")] {
        let file = dir.path().join(format!("{period}.cpk"));
        agent.run(&["collect", "--period", period, "--output", &file.to_string_lossy()])?;
        let sheet = std::fs::read_to_string(file.with_extension("manifest.txt"))?;
        let digest = sha256_hex(&std::fs::read(&file)?);
        for line in [
            format!("파일 SHA-256 · of the file: {digest}"),
            format!("순번 · Number: {number}"),
            format!("직전 파일 SHA-256 · File before: {before}"),
            format!("점검 기간 · Period: {period}"),
        ] {
            ensure!(sheet.contains(&line), "no {line:?} in\n{sheet}");
        }
        before = digest;
    }
    Ok(())
}
