//! Databases that nobody here wrote: the same packages as RPM itself names.
//!
//! They lie in `CAREPACK_CORPUS` (default `../shared/corpus` beside the tree), `rpmdb/*`; each has
//! its number in `VERIFY.txt`. Without them, or without `rpm`, the test says so aloud.

use std::path::{Path, PathBuf};
use std::process::Command;

use carepack_rpmdb::{Error, Package, bdb, ndb, sqlite};

fn corpus() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let given = std::env::var_os("CAREPACK_CORPUS").map(PathBuf::from);
    let beside = || root.join("../shared/corpus");
    let found = given.unwrap_or_else(beside).join("rpmdb");
    // A second work tree lies one folder deeper.
    let deeper = root.join("../../shared/corpus/rpmdb");
    [found, deeper].into_iter().find(|folder| folder.join("VERIFY.txt").is_file())
}

fn read(folder: &Path) -> Result<Vec<Package>, Error> {
    let bytes = |name: &str| std::fs::read(folder.join(name)).ok();
    let mut packages = Vec::new();
    let mut visit = |package: Result<Package, Error>| {
        packages.push(package?);
        Ok(())
    };
    if let Some(file) = bytes("rpmdb.sqlite") {
        let wal = bytes("rpmdb.sqlite-wal");
        sqlite::packages(&file, wal.as_ref().map(|wal| wal as _), &mut visit)?;
    } else if let Some(file) = bytes("Packages.db") {
        ndb::packages(&file, &mut visit)?;
    } else {
        bdb::packages(&bytes("Packages").expect("a database in the folder"), &mut visit)?;
    }
    Ok(packages)
}

/// Our list in the words of [`FORMAT`].
fn ours(packages: &[Package]) -> Vec<String> {
    let or = |text: &str| if text.is_empty() { "(none)".to_owned() } else { text.to_owned() };
    let mut lines: Vec<String> = packages
        .iter()
        .map(|p| {
            let epoch = p.epoch.unwrap_or(0);
            let time = p.install_time.map_or("(none)".to_owned(), |time| time.to_string());
            let texts = [&p.vendor, &p.modularity_label, &p.source_rpm].map(|text| or(text));
            let own = [or(&p.version), or(&p.release), or(&p.arch)].join("|");
            let key = p.key_id.as_deref().unwrap_or("(none)");
            format!("{}|{epoch}|{own}|{time}|{}|{key}", p.name, texts.join("|"))
        })
        .collect();
    lines.sort();
    lines
}

/// The list that another reader made of the ndb file: name, epoch, version, release, arch.
fn suse(corpus: &Path, packages: &[Package]) {
    let list = std::fs::read_to_string(corpus.join("lists/gorpmdb-SLE15WithNDB.tsv")).unwrap();
    let line = |line: &str| line.split('\t').take(5).collect::<Vec<_>>().join("|");
    let mut theirs: Vec<String> = list.lines().map(line).collect();
    theirs.sort();
    let five = |line: String| line.split('|').take(5).collect::<Vec<_>>().join("|");
    let ours: Vec<String> = ours(packages).into_iter().map(five).collect();
    let ours: Vec<String> = ours.into_iter().filter(|own| !own.starts_with("gpg-")).collect();
    assert_eq!(ours, theirs);
}

const FORMAT: &str = "%{NAME}|%{EPOCHNUM}|%{VERSION}|%{RELEASE}|%{ARCH}|%{INSTALLTIME}|%{VENDOR}|%{MODULARITYLABEL}|%{SOURCERPM}|%|RSAHEADER?{%{RSAHEADER:pgpsig}}:{%|DSAHEADER?{%{DSAHEADER:pgpsig}}:{%|SIGPGP?{%{SIGPGP:pgpsig}}:{%|SIGGPG?{%{SIGGPG:pgpsig}}:{(none)}|}|}|}|\\n";

/// What RPM says of a private copy, which it may write to; None when it is not installed.
fn rpm(folder: &Path, backend: &str) -> Option<Vec<String>> {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let backend = format!("_db_backend {backend}");
    let output = Command::new("rpm")
        .args(["-qa", "--nosignature", "--nodigest", "--define", &backend, "--qf", FORMAT])
        .arg("--dbpath")
        .arg(copy.path())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // An empty vendor is none for us; of a signature only the key is compared.
    let line = |line: &str| {
        let line = line.replace("||", "|(none)|");
        let (head, signature) = line.rsplit_once('|').unwrap();
        format!("{head}|{}", signature.rsplit("Key ID ").next().unwrap())
    };
    let mut lines: Vec<String> = text.lines().map(line).collect();
    lines.sort();
    Some(lines)
}

#[test]
fn the_same_packages_as_rpm_names() {
    let Some(corpus) = corpus() else {
        println!("SKIPPED: no rpmdb corpus; set CAREPACK_CORPUS");
        return;
    };
    let verify = std::fs::read_to_string(corpus.join("VERIFY.txt")).unwrap();
    let mut compared = 0;
    for line in verify.lines() {
        let mut fields = line.split('\t');
        let (name, backend) = (fields.next().unwrap(), fields.next().unwrap());
        let count = fields.nth(1).unwrap().split(' ').next().unwrap();
        let folder = corpus.join(name);
        if count == "0" && backend == "sqlite" {
            // No RPM database at all: a file of tables of something else.
            assert_eq!(read(&folder), Err(Error::Malformed("schema without Packages")), "{name}");
            continue;
        }
        let packages = read(&folder).unwrap_or_else(|error| panic!("{name}: {error}"));
        let signed = packages.iter().filter(|package| package.key_id.is_some()).count();
        println!("{name}: {} packages, {signed} signed, {backend}", packages.len());
        let theirs = rpm(&folder, backend);
        match theirs {
            None => println!("SKIPPED: no rpm to compare {name} with"),
            // This RPM was built without ndb, as the 0 of the list says.
            Some(_) if backend == "ndb" && count == "0" => suse(&corpus, &packages),
            Some(theirs) => {
                assert_eq!(ours(&packages), theirs, "{name}");
                compared += 1;
            }
        }
        if backend != "ndb" {
            // The list leaves out the keys that stand in the database as packages.
            let real = packages.iter().filter(|package| package.name != "gpg-pubkey").count();
            assert_eq!(real.to_string(), count, "{name}");
        }
    }
    println!("{compared} databases compared with rpm");
}
