//! Option files of MySQL and MariaDB (`my.cnf`): groups, options, and the files that they include.
//!
//! ```text
//! [mysqld]
//! innodb-buffer-pool-size = 8G
//! !includedir /etc/my.cnf.d
//! ```
//! It knows the syntax alone ("Using Option Files" of both manuals): neither defaults nor what an
//! option means. Files come through [`Source`]: the agent reads a host, a parser reads evidence.

use std::collections::{BTreeMap, BTreeSet};

/// Files that servers read without being told, in their order.
pub const DEFAULT_FILES: [&str; 2] = ["/etc/my.cnf", "/etc/mysql/my.cnf"];
/// Most files read for one server.
pub const FILES_MAX: usize = 100;
/// Includes inside includes; the servers themselves stop at 10.
const DEPTH_MAX: usize = 10;
/// Most lines that include something, in all files together.
const INCLUDES_MAX: usize = 200;
/// Most options kept: a full file has some two hundred.
const OPTIONS_MAX: usize = 5_000;
/// Longest value kept, in bytes.
const VALUE_BYTES_MAX: usize = 1_000;

/// Where files come from.
pub struct Source<'a> {
    /// A file's text; none when it cannot be had.
    pub text: &'a dyn Fn(&str) -> Option<String>,
    /// The names of a folder's files, sorted.
    pub names: &'a dyn Fn(&str) -> Vec<String>,
}

/// One option as it stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub file: String,
    /// Counted from 1; 0 for the command line.
    pub line: usize,
    pub group: String,
    /// Lower case with `_` for `-`, without `loose_`; `skip_`, `enable_` and `disable_` kept.
    pub name: String,
    /// Empty for an option that stands alone, which turns it on.
    pub value: String,
    /// `loose-`: a server that does not know it goes on.
    pub loose: bool,
}

/// What was read, in the order of reading.
#[derive(Default)]
pub struct Walked {
    pub files: Vec<String>,
    pub settings: Vec<Setting>,
    includes: usize,
}

/// One server's options: the last one of a name stands, the command line after all files.
#[derive(Default)]
pub struct Server {
    pub files: Vec<String>,
    pub options: BTreeMap<String, Setting>,
}

impl Server {
    /// The value of an option; none where no file and no argument names it.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(|setting| setting.value.as_str())
    }

    /// The folder of its tables; both products' packages build with this one.
    #[must_use]
    pub fn datadir(&self) -> &str {
        let told = self.value("datadir").map(|dir| dir.trim_end_matches('/'));
        told.filter(|dir| dir.starts_with('/')).unwrap_or("/var/lib/mysql")
    }

    /// A path that an option names, below the data folder unless it is absolute.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<String> {
        let value = self.value(name).filter(|value| !value.is_empty())?;
        let below = || format!("{}/{}", self.datadir(), value.trim_start_matches("./"));
        Some(if value.starts_with('/') { value.to_owned() } else { below() })
    }
}

/// The options of the server with this command line (the program first; alone when it does not
/// run) and, where it is known, this version.
#[must_use]
pub fn server(argv: &[String], version: &str, source: &Source<'_>) -> Server {
    let told = |prefix: &str| argv.iter().find_map(|word| word.strip_prefix(prefix));
    let files = match told("--defaults-file=") {
        Some(file) => vec![file.to_owned()],
        None => {
            let extra = told("--defaults-extra-file=");
            DEFAULT_FILES.into_iter().chain(extra).map(str::to_owned).collect()
        }
    };
    let none = argv.iter().any(|word| word == "--no-defaults");
    let walked = if none { Walked::default() } else { walk(&files, source) };
    let suffix = told("--defaults-group-suffix=").unwrap_or_default();
    let own = walked.settings.into_iter().filter(|s| is_of_server(&s.group, suffix, version));
    let arguments = argv.iter().skip(1).filter_map(|word| argument(word));
    let options = own.chain(arguments).map(|s| (s.name.clone(), s)).collect();
    Server { files: walked.files, options }
}

enum Line<'a> {
    Include(&'a str),
    IncludeDir(&'a str),
    Group(&'a str),
    Option(&'a str, &'a str),
}

/// Reads files with all that they include.
#[must_use]
pub fn walk(files: &[String], source: &Source<'_>) -> Walked {
    let mut walked = Walked::default();
    let mut seen = BTreeSet::new();
    for file in files {
        one(file, source, &mut walked, (&mut seen, 0));
    }
    walked
}

fn one(
    path: &str,
    source: &Source<'_>,
    walked: &mut Walked,
    (seen, depth): (&mut BTreeSet<String>, usize),
) {
    if depth > DEPTH_MAX || walked.files.len() >= FILES_MAX || !seen.insert(path.to_owned()) {
        return;
    }
    walked.files.push(path.to_owned());
    let Some(text) = (source.text)(path) else { return };
    let mut group = String::new();
    for (at, line) in text.lines().enumerate() {
        let line = of(line);
        if matches!(line, Some(Line::Include(_) | Line::IncludeDir(_))) {
            walked.includes += 1;
            if walked.includes > INCLUDES_MAX {
                continue;
            }
        }
        match line {
            Some(Line::Group(name)) => name.clone_into(&mut group),
            Some(Line::Include(file)) => one(file, source, walked, (seen, depth + 1)),
            Some(Line::IncludeDir(dir)) => {
                let dir = dir.trim_end_matches('/');
                for name in (source.names)(dir).iter().filter(|name| name.ends_with(".cnf")) {
                    one(&format!("{dir}/{name}"), source, walked, (seen, depth + 1));
                }
            }
            Some(Line::Option(name, value)) if walked.settings.len() < OPTIONS_MAX => {
                let (name, loose) = normal(name);
                let (file, group) = (path.to_owned(), group.clone());
                let value = unquoted(value);
                walked.settings.push(Setting { file, line: at + 1, group, name, value, loose });
            }
            _ => {}
        }
    }
}

fn of(line: &str) -> Option<Line<'_>> {
    let line = line.trim();
    if let Some(rest) = line.strip_prefix("!includedir") {
        return Some(Line::IncludeDir(rest.trim())).filter(|_| rest.starts_with([' ', '\t']));
    }
    if let Some(rest) = line.strip_prefix("!include") {
        return Some(Line::Include(rest.trim())).filter(|_| rest.starts_with([' ', '\t']));
    }
    if line.is_empty() || line.starts_with(['#', ';', '!']) {
        return None;
    }
    if let Some(rest) = line.strip_prefix('[') {
        return rest.split_once(']').map(|(name, _)| Line::Group(name.trim()));
    }
    let (name, value) = line.split_once('=').unwrap_or((line, ""));
    // Without `=` the line is the option's name alone; what follows a comment sign is none of it.
    let name = name.split('#').next().unwrap_or_default().trim();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    let named = !name.is_empty() && name.chars().all(plain);
    named.then(|| Line::Option(name, value.trim()))
}

/// A value without its quotes, or without the comment that follows it.
fn unquoted(value: &str) -> String {
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    let inner = match quote {
        Some(quote) => value[1..].split(quote).next().unwrap_or_default(),
        None => value.split('#').next().unwrap_or_default().trim_end(),
    };
    let end = (0..=inner.len().min(VALUE_BYTES_MAX)).rev().find(|at| inner.is_char_boundary(*at));
    inner[..end.unwrap_or(0)].to_owned()
}

/// `loose-innodb-Flush` → (`innodb_flush`, true).
fn normal(name: &str) -> (String, bool) {
    let name = name.to_ascii_lowercase().replace('-', "_");
    match name.strip_prefix("loose_") {
        Some(rest) => (rest.to_owned(), true),
        None => (name, false),
    }
}

/// A word of a server's command line, `--name=value`; none for anything else.
#[must_use]
pub fn argument(word: &str) -> Option<Setting> {
    let rest = word.strip_prefix("--")?;
    let (name, value) = rest.split_once('=').unwrap_or((rest, ""));
    let (name, loose) = normal(name);
    let (file, group) = ("command line".to_owned(), String::new());
    Some(Setting { file, line: 0, group, name, value: unquoted(value), loose })
}

/// Whether a server reads a group. `suffix` is its `--defaults-group-suffix`; groups of one
/// version (`mysqld-8.0`) count when the version is that or is not known.
#[must_use]
pub fn is_of_server(group: &str, suffix: &str, version: &str) -> bool {
    // `mysqld_safe` hands its own options on by the command line.
    const GROUPS: [&str; 5] = ["mysqld", "server", "mariadb", "mariadbd", "galera"];
    let base = if suffix.is_empty() { group } else { group.strip_suffix(suffix).unwrap_or(group) };
    if GROUPS.contains(&base) {
        return true;
    }
    let versioned = ["mysqld-", "mariadb-", "mariadbd-"].iter().find_map(|p| base.strip_prefix(p));
    versioned.is_some_and(|wanted| version.is_empty() || version.starts_with(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(files: &[(&str, &str)]) -> Vec<String> {
        let text = |path: &str| {
            files.iter().find(|(name, _)| *name == path).map(|(_, text)| (*text).to_owned())
        };
        let names = |dir: &str| {
            let below = files.iter().filter_map(|(name, _)| name.strip_prefix(&format!("{dir}/")));
            below.map(str::to_owned).collect()
        };
        let walked = walk(&["/etc/my.cnf".to_owned()], &Source { text: &text, names: &names });
        let show =
            |s: &Setting| format!("{}:{} [{}] {}={}", s.file, s.line, s.group, s.name, s.value);
        walked.settings.iter().map(show).collect()
    }

    #[test]
    fn options_in_the_order_of_reading() {
        let main = "# top\n[mysqld]\nPort = 3306 # the usual\nskip-name-resolve\n\
                    !includedir /etc/my.cnf.d/\nsql_mode='A,B' \n[client]\nuser=x\n";
        let part = "[mysqld]\nloose-innodb-flush-method=O_DIRECT\n!include /etc/my.cnf\n";
        let seen = walked(&[
            ("/etc/my.cnf", main),
            ("/etc/my.cnf.d/a.cnf", part),
            ("/etc/my.cnf.d/b", "x=1"),
        ]);
        let expected = [
            "/etc/my.cnf:3 [mysqld] port=3306",
            "/etc/my.cnf:4 [mysqld] skip_name_resolve=",
            "/etc/my.cnf.d/a.cnf:2 [mysqld] innodb_flush_method=O_DIRECT",
            "/etc/my.cnf:6 [mysqld] sql_mode=A,B",
            "/etc/my.cnf:8 [client] user=x",
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn the_last_one_stands_and_the_command_line_after_all() {
        let text = |path: &str| {
            let files = [
                ("/etc/my.cnf", "[mysqld]\ndatadir=/a/\nport=1\n[mysqld@shop]\nport=2\n"),
                ("/srv/x.cnf", "[mysqld]\nlog-error=err.log\n"),
            ];
            files.iter().find(|(name, _)| *name == path).map(|(_, text)| (*text).to_owned())
        };
        let source = Source { text: &text, names: &|_| Vec::new() };
        let check = |line: &str, datadir: &str, port: Option<&str>| {
            let argv: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let server = server(&argv, "", &source);
            assert_eq!((server.datadir(), server.value("port")), (datadir, port), "{line}");
        };
        check("mysqld", "/a", Some("1"));
        check("mysqld --defaults-group-suffix=@shop", "/a", Some("2"));
        check("mysqld --datadir=/b --port=9", "/b", Some("9"));
        check("mysqld --no-defaults", "/var/lib/mysql", None);
        check("mysqld --defaults-file=/srv/x.cnf", "/var/lib/mysql", None);
        let argv = ["mysqld".to_owned(), "--defaults-file=/srv/x.cnf".to_owned()];
        let path = server(&argv, "", &source).path("log_error");
        assert_eq!(path.as_deref(), Some("/var/lib/mysql/err.log"));
    }

    #[test]
    fn lines_that_are_no_options() {
        for line in ["", "!includedirx", "[open", "한글=1", "a b c", "=1", "\u{0}=2", "!"] {
            assert!(walked(&[("/etc/my.cnf", line)]).is_empty(), "{line:?}");
        }
        let long = format!("a={}", "한".repeat(VALUE_BYTES_MAX));
        assert!(walked(&[("/etc/my.cnf", &long)])[0].len() < VALUE_BYTES_MAX + 40);
    }

    #[test]
    fn groups_of_a_server() {
        let check = |group, suffix, version, expected| {
            assert_eq!(
                is_of_server(group, suffix, version),
                expected,
                "{group} {suffix} {version}"
            );
        };
        check("mysqld", "", "", true);
        check("mysqld@shop", "@shop", "", true);
        check("mysqld", "@shop", "", true);
        check("mysqld@shop", "", "", false);
        check("mysqld-8.0", "", "8.0.26", true);
        check("mysqld-5.7", "", "8.0.26", false);
        check("client", "", "", false);
    }
}
