//! What a file is, told from its bytes: its name says nothing that we believe.
//!
//! Only what stands here is taken: texts, pictures, PDF, archives. A program is neither.

use crate::store::AttachmentKind;

/// Where the mark of a tar archive stands.
const TAR_MARK_AT: usize = 257;

/// First bytes of each kind that has some.
const MARKS: &[(&[u8], AttachmentKind)] = &[
    (b"\x89PNG\r\n\x1a\n", AttachmentKind::Png),
    (b"\xff\xd8\xff", AttachmentKind::Jpeg),
    (b"%PDF-", AttachmentKind::Pdf),
    (b"\x1f\x8b\x08", AttachmentKind::Gzip),
    (b"PK\x03\x04", AttachmentKind::Zip),
    (b"\xfd7zXZ\0", AttachmentKind::Xz),
    (b"BZh", AttachmentKind::Bzip2),
    (b"\x28\xb5\x2f\xfd", AttachmentKind::Zstd),
];

/// The kind of a file; none when it is nothing that is taken.
#[must_use]
pub fn of(bytes: &[u8]) -> Option<AttachmentKind> {
    let marked = MARKS.iter().find(|(mark, _)| bytes.starts_with(mark)).map(|(_, kind)| *kind);
    let is_tar = || bytes.get(TAR_MARK_AT..).is_some_and(|rest| rest.starts_with(b"ustar"));
    marked
        .or_else(|| is_tar().then_some(AttachmentKind::Tar))
        .or_else(|| is_text(bytes).then_some(AttachmentKind::Text))
}

/// The content type by which it is given back: pictures as what they are, all else as bytes.
#[must_use]
pub const fn content_type(kind: AttachmentKind) -> &'static str {
    match kind {
        AttachmentKind::Png => "image/png",
        AttachmentKind::Jpeg => "image/jpeg",
        _ => "application/octet-stream",
    }
}

/// The ending of a name of our own.
#[must_use]
pub const fn ending(kind: AttachmentKind) -> &'static str {
    match kind {
        AttachmentKind::Text => "txt",
        AttachmentKind::Png => "png",
        AttachmentKind::Jpeg => "jpg",
        AttachmentKind::Pdf => "pdf",
        AttachmentKind::Gzip => "gz",
        AttachmentKind::Zip => "zip",
        AttachmentKind::Xz => "xz",
        AttachmentKind::Bzip2 => "bz2",
        AttachmentKind::Zstd => "zst",
        AttachmentKind::Tar => "tar",
    }
}

/// Text of any encoding that a log may have (UTF-8, CP949): no control characters but those of
/// lines and of coloured terminals.
fn is_text(bytes: &[u8]) -> bool {
    let is_control = |byte: &u8| {
        *byte == 0x7f || (*byte < 0x20 && !matches!(byte, b'\n' | b'\r' | b'\t' | 0x0c | 0x1b))
    };
    !bytes.is_empty() && !bytes.iter().any(is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_tell_and_a_program_is_nothing() {
        let check = |bytes: &[u8], expected: Option<&str>| {
            assert_eq!(of(bytes).map(AttachmentKind::as_str), expected, "{bytes:?}");
        };
        check("Nov 23 커널: 오류\n".as_bytes(), Some("text"));
        check(b"\xc4\xbf\xb3\xce: euc-kr\r\n", Some("text"));
        check(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Some("png"));
        check(b"\xff\xd8\xff\xe0\0\x10JFIF", Some("jpeg"));
        check(b"%PDF-1.7\n%\xe2\xe3", Some("pdf"));
        check(b"\x1f\x8b\x08\0", Some("gzip"));
        check(b"PK\x03\x04\x14\0", Some("zip"));
        check(b"\xfd7zXZ\0\0", Some("xz"));
        check(b"BZh91AY", Some("bzip2"));
        check(b"\x28\xb5\x2f\xfd\0", Some("zstd"));
        let mut tar = vec![0; 512];
        tar[TAR_MARK_AT..TAR_MARK_AT + 5].copy_from_slice(b"ustar");
        check(&tar, Some("tar"));
        check(b"", None);
        check(b"\x7fELF\x02\x01\x01\0\0\0", None);
        check(b"MZ\x90\0\x03\0\0\0", None);
        check(b"text with \0 in it", None);
    }
}
