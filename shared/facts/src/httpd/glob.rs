//! Wildcards of `Include`: `*`, `?` and `[…]` in every part of a path.

use super::Files;

/// Most paths that one pattern may give.
const PATHS_MAX: usize = 2_000;
/// Folders below a folder that is included whole.
const DEPTH_MAX: usize = 4;

/// The names right below a folder, among paths.
pub fn children<'a>(paths: impl Iterator<Item = &'a str>, folder: &str) -> Vec<String> {
    let folder = format!("{}/", folder.trim_end_matches('/'));
    let mut names: Vec<String> = paths
        .filter_map(|path| path.strip_prefix(&folder))
        .filter_map(|rest| rest.split('/').next())
        .map(str::to_owned)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The files of an absolute pattern, in order; a folder stands for everything in it.
pub fn expand(files: &dyn Files, pattern: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    for part in pattern.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            for path in &mut found {
                path.truncate(path.rfind('/').unwrap_or(0));
            }
            continue;
        }
        if !is_wild(part) {
            found.iter_mut().for_each(|path| {
                path.push('/');
                path.push_str(part);
            });
            continue;
        }
        let mut next = Vec::new();
        for path in &found {
            let names = files.list(if path.is_empty() { "/" } else { path });
            let fitting = names.into_iter().filter(|name| matches(part, name));
            next.extend(fitting.map(|name| format!("{path}/{name}")));
            if next.len() >= PATHS_MAX {
                next.truncate(PATHS_MAX);
                break;
            }
        }
        found = next;
    }
    let mut all = Vec::new();
    for path in found {
        whole(files, path, 0, &mut all);
    }
    all
}

fn whole(files: &dyn Files, path: String, depth: usize, all: &mut Vec<String>) {
    let names = files.list(&path);
    if all.len() >= PATHS_MAX || depth > DEPTH_MAX {
        return;
    }
    if names.is_empty() {
        all.push(path);
        return;
    }
    for name in names {
        whole(files, format!("{path}/{name}"), depth + 1, all);
    }
}

/// Whether a whole path fits a pattern, part by part.
#[must_use]
pub fn path_fits(pattern: &str, path: &str) -> bool {
    let (mut left, mut right) = (pattern.split('/'), path.split('/'));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return true,
            (Some(pattern), Some(name)) if matches(pattern, name) => {}
            _ => return false,
        }
    }
}

fn is_wild(part: &str) -> bool {
    part.contains(['*', '?', '['])
}

/// Whether a name fits a pattern. As for a shell, `*` does not begin a hidden name.
fn matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match one(&pattern[p..], name[n]) {
            Some(used) => {
                p += used;
                n += 1;
            }
            None if pattern.get(p) == Some(&'*') => {
                star = Some((p, n));
                p += 1;
            }
            None => {
                let Some((at, from)) = star else { return false };
                star = Some((at, from + 1));
                p = at + 1;
                n = from + 1;
            }
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

/// How much of the pattern stands for this one character; none when it does not.
fn one(pattern: &[char], c: char) -> Option<usize> {
    match *pattern.first()? {
        '*' => None,
        '?' => Some(1),
        '[' => {
            let end = pattern.iter().skip(2).position(|&p| p == ']')? + 2;
            let (set, inverse) = match pattern[1] {
                '!' | '^' => (&pattern[2..end], true),
                _ => (&pattern[1..end], false),
            };
            let listed = set.contains(&c);
            let ranged = set.windows(3).any(|w| w[1] == '-' && w[0] <= c && c <= w[2]);
            ((listed || ranged) != inverse).then_some(end + 1)
        }
        literal => (literal == c).then_some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Texts;
    use super::*;

    #[test]
    fn names_fit_patterns() {
        for (pattern, name, expected) in [
            ("*.conf", "ssl.conf", true),
            ("*.conf", "ssl.conf.rpmsave", false),
            ("*.conf", ".hidden.conf", false),
            ("[0-9]*-?.conf", "10-a.conf", true),
            ("[!a]x", "ax", false),
            ("a*b*c", "aXXbYYc", true),
            ("a*b*c", "aXXbYY", false),
            ("[", "x", false),
            ("", "", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn patterns_give_files_in_order() {
        let files = Texts::of(&[
            ("/etc/httpd/conf.d/b.conf", ""),
            ("/etc/httpd/conf.d/a.conf", ""),
            ("/etc/httpd/conf.d/README", ""),
            ("/etc/httpd/sites/x/site.conf", ""),
        ]);
        let check = |pattern, expected: &[&str]| assert_eq!(expand(&files, pattern), expected);
        check(
            "/etc/httpd/conf.d/*.conf",
            &["/etc/httpd/conf.d/a.conf", "/etc/httpd/conf.d/b.conf"],
        );
        check("/etc/httpd/sites/*/*.conf", &["/etc/httpd/sites/x/site.conf"]);
        check("/etc/httpd/sites", &["/etc/httpd/sites/x/site.conf"]);
        check("/etc/httpd/conf/../conf.d/a.conf", &["/etc/httpd/conf.d/a.conf"]);
        check("/etc/none/*.conf", &[]);
        check("/etc/none.conf", &["/etc/none.conf"]);
    }
}
