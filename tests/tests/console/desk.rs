//! The service desk as people use it, in a real browser: a case whose time ran out becomes a
//! Support Pattern that finds another customer; a notice is decided by its customer.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use carepack_tests::collector::Collector;
use carepack_tests::notices::{configure, publish};
use carepack_tests::{faketime, process::until};
use serde_json::{Value as Json, json};

use crate::browser::{self, Browser};

/// A case as it was opened four days ago.
fn opened_long_ago(collector: &Collector, library: &Path) -> Result<String> {
    let mut command = collector.command()?;
    command.args(["case", "open", "--contract", "hanbit", "--title", "DB 접속 불가"]);
    command.args(["--description", "업무 전체 중단", "--severity", "critical", "--emergency"]);
    command.args(["--by", "김담당"]).env("LD_PRELOAD", library).env("FAKETIME", "-4d");
    let output = command.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let number = collector.json(&["case", "list"])?[0]["number"].clone();
    Ok(number.as_str().context("the case's number")?.to_owned())
}

/// From the resolved case to the published pattern; gives the pattern's path.
fn pattern_of(browser: &Browser, case: &str) -> Result<String> {
    browser.sees("이 장애에서 Support Pattern을 만드십시오")?;
    browser.click(&format!("a[href='/cases/{case}/pattern']"))?;
    browser.fill("input[name=id]", "db-stands-still")?;
    browser.fill("input[name=at]", "2026-11-05T00:00:00Z")?;
    browser.fill("input[name=title_en]", "The database stands still")?;
    browser.fill("textarea[name=why_en]", "The disk was full.")?;
    browser.fill("textarea[name=remedy_en]", "Free space.")?;
    browser.click("form[action='/patterns'] button")?;
    browser.sees("이 개정은 아직 시험하지 않았습니다")?;
    let path = browser.path()?;
    browser.click("form[action$='/try'] button")?;
    browser.sees("현재 해당")?;
    browser.sees("이 케이스")?;
    // The other customer has it too, and never said so.
    browser.sees("확인 필요")?;
    browser.click("form[action$='/shadow'] button")?;
    browser.sees("시험 적용")?;
    // The question is answered with yes.
    browser.run("window.confirm = () => true", &json!([]))?;
    browser.click("form[action$='/publish'] button")?;
    browser.sees("적용 중")?;
    Ok(path.split('#').next().unwrap_or(&path).to_owned())
}

#[test]
fn a_breached_case_becomes_a_pattern_that_finds_another_customer() -> Result<()> {
    let (true, Some(library)) = (browser::is_here(), faketime::library()) else { return Ok(()) };
    let dir = tempfile::tempdir()?;
    let mut collector = Collector::init(&dir.path().join("collector"))?;
    collector.contract("한빛정보", "hanbit", &["--level", "premium"])?;
    collector.contract("새벽정보", "saebyeok", &["--level", "premium"])?;
    let case = opened_long_ago(&collector, library)?;
    let addresses = collector.serve()?;
    let base = format!("http://{}", addresses.people);
    let mut agents = Vec::new();
    for (contract, host) in [("hanbit", "db01"), ("saebyeok", "db77")] {
        let token = collector.token(contract, &["--host", host])?;
        let folder = dir.path().join(host);
        agents.push(collector.with_host(&folder, &addresses, ("rhel8-db", &token))?);
    }
    collector.run(&["inspect", "--contract", "hanbit"])?;

    let browser = Browser::start()?;
    browser.enter(collector.run(&["person", "invite", "operator"])?.trim(), "operator")?;
    browser.sees("응답 대기 케이스")?;
    browser.click(&format!("a[href='/cases/{case}']"))?;
    browser.sees("기한 초과")?;
    browser.click("form[action$='/hosts'] button")?;
    browser.sees("db01")?;
    browser.fill("form[action$='/comment'] textarea", "디스크를 정리하고 있습니다")?;
    browser.click("form[action$='/comment'] button")?;
    browser.sees("디스크를 정리하고 있습니다")?;
    browser.choose("form[action$='/state'] select", "resolved")?;
    browser.click("form[action$='/state'] details summary")?;
    browser.fill("textarea[name=cause]", "디스크 가득 참")?;
    browser.fill("textarea[name=resolution]", "공간 확보")?;
    browser.click("form[action$='/state'] button")?;
    let pattern = pattern_of(&browser, &case)?;

    // What was told: a notice of each customer that has it, held for an engineer.
    browser.go(&format!("{base}/notices"))?;
    for contract in ["hanbit", "saebyeok"] {
        browser.sees(contract)?;
    }
    browser.sees("PATTERN-db-stands-still")?;

    let hosts = collector.hosts()?;
    let host = hosts.iter().find(|host| host["hostname"] == "db01").context("db01")?;
    let host = format!("/hosts/{}", host["id"].as_str().context("its id")?);
    let tabs = ["resources", "packages", "advisories", "facts"].map(|at| format!("{host}/{at}"));
    let compare = "/compare?a=db01&b=db77".to_owned();
    let of_case = format!("/cases/{case}");
    let mut pages = vec!["/", "/patterns", &pattern, "/cases", &of_case, &compare, "/calendar"];
    pages.push(&host);
    pages.extend(tabs.iter().map(String::as_str));
    browser.sound(&base, &pages)?;
    // A chart for each series that the sampler told.
    browser.go(&format!("{base}{}", tabs[0]))?;
    until("the charts", || {
        let drawn = "return [document.querySelectorAll('[data-plot]').length, \
                     document.querySelectorAll('.u-over').length]";
        let drawn = browser.run(drawn, &json!([]))?;
        Ok((drawn[0].as_u64() > Some(2) && drawn[0] == drawn[1]).then_some(()))
    })
}

/// The only notice.
fn notice(collector: &Collector) -> Result<Json> {
    Ok(collector.json(&["notice", "list"])?[0].clone())
}

#[test]
fn a_notice_is_decided_by_its_customer_in_the_portal() -> Result<()> {
    if !browser::is_here() {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let mut collector = Collector::init(&dir.path().join("collector"))?;
    let mails = dir.path().join("mails");
    std::fs::create_dir(&mails)?;
    configure(&collector, &json!({"transport": "folder", "folder": mails}))?;
    collector.contract("한빛정보", "hanbit", &[])?;
    let contact = ["--name", "김담당", "--email", "kim@shop.example.kr", "--language", "ko"];
    collector.run(&[&["contact", "add", "--customer", "한빛정보"][..], &contact].concat())?;
    let addresses = collector.serve()?;
    publish(&collector)?;
    let token = collector.token("hanbit", &["--host", "web01"])?;
    let folder = dir.path().join("agent");
    let _agent = collector.with_host(&folder, &addresses, ("rhel9-web", &token))?;
    until("the notice", || Ok((notice(&collector)?["state"] == "sent").then_some(())))?;

    let browser = Browser::start()?;
    let base = format!("http://{}", addresses.people);
    let add = ["person", "add", "kim", "--role", "customer_manager", "--customer", "한빛정보"];
    browser.enter(collector.run(&add)?.trim(), "kim")?;
    browser.sees("RHSA-2026:9001")?;
    browser.click("main a[href^='/notices/']")?;
    browser.sees("web01")?;
    let page = browser.path()?;
    // A risk is not accepted without an end, a reason and somebody who approves.
    browser.choose("select[name=decision]", "accept_risk")?;
    browser.click("form[action$='/decide'] button")?;
    browser.sees("422")?;
    // The browser complains of the refusal that was asked for, and of nothing else.
    let complaints = browser.complaints()?;
    ensure!(complaints.len() == 1 && complaints[0].contains("422"), "{complaints:?}");
    browser.go(&format!("{base}{page}"))?;
    browser.choose("select[name=decision]", "accept_risk")?;
    let until_day = jiff::Zoned::now().date().saturating_add(jiff::Span::new().days(30));
    let set = "document.querySelector('input[name=date]').value = arguments[0]";
    browser.run(set, &json!([until_day.to_string()]))?;
    browser.fill("input[name=reason]", "월말 결산 뒤에 적용")?;
    browser.fill("input[name=compensation]", "sudo 사용자 제한")?;
    browser.fill("input[name=approver]", "박팀장")?;
    browser.click("form[action$='/decide'] button")?;
    browser.sees("월말 결산 뒤에 적용")?;
    ensure!(notice(&collector)?["state"] == "decided", "{}", notice(&collector)?);
    browser.go(&format!("{base}/plans"))?;
    browser.sees("web01")?;
    browser.sound(
        &base,
        &[&page, "/notices", "/advisories", "/advisories/RHSA-2026:9001", "/plans", "/"],
    )
}
