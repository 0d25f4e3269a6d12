//! `status`, `probes`, `config check`, `version`: told from files alone, no network.

use clap::{Args, Subcommand};

use super::{Common, Exit, print, state_of};
use crate::config::Config;
use crate::probes;
use crate::spool::Spool;

#[derive(Debug, Args)]
pub struct Status {
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Probes {
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Check the configuration, without a network.
    Check,
}

impl Status {
    pub fn run(self, config: &Config, lang: print::Lang) -> anyhow::Result<Exit> {
        let state = state_of(config);
        let identity = state.identity()?;
        let mut status = state.status()?.unwrap_or_default();
        status.enrolled = identity.is_some();
        status.host_id = identity.as_ref().map(|identity| identity.host_id);
        status.certificate_not_after = identity.as_ref().map(|identity| identity.not_after);
        status.server = status.server.or_else(|| config.server.clone());
        // Asked afresh: the resident process may be gone.
        let spooled = Spool::new(state.spool_dir(), config.spool).list()?.len();
        status.spooled = u32::try_from(spooled).unwrap_or(u32::MAX);
        status.pid = status.pid.filter(|_| status.is_running());
        env!("CARGO_PKG_VERSION").clone_into(&mut status.version);
        let exit = if status.enrolled { Exit::Ok } else { Exit::NotEnrolled };
        if self.json {
            print::json(&status)?;
            return Ok(exit);
        }
        let yes =
            |yes: bool| if yes { lang.say("예", "yes") } else { lang.say("아니요", "no") };
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let moment = |at: Option<jiff::Timestamp>| or_dash(at.map(|at| at.to_string()));
        let rows = [
            (lang.say("등록", "enrolled"), yes(status.enrolled).to_owned()),
            (lang.say("호스트", "host"), or_dash(status.host_id.map(|id| id.to_string()))),
            (lang.say("수집 서버", "collector"), or_dash(status.server)),
            (lang.say("인증서 만료", "certificate ends"), moment(status.certificate_not_after)),
            (lang.say("실행 중(PID)", "running (pid)"), or_dash(status.pid.map(|p| p.to_string()))),
            (lang.say("전송 대기", "waiting in spool"), status.spooled.to_string()),
            (lang.say("승인 대기", "waiting for approval"), status.held.to_string()),
            (lang.say("마지막 전송", "last sent"), moment(status.last_success)),
            (lang.say("다음 수집", "next collection"), moment(status.next_run)),
            (lang.say("메모리", "memory"), format!("{} KiB", status.rss_kib)),
        ];
        for (label, value) in rows {
            print::line(&format!("{label}: {value}"));
        }
        if let Some(fault) = status.last_error {
            let label = lang.say("마지막 오류", "last error");
            print::line(&format!("{label}: {} ({})", fault.what, fault.at));
            print::line(&format!("  {}: {}", lang.say("조치", "way out"), fault.way_out));
        }
        Ok(exit)
    }
}

impl Probes {
    pub fn run(self, lang: print::Lang) -> anyhow::Result<Exit> {
        let described = probes::describe::describe(probes::all());
        if self.json {
            return print::json(&described);
        }
        for probe in described {
            print::line(&format!("{}  {}", probe.id, lang.say(probe.about_ko, probe.about_en)));
            for source in probe.sources {
                let looks = source.looks_at.join(" ");
                print::line(format!("    {}  {looks}", source.key).trim_end());
            }
        }
        Ok(Exit::Ok)
    }
}

impl ConfigCommand {
    pub fn run(self, common: &Common, lang: print::Lang) -> anyhow::Result<Exit> {
        let Self::Check = self;
        let loaded = common.load(true)?;
        for file in &loaded.read {
            print::line(&format!("{}: {}", lang.say("읽음", "read"), file.display()));
        }
        print::line(lang.say("설정에 문제 없음", "the configuration is sound"));
        Ok(Exit::Ok)
    }
}

/// Version and build.
pub fn version(as_json: bool) -> anyhow::Result<Exit> {
    let version = env!("CARGO_PKG_VERSION");
    if as_json {
        return print::json(&serde_json::json!({
            "name": "carepack-agent",
            "version": version,
            "schema": carepack_shared::snapshot::SCHEMA,
            "tls": "rustls with aws-lc-rs",
        }));
    }
    print::line(&format!("carepack-agent {version}"));
    Ok(Exit::Ok)
}
