//! `init` and `serve`.

use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, ensure};
use clap::Args;
use jiff::Timestamp;
use std::io::Write;

use crate::cli::{Exit, open, print};
use crate::config::Config;
use crate::pki::Authority;
use crate::store::{Person, Role, Store};

/// Login of the first account.
const OPERATOR: &str = "operator";

#[derive(Debug, Args)]
pub struct Init {
    /// `sqlite:PATH` or `postgres://…`; SQLite in the data folder without it.
    #[arg(long)]
    database: Option<String>,
    /// A name or address by which agents reach this collector; may be given several times.
    #[arg(long = "public-name", default_values = ["localhost", "127.0.0.1"])]
    public_names: Vec<String>,
    /// Where agents connect; port 0 takes any free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    agents_listen: SocketAddr,
    /// Where people connect (loopback only).
    #[arg(long, default_value = "127.0.0.1:0")]
    people_listen: SocketAddr,
    /// Seconds between an agent's polls.
    #[arg(long, default_value_t = 300)]
    poll_seconds: u32,
}

impl Init {
    pub fn run(self, data: &Path, file: &Path) -> anyhow::Result<Exit> {
        ensure!(
            !file.exists(),
            "{} is there already: this collector has been made; to make another, choose another \
             --data",
            file.display()
        );
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(data)
            .with_context(|| format!("creating {}", data.display()))?;
        let data = data.canonicalize().with_context(|| format!("finding {}", data.display()))?;
        let text = self.text(&data)?;
        // Checked before it is written: a mistake leaves nothing behind.
        let config = Config::parse(&text, file)?;
        let store = open::runtime()?.block_on(Store::open(&config.database_address()))?;
        let authority = Authority::open(&config.data.join("pki"), Timestamp::now())
            .context("making the certificate authority")?;
        write_new(file, &text)?;
        print::line(&format!("collector made in {}", data.display()));
        print::line(&format!("CA fingerprint {}", authority.fingerprint()));
        print::line("Open this link within 72 hours, once, to set up the operator's account:");
        open::runtime()?.block_on(first_operator(&store, &config))
    }

    fn text(&self, data: &Path) -> anyhow::Result<String> {
        let mut root = toml::Table::new();
        let data = data.to_str().context("the data folder's name is not UTF-8")?;
        root.insert("data".into(), data.into());
        if let Some(database) = &self.database {
            root.insert("database".into(), database.as_str().into());
        }
        let mut agents = toml::Table::new();
        agents.insert("listen".into(), self.agents_listen.to_string().into());
        agents.insert("public_names".into(), self.public_names.clone().into());
        root.insert("agents".into(), agents.into());
        let mut people = toml::Table::new();
        people.insert("listen".into(), self.people_listen.to_string().into());
        root.insert("people".into(), people.into());
        let mut limits = toml::Table::new();
        limits.insert("poll_seconds".into(), i64::from(self.poll_seconds).into());
        root.insert("limits".into(), limits.into());
        let body = toml::to_string(&root)?;
        Ok(format!(
            "# Written by carepack-collector init; every key: carepack-collector.toml(5)\n{body}"
        ))
    }
}

/// The account that makes the others; a database that has accounts keeps them.
async fn first_operator(store: &Store, config: &Config) -> anyhow::Result<Exit> {
    let people = store.people().await?;
    let operator = match people.into_iter().find(|person| person.login == OPERATOR) {
        Some(person) => person,
        None => {
            let person = Person::new(OPERATOR, OPERATOR, Role::Operator, Timestamp::now());
            store.add_person(&person, &[]).await?;
            person
        }
    };
    super::person::invite(store, config, &operator).await
}

/// Writes a private file that must not exist yet.
fn write_new(file: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .and_then(|mut opened| {
            opened.write_all(text.as_bytes())?;
            opened.sync_all()
        })
        .with_context(|| format!("writing {}", file.display()))
}

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// What kept it from starting.
pub fn serve(config: &Path) -> anyhow::Result<Exit> {
    let config = Config::load(config)?;
    let runtime = crate::serve::runtime().context("starting the asynchronous runtime")?;
    runtime.block_on(async {
        let (ready, listening) = tokio::sync::oneshot::channel::<crate::serve::Addresses>();
        tokio::spawn(async move {
            if let Ok(addresses) = listening.await {
                tracing::info!(agents = %addresses.agents, people = %addresses.people, "serve.ready");
            }
        });
        crate::serve::serve(&config, ready).await
    })?;
    Ok(Exit::Ok)
}
