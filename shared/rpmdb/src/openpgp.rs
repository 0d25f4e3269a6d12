//! Who signed: the issuer of an OpenPGP signature packet (RFC 4880, 5.2.2 and 5.2.3).
//!
//! No signature is verified here; the id only names the key.

use crate::{be16, be32};

/// Subpackets of the issuer: its key id, and the fingerprint that ends in it.
const ISSUER: u8 = 16;
const ISSUER_FINGERPRINT: u8 = 33;
const SIGNATURE_PACKET: u8 = 2;

/// Key id of the first packet, as 16 hexadecimal digits; None when it is no signature packet.
pub(crate) fn key_id(bytes: &[u8]) -> Option<String> {
    let body = packet(bytes)?;
    let id = match *body.first()? {
        // Version 3: length 5, type, time of four bytes, key id.
        3 => body.get(7..15)?,
        4 => issuer(body)?,
        _ => return None,
    };
    Some(id.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Body of a signature packet with an old or a new header.
fn packet(bytes: &[u8]) -> Option<&[u8]> {
    let first = *bytes.first()?;
    if first & 0x80 == 0 {
        return None;
    }
    let (tag, start, length) = if first & 0x40 == 0 {
        let (size, length) = match first & 3 {
            0 => (1, usize::from(*bytes.get(1)?)),
            1 => (2, usize::from(be16(bytes, 1)?)),
            2 => (4, be32(bytes, 1)? as usize),
            _ => (0, bytes.len() - 1),
        };
        ((first >> 2) & 0x0f, 1 + size, length)
    } else {
        let (size, length) = length(&bytes[1..])?;
        (first & 0x3f, 1 + size, length)
    };
    if tag != SIGNATURE_PACKET {
        return None;
    }
    bytes.get(start..start.checked_add(length)?)
}

/// A new-style length: how many bytes it takes, and what it says.
fn length(bytes: &[u8]) -> Option<(usize, usize)> {
    match *bytes.first()? {
        short @ 0..=191 => Some((1, usize::from(short))),
        high @ 192..=254 => {
            Some((2, (usize::from(high) - 192) * 256 + usize::from(*bytes.get(1)?) + 192))
        }
        255 => Some((5, be32(bytes, 1)? as usize)),
    }
}

/// The issuer of a version 4 signature, from either of its two areas.
fn issuer(body: &[u8]) -> Option<&[u8]> {
    let hashed_end = 6 + usize::from(be16(body, 4)?);
    let hashed = body.get(6..hashed_end)?;
    let loose_start = hashed_end + 2;
    let loose = body.get(loose_start..loose_start + usize::from(be16(body, hashed_end)?))?;
    let either = |kind| subpacket(loose, kind).or_else(|| subpacket(hashed, kind));
    either(ISSUER).and_then(|id| id.get(..8)).or_else(|| {
        // Version byte and twenty bytes of fingerprint, the last eight being the key id.
        either(ISSUER_FINGERPRINT).and_then(|print| print.get(13..21))
    })
}

fn subpacket(mut area: &[u8], wanted: u8) -> Option<&[u8]> {
    while !area.is_empty() {
        let (size, length) = length(area)?;
        let body = area.get(size..size.checked_add(length)?)?;
        if body.first()? & 0x7f == wanted {
            return Some(&body[1..]);
        }
        area = &area[size + length..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_4_with_the_issuer_in_the_loose_area() {
        let body = [4, 0, 1, 8, 0, 0, 0, 10, 9, 16, 1, 2, 3, 4, 5, 6, 7, 0xff];
        let old = [&[0x88, body.len() as u8][..], &body].concat();
        let new = [&[0xc2, body.len() as u8][..], &body].concat();
        assert_eq!(key_id(&old).as_deref(), Some("01020304050607ff"));
        assert_eq!(key_id(&new).as_deref(), Some("01020304050607ff"));
        for end in 0..old.len() {
            assert_eq!(key_id(&old[..end]), None);
        }
    }
}
