//! SQLite's own files against our reading of them: values, overflow pages, the write-ahead log.

use carepack_rpmdb::Error;
use carepack_rpmdb::sqlite::{Database, Value};

fn rows(file: &[u8], wal: Option<&[u8]>, table: &str) -> Result<Vec<(i64, String)>, Error> {
    let (file, wal) = (file.to_vec(), wal.map(<[u8]>::to_vec));
    let database = Database::open(&file, wal.as_ref().map(|wal| wal as _))?;
    let Some(table) = database.table(table)? else { return Ok(Vec::new()) };
    let mut rows = Vec::new();
    database.rows(&table, &mut |id, columns| {
        let text = |value: &Value<'_>| match value {
            Value::Text(text) => format!("'{}'", String::from_utf8_lossy(text)),
            Value::Blob(blob) => format!("{}:{:?}", blob.len(), blob.last()),
            other => format!("{other:?}"),
        };
        rows.push((id, columns.iter().map(text).collect::<Vec<_>>().join(" ")));
        Ok(())
    })?;
    Ok(rows)
}

/// A table of many pages, with long rows, and what has to be read of it.
fn made(folder: &std::path::Path) -> (rusqlite::Connection, Vec<(i64, String)>) {
    let connection = rusqlite::Connection::open(folder.join("a.sqlite")).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE Other(x UNIQUE); CREATE TABLE T(id INTEGER PRIMARY KEY, i, r, t, b)",
        )
        .unwrap();
    let mut expected = Vec::new();
    for n in 0..300_i64 {
        let id = n * 70_000_001 - 9;
        let i = [0, 1, -1, 127, -129, 40_000, -9_000_000, 1 << 40, i64::MIN, i64::MAX]
            [usize::try_from(n % 10).unwrap()];
        let blob = vec![7_u8; usize::try_from(n * n).unwrap()];
        let sql = "INSERT INTO T VALUES(?1, ?2, 1.5, ?3, ?4)";
        connection.execute(sql, (id, i, format!("t{n}"), &blob)).unwrap();
        let blob = format!("{}:{:?}", blob.len(), blob.last());
        expected.push((id, format!("Null Int({i}) Real(1.5) 't{n}' {blob}")));
    }
    (connection, expected)
}

#[test]
fn every_value_and_every_length() {
    let folder = tempfile::tempdir().unwrap();
    let (connection, expected) = made(folder.path());
    drop(connection);
    let file = std::fs::read(folder.path().join("a.sqlite")).unwrap();
    assert_eq!(rows(&file, None, "t").unwrap(), expected);
    assert_eq!(rows(&file, None, "none").unwrap(), []);
}

#[test]
fn the_log_lies_over_the_file_up_to_the_last_whole_commit() {
    let folder = tempfile::tempdir().unwrap();
    let (connection, mut expected) = made(folder.path());
    connection.pragma_update(None, "journal_mode", "wal").unwrap();
    connection.execute("DELETE FROM T WHERE id < 0", ()).unwrap();
    expected.remove(0);
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let one = read("a.sqlite-wal");
    connection.execute("DELETE FROM T WHERE id > 1000000", ()).unwrap();
    let (file, two) = (read("a.sqlite"), read("a.sqlite-wal"));
    assert_eq!(rows(&file, Some(&one), "T").unwrap(), expected);
    assert_eq!(rows(&file, Some(&two), "T").unwrap(), []);
    // A second commit that is cut or bent has not happened.
    assert_eq!(rows(&file, Some(&two[..two.len() - 1]), "T").unwrap(), expected);
    let mut bent = two.clone();
    *bent.last_mut().unwrap() ^= 1;
    assert_eq!(rows(&file, Some(&bent), "T").unwrap(), expected);
}

#[test]
fn cuts_and_flips_are_errors_or_rows_but_never_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let connection = rusqlite::Connection::open(folder.path().join("a.sqlite")).unwrap();
    connection.execute_batch("CREATE TABLE T(id INTEGER PRIMARY KEY, b); INSERT INTO T VALUES(1, zeroblob(9000)), (2, 'x')").unwrap();
    drop(connection);
    let file = std::fs::read(folder.path().join("a.sqlite")).unwrap();
    for end in (0..file.len()).step_by(7) {
        assert!(rows(&file[..end], None, "T").is_err(), "cut at {end}");
    }
    for at in 0..file.len() {
        let mut bent = file.clone();
        bent[at] ^= 0xff;
        let _ = rows(&bent, None, "T");
    }
}
