//! The way to the collector through proxies and over IPv6, with real sockets: a proxy that wants a
//! password, one that speaks TLS with a CA of its own, and what `doctor` says when either fails.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use carepack_tests::agent::Agent;
use carepack_tests::binaries;
use carepack_tests::collector::Collector;
use carepack_tests::process::{Running, run_ok, until};
use carepack_tests::recorded;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::Value as Json;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

const USER: &str = "svc-carepack";
const PASSWORD: &str = "Zq9-Proxy:비밀";

/// A CONNECT proxy on loopback; what it was asked for, a line a request.
struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    _runtime: Runtime,
}

/// How it answers.
#[derive(Clone, Default)]
struct Manner {
    wants_login: bool,
    refuses: bool,
    tls: Option<TlsAcceptor>,
    /// Where every tunnel ends, whatever was asked for.
    instead: Option<SocketAddr>,
}

impl Proxy {
    fn start(listen: &str, manner: Manner) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .context("a runtime")?;
        let listener = runtime.block_on(TcpListener::bind(listen))?;
        let address = listener.local_addr()?;
        let asked = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&asked);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (manner, told) = (manner.clone(), Arc::clone(&told));
                tokio::spawn(async move {
                    let _ = match manner.tls.clone() {
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => serve(stream, &manner, &told).await,
                            Err(error) => Err(error.into()),
                        },
                        None => serve(stream, &manner, &told).await,
                    };
                });
            }
        });
        Ok(Self { address, asked, _runtime: runtime })
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("the proxy's list").clone()
    }
}

async fn serve<S>(stream: S, manner: &Manner, asked: &Mutex<Vec<String>>) -> Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut stream = BufReader::new(stream);
    let (mut request, mut login) = (String::new(), false);
    if stream.read_line(&mut request).await? == 0 {
        // `doctor` looks whether anybody listens, and says nothing.
        return Ok(());
    }
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        if line.trim().is_empty() {
            break;
        }
        let basic = format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")));
        let (name, value) = line.split_once(':').unwrap_or_default();
        login |= name.eq_ignore_ascii_case("proxy-authorization") && value.trim() == basic;
    }
    asked.lock().expect("the proxy's list").push(request.trim().to_owned());
    let refusal = if manner.wants_login && !login {
        "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"p\""
    } else {
        "403 Forbidden"
    };
    if (manner.wants_login && !login) || manner.refuses {
        let answer = format!("HTTP/1.1 {refusal}\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).await?;
        return Ok(stream.shutdown().await?);
    }
    let target = request.split_whitespace().nth(1).context("a target")?.to_owned();
    let mut onward = match manner.instead {
        Some(address) => TcpStream::connect(address).await?,
        None => TcpStream::connect(target).await?,
    };
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    tokio::io::copy_bidirectional(&mut stream, &mut onward).await?;
    Ok(())
}

/// A CA, and TLS with a certificate of it for `name`.
fn tls(name: &str) -> Result<(String, TlsAcceptor)> {
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate()?;
    let ca_pem = ca.self_signed(&ca_key)?.pem();
    let key = KeyPair::generate()?;
    let certificate =
        CertificateParams::new(vec![name.to_owned()])?.signed_by(&key, &Issuer::new(ca, ca_key))?;
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.into())?;
    Ok((ca_pem, TlsAcceptor::from(Arc::new(config))))
}

/// `[proxy]` of an agent.
fn through(agent: &Agent, keys: &[(&str, &str)]) -> Result<()> {
    let table: toml::Table =
        keys.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect();
    agent.set("proxy", table)
}

/// The step that fails by `doctor --json`, its way out, and the exit code.
fn failing(agent: &Agent) -> Result<(String, String, Option<i32>)> {
    let output = agent.run(&["doctor", "--json"])?;
    let steps: Vec<Json> = serde_json::from_slice(&output.stdout).context("doctor's JSON")?;
    let last = steps.last().context("a step")?;
    let text = |key: &str| last[key].as_str().unwrap_or_default().to_owned();
    let step = if last["ok"] == true { String::new() } else { text("step") };
    Ok((step, format!("{} {}", text("said"), text("way_out")), output.status.code()))
}

fn secret(folder: &Path, password: &str, mode: u32) -> Result<String> {
    let file = folder.join("proxy.secret");
    std::fs::write(&file, format!("{password}\n"))?;
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode))?;
    Ok(file.to_string_lossy().into_owned())
}

/// A serving collector and an agent that is not enrolled yet.
fn pair(dir: &Path, init: &[&str]) -> Result<(Collector, Agent)> {
    let mut collector = Collector { data: dir.join("c"), serving: None };
    run_ok(collector.command()?.args(["init", "--poll-seconds", "5"]).args(init))?;
    collector.contract("한빛정보", "h", &[])?;
    let url = format!("https://{}", collector.serve()?.agents);
    let agent = Agent::new(&dir.join("a"), &url, Some(&recorded::ALL[0]))?;
    Ok((collector, agent))
}

#[test]
fn a_proxy_with_a_password_and_what_doctor_says_of_it() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (collector, mut agent) = pair(dir.path(), &[])?;
    let proxy = Proxy::start("127.0.0.1:0", Manner { wants_login: true, ..Manner::default() })?;
    let url = format!("http://{}", proxy.address);
    let file = secret(dir.path(), PASSWORD, 0o600)?;
    let login = [("url", url.as_str()), ("user", USER), ("password_file", file.as_str())];

    through(&agent, &login[..1])?;
    let token = collector.token("h", &[])?;
    let refused = agent.enrol_output(&token)?;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    ensure!(refused.status.code() == Some(4) && said.contains("proxy.user"), "{said}");
    through(&agent, &login)?;
    agent.enrol(&token)?;
    ensure!(failing(&agent)?.0.is_empty(), "{:?}", failing(&agent)?);

    through(&agent, &login[..1])?;
    let (step, said, exit) = failing(&agent)?;
    ensure!(step == "proxy" && exit == Some(4), "{step} {exit:?}");
    ensure!(said.contains("407") && said.contains("set proxy.user and proxy.password_file"));
    secret(dir.path(), "another", 0o600)?;
    through(&agent, &login)?;
    let (step, said, _) = failing(&agent)?;
    ensure!(step == "proxy" && said.contains("check proxy.user"), "{step} {said}");
    secret(dir.path(), PASSWORD, 0o644)?;
    let (step, said, exit) = failing(&agent)?;
    ensure!(step == "proxy" && exit == Some(78), "{step} {exit:?}");
    ensure!(said.contains("read by everybody"), "{said}");
    secret(dir.path(), PASSWORD, 0o600)?;
    through(&agent, &[("url", &format!("http://{USER}:{PASSWORD}@127.0.0.1:1"))])?;
    ensure!(agent.run(&["config", "check"])?.status.code() == Some(78), "a secret in the address");

    // The whole service through it: a snapshot arrives, and the proxy saw nothing but CONNECT.
    through(&agent, &login)?;
    agent.run(&["collect"])?;
    agent.start()?;
    until("the snapshot to arrive", || Ok((collector.snapshots()? > 0).then_some(())))?;
    let asked = proxy.asked();
    ensure!(asked.iter().all(|line| line.starts_with("CONNECT 127.0.0.1:")), "{asked:?}");
    let pid = agent.process().context("a process")?.pid();
    for name in ["cmdline", "environ"] {
        let bytes = std::fs::read(format!("/proc/{pid}/{name}"))?;
        ensure!(!String::from_utf8_lossy(&bytes).contains("Zq9-Proxy"), "the password in {name}");
    }
    Ok(())
}

#[test]
fn a_proxy_that_refuses_and_one_that_is_gone() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (collector, agent) = pair(dir.path(), &[])?;
    agent.enrol(&collector.token("h", &[])?)?;
    let proxy = Proxy::start("127.0.0.1:0", Manner { refuses: true, ..Manner::default() })?;
    let url = format!("http://{}", proxy.address);
    through(&agent, &[("url", &url)])?;
    let (step, said, exit) = failing(&agent)?;
    ensure!(step == "proxy" && exit == Some(4), "{step} {exit:?}");
    ensure!(said.contains("allow CONNECT"), "{said}");

    let before = proxy.asked().len();
    let mut table = toml::Table::new();
    table.insert("url".into(), url.into());
    table.insert("no_proxy".into(), vec!["127.0.0.0/8"].into());
    agent.set("proxy", table)?;
    ensure!(failing(&agent)?.0.is_empty(), "{:?}", failing(&agent)?);
    ensure!(proxy.asked().len() == before, "the collector is named in no_proxy");

    drop(proxy);
    through(&agent, &[("url", "http://127.0.0.1:1")])?;
    let (step, said, exit) = failing(&agent)?;
    ensure!(step == "TCP" && exit == Some(4) && said.contains("127.0.0.1:1"), "{step} {said}");
    through(&agent, &[("url", "http://no-such-proxy.invalid:3128")])?;
    ensure!(failing(&agent)?.0 == "DNS");
    Ok(())
}

#[test]
fn a_proxy_over_tls_is_known_by_its_own_ca_which_vouches_for_nobody_else() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (collector, agent) = pair(dir.path(), &[])?;
    let (ca, acceptor) = tls("localhost")?;
    let manner = Manner { tls: Some(acceptor), ..Manner::default() };
    let proxy = Proxy::start("127.0.0.1:0", manner.clone())?;
    let file = dir.path().join("proxy-ca.pem");
    std::fs::write(&file, &ca)?;
    let file = file.to_string_lossy();
    let url = format!("https://localhost:{}", proxy.address.port());
    through(&agent, &[("url", &url)])?;
    ensure!(agent.run(&["config", "check"])?.status.code() == Some(78), "no CA is named");
    through(&agent, &[("url", &url), ("ca_file", &file)])?;
    agent.enrol(&collector.token("h", &[])?)?;
    ensure!(failing(&agent)?.0.is_empty(), "{:?}", failing(&agent)?);
    ensure!(proxy.asked().len() >= 2);

    // Another CA: the proxy is not believed.
    let (stranger, _) = tls("localhost")?;
    std::fs::write(&*file, stranger)?;
    ensure!(failing(&agent)?.0 == "TLS", "{:?}", failing(&agent)?);
    std::fs::write(&*file, &ca)?;
    // A collector of the proxy's CA behind the proxy: the enrolment's root alone counts.
    let false_one = Proxy::start("127.0.0.1:0", manner.clone())?;
    let bent = Proxy::start("127.0.0.1:0", Manner { instead: Some(false_one.address), ..manner })?;
    let url = format!("https://localhost:{}", bent.address.port());
    through(&agent, &[("url", &url), ("ca_file", &file)])?;
    let (step, said, _) = failing(&agent)?;
    ensure!(step == "TLS" && false_one.asked().is_empty(), "{step} {said}");
    Ok(())
}

#[test]
fn ipv6_by_address_by_name_and_through_a_proxy() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let names =
        ["--agents-listen", "[::1]:0", "--public-name", "::1", "--public-name", "six.example"];
    let (collector, agent) = pair(dir.path(), &names)?;
    agent.enrol(&collector.token("h", &[])?)?;
    ensure!(failing(&agent)?.0.is_empty(), "{:?}", failing(&agent)?);
    let told = agent.run_ok(&["doctor"])?;
    ensure!(told.contains("[::1]:"), "{told}");

    let address: SocketAddr = {
        let text = std::fs::read_to_string(collector.data.join("run/addresses.json"))?;
        let told: Json = serde_json::from_str(&text)?;
        told["agents"].as_str().context("an address")?.parse()?
    };
    let manner = Manner { instead: Some(address), ..Manner::default() };
    let proxy = Proxy::start("[::1]:0", manner)?;
    through(&agent, &[("url", &format!("http://{}", proxy.address))])?;
    let (step, said, exit) = failing(&agent)?;
    ensure!(step == "proxy" && exit == Some(78), "{step} {exit:?}");
    ensure!(said.contains("proxy.no_proxy"), "{said}");
    agent.set("server", format!("https://six.example:{}", address.port()))?;
    ensure!(failing(&agent)?.0.is_empty(), "{:?}", failing(&agent)?);
    let asked = proxy.asked();
    ensure!(asked.iter().all(|line| line.starts_with("CONNECT six.example:")), "{asked:?}");

    // By a name that has an IPv6 address alone, with no proxy: a hosts file of its own.
    through(&agent, &[])?;
    let hosts = dir.path().join("hosts");
    std::fs::write(&hosts, "::1 six.example\n")?;
    let script = "mount --bind \"$0\" /etc/hosts && exec \"$@\"";
    let mut inside = std::process::Command::new("unshare");
    inside.args(["--mount", "--map-root-user", "sh", "-c", script]).arg(&hosts);
    let command = agent.command()?;
    inside.arg(command.get_program()).args(command.get_args()).arg("doctor");
    let told = run_ok(&mut inside)?;
    ensure!(told.contains("ok   TCP            [::1]:"), "{told}");
    Ok(())
}

/// Starts a relay to `to`; its address.
fn relay(dir: &Path, to: &str, allow: &str) -> Result<(Running, SocketAddr)> {
    let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let config = dir.join(format!("relay-{}.toml", address.port()));
    let text = format!(
        "[relay]\nlisten = \"{address}\"\nto = \"{to}\"\nallow = [\"{allow}\"]\nconnections_max = 4\n"
    );
    std::fs::write(&config, text)?;
    let mut command = std::process::Command::new(binaries::path("carepack-agent")?);
    command.arg("--config").arg(&config).arg("relay");
    let mut running =
        Running::start("carepack-agent relay", &mut command, &config.with_extension("log"))?;
    until("the relay to listen", || {
        ensure!(running.is_alive(), "{}", running.tail());
        Ok(running.tail().contains("relay.ready").then_some(()))
    })?;
    Ok((running, address))
}

/// What a relay answers to a request.
fn said(address: SocketAddr, request: &[u8]) -> Result<String> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address)?;
    stream.set_read_timeout(Some(std::time::Duration::from_secs(20)))?;
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[test]
fn a_relay_passes_to_one_place_and_what_waits_is_sent_when_it_is_back() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (collector, mut agent) = pair(dir.path(), &[])?;
    let text = std::fs::read_to_string(collector.data.join("run/addresses.json"))?;
    let told: Json = serde_json::from_str(&text)?;
    let to = told["agents"].as_str().context("an address")?.to_owned();
    let (mut running, address) = relay(dir.path(), &to, "127.0.0.0/8")?;
    through(&agent, &[("url", &format!("http://{address}"))])?;
    agent.enrol(&collector.token("h", &[])?)?;
    ensure!(failing(&agent)?.0.is_empty(), "{:?}", failing(&agent)?);

    for (request, status) in [
        ("CONNECT 127.0.0.1:22 HTTP/1.1\r\n\r\n".to_owned(), "HTTP/1.1 403"),
        (format!("GET http://{to}/ HTTP/1.1\r\n\r\n"), "HTTP/1.1 400"),
        (format!("CONNECT {to} HTTP/1.1 x\r\n\r\n"), "HTTP/1.1 400"),
        ("a".repeat(100_000), "HTTP/1.1 400"),
    ] {
        let answer = said(address, request.as_bytes())?;
        // A flood is cut off before its refusal can be read.
        let cut = request.len() > 4096 && answer.is_empty();
        ensure!(cut || answer.starts_with(status), "{request:.40}: {answer}");
    }
    // Those who hold every place hold it for ten seconds at most.
    let held: Vec<_> = (0..8).map(|_| std::net::TcpStream::connect(address)).collect();
    until("a place", || Ok(failing(&agent)?.0.is_empty().then_some(())))?;
    drop(held);
    let (_other, closed) = relay(dir.path(), &to, "10.0.0.0/8")?;
    ensure!(said(closed, format!("CONNECT {to} HTTP/1.1\r\n\r\n").as_bytes())?.is_empty());

    // The relay is away: snapshots wait on the host, and go when it is back.
    running.kill_9();
    agent.run(&["collect"])?;
    agent.start()?;
    until("the failure", || Ok((agent.status()?["last_error"].is_object()).then_some(())))?;
    ensure!(collector.snapshots()? == 0 && agent.status()?["spooled"].as_u64() > Some(0));
    let config = dir.path().join(format!("relay-{}.toml", address.port()));
    let mut command = std::process::Command::new(binaries::path("carepack-agent")?);
    command.arg("--config").arg(&config).arg("relay");
    let mut again =
        Running::start("carepack-agent relay", &mut command, &config.with_extension("log"))?;
    until("the snapshot through the relay", || Ok((collector.snapshots()? > 0).then_some(())))?;
    ensure!(again.tail().contains("relay.passed"), "{}", again.tail());
    ensure!(again.stop()? == Some(0));
    Ok(())
}
