//! Which rule pack judges: the one built in, or a folder that an engineer names.
//!
//! It finds and reads files; what they mean is the assessment's part.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use carepack_assessment::{Pack, pack::PackError};
use include_dir::{Dir, include_dir};

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/rules");

/// Version of the built-in pack: the collector's own, since they are released together.
const BUILT_IN_VERSION: &str = concat!("builtin-", env!("CARGO_PKG_VERSION"));

/// Most files read from a pack folder: a rule has about six.
const FILES_MAX: usize = 50_000;
/// Longest file of a pack in bytes.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// A pack that could not be read or compiled.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    #[error("reading rule pack {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("rule pack {}: {what}", path.display())]
    Limit { path: PathBuf, what: String },
    #[error("rule pack {name} is refused; the pack in use stays")]
    Pack {
        name: String,
        #[source]
        source: Box<PackError>,
    },
}

/// Compiles the built-in pack.
///
/// # Errors
/// Never in a release: a test compiles it.
pub fn built_in() -> Result<Pack, RulesError> {
    built_in_with(BTreeMap::new(), "")
}

/// The built-in pack and more rules (path → text); `more` is what its version says of them.
///
/// # Errors
/// [`RulesError`] names the rule that cannot be used.
pub fn built_in_with(own: BTreeMap<String, String>, more: &str) -> Result<Pack, RulesError> {
    let mut files = own;
    embedded(&BUILT_IN, &mut files);
    compile(&format!("{BUILT_IN_VERSION}{more}"), &files)
}

/// Compiles the pack in a folder: `<area>/<id>/rule.yaml` and `cases/`.
///
/// # Errors
/// [`RulesError`] names the file.
pub fn from_folder(folder: &Path) -> Result<Pack, RulesError> {
    let mut files = BTreeMap::new();
    read_folder(folder, "", &mut files)?;
    let name = folder.file_name().map_or_else(|| "pack".into(), |n| n.to_string_lossy());
    compile(&format!("folder-{name}"), &files)
}

fn compile(name: &str, files: &BTreeMap<String, String>) -> Result<Pack, RulesError> {
    Pack::load(name, files)
        .map_err(|source| RulesError::Pack { name: name.to_owned(), source: Box::new(source) })
}

fn embedded(folder: &Dir<'_>, files: &mut BTreeMap<String, String>) {
    for file in folder.files() {
        if let Some(text) = file.contents_utf8() {
            files.insert(file.path().to_string_lossy().into_owned(), text.to_owned());
        }
    }
    folder.dirs().for_each(|folder| embedded(folder, files));
}

fn read_folder(
    folder: &Path,
    prefix: &str,
    files: &mut BTreeMap<String, String>,
) -> Result<(), RulesError> {
    let fault = |path: &Path| {
        let path = path.to_path_buf();
        move |source| RulesError::Read { path, source }
    };
    for entry in std::fs::read_dir(folder).map_err(fault(folder))? {
        let entry = entry.map_err(fault(folder))?;
        let path = entry.path();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type().map_err(fault(&path))?;
        if kind.is_dir() {
            read_folder(&path, &format!("{name}/"), files)?;
        } else if kind.is_file() {
            let length = entry.metadata().map_err(fault(&path))?.len();
            if length > FILE_BYTES_MAX || files.len() >= FILES_MAX {
                let what = format!("over {FILE_BYTES_MAX} bytes a file or {FILES_MAX} files");
                return Err(RulesError::Limit { path, what });
            }
            files.insert(name, std::fs::read_to_string(&path).map_err(fault(&path))?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_case_of_every_built_in_rule_holds() {
        let pack = super::built_in().unwrap();
        let outcome = carepack_assessment::case::run(&pack);
        assert!(outcome.failed.is_empty(), "{}", outcome.failed.join("\n"));
        assert!(pack.rules.len() >= 60, "{} rules", pack.rules.len());
    }
}
