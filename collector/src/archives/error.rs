//! Why an archive gives no snapshot.

use std::path::PathBuf;

/// An archive that is refused, and what it is about it.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{} is neither a regular file nor a folder", path.display())]
    Kind { path: PathBuf },
    #[error(
        "{} is not a tar archive (plain, gzip, xz or bzip2); decrypt or unzip it first", path.display()
    )]
    Foreign { path: PathBuf },
    #[error("the archive is damaged or cut short after {unpacked_bytes} unpacked bytes")]
    Damaged { unpacked_bytes: u64, source: std::io::Error },
    #[error("the archive ends without its end mark: it is cut short; copy it again")]
    Truncated,
    #[error("the archive holds more than {max} entries")]
    Entries { max: u64 },
    #[error("the archive holds a name of more than {max} bytes")]
    Name { max: usize },
    #[error("the folder is more than {max} levels deep")]
    Depth { max: usize },
    #[error("the archive holds more than {max} symbolic links")]
    Links { max: usize },
    #[error("the files looked at are more than {max} bytes together")]
    Kept { max: usize },
    #[error("the archive unpacks to more than {max} bytes")]
    Unpacked { max: u64 },
    #[error("the archive unpacks to more than {max} times its length: a decompression bomb")]
    Ratio { max: u64 },
    #[error("entry {entry} of the archive says its length twice and differently")]
    Ambiguous { entry: u64 },
    #[error(
        "it is no sosreport (no sos_commands folder) and no insights archive (no insights_commands \
         folder); a mounted root is read by: carepack-agent collect --root DIR"
    )]
    Layout,
    #[error("the archive does not say when it was made; say it: --taken-at 2026-11-05T00:00:00Z")]
    Undated,
    #[error("the decoder broke off: a fault of this program, not of the archive")]
    Broken,
}
