//! `generate`: what packages and contracts carry beside the binary, made from the binary itself so
//! that it cannot say anything else than the binary does.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::Shell;

use super::sheet::data_sheet;
use super::{Arguments, Exit, print};

#[derive(Debug, Args)]
pub struct Generate {
    /// An existing folder; files of the same names are replaced.
    folder: PathBuf,
}

impl Generate {
    pub fn run(self) -> anyhow::Result<Exit> {
        let mut files = pages()?;
        files.extend(completions());
        files.push(("data-sheet.ko.md".to_owned(), data_sheet(print::Lang::Ko).into_bytes()));
        files.push(("data-sheet.en.md".to_owned(), data_sheet(print::Lang::En).into_bytes()));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page() {
        let pages = pages().unwrap();
        let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
        for command in ["", "-enroll", "-collect", "-preview", "-reveal", "-status", "-unenroll"] {
            assert!(names.contains(&format!("carepack-agent{command}.8").as_str()), "{names:?}");
        }
        assert_eq!(completions().len(), 3);
    }
}
