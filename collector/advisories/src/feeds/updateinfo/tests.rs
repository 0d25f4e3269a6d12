//! Repositories' advisories: every spelling, every bound.

use super::*;

const TWO: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<updates>
 <update from="a@example.com" type="security" status="final" version="1">
  <id>RLSA-2030:1</id><title>Important: thing &amp; more security update</title>
  <issued date="2030-01-02 03:04:05"/><updated date="1900000000"/>
  <severity>Moderate</severity><summary>An update.</summary>
  <description>First &lt;line&gt;&#10;second <![CDATA[<b>]]></description>
  <references>
   <reference href="https://example.com/RLSA" id="RLSA-2030:1" type="self" title=""/>
   <reference href="https://example.com/c" id="CVE-2030-1000" type="cve" title="x"/>
   <reference href="https://example.com/b" id="17" type="bugzilla" title="CVE-2030-2000 thing: crash"/>
   <reference href="https://example.com/d" id="2222" type="cve" title="none"/>
  </references>
  <pkglist>
   <collection short="a"><name>Rocky</name>
    <module name="ruby" stream="2.7" version="80" context="c" arch="x86_64"/>
    <package name="ruby" epoch="0" version="2.7" release="1.el8" arch="x86_64" src="r.src.rpm">
     <filename>ruby.rpm</filename><reboot_suggested>1</reboot_suggested></package>
    <package name="ruby" epoch="0" version="2.7" release="1.el8" arch="src"/>
   </collection>
   <collection short="b">
    <package name="tool" version="1" release="2" arch="noarch"><relogin_suggested/></package>
    <package name="" version="1" release="2" arch="noarch"/>
   </collection>
  </pkglist>
 </update>
 <update type="newpackage"><id>RLSA-2030:1</id><issued date="2029-01-01"/><title>older</title>
  <pkglist><collection><package name="tool" version="1" release="1" arch="noarch"/>
  <package name="other" epoch="1" version="1" release="1" arch="noarch"/></collection></pkglist></update>
 <update type="bugfix"><id>RLBA-2030:2</id><title></title><issued date="soon"/>
  <summary>Mended.</summary><restart_suggested>False</restart_suggested></update>
 <update type="bugfix" status="retracted"><id>RLBA-2030:3</id><issued date="2030-01-01"/></update>
 <update><title>no id</title></update>
</updates>"#;

fn rows(advisory: &Advisory) -> Vec<String> {
    let told = |fix: &crate::model::Fix| {
        let module = fix.module.as_deref().unwrap_or("-");
        format!("{} {module} {} {}", fix.streams.join("|"), fix.evr, fix.packages.join(","))
    };
    advisory.fixes.iter().map(told).collect()
}

#[test]
fn everything_of_an_update() {
    let reading = read(TWO.as_bytes(), "os:rocky:8").unwrap();
    let [bugfix, security] = reading.advisories.as_slice() else {
        panic!("{:?}", reading.advisories)
    };
    assert_eq!((security.kind, security.severity), (Kind::Security, Severity::Moderate));
    assert_eq!(security.title.en, "thing & more security update");
    assert_eq!(security.summary.en, "First <line>\nsecond <b>");
    assert_eq!(security.published.to_string(), "2029-01-01T00:00:00Z");
    assert_eq!(security.updated.to_string(), "2030-03-17T17:46:40Z");
    let cves: Vec<&str> = security.cves.iter().map(|cve| cve.id.as_str()).collect();
    assert_eq!(cves, ["CVE-2030-1000", "CVE-2030-2000"]);
    assert_eq!(security.references, ["https://example.com/RLSA"]);
    assert!(security.reboot && security.restart);
    // The older revision adds what the newer does not know, and no older version.
    let expected = [
        "os:rocky:8 - 1-2 tool.noarch",
        "os:rocky:8 - 1:1-1 other.noarch",
        "os:rocky:8 ruby:2.7 0:2.7-1.el8 ruby.src,ruby.x86_64",
    ];
    assert_eq!(rows(security), expected);
    assert_eq!((bugfix.kind, bugfix.title.en.as_str()), (Kind::Bugfix, "Mended."));
    assert!(!bugfix.restart);
    assert_eq!(reading.withdrawn[0].id, "RLBA-2030:3");
    let faults: Vec<(Fault, usize)> = reading.faults.iter().map(|(f, n, _)| (f, n)).collect();
    assert_eq!(faults, [(Fault::Id, 1), (Fault::Date, 1), (Fault::Cve, 1), (Fault::Package, 1)]);
}

#[test]
fn what_is_not_whole_gives_nothing() {
    let check = |text: &str| assert!(read(text.as_bytes(), "repo:x").is_err(), "{text}");
    check("");
    check("<html/>");
    check("<updates><update>");
    check("<updates></update></updates>");
    check(&TWO[..TWO.len() - 20]);
    check(&format!("<updates>{}", "<a>".repeat(DEPTH_MAX + 1)));
    assert!(read(&b"<updates/>"[..], "repo:x").unwrap().advisories.is_empty());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    /// A file cut, doubled or overwritten anywhere ends in an answer.
    #[test]
    fn nothing_breaks_it(at in 0..TWO.len(), length in 0_usize..40, put in "[<>/&;\"=a-z ]{0,20}") {
        let mut bytes = TWO.as_bytes().to_vec();
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, put.bytes());
        let _ = read(bytes.as_slice(), "repo:x");
    }
}
