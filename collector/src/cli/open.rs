//! What most commands begin with: the configuration, the store, the objects, a runtime.

use std::future::Future;
use std::path::Path;

use anyhow::Context;

use super::Exit;
use crate::config::Config;
use crate::inspections::Inspector;
use crate::objects::Objects;
use crate::store::{Contract, Store};

/// An opened collector.
pub struct Opened {
    pub config: Config,
    pub store: Store,
}

impl Opened {
    /// The object store.
    pub fn objects(&self) -> anyhow::Result<Objects> {
        Objects::open(&self.config.data.join("objects")).context("opening the object store")
    }

    /// The inspector with the rules and Support Patterns in force, or the rules of a folder.
    pub async fn inspector(&self, rules: Option<&Path>) -> anyhow::Result<Inspector> {
        let stores = (self.store.clone(), self.objects()?);
        Ok(Inspector::open(stores, &self.config.data, rules).await?)
    }

    /// A contract by id or name.
    pub async fn contract(&self, text: &str) -> anyhow::Result<Contract> {
        self.store.find_contract(text).await?.with_context(|| {
            format!("there is no contract {text:?}; see: carepack-collector contract list")
        })
    }
}

/// Loads the configuration, opens the store and runs `work` on a small runtime.
pub fn with<F, W>(config: &Path, work: W) -> anyhow::Result<Exit>
where
    W: FnOnce(Opened) -> F,
    F: Future<Output = anyhow::Result<Exit>>,
{
    get(config, work)
}

/// As [`with`], for work that gives something else than an exit code.
pub fn get<T, F, W>(config: &Path, work: W) -> anyhow::Result<T>
where
    W: FnOnce(Opened) -> F,
    F: Future<Output = anyhow::Result<T>>,
{
    let config = Config::load(config)?;
    runtime()?.block_on(async {
        let store = Store::open(&config.database_address()).await?;
        work(Opened { config, store }).await
    })
}

/// A runtime for one command.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the asynchronous runtime")
}
