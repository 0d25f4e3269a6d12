//! What a person decides of a host: another contract, another machine under its certificate.

use axum::http::StatusCode;
use carepack_collector::store::{AuditFilter, Contract, Role};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{World, now, text, world};

/// Another contract of our customer.
async fn second(world: &World, ends: &str) -> Uuid {
    let first = world.store.contract(world.ours.contract).await.unwrap().unwrap();
    let id = Uuid::now_v7();
    let second = Contract { id, name: format!("to-{ends}"), ends: ends.parse().unwrap(), ..first };
    world.store.add_contract(&second).await.unwrap();
    id
}

#[tokio::test]
async fn a_host_moves_within_its_customer_and_the_audit_log_knows() {
    let world = world().await;
    let (_, token) = world.person(Role::Engineer).await;
    let (_, customers) = world.person(Role::CustomerManager).await;
    let path = format!("/hosts/{}/contract", world.ours.host);
    let check = async |token: &str, contract: Uuid, expected: u16, code: &str| {
        let answer = world.send(&path, Some(token), &json!({"contract": contract})).await;
        let status = answer.status();
        let told = text(answer).await;
        assert_eq!(status.as_u16(), expected, "{told}");
        assert!(told.contains(code), "{told}");
    };
    let next = second(&world, "2099-12-31").await;
    check(&customers, next, 403, "forbidden").await;
    check(&token, world.theirs.contract, 409, "other_customer").await;
    check(&token, world.ours.contract, 409, "same_contract").await;
    check(&token, second(&world, "2020-12-31").await, 409, "contract_over").await;
    check(&token, Uuid::nil(), 404, "not_found").await;
    check(&token, next, 200, &world.ours.host.to_string()).await;
    let host = world.store.host(world.ours.host).await.unwrap().unwrap();
    assert_eq!(host.contract, next);
    let row = world.store.audit_rows(&AuditFilter::default(), 1).await.unwrap().remove(0);
    assert_eq!(row.act.action, "POST /hosts/{host}/contract");
    assert_eq!(row.act.customer, Some(world.ours.customer));
    assert!(row.act.detail.contains("hanbit-2026") && row.act.detail.contains("to-2099"));
    world.with_password("eng", Role::Engineer).await;
    let cookie = world.sign_in("eng").await;
    let page = text(world.page(&format!("/hosts/{}", host.id), &cookie).await).await;
    assert!(page.contains("hanbit-2026 → to-2099-12-31"), "{page}");
}

#[tokio::test]
async fn another_machine_waits_for_a_person_on_the_hosts_page() {
    let world = world().await;
    world.with_password("eng", Role::Engineer).await;
    let cookie = world.sign_in("eng").await;
    let (host, machine) = (world.ours.host, "cd".repeat(32));
    world.store.put_machine((host, &machine), Uuid::now_v7(), now()).await.unwrap();
    let path = format!("/hosts/{host}");
    let page = text(world.page(&path, &cookie).await).await;
    assert!(page.contains(&machine[..12]) && page.contains("value=\"rebuilt\""), "{page}");
    let decide = async |machine: &str, word: &str| {
        let fields = [("machine", machine), ("settlement", word)];
        world.form(&format!("{path}/machine"), &cookie, &fields).await.status()
    };
    assert_eq!(decide(&machine, "whatever").await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(decide(&"ab".repeat(32), "clone").await, StatusCode::NOT_FOUND);
    assert_eq!(decide(&machine, "rebuilt").await, StatusCode::SEE_OTHER);
    assert_eq!(decide(&machine, "rebuilt").await, StatusCode::NOT_FOUND, "said already");
    let page = text(world.page(&path, &cookie).await).await;
    assert!(!page.contains("value=\"rebuilt\""), "{page}");
    let known = world.store.host(host).await.unwrap().unwrap();
    assert_eq!(known.machine.as_deref(), Some(machine.as_str()));
    // A customer is not shown what is the vendor's to decide.
    let copy = "ef".repeat(32);
    world.store.put_machine((host, &copy), Uuid::now_v7(), now()).await.unwrap();
    let (_, reader) = world.person(Role::CustomerReader).await;
    let answer = world.api(&axum::http::Method::GET, &path, Some(&reader)).await;
    let page: Value = serde_json::from_str(&text(answer).await).unwrap();
    assert_eq!(page["machines"], json!([]));
    assert_eq!(decide(&copy, "retired").await, StatusCode::SEE_OTHER);
    assert!(world.store.host(host).await.unwrap().unwrap().retired_at.is_some());
    assert_eq!(decide(&copy, "clone").await, StatusCode::CONFLICT, "it is retired");
}
