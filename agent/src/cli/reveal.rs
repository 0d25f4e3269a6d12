//! `reveal`: codes back into names, on the customer's own host, from its own table.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Args;

use super::{Exit, print, state_of};
use crate::config::Config;
use crate::privacy::reveal::{Form, Names};
use crate::state::other_table;

/// Most tables of other hosts at once.
const TABLES_MAX: usize = 1_000;

#[derive(Debug, Args)]
pub struct Reveal {
    /// Codes as a report shows them, e.g. h-3kq7x2mp or 242.17.3.9.
    #[arg(required_unless_present = "report")]
    codes: Vec<String>,
    /// A report (.html, .csv or any text) that is copied to stdout with names for codes.
    #[arg(long, value_name = "FILE", conflicts_with = "codes")]
    report: Option<PathBuf>,
    /// Also the names.json of another host that shares this one's key; may be given again.
    #[arg(long, value_name = "FILE")]
    table: Vec<PathBuf>,
}

impl Reveal {
    pub fn run(self, config: &Config, lang: print::Lang) -> anyhow::Result<Exit> {
        ensure!(self.table.len() <= TABLES_MAX, "at most {TABLES_MAX} tables at once");
        let mut names = Names::default();
        names.add(state_of(config).names()?).context("names.json")?;
        for file in &self.table {
            names.add(other_table(file)?).with_context(|| file.display().to_string())?;
        }
        match &self.report {
            Some(file) => report(&names, file, lang),
            None => Ok(self.tell(&names, lang)),
        }
    }

    /// A line a code; a failure when one is not known.
    fn tell(&self, names: &Names, lang: print::Lang) -> Exit {
        let mut exit = Exit::Ok;
        for code in &self.codes {
            match names.name(code) {
                Some(name) => print::line(&format!("{code} {name}")),
                None => {
                    exit = Exit::Failure;
                    let unknown = lang.say(
                        "모르는 가명. 다른 호스트의 것이면 --table로 그 호스트의 names.json을 더할 것",
                        "not known here; if another host gave it, add that host's names.json: --table",
                    );
                    print::line(&format!("{code} - ({unknown})"));
                }
            }
        }
        exit
    }
}

fn report(names: &Names, file: &PathBuf, lang: print::Lang) -> anyhow::Result<Exit> {
    let name = file.display();
    let form = Form::of(&file.to_string_lossy());
    let mut from = File::open(file).with_context(|| format!("opening {name}"))?;
    let mut to = BufWriter::new(std::io::stdout().lock());
    let (turned, unknown) =
        names.copy(&mut from, &mut to, form).with_context(|| format!("turning back {name}"))?;
    let _ = writeln!(
        std::io::stderr(),
        "{} {turned}, {} {unknown}",
        lang.say("되돌린 가명", "codes turned back"),
        lang.say("모르는 가명", "not known here")
    );
    Ok(Exit::Ok)
}
