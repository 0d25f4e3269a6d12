//! Who may come in over FTP, and what the server tells of itself.

use carepack_shared::Unseen;
use carepack_shared::reduce::ftp;
use serde_json::Value;

use super::{FILE_BYTES_MAX, Legal, Privilege, Probe, Purpose, QUICK_MS, Read};
use crate::host::{Host, Look, Missed};

pub static PROBE: Probe = Probe {
    id: "ftp",
    about_ko: "FTP 서버의 접근·배너 설정과 접속 금지 목록의 root 포함 여부",
    about_en: "Access and banner of an FTP server, and whether its lists name root",
    reads: &[Read::Survey { name: "ftp", reads: READS, run: survey }],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Security,
    legal: Legal::Names,
};

const READS: &[&str] = &["/etc/vsftpd", "/etc/vsftpd.conf", "/etc/proftpd.conf", "/etc/ftpusers"];
const VSFTPD: [&str; 2] = ["/etc/vsftpd/vsftpd.conf", "/etc/vsftpd.conf"];
const PROFTPD: &str = "/etc/proftpd.conf";
const LISTS: [&str; 5] = [
    "/etc/ftpusers",
    "/etc/vsftpd.ftpusers",
    "/etc/vsftpd.user_list",
    "/etc/vsftpd/ftpusers",
    "/etc/vsftpd/user_list",
];
/// A greeting.
const BANNER_BYTES_MAX: usize = 4096;

/// `{"vsftpd":{"anonymous_enable":"NO"}|null,"proftpd":{"anonymous":bool,"settings":{…}}|null,
/// "lists":[{"file","names":N,"root":bool}],"banner":"…"|null}`; absent where neither is
/// configured.
fn survey(host: &Host) -> Look<Value> {
    let text = |path: &str| match host.read(path, FILE_BYTES_MAX) {
        Ok(piece) => Ok(Some(String::from_utf8_lossy(&piece.bytes).into_owned())),
        Err(missed) if missed.reason == Unseen::Absent => Ok(None),
        Err(missed) => Err(missed),
    };
    let mut found = ftp::Ftp::default();
    for path in VSFTPD {
        found.vsftpd = found.vsftpd.or(text(path)?.map(|text| ftp::vsftpd(&text)));
    }
    found.proftpd = text(PROFTPD)?.map(|text| ftp::proftpd(&text));
    if found == ftp::Ftp::default() {
        return Err(Missed::new(Unseen::Absent, "no FTP server is configured"));
    }
    for path in LISTS {
        found.lists.extend(text(path)?.map(|text| ftp::list(path, &text)));
    }
    let file = found.vsftpd.as_ref().and_then(|settings| settings.get("banner_file"));
    if let Some(path) = file.filter(|path| path.starts_with("/etc/")) {
        let piece = host.read(path, BANNER_BYTES_MAX)?;
        found.banner = Some(String::from_utf8_lossy(&piece.bytes).into_owned());
    }
    Ok(serde_json::to_value(found).unwrap_or_default())
}
