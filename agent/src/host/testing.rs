//! A recorded host of a test, in a folder of its own that goes with it.
//!
//! It knows the shape of such a folder (`host.toml`, `root/…`), and no probe.

use std::path::Path;

use super::Host;

/// What every recording says of itself.
const HEAD: &str = "hostname = \"w\"\ntaken_at = \"2026-11-05T01:12:00+09:00\"\n";

/// The folder of a recorded host.
pub struct Folder(tempfile::TempDir);

impl Folder {
    /// A host with nothing in it but these commands, refusals and hangs (TOML, may be empty).
    pub fn new(description: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.put("host.toml", format!("{HEAD}{description}"));
        folder
    }

    /// Writes a file, such as `root/etc/fstab`, with the folders above it.
    pub fn put(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The host as it is recorded by now.
    pub fn host(&self) -> Host {
        Host::recorded(self.path(), None).unwrap()
    }
}

/// A host with these files below its root, and a `/proc` as every host has one.
pub fn recorded(files: &[(&str, &str)]) -> (Folder, Host) {
    let folder = Folder::new("");
    std::fs::create_dir_all(folder.path().join("root/proc")).unwrap();
    for (path, text) in files {
        folder.put(&format!("root/{path}"), text);
    }
    let host = folder.host();
    (folder, host)
}
