//! What the boot loader will start: menu entries, their arguments, and the images in `/boot`.
//!
//! Of `grub.cfg` only the kernel lines are taken: the rest is a program, and may hold a password.

use serde_json::{Value, json};

use super::{Legal, Privilege, Probe, Purpose, QUICK_MS, Read, file, files};
use crate::host::{Host, Look};

pub static PROBE: Probe = Probe {
    id: "boot-loader",
    about_ko: "부트로더 항목과 인자, 부팅 이미지 크기",
    about_en: "Boot loader entries, their arguments, sizes of boot images",
    reads: &[
        files("/boot/loader/entries", ".conf"),
        file("/boot/grub2/grubenv"),
        file("/etc/kernel/cmdline"),
        Read::Survey { name: "grub-menu", reads: MENUS, run: menu },
        Read::Survey { name: "boot-images", reads: &["/boot"], run: images },
    ],
    deadline_ms: QUICK_MS,
    privilege: Privilege::ReadAll,
    purpose: Purpose::Settings,
    legal: Legal::Lines,
};

/// Where a menu may lie: BIOS, then UEFI by vendor.
const MENUS: &[&str] = &[
    "/boot/grub2/grub.cfg",
    "/boot/efi/EFI/redhat/grub.cfg",
    "/boot/efi/EFI/rocky/grub.cfg",
    "/boot/efi/EFI/almalinux/grub.cfg",
    "/boot/efi/EFI/centos/grub.cfg",
];
/// A menu of ten kernels is 20 KiB long.
const MENU_BYTES_MAX: usize = 256 * 1024;
/// Most entries and images told.
const ENTRIES_MAX: usize = 100;

/// `{"file":"/boot/grub2/grub.cfg","entries":[{"kernel":"vmlinuz-…","options":"ro …"}]}`. The
/// entries are empty where the menu reads `/boot/loader/entries` instead.
fn menu(host: &Host) -> Look<Value> {
    let mut missed = None;
    for path in MENUS {
        match host.read(path, MENU_BYTES_MAX) {
            Ok(piece) => {
                let entries = entries(&String::from_utf8_lossy(&piece.bytes));
                return Ok(json!({ "file": path, "entries": entries }));
            }
            // The first is the one to complain about.
            Err(error) => missed = missed.or(Some(error)),
        }
    }
    Err(missed.expect("the list of menus is not empty"))
}

/// Lines such as `linux16 /vmlinuz-3.10.0-1160.el7.x86_64 root=… ro`, rescue kernels left out.
fn entries(text: &str) -> Vec<Value> {
    let entry = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let command = words.next()?;
        let kernel = words.next()?.rsplit('/').next()?;
        let starts = matches!(command, "linux" | "linux16" | "linuxefi");
        if !starts || !kernel.starts_with("vmlinuz-") || kernel.contains("rescue") {
            return None;
        }
        let options: Vec<&str> = words.collect();
        Some(json!({ "kernel": kernel, "options": options.join(" ") }))
    };
    text.lines().filter_map(entry).take(ENTRIES_MAX).collect()
}

/// `[{"name":"initramfs-5.14….img","size_bytes":N}]`: kernels and initial file systems.
fn images(host: &Host) -> Look<Value> {
    let mut names = host.list("/boot")?.names;
    names.retain(|name| name.starts_with("vmlinuz-") || name.starts_with("initramfs-"));
    let one = |name: &String| {
        let stat = host.stat(&format!("/boot/{name}")).ok()?;
        Some(json!({ "name": name, "size_bytes": stat.size_bytes }))
    };
    Ok(names.iter().take(ENTRIES_MAX).filter_map(one).collect())
}

#[cfg(test)]
mod tests {
    #[test]
    fn kernel_lines_of_every_spelling_and_nothing_else() {
        let text = "password_pbkdf2 root grub.pbkdf2.sha512.10000.AB\n\
            menuentry 'RHEL' {\n\tlinux16 /vmlinuz-3.10.0-1160.el7.x86_64 root=/dev/sda1 ro\n}\n\
            \tlinuxefi /vmlinuz-0-rescue-1 ro\n linux ($root)/vmlinuz-5.14.0 quiet\n linux\n";
        let got = serde_json::Value::from(super::entries(text)).to_string();
        let expected = concat!(
            r#"[{"kernel":"vmlinuz-3.10.0-1160.el7.x86_64","options":"root=/dev/sda1 ro"},"#,
            r#"{"kernel":"vmlinuz-5.14.0","options":"quiet"}]"#
        );
        assert_eq!(got, expected);
    }
}
