//! Feeds at an address: what is new is downloaded into a folder of ours and read as a folder is.
//!
//! A feed that has nothing new costs one small request: a repository's `repomd.xml`, a CSAF
//! folder's `changes.csv`, an entity tag. Its date is then the moment of asking.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use carepack_advisories::feeds::repomd;
use jiff::Timestamp;
use reqwest::header::{ETAG, IF_NONE_MATCH};
use reqwest::{Client, Response, StatusCode};
use tokio::io::AsyncWriteExt;

use super::source::{self, How, Taken};
use super::{AdvisoriesError, chain, sets};
use crate::config::{Config, Feed, FeedKind};
use crate::objects::Objects;
use crate::store::{FeedState, Store};

/// One download's limits.
const CONNECT: Duration = Duration::from_secs(20);
const READ: Duration = Duration::from_secs(60);
/// Most bytes of one file: the archive of all of Red Hat's VEX files has some 300 MB.
const FILE_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// Longest index, `changes.csv`: some 5 MB.
const INDEX_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Single files fetched in one look; the rest follows in the next.
const FILES_MAX: usize = 5_000;

/// How a look went.
#[derive(Debug)]
pub enum Looked {
    /// Nothing new since the last look.
    Same,
    /// A new set is in force.
    New { version: u64 },
}

/// Asks all feeds of a configuration and joins what is new into one set; one that fails is told and
/// leaves the others alone. The state of each is kept.
///
/// # Errors
/// [`AdvisoriesError`] of the store or the object store only.
pub async fn all(
    (store, objects): (&Store, &Objects),
    feeds: &[Feed],
    now: Timestamp,
) -> Result<Vec<(String, Result<Looked, AdvisoriesError>)>, AdvisoriesError> {
    let states = store.feed_states().await?;
    let known = |feed: &Feed| states.iter().find(|state| state.name == feed.name);
    let (mut looks, mut new) = (Vec::with_capacity(feeds.len()), Vec::new());
    for feed in feeds {
        let mark = known(feed).map_or("", |state| &state.mark);
        let looked = one(feed, mark, now).await;
        looks.push(looked.map(|found| {
            found.map(|(taken, mark)| {
                new.push(taken);
                mark
            })
        }));
    }
    let mut version = 0;
    if !new.is_empty() {
        version = sets::join((store, objects), new, now).await?.header.version;
    }
    let mut told = Vec::with_capacity(feeds.len());
    for (feed, look) in feeds.iter().zip(looks) {
        let before = known(feed);
        let mark = before.map(|state| state.mark.clone()).unwrap_or_default();
        let (mark, ok_at, looked) = match look {
            Ok(Some(mark)) => (mark, Some(now), Ok(Looked::New { version })),
            Ok(None) => (mark, Some(now), Ok(Looked::Same)),
            Err(error) => (mark, before.and_then(|state| state.ok_at), Err(error)),
        };
        let error = looked.as_ref().err().map(|error| chain(error));
        let name = feed.name.clone();
        let state = FeedState { name: name.clone(), mark, checked_at: now, ok_at, error };
        store.put_feed_state(&state).await?;
        told.push((name, looked));
    }
    Ok(told)
}

/// Looks at all feeds on the configured period until told to stop.
pub async fn keep_looking(
    (store, objects): (Store, Objects),
    config: Arc<Config>,
    mut stop: tokio::sync::watch::Receiver<bool>,
) {
    if config.feeds.is_empty() {
        return;
    }
    let period = Duration::from_secs(3600 * u64::from(config.advisories.every_hours));
    let mut tick = tokio::time::interval(period);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            _ = tick.tick() => {}
        }
        let looking = all((&store, &objects), &config.feeds, Timestamp::now());
        let told = tokio::select! {
            // What was downloaded is dropped; the next start asks again.
            _ = stop.wait_for(|stop| *stop) => return,
            told = looking => told,
        };
        match told {
            Ok(told) => {
                for (feed, looked) in told {
                    if let Err(error) = looked {
                        tracing::error!(feed, "feed.failed: {}", chain(&error));
                    }
                }
            }
            Err(error) => tracing::error!("feeds.failed: {}", chain(&error)),
        }
    }
}

/// What is new of a feed, and the mark by which it is known next time.
async fn one(
    feed: &Feed,
    mark: &str,
    now: Timestamp,
) -> Result<Option<(Taken, String)>, AdvisoriesError> {
    let folder = tempfile::tempdir()
        .map_err(|source| AdvisoriesError::Write { path: std::env::temp_dir(), source })?;
    let door = Door::new(feed)?;
    let mark = match feed.kind {
        FeedKind::Repository => door.repository(folder.path(), mark).await?,
        FeedKind::Csaf => door.csaf(folder.path(), mark).await?,
        FeedKind::File => door.file(folder.path(), mark).await?,
    };
    let Some(mark) = mark else { return Ok(None) };
    let how = How { name: feed.name.clone(), stream: feed.stream.clone(), date: Some(now) };
    let path = folder.path().to_owned();
    let taken = tokio::task::spawn_blocking(move || source::take(&path, &how)).await??;
    for (path, why) in taken.refused.iter().take(20) {
        tracing::warn!(feed = feed.name, "feed.file_refused: {}: {why}", path.display());
    }
    Ok(Some((taken, mark)))
}

/// The one way out of the collector: to the address that the configuration names.
struct Door<'f> {
    feed: &'f Feed,
    client: Client,
}

impl<'f> Door<'f> {
    fn new(feed: &'f Feed) -> Result<Self, AdvisoriesError> {
        // Another part of the process may have chosen the same one already.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut builder = Client::builder()
            .connect_timeout(CONNECT)
            .read_timeout(READ)
            .user_agent(concat!("carepack-collector/", env!("CARGO_PKG_VERSION")));
        if let Some(path) = &feed.ca {
            let pem = std::fs::read(path)
                .map_err(|source| AdvisoriesError::Read { path: path.clone(), source })?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem);
            builder = builder.tls_certs_merge(certificates.map_err(ask(feed, &feed.from))?);
        }
        Ok(Self { feed, client: builder.build().map_err(ask(feed, &feed.from))? })
    }

    fn address(&self, path: &str) -> String {
        format!("{}/{path}", self.feed.from.trim_end_matches('/'))
    }

    /// `repomd.xml`, and the advisories that it names when they are others than last time.
    async fn repository(
        &self,
        folder: &Path,
        mark: &str,
    ) -> Result<Option<String>, AdvisoriesError> {
        let index = self.address("repodata/repomd.xml");
        let bytes = self.bytes(&index, repomd::REPOMD_BYTES_MAX as u64).await?;
        let content = |detail: String| self.content(&index, detail);
        let repository = repomd::read(&bytes).map_err(|error| content(error.to_string()))?;
        let Some(part) = repository.updateinfo else {
            return Err(content("a repository without updateinfo".to_owned()));
        };
        if part.checksum.value == mark {
            return Ok(None);
        }
        let write = |path: &Path| {
            let path = path.to_owned();
            |source| AdvisoriesError::Write { path, source }
        };
        let metadata = folder.join("repodata");
        std::fs::create_dir(&metadata).map_err(write(&metadata))?;
        let named = metadata.join("repomd.xml");
        std::fs::write(&named, &bytes).map_err(write(&named))?;
        // Checked by the reader of that form never to lead out of the folder.
        let file = folder.join(&part.href);
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent).map_err(write(parent))?;
        }
        let address = self.address(&part.href);
        self.save(self.ask(&address, None).await?, &address, &file).await?;
        Ok(Some(part.checksum.value))
    }

    /// A CSAF provider's folder: at first the archive of everything, then what `changes.csv` names.
    /// Rows of it are `"2024/rhsa-2024_0811.json","2024-02-14T00:54:45+00:00"`, newest first.
    async fn csaf(&self, folder: &Path, mark: &str) -> Result<Option<String>, AdvisoriesError> {
        let index = self.address("changes.csv");
        let bytes = self.bytes(&index, INDEX_BYTES_MAX).await?;
        let text = String::from_utf8_lossy(&bytes);
        let mut rows: Vec<(Timestamp, &str)> = text.lines().filter_map(changed).collect();
        rows.sort_unstable();
        let Some(newest) = rows.last().map(|row| row.0) else {
            return Err(self.content(&index, "no list of changes".to_owned()));
        };
        let known: Option<Timestamp> = mark.parse().ok();
        let Some(known) = known else {
            let latest = self.address("archive_latest.txt");
            let name = self.bytes(&latest, 4096).await?;
            let name = String::from_utf8_lossy(&name).trim().to_owned();
            if name.is_empty()
                || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
            {
                return Err(self.content(&latest, "no name of an archive".to_owned()));
            }
            let address = self.address(&name);
            let file = folder.join("archive");
            self.save(self.ask(&address, None).await?, &address, &file).await?;
            // What changed since the archive was made is fetched with the next look.
            let made = rows.iter().rfind(|row| row.0 <= dated(&name).unwrap_or(row.0));
            return Ok(Some(made.map_or(newest, |row| row.0).to_string()));
        };
        rows.retain(|row| row.0 > known);
        rows.truncate(FILES_MAX);
        let Some(reached) = rows.last().map(|row| row.0) else { return Ok(None) };
        for (number, (_, path)) in rows.iter().enumerate() {
            let address = self.address(path);
            let file = folder.join(format!("{number}.json"));
            self.save(self.ask(&address, None).await?, &address, &file).await?;
        }
        Ok(Some(reached.to_string()))
    }

    /// A single file, by its entity tag.
    async fn file(&self, folder: &Path, mark: &str) -> Result<Option<String>, AdvisoriesError> {
        let answer = self.ask(&self.feed.from, Some(mark).filter(|mark| !mark.is_empty())).await?;
        if answer.status() == StatusCode::NOT_MODIFIED {
            return Ok(None);
        }
        let tag = answer.headers().get(ETAG).and_then(|tag| tag.to_str().ok());
        let tag = tag.unwrap_or_default().to_owned();
        self.save(answer, &self.feed.from, &folder.join("feed")).await?;
        Ok(Some(tag))
    }

    async fn ask(&self, address: &str, tag: Option<&str>) -> Result<Response, AdvisoriesError> {
        let mut request = self.client.get(address);
        if let Some(tag) = tag {
            request = request.header(IF_NONE_MATCH, tag);
        }
        let answer = request.send().await.map_err(ask(self.feed, address))?;
        let status = answer.status();
        if status.is_success() || status == StatusCode::NOT_MODIFIED {
            return Ok(answer);
        }
        let (feed, address) = (self.feed.name.clone(), address.to_owned());
        Err(AdvisoriesError::Answer { feed, address, status: status.as_u16() })
    }

    async fn bytes(&self, address: &str, max: u64) -> Result<Vec<u8>, AdvisoriesError> {
        let mut answer = self.ask(address, None).await?;
        let mut bytes = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(ask(self.feed, address))? {
            if (bytes.len() + piece.len()) as u64 > max {
                return Err(self.content(address, format!("more than {max} bytes")));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }

    async fn save(
        &self,
        mut answer: Response,
        address: &str,
        file: &Path,
    ) -> Result<(), AdvisoriesError> {
        let write = |source| AdvisoriesError::Write { path: file.to_owned(), source };
        let mut to = tokio::fs::File::create(file).await.map_err(write)?;
        let mut count = 0;
        while let Some(piece) = answer.chunk().await.map_err(ask(self.feed, address))? {
            count += piece.len() as u64;
            if count > FILE_BYTES_MAX {
                return Err(self.content(address, format!("more than {FILE_BYTES_MAX} bytes")));
            }
            to.write_all(&piece).await.map_err(write)?;
        }
        to.flush().await.map_err(write)
    }

    fn content(&self, address: &str, detail: String) -> AdvisoriesError {
        let (feed, address) = (self.feed.name.clone(), address.to_owned());
        AdvisoriesError::Content { feed, address, detail }
    }
}

fn ask<'a>(feed: &'a Feed, address: &'a str) -> impl Fn(reqwest::Error) -> AdvisoriesError + 'a {
    |source| AdvisoriesError::Ask {
        feed: feed.name.clone(),
        address: address.to_owned(),
        source: source.without_url(),
    }
}

/// A row of `changes.csv`; a path that could lead elsewhere is passed over.
fn changed(line: &str) -> Option<(Timestamp, &str)> {
    let (path, date) = line.split_once(',')?;
    let (path, date) = (path.trim().trim_matches('"'), date.trim().trim_matches('"'));
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-/".contains(&b);
    let is_plain = path.bytes().all(plain) && !path.starts_with('/') && !path.contains("..");
    (is_plain && path.ends_with(".json")).then_some((date.parse().ok()?, path))
}

/// The day of an archive, by its name: `csaf_advisories_2026-11-20.tar.zst`.
fn dated(name: &str) -> Option<Timestamp> {
    let day = name.split('_').next_back()?.split('.').next()?;
    let day: jiff::civil::Date = day.parse().ok()?;
    day.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|day| day.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_changes_are_paths_of_the_feed_only() {
        let at = "2024-02-14T00:54:45Z".parse().unwrap();
        let row = "\"2024/rhsa-2024_0811.json\",\"2024-02-14T00:54:45+00:00\"";
        assert_eq!(changed(row), Some((at, "2024/rhsa-2024_0811.json")));
        for line in [
            "",
            "\"../x.json\",\"2024-02-14T00:54:45+00:00\"",
            "\"/etc/x.json\",\"2024-02-14T00:54:45+00:00\"",
            "\"http://other/x.json\",\"2024-02-14T00:54:45+00:00\"",
            "\"2024/a.json\",\"yesterday\"",
        ] {
            assert_eq!(changed(line), None, "{line}");
        }
        assert_eq!(
            dated("csaf_advisories_2026-11-20.tar.zst").map(|day| day.to_string()).as_deref(),
            Some("2026-11-20T00:00:00Z")
        );
        assert_eq!(dated("latest.tar.zst"), None);
    }
}
