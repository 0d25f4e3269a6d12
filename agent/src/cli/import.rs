//! `import FILE`: takes in what came back over an air gap.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use carepack_shared::returned::FILE_BYTES_MAX;
use carepack_shared::terminal::plain;
use clap::Args;
use jiff::Timestamp;

use super::{Exit, print};
use crate::config::Config;
use crate::returned::take;
use crate::state::State;

#[derive(Debug, Args)]
pub struct Import {
    /// A `.cpr` file, as `carepack-collector export-return` writes it.
    file: PathBuf,
    /// Where the report and advisories go; `returned` in the state folder without it.
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    #[arg(long)]
    json: bool,
}

impl Import {
    pub fn run(self, config: &Config, lang: print::Lang) -> anyhow::Result<Exit> {
        let bytes = self.read()?;
        let state = State::open(&config.state_dir)?;
        let into = self.into.unwrap_or_else(|| state.returned_dir());
        let taken = take((config, &state), &bytes, &into, Timestamp::now()).with_context(|| {
            let file = self.file.display();
            format!("{file}: {}", lang.say("받아들이지 않음", "it is not taken in"))
        })?;
        if self.json {
            print::json(&taken)?;
            return Ok(Exit::Ok);
        }
        for part in &taken {
            print::line(&plain(&format!("{}: {}", part.name, part.done)));
        }
        Ok(Exit::Ok)
    }

    /// The whole file, as long as one may be.
    fn read(&self) -> anyhow::Result<Vec<u8>> {
        use std::io::Read;
        /// Seal and head.
        const MORE_BYTES: u64 = 64 * 1024;
        let name = self.file.display();
        let open = std::fs::File::open(&self.file).with_context(|| format!("opening {name}"))?;
        ensure!(open.metadata()?.is_file(), "{name} is not a regular file");
        let mut bytes = Vec::new();
        let limit = FILE_BYTES_MAX as u64 + MORE_BYTES + 1;
        open.take(limit).read_to_end(&mut bytes).with_context(|| format!("reading {name}"))?;
        Ok(bytes)
    }
}
