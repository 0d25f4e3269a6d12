//! The machine: maker, model, serial number, firmware, virtual or not.
//!
//! One line of text in each of `/sys/class/dmi/id/*`; the serial number needs privilege.

use carepack_shared::Unseen;

use crate::{Evidence, Facts, Parser, Spec};

const FILES: [(&str, &str); 5] = [
    ("hardware.vendor", "/sys/class/dmi/id/sys_vendor"),
    ("hardware.product", "/sys/class/dmi/id/product_name"),
    ("hardware.serial", "/sys/class/dmi/id/product_serial"),
    ("hardware.bios_version", "/sys/class/dmi/id/bios_version"),
    ("hardware.bios_date", "/sys/class/dmi/id/bios_date"),
];
const HYPERVISOR: &str = "/sys/hypervisor/type";
const CPUINFO: &str = "/proc/cpuinfo";

/// What makers and models of virtual machines are called (systemd's `detect-virt` uses the same
/// DMI fields).
const VIRTUAL: [(&str, &str); 10] = [
    ("VMware", "vmware"),
    ("QEMU", "kvm"),
    ("KVM", "kvm"),
    ("Red Hat", "kvm"),
    ("VirtualBox", "virtualbox"),
    ("Virtual Machine", "hyperv"),
    ("Xen", "xen"),
    ("Amazon EC2", "kvm"),
    ("Google", "kvm"),
    ("OpenStack", "kvm"),
];

pub static PARSER: Parser = Parser {
    name: "hardware",
    facts: &[
        Spec { key: "hardware.vendor", unit: "", about: "DMI system vendor" },
        Spec { key: "hardware.product", unit: "", about: "DMI product name" },
        Spec { key: "hardware.serial", unit: "", about: "DMI serial number" },
        Spec { key: "hardware.bios_version", unit: "", about: "firmware version" },
        Spec { key: "hardware.bios_date", unit: "", about: "firmware date" },
        Spec { key: "hardware.virtual", unit: "", about: "whether it is a virtual machine" },
        Spec { key: "hardware.hypervisor", unit: "", about: "kvm, vmware, xen, …, or none" },
    ],
    parse,
};

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    for (key, path) in FILES {
        facts.set(key, evidence.text(path).map(str::trim), path);
    }
    let dmi = FILES[..2].iter().filter_map(|(_, path)| evidence.text(path).ok());
    let dmi = dmi.collect::<Vec<_>>().join(" ");
    let flags = evidence.text(CPUINFO);
    let hypervisor = match evidence.text(HYPERVISOR) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(_) => virtual_kind(&dmi, flags),
    };
    let known = hypervisor.as_ref().map(|kind| kind != "none").map_err(|reason| *reason);
    facts.set("hardware.virtual", known, FILES[0].1);
    facts.set("hardware.hypervisor", hypervisor, FILES[0].1);
}

fn virtual_kind(dmi: &str, cpuinfo: Result<&str, Unseen>) -> Result<String, Unseen> {
    if let Some((_, kind)) = VIRTUAL.iter().find(|(word, _)| dmi.contains(word)) {
        return Ok((*kind).to_owned());
    }
    let flagged = cpuinfo?
        .lines()
        .find(|line| line.starts_with("flags"))
        .is_some_and(|line| line.split_whitespace().any(|flag| flag == "hypervisor"));
    Ok(if flagged { "other" } else { "none" }.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(dmi: &str, cpuinfo: &str, expected: &str) {
        assert_eq!(virtual_kind(dmi, Ok(cpuinfo)).as_deref(), Ok(expected), "{dmi}");
    }

    #[test]
    fn machines() {
        check("VMware, Inc. VMware7,1", "", "vmware");
        check("Microsoft Corporation Virtual Machine", "", "hyperv");
        check("Dell Inc. PowerEdge R740", "flags\t: fpu vme", "none");
        check("", "flags : fpu hypervisor", "other");
        assert_eq!(virtual_kind("", Err(Unseen::Denied)), Err(Unseen::Denied));
    }
}
