//! `doctor`: every part of this collector asked for a sign of life, a line each, with the way
//! out of what is wrong.

use std::path::Path;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::{Exit, open, print, rules};
use crate::config::Config;
use crate::objects::Objects;
use crate::pki::Authority;
use crate::store::Store;

#[derive(Debug, Args)]
pub struct Doctor {
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Sign {
    what: &'static str,
    ok: bool,
    said: String,
}

impl Doctor {
    pub fn run(self, config: &Path) -> anyhow::Result<Exit> {
        let signs = examine(config)?;
        let ok = signs.iter().all(|sign| sign.ok);
        if self.json {
            print::json(&serde_json::json!({"ok": ok, "signs": signs}))?;
        } else {
            for sign in &signs {
                let mark = if sign.ok { "ok   " } else { "FAIL " };
                print::line(&format!("{mark} {:12} {}", sign.what, sign.said));
            }
        }
        Ok(if ok { Exit::Ok } else { Exit::Failure })
    }
}

fn examine(path: &Path) -> anyhow::Result<Vec<Sign>> {
    let config = match Config::load(path) {
        Ok(config) => config,
        Err(error) => return Ok(vec![sign("config", Err(error.into()))]),
    };
    let mut signs = vec![sign("config", Ok(path.display().to_string()))];
    signs.push(sign("store", open::runtime()?.block_on(store(&config))));
    signs.push(sign("objects", objects(&config)));
    signs.push(sign("authority", authority(&config)));
    signs.push(sign(
        "rules",
        rules::load(None)
            .map(|pack| format!("{} rules, pack {}", pack.rules.len(), pack.stamp.version)),
    ));
    Ok(signs)
}

fn sign(what: &'static str, said: anyhow::Result<String>) -> Sign {
    match said {
        Ok(said) => Sign { what, ok: true, said },
        Err(error) => Sign { what, ok: false, said: format!("{error:#}") },
    }
}

async fn store(config: &Config) -> anyhow::Result<String> {
    let store = Store::open_checked(&config.database_address()).await?;
    store.ping().await?;
    let contracts = store.contracts().await?.len();
    let hosts = store.hosts(None).await?.len();
    Ok(format!("answers; {contracts} contracts, {hosts} hosts"))
}

fn objects(config: &Config) -> anyhow::Result<String> {
    let folder = config.data.join("objects");
    Objects::open(&folder)?;
    Ok(folder.display().to_string())
}

fn authority(config: &Config) -> anyhow::Result<String> {
    let authority = Authority::open(&config.data.join("pki"), Timestamp::now())?;
    Ok(format!("fingerprint {}", authority.fingerprint()))
}
