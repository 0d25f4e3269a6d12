//! How long feeds take to read: `cargo bench -p carepack-advisories --bench feeds`.
//!
//! A made `updateinfo.xml` of 100 MB in the proportions of RHEL's, and the CVE files of
//! `CAREPACK_CORPUS` (default `../shared/corpus`), one after another as a first import does.

use std::path::{Path, PathBuf};
use std::time::Instant;

use carepack_advisories::feeds::{csaf, set, updateinfo};

const BYTES: usize = 100 << 20;

fn made() -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<updates>\n");
    let mut number = 0;
    while text.len() < BYTES {
        number += 1;
        text.push_str(&format!(
            "<update from=\"security@example.com\" status=\"final\" type=\"security\" version=\"3\">\n<id>RHSA-2030:{number}</id>\n\
             <title>Moderate: thing{number} security update</title>\n<issued date=\"2030-01-02 03:04:05\"/>\n<updated date=\"2030-01-03 03:04:05\"/>\n\
             <severity>Moderate</severity>\n<summary>An update for thing is now available.</summary>\n<description>{}</description>\n<references>\n",
            "A flaw was found in how the thing handles what it is given &amp; more of the same. ".repeat(20)
        ));
        for cve in 0..4 {
            text.push_str(&format!(
                "<reference href=\"https://access.example.com/security/cve/CVE-2030-{cve}{number:05}\" id=\"CVE-2030-{cve}{number:05}\" type=\"cve\" title=\"CVE-2030-{cve}{number:05}\"/>\n"
            ));
        }
        text.push_str("</references>\n<pkglist>\n<collection short=\"c\">\n<name>c</name>\n<module name=\"thing\" stream=\"1\" version=\"80\" context=\"c\" arch=\"x86_64\"/>\n");
        for package in 0..40 {
            text.push_str(&format!(
                "<package name=\"thing-part{package}\" version=\"1.{number}\" release=\"3.module+el8.9.0+1+00000000\" epoch=\"0\" arch=\"x86_64\" src=\"thing-1.{number}-3.src.rpm\">\n\
                 <filename>thing-part{package}-1.{number}-3.module+el8.9.0+1+00000000.x86_64.rpm</filename>\n\
                 <sum type=\"sha256\">00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff</sum>\n<reboot_suggested/>\n</package>\n"
            ));
        }
        text.push_str("</collection>\n</pkglist>\n</update>\n");
    }
    text.push_str("</updates>\n");
    text
}

fn main() {
    // `cargo bench` hands over `--bench`; `cargo test --benches` would hand over nothing.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let text = made();
    for _ in 0..3 {
        let start = Instant::now();
        let reading = updateinfo::read(text.as_bytes(), "repo:x").expect("a file that we made");
        let took = start.elapsed();
        println!(
            "updateinfo: {} advisories of {} MiB in {took:.2?}",
            reading.advisories.len(),
            text.len() >> 20
        );
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let corpus = std::env::var_os("CAREPACK_CORPUS").map_or(root, PathBuf::from);
    let Ok(folder) = std::fs::read_dir(corpus.join("advisories/redhat-vex")) else {
        println!("SKIPPED: no corpus of advisories; set CAREPACK_CORPUS");
        return;
    };
    let files: Vec<Vec<u8>> =
        folder.flatten().filter_map(|entry| std::fs::read(entry.path()).ok()).collect();
    let bytes: usize = files.iter().map(Vec::len).sum();
    let start = Instant::now();
    let mut merge = set::Merge::default();
    for file in &files {
        merge.add("vex", csaf::read(file).map(|csaf| csaf.reading).unwrap_or_default());
    }
    println!("VEX: {} files of {} MiB in {:.2?}", files.len(), bytes >> 20, start.elapsed());
}
