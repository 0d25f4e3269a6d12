//! bzip2 streams: one after the other, cut, bent.

use std::io::Read;

use carepack_shared::bzip2::Bzip2;

/// `printf 'one\ntwo\n' | bzip2`.
const STREAM: &str = "\
    425a6839314159265359a7142b77000002c180001002018480200021800c0238f51b8bb9229c2848\
    538a15bb80";

fn stream() -> Vec<u8> {
    let digits = STREAM.as_bytes().chunks(2);
    digits.map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

fn unpacked(packed: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    Bzip2::new(packed).read_to_end(&mut plain)?;
    Ok(plain)
}

#[test]
fn streams_follow_each_other_and_what_is_no_stream_is_refused() {
    let file = stream();
    assert_eq!(unpacked(&file).unwrap(), b"one\ntwo\n");
    assert_eq!(unpacked(&file.repeat(3)).unwrap(), b"one\ntwo\n".repeat(3));
    for end in 0..file.len() {
        assert!(unpacked(&file[..end]).is_err(), "cut at {end}");
    }
    // A second stream that is cut takes the whole with it.
    assert!(unpacked(&[&file[..], &file[..20]].concat()).is_err());
    assert!(unpacked(&[&file[..], b"tail"].concat()).is_err());
}

#[test]
fn a_bent_byte_never_gives_another_text() {
    let file = stream();
    for at in 0..file.len() {
        for flip in 1..=0xff {
            let mut bent = file.clone();
            bent[at] ^= flip;
            // Padding bits are looked at by nobody.
            if let Ok(plain) = unpacked(&bent) {
                assert_eq!(plain, b"one\ntwo\n", "{at} {flip}");
            }
        }
    }
}
