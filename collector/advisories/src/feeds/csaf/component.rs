//! What a product of the tree is: an RPM package, a module, or something else.
//!
//! The package URL says it; only where an older document has none, or leaves something out, the
//! product's own id is read. The ids of relationships (`PLATFORM:…`) are never taken apart.

use super::super::Fault;
use super::super::purl::Purl;
use super::super::words::is_name;
use super::document::Product;

/// Architectures at the end of an older document's product id.
const ARCHES: [&str; 17] = [
    "aarch64", "armv7hl", "i386", "i486", "i586", "i686", "ia64", "noarch", "nosrc", "ppc",
    "ppc64", "ppc64le", "riscv64", "s390", "s390x", "src", "x86_64",
];

/// A product that is not a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Component {
    Package(Package),
    /// `name:stream`.
    Module(String),
    /// A container, a jar, a product as a whole: nothing that RPM installs.
    Other,
    /// An RPM package or module that cannot be told; a fault wherever it is spoken of.
    Broken(Fault),
}

/// A package, built (with a version) or only named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Package {
    pub name: String,
    /// `name:stream`.
    pub module: Option<String>,
    /// `E:V-R`; none of a package that is only named.
    pub evr: Option<String>,
    pub arch: Option<String>,
}

impl Package {
    /// `name.arch`, or the name alone where the document tells no architecture.
    pub fn labelled(&self) -> String {
        match &self.arch {
            Some(arch) => format!("{}.{arch}", self.name),
            None => self.name.clone(),
        }
    }
}

impl Component {
    pub fn of(product: &Product<'_>) -> Self {
        let id = product.product_id.as_str();
        let helper = product.product_identification_helper.as_ref();
        let purl = helper.and_then(|helper| helper.purl.as_ref().or(helper.purls.first()));
        let Some(purl) = purl else {
            // What has a CPE, even an empty one, is a product or a jar.
            let is_product = helper.is_some_and(|helper| helper.cpe.is_some());
            return if is_product { Self::Other } else { of_id(id) };
        };
        let Some(purl) = Purl::parse(purl.as_str()) else {
            return Self::Broken(Fault::Purl);
        };
        match (purl.kind, package(&purl, id)) {
            ("rpm", Ok(package)) => Self::Package(package),
            ("rpm", Err(fault)) => Self::Broken(fault),
            ("rpmmod", _) => purl
                .version
                .as_ref()
                .and_then(|version| module(&format!("{}:{version}", purl.name)))
                .map_or(Self::Broken(Fault::Module), Self::Module),
            _ => Self::Other,
        }
    }
}

/// A package of an `rpm` URL, with the help of its product id.
fn package(purl: &Purl<'_>, id: &str) -> Result<Package, Fault> {
    let module = match purl.qualifier("rpmmod") {
        Some(text) => Some(module(text).ok_or(Fault::Module)?),
        None => module_of_id(id),
    };
    let evr = match &purl.version {
        None => None,
        // Of a module's build the versions of its packages are not told.
        Some(version) if is_module_build(version) => None,
        Some(version) => {
            // In an `rpm` URL no epoch is epoch 0, unless the id tells another.
            let epoch = purl.qualifier("epoch").or_else(|| epoch_of_id(id, version)).unwrap_or("0");
            Some(evr(epoch, version).ok_or(Fault::Package)?)
        }
    };
    // The later layout of VEX files names what is built by its source, in all repositories but
    // one without saying so: `dotnet8.0-0:8.0.101-1.el8_9`, of which no package has the name.
    let source = || purl.version.as_ref().map(|_| "src");
    let arch = purl.qualifier("arch").or_else(|| arch_of_id(id)).or_else(source);
    let arch = arch.map(str::to_owned);
    let package = Package { name: purl.name.clone().into_owned(), module, evr, arch };
    let named = is_name(&package.name) && package.arch.as_deref().is_none_or(is_name);
    if named { Ok(package) } else { Err(Fault::Package) }
}

/// `E:V-R` of its parts.
fn evr(epoch: &str, version: &str) -> Option<String> {
    let (head, release) = version.rsplit_once('-')?;
    let good = !head.is_empty()
        && !release.is_empty()
        && (1..=10).contains(&epoch.len())
        && epoch.bytes().all(|byte| byte.is_ascii_digit())
        && is_name(version);
    good.then(|| format!("{epoch}:{version}"))
}

/// `3.9-8100020240826142629.d47b87a4`: stream, version and context of a module, not a package's
/// version and release.
fn is_module_build(version: &str) -> bool {
    let build = version.rsplit_once('-').and_then(|(_, release)| release.split_once('.'));
    build.is_some_and(|(version, context)| {
        version.len() == 19
            && version.bytes().all(|byte| byte.is_ascii_digit())
            && context.len() == 8
            && context.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// `ruby:2.7:8080020230427102918:63b34585` → `ruby:2.7`.
fn module(text: &str) -> Option<String> {
    let mut parts = text.split(':');
    let (name, stream) = (parts.next()?, parts.next()?);
    let good = is_name(name) && is_name(stream) && !name.contains('/') && !stream.contains('/');
    good.then(|| format!("{name}:{stream}"))
}

/// The module in `N-E:V-R.A::name:stream`, `N-V-R.A.rpm-name:stream` and `name:stream/N`.
fn module_of_id(id: &str) -> Option<String> {
    let after = id.rsplit_once("::").or_else(|| id.rsplit_once(".rpm-")).map(|(_, after)| after);
    module(after.or_else(|| id.split_once('/').map(|(before, _)| before))?)
}

/// The epoch in `N-E:V-R.A`.
fn epoch_of_id<'a>(id: &'a str, version: &str) -> Option<&'a str> {
    let at = id.find(&format!(":{version}"))?;
    let (_, epoch) = id[..at].rsplit_once('-')?;
    let good = (1..=10).contains(&epoch.len()) && epoch.bytes().all(|byte| byte.is_ascii_digit());
    good.then_some(epoch)
}

/// The architecture in `N-E:V-R.A`.
fn arch_of_id(id: &str) -> Option<&str> {
    let bare = id.split("::").next()?.split(".rpm").next()?;
    bare.rsplit_once('.').map(|(_, arch)| arch).filter(|arch| ARCHES.contains(arch))
}

/// A product without a package URL: `N-E:V-R.A`, `name:stream/N`, or a name.
fn of_id(id: &str) -> Component {
    let bare = id.split("::").next().unwrap_or(id);
    let (path, name) =
        bare.rsplit_once('/').map_or((None, bare), |(path, name)| (Some(path), name));
    if let Some(package) = nevra(name) {
        return Component::Package(Package { module: module_of_id(id), ..package });
    }
    let module = match path {
        // `devspaces/udi-rhel8`, `io.quarkus/quarkus-vertx-http`: a container, a jar.
        Some(path) if !path.contains(':') => return Component::Other,
        Some(path) => match module(path) {
            Some(module) => Some(module),
            None => return Component::Other,
        },
        None => module_of_id(id),
    };
    if name.contains(':') || !is_name(name) {
        return Component::Other;
    }
    Component::Package(Package { name: name.to_owned(), module, ..Package::default() })
}

/// `N-E:V-R.A` with an architecture that is one.
fn nevra(text: &str) -> Option<Package> {
    let (rest, arch) = text.rsplit_once('.')?;
    if !ARCHES.contains(&arch) {
        return None;
    }
    let (head, version) = rest.split_once(':')?;
    let (name, epoch) = head.rsplit_once('-')?;
    let evr = evr(epoch, version)?;
    let name = is_name(name).then(|| name.to_owned())?;
    Some(Package { name, module: None, evr: Some(evr), arch: Some(arch.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(purl: Option<&str>, id: &str) -> Component {
        let helper = purl.map_or_else(|| "{}".into(), |purl| format!(r#"{{"purl":"{purl}"}}"#));
        let json = format!(r#"{{"product_id":"{id}","product_identification_helper":{helper}}}"#);
        Component::of(&serde_json::from_str(&json).unwrap())
    }

    /// `name module evr arch`, with `-` for what is not told.
    fn check(purl: Option<&str>, id: &str, expected: &str) {
        let told = match read(purl, id) {
            Component::Package(package) => {
                let or = |part: Option<String>| part.unwrap_or_else(|| "-".into());
                let [module, evr, arch] = [package.module, package.evr, package.arch].map(or);
                format!("{} {module} {evr} {arch}", package.name)
            }
            Component::Module(module) => format!("module {module}"),
            Component::Other => "other".into(),
            Component::Broken(fault) => format!("{fault:?}"),
        };
        assert_eq!(told, expected, "{purl:?} {id}");
    }

    #[test]
    fn packages_in_every_spelling() {
        check(
            Some("pkg:rpm/redhat/a@1-2.el8?arch=x86_64&epoch=3"),
            "a-1-2.el8.x86_64.rpm-m:s",
            "a m:s 3:1-2.el8 x86_64",
        );
        check(Some("pkg:rpm/redhat/a@1-2.el8?arch=src"), "a-4:1-2.el8.src", "a - 4:1-2.el8 src");
        check(Some("pkg:rpm/redhat/a@1-2?arch=src"), "a-1-2.src::m:1.0", "a m:1.0 0:1-2 src");
        check(
            Some("pkg:rpm/redhat/a@1-2%2Bel8?arch=noarch&rpmmod=m:rhel8:80:ctx"),
            "a-0:1-2+el8.noarch",
            "a m:rhel8 0:1-2+el8 noarch",
        );
        check(Some("pkg:rpm/redhat/a?arch=src&rpmmod=m:4.0"), "m:4.0/a.src", "a m:4.0 - src");
        check(Some("pkg:rpm/redhat/a@1-2.el8?epoch=0"), "a-0:1-2.el8", "a - 0:1-2.el8 src");
        check(
            Some("pkg:rpm/redhat/p@3.9-8100020240826142629.d47b87a4?epoch=0"),
            "p-0:3.9-8100020240826142629.d47b87a4",
            "p - - src",
        );
        check(None, "kernel-debug-0:5.1-2.el9.x86_64", "kernel-debug - 0:5.1-2.el9 x86_64");
        check(None, "virt:rhel/libtpms", "libtpms virt:rhel - -");
        check(None, "kernel-alt", "kernel-alt - - -");
        check(Some("pkg:rpmmod/redhat/virt@rhel:806:ad"), "virt:rhel:806:ad", "module virt:rhel");
    }

    #[test]
    fn what_rpm_does_not_install() {
        check(Some("pkg:oci/x@sha256:00?arch=amd64"), "x", "other");
        check(Some("pkg:maven/org.x/y@1"), "y", "other");
        check(None, "openshift4/hive:v4.6.0", "other");
        check(None, "io.quarkus/quarkus-http", "other");
    }

    #[test]
    fn what_cannot_be_told_is_named() {
        let check = |purl: &str, fault: Fault| {
            assert_eq!(read(Some(purl), "x"), Component::Broken(fault), "{purl}");
        };
        check("pkg:rpm/redhat/x?arch=src&rpmmod=rhel10", Fault::Module);
        check("pkg:rpm/redhat/x@rhel8?arch=src", Fault::Package);
        check("pkg:rpm/redhat/x@1-2?epoch=one", Fault::Package);
        check("rpm/redhat/x", Fault::Purl);
    }
}
