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

    /// Gives one file by a form with files.
    async fn upload(&self, path: &str, (name, bytes): (&str, &[u8]), more: &str) -> Result<Answer> {
        let head = format!(
            "--b0undary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: image/png\r\n\r\n"
        );
        let body = [head.as_bytes(), bytes, b"\r\n", more.as_bytes(), b"--b0undary--\r\n"].concat();
        let request = self
            .client
            .post(format!("{}{path}", self.url))
            .header("origin", &self.url)
            .header("cookie", &self.cookie)
            .header("content-type", "multipart/form-data; boundary=b0undary")
            .body(body);
        let answer = request.send().await?;
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

const INTERNAL: &str =
    "--b0undary\r\nContent-Disposition: form-data; name=\"internal\"\r\n\r\non\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn files_of_a_case_are_its_customers_and_come_back_as_downloads() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut collector = Collector::init(&folder.path().join("data"))?;
    collector.contract("한빛상사", "shop", &["--level", "standard-12"])?;
    collector.contract("대한은행", "bank", &["--level", "premium"])?;
    let addresses = collector.serve()?;
    let at = (&collector, &addresses);
    let engineer = Browser::sign_in(at, "park", &["--role", "engineer"]).await?;
    let of = |customer, role| ["--customer", customer, "--role", role];
    let manager = Browser::sign_in(at, "kim", &of("한빛상사", "customer_manager")).await?;
    let reader = Browser::sign_in(at, "choi", &of("한빛상사", "customer_reader")).await?;
    let bank = Browser::sign_in(at, "lee", &of("대한은행", "customer_manager")).await?;
    let open = ["--title", "응답 없음", "--description", "접속 불가", "--by", "김담당"];
    let open = [&["case", "open", "--contract", "shop"], &open[..]].concat();
    let number = collector.run(&open)?.trim().to_owned();
    let files = format!("/cases/{number}/attachments");

    // What its sender calls a picture is a page; it is taken as the text that it is.
    let page = ("<img src=x onerror=alert(1)>.png", "<script>alert(1)</script>".as_bytes());
    ensure!(bank.upload(&files, page, "").await?.0 == 404, "another customer's case");
    ensure!(reader.upload(&files, page, "").await?.0 == 403, "a reader gives nothing");
    let (status, text) = manager.upload(&files, page, "").await?;
    ensure!(status == 303, "{status} {text}");
    let program = ("a.png", &b"\x7fELF\x02\x01\x01\0"[..]);
    let (status, text) = manager.upload(&files, program, "").await?;
    ensure!(status == 422 && text.contains("받지 않는 형식"), "{status} {text}");
    let long = vec![b'x'; 21 * 1024 * 1024];
    ensure!(manager.upload(&files, ("long.txt", &long), "").await?.0 == 413, "too long");
    let secret = ("분석.txt", "내부 분석".as_bytes());
    ensure!(engineer.upload(&files, secret, INTERNAL).await?.0 == 303);

    let (_, seen) = manager.get(&format!("/cases/{number}")).await?;
    ensure!(seen.contains("&#60;img src=x onerror=alert(1)&#62;.png"), "{seen}");
    ensure!(!seen.contains("분석.txt"), "a customer sees an internal file");
    ensure!(engineer.get(&format!("/cases/{number}")).await?.1.contains("분석.txt"));
    let shown = collector.json(&["case", "show", &number])?;
    let id = |at: usize| shown["attachments"][at]["id"].as_str().context("an attachment's id");
    let address = format!("{}{files}/{}", reader.url, id(0)?);
    let got = reader.client.get(address).header("cookie", &reader.cookie).send().await?;
    let head = |name: &str| got.headers().get(name).and_then(|text| text.to_str().ok());
    ensure!(head("content-type") == Some("application/octet-stream"), "{got:?}");
    ensure!(head("x-content-type-options") == Some("nosniff"), "{got:?}");
    let way = head("content-disposition").context("how it is shown")?;
    ensure!(way.starts_with("attachment; filename=\"") && way.contains("%3Cimg"), "{way}");
    ensure!(head("content-security-policy").is_some_and(|text| text.contains("sandbox")));
    ensure!(got.bytes().await?.as_ref() == page.1, "as it came");
    for stranger in [&bank, &manager] {
        let hidden = stranger.get(&format!("{files}/{}", id(1)?)).await?;
        ensure!(hidden.0 == 404, "an internal file is nobody's else");
    }
    ensure!(bank.get(&format!("{files}/{}", id(0)?)).await?.0 == 404);

    // The same by commands; a file that is there is not written over.
    let (first, copy) = (id(0)?, folder.path().join("copy"));
    let copy = copy.to_str().context("a path")?;
    let fetch = ["case", "attachment", &number, first, "--output", copy];
    collector.run(&fetch)?;
    ensure!(std::fs::read(copy)? == page.1 && collector.run(&fetch).is_err());
    let operator = Browser::sign_in(at, "root", &["--role", "operator"]).await?;
    let (_, audit) = operator.get("/audit/export").await?;
    for action in ["POST /cases/{case}/attachments", "GET /cases/{case}/attachments/{attachment}"] {
        ensure!(audit.contains(action), "{action} is not in {audit}");
    }
    Ok(())
}
