//! Bent Berkeley DB and ndb files: an error or packages, in bounded time, never a panic.

use carepack_rpmdb::{Error, bdb, ndb};
use proptest::prelude::*;

/// A header that holds a name and a version, and `filling` more bytes.
fn header(filling: usize) -> Vec<u8> {
    let store = [b"bash\x005.1\0".to_vec(), vec![0; filling]].concat();
    let words = [2, store.len() as u32, 1000, 6, 0, 1, 1001, 6, 5, 1];
    [words.iter().flat_map(|word| word.to_be_bytes()).collect(), store].concat()
}

const PAGE: usize = 512;

/// A hash file of either byte order: meta page, one hash page of two packages (one of them on the
/// two overflow pages that follow) and the row of the next number.
fn hash(big: bool) -> Vec<u8> {
    let mut file = vec![0; 4 * PAGE];
    let mut word = |at: usize, value: u32| {
        let bytes = if big { value.to_be_bytes() } else { value.to_le_bytes() };
        file[at..at + 4].copy_from_slice(&bytes);
    };
    let (small, large) = (header(0), header(600));
    word(12, 0x0006_1561);
    word(20, PAGE as u32);
    word(32, 3);
    let key = |number: u8| vec![1, number, 0, 0, 0];
    let mut off = vec![3, 0, 0, 0];
    for value in [2, large.len() as u32] {
        off.extend(if big { value.to_be_bytes() } else { u32::to_le_bytes(value) });
    }
    word(2 * PAGE + 16, 3);
    file[24 + 1] = 8;
    file[PAGE + 25] = 13;
    let half = |file: &mut Vec<u8>, at: usize, value: usize| {
        let value = value as u16;
        let bytes = if big { value.to_be_bytes() } else { value.to_le_bytes() };
        file[at..at + 2].copy_from_slice(&bytes);
    };
    let items = [key(0), vec![1, 9, 0, 0, 0], key(1), [vec![1], small].concat(), key(2), off];
    half(&mut file, PAGE + 20, items.len());
    let mut end = PAGE;
    for (index, item) in items.iter().enumerate() {
        end -= item.len();
        half(&mut file, PAGE + 26 + 2 * index, end);
        file[PAGE + end..PAGE + end + item.len()].copy_from_slice(item);
    }
    for (number, part) in large.chunks(PAGE - 26).enumerate() {
        let start = (2 + number) * PAGE;
        half(&mut file, start + 22, part.len());
        file[start + 25] = 7;
        file[start + 26..start + 26 + part.len()].copy_from_slice(part);
    }
    file
}

/// One page of slots, of which the first holds a package.
fn slots() -> Vec<u8> {
    let blob = header(0);
    let word = |value: usize| (value as u32).to_le_bytes();
    let mut file = b"RpmP".to_vec();
    for value in [0, 1, 1, 2, 0, 0, 0] {
        file.extend(word(value));
    }
    while file.len() < 4096 {
        let first = file.len() == 32;
        file.extend(b"Slot");
        for value in if first { [1, 256, blob.len().div_ceil(16) + 2] } else { [0; 3] } {
            file.extend(word(value));
        }
    }
    file.extend(b"BlbS");
    for value in [1, 1, blob.len()] {
        file.extend(word(value));
    }
    [file, blob].concat()
}

fn read(file: &[u8], hash: bool) -> Result<Vec<String>, Error> {
    let file = file.to_vec();
    let mut names = Vec::new();
    let mut visit = |package: Result<carepack_rpmdb::Package, Error>| {
        let package = package?;
        names.push(format!("{} {}", package.name, package.version));
        Ok(())
    };
    if hash { bdb::packages(&file, &mut visit) } else { ndb::packages(&file, &mut visit) }?;
    Ok(names)
}

#[test]
fn made_files_are_read_in_either_order() {
    for big in [false, true] {
        assert_eq!(read(&hash(big), true).unwrap(), ["bash 5.1", "bash 5.1"]);
    }
    assert_eq!(read(&slots(), false).unwrap(), ["bash 5.1"]);
}

#[test]
fn every_cut_is_an_error() {
    for (file, kind) in [(hash(false), true), (slots(), false)] {
        for end in 0..file.len() {
            assert!(read(&file[..end], kind).is_err(), "cut at {end}");
        }
    }
}

#[test]
fn a_chain_that_bites_its_tail_ends() {
    let mut file = hash(false);
    file[2 * PAGE + 16] = 2;
    assert_eq!(read(&file, true), Err(Error::Malformed("chain of Berkeley DB pages")));
}

proptest! {
    #[test]
    fn no_bent_file_panics(
        big in any::<bool>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        for (mut file, kind) in [(hash(big), true), (slots(), false)] {
            for (at, byte) in &flips {
                let at = at.index(file.len());
                file[at] = *byte;
            }
            let _ = read(&file, kind);
        }
    }
}

#[test]
fn a_bent_header_is_told_and_the_others_are_read() {
    let mut file = hash(false);
    // The number of the first header's entries, beyond what any header has.
    let at = file.windows(4).position(|four| four == b"bash").unwrap() - 32 - 8;
    file[at] = 0x7f;
    let (mut names, mut bad) = (Vec::new(), Vec::new());
    bdb::packages(&file, &mut |package| {
        match package {
            Ok(package) => names.push(package.name),
            Err(error) => bad.push(error),
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(names, ["bash"]);
    assert_eq!(bad.len(), 1, "{bad:?}");
}
