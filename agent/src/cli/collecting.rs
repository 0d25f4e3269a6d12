//! `collect` and `preview`.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use carepack_shared::digest::sha256_hex;
use carepack_shared::{Reason, Snapshot, bundle, manifest};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use uuid::Uuid;

use super::{Exit, print, state_of};
use crate::collect::{self, Mounted, Order, is_partial};
use crate::config::Config;
use crate::sandbox::{self, Role};
use crate::spool::{Found, Spool};
use crate::state::{Handed, State};

/// Why a snapshot is taken.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ReasonWord {
    Scheduled,
    OnDemand,
    Installation,
    Offline,
}

#[derive(Debug, Args)]
pub struct Collect {
    /// Look, and keep nothing: no spool, no socket.
    #[arg(long)]
    dry_run: bool,
    /// Write the document to a file (`-` for stdout) instead of the spool; a name that ends in
    /// .cpk gets a bundle signed with this host's key, for the way over an air gap.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Look at another machine's file system that is mounted here, instead of this host: a disk
    /// image, a rescue. Commands and kernel state are not seen; nothing is spooled.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["reason", "request", "due"])]
    root: Option<PathBuf>,
    /// The moment that the mounted root stands for; the present one without it.
    #[arg(long, value_name = "TIME", requires = "root")]
    taken_at: Option<Timestamp>,
    #[arg(long, value_enum)]
    reason: Option<ReasonWord>,
    /// The inspection period, e.g. 2026-11; that of the policy without it.
    #[arg(long)]
    period: Option<String>,
    /// The collector's request that this serves.
    #[arg(long)]
    request: Option<Uuid>,
    /// Carry out the requests in the state folder, then what the schedule wants now; nothing due is
    /// no error. For the service that a path unit and a timer start.
    #[arg(long)]
    due: bool,
    /// Say nothing but errors.
    #[arg(long)]
    quiet: bool,
}

#[derive(Debug, Args)]
pub struct Preview {
    /// A snapshot that waits in the spool, instead of a fresh look.
    #[arg(long)]
    id: Option<Uuid>,
    /// Only what differs from the last snapshot that left: by source and fact, then by lines.
    #[arg(long)]
    diff_last: bool,
}

impl Collect {
    pub fn run(self, config: &Config, lang: print::Lang) -> anyhow::Result<Exit> {
        let _ = sandbox::enter(Role::Collection { to_a_file: self.output.is_some() });
        if self.due {
            return super::due::run(config, lang);
        }
        if let Some(root) = &self.root {
            return self.look_mounted(config, root, lang);
        }
        let order = self.order(config)?;
        if self.dry_run || self.output.is_some() {
            return self.look(config, &order, lang);
        }
        self.keep(config, &order, lang)
    }

    fn order(&self, config: &Config) -> anyhow::Result<Order> {
        let reason = match self.reason {
            Some(ReasonWord::Scheduled) => Reason::Scheduled,
            Some(ReasonWord::Installation) => Reason::Installation,
            Some(ReasonWord::Offline) => Reason::Offline,
            None if self.output.is_some() => Reason::Offline,
            Some(ReasonWord::OnDemand) | None => Reason::OnDemand,
        };
        let period = match &self.period {
            Some(period) => Some(period.clone()),
            None => period_of_policy(config)?,
        };
        Ok(Order { reason, period, request: self.request })
    }

    fn keep(&self, config: &Config, order: &Order, lang: print::Lang) -> anyhow::Result<Exit> {
        let state = State::open(&config.state_dir)?;
        let spooled = collect::spool(config, &state, order)
            .context(lang.say("수집하지 못함", "the collection failed"))?;
        if !self.quiet {
            print::line(&format!("{} {} bytes", spooled.id, spooled.bytes));
            print::line(&format!("SHA-256 {}", spooled.sha256));
        }
        Ok(if spooled.partial { Exit::Partial } else { Exit::Ok })
    }

    fn look(&self, config: &Config, order: &Order, lang: print::Lang) -> anyhow::Result<Exit> {
        let state = state_of(config);
        let snapshot = collect::look(config, &state, order)
            .context(lang.say("수집하지 못함", "the collection failed"))?;
        match &self.output {
            Some(file) => write(Some(&state), &snapshot, file)?,
            None => summary(&snapshot),
        }
        Ok(if is_partial(&snapshot) { Exit::Partial } else { Exit::Ok })
    }

    /// What comes of another machine must not be signed with this one's key, nor sent as its own.
    fn look_mounted(
        &self,
        config: &Config,
        root: &Path,
        lang: print::Lang,
    ) -> anyhow::Result<Exit> {
        ensure!(
            self.dry_run || self.output.is_some(),
            "a mounted root is another machine: its snapshot goes to a file (--output FILE), or \
             nowhere (--dry-run)"
        );
        ensure!(
            config.collect.recorded.is_none(),
            "--root and --recorded are two different hosts; name one"
        );
        let mounted = Mounted { root: root.to_owned(), taken_at: self.taken_at };
        let snapshot = collect::look_mounted(config, &mounted, self.period.clone())
            .context(lang.say("수집하지 못함", "the collection failed"))?;
        match &self.output {
            Some(file) => write(None, &snapshot, file)?,
            None => summary(&snapshot),
        }
        Ok(if is_partial(&snapshot) { Exit::Partial } else { Exit::Ok })
    }
}

impl Preview {
    pub fn run(self, config: &Config, lang: print::Lang) -> anyhow::Result<Exit> {
        let _ = sandbox::enter(Role::Collection { to_a_file: false });
        let state = state_of(config);
        let spool = Spool::new(state.spool_dir(), config.spool);
        let document = match self.id {
            Some(id) => match spool.get(id)? {
                Found::Sound(entry) => entry.document()?,
                Found::Unsound(reason) => {
                    return Err(anyhow::Error::new(reason).context(format!("spool entry {id}")));
                }
                Found::Gone => anyhow::bail!("{id} is not in the spool"),
            },
            None => {
                let period = period_of_policy(config)?;
                let order = Order { reason: Reason::OnDemand, period, request: None };
                collect::look(config, &state, &order)?.to_document()
            }
        };
        let _ = writeln!(
            std::io::stderr(),
            "SHA-256 {}, {} bytes",
            sha256_hex(&document),
            document.len()
        );
        if self.diff_last {
            return against_last(&spool, &document, lang);
        }
        std::io::stdout().write_all(&document).context("writing the document")?;
        Ok(Exit::Ok)
    }
}

/// What a document changes against the last one that left.
fn against_last(spool: &Spool, document: &[u8], lang: print::Lang) -> anyhow::Result<Exit> {
    let now = Snapshot::from_document(document)?;
    let Some(entry) = spool.last_sent()? else {
        anyhow::bail!(lang.say(
            "아직 보낸 스냅샷이 없음; 전체는 `carepack-agent preview`",
            "nothing has left yet; `carepack-agent preview` shows the whole of it"
        ));
    };
    let entry = entry.context("spool/last.sent")?;
    let last = Snapshot::from_document(&entry.document()?)?;
    let text = format!(
        "--- {} {} SHA-256 {}\n+++ {} {} SHA-256 {}\n{}",
        last.id,
        last.taken_at,
        entry.header.sha256,
        now.id,
        now.taken_at,
        sha256_hex(document),
        super::difference::difference(&last, &now, lang)
    );
    std::io::stdout().write_all(text.as_bytes()).context("writing the differences")?;
    Ok(Exit::Ok)
}

/// The period that the last policy heard puts us in.
fn period_of_policy(config: &Config) -> anyhow::Result<Option<String>> {
    let Some(policy) = state_of(config).policy()? else { return Ok(None) };
    Ok(Some(policy.schedule.slot_at(Timestamp::now(), "")?.period))
}

/// Without a state a bundle stays unsigned.
fn write(state: Option<&State>, snapshot: &Snapshot, file: &Path) -> anyhow::Result<()> {
    if file.as_os_str() == "-" {
        return std::io::stdout().write_all(&snapshot.to_document()).context("writing to stdout");
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    ensure!(folder.is_dir(), "{} is not a folder", folder.display());
    let sealed = file.extension().is_some_and(|end| end == "cpk");
    let bytes = match state.filter(|state| state.dir().exists()) {
        _ if !sealed => keep_file(file, snapshot.to_document())?,
        Some(state) => hand_over(state, snapshot, file)?,
        None => {
            let bytes = bundle::write(snapshot.id, &snapshot.to_document(), None);
            keep_file(file, bytes.context("compressing the snapshot")?)?
        }
    };
    print::line(&format!("{} {} bytes", file.display(), bytes.len()));
    print::line(&format!("SHA-256 {}", sha256_hex(&snapshot.to_document())));
    Ok(())
}

fn keep_file(file: &Path, bytes: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    crate::state::files::write_durable(file, &bytes, 0o600)
        .with_context(|| format!("writing {}", file.display()))?;
    Ok(bytes)
}

/// The file, the sheet beside it, and what the next file will call the one before. One at a time:
/// two files of the same number would be two chains.
fn hand_over(state: &State, snapshot: &Snapshot, file: &Path) -> anyhow::Result<Vec<u8>> {
    let _lock = state.lock()?;
    let host = state.identity()?.map(|identity| identity.host_id);
    let link = state.next_link(host)?;
    let bytes = keep_file(file, collect::seal(state, snapshot, &link)?)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let sheet = manifest::text(snapshot, (&name, &bytes), &link);
    keep_file(&manifest::path(file), sheet.into_bytes())?;
    state.save_handed(&Handed {
        number: link.number,
        sha256: sha256_hex(&bytes),
        period: snapshot.period.clone(),
        host,
    })?;
    Spool::new(state.spool_dir(), crate::config::Spool::default()).keep_sent(&bytes)?;
    Ok(bytes)
}

fn summary(snapshot: &Snapshot) {
    use carepack_shared::Outcome;
    let seen = snapshot.observations.iter().filter(|o| matches!(o.outcome, Outcome::Seen { .. }));
    let document = snapshot.to_document();
    print::line(&format!(
        "{} observations, {} seen; {} bytes; {} ms CPU, {} KiB, {} processes started",
        snapshot.observations.len(),
        seen.count(),
        document.len(),
        snapshot.agent.cpu_ms,
        snapshot.agent.peak_kib,
        snapshot.agent.spawned
    ));
    for observation in &snapshot.observations {
        if let Outcome::Unseen { reason, detail } = &observation.outcome {
            print::line(&format!("{:10} {}  {detail}", reason.as_str(), observation.source.key()));
        }
    }
    print::line(&format!("SHA-256 {}", sha256_hex(&document)));
}
