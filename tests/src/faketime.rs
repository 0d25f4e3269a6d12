//! libfaketime: a process with another clock.

use std::path::Path;

/// Where packages put it: Debian by architecture, EPEL.
const PLACES: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
];

/// The library to preload; without it, says aloud that a test is skipped.
#[must_use]
pub fn library() -> Option<&'static Path> {
    let found = PLACES.iter().map(Path::new).find(|path| path.exists());
    if found.is_none() {
        println!("skipped: libfaketime is not installed (Debian and EPEL: faketime)");
    }
    found
}
