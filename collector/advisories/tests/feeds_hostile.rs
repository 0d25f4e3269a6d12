//! No bytes break a reader: documents of each form cut, doubled and overwritten anywhere, and
//! built with what no vendor would write, end in an answer or an error.

use carepack_advisories::feeds::{
    Fault, bulletin, csaf, exploited, osv, repomd, repositories, set, updateinfo,
};
use proptest::prelude::*;

/// A small CVE file with every part that is read.
const VEX: &str = r#"{"document": {"category": "csaf_vex", "csaf_version": "2.0", "title": "t",
 "aggregate_severity": {"text": "Moderate"},
 "tracking": {"id": "CVE-2030-1000", "current_release_date": "2030-02-01T00:00:00Z", "initial_release_date": "2030-01-01T00:00:00Z"}},
 "product_tree": {"branches": [{"category": "vendor", "name": "v", "branches": [
  {"category": "product_name", "name": "p", "product": {"name": "p", "product_id": "P", "product_identification_helper": {"cpe": "cpe:/o:x:9"}}},
  {"category": "product_version", "name": "m", "product": {"name": "m", "product_id": "m:1:2:c", "product_identification_helper": {"purl": "pkg:rpmmod/redhat/m@1:2:c"}}},
  {"category": "product_version", "name": "a", "product": {"name": "a", "product_id": "a-0:1-2.src", "product_identification_helper": {"purl": "pkg:rpm/redhat/a@1-2?arch=src"}}},
  {"category": "product_version", "name": "b", "product": {"name": "b", "product_id": "b"}}]}],
 "relationships": [
  {"category": "default_component_of", "full_product_name": {"name": "n", "product_id": "P:m:1:2:c"}, "product_reference": "m:1:2:c", "relates_to_product_reference": "P"},
  {"category": "default_component_of", "full_product_name": {"name": "n", "product_id": "P:a"}, "product_reference": "a-0:1-2.src", "relates_to_product_reference": "P:m:1:2:c"},
  {"category": "default_component_of", "full_product_name": {"name": "n", "product_id": "P:b"}, "product_reference": "b", "relates_to_product_reference": "P"}]},
 "vulnerabilities": [{"cve": "CVE-2030-1000", "title": "v",
  "scores": [{"products": ["P:a"], "cvss_v3": {"baseScore": 5.3, "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N", "version": "3.1"}}],
  "threats": [{"category": "impact", "details": "Low"}],
  "product_status": {"fixed": ["P:a"], "known_affected": ["P:b"]},
  "remediations": [{"category": "vendor_fix", "details": "The system must be rebooted.", "date": "2030-01-02T00:00:00Z", "product_ids": ["P:a"], "url": "https://access.redhat.com/errata/RHSA-2030:1"},
   {"category": "no_fix_planned", "details": "Will not fix", "product_ids": ["P:b"]}]}]}"#;

#[test]
fn the_small_file_is_whole() {
    let reading = csaf::read(VEX.as_bytes()).unwrap().reading;
    assert!(reading.faults.is_empty(), "{:?}", reading.faults);
    let fix = &reading.advisories[0].fixes[0];
    assert_eq!(fix.module.as_deref(), Some("m:1"));
    assert_eq!((fix.evr.as_str(), fix.packages.as_slice()), ("0:1-2", &["a.src".to_owned()][..]));
    assert!(reading.advisories[0].reboot);
    let vulnerability = &reading.vulnerabilities[0];
    assert_eq!(vulnerability.states.len(), 1);
    assert_eq!(vulnerability.cve.cvss_tenths, Some(53));
}

#[test]
fn a_chain_without_end_is_a_fault() {
    let looped = VEX.replacen(
        r#""product_reference": "m:1:2:c", "relates_to_product_reference": "P""#,
        r#""product_reference": "m:1:2:c", "relates_to_product_reference": "P:m:1:2:c""#,
        1,
    );
    let reading = csaf::read(looped.as_bytes()).unwrap().reading;
    assert_eq!(reading.faults.count(Fault::Depth), 1);
}

/// CSAF 2.1 has paths in place of relationships and metrics in place of scores.
#[test]
fn the_same_in_csaf_2_1() {
    let path = |id: &str, first: &str, next: &[&str]| {
        let next: Vec<String> = next
            .iter()
            .map(|next| {
                format!(
                    r#"{{"category": "default_component_of", "next_product_reference": "{next}"}}"#
                )
            })
            .collect();
        format!(
            r#"{{"beginning_product_reference": "{first}", "full_product_name": {{"name": "n", "product_id": "{id}"}}, "subpaths": [{}]}}"#,
            next.join(",")
        )
    };
    let paths = [path("P:a", "a-0:1-2.src", &["m:1:2:c", "P"]), path("P:b", "b", &["P"])].join(",");
    let (head, rest) = VEX.split_once(r#""relationships": ["#).unwrap();
    let (_, tail) = rest.split_once("]}").unwrap();
    let text = format!(r#"{head}"product_paths": [{paths}]}}{tail}"#)
        .replacen(r#""csaf_version": "2.0""#, r#""csaf_version": "2.1""#, 1)
        .replacen(r#""scores": [{"products": ["P:a"], "#, r#""metrics": [{"content": {"#, 1)
        .replacen(r#""version": "3.1"}}]"#, r#""version": "3.1"}}}]"#, 1);
    let told = csaf::read(text.as_bytes()).unwrap();
    assert_eq!(told, csaf::read(VEX.as_bytes()).unwrap());
}

#[test]
fn branches_without_end_are_refused() {
    let deep = |levels: usize| {
        let open = r#"{"branches": ["#.repeat(levels);
        let close = "]}".repeat(levels);
        format!(
            r#"{{"document": {{"tracking": {{"id": "CVE-2030-1000", "current_release_date": "2030-01-01"}}}}, "product_tree": {{"branches": [{open}{close}]}}}}"#
        )
    };
    let faults = csaf::read(deep(csaf::BRANCH_DEPTH_MAX + 3).as_bytes()).unwrap().reading.faults;
    assert_eq!(faults.count(Fault::Depth), 1);
    assert!(csaf::read(deep(100_000).as_bytes()).is_err());
}

const OSV: &str = r#"{"id": "ALSA-2030:1", "modified": "2030-01-01T00:00:00Z", "summary": "Low: x",
 "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N"}], "aliases": ["CVE-2030-1000"],
 "affected": [{"package": {"ecosystem": "Maven", "name": "org.apache.tomcat:tomcat"}, "ranges": [{"type": "ECOSYSTEM",
 "events": [{"introduced": "0"}, {"fixed": "9.1"}, {"introduced": "10"}, {"last_affected": "10.1"}]}]}]}"#;

const BULLETIN: &str = "id: X\nseverity: low\ntitle: {ko: a, en: b}\nsummary: {ko: a, en: b}\npublished: 2030-01-01\nranges: [{product: tomcat, fixed: '9'}]\n";

const REPOMD: &str = r#"<repomd><revision>1</revision><data type="updateinfo"><checksum type="sha256">00112233</checksum><location href="repodata/u.xml.gz"/><size>1</size></data></repomd>"#;

/// Each reader on the same bytes; only that it ends matters.
fn every_reader(bytes: &[u8]) {
    let _ = csaf::read(bytes);
    let _ = osv::read(bytes);
    let _ = bulletin::read(bytes);
    let _ = repomd::read(bytes);
    let _ = repositories::read(bytes);
    let _ = exploited::read(bytes);
    let _ = updateinfo::read(bytes, "repo:x");
    let _ = set::read(bytes);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_024, failure_persistence: None, ..Default::default() })]

    #[test]
    fn documents_changed_anywhere(
        which in 0_usize..4,
        at in 0.0_f64..1.0,
        length in 0_usize..60,
        put in "(\"|\\{|\\}|\\[|\\]|,|:|null|-1|1e999|[a-z@%?&#./]|\\u{ac00}|\n| |'|<|>){0,12}",
    ) {
        let mut bytes = [VEX, OSV, BULLETIN, REPOMD][which].as_bytes().to_vec();
        let start = (bytes.len() as f64 * at) as usize;
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, put.bytes());
        every_reader(&bytes);
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        every_reader(&bytes);
    }

    /// Identifiers that no vendor would write.
    #[test]
    fn products_of_any_spelling(purl in "pkg:rpm(mod)?/[a-z/]{0,6}@?[0-9:.~^-]{0,8}[?]?(arch|epoch|rpmmod)?=?[a-z0-9:/&=]{0,8}", id in "[a-z0-9:/.-]{0,16}(::|\\.rpm-|/)?[a-z0-9:.]{0,8}") {
        let text = VEX
            .replace("pkg:rpm/redhat/a@1-2?arch=src", &purl)
            .replace("\"a-0:1-2.src\"", &format!("\"{id}\""))
            .replace("\"b\"", &format!("\"{id}x\""));
        let reading = csaf::read(text.as_bytes()).unwrap().reading;
        for fix in reading.advisories.iter().flat_map(|advisory| &advisory.fixes) {
            prop_assert!(fix.evr.contains(':') && fix.evr.contains('-'), "{}", fix.evr);
            prop_assert!(fix.packages.iter().all(|package| package.contains('.')));
        }
    }
}
