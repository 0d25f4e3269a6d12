//! Bytes and everything that is packed in them: what a person with patience would find in a
//! document on its way.

use std::io::Read;

/// Layers within layers.
const DEPTH_MAX: usize = 6;
/// Most bytes that one layer unpacks to.
const LAYER_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Shortest run of letters that may be packed text, in bytes.
const RUN_BYTES_MIN: usize = 16;

/// The bytes themselves and every layer below: zstd, gzip and zlib frames, JSON's strings without
/// their escapes, base 64 (both alphabets), hex and URL encoding.
/// As text: what is none in between is replaced.
pub fn layers(bytes: &[u8]) -> Vec<String> {
    let mut all = Vec::new();
    unpack(bytes, 0, &mut all);
    all
}

fn unpack(bytes: &[u8], depth: usize, all: &mut Vec<String>) {
    let mut below = Vec::new();
    if depth < DEPTH_MAX {
        below.extend(frames(bytes));
        below.extend(strings(bytes));
        below.extend(percent(bytes));
        // Short runs end up in one layer, or there would be ten thousand of them.
        let runs = [base64_runs(bytes), hex_runs(bytes)];
        below.extend(runs.into_iter().filter(|run| !run.is_empty()));
    }
    all.push(String::from_utf8_lossy(bytes).into_owned());
    for layer in below {
        unpack(&layer, depth + 1, all);
    }
}

fn frames(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for at in 0..bytes.len().saturating_sub(4) {
        let rest = &bytes[at..];
        let read = |reader: &mut dyn Read| {
            let mut out = Vec::new();
            // What stands behind a frame is no part of it, and an error only ends it.
            let _ = reader.take(LAYER_BYTES_MAX).read_to_end(&mut out);
            (!out.is_empty()).then_some(out)
        };
        let layer = if rest.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            zstd::stream::read::Decoder::new(rest).ok().and_then(|mut decoder| read(&mut decoder))
        } else if rest.starts_with(&[0x1f, 0x8b, 0x08]) {
            read(&mut flate2::read::GzDecoder::new(rest))
        } else if rest[0] == 0x78 && matches!(rest[1], 0x01 | 0x5e | 0x9c | 0xda) {
            read(&mut flate2::read::ZlibDecoder::new(rest))
        } else {
            None
        };
        found.extend(layer);
    }
    found
}

/// The strings of a JSON document, a line each.
fn strings(bytes: &[u8]) -> Option<Vec<u8>> {
    fn walk(value: &serde_json::Value, out: &mut String) {
        match value {
            serde_json::Value::String(text) => {
                out.push_str(text);
                out.push('\n');
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| walk(item, out)),
            serde_json::Value::Object(members) => {
                for (key, member) in members {
                    out.push_str(key);
                    out.push('\n');
                    walk(member, out);
                }
            }
            _ => {}
        }
    }
    if !matches!(bytes.first(), Some(b'{' | b'[')) {
        return None;
    }
    let mut out = String::new();
    walk(&serde_json::from_slice(bytes).ok()?, &mut out);
    Some(out.into_bytes())
}

fn percent(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len());
    let (mut at, mut some) = (0, false);
    while at < bytes.len() {
        let pair = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) if bytes[at] == b'%' => {
                (some, at) = (true, at + 3);
                out.push(byte);
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    some.then_some(out)
}

/// Every run of one alphabet, decoded, a zero byte between them.
fn runs(
    bytes: &[u8],
    belongs: fn(&u8) -> bool,
    decode: impl Fn(&[u8]) -> Option<Vec<u8>>,
) -> Vec<u8> {
    let long = bytes.split(|byte| !belongs(byte)).filter(|run| run.len() >= RUN_BYTES_MIN);
    let mut out = Vec::new();
    for decoded in long.filter_map(decode) {
        out.extend(decoded);
        out.push(0);
    }
    out
}

fn base64_runs(bytes: &[u8]) -> Vec<u8> {
    use base64::Engine;
    use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, config);
    runs(
        bytes,
        |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_'),
        |run| {
            let plain: Vec<u8> = run
                .iter()
                .map(|byte| match byte {
                    b'-' => b'+',
                    b'_' => b'/',
                    other => *other,
                })
                .collect();
            engine.decode(&plain[..plain.len() - usize::from(plain.len() % 4 == 1)]).ok()
        },
    )
}

fn hex_runs(bytes: &[u8]) -> Vec<u8> {
    runs(bytes, u8::is_ascii_hexdigit, |run| {
        let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        run.chunks_exact(2).map(pair).collect()
    })
}

/// Whether any layer holds a text.
pub fn holds(layers: &[String], text: &str) -> bool {
    layers.iter().any(|layer| layer.contains(text))
}

#[test]
fn what_is_packed_six_ways_is_found() {
    use base64::Engine;
    use std::io::Write;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"[\"needle \\u0022 in it\"]").unwrap();
    let gzip = gzip.finish().unwrap();
    let base64 = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&gzip);
    let hex: String = format!("x={base64};").bytes().map(|byte| format!("{byte:02X}")).collect();
    let json = format!("{{\"a\":\"{hex} %6Eeedle%32\"}}");
    let frame = zstd::encode_all(json.as_bytes(), 3).unwrap();
    let found = layers(&[b"CPK1".as_slice(), &frame].concat());
    assert!(holds(&found, "needle \" in it"), "through zstd, JSON, hex, base 64, gzip, JSON");
    assert!(holds(&found, "needle2") && !holds(&found, "needle3"));
}
