//! Cases from outside: by commands, and through the console by accounts of two customers.

use anyhow::{Context, Result, ensure};
use carepack_tests::collector::{Addresses, Collector};
use serde_json::Value as Json;

const PASSWORD: &str = "green mountain over seven rivers";

/// Somebody at a browser.
struct Browser {
    client: reqwest::Client,
    url: String,
    cookie: String,
}

/// Status and body of an answer.
type Answer = (u16, String);

impl Browser {
    /// Makes an account, sets its password by its link, signs in.
    async fn sign_in(
        (collector, addresses): (&Collector, &Addresses),
        login: &str,
        more: &[&str],
    ) -> Result<Self> {
        let mut arguments = vec!["person", "add", login];
        arguments.extend_from_slice(more);
        let link = collector.run(&arguments)?;
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let policy = reqwest::redirect::Policy::none();
        let client = reqwest::Client::builder().redirect(policy).build()?;
        let url = format!("http://{}", addresses.people);
        let mut browser = Self { client, url, cookie: String::new() };
        let form = [("login", login), ("password", PASSWORD), ("again", PASSWORD)];
        let path = link.trim().strip_prefix(&browser.url).context("the link is of our own")?;
        browser.post(path, &form).await?;
        let sent = browser.send("/sign-in", &form[..2]).await?;
        let cookie = sent.headers().get("set-cookie").context("a session")?.to_str()?;
        cookie.split(';').next().unwrap_or_default().clone_into(&mut browser.cookie);
        Ok(browser)
    }

    async fn send(&self, path: &str, form: &[(&str, &str)]) -> Result<reqwest::Response> {
        let body: Vec<String> =
            form.iter().map(|(key, value)| format!("{key}={}", encoded(value))).collect();
        let request = self
            .client
            .post(format!("{}{path}", self.url))
            .header("origin", &self.url)
            .header("cookie", &self.cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.join("&"));
        Ok(request.send().await?)
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Answer> {
        let answer = self.send(path, form).await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }

    async fn get(&self, path: &str) -> Result<Answer> {
        let request = self.client.get(format!("{}{path}", self.url)).header("cookie", &self.cookie);
        let answer = request.send().await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }
}

/// Every byte as a form has it.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn contract_id(collector: &Collector, name: &str) -> Result<String> {
    let all = collector.json(&["contract", "list"])?;
    let named = |row: &&Json| row["name"] == name;
    let found = all.as_array().and_then(|all| all.iter().find(named));
    Ok(found.and_then(|row| row["id"].as_str()).context("the contract's id")?.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_opened_answered_and_reported_and_stays_its_customers() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut collector = Collector::init(&folder.path().join("data"))?;
    collector.contract("한빛상사", "shop", &["--level", "standard-12"])?;
    collector.contract("대한은행", "bank", &["--level", "premium"])?;
    let addresses = collector.serve()?;
    let at = (&collector, &addresses);
    let engineer = Browser::sign_in(at, "park", &["--role", "engineer"]).await?;
    let of_shop = ["--customer", "한빛상사", "--role"];
    let manager = [&of_shop[..], &["customer_manager"]].concat();
    let manager = Browser::sign_in(at, "kim", &manager).await?;
    let reader = [&of_shop[..], &["customer_reader"]].concat();
    let reader = Browser::sign_in(at, "choi", &reader).await?;
    let bank = ["--customer", "대한은행", "--role", "customer_manager"];
    let bank = Browser::sign_in(at, "lee", &bank).await?;

    let id = contract_id(&collector, "shop")?;
    let form = [
        ("contract", id.as_str()),
        ("title", "DB 응답 <b>없음</b>"),
        ("description", "09시부터 접속 불가"),
        ("severity", "critical"),
        ("channel", "visit"),
    ];
    ensure!(bank.post("/cases", &form).await?.0 == 404, "another customer's contract");
    ensure!(reader.post("/cases", &form).await?.0 == 403, "a reader opens nothing");
    ensure!(manager.post("/cases", &form).await?.0 == 303);
    let case = collector.json(&["case", "list"])?[0].clone();
    ensure!(case["channel"] == "web" && case["state"] == "open", "{case}");
    let page = format!("/cases/{}", case["number"].as_str().context("a number")?);

    let secret = [("text", "내부 메모: 재현됨"), ("internal", "on")];
    ensure!(engineer.post(&format!("{page}/comment"), &secret).await?.0 == 303);
    let (status, seen) = manager.get(&page).await?;
    ensure!(status == 200 && seen.contains("DB 응답 &#60;b&#62;없음"), "{status} {seen}");
    ensure!(!seen.contains("내부 메모"), "a customer reads an internal comment");
    ensure!(engineer.get(&page).await?.1.contains("내부 메모"));
    ensure!(bank.get(&page).await?.0 == 404 && !bank.get("/cases").await?.1.contains("DB 응답"));
    let words = [("text", "확인 중입니다")];
    ensure!(engineer.post(&format!("{page}/comment"), &words).await?.0 == 303);

    let state = format!("{page}/state");
    let bare = [("state", "closed")];
    ensure!(manager.post(&state, &bare).await?.0 == 403, "the state is the engineer's");
    ensure!(engineer.post(&state, &bare).await?.0 == 422, "no end without a cause");
    let end = [("state", "closed"), ("cause", "디스크 가득 참"), ("resolution", "로그를 정리함")];
    ensure!(engineer.post(&state, &end).await?.0 == 303);
    ensure!(engineer.post(&state, &end).await?.0 == 409, "closed is closed");
    let (status, report) = engineer.get(&format!("{page}/report")).await?;
    let told = ["장애 조치 결과 보고서", "디스크 가득 참", "확인 중입니다", "로그를 정리함"];
    ensure!(status == 200 && told.iter().all(|text| report.contains(text)), "{report}");
    ensure!(!report.contains("내부 메모"), "the report is the customer's");

    let (status, _) = bank.get(&format!("{page}/report.pdf")).await?;
    ensure!(status == 404, "the paper is its customer's too");
    let paper = reader.client.get(format!("{}{page}/report.pdf", reader.url));
    let paper = paper.header("cookie", &reader.cookie).send().await?;
    ensure!(paper.status() == 200 && paper.bytes().await?.starts_with(b"%PDF-"));
    let (status, calendar) = bank.get("/calendar").await?;
    ensure!(status == 200 && calendar.contains("bank 20") && !calendar.contains("shop 20"));

    let all = collector.json(&["case", "list", "--all"])?;
    ensure!(all[0]["clock"] == "met" && all[0]["state"] == "closed", "{all}");
    ensure!(collector.json(&["case", "list"])?.as_array().is_some_and(Vec::is_empty));
    Ok(())
}
