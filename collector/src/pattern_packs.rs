//! Signed pattern packs for the agents: kept as files by version, handed out as they are.
//!
//! The collector does not vouch for a pack: agents check its signature with the customer's key.

use std::path::{Path, PathBuf};

use carepack_shared::pattern_pack::SignedPack;
use carepack_shared::patterns::{PACK_BYTES_MAX, PackError, parse_pack};

/// Folder below the data folder.
const FOLDER: &str = "patterns";
/// Longest signature file in bytes; a minisign one has about three hundred.
const SIGNATURE_BYTES_MAX: u64 = 4096;

/// Why a pack was not taken or cannot be given.
#[derive(Debug, thiserror::Error)]
pub enum PatternsError {
    #[error("cannot {operation} {}", path.display())]
    Io { operation: &'static str, path: PathBuf, source: std::io::Error },
    #[error("{} has more than {max} bytes", path.display())]
    TooLong { path: PathBuf, max: u64 },
    #[error("{} is no pattern pack", path.display())]
    Pack { path: PathBuf, source: PackError },
    #[error("{} does not say \"trusted comment: carepack-patterns version:{version}\"", path.display())]
    Comment { path: PathBuf, version: u64 },
    #[error("version {offered} is not newer than {known}, which is handed out now")]
    Older { offered: u64, known: u64 },
}

/// Checks a pack file and its `FILE.minisig` and keeps both; its version.
///
/// # Errors
/// [`PatternsError`]; what is handed out stays.
pub fn add(data: &Path, file: &Path) -> Result<u64, PatternsError> {
    let text = read(file, PACK_BYTES_MAX as u64)?;
    let mut name = file.as_os_str().to_owned();
    name.push(".minisig");
    let signature_file = PathBuf::from(name);
    let signature = read(&signature_file, SIGNATURE_BYTES_MAX)?;
    let pack = parse_pack(&text)
        .map_err(|source| PatternsError::Pack { path: file.to_owned(), source })?;
    let version = pack.version;
    let comment = format!("trusted comment: carepack-patterns version:{version}");
    if !signature.lines().any(|line| line.trim_end() == comment) {
        return Err(PatternsError::Comment { path: signature_file, version });
    }
    if let Some(known) = newest(data)
        && version <= known
    {
        return Err(PatternsError::Older { offered: version, known });
    }
    let folder = data.join(FOLDER);
    std::fs::create_dir_all(&folder).map_err(io("create", &folder))?;
    // The pack comes last: a version is there when its pack is.
    write(&folder, &format!("{version}.minisig"), &signature)?;
    write(&folder, &format!("{version}.toml"), &text)?;
    Ok(version)
}

/// The newest version that can be handed out.
#[must_use]
pub fn newest(data: &Path) -> Option<u64> {
    let entries = std::fs::read_dir(data.join(FOLDER)).ok()?;
    let version = |entry: std::fs::DirEntry| {
        entry.file_name().to_str()?.strip_suffix(".toml")?.parse::<u64>().ok()
    };
    entries.flatten().filter_map(version).max()
}

/// The newest pack; none when there is no pack.
///
/// # Errors
/// [`PatternsError::Io`].
pub fn give(data: &Path) -> Result<Option<SignedPack>, PatternsError> {
    let Some(version) = newest(data) else { return Ok(None) };
    let folder = data.join(FOLDER);
    let text = read(&folder.join(format!("{version}.toml")), PACK_BYTES_MAX as u64)?;
    let signature = read(&folder.join(format!("{version}.minisig")), SIGNATURE_BYTES_MAX)?;
    Ok(Some(SignedPack { text, signature }))
}

fn read(path: &Path, bytes_max: u64) -> Result<String, PatternsError> {
    use std::io::Read;
    let file = std::fs::File::open(path).map_err(io("open", path))?;
    let mut text = String::new();
    file.take(bytes_max + 1).read_to_string(&mut text).map_err(io("read", path))?;
    if text.len() as u64 > bytes_max {
        return Err(PatternsError::TooLong { path: path.to_owned(), max: bytes_max });
    }
    Ok(text)
}

/// Written aside, made durable, then put in its place.
fn write(folder: &Path, name: &str, text: &str) -> Result<(), PatternsError> {
    use std::io::Write;
    let path = folder.join(name);
    let aside = folder.join(format!("{name}.new"));
    let written = std::fs::File::create(&aside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&aside, &path)?;
        std::fs::File::open(folder)?.sync_all()
    });
    written.map_err(io("write", &path))
}

fn io(operation: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> PatternsError {
    let path = path.to_owned();
    move |source| PatternsError::Io { operation, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(folder: &Path, version: u64, signed: u64) -> PathBuf {
        let text = format!(
            "version = {version}\n[[pattern]]\nid = \"a.b\"\nko = \"가\"\nen = \"a\"\n\
             priority = \"err\"\nliterals = [\"abcde\"]\n"
        );
        let file = folder.join("pack.toml");
        std::fs::write(&file, text).unwrap();
        let signature = format!(
            "untrusted comment: x\nabc\ntrusted comment: carepack-patterns version:{signed}\ndef\n"
        );
        std::fs::write(folder.join("pack.toml.minisig"), signature).unwrap();
        file
    }

    #[test]
    fn only_a_newer_and_whole_pack_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        assert!(give(&data).unwrap().is_none());
        let add = |version, signed| {
            add(&data, &pack(folder.path(), version, signed)).map_err(|error| error.to_string())
        };
        assert_eq!(add(9, 9), Ok(9));
        assert_eq!(add(10, 10), Ok(10));
        assert!(add(10, 10).unwrap_err().contains("not newer than 10"));
        assert!(add(12, 11).unwrap_err().contains("version:12"));
        assert_eq!(newest(&data), Some(10));
        assert!(give(&data).unwrap().unwrap().text.starts_with("version = 10\n"));
        std::fs::write(folder.path().join("pack.toml"), "hello").unwrap();
        assert!(super::add(&data, &folder.path().join("pack.toml")).is_err());
        assert!(super::add(&data, Path::new("/no/such/file")).is_err());
    }
}
