//! `advisory`: feeds in, the set in force, and who lacks what.

use std::path::{Path, PathBuf};

use anyhow::Context;
use carepack_advisories::feeds::set::Set;
use carepack_advisories::fleet::Fleet;
use carepack_advisories::index::Index;
use carepack_advisories::matching::{Match, matches};
use carepack_advisories::stream::Streams;
use clap::Subcommand;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::open::Opened;
use super::{Exit, open, print};
use crate::advisories::source::{self, How};
use crate::advisories::{bundle, current, fetch, inventories, inventory, sets};
use crate::objects::Objects;

/// Packages named in a line of a list; `--json` has all.
const NAMED_MAX: usize = 4;

#[derive(Debug, Subcommand)]
pub enum Advisory {
    /// Take in files or folders of a feed: CSAF, VEX, updateinfo.xml or a repository, OSV, bulletins.
    Import {
        /// Files or folders, packed or not.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// The feed's name; what it told before is joined with this.
        #[arg(long)]
        name: String,
        /// Of updateinfo.xml: repo:ID as the hosts name it, or os:ID:MAJOR, e.g. os:rocky:9.
        #[arg(long)]
        stream: Option<String>,
        /// Up to when the feed tells; without it the date of its newest content.
        #[arg(long)]
        date: Option<Timestamp>,
    },
    /// Ask all configured feeds for what is new.
    Fetch,
    /// The feeds: how old, how the last look went.
    Feeds {
        #[arg(long)]
        json: bool,
    },
    /// Write the set in force as a bundle for a collector without a network; sign it with minisign.
    Bundle {
        file: PathBuf,
        /// How long it is valid.
        #[arg(long, default_value_t = 30)]
        valid_days: u16,
    },
    /// Take in a signed bundle: FILE, and FILE.minisig beside it.
    ImportBundle {
        file: PathBuf,
        /// The signer's public key file.
        #[arg(long)]
        key: PathBuf,
    },
    /// Advisories of the set in force.
    List {
        /// Only those whose id, title or CVEs hold this.
        #[arg(long)]
        find: Option<String>,
        #[arg(long, default_value_t = 50)]
        limit: usize,
        #[arg(long)]
        json: bool,
    },
    /// One advisory in full.
    Show { id: String },
    /// What a host lacks.
    Host {
        /// Name or id.
        host: String,
        #[arg(long)]
        json: bool,
    },
    /// Hosts of all customers that lack an advisory.
    Affected {
        id: String,
        #[arg(long)]
        json: bool,
    },
}

impl Advisory {
    pub fn run(self, config: &Path) -> anyhow::Result<Exit> {
        open::with(config, |opened| async move {
            let objects = opened.objects()?;
            self.go(&opened, &objects).await
        })
    }

    async fn go(self, opened: &Opened, objects: &Objects) -> anyhow::Result<Exit> {
        let stores = (&opened.store, objects);
        let now = Timestamp::now();
        match self {
            Self::Import { paths, name, stream, date } => {
                let how = How { name, stream, date };
                import(stores, paths, how, now).await
            }
            Self::Fetch => fetch_all(opened, objects, now).await,
            Self::Feeds { json } => feeds(stores, json).await,
            Self::Bundle { file, valid_days } => {
                let version = bundle::export(stores, &file, valid_days, now).await?;
                print::line(&format!("{} version {version}", file.display()));
                print::note(&format!(
                    "sign it: minisign -S -t \"carepack-advisories version:{version}\" -m {}",
                    file.display()
                ));
                Ok(Exit::Ok)
            }
            Self::ImportBundle { file, key } => {
                let version = bundle::import(stores, &file, &key, now).await?;
                print::line(&format!("bundle {version} taken in"));
                Ok(Exit::Ok)
            }
            Self::List { find, limit, json } => {
                let set = in_force(stores).await?;
                list(&set, find, limit, json)
            }
            Self::Show { id } => {
                let set = in_force(stores).await?;
                show(&set, &id)
            }
            Self::Host { host, json } => of_host(stores, &host, json).await,
            Self::Affected { id, json } => affected(stores, &id, json).await,
        }
    }
}

type Stores<'s> = (&'s crate::store::Store, &'s Objects);

async fn in_force((store, objects): Stores<'_>) -> anyhow::Result<std::sync::Arc<Set>> {
    Ok(current(store, objects).await?.ok_or(crate::advisories::AdvisoriesError::None)?)
}

async fn import(
    stores: Stores<'_>,
    paths: Vec<PathBuf>,
    how: How,
    now: Timestamp,
) -> anyhow::Result<Exit> {
    let mut taken: Option<source::Taken> = None;
    for path in paths {
        let mut one = source::take(&path, &how)?;
        let refused = one.refused.len();
        for (path, why) in one.refused.iter().take(10) {
            print::note(&format!("passed over {}: {why}", path.display()));
        }
        if refused > 10 {
            print::note(&format!("and {} more", refused - 10));
        }
        for (fault, count, first) in one.reading.faults.iter() {
            print::note(&format!("left out: {fault:?} {count}×, first {first}"));
        }
        taken = Some(match taken.take() {
            None => one,
            Some(mut all) => {
                all.feed.date = all.feed.date.max(one.feed.date);
                all.feed.covers.append(&mut one.feed.covers);
                all.feed.covers.sort();
                all.feed.covers.dedup();
                all.reading.join(one.reading);
                all.repositories.append(&mut one.repositories);
                all.exploited.append(&mut one.exploited);
                all
            }
        });
    }
    let set = sets::join(stores, taken.into_iter().collect(), now).await?;
    print::line(&format!(
        "set {}: {} advisories, {} vulnerabilities",
        set.header.version,
        set.advisories.len(),
        set.vulnerabilities.len()
    ));
    Ok(Exit::Ok)
}

async fn fetch_all(opened: &Opened, objects: &Objects, now: Timestamp) -> anyhow::Result<Exit> {
    if opened.config.feeds.is_empty() {
        anyhow::bail!("no [[feed]] is configured; see the commented keys of collector.toml");
    }
    let told = fetch::all((&opened.store, objects), &opened.config.feeds, now).await?;
    let mut exit = Exit::Ok;
    for (name, looked) in told {
        match looked {
            Ok(fetch::Looked::Same) => print::line(&format!("{name}: nothing new")),
            Ok(fetch::Looked::New { version }) => print::line(&format!("{name}: set {version}")),
            Err(error) => {
                print::error(&error.into());
                exit = Exit::Failure;
            }
        }
    }
    Ok(exit)
}

async fn feeds((store, objects): Stores<'_>, as_json: bool) -> anyhow::Result<Exit> {
    let set = in_force((store, objects)).await?;
    let states = store.feed_states().await?;
    let rows = set.header.feeds.iter().map(|feed| {
        let state = states.iter().find(|state| state.name == feed.name);
        (feed, state)
    });
    if as_json {
        let rows: Vec<Value> = rows
            .map(|(feed, state)| {
                json!({"name": feed.name, "kind": feed.kind, "date": feed.date,
                    "covers": feed.covers, "checked_at": state.map(|s| s.checked_at),
                    "error": state.and_then(|s| s.error.as_ref())})
            })
            .collect();
        return print::json(&rows);
    }
    let rows: Vec<Vec<String>> = rows
        .map(|(feed, state)| {
            let error = state.and_then(|state| state.error.clone()).unwrap_or_default();
            vec![
                feed.name.clone(),
                feed.kind.clone(),
                feed.date.strftime("%Y-%m-%d").to_string(),
                feed.covers.join(" "),
                error,
            ]
        })
        .collect();
    print::table(&["name", "kind", "date", "covers", "error"], &rows);
    Ok(Exit::Ok)
}

fn list(set: &Set, find: Option<String>, limit: usize, as_json: bool) -> anyhow::Result<Exit> {
    let find = find.unwrap_or_default().to_lowercase();
    let holds = |text: &str| text.to_lowercase().contains(&find);
    let mut found: Vec<_> = set
        .advisories
        .iter()
        .filter(|one| {
            holds(&one.id)
                || holds(&one.title.en)
                || holds(&one.title.ko)
                || one.cves.iter().any(|cve| holds(&cve.id))
        })
        .collect();
    found.sort_by(|a, b| (b.published, &a.id).cmp(&(a.published, &b.id)));
    let total = found.len();
    found.truncate(limit);
    if as_json {
        return print::json(&found);
    }
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|one| {
            let title = if one.title.ko.is_empty() { &one.title.en } else { &one.title.ko };
            vec![
                one.id.clone(),
                one.published.strftime("%Y-%m-%d").to_string(),
                one.kind.as_str().to_owned(),
                one.severity.as_str().to_owned(),
                one.cvss_tenths().map_or_else(String::new, |t| format!("{}.{}", t / 10, t % 10)),
                title.chars().take(70).collect(),
            ]
        })
        .collect();
    print::table(&["id", "published", "kind", "severity", "cvss", "title"], &rows);
    if total > rows.len() {
        print::note(&format!("{} more; raise --limit or narrow --find", total - rows.len()));
    }
    Ok(Exit::Ok)
}

fn show(set: &Set, id: &str) -> anyhow::Result<Exit> {
    let advisory = set.advisories.iter().find(|one| one.id == id);
    if let Some(advisory) = advisory {
        return print::json(advisory);
    }
    let open = set.vulnerabilities.iter().find(|one| one.cve.id == id);
    print::json(open.with_context(|| unknown(id))?)
}

fn unknown(id: &str) -> String {
    format!("the set in force has no {id}; see: carepack-collector advisory list --find {id}")
}

async fn of_host((store, objects): Stores<'_>, name: &str, as_json: bool) -> anyhow::Result<Exit> {
    let set = in_force((store, objects)).await?;
    let host = store.find_host(name).await?;
    let host = host
        .with_context(|| format!("there is no host {name:?}; see: carepack-collector host list"))?;
    inventory::refresh(store, objects).await?;
    let all = inventories(store, objects).await?;
    let own = all.into_iter().find(|(hosts, _)| hosts.contains(&host.id));
    let (_, installed) = own.with_context(|| {
        format!("no snapshot of {name} tells what is installed; collect from it, or import one")
    })?;
    let index = set.index();
    let streams = Streams::of(&installed, &set.header.repositories);
    if !streams.is_known() && installed.os.takes_from_red_hat() {
        print::note("none of its repositories is known: taken for the main line of its release");
    }
    told(&index, &matches(&index, &installed, &streams), as_json)
}

fn told(index: &Index<'_>, found: &[Match], as_json: bool) -> anyhow::Result<Exit> {
    if as_json {
        let rows: Vec<Value> = found
            .iter()
            .map(|one| {
                let (id, severity) = one.what.named(index);
                let hits: Vec<Value> = one
                    .hits
                    .iter()
                    .map(|hit| {
                        json!({"name": hit.name, "arch": hit.arch, "place": hit.place,
                            "installed": hit.installed, "fixed": hit.fixed,
                            "running": hit.running})
                    })
                    .collect();
                json!({"id": id, "class": one.class.as_str(), "severity": severity.as_str(),
                    "live_patched": one.live_patched, "packages": hits})
            })
            .collect();
        return print::json(&rows);
    }
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|one| {
            let (id, severity) = one.what.named(index);
            let mut names: Vec<String> = one
                .hits
                .iter()
                .take(NAMED_MAX)
                .map(|hit| {
                    let fixed = hit.fixed.as_deref().unwrap_or("-");
                    let running = if hit.running.is_some() { " (not booted)" } else { "" };
                    format!("{} {} → {fixed}{running}", hit.name, hit.installed)
                })
                .collect();
            if one.hits.len() > NAMED_MAX {
                names.push(format!("+{}", one.hits.len() - NAMED_MAX));
            }
            vec![
                id.to_owned(),
                one.class.as_str().to_owned(),
                severity.as_str().to_owned(),
                names.join(", "),
            ]
        })
        .collect();
    print::table(&["id", "class", "severity", "packages"], &rows);
    Ok(Exit::Ok)
}

async fn affected((store, objects): Stores<'_>, id: &str, as_json: bool) -> anyhow::Result<Exit> {
    let set = in_force((store, objects)).await?;
    let advisory = set.advisories.iter().find(|one| one.id == id).with_context(|| unknown(id))?;
    inventory::refresh(store, objects).await?;
    let fleet = Fleet::new(inventories(store, objects).await?, &set.header.repositories);
    let index = Index::new(std::slice::from_ref(advisory), &[], &set.header.repositories);
    let names: std::collections::BTreeMap<_, _> =
        store.hosts(None).await?.into_iter().map(|host| (host.id, host.hostname)).collect();
    let mut rows: Vec<(String, String, &'static str, String)> = Vec::new();
    for (hosts, found) in fleet.lacking(&index) {
        for one in &found {
            let what: Vec<String> = one
                .hits
                .iter()
                .map(|hit| {
                    let fixed = hit.fixed.as_deref().unwrap_or("-");
                    format!("{} {} → {fixed}", hit.name, hit.installed)
                })
                .collect();
            rows.extend(hosts.iter().map(|host| {
                let name = names.get(host).cloned().unwrap_or_default();
                (name, host.to_string(), one.class.as_str(), what.join(", "))
            }));
        }
    }
    rows.sort();
    if as_json {
        let rows: Vec<Value> = rows
            .into_iter()
            .map(|(name, id, class, what)| {
                json!({"host": name, "id": id, "class": class, "packages": what})
            })
            .collect();
        return print::json(&rows);
    }
    let rows: Vec<Vec<String>> =
        rows.into_iter().map(|(name, _, class, what)| vec![name, class.to_owned(), what]).collect();
    print::table(&["host", "class", "packages"], &rows);
    Ok(Exit::Ok)
}
