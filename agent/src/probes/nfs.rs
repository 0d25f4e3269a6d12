//! What the host exports over NFS.

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, file, files};

pub static PROBE: Probe = Probe {
    id: "nfs",
    about_ko: "NFS 공유 설정",
    about_en: "NFS exports",
    reads: &[file("/etc/exports"), files("/etc/exports.d", ".exports")],
    deadline_ms: QUICK_MS,
    privilege: Privilege::None,
    purpose: Purpose::Settings,
    legal: Legal::Names,
};
