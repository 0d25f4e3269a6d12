//! `enroll`: a key is made here, certified by the collector, and never leaves.

use std::io::{BufRead, IsTerminal, Read, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};
use carepack_shared::wire::{EnrolRequest, Token};
use clap::Args;
use jiff::Timestamp;

use super::{Exit, print};
use crate::collect;
use crate::config::{Config, check_server};
use crate::host::Host;
use crate::privacy::Namer;
use crate::state::{Enrolment, Identity, State};
use crate::uplink;

/// Longest token file in bytes.
const TOKEN_BYTES_MAX: u64 = 4096;

#[derive(Debug, Args)]
pub struct Enroll {
    /// `https://NAME:PORT` of the collector; that of the configuration without it.
    #[arg(long)]
    server: Option<String>,
    /// File that holds the token, `-` for stdin; a systemd credential `token` without it. Never
    /// an argument: other users could read it.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// Replace the identity that this host has.
    #[arg(long)]
    again: bool,
}

impl Enroll {
    pub fn run(self, config: &Config, lang: print::Lang) -> anyhow::Result<Exit> {
        let server = self.server.clone().or_else(|| config.server.clone());
        let server = server.context("no collector is named: --server https://NAME:PORT")?;
        check_server(&server).map_err(anyhow::Error::msg).context("--server")?;
        let state = State::open(&config.state_dir)?;
        if let Some(identity) = state.identity()?.filter(|_| !self.again) {
            print::line(&format!(
                "{}: {} ({})",
                lang.say("이미 등록되어 있음", "enrolled already"),
                identity.host_id,
                lang.say("다시 등록하려면 --again", "to enrol anew: --again")
            ));
            return Ok(Exit::Ok);
        }
        let token: Token = self.token()?.parse()?;
        let host = self.observed(config)?;
        self.agreed(&server, &token, lang)?;
        let (key, csr_pem) = Identity::request()?;
        let request = EnrolRequest {
            secret: token.secret.clone(),
            csr_pem,
            hostname: match collect::namer(config, Some(&state))? {
                Some(namer) => kept_host(&state, namer, &host.hostname())?,
                None => host.hostname(),
            },
            machine: crate::probes::machine(&std::sync::Arc::new(host)),
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (answer, ca) = runtime
            .block_on(uplink::enrol(&server, &config.proxy, &token, &request))
            .context(lang.say("등록하지 못함", "enrolment failed"))?;
        let ca_pem = crate::state::ca_pem(&ca);
        let identity = Identity::new(&key, &answer.certificate_pem, &ca_pem)?;
        state.save_enrolment(&Enrolment { server: server.clone(), at: Timestamp::now() })?;
        state.save_policy(&answer.policy)?;
        state.save_identity(&identity)?;
        print::line(&format!("{} {}", lang.say("등록됨", "enrolled as"), identity.host_id));
        print::line(&format!(
            "{} {}",
            lang.say("인증서 만료", "certificate ends"),
            identity.not_after
        ));
        Ok(Exit::Ok)
    }

    fn observed(&self, config: &Config) -> anyhow::Result<Host> {
        Ok(match &config.collect.recorded {
            Some(folder) => Host::recorded(folder, config.collect.recorded_overlay.as_deref())?,
            None => Host::live(),
        })
    }

    /// Says what will happen, and asks where there is somebody to answer.
    fn agreed(&self, server: &str, token: &Token, lang: print::Lang) -> anyhow::Result<()> {
        let mut err = std::io::stderr();
        let _ = writeln!(
            err,
            "{server}\nCA SHA-256 {}\n{}",
            token.ca_sha256,
            lang.say(
                "호스트 이름과 machine-id의 해시, 에이전트 버전을 보내 인증서를 받음. 수집 내용은 `carepack-agent preview`로 확인",
                "sends the host's name, a hash of its machine-id and the agent's version, and receives a \
                 certificate. What is collected: `carepack-agent preview`"
            )
        );
        if self.yes || !std::io::stdin().is_terminal() {
            return Ok(());
        }
        let _ = write!(err, "{} [y/N] ", lang.say("계속할까요?", "Go on?"));
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer)?;
        if matches!(answer.trim(), "y" | "Y" | "yes") {
            return Ok(());
        }
        bail!("nothing was sent; run it again with --yes to agree")
    }

    fn token(&self) -> anyhow::Result<String> {
        let mut text = String::new();
        match &self.token_file {
            Some(file) if file.as_os_str() == "-" => {
                std::io::stdin()
                    .take(TOKEN_BYTES_MAX)
                    .read_to_string(&mut text)
                    .context("reading the token from stdin")?;
            }
            Some(file) => text = read(file)?,
            None => {
                let folder = std::env::var_os("CREDENTIALS_DIRECTORY");
                let folder = folder.context("no token: give --token-file FILE (or - for stdin)")?;
                text = read(&PathBuf::from(folder).join("token"))?;
            }
        }
        Ok(text)
    }
}

/// The code that this host goes by, kept so that it can be turned back.
fn kept_host(state: &State, mut namer: Namer, name: &str) -> anyhow::Result<String> {
    let _lock = state.lock()?;
    let code = namer.host(name);
    state.add_names(namer.given())?;
    Ok(code)
}

fn read(file: &std::path::Path) -> anyhow::Result<String> {
    let mut text = String::new();
    std::fs::File::open(file)
        .and_then(|open| open.take(TOKEN_BYTES_MAX).read_to_string(&mut text))
        .with_context(|| format!("reading the token from {}", file.display()))?;
    Ok(text)
}
