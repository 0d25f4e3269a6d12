//! `generate`: what packages and contracts carry beside the binary, made from the binary itself so
//! that it cannot say anything else than the binary does.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::Shell;

use super::{Arguments, Exit, print};
use crate::probes::{self, describe};

#[derive(Debug, Args)]
pub struct Generate {
    /// An existing folder; files of the same names are replaced.
    folder: PathBuf,
}

impl Generate {
    pub fn run(self) -> anyhow::Result<Exit> {
        let mut files = pages()?;
        files.extend(completions());
        files.push(("data-sheet.ko.md".to_owned(), sheet(print::Lang::Ko).into_bytes()));
        files.push(("data-sheet.en.md".to_owned(), sheet(print::Lang::En).into_bytes()));
        for (name, bytes) in files {
            write(&self.folder.join(name), &bytes)?;
        }
        Ok(Exit::Ok)
    }
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("writing {}", path.display()))
}

/// `carepack-agent.8` and a page for each command.
fn pages() -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    let mut pages = vec![page(command.clone(), "carepack-agent")?];
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let name = format!("carepack-agent-{}", sub.get_name());
        pages.push(page(sub.clone(), &name)?);
    }
    Ok(pages)
}

fn page(command: clap::Command, name: &str) -> anyhow::Result<(String, Vec<u8>)> {
    let mut text = Vec::new();
    clap_mangen::Man::new(command.display_name(name.to_owned()))
        .title(name)
        .section("8")
        .source(concat!("carepack-agent ", env!("CARGO_PKG_VERSION")))
        .manual("Carepack")
        .render(&mut text)
        .context("writing a man page")?;
    Ok((format!("{name}.8"), text))
}

fn completions() -> Vec<(String, Vec<u8>)> {
    let one = |shell: &Shell| {
        let mut text = Vec::new();
        let mut command = Arguments::command();
        clap_complete::generate(*shell, &mut command, "carepack-agent", &mut text);
        (format!("carepack-agent.{shell}"), text)
    };
    let shells = Shell::value_variants();
    shells.iter().filter(|s| matches!(s, Shell::Bash | Shell::Zsh | Shell::Fish)).map(one).collect()
}

/// What is collected, as a contract's annex: a table of the probes' own declarations.
fn sheet(lang: print::Lang) -> String {
    let head = lang.say(
        "# 수집 항목 명세서\n\n`carepack-agent probes`와 같은 목록에서 만든 문서. 수집한 모든 글은 호스트를 떠나기 전에 \
         비밀번호·키·주민등록번호·카드번호 등을 가린다. 목적: 유지보수 계약의 정기점검. 보관: 계약 해지 또는 \
         수집 서버의 보관 기간까지. `[withhold]`로 항목·경로·단어를 제외할 수 있고, 제외한 것은 보고서에 \
         점검제외(고객정책)로 남는다.\n\n| 항목 | 내용 | 읽는 것 | 권한 |\n|---|---|---|---|\n",
        "# Data sheet\n\nMade from the same list as `carepack-agent probes`. Every text is masked before it \
         leaves the host: passwords, keys, resident and card numbers and the like. Purpose: the regular \
         inspection of the support contract. Kept: until the contract ends or the collector's own \
         retention is over. `[withhold]` leaves out probes, paths and words; what was left out stands in \
         the report as withheld by the customer.\n\n| Probe | What | Reads | Privilege |\n|---|---|---|---|\n",
    );
    let mut text = head.to_owned();
    for probe in describe::describe(probes::all()) {
        let keys: Vec<String> =
            probe.sources.iter().map(|source| format!("`{}`", source.key)).collect();
        let about = lang.say(probe.about_ko, probe.about_en);
        text.push_str(&format!(
            "| {} | {about} | {} | {} |\n",
            probe.id,
            keys.join(" "),
            probe.privilege
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_probe_is_on_the_sheet_and_every_command_has_a_page() {
        for lang in [print::Lang::Ko, print::Lang::En] {
            let text = sheet(lang);
            for probe in probes::all() {
                assert!(text.contains(&format!("| {} |", probe.id)), "{}", probe.id);
            }
        }
        let pages = pages().unwrap();
        let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
        for command in ["", "-enroll", "-collect", "-preview", "-status", "-unenroll"] {
            assert!(names.contains(&format!("carepack-agent{command}.8").as_str()), "{names:?}");
        }
        assert_eq!(completions().len(), 3);
    }
}
