//! `generate`: man pages and completions, made from the commands themselves.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Arguments, Exit};

#[derive(Debug, Args)]
pub struct Generate {
    /// An existing folder; files of the same names are replaced.
    folder: PathBuf,
}

impl Generate {
    pub fn run(self) -> anyhow::Result<Exit> {
        let mut command = Arguments::command().disable_help_subcommand(true);
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut command, "carepack-collector", &mut text);
            self.write(&format!("carepack-collector.{shell}"), &text)?;
        }
        command.build();
        self.page(command.clone(), "carepack-collector")?;
        for sub in command.get_subcommands() {
            self.page(sub.clone(), &format!("carepack-collector-{}", sub.get_name()))?;
        }
        Ok(Exit::Ok)
    }

    fn page(&self, command: clap::Command, name: &str) -> anyhow::Result<()> {
        let mut text = Vec::new();
        clap_mangen::Man::new(command.display_name(name.to_owned()))
            .title(name)
            .section("8")
            .source(concat!("carepack-collector ", env!("CARGO_PKG_VERSION")))
            .manual("Carepack")
            .render(&mut text)
            .context("writing a man page")?;
        self.write(&format!("{name}.8"), &text)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let path = self.folder.join(name);
        std::fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))
    }
}
