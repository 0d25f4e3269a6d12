//! The real httpd and the real Tomcat of this machine: their default installation is in no danger,
//! and faults made in them are found.
//!
//! Debian's packages `apache2`, `tomcat10` and a Java are used; where one is absent the test says
//! aloud that it is skipped. Instances run on loopback, on ports of their own.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use carepack_tests::agent::Agent;
use carepack_tests::binaries::path;
use carepack_tests::process::{run, until};
use serde_json::Value;

/// How long a product may take to start.
const START_MAX: Duration = Duration::from_secs(60);

/// A program of the machine, or a word that it is not there.
fn program(at: &str, package: &str) -> Option<PathBuf> {
    let found = Path::new(at);
    if !found.exists() {
        println!("skipped: no {at}; apt-get install --no-install-recommends {package}");
        return None;
    }
    // Root's files are collected only for root's instances.
    if !nix::unistd::geteuid().is_root() {
        println!("skipped: the product is started as root");
        return None;
    }
    Some(found.to_owned())
}

/// Findings of this machine whose rules begin so: rule, verdict, what is said.
fn findings(dir: &Path, prefixes: &[&str]) -> Result<Vec<(String, String, String)>> {
    let agent = Agent::new(&dir.join("agent"), "https://127.0.0.1:1", None)?;
    let snapshot = dir.join("snapshot.json");
    agent.run(&["collect", "--output", &snapshot.to_string_lossy()])?;
    let output =
        run(Command::new(path("carepack-collector")?).arg("assess").arg(&snapshot).arg("--json"))?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let assessment: Value = serde_json::from_slice(&output.stdout)?;
    let list = assessment["hosts"][0]["findings"].as_array().context("findings")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let ours = |row: &&Value| {
        let rule = text(&row["rule"]);
        prefixes.iter().any(|prefix| rule.starts_with(prefix))
    };
    let rows = list.iter().filter(ours);
    Ok(rows
        .map(|row| (text(&row["rule"]), text(&row["verdict"]), text(&row["en"]["finding"])))
        .collect())
}

/// A finding about an instance: its verdict, when its words name the place.
fn verdict<'f>(found: &'f [(String, String, String)], rule: &str, place: &str) -> &'f str {
    let one = found.iter().find(|(id, _, said)| id == rule && said.contains(place));
    one.map_or("-", |(_, verdict, _)| verdict.as_str())
}

/// A product that ends with the test.
struct Running(Child);

impl Drop for Running {
    /// Asked to end, it ends its workers too; killed at once, they would outlive it.
    fn drop(&mut self) {
        const END_MAX: Duration = Duration::from_secs(20);
        let pid = nix::unistd::Pid::from_raw(self.0.id().cast_signed());
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
        let started = Instant::now();
        while started.elapsed() < END_MAX && matches!(self.0.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(command: &mut Command) -> Result<Running> {
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    Ok(Running(child.context("starting the product")?))
}

fn wait_for(port: u16) -> Result<()> {
    let started = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        ensure!(started.elapsed() < START_MAX, "nothing listens on {port}");
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Asks for a page and waits for the whole answer.
fn request(port: u16, page: &str) -> Result<()> {
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port))?;
    write!(stream, "GET {page} HTTP/1.0\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    ensure!(!answer.is_empty(), "{page}: no answer");
    Ok(())
}

#[test]
fn a_real_httpd_with_wrong_limits_is_found_and_the_default_is_in_no_danger() -> Result<()> {
    let Some(httpd) = program("/usr/sbin/apache2", "apache2") else { return Ok(()) };
    let dir = tempfile::tempdir()?;
    let root = dir.path().join("web");
    std::fs::create_dir_all(root.join("conf"))?;
    let port = free_port()?;
    let modules = "/usr/lib/apache2/modules";
    let config = format!(
        "ServerRoot {root}\nServerName localhost\nListen 127.0.0.1:{port}\nPidFile {root}/pid\n\
         ErrorLog {root}/error.log\nMutex file:{root}\nDefaultRuntimeDir {root}\n\
         LoadModule mpm_event_module {modules}/mod_mpm_event.so\n\
         LoadModule authz_core_module {modules}/mod_authz_core.so\n\
         LoadModule proxy_module {modules}/mod_proxy.so\n\
         LoadModule proxy_http_module {modules}/mod_proxy_http.so\n\
         LoadModule status_module {modules}/mod_status.so\n\
         User www-data\nGroup www-data\nInclude conf/more.conf\n",
        root = root.display()
    );
    std::fs::write(root.join("conf/httpd.conf"), config)?;
    let more = "Timeout 900\nMaxRequestWorkers 4000\nThreadsPerChild 25\nServerLimit 16\n\
        ProxyPass /app http://127.0.0.1:18080/ timeout=1200\n\
        <Location /server-status>\nSetHandler server-status\n</Location>\n";
    std::fs::write(root.join("conf/more.conf"), more)?;
    let main = root.join("conf/httpd.conf");
    let _running =
        start(Command::new(httpd).arg("-d").arg(&root).arg("-f").arg(&main).arg("-DFOREGROUND"))?;
    wait_for(port)?;
    // Nothing listens behind it: each request is an error of its own in its log.
    for _ in 0..6 {
        request(port, "/app/")?;
    }
    let found = findings(dir.path(), &["httpd-"])?;
    for (rule, place) in [
        ("httpd-timeout-long", "900s"),
        ("httpd-backend-timeout", "127.0.0.1:18080 1200s"),
        ("httpd-status-open", "/server-status"),
        ("httpd-workers-cut", "4000"),
        ("httpd-backend-failed-log", "httpd: [proxy"),
    ] {
        ensure!(verdict(&found, rule, place) == "attention", "{rule}: {found:#?}");
    }
    // Debian's own files stand beside it, as they were installed.
    let danger: Vec<_> = found.iter().filter(|(_, verdict, _)| verdict == "danger").collect();
    ensure!(danger.is_empty(), "{danger:#?}");
    Ok(())
}

#[test]
fn a_real_tomcat_with_wrong_timeouts_is_found_and_the_default_is_in_no_danger() -> Result<()> {
    let home = "/usr/share/tomcat10";
    let Some(script) = program("/usr/share/tomcat10/bin/catalina.sh", "tomcat10") else {
        return Ok(());
    };
    if program("/usr/bin/java", "default-jre-headless").is_none() {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let base = dir.path().join("base");
    for folder in ["conf", "logs", "temp", "webapps", "work"] {
        std::fs::create_dir_all(base.join(folder))?;
    }
    for entry in std::fs::read_dir("/etc/tomcat10")?.flatten() {
        if entry.file_type()?.is_file() {
            std::fs::copy(entry.path(), base.join("conf").join(entry.file_name()))?;
        }
    }
    let file = base.join("conf/server.xml");
    let default = std::fs::read_to_string(&file)?;
    let port = free_port()?;
    let changed = default
        .replacen("port=\"8005\"", "port=\"-1\"", 1)
        .replacen("port=\"8080\"", &format!("port=\"{port}\" address=\"127.0.0.1\""), 1)
        .replacen("connectionTimeout=\"20000\"", "connectionTimeout=\"-1\" maxThreads=\"4\"", 1);
    ensure!(changed != default, "the default server.xml has another form");
    std::fs::write(&file, changed)?;
    std::fs::create_dir_all(base.join("webapps/leak"))?;
    std::fs::write(base.join("webapps/leak/index.jsp"), LEAK)?;
    let dumps = dir.path().join("dumps");
    std::fs::create_dir(&dumps)?;
    let options = format!(
        "-Xms64m -Xmx64m -XX:+HeapDumpOnOutOfMemoryError -XX:HeapDumpPath={}",
        dumps.display()
    );
    // An application whose listener is missing does not start, and its log says so.
    let broken = base.join("webapps/broken/WEB-INF");
    std::fs::create_dir_all(&broken)?;
    let listener =
        "<web-app><listener><listener-class>absent.Listener</listener-class></listener></web-app>";
    std::fs::write(broken.join("web.xml"), listener)?;
    let running = start(
        Command::new(script)
            .arg("run")
            .env("CATALINA_HOME", home)
            .env("CATALINA_BASE", &base)
            .env("CATALINA_OPTS", options),
    )?;
    wait_for(port)?;
    let told = || {
        let logs = std::fs::read_dir(base.join("logs"))?.flatten();
        let texts = logs.filter_map(|entry| std::fs::read_to_string(entry.path()).ok());
        Ok(texts.into_iter().any(|text| text.contains("startup failed")).then_some(()))
    };
    until("the log to tell of the application", told)?;
    let found = findings(dir.path(), &["tomcat-", "jdk-heap-"])?;
    ensure!(verdict(&found, "tomcat-start-failed-log", "tomcat: ") == "attention", "{found:#?}");
    let place = base.to_string_lossy();
    ensure!(verdict(&found, "jdk-heap-small", &place) == "attention", "{found:#?}");
    for rule in ["tomcat-connection-timeout", "tomcat-threads-low", "tomcat-gc-log"] {
        ensure!(verdict(&found, rule, &place) == "attention", "{rule}: {found:#?}");
    }
    // It runs as root here, by the test's own doing; nothing else is in danger, here or in the
    // package's own instance.
    let danger: Vec<_> = found
        .iter()
        .filter(|(rule, verdict, _)| verdict == "danger" && rule != "tomcat-root-user")
        .collect();
    ensure!(danger.is_empty(), "{danger:#?}");
    ensure!(verdict(&found, "tomcat-root-user", &place) == "danger", "{found:#?}");

    fill(port)?;
    let dump = dumps.join(format!("java_pid{}.hprof", running.0.id()));
    ensure!(dump.exists(), "no {}", dump.display());
    let found = findings(dir.path(), &["jdk-heap-"])?;
    ensure!(verdict(&found, "jdk-heap-small", &place) == "danger", "{found:#?}");
    let place = dump.to_string_lossy();
    ensure!(verdict(&found, "jdk-heap-dumps-left", &place) == "attention", "{found:#?}");
    Ok(())
}

/// A page that keeps what it allocates for as long as it is answered.
const LEAK: &str = "<%@ page session=\"false\" %><%\n\
    java.util.List<byte[]> kept = new java.util.ArrayList<>();\n\
    while (kept.size() >= 0) { kept.add(new byte[1 << 20]); }\n%>\n";

/// Asks for the page that fills the heap; the answer comes once the machine has written its dump.
fn fill(port: u16) -> Result<()> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(START_MAX))?;
    stream.write_all(b"GET /leak/index.jsp HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).context("the page that fills the heap")?;
    let status = answer.lines().next().unwrap_or_default();
    ensure!(status.contains(" 500 ") && answer.contains("OutOfMemoryError"), "{answer}");
    Ok(())
}

/// The facts of a recorded host as its agent would tell them.
fn recorded(dir: &Path, name: &str) -> Result<carepack_facts::Facts> {
    let host = carepack_tests::recorded::ALL.iter().find(|host| host.name == name);
    let host = host.with_context(|| format!("no recorded host {name}"))?;
    let agent = Agent::new(&dir.join(name), "https://127.0.0.1:1", Some(host))?;
    let document = agent.run(&["collect", "--output", "-"])?.stdout;
    Ok(carepack_facts::derive(&carepack_shared::Snapshot::from_document(&document)?))
}

#[test]
fn the_recorded_web_server_calls_the_recorded_application_server() -> Result<()> {
    use carepack_assessment::topology::{Corrections, Kind, Node, discover};
    let dir = tempfile::tempdir()?;
    let (web, app) = (recorded(dir.path(), "rhel9-web")?, recorded(dir.path(), "rhel8-app")?);
    let nodes = [Node { name: "web", facts: &web }, Node { name: "app", facts: &app }];
    let groups = discover(&nodes, &Corrections::default());
    let tier = groups.iter().find(|group| group.kind == Kind::WebApp).context("no tier")?;
    ensure!(tier.name == "web → app", "{}", tier.name);
    let entry = &tier.entries[0];
    ensure!(entry["from"]["timeout_s"] == 30 && entry["from"]["route"] == "app01", "{entry}");
    ensure!(entry["to"]["max_threads"] == 250 && entry["to"]["kind"] == "http", "{entry}");
    Ok(())
}
