//! Style sheets, scripts and fonts of the console, built in: named by their digest, kept by
//! browsers for good, packed once.

use std::collections::HashMap;
use std::io::Write;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use carepack_shared::digest::sha256_hex;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Characters of the digest in a name.
const DIGEST_CHARACTERS: usize = 16;

macro_rules! assets {
    ($($name:literal from $file:literal as $kind:literal,)*) => {
        &[$(($name, $kind, include_bytes!(concat!("assets/", $file)) as &[u8])),*]
    };
}

const FILES: &[(&str, &str, &[u8])] = assets! {
    "tabler.css" from "vendor/tabler.min.css" as "text/css; charset=utf-8",
    "htmx.js" from "vendor/htmx.min.js" as "text/javascript; charset=utf-8",
    "uplot.js" from "vendor/uplot.min.js" as "text/javascript; charset=utf-8",
    "uplot.css" from "vendor/uplot.min.css" as "text/css; charset=utf-8",
    "pretendard-regular.woff2" from "vendor/pretendard-regular.woff2" as "font/woff2",
    "pretendard-semibold.woff2" from "vendor/pretendard-semibold.woff2" as "font/woff2",
    "console.css" from "console.css" as "text/css; charset=utf-8",
    "console.js" from "console.js" as "text/javascript; charset=utf-8",
    "resources.js" from "resources.js" as "text/javascript; charset=utf-8",
    "icon.svg" from "icon.svg" as "image/svg+xml",
};

struct Asset {
    kind: &'static str,
    plain: Vec<u8>,
    /// None where packing gains nothing.
    packed: Option<Vec<u8>>,
}

struct Assets {
    /// Name → name with its digest.
    named: HashMap<&'static str, String>,
    served: HashMap<String, Asset>,
}

static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let mut all = Assets { named: HashMap::new(), served: HashMap::new() };
    // Fonts come first: the style sheet names them by their digests.
    let (fonts, others): (Vec<_>, Vec<_>) =
        FILES.iter().partition(|(name, ..)| name.ends_with(".woff2"));
    for (name, kind, bytes) in fonts.into_iter().chain(others) {
        let mut plain = bytes.to_vec();
        if name == "console.css" {
            let mut text = String::from_utf8_lossy(bytes).into_owned();
            for (font, served) in &all.named {
                text = text.replace(&format!("url({font})"), &format!("url({served})"));
            }
            plain = text.into_bytes();
        }
        let digest = &sha256_hex(&plain)[..DIGEST_CHARACTERS];
        let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
        let served = format!("{stem}.{digest}.{ending}");
        let packed = if ending == "woff2" { None } else { pack(&plain) };
        all.named.insert(name, served.clone());
        all.served.insert(served, Asset { kind, plain, packed });
    }
    all
});

fn pack(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().filter(|packed| packed.len() < bytes.len())
}

/// The address of a file.
pub fn path(name: &str) -> String {
    format!("/assets/{}", ASSETS.named.get(name).map_or(name, String::as_str))
}

/// Serves a file by its full name.
pub async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.served.get(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let takes = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let packed =
        asset.packed.as_ref().filter(|_| takes.is_some_and(|takes| takes.contains("gzip")));
    let fixed = [
        (header::CONTENT_TYPE, asset.kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::VARY, "accept-encoding"),
    ];
    match packed {
        Some(packed) => {
            (fixed, [(header::CONTENT_ENCODING, "gzip")], packed.clone()).into_response()
        }
        None => (fixed, asset.plain.clone()).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheet_names_fonts_that_are_served() {
        let served = path("console.css");
        let asset = &ASSETS.served[served.strip_prefix("/assets/").unwrap()];
        let text = String::from_utf8(asset.plain.clone()).unwrap();
        for part in text.split("url(").skip(1).filter(|part| !part.starts_with("\"data:")) {
            let name = part.split(')').next().unwrap();
            assert!(ASSETS.served.contains_key(name), "{name}");
        }
        assert!(text.contains("pretendard-regular."));
    }
}
