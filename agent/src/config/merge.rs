//! Several TOML files as one: later tables win, lists add up.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::ConfigError;

/// The longest settings file in bytes; a real one has a hundred lines.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// A file's table; none when the file is not there.
pub(super) fn table(path: &Path) -> Result<Option<toml::Table>, ConfigError> {
    use std::io::Read;
    let mut text = String::new();
    let read = std::fs::File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX).read_to_string(&mut text));
    match read {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(ConfigError::Read { path: path.to_path_buf(), source }),
    }
    match toml::from_str(&text) {
        Ok(table) => Ok(Some(table)),
        Err(source) => Err(ConfigError::Syntax { path: path.to_path_buf(), source }),
    }
}

/// The drop-ins of a file, in the order of their names: `agent.d/*.toml` beside `agent.toml`.
pub(super) fn drop_ins(file: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let folder = file.with_extension("d");
    let names = match std::fs::read_dir(&folder) {
        Ok(names) => names,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(source) => return Err(ConfigError::Read { path: folder, source }),
    };
    let mut found = Vec::new();
    for entry in names {
        let path =
            entry.map_err(|source| ConfigError::Read { path: folder.clone(), source })?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes()[0] == b'.');
        if !hidden && path.extension().is_some_and(|end| end == "toml") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Lays `over` on `base`.
pub(super) fn into(base: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(under)), toml::Value::Table(over)) => into(under, over),
            (Some(toml::Value::Array(under)), toml::Value::Array(over)) => under.extend(over),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}
