//! Runs the cases of a rule folder: `cargo run -p carepack-assessment --example rules-test [DIR]`.
//! The collector's `rules test` does the same on a pack.

use std::collections::BTreeMap;
use std::path::Path;

fn main() -> std::process::ExitCode {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../rules");
    let root = std::env::args().nth(1).unwrap_or_else(|| default.to_owned());
    let mut files = BTreeMap::new();
    read(Path::new(&root), "", &mut files);
    let pack = match carepack_assessment::Pack::load("test", &files) {
        Ok(pack) => pack,
        Err(error) => {
            let mut text = format!("{error}");
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                text = format!("{text}: {cause}");
                source = cause.source();
            }
            eprintln!("{text}");
            return std::process::ExitCode::FAILURE;
        }
    };
    let outcome = carepack_assessment::case::run(&pack);
    for line in &outcome.failed {
        println!("{line}");
    }
    println!(
        "{} rules: {} passed, {} failed",
        pack.rules.len(),
        outcome.passed,
        outcome.failed.len()
    );
    std::process::ExitCode::from(u8::from(!outcome.failed.is_empty()))
}

fn read(dir: &Path, prefix: &str, files: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            read(&entry.path(), &format!("{name}/"), files);
        } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
            files.insert(name, text);
        }
    }
}
