//! The console as people use it: a real browser, a real collector, a recorded host.

#[path = "console/browser.rs"]
mod browser;
#[path = "console/desk.rs"]
mod desk;

use anyhow::{Result, ensure};
use browser::Browser;
use carepack_tests::collector::Collector;
use carepack_tests::process::until;

/// Reviews the newest inspection, signs it in its three roles and publishes it; gives its path.
fn published(browser: &Browser, base: &str) -> Result<String> {
    browser.go(&format!("{base}/inspections"))?;
    browser.sees("평가됨")?;
    browser.click("#list td a[href^='/inspections/']")?;
    browser.click("form[action$='/review'] button")?;
    browser.sees("검토 중")?;
    let path = browser.path()?;
    browser.click("#findings details summary")?;
    browser.click("#findings details form button")?;
    browser.sees("판정 인정")?;
    for role in ["author", "reviewer", "approver"] {
        let button = format!("form:has(input[value={role}]) button");
        browser.click(&button)?;
        until("the signature", || {
            let left = format!("return document.querySelector({button:?}) === null");
            Ok((browser.run(&left, &serde_json::json!([]))? == true).then_some(()))
        })?;
    }
    browser.click("form[action$='/publish'] button")?;
    browser.sees("report.ko.pdf")?;
    Ok(path)
}

#[test]
fn from_the_set_up_link_to_a_customers_own_view() -> Result<()> {
    if !browser::is_here() {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let mut collector = Collector::init(&dir.path().join("collector"))?;
    let addresses = collector.serve()?;
    let base = format!("http://{}", addresses.people);
    let link = collector.run(&["person", "invite", "operator"])?;
    let browser = Browser::start()?;
    browser.enter(link.trim(), "operator")?;

    // Customer, contract, and the token for its host.
    browser.go(&format!("{base}/customers"))?;
    browser.fill("form[action='/customers'] input[name=name]", "한빛정보")?;
    browser.click("form[action='/customers'] button")?;
    browser.sees("계약이 없습니다")?;
    let customer = browser.path()?;
    browser.fill("form[action$='/contracts'] input[name=name]", "hanbit-2026")?;
    browser.choose("form[action$='/contracts'] select[name=cadence]", "quarterly")?;
    browser.click("form[action$='/contracts'] button")?;
    browser.sees("분기 1회")?;
    browser.fill("form[action$='/tokens'] input[name=hostname]", "web01")?;
    browser.choose("form[action$='/tokens'] select[name=importance]", "4")?;
    browser.click("form[action$='/tokens'] button")?;
    let token = browser.text(".alert .secret")?;
    let _agent =
        collector.with_host(&dir.path().join("agent"), &addresses, ("rhel9-web", &token))?;
    collector.run(&["inspect", "--contract", "hanbit-2026"])?;

    // The host, what was found on it, and what it sent.
    browser.go(&format!("{base}/hosts"))?;
    browser.sees("web01")?;
    browser.click("main td a[href^='/hosts/']")?;
    browser.sees("점검 결과")?;
    let host = browser.path()?;
    browser.click("#findings details summary")?;
    browser.sees("기준값")?;
    browser.click("#snapshots a")?;
    browser.sees("SHA-256")?;
    ensure!(browser.complaints()?.is_empty(), "{:?}", browser.complaints()?);

    // Filters stand in the address; the list follows without a new page.
    browser.go(&format!("{base}/hosts"))?;
    browser.fill(".filters input[name=q]", "no such host")?;
    browser.sees("조건에 맞는 호스트가 없습니다")?;
    until("the filter in the address", || Ok(browser.path()?.contains("q=no").then_some(())))?;

    let inspection = published(&browser, &base)?;

    // Another customer's manager sees nothing of it, its own sees it and no vendor's page.
    collector.run(&["customer", "add", "새벽정보"])?;
    for (login, of, sees) in [("saebyeok", "새벽정보", false), ("hanbit", "한빛정보", true)]
    {
        let add = ["person", "add", login, "--role", "customer_manager", "--customer", of];
        let link = collector.run(&add)?;
        browser.click(".who button")?;
        until("the sign-in page", || Ok(browser.path()?.starts_with("/sign-in").then_some(())))?;
        browser.enter(link.trim(), login)?;
        let told = if sees { "호스트" } else { "없거나 볼 수 없는 항목입니다" };
        for path in [&host, &customer, &inspection] {
            browser.go(&format!("{base}{path}"))?;
            browser.sees(told)?;
        }
        if sees {
            browser.fill("form[action$='/acknowledge'] textarea", "잘 받았습니다")?;
            browser.click("form[action$='/acknowledge'] button")?;
            browser.sees("잘 받았습니다")?;
            browser.sees("고객 확인")?;
        }
        browser.go(&format!("{base}/alarms"))?;
        browser.sees("권한이 없습니다")?;
    }
    // The chain of what was done is whole.
    ensure!(collector.run(&["audit", "verify"])?.contains("the chain is whole"));
    Ok(())
}

#[test]
fn pages_fit_narrow_windows_in_both_languages() -> Result<()> {
    if !browser::is_here() {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let mut collector = Collector::init(&dir.path().join("collector"))?;
    collector.contract("한빛정보", "hanbit-2026", &[])?;
    let base = format!("http://{}", collector.serve()?.people);
    let link = collector.run(&["person", "invite", "operator"])?;
    let browser = Browser::start()?;
    browser.enter(link.trim(), "operator")?;
    let contract = collector.json(&["contract", "list"])?[0]["id"].clone();
    let contract = format!("/contracts/{}", contract.as_str().unwrap_or_default());
    let of_contract = ["", "/ledger", "/visits"].map(|part| format!("{contract}{part}"));
    let mut pages = vec![
        "/",
        "/advisories",
        "/alarms",
        "/audit",
        "/calendar",
        "/cases",
        "/compare",
        "/customers",
        "/findings",
        "/hosts",
        "/inspections",
        "/me",
        "/notices",
        "/patterns",
        "/people",
        "/plans",
        "/search?q=hanbit",
        "/services",
        "/settings",
    ];
    pages.extend(of_contract.iter().map(String::as_str));
    browser.sound(&base, &pages)?;

    // A visit is entered beside the evidence, the boxes of its checklist kept in order.
    browser.go(&format!("{base}{contract}/visits"))?;
    browser.fill("input[name=who]", "이방문")?;
    browser.fill("input[name=item][aria-label$=' 2']", "전원 이중화 확인")?;
    browser.choose("select[name=result][aria-label$=' 2']", "attention")?;
    browser.fill("input[name=note][aria-label$=' 2']", "PSU2 꺼짐")?;
    browser.fill("textarea[name=words_ko]", "전원 공급 장치를 교체해야 합니다")?;
    browser.click("form[action$='/visits'] button")?;
    browser.sees("PSU2 꺼짐")?;
    browser.sees("주의")?;
    browser.go(&format!("{base}{contract}/ledger"))?;
    browser.sees("이방문")
}
