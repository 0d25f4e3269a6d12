//! SQLite: one writer thread with group commit, a few readers.
//!
//! The writer takes the batches that wait, runs each in a savepoint, commits them together with
//! one fsync (WAL, `synchronous=FULL`) and only then answers. Knows queries only by their text.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::error::StoreError;
use super::migrations;
use super::value::{Applied, Expect, Query, Row, Step, Value};

/// Batches that may wait for the writer; more callers wait in turn.
const QUEUE_BATCHES_MAX: usize = 1024;
/// Batches in one commit: enough that 200 clients share four fsyncs.
const COMMIT_BATCHES_MAX: usize = 64;
/// Readers: lists of the console and look-ups of the intake, both short.
const READERS: usize = 4;
/// How long another process (an operator's command beside the service) may hold the file.
const BUSY: Duration = Duration::from_secs(10);

type Answer = oneshot::Sender<Result<Applied, StoreError>>;

struct Job {
    steps: Vec<Step>,
    answer: Answer,
}

/// One SQLite file.
///
/// Dropped in the order of its fields: readers, then the queue, and the writer closes last. It
/// alone can write the log back into the file, which then says that the end was a clean one.
pub struct Sqlite {
    readers: Arc<Mutex<Vec<Connection>>>,
    free: Arc<Semaphore>,
    unhealthy: Arc<AtomicBool>,
    jobs: mpsc::Sender<Job>,
    _writer: Writer,
}

/// The writer's thread; waited for when dropped.
struct Writer(Option<JoinHandle<()>>);

impl Drop for Writer {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            let _ = thread.join();
        }
    }
}

/// What is done before a file is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// The quick check, which reads every page.
    Always,
    /// Only where the last one to use the file did not close it.
    AfterUncleanEnd,
}

impl Sqlite {
    /// Opens or creates the file, checks it, brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the quick check finds damage; nothing is repaired.
    pub async fn open(path: &Path, check: Check) -> Result<Self, StoreError> {
        let path = path.to_owned();
        let opened = tokio::task::spawn_blocking(move || open_all(&path, check));
        let OpenFile { writer, readers, held } = opened.await.map_err(|_| StoreError::Closed)??;
        let (jobs, queue) = mpsc::channel(QUEUE_BATCHES_MAX);
        let unhealthy = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&unhealthy);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                write_until_closed(&writer, queue, &seen);
                drop(writer);
                drop(held);
            })
            .map_err(|error| StoreError::Open {
                at: "writer thread".to_owned(),
                source: Arc::new(error),
            })?;
        Ok(Self {
            free: Arc::new(Semaphore::new(readers.len())),
            readers: Arc::new(Mutex::new(readers)),
            unhealthy,
            jobs,
            _writer: Writer(Some(thread)),
        })
    }

    pub fn is_healthy(&self) -> bool {
        !self.unhealthy.load(Ordering::SeqCst)
    }

    pub async fn apply(&self, steps: Vec<Step>) -> Result<Applied, StoreError> {
        let (answer, answered) = oneshot::channel();
        let sent = self.jobs.send(Job { steps, answer }).await;
        sent.map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    pub async fn query(&self, query: Query, params: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let permit = Arc::clone(&self.free).acquire_owned().await;
        let permit = permit.map_err(|_| StoreError::Closed)?;
        let readers = Arc::clone(&self.readers);
        let unhealthy = Arc::clone(&self.unhealthy);
        let read = tokio::task::spawn_blocking(move || {
            let taken = readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let reader = taken.ok_or(StoreError::Closed)?;
            let rows = read(&reader, query, &params)
                .map_err(|error| classify(query.name, error, &unhealthy));
            readers.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
            drop(permit);
            rows
        });
        read.await.map_err(|_| StoreError::Closed)?
    }
}

struct OpenFile {
    writer: Connection,
    readers: Vec<Connection>,
    /// Shared by all who have the file open; the kernel lets go of it however a process ends.
    held: File,
}

fn open_all(path: &Path, check: Check) -> Result<OpenFile, StoreError> {
    let at = || path.display().to_string();
    let open = |source| StoreError::Open { at: at(), source };
    let sql = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Corrupt { at: at(), detail: error.to_string() }
        }
        _ => open(Arc::new(error)),
    };
    let lock = beside(path, ".lock");
    let lock = File::create(lock).map_err(|error| open(Arc::new(error)))?;
    lock.lock().map_err(|error| open(Arc::new(error)))?;
    let (held, alone) = hold(path).map_err(|error| open(Arc::new(error)))?;
    // The last one to close the file removes the log.
    let unclean = alone && beside(path, "-wal").exists();
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut writer = Connection::open_with_flags(path, flags).map_err(sql)?;
    prepare(&writer).map_err(sql)?;
    if unclean || check == Check::Always {
        let verdict: String =
            writer.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(sql)?;
        if verdict != "ok" {
            return Err(StoreError::Corrupt { at: at(), detail: verdict });
        }
    }
    migrations::sqlite()
        .and_then(|steps| steps.run(&mut writer))
        .map_err(|error| StoreError::Migrate { at: at(), source: Arc::new(error) })?;
    sync_folder(path).map_err(|error| open(Arc::new(error)))?;
    let readers: Result<Vec<_>, _> = (0..READERS).map(|_| open_reader(path)).collect();
    Ok(OpenFile { writer, readers: readers.map_err(sql)?, held })
}

/// Says that the file is in use, and whether it was in nobody's before. Only who has the opener's
/// lock may ask: between the two locks nobody else comes in.
fn hold(path: &Path) -> std::io::Result<(File, bool)> {
    let held = File::create(beside(path, ".open"))?;
    let alone = match held.try_lock() {
        Ok(()) => {
            held.unlock()?;
            true
        }
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(error)) => return Err(error),
    };
    held.lock_shared()?;
    Ok((held, alone))
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)
}

fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let reader = Connection::open_with_flags(path, flags)?;
    reader.busy_timeout(BUSY)?;
    reader.pragma_update(None, "trusted_schema", false)?;
    Ok(reader)
}

/// Makes a newly created file's name durable; SQLite does so for its own journals only.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn write_until_closed(writer: &Connection, mut queue: mpsc::Receiver<Job>, unhealthy: &AtomicBool) {
    let mut jobs = Vec::with_capacity(COMMIT_BATCHES_MAX);
    while queue.blocking_recv_many(&mut jobs, COMMIT_BATCHES_MAX) > 0 {
        let (batches, answers): (Vec<_>, Vec<_>) =
            jobs.drain(..).map(|job| (job.steps, job.answer)).unzip();
        let results = if unhealthy.load(Ordering::SeqCst) {
            vec![Err(StoreError::Unhealthy); batches.len()]
        } else {
            commit_together(writer, &batches, unhealthy).unwrap_or_else(|error| {
                // Nothing of the group stands, whatever each batch met.
                if !writer.is_autocommit() && writer.execute_batch("ROLLBACK").is_err() {
                    unhealthy.store(true, Ordering::SeqCst);
                }
                vec![Err(error); batches.len()]
            })
        };
        for (answer, result) in answers.into_iter().zip(results) {
            // A caller that went away loses its answer, not its batch.
            let _ = answer.send(result);
        }
    }
}

/// One transaction for all batches: `Err` undoes all of them, an inner `Err` only its own.
fn commit_together(
    writer: &Connection,
    batches: &[Vec<Step>],
    unhealthy: &AtomicBool,
) -> Result<Vec<Result<Applied, StoreError>>, StoreError> {
    let fatal = |error| classify("commit", error, unhealthy);
    writer.execute_batch("BEGIN IMMEDIATE").map_err(fatal)?;
    let mut results = Vec::with_capacity(batches.len());
    for steps in batches {
        writer.execute_batch("SAVEPOINT batch").map_err(fatal)?;
        let result = run(writer, steps, unhealthy);
        if writer.is_autocommit() {
            // Some errors (no space, read or write error) end the whole transaction.
            return Err(result.err().unwrap_or(StoreError::Unhealthy));
        }
        if !matches!(result, Ok(Applied::Done)) {
            writer.execute_batch("ROLLBACK TO batch").map_err(fatal)?;
        }
        writer.execute_batch("RELEASE batch").map_err(fatal)?;
        if matches!(result, Err(StoreError::Unhealthy | StoreError::Full)) {
            return Err(result.err().unwrap_or(StoreError::Unhealthy));
        }
        results.push(result);
    }
    writer.execute_batch("COMMIT").map_err(fatal)?;
    Ok(results)
}

fn run(writer: &Connection, steps: &[Step], unhealthy: &AtomicBool) -> Result<Applied, StoreError> {
    for (index, step) in steps.iter().enumerate() {
        let changed = writer
            .prepare_cached(step.query.sqlite)
            .and_then(|mut statement| statement.execute(rusqlite::params_from_iter(&step.params)))
            .map_err(|error| classify(step.query.name, error, unhealthy))?;
        if step.expect == Expect::ExactlyOne && changed != 1 {
            return Ok(Applied::Unmet { step: index });
        }
    }
    Ok(Applied::Done)
}

fn read(reader: &Connection, query: Query, params: &[Value]) -> rusqlite::Result<Vec<Row>> {
    let mut statement = reader.prepare_cached(query.sqlite)?;
    let columns: Arc<[String]> = statement.column_names().into_iter().map(str::to_owned).collect();
    let mut cursor = statement.query(rusqlite::params_from_iter(params))?;
    let mut rows = Vec::new();
    while let Some(row) = cursor.next()? {
        let cells: rusqlite::Result<Vec<_>> =
            (0..columns.len()).map(|at| row.get_ref(at).map(cell)).collect();
        rows.push(Row { columns: Arc::clone(&columns), cells: cells? });
    }
    Ok(rows)
}

fn cell(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        // STRICT tables hold neither; reading one as absent makes `Row::get` name the column.
        ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => Value::Null,
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(rusqlite::types::Value::Null),
            Self::Int(value) => ToSqlOutput::from(*value),
            Self::Text(value) => ToSqlOutput::from(value.as_str()),
            Self::Id(value) => ToSqlOutput::from(value.to_string()),
            Self::Flag(value) => ToSqlOutput::from(*value),
        })
    }
}

/// The driver's error in our words; read and write errors end the store's health for good,
/// because a failed fsync may have dropped pages that the next one would not report.
fn classify(query: &'static str, error: rusqlite::Error, unhealthy: &AtomicBool) -> StoreError {
    let extended = error.sqlite_error().map_or(0, |error| error.extended_code);
    match (error.sqlite_error_code(), extended) {
        // The shared-memory file could not grow: SQLite's other word for a full disk.
        (Some(ErrorCode::DiskFull), _) | (_, ffi::SQLITE_IOERR_SHMSIZE) => StoreError::Full,
        (
            Some(ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase),
            _,
        ) => {
            tracing::error!(query, code = extended, "store.unhealthy: {error}");
            unhealthy.store(true, Ordering::SeqCst);
            StoreError::Unhealthy
        }
        (_, ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => {
            StoreError::Exists { query }
        }
        (_, ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => StoreError::Dangling { query },
        (
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly,
            ),
            _,
        ) => StoreError::Unavailable { query, source: Arc::new(error) },
        _ => StoreError::Query { query, source: Arc::new(error) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::queries;

    fn failure(code: i32) -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)
    }

    #[test]
    fn a_full_disk_passes_but_a_failed_sync_does_not() {
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_SHMSIZE] {
            let unhealthy = AtomicBool::new(false);
            assert!(matches!(classify("q", failure(code), &unhealthy), StoreError::Full));
            assert!(!unhealthy.load(Ordering::SeqCst), "{code}");
        }
        for code in [ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_CORRUPT] {
            let unhealthy = AtomicBool::new(false);
            assert!(matches!(classify("q", failure(code), &unhealthy), StoreError::Unhealthy));
            assert!(unhealthy.load(Ordering::SeqCst), "{code}");
        }
    }

    #[tokio::test]
    async fn nothing_is_written_after_a_failed_sync() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(&folder.path().join("x.db"), Check::Always).await.unwrap();
        let add = |name: &str| {
            let values = crate::store::value::values![uuid::Uuid::now_v7(), name, 1i64];
            vec![Step::one(queries::CUSTOMERS_ADD, values)]
        };
        assert_eq!(store.apply(add("a")).await.unwrap(), Applied::Done);
        let _ = classify("commit", failure(ffi::SQLITE_IOERR_FSYNC), &store.unhealthy);
        assert!(matches!(store.apply(add("b")).await, Err(StoreError::Unhealthy)));
        let rows = store.query(queries::CUSTOMERS_LIST, Vec::new()).await.unwrap();
        assert_eq!(rows.len(), 1, "reads go on, writes do not");
    }
}
