//! The machine's maker, model and firmware; the hypervisor under it.

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, file};

pub static PROBE: Probe = Probe {
    id: "dmi",
    about_ko: "제조사, 모델, 일련번호, 펌웨어, 하이퍼바이저",
    about_en: "Vendor, model, serial number, firmware, hypervisor",
    reads: &[
        file("/sys/class/dmi/id/sys_vendor"),
        file("/sys/class/dmi/id/product_name"),
        file("/sys/class/dmi/id/product_version"),
        file("/sys/class/dmi/id/bios_vendor"),
        file("/sys/class/dmi/id/bios_version"),
        file("/sys/class/dmi/id/bios_date"),
        // Mode 0400: denied without the privilege.
        file("/sys/class/dmi/id/product_serial"),
        file("/sys/hypervisor/type"),
    ],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Asset,
    legal: Legal::Technical,
};
