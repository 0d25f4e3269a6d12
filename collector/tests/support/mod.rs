//! A PostgreSQL of the tests' own: initialised in a temporary folder, reached only through its
//! unix socket, ended with the process that started it.
//!
//! PostgreSQL refuses to run as root, so as root it runs as user `postgres`. Where the server is
//! not installed the tests that need it say so aloud and pass.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use carepack_collector::store::Store;

/// The same suite on each backend.
macro_rules! on_both {
    ($($name:ident,)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let folder = tempfile::tempdir().unwrap();
                super::$name(super::support::sqlite_in(folder.path()).await).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                if let Some(store) = super::support::fresh_postgres().await {
                    super::$name(store).await;
                }
            })*
        }
    };
}

pub fn sqlite_address(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("collector.db").display())
}

pub async fn sqlite_in(folder: &Path) -> Store {
    Store::open(&sqlite_address(folder)).await.unwrap()
}

/// Debian's package; elsewhere `postgresql-server`.
const PACKAGE: &str = "postgresql-15 (Debian) or postgresql-server (RHEL)";

/// Runs a server until its standard input ends, then removes everything.
const SCRIPT: &str = r#"
set -e
"$1/initdb" -D "$2/data" -A trust -U postgres -E UTF8 --no-sync >"$2/initdb.log" 2>&1
serve() {
    "$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c max_connections=300 \
        -c shared_buffers=32MB >>"$2/server.log" 2>&1 &
    server=$!
}
serve "$1" "$2"
echo started
while read -r word; do
    # As a power cut would: no shutdown, no checkpoint.
    kill -QUIT $server
    wait $server || true
    serve "$1" "$2"
    echo started
done
kill -INT $server
wait $server || true
rm -rf "$2"
"#;

pub struct Postgres {
    folder: PathBuf,
    // Its standard input keeps the server alive.
    script: Child,
}

impl Postgres {
    /// Starts a server; `None`, said aloud, when none is installed.
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            eprintln!("SKIPPED ALOUD: no PostgreSQL server here; install {PACKAGE}");
            return None;
        };
        let folder = tempfile::tempdir().unwrap().keep();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT, "sh"]).arg(programs).arg(&folder).current_dir("/");
        if nix::unistd::geteuid().is_root() {
            let user = nix::unistd::User::from_name("postgres").unwrap();
            let user = user.expect("the server's package makes user postgres");
            let (uid, gid) = (user.uid.as_raw(), user.gid.as_raw());
            chown(&folder, Some(uid), Some(gid)).unwrap();
            command.uid(uid).gid(gid);
        }
        let mut script = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(script.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let log = std::fs::read_to_string(folder.join("initdb.log")).unwrap_or_default();
        assert_eq!(line, "started\n", "initdb failed:\n{log}");
        // Nobody reads further; the pipe holds what the script still says.
        std::mem::forget(output);
        Some(Self { folder, script })
    }

    /// Address of one database.
    pub fn address(&self, database: &str) -> String {
        format!("host={} user=postgres dbname={database}", self.folder.display())
    }

    /// A client for the server's own database, as soon as it answers.
    pub async fn admin(&self) -> tokio_postgres::Client {
        let address = self.address("postgres");
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            match tokio_postgres::connect(&address, tokio_postgres::NoTls).await {
                Ok((client, connection)) => {
                    tokio::spawn(connection);
                    return client;
                }
                Err(error) if Instant::now() > until => panic!("no server: {error}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// Ends the server without a shutdown and starts it again.
    #[allow(dead_code, reason = "only the store's tests cut the power")]
    pub fn cut_power(&mut self) {
        use std::io::Write;
        self.script.stdin.as_mut().unwrap().write_all(b"cut\n").unwrap();
    }
}

/// One server for all tests of this process, a database cloned from one template for each.
#[allow(dead_code, reason = "not every test of this folder asks for a store")]
pub async fn fresh_postgres() -> Option<Store> {
    static SERVER: tokio::sync::OnceCell<Option<Postgres>> = tokio::sync::OnceCell::const_new();
    static TEMPLATE: tokio::sync::Mutex<bool> = tokio::sync::Mutex::const_new(false);
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let server = SERVER.get_or_init(async || Postgres::start()).await.as_ref()?;
    let admin = server.admin().await;
    let mut made = TEMPLATE.lock().await;
    if !*made {
        admin.batch_execute("CREATE DATABASE template_carepack").await.unwrap();
        Store::open(&server.address("template_carepack")).await.unwrap();
        *made = true;
    }
    let name = format!("t{}", NEXT.fetch_add(1, Ordering::SeqCst));
    let clone = format!("CREATE DATABASE {name} TEMPLATE template_carepack");
    // The template's last connection may still be closing.
    for attempt in 0.. {
        match admin.batch_execute(&clone).await {
            Ok(()) => break,
            Err(error) if attempt > 100 => panic!("{error}"),
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
        }
    }
    drop(made);
    Some(Store::open(&server.address(&name)).await.unwrap())
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        let _ = self.script.wait();
    }
}

fn programs() -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|found| found.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    folders.sort();
    folders.push(PathBuf::from("/usr/bin"));
    let sound = |folder: &PathBuf| {
        ["initdb", "postgres"].iter().all(|name| Path::new(folder).join(name).is_file())
    };
    folders.into_iter().find(sound)
}
