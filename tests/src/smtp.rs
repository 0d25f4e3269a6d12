//! A mail server of one's own (`python3-aiosmtpd`), which really receives; its mails are read with
//! another program's parser, their signatures checked with `python3-dkim`.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value as Json;

use crate::process::run_ok;

/// The system's own Python: Debian's modules are its.
const PYTHON: &str = "/usr/bin/python3";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/smtp_sink.py");

/// A running mail server.
pub struct Sink {
    pub folder: PathBuf,
    pub port: u16,
    // Its standard input keeps the server alive.
    server: Child,
}

/// Whether the server can run here; says aloud when not.
#[must_use]
pub fn is_here() -> bool {
    let mut asked = Command::new(PYTHON);
    let here = asked.args(["-c", "import aiosmtpd, dkim"]).stderr(Stdio::null()).status();
    if here.is_ok_and(|status| status.success()) {
        return true;
    }
    eprintln!("SKIPPED ALOUD: no mail server here; install python3-aiosmtpd and python3-dkim");
    false
}

impl Sink {
    /// Starts it on a free port, in the open.
    ///
    /// # Errors
    /// When Python does not start.
    pub fn start(folder: &Path) -> Result<Self> {
        Self::start_on(folder, 0)
    }

    /// As [`Self::start`], on a port.
    ///
    /// # Errors
    /// When Python does not start, or the port is taken.
    pub fn start_on(folder: &Path, port: u16) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let mut command = Command::new(PYTHON);
        command.args([SCRIPT, "serve"]).arg(folder).env("PORT", port.to_string());
        let mut server = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(folder.join("server.log"))?)
            .spawn()
            .context("starting the mail server")?;
        let mut line = String::new();
        let output = server.stdout.take().context("the mail server's output")?;
        BufReader::new(output).read_line(&mut line)?;
        let port = line.trim().parse().with_context(|| {
            std::fs::read_to_string(folder.join("server.log")).unwrap_or_default()
        })?;
        Ok(Self { folder: folder.to_owned(), port, server })
    }

    /// Makes an authority and a certificate for `localhost`; the server then wants STARTTLS and
    /// user `carepack` with password `geheim`. The authority's file.
    ///
    /// # Errors
    /// When openssl fails.
    pub fn with_tls(folder: &Path) -> Result<PathBuf> {
        std::fs::create_dir_all(folder)?;
        let script = r#"
            set -e; cd "$1"
            openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test-ca -keyout ca.key \
                -out ca.pem
            openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout tls.key -out tls.csr
            printf 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n' > ext
            openssl x509 -req -in tls.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
                -extfile ext -out tls.pem
        "#;
        run_ok(Command::new("/bin/sh").args(["-c", script, "sh"]).arg(folder))?;
        Ok(folder.join("ca.pem"))
    }

    /// Says how recipients are treated from now on; see the script.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn treat(&self, modes: &str) -> Result<()> {
        let staged = self.folder.join("MODE.staged");
        std::fs::write(&staged, modes)?;
        Ok(std::fs::rename(staged, self.folder.join("MODE"))?)
    }

    /// Mails received, each with its envelope.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn received(&self) -> Result<Vec<(PathBuf, Json)>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.folder)?.flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|end| end == "json") {
                let Ok(envelope) = serde_json::from_str(&std::fs::read_to_string(&path)?) else {
                    continue;
                };
                found.push((path.with_extension("eml"), envelope));
            }
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(found)
    }

    /// How many mails reached an address.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn count(&self, address: &str) -> Result<usize> {
        let mails = self.received()?;
        Ok(mails.iter().filter(|(_, envelope)| envelope["to"][0] == address).count())
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// What a mail reader sees of a mail; `key` is the public half of the DKIM key, base64.
///
/// # Errors
/// What Python says.
pub fn read(mail: &Path, key: &str) -> Result<Json> {
    let text = run_ok(Command::new(PYTHON).args([SCRIPT, "read"]).arg(mail).arg(key))?;
    serde_json::from_str(&text).context("the mail reader printed no JSON")
}

/// A DKIM key: its private file (PKCS #1), and its public half for DNS.
///
/// # Errors
/// When openssl fails.
pub fn dkim_key(folder: &Path) -> Result<(PathBuf, String)> {
    let file = folder.join("dkim.pem");
    let script = r#"
        set -e
        openssl genrsa -traditional -out "$1" 2048 2>/dev/null
        openssl rsa -in "$1" -pubout -outform DER 2>/dev/null | base64 -w0
    "#;
    let key = run_ok(Command::new("/bin/sh").args(["-c", script, "sh"]).arg(&file))?;
    ensure!(key.len() > 300, "a public key");
    Ok((file, key.trim().to_owned()))
}
