//! A headless Chromium, driven through Debian's chromedriver (W3C WebDriver, JSON over HTTP).

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use carepack_tests::process::until;
use serde_json::{Value as Json, json};

/// Key of an element's id in WebDriver's answers.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A driver, its one session and a runtime for asking it.
pub struct Browser {
    driver: Child,
    session: String,
    client: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

/// The password of everybody who signs in here.
const PASSWORD: &str = "정기점검은 매월 첫 월요일에 합니다";

/// axe-core's script, where `tests/run` has fetched it; without it, says aloud that nothing is
/// checked with it.
fn axe() -> Option<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/axe/package/axe.min.js");
    let script = std::fs::read_to_string(file).ok();
    if script.is_none() {
        println!("skipped: axe-core is not in target/tools (./tests/run fetches it with npm)");
    }
    script
}

/// Whether the browser and its driver are installed.
pub fn is_here() -> bool {
    let there = |path: &str| Path::new(path).exists();
    let here = there("/usr/bin/chromium") && there("/usr/bin/chromedriver");
    if !here {
        println!("skipped: chromium and chromium-driver are not installed");
    }
    here
}

impl Browser {
    /// Starts Chromium with an empty profile.
    pub fn start() -> Result<Self> {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut driver = Command::new("/usr/bin/chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("starting chromedriver")?;
        let lines = BufReader::new(driver.stdout.take().context("chromedriver's output")?).lines();
        let port = lines
            .map_while(Result::ok)
            .find_map(|line| {
                let (_, rest) = line.split_once("on port ")?;
                rest.trim_end_matches('.').parse::<u16>().ok().filter(|port| *port > 0)
            })
            .context("chromedriver said no port")?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()
            .context("an HTTP client")?;
        let mut browser =
            Self { driver, session: format!("http://127.0.0.1:{port}/session"), client, runtime };
        let options = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
                "--disable-background-networking", "--disable-component-update",
                "--window-size=1440,900",
            ]},
            "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let made = browser.ask("", Some(&options))?;
        let id = made["sessionId"].as_str().context("a session's id")?.to_owned();
        browser.session = format!("{}/{id}", browser.session);
        Ok(browser)
    }

    /// One command: a body is posted, none is got.
    fn ask(&self, path: &str, body: Option<&Json>) -> Result<Json> {
        let address = format!("{}{path}", self.session);
        let request = match body {
            Some(body) => self.client.post(&address).body(body.to_string()),
            None => self.client.get(&address),
        };
        let text = self.runtime.block_on(async { request.send().await?.text().await })?;
        let mut answer: Json = serde_json::from_str(&text).context("WebDriver's answer")?;
        let value = answer["value"].take();
        if let Some(error) = value["error"].as_str() {
            bail!("{path}: {error}: {}", value["message"].as_str().unwrap_or_default());
        }
        Ok(value)
    }

    /// Opens a one-time link, chooses a password, signs in.
    pub fn enter(&self, link: &str, login: &str) -> Result<()> {
        self.go(link)?;
        self.fill("#password", PASSWORD)?;
        self.fill("#again", PASSWORD)?;
        self.click("main button[type=submit]")?;
        self.fill("#login", login)?;
        self.fill("#password", PASSWORD)?;
        self.click("main button[type=submit]")?;
        until("home", || Ok((self.path()? == "/").then_some(())))
    }

    /// Chooses the language of the person who is signed in; `base` is the console's address.
    pub fn speak(&self, base: &str, language: &str) -> Result<()> {
        self.go(&format!("{base}/me"))?;
        self.choose("select[name=language]", language)?;
        self.click("form[action='/me/language'] button")?;
        until("the language", || {
            let shown = self.run("return document.documentElement.lang", &json!([]))?;
            Ok((shown == language).then_some(()))
        })
    }

    /// What axe finds against WCAG 2 A and AA on the page that is shown: rule, impact, an element.
    fn violations(&self, axe: &str) -> Result<Vec<String>> {
        self.run(axe, &json!([]))?;
        let script = "const done = arguments[arguments.length - 1]; \
            axe.run(document, {runOnly: ['wcag2a', 'wcag2aa']}).then((found) => done( \
            found.violations.map((v) => `${v.id} ${v.impact} ${v.nodes[0].html}`)), \
            (error) => done([String(error)]))";
        let asked = json!({"script": script, "args": []});
        let found = self.ask("/execute/async", Some(&asked))?;
        let rows = found.as_array().context("axe's answer")?.iter();
        Ok(rows.map(|row| row.as_str().unwrap_or_default().to_owned()).collect())
    }

    /// Each page in both languages: axe finds nothing, the page complains of nothing, nothing is
    /// wider than its window, on a desk or on a telephone.
    pub fn sound(&self, base: &str, pages: &[&str]) -> Result<()> {
        let axe = axe();
        for language in ["en", "ko"] {
            self.speak(base, language)?;
            for page in pages {
                self.go(&format!("{base}{page}"))?;
                for width in [1440, 500] {
                    ensure!(!self.overflows_at(width)?, "{page} ({language}) overflows at {width}");
                }
                let complaints = self.complaints()?;
                ensure!(complaints.is_empty(), "{page} ({language}): {complaints:?}");
                if let Some(axe) = &axe {
                    let found = self.violations(axe)?;
                    ensure!(found.is_empty(), "{page} ({language}): {found:#?}");
                }
            }
        }
        Ok(())
    }

    pub fn go(&self, address: &str) -> Result<()> {
        self.ask("/url", Some(&json!({"url": address}))).map(|_| ())
    }

    /// The path and query of the page that is shown.
    pub fn path(&self) -> Result<String> {
        let url = self.ask("/url", None)?;
        let url = url.as_str().context("an address")?;
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        Ok(rest.find('/').map_or("/", |at| &rest[at..]).to_owned())
    }

    fn find(&self, css: &str) -> Result<String> {
        let wanted = json!({"using": "css selector", "value": css});
        until(css, || match self.ask("/element", Some(&wanted)) {
            Ok(found) => Ok(found[ELEMENT].as_str().map(str::to_owned)),
            Err(error) if error.to_string().contains("no such element") => Ok(None),
            Err(error) => Err(error),
        })
    }

    pub fn click(&self, css: &str) -> Result<()> {
        let id = self.find(css)?;
        // In the middle of the window: nothing of the frame lies over it.
        self.run(
            "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})",
            &json!([{ELEMENT: id}]),
        )?;
        self.ask(&format!("/element/{id}/click"), Some(&json!({}))).map(|_| ())
    }

    /// Types into a field that is emptied before.
    pub fn fill(&self, css: &str, text: &str) -> Result<()> {
        let id = self.find(css)?;
        self.ask(&format!("/element/{id}/clear"), Some(&json!({})))?;
        self.ask(&format!("/element/{id}/value"), Some(&json!({"text": text}))).map(|_| ())
    }

    /// Chooses an option of a select, by its value.
    pub fn choose(&self, css: &str, value: &str) -> Result<()> {
        self.click(&format!("{css} option[value={value:?}]"))
    }

    /// The text of an element.
    pub fn text(&self, css: &str) -> Result<String> {
        let id = self.find(css)?;
        let text = self.ask(&format!("/element/{id}/text"), None)?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until the page shows a text.
    pub fn sees(&self, text: &str) -> Result<()> {
        let shown = || self.run("return document.body.innerText", &json!([]));
        let seen = until(&format!("{text:?} on {}", self.path()?), || {
            Ok(shown()?.as_str().is_some_and(|body| body.contains(text)).then_some(()))
        });
        seen.with_context(|| shown().unwrap_or_default().to_string())
    }

    /// Runs a script in the page and gives what it returns.
    pub fn run(&self, script: &str, arguments: &Json) -> Result<Json> {
        self.ask("/execute/sync", Some(&json!({"script": script, "args": arguments})))
    }

    /// What the page complained of: broken resources, scripts, the content policy.
    pub fn complaints(&self) -> Result<Vec<String>> {
        let log = self.ask("/se/log", Some(&json!({"type": "browser"})))?;
        let severe = |entry: &&Json| entry["level"] == "SEVERE";
        let rows = log.as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(rows.iter().filter(severe).map(|entry| entry["message"].to_string()).collect())
    }

    /// Whether the page is wider than a window of this width, in pixels.
    fn overflows_at(&self, width: u32) -> Result<bool> {
        self.ask("/window/rect", Some(&json!({"width": width, "height": 900})))?;
        let over =
            self.run("return document.documentElement.scrollWidth - innerWidth", &json!([]))?;
        Ok(over.as_i64().unwrap_or(i64::MAX) > 0)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let end = self.client.delete(&self.session);
        let _ = self.runtime.block_on(async { end.send().await });
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
