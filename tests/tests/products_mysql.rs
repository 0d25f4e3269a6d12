//! A real MariaDB under the real agent: a fresh installation gives no danger, and faults made in it
//! are found in its assessment.
//!
//! Needs root (the option file lies below `/etc/carepack`) and MariaDB's server and client in
//! `/usr`; where one is missing the test says aloud that it is skipped.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use carepack_tests::agent::Agent;
use carepack_tests::binaries::path;
use carepack_tests::process::{Running, run, run_ok, until};
use serde_json::Value;

const SERVER: &str = "/usr/sbin/mariadbd";
const CLIENT: &str = "/usr/bin/mariadb";
const INSTALL: &str = "/usr/bin/mariadb-install-db";
const OPTION_FOLDER: &str = "/etc/carepack/mysql.d";

/// The account that the agent's catalogue asks for.
const ACCOUNT: &str = "CREATE USER 'carepack'@'localhost' IDENTIFIED BY 'Journey-1'; \
    GRANT PROCESS, REPLICATION CLIENT, REFERENCES ON *.* TO 'carepack'@'localhost'; \
    GRANT REPLICA MONITOR ON *.* TO 'carepack'@'localhost'; \
    CREATE DATABASE carepack; \
    CREATE SQL SECURITY DEFINER VIEW carepack.accounts AS SELECT user, host, plugin, \
    plugin NOT IN ('auth_socket', 'unix_socket') AND authentication_string = '' AS no_password \
    FROM mysql.user WHERE user <> 'mariadb.sys'; \
    GRANT SELECT ON carepack.accounts TO 'carepack'@'localhost'; \
    CREATE DATABASE shop; CREATE TABLE shop.orders (id TINYINT AUTO_INCREMENT PRIMARY KEY, \
    note VARCHAR(40)); INSERT INTO shop.orders (note) VALUES ('Kim Secret-Row')";

/// The option file of this run, taken away again.
struct OptionFile(PathBuf);

impl Drop for OptionFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
        // Only when nothing else is in them.
        let _ = std::fs::remove_dir(OPTION_FOLDER);
        let _ = std::fs::remove_dir("/etc/carepack");
    }
}

struct Database {
    dir: PathBuf,
    socket: PathBuf,
    port: u16,
    running: Option<Running>,
}

impl Database {
    fn install(dir: &Path) -> Result<Self> {
        let data = dir.join("data");
        std::fs::create_dir(&data)?;
        run_ok(Command::new("/usr/bin/chown").arg("mysql").arg(&data))?;
        run_ok(
            Command::new(INSTALL)
                .args(["--no-defaults", "--user=mysql", "--skip-test-db"])
                .arg(format!("--datadir={}", data.display())),
        )?;
        // A port that was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let socket = data.join("s.sock");
        Ok(Self { dir: dir.to_owned(), socket, port, running: None })
    }

    fn start(&mut self, options: &[&str]) -> Result<()> {
        let data = self.dir.join("data");
        let mut command = Command::new(SERVER);
        command
            .args(["--no-defaults", "--user=mysql", "--bind-address=127.0.0.1"])
            .arg(format!("--datadir={}", data.display()))
            .arg(format!("--socket={}", self.socket.display()))
            .arg(format!("--port={}", self.port))
            .arg(format!("--pid-file={}", data.join("p.pid").display()))
            .args(options);
        self.running = Some(Running::start("mariadbd", &mut command, &self.dir.join("log"))?);
        until("MariaDB to answer", || {
            Ok(run(self.client().args(["--execute", "SELECT 1"]))?.status.success().then_some(()))
        })
    }

    fn stop(&mut self) -> Result<()> {
        if let Some(mut running) = self.running.take() {
            running.stop()?;
        }
        Ok(())
    }

    fn client(&self) -> Command {
        let mut command = Command::new(CLIENT);
        command.args(["--no-defaults", "--user=root", "--batch"]);
        command.arg(format!("--socket={}", self.socket.display()));
        command
    }

    fn sql(&self, statements: &str) -> Result<String> {
        run_ok(self.client().args(["--execute", statements]))
    }

    fn option_file(&self) -> Result<OptionFile> {
        use std::os::unix::fs::PermissionsExt;
        std::fs::create_dir_all(OPTION_FOLDER)?;
        let file = format!("{OPTION_FOLDER}/journey-{}.cnf", std::process::id());
        let text = format!(
            "[client]\nuser=carepack\npassword=Journey-1\nsocket={}\n",
            self.socket.display()
        );
        std::fs::write(&file, text)?;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600))?;
        Ok(OptionFile(file.into()))
    }

    /// What the agent sees now, judged; and the bytes that would leave.
    fn inspect(&self) -> Result<(Value, Vec<u8>)> {
        let agent = Agent::new(&self.dir.join("agent"), "https://127.0.0.1:1", None)?;
        let document = agent.run(&["collect", "--output", "-"])?.stdout;
        ensure!(document.len() > 10_000, "the snapshot has {} bytes", document.len());
        let file = self.dir.join("snapshot.json");
        std::fs::write(&file, &document)?;
        let output = run_ok(
            Command::new(path("carepack-collector")?).arg("assess").arg(&file).arg("--json"),
        )?;
        let mut assessment: Value = serde_json::from_str(&output)?;
        Ok((assessment["hosts"][0].take(), document))
    }
}

fn able() -> bool {
    let missing = [SERVER, CLIENT, INSTALL].into_iter().find(|file| !Path::new(file).exists());
    if let Some(missing) = missing {
        println!("skipped: {missing} is not installed (package mariadb-server)");
        return false;
    }
    if !nix::unistd::geteuid().is_root() {
        println!("skipped: only root may write {OPTION_FOLDER}");
        return false;
    }
    true
}

fn verdict<'v>(host: &'v Value, rule: &str) -> &'v str {
    let findings = host["findings"].as_array().map_or(&[][..], Vec::as_slice);
    let finding = findings.iter().find(|finding| finding["rule"] == rule);
    finding.and_then(|finding| finding["verdict"].as_str()).unwrap_or("")
}

fn judged(host: &Value, expected: &[(&str, &str)]) -> Result<()> {
    for (rule, wanted) in expected {
        let got = verdict(host, rule);
        ensure!(got == *wanted, "{rule}: wanted {wanted}, got {got:?}");
    }
    Ok(())
}

#[test]
fn a_fresh_mariadb_is_in_order_and_faults_in_it_are_found() -> Result<()> {
    if !able() {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    run_ok(Command::new("/usr/bin/chmod").arg("0755").arg(folder.path()))?;
    let mut database = Database::install(folder.path())?;
    database.start(&[])?;
    database.sql(ACCOUNT)?;
    let option_file = database.option_file()?;

    let (host, document) = database.inspect()?;
    let findings = host["findings"].as_array().context("findings")?;
    let dangers: Vec<&Value> = findings
        .iter()
        .filter(|f| f["rule"].as_str().is_some_and(|rule| rule.starts_with("mysql-")))
        .filter(|f| f["verdict"] == "danger")
        .collect();
    ensure!(dangers.is_empty(), "a fresh installation is in danger: {dangers:?}");
    judged(
        &host,
        &[
            ("mysql-connections-used", "pass"),
            ("mysql-replica-stopped", "pass"),
            ("mysql-account-no-password", "pass"),
            ("mysql-table-without-key", "pass"),
            ("mysql-binlog-off", "attention"),
            ("mysql-durability-redo", "pass"),
            ("mysql-status-not-visible", "pass"),
            ("mysql-lifecycle", "pass"),
        ],
    )?;
    secrets_stay(&document)?;

    database.stop()?;
    faults(&mut database)?;
    let (host, document) = database.inspect()?;
    judged(
        &host,
        &[
            ("mysql-connections-used", "danger"),
            ("mysql-replica-stopped", "danger"),
            ("mysql-replication-log", "attention"),
            ("mysql-durability-redo", "attention"),
            ("mysql-durability-binlog", "attention"),
            ("mysql-account-no-password", "danger"),
            ("mysql-account-root-remote", "danger"),
            ("mysql-table-without-key", "attention"),
            ("mysql-auto-increment-end", "danger"),
            ("mysql-myisam-tables", "attention"),
            ("mysql-table-cache", "pass"),
        ],
    )?;
    secrets_stay(&document)?;
    database.stop()?;
    drop(option_file);
    Ok(())
}

/// Starts it with settings that lose data, exhausts its connections, breaks its replication.
fn faults(database: &mut Database) -> Result<()> {
    database.start(&[
        "--innodb-flush-log-at-trx-commit=0",
        "--log-bin",
        "--sync-binlog=0",
        "--server-id=7",
        "--max-connections=12",
        // Its own log, in the data folder: the broken replication is told there.
        "--log-error=journey.err",
    ])?;
    database.sql(
        "CREATE USER 'batch'@'%'; CREATE USER 'root'@'%' IDENTIFIED BY 'Root-Remote-1'; \
         CREATE TABLE shop.keyless (x INT) ENGINE=InnoDB; \
         CREATE TABLE shop.old (x INT PRIMARY KEY) ENGINE=MyISAM; \
         INSERT INTO shop.orders VALUES (125, 'near its end'); \
         CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=1, MASTER_USER='repl', \
         MASTER_PASSWORD='Repl-Journey-9', MASTER_USE_GTID=slave_pos; START SLAVE",
    )?;
    // The account of an application holds every slot; one more, for administrators, is kept free.
    let mut held = Vec::new();
    for _ in 0..13 {
        let mut client = Command::new(CLIENT);
        client.args(["--no-defaults", "--user=batch", "--execute", "SELECT SLEEP(60)"]);
        client.arg(format!("--socket={}", database.socket.display()));
        held.push(client.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
    }
    // A server that refuses after the greeting does not count it as an error: the most at once is
    // one above the limit then.
    let exhausted = until("all connections in use", || {
        let Ok(said) = database.sql("SHOW GLOBAL STATUS LIKE 'Max_used_connections'") else {
            return Ok(None);
        };
        let count = said.split_whitespace().last().and_then(|n| n.parse::<u32>().ok());
        Ok(count.filter(|count| *count > 12))
    });
    for mut client in held {
        let _ = client.kill();
        let _ = client.wait();
    }
    exhausted?;
    // A sleeping query outlives its client; the agent's account has no slot of its own.
    database.sql("KILL USER batch")?;
    until("free connections", || {
        let said = database.sql("SHOW GLOBAL STATUS LIKE 'Threads_connected'")?;
        let count = said.split_whitespace().last().and_then(|n| n.parse::<u32>().ok());
        Ok(count.filter(|count| *count < 6).map(drop))
    })
}

/// Neither passwords nor hashes nor rows are in the bytes that leave.
fn secrets_stay(document: &[u8]) -> Result<()> {
    let text = String::from_utf8_lossy(document);
    for secret in ["Journey-1", "Root-Remote-1", "Repl-Journey-9", "Secret-Row"] {
        ensure!(!text.contains(secret), "{secret} left the host");
    }
    ensure!(text.contains("\"mysql-server\""), "the server was not asked");
    Ok(())
}
