//! Advisories: which hosts lack what, each tenant its own.

use axum::http::{Method, StatusCode};
use carepack_collector::advisories::sets;
use carepack_collector::advisories::source::{How, take};
use carepack_collector::objects::Objects;
use carepack_collector::store::{Accepted, InventoryRow, Role, SnapshotRow};
use carepack_shared::digest::sha256_hex;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{World, now, text, world};

/// Two advisories of one distribution: the older one for bash, the newer one for zlib.
const FEED: &str = r#"<?xml version="1.0"?><updates>
<update type="security" status="final"><id>RLSA-2026:1</id><title>bash &lt;b&gt;</title>
<issued date="2026-10-01 00:00:00"/><severity>Important</severity><pkglist><collection>
<package name="bash" epoch="0" version="5" release="2" arch="x86_64"/></collection></pkglist>
</update>
<update type="bugfix" status="final"><id>RLBA-2026:2</id><title>zlib</title>
<issued date="2026-11-01 00:00:00"/><severity>Low</severity><pkglist><collection>
<package name="zlib" epoch="0" version="9" release="1" arch="x86_64"/></collection></pkglist>
</update></updates>"#;

/// Gives a host its packages, as its newest snapshot tells them.
async fn installed(world: &World, host: Uuid, packages: &[(&str, &str)]) {
    let objects = Objects::open(&world.folder.path().join("objects")).unwrap();
    let rows = packages.iter();
    let rows = rows.map(|(name, version)| json!([name, "x86_64", 0, version, "1", "", name, ""]));
    let inventory = json!({"os": {"id": "rocky", "major": 9}, "packages": rows.collect::<Value>()});
    let packed = zstd::bulk::compress(inventory.to_string().as_bytes(), 1).unwrap();
    let key = format!("inventories/{}.json.zst", sha256_hex(inventory.to_string().as_bytes()));
    objects.put(&key, packed).await.unwrap();
    let snapshot = SnapshotRow {
        id: Uuid::now_v7(),
        host,
        sha256: "cd".repeat(32),
        bytes: 1,
        stored_bytes: 1,
        reason: "scheduled".to_owned(),
        period: None,
        taken_at: now(),
        received_at: now(),
        object_key: "none".to_owned(),
        recorded: false,
    };
    assert_eq!(world.store.accept_snapshot(&snapshot).await.unwrap(), Accepted::New);
    let row = InventoryRow { host, snapshot: snapshot.id, taken_at: now(), object_key: Some(key) };
    world.store.put_inventory(&row).await.unwrap();
}

async fn with_advisories() -> World {
    let world = world().await;
    let file = world.folder.path().join("updateinfo.xml");
    std::fs::write(&file, FEED).unwrap();
    let stream = Some("os:rocky:9".to_owned());
    let taken = take(&file, &How { name: "rocky".to_owned(), stream, date: None }).unwrap();
    let objects = Objects::open(&world.folder.path().join("objects")).unwrap();
    sets::join((&world.store, &objects), vec![taken], now()).await.unwrap();
    installed(&world, world.ours.host, &[("bash", "4"), ("zlib", "9")]).await;
    installed(&world, world.theirs.host, &[("bash", "4"), ("zlib", "1")]).await;
    world
}

async fn ids(world: &World, token: &str, query: &str) -> Vec<String> {
    let answer = world.api(&Method::GET, &format!("/advisories?{query}"), Some(token)).await;
    assert_eq!(answer.status(), StatusCode::OK, "{query}");
    let page: Value = serde_json::from_str(&text(answer).await).unwrap();
    let rows = page["advisories"].as_array().unwrap();
    assert_eq!(page["total"], rows.len());
    rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_customer_sees_what_its_own_hosts_lack_and_nobody_elses() {
    let world = with_advisories().await;
    let (_, staff) = world.person(Role::Engineer).await;
    let (_, reader) = world.person(Role::CustomerReader).await;
    let check = async |token: &str, query: &str, expected: &[&str]| {
        assert_eq!(ids(&world, token, query).await, expected, "{query}");
    };
    check(&staff, "", &["RLBA-2026:2", "RLSA-2026:1"]).await;
    check(&reader, "", &["RLSA-2026:1"]).await;
    check(&staff, "product=ZLIB", &["RLBA-2026:2"]).await;
    check(&reader, "product=zlib", &[]).await;
    check(&staff, "severity=important", &["RLSA-2026:1"]).await;
    check(&staff, "kind=bugfix&q=2026", &["RLBA-2026:2"]).await;
    check(&staff, "exploited=1", &[]).await;
    check(&staff, "since=2026-11-01", &["RLBA-2026:2"]).await;
    check(&staff, "since=2026-10-01&until=2026-10-01", &["RLSA-2026:1"]).await;
    let wrong = world.api(&Method::GET, "/advisories?since=soon", Some(&staff)).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);

    let one = async |token: &str, id: &str| {
        let answer = world.api(&Method::GET, &format!("/advisories/{id}"), Some(token)).await;
        let status = answer.status();
        (status, text(answer).await)
    };
    let (status, told) = one(&staff, "RLSA-2026:1").await;
    let page: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((status, &page["advisory"]["hosts"]), (StatusCode::OK, &json!(2)));
    let (status, told) = one(&reader, "RLSA-2026:1").await;
    let page: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((status, page["hosts"].as_array().unwrap().len()), (StatusCode::OK, 1));
    assert_eq!(page["hosts"][0]["packages"][0]["fixed"], "0:5-2");
    assert!(!told.contains("saebyeok"), "{told}");
    assert_eq!(one(&reader, "RLBA-2026:2").await.0, StatusCode::NOT_FOUND);
    assert_eq!(one(&staff, "RLSA-2026:9").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_list_follows_the_newest_inventory_and_pages_are_text() {
    let world = with_advisories().await;
    world.with_password("eng", Role::Engineer).await;
    let cookie = world.sign_in("eng").await;
    let page = text(world.page("/advisories", &cookie).await).await;
    assert!(page.contains("bash &#60;b&#62;") && !page.contains("bash <b>"), "{page}");
    let page = text(world.page("/advisories/RLSA-2026:1", &cookie).await).await;
    assert!(page.contains("hanbit-db01") && page.contains("saebyeok-db01"), "{page}");
    // Patched: it is another inventory, and the kept list is made anew.
    installed(&world, world.theirs.host, &[("bash", "6"), ("zlib", "9")]).await;
    let page = text(world.page("/advisories/RLSA-2026:1", &cookie).await).await;
    assert!(page.contains("hanbit-db01") && !page.contains("saebyeok-db01"), "{page}");
    let gone = world.page("/advisories/RLBA-2026:2", &cookie).await;
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
}
