//! The running kernel, its command line, the images beside it.
//!
//! ```text
//! /proc/sys/kernel/osrelease   5.14.0-427.13.1.el9_4.x86_64
//! /proc/cmdline                BOOT_IMAGE=(hd0,gpt2)/vmlinuz-5.14… root=/dev/mapper/rhel-root ro
//! survey:kernels               {"images": ["vmlinuz-5.14.0-427.13.1.el9_4.x86_64"]}
//! ```

use carepack_shared::Unseen;
use serde::Deserialize;

use crate::text::int;
use crate::{Evidence, Facts, Parser, Spec};

const RELEASE: &str = "/proc/sys/kernel/osrelease";
const CMDLINE: &str = "/proc/cmdline";
const TAINTED: &str = "/proc/sys/kernel/tainted";
const IMAGES: &str = "survey:kernels";
const MODULES: &str = "/proc/modules";

pub static PARSER: Parser = Parser {
    name: "kernel",
    facts: &[
        Spec { key: "kernel.release", unit: "", about: "release of the running kernel" },
        Spec { key: "kernel.cmdline", unit: "", about: "words of the boot command line" },
        Spec { key: "kernel.tainted", unit: "", about: "taint flags; 0 is clean" },
        Spec { key: "kernel.images", unit: "", about: "releases of the kernels in /boot" },
        Spec { key: "kernel.modules", unit: "", about: "names of the loaded modules" },
    ],
    parse,
};

#[derive(Deserialize)]
struct Images {
    images: Vec<String>,
}

fn parse(evidence: &Evidence<'_>, facts: &mut Facts) {
    facts.set("kernel.release", evidence.text(RELEASE).map(str::trim), RELEASE);
    let words = evidence.text(CMDLINE).map(|text| text.split_whitespace().collect::<Vec<_>>());
    facts.set("kernel.cmdline", words, CMDLINE);
    let tainted = evidence.text(TAINTED).and_then(|text| int(text).ok_or(Unseen::Malformed));
    facts.set("kernel.tainted", tainted, TAINTED);
    let images = evidence.survey::<Images>(IMAGES).map(|found| releases(&found.images));
    facts.set("kernel.images", images, IMAGES);
    let modules = evidence.text(MODULES).map(modules);
    facts.set("kernel.modules", modules, MODULES);
}

/// Releases of bootable images; rescue images are none.
fn releases(images: &[String]) -> Vec<String> {
    let named = images.iter().filter_map(|image| image.strip_prefix("vmlinuz-"));
    let mut releases: Vec<String> =
        named.filter(|name| !name.contains("rescue")).map(str::to_owned).collect();
    releases.sort_unstable();
    releases
}

fn modules(text: &str) -> Vec<&str> {
    let mut names: Vec<&str> =
        text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rescue_images_are_left_out() {
        let images = ["vmlinuz-5.14.0-1.el9", "vmlinuz-0-rescue-abc", "initrd"].map(str::to_owned);
        assert_eq!(releases(&images), ["5.14.0-1.el9"]);
    }

    #[test]
    fn module_names() {
        assert_eq!(modules("xfs 1 2 - Live 0x0\nbonding 3 0 - Live\n\n"), ["bonding", "xfs"]);
    }
}
