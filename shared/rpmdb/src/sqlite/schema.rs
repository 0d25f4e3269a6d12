//! The columns of a table, out of its `CREATE TABLE` statement ("Storage Of The SQL Schema").
//!
//! Only names and the one column that stands in the row id are read; types and defaults are not.

/// Most columns named; SQLite's own `SQLITE_MAX_COLUMN` as built by default.
const COLUMNS_MAX: usize = 2000;
/// Around names.
const QUOTES: [char; 5] = ['"', '`', '[', ']', '\''];
/// Words that begin a constraint of the table, which is no column.
const CONSTRAINTS: [&str; 5] = ["constraint", "primary", "unique", "foreign", "check"];

/// Names in lower case, in the order of the columns, and which of them is the row id: the column
/// declared `INTEGER PRIMARY KEY`, or `INTEGER` and alone in the table's `PRIMARY KEY`.
pub(super) fn columns(sql: &str) -> (Vec<String>, Option<usize>) {
    let bare = without_comments(sql);
    let mut names = Vec::new();
    let mut integers = Vec::new();
    let (mut row_id, mut key) = (None, None);
    for definition in definitions(&bare) {
        let lower = definition.to_lowercase();
        let mut words = lower.split_whitespace();
        let Some(first) = words.next() else { continue };
        let name = first.split('(').next().unwrap_or(first);
        if CONSTRAINTS.contains(&name) {
            key = key.or_else(|| single_key(&lower));
            continue;
        }
        if names.len() == COLUMNS_MAX {
            break;
        }
        let rest: Vec<&str> = words.take(3).collect();
        if matches!(rest[..], ["integer", "primary", key] if key.starts_with("key")) {
            row_id = Some(names.len());
        }
        integers.push(rest.first().is_some_and(|kind| *kind == "integer"));
        names.push(name.trim_matches(QUOTES).to_owned());
    }
    let by_table = || {
        let at = names.iter().position(|name| Some(name) == key.as_ref())?;
        integers[at].then_some(at)
    };
    (names.clone(), row_id.or_else(by_table))
}

/// The column of `PRIMARY KEY(id)`.
fn single_key(constraint: &str) -> Option<String> {
    let (_, rest) = constraint.split_once("primary")?;
    let inside = rest.trim_start().strip_prefix("key")?.trim_start().strip_prefix('(')?;
    let name = inside.split(')').next()?.trim().trim_matches(QUOTES);
    (!name.contains(',')).then(|| name.to_owned())
}

fn without_comments(sql: &str) -> String {
    let mut bare = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(at) = rest.find("/*").into_iter().chain(rest.find("--")).min() {
        bare.push_str(&rest[..at]);
        let end = if rest[at..].starts_with("/*") { "*/" } else { "\n" };
        rest = rest[at + 2..].split_once(end).map_or("", |(_, after)| after);
        bare.push(' ');
    }
    bare + rest
}

/// What stands between the outermost parentheses, at its commas.
fn definitions(sql: &str) -> Vec<&str> {
    let Some(start) = sql.find('(') else { return Vec::new() };
    let body = &sql[start + 1..];
    let mut found = Vec::new();
    let (mut depth, mut from) = (0_usize, 0);
    for (at, byte) in body.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 0 => {
                found.push(&body[from..at]);
                return found;
            }
            b')' => depth -= 1,
            b',' if depth == 0 => {
                found.push(&body[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    found.push(&body[from..]);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sql: &str, names: &[&str], row_id: Option<usize>) {
        let (found, id) = columns(sql);
        assert_eq!(
            (found.iter().map(String::as_str).collect::<Vec<_>>(), id),
            (names.to_vec(), row_id)
        );
    }

    #[test]
    fn names_and_the_row_id() {
        check(
            "CREATE TABLE a (\n id INTEGER PRIMARY KEY AUTOINCREMENT, /* (x, y) */\n \"When\" TEXT, -- z, q\n n NUMERIC(3,2) , CONSTRAINT u UNIQUE (a, b), FOREIGN KEY(n) REFERENCES t(id))",
            &["id", "when", "n"],
            Some(0),
        );
        check("CREATE TABLE b(x, id integer primary key)", &["x", "id"], Some(1));
        check("CREATE TABLE c(x, UNIQUE(x))", &["x"], None);
        check("CREATE TABLE c(id INTEGER, x, PRIMARY KEY (\"id\"))", &["id", "x"], Some(0));
        check("CREATE TABLE c(id TEXT, x, PRIMARY KEY(id))", &["id", "x"], None);
        check("CREATE TABLE c(a INTEGER, b INTEGER, PRIMARY KEY(a, b))", &["a", "b"], None);
    }

    #[test]
    fn bent_statements_give_what_they_have() {
        check("CREATE TABLE d", &[], None);
        check("CREATE TABLE e(a, b /* never closed", &["a", "b"], None);
        check("CREATE TABLE f((((", &[""], None);
        check("한(글, 나)", &["글", "나"], None);
    }
}
