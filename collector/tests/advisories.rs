//! Feeds in: folders, archives, an address, signed bundles; whatever is wrong with one, the last
//! good set stays.

use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse;
use carepack_collector::advisories::source::{How, take};
use carepack_collector::advisories::{AdvisoriesError, bundle, current, fetch, sets};
use carepack_collector::config::{Feed, FeedKind};
use carepack_collector::objects::Objects;
use carepack_collector::store::Store;
use jiff::Timestamp;
use minisign::KeyPair;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// A collector's stores in a folder of their own.
struct Bed {
    folder: TempDir,
    store: Store,
    objects: Objects,
}

impl Bed {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("sqlite:{}", folder.path().join("c.db").display());
        let store = Store::open(&address).await.unwrap();
        let objects = Objects::open(&folder.path().join("objects")).unwrap();
        Self { folder, store, objects }
    }

    fn stores(&self) -> (&Store, &Objects) {
        (&self.store, &self.objects)
    }

    async fn import(&self, path: &Path) -> Result<u64, AdvisoriesError> {
        let taken = take(path, &how("main", "repo:base"))?;
        Ok(sets::join(self.stores(), vec![taken], now()).await?.header.version)
    }

    /// Version and ids of the set in force.
    async fn in_force(&self) -> (u64, Vec<String>) {
        let Some(set) = current(&self.store, &self.objects).await.unwrap() else {
            return (0, Vec::new());
        };
        let ids = set.advisories.iter().map(|one| one.id.clone()).collect();
        (set.header.version, ids)
    }
}

fn now() -> Timestamp {
    "2026-11-20T00:00:00Z".parse().unwrap()
}

fn how(name: &str, stream: &str) -> How {
    How { name: name.to_owned(), stream: Some(stream.to_owned()), date: None }
}

fn updateinfo(ids: &[&str]) -> String {
    let each = ids.iter().map(|id| {
        format!(
            "<update type=\"security\" status=\"final\"><id>{id}</id><title>t</title>\
             <issued date=\"2026-11-01 00:00:00\"/><severity>Important</severity><pkglist>\
             <collection><package name=\"bash\" epoch=\"0\" version=\"5\" release=\"2\" \
             arch=\"x86_64\"/></collection></pkglist></update>"
        )
    });
    format!("<?xml version=\"1.0\"?><updates>{}</updates>", each.collect::<String>())
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A repository's index for its `updateinfo`.
fn repomd(updateinfo: &[u8]) -> String {
    format!(
        "<repomd><revision>1</revision><data type=\"updateinfo\"><checksum type=\"sha256\">{}\
         </checksum><location href=\"repodata/updateinfo.xml\"/><timestamp>1793000000</timestamp>\
         </data></repomd>",
        sha256(updateinfo)
    )
}

#[tokio::test]
async fn a_folder_a_packed_file_and_a_repository_become_one_set() {
    let bed = Bed::new().await;
    assert_eq!(bed.in_force().await, (0, vec![]));
    let feeds = tempfile::tempdir().unwrap();
    let text = updateinfo(&["RHSA-2026:1"]);
    let packed = zstd::stream::encode_all(text.as_bytes(), 3).unwrap();
    std::fs::write(feeds.path().join("one.xml.zst"), packed).unwrap();
    std::fs::write(feeds.path().join("README"), "no feed at all: [").unwrap();
    let taken = take(feeds.path(), &how("main", "repo:base")).unwrap();
    assert_eq!((taken.reading.advisories.len(), taken.refused.len()), (1, 1));
    assert_eq!(taken.feed.covers, ["repo:base"]);
    sets::join(bed.stores(), vec![taken], now()).await.unwrap();
    assert_eq!(bed.in_force().await, (1, vec!["RHSA-2026:1".to_owned()]));
    // What another feed tells is joined, and nothing is forgotten.
    let repository = feeds.path().join("repository");
    std::fs::create_dir_all(repository.join("repodata")).unwrap();
    let text = updateinfo(&["RHSA-2026:2", "RHSA-2026:3"]);
    std::fs::write(repository.join("repodata/updateinfo.xml"), &text).unwrap();
    std::fs::write(repository.join("repodata/repomd.xml"), repomd(text.as_bytes())).unwrap();
    assert_eq!(bed.import(&repository).await.unwrap(), 2);
    assert_eq!(bed.in_force().await.1.len(), 3);
    // A repository whose file is not the one that it names.
    std::fs::write(repository.join("repodata/updateinfo.xml"), updateinfo(&["X-1"])).unwrap();
    let refused = bed.import(&repository).await.unwrap_err();
    assert!(matches!(refused, AdvisoriesError::Checksum(_)), "{refused}");
    assert_eq!(bed.in_force().await.0, 2);
}

#[test]
fn what_is_no_feed_says_so_and_what_helps() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a");
    let check = |content: &str, how: &How, part: &str| {
        std::fs::write(&file, content).unwrap();
        let error = anyhow::Error::from(take(&file, how).unwrap_err());
        assert!(format!("{error:#}").contains(part), "{error:#}");
    };
    let none = How { name: "a".to_owned(), stream: None, date: None };
    check("", &none, "none of the forms");
    check("{\"a\": 1}", &none, "none of the forms");
    check("{\"a\": ", &none, "none of the forms");
    check(&updateinfo(&["R-1"]), &none, "--stream");
    check(&updateinfo(&["R-1"]), &how("a", "rhel9"), "os:ID:MAJOR");
    check(&updateinfo(&["R-1"])[..60], &how("a", "os:rocky:9"), "no feed that can be read");
    check("id: X-1\nranegs: []\n", &none, "ranegs");
    let missing = take(&folder.path().join("none"), &none).unwrap_err();
    assert!(missing.to_string().contains("cannot read"), "{missing}");
}

/// Writes a bundle's signature beside it.
fn sign(pair: &KeyPair, file: &Path, comment: &str) {
    let bytes = std::fs::read(file).unwrap();
    let made = minisign::sign(None, &pair.sk, &bytes[..], Some(comment), None).unwrap();
    std::fs::write(format!("{}.minisig", file.display()), made.to_string()).unwrap();
}

#[tokio::test]
async fn a_bundle_is_taken_in_once_whole_and_in_time() {
    let online = Bed::new().await;
    let feed = online.folder.path().join("a.xml");
    std::fs::write(&feed, updateinfo(&["RHSA-2026:1"])).unwrap();
    online.import(&feed).await.unwrap();
    let file = online.folder.path().join("advisories-1");
    let version = bundle::export(online.stores(), &file, 30, now()).await.unwrap();
    let pair = KeyPair::generate_unencrypted_keypair().unwrap();
    let key = online.folder.path().join("key.pub");
    std::fs::write(&key, pair.pk.to_box().unwrap().to_string()).unwrap();
    let comment = format!("carepack-advisories version:{version}");
    sign(&pair, &file, &comment);
    let offline = Bed::new().await;
    let import = async |at: Timestamp| bundle::import(offline.stores(), &file, &key, at).await;
    // Tampered: a byte of the file, the key, the comment.
    let good = std::fs::read(&file).unwrap();
    let mut bent = good.clone();
    *bent.last_mut().unwrap() ^= 1;
    std::fs::write(&file, &bent).unwrap();
    let refused = import(now()).await.unwrap_err();
    assert!(matches!(refused, AdvisoriesError::Signature { .. }), "{refused}");
    std::fs::write(&file, &good).unwrap();
    sign(&KeyPair::generate_unencrypted_keypair().unwrap(), &file, &comment);
    assert!(matches!(import(now()).await, Err(AdvisoriesError::Signature { .. })));
    sign(&pair, &file, "carepack-advisories version:9");
    assert!(matches!(import(now()).await, Err(AdvisoriesError::Signature { .. })));
    sign(&pair, &file, &comment);
    // Too late.
    let late = "2027-01-01T00:00:00Z".parse().unwrap();
    assert!(matches!(import(late).await, Err(AdvisoriesError::Expired(_))));
    assert_eq!(offline.in_force().await, (0, vec![]));
    // In time, and once.
    assert_eq!(import(now()).await.unwrap(), version);
    assert_eq!(offline.in_force().await.1, ["RHSA-2026:1"]);
    assert!(matches!(import(now()).await, Err(AdvisoriesError::Older { .. })));
    assert_eq!(offline.in_force().await.1, ["RHSA-2026:1"]);
}

/// What a mirror serves, and what was asked of it.
#[derive(Default)]
struct Mirror {
    files: Vec<(String, Vec<u8>)>,
    asked: Vec<String>,
}

type Shared = Arc<Mutex<Mirror>>;

async fn serve(State(mirror): State<Shared>, uri: Uri, headers: HeaderMap) -> impl IntoResponse {
    let mut mirror = mirror.lock().unwrap();
    mirror.asked.push(uri.path().to_owned());
    let Some((_, bytes)) = mirror.files.iter().find(|(path, _)| path == uri.path()) else {
        return (StatusCode::NOT_FOUND, HeaderMap::new(), Vec::new());
    };
    let tag = format!("\"{}\"", sha256(bytes));
    if headers.get("if-none-match").is_some_and(|known| known == tag.as_str()) {
        return (StatusCode::NOT_MODIFIED, HeaderMap::new(), Vec::new());
    }
    let mut answer = HeaderMap::new();
    answer.insert("etag", tag.parse().unwrap());
    (StatusCode::OK, answer, bytes.clone())
}

async fn mirror() -> (Shared, String) {
    let shared = Shared::default();
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", socket.local_addr().unwrap());
    let router = Router::new().fallback(serve).with_state(Arc::clone(&shared));
    tokio::spawn(async move { axum::serve(socket, router).await });
    (shared, address)
}

fn feed(name: &str, kind: FeedKind, from: String) -> Feed {
    let stream = (kind == FeedKind::Repository).then(|| "repo:base".to_owned());
    Feed { name: name.to_owned(), kind, from, stream, ca: None }
}

#[tokio::test]
async fn a_repository_is_asked_for_what_is_new_only() {
    let (shared, address) = mirror().await;
    let put = |ids: &[&str]| {
        let text = updateinfo(ids);
        shared.lock().unwrap().files = vec![
            ("/r/repodata/repomd.xml".to_owned(), repomd(text.as_bytes()).into()),
            ("/r/repodata/updateinfo.xml".to_owned(), text.into()),
        ];
    };
    let bed = Bed::new().await;
    let feeds = [feed("r", FeedKind::Repository, format!("{address}/r/"))];
    let look = async |at: &str| {
        let at: Timestamp = at.parse().unwrap();
        let mut told = fetch::all(bed.stores(), &feeds, at).await.unwrap();
        told.remove(0).1
    };
    put(&["RHSA-2026:1"]);
    assert!(matches!(look("2026-11-20T00:00:00Z").await, Ok(fetch::Looked::New { version: 1 })));
    assert!(matches!(look("2026-11-21T00:00:00Z").await, Ok(fetch::Looked::Same)));
    let asked = shared.lock().unwrap().asked.clone();
    assert_eq!(asked.iter().filter(|path| path.ends_with("updateinfo.xml")).count(), 1);
    // Nothing new is as fresh as the look.
    let set = current(&bed.store, &bed.objects).await.unwrap().unwrap();
    assert_eq!(set.header.feeds[0].date.to_string(), "2026-11-21T00:00:00Z");
    put(&["RHSA-2026:1", "RHSA-2026:2"]);
    assert!(matches!(look("2026-11-22T00:00:00Z").await, Ok(fetch::Looked::New { version: 2 })));
    // A mirror that is broken is told, and the last good set stays with its date.
    shared.lock().unwrap().files[1].1 = b"<updates>".to_vec();
    shared.lock().unwrap().files[0].1 = repomd(b"other").into();
    let broken = look("2026-11-25T00:00:00Z").await.unwrap_err();
    assert!(matches!(broken, AdvisoriesError::Checksum(_)), "{broken}");
    shared.lock().unwrap().files.clear();
    let gone = look("2026-11-25T00:00:00Z").await.unwrap_err();
    assert!(matches!(gone, AdvisoriesError::Answer { status: 404, .. }), "{gone}");
    let set = current(&bed.store, &bed.objects).await.unwrap().unwrap();
    assert_eq!(set.header.version, 2);
    assert_eq!(set.header.feeds[0].date.to_string(), "2026-11-22T00:00:00Z");
    let state = bed.store.feed_states().await.unwrap().remove(0);
    assert!(state.error.is_some_and(|error| error.contains("404")));
}

#[tokio::test]
async fn a_provider_s_archive_comes_first_then_what_changed() {
    let csaf = |id: &str, at: &str| {
        serde_json::json!({"document": {"category": "csaf_security_advisory", "csaf_version": "2.0",
            "title": id, "aggregate_severity": {"text": "Important"},
            "publisher": {"name": "Red Hat Product Security", "category": "vendor", "namespace": "https://www.redhat.com"},
            "tracking": {"id": id, "current_release_date": at, "initial_release_date": at,
                "status": "final", "version": "1", "revision_history": []}},
            "product_tree": {"branches": []}, "vulnerabilities": []})
        .to_string()
    };
    let mut archive = tar::Builder::new(Vec::new());
    let old = csaf("RHSA-2026:0001", "2026-11-01T00:00:00Z");
    let mut header = tar::Header::new_gnu();
    header.set_size(old.len() as u64);
    header.set_mode(0o644);
    archive.append_data(&mut header, "2026/rhsa-2026_0001.json", old.as_bytes()).unwrap();
    let archive = zstd::stream::encode_all(&archive.into_inner().unwrap()[..], 3).unwrap();
    let (shared, address) = mirror().await;
    let file = |path: &str, bytes: Vec<u8>| (format!("/c/{path}"), bytes);
    shared.lock().unwrap().files = vec![
        file("archive_latest.txt", b"csaf_advisories_2026-11-10.tar.zst\n".to_vec()),
        file("csaf_advisories_2026-11-10.tar.zst", archive),
        file(
            "changes.csv",
            b"\"2026/rhsa-2026_0002.json\",\"2026-11-12T00:00:00+00:00\"\n\
              \"2026/rhsa-2026_0001.json\",\"2026-11-01T00:00:00+00:00\"\n"
                .to_vec(),
        ),
        file("2026/rhsa-2026_0002.json", csaf("RHSA-2026:0002", "2026-11-12T00:00:00Z").into()),
    ];
    let bed = Bed::new().await;
    let feeds = [feed("c", FeedKind::Csaf, format!("{address}/c"))];
    for expected in [1, 2, 2] {
        let told = fetch::all(bed.stores(), &feeds, now()).await.unwrap();
        assert!(told[0].1.is_ok(), "{:?}", told[0].1);
        assert_eq!(bed.in_force().await.1.len(), expected);
    }
    assert_eq!(bed.in_force().await, (2, vec!["RHSA-2026:0001".into(), "RHSA-2026:0002".into()]));
    let asked = shared.lock().unwrap().asked.clone();
    assert!(!asked.iter().any(|path| path.ends_with("rhsa-2026_0001.json")), "{asked:?}");
}

#[tokio::test]
async fn a_single_file_is_known_by_its_tag() {
    let (shared, address) = mirror().await;
    let text =
        r#"{"dateReleased": "2026-11-02T12:00:00Z", "vulnerabilities": [{"cveID": "CVE-2026-1"}]}"#;
    shared.lock().unwrap().files = vec![("/kev.json".to_owned(), text.into())];
    let bed = Bed::new().await;
    let feeds = [feed("kev", FeedKind::File, format!("{address}/kev.json"))];
    let told = fetch::all(bed.stores(), &feeds, now()).await.unwrap();
    assert!(matches!(told[0].1, Ok(fetch::Looked::New { .. })), "{:?}", told[0].1);
    let told = fetch::all(bed.stores(), &feeds, now()).await.unwrap();
    assert!(matches!(told[0].1, Ok(fetch::Looked::Same)), "{:?}", told[0].1);
}
