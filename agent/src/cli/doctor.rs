//! `doctor`: the way of a snapshot to the collector, a line a step, each with what helps. The first
//! step that fails decides the exit code; those behind it are not tried.

use carepack_shared::wire::Poll;
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::{Exit, print, state_of};
use crate::config::{Config, OnDemand};
use crate::sandbox;
use crate::spool::Spool;
use crate::state::{Identity, State};
use crate::uplink::{self, Uplink, UplinkError};

/// A clock further off than this breaks certificates soon; the collector reports it too.
const SKEW_SECONDS_MAX: i64 = 300;

#[derive(Debug, Args)]
pub struct Doctor {
    #[arg(long)]
    json: bool,
}

/// One step, tried.
#[derive(Serialize)]
struct Step {
    step: &'static str,
    ok: bool,
    said: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    way_out: Option<String>,
}

/// Steps so far; the error is the exit code of the one that failed.
struct Way {
    steps: Vec<Step>,
    lang: print::Lang,
}

impl Doctor {
    pub fn run(self, config: &Config, lang: print::Lang) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut way = Way { steps: Vec::new(), lang };
        let exit = runtime.block_on(way.go(config)).err().unwrap_or(Exit::Ok);
        if self.json {
            print::json(&way.steps)?;
            return Ok(exit);
        }
        for step in &way.steps {
            let mark = if step.ok { "ok  " } else { "FAIL" };
            print::line(&format!("{mark} {:14} {}", step.step, step.said));
            if let Some(way_out) = &step.way_out {
                print::line(&format!("     {}: {way_out}", lang.say("조치", "way out")));
            }
        }
        Ok(exit)
    }
}

impl Way {
    async fn go(&mut self, config: &Config) -> Result<(), Exit> {
        let state = self.state(config)?;
        self.sandbox(&state);
        let identity = self.identity(&state)?;
        let server = config.server.clone();
        let server = server.or_else(|| state.enrolment().ok().flatten().map(|e| e.server));
        let Some(server) = server else {
            let way_out = self.lang.say("설정에 server를 적을 것", "set `server` in agent.toml");
            return Err(self.failed("server", "-", way_out, Exit::NotEnrolled));
        };
        self.certificate(&identity)?;
        self.network(&server, config).await?;
        let now = Timestamp::now();
        let poll = Poll {
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            now,
            spooled: 0,
            rss_kib: 0,
            cpu_ms: 0,
            refuses_on_demand: config.collect.on_demand == OnDemand::Refuse,
        };
        let answer = match Uplink::new(&server, &identity, &config.proxy) {
            Ok(uplink) => uplink.poll(&poll).await,
            Err(error) => Err(error),
        };
        let policy = answer.map_err(|error| self.uplink(error))?;
        self.passed("TLS", "TLS 1.3");
        self.passed("authorisation", &identity.host_id.to_string());
        let skew = now.as_second() - policy.now.as_second();
        if skew.abs() > SKEW_SECONDS_MAX {
            let way_out = self.lang.say("chronyd를 확인할 것", "check chronyd");
            return Err(self.failed("clock", &format!("{skew:+} s"), way_out, Exit::Failure));
        }
        self.passed("clock", &format!("{skew:+} s"));
        Ok(())
    }

    /// The folder, the spool's fill, and what was last set aside.
    fn state(&mut self, config: &Config) -> Result<State, Exit> {
        let state = state_of(config);
        let spool = Spool::new(state.spool_dir(), config.spool);
        match spool.list() {
            Ok(list) => {
                let said = format!("{}, {} in spool", state.dir().display(), list.len());
                self.passed("state", &said);
                Ok(state)
            }
            Err(error) => {
                let way_out = self.lang.say(
                    "에이전트의 사용자로 실행할 것: sudo -u carepack-agent",
                    "run it as the agent's user: sudo -u carepack-agent",
                );
                Err(self.failed("state", &error.to_string(), way_out, Exit::Failure))
            }
        }
    }

    /// What the running service gave up. What its kernel lacks stops nothing: systemd's limits are
    /// beside it.
    fn sandbox(&mut self, state: &State) {
        let status = state.status().ok().flatten().unwrap_or_default();
        if !status.is_running() || status.limits.is_empty() {
            let said =
                self.lang.say("상주 서비스가 돌지 않음", "the resident service does not run");
            return self.passed("sandbox", said);
        }
        let lacks = status.limits.iter().any(|limit| limit.missing.is_some());
        let way_out = self.lang.say(
            "systemd의 제한만 적용됨: systemd-analyze security carepack-agent",
            "systemd's limits alone hold there: systemd-analyze security carepack-agent",
        );
        let said = sandbox::line(&status.limits);
        let way_out = lacks.then(|| way_out.to_owned());
        self.steps.push(Step { step: "sandbox", ok: true, said, way_out });
    }

    fn identity(&mut self, state: &State) -> Result<Identity, Exit> {
        let way_out = self.lang.say(
            "토큰을 받아 carepack-agent enroll",
            "ask for a token and run: carepack-agent enroll",
        );
        match state.identity() {
            Ok(Some(identity)) => Ok(identity),
            Ok(None) => Err(self.failed("identity", "-", way_out, Exit::NotEnrolled)),
            Err(error) => {
                Err(self.failed("identity", &error.to_string(), way_out, Exit::NotEnrolled))
            }
        }
    }

    /// A certificate of another time is an old one, or the clock is wrong; both are said.
    fn certificate(&mut self, identity: &Identity) -> Result<(), Exit> {
        let (now, said) =
            (Timestamp::now(), format!("{} - {}", identity.not_before, identity.not_after));
        let way_out = if now < identity.not_before {
            self.lang.say(
                "호스트의 시각을 확인할 것: 인증서보다 앞섬",
                "check this host's clock: it is before the certificate",
            )
        } else if now > identity.not_after {
            self.lang.say(
                "시각이 맞으면 새 토큰으로 carepack-agent enroll --again",
                "if the clock is right, enrol with a new token: carepack-agent enroll --again",
            )
        } else {
            self.passed("certificate", &said);
            return Ok(());
        };
        Err(self.failed("certificate", &said, way_out, Exit::Refused))
    }

    async fn network(&mut self, server: &str, config: &Config) -> Result<(), Exit> {
        let stop = match uplink::first_stop(server, &config.proxy) {
            Ok(stop) => stop,
            Err(error) => {
                let way_out = self.lang.say("[proxy]를 고칠 것", "correct [proxy] in agent.toml");
                return Err(self.failed("proxy", &error.to_string(), way_out, Exit::Configuration));
            }
        };
        if stop.is_proxy {
            self.passed("proxy", &stop.address);
        }
        let addresses = match uplink::resolve(&stop.address).await {
            Ok(addresses) => addresses,
            Err(error) => {
                let way_out = self.lang.say(
                    "이름과 /etc/resolv.conf를 확인할 것",
                    "check the name and /etc/resolv.conf",
                );
                let said = format!("{}: {error}", stop.address);
                return Err(self.failed("DNS", &said, way_out, Exit::Unreachable));
            }
        };
        let listed: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        self.passed("DNS", &listed.join(" "));
        match uplink::reach(&addresses).await {
            Ok(address) => {
                self.passed("TCP", &address.to_string());
                Ok(())
            }
            Err(error) => {
                let way_out = self.lang.say(
                    "경로와 방화벽을 확인할 것; 스냅샷은 스풀에 남음",
                    "check route and firewall; snapshots wait in the spool",
                );
                let said = format!("{}: {error}", listed.join(" "));
                Err(self.failed("TCP", &said, way_out, Exit::Unreachable))
            }
        }
    }

    fn uplink(&mut self, error: UplinkError) -> Exit {
        let (step, way_out) = (error.step(), error.way_out());
        let exit = if error.is_refusal() { Exit::Refused } else { Exit::Unreachable };
        if step == "authorisation" || step == "answer" {
            self.passed("TLS", "TLS 1.3");
        }
        self.failed(step, &format!("{:#}", anyhow::Error::new(error)), way_out, exit)
    }

    fn passed(&mut self, step: &'static str, said: &str) {
        self.steps.push(Step { step, ok: true, said: said.to_owned(), way_out: None });
    }

    fn failed(&mut self, step: &'static str, said: &str, way_out: &str, exit: Exit) -> Exit {
        let (said, way_out) = (said.to_owned(), Some(way_out.to_owned()));
        self.steps.push(Step { step, ok: false, said, way_out });
        exit
    }
}
