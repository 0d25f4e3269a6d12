//! Settings of login shells that are judged: idle time, umask, search path.
//!
//! Start-up files are programs; only assignments are understood, and whether one stands inside a
//! condition. Nothing else of such a file is taken.

use serde::{Deserialize, Serialize};

/// Most settings kept of one file.
const SETTINGS_MAX: usize = 50;

/// One assignment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    pub file: String,
    /// From 1.
    pub line: usize,
    /// `TMOUT`, `umask`, `PATH`, `autologout`.
    pub name: String,
    /// None: only exported or made read-only here.
    pub value: Option<String>,
    #[serde(default)]
    pub exported: bool,
    #[serde(default)]
    pub readonly: bool,
    /// It stands inside `if`, `case` or a loop.
    #[serde(default)]
    pub conditional: bool,
}

const NAMES: [&str; 2] = ["TMOUT", "PATH"];
/// Words that may stand before a statement.
const BEFORE: [&str; 6] = ["then", "else", "do", "{", "builtin", "command"];

/// The settings of a start-up file.
#[must_use]
pub fn settings(file: &str, text: &str) -> Vec<Setting> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    for (index, line) in text.lines().enumerate() {
        for statement in statements(line) {
            let mut words: Vec<&str> = statement.split_whitespace().collect();
            match words.first() {
                Some(&("if" | "case" | "for" | "while" | "until")) => depth += 1,
                Some(&("fi" | "esac" | "done" | "endif" | "end")) => {
                    depth = depth.saturating_sub(1);
                }
                _ => {}
            }
            while words.first().is_some_and(|word| BEFORE.contains(word)) {
                words.remove(0);
            }
            let place = Place { file, line: index + 1, conditional: depth > 0 };
            place.read(&words, &mut found);
            if found.len() >= SETTINGS_MAX {
                return found;
            }
        }
    }
    found
}

/// Parts of a line between `;`, `&&` and `||`, the comment cut.
fn statements(line: &str) -> impl Iterator<Item = &str> {
    let line = line.trim();
    let comment = line
        .match_indices('#')
        .find(|(at, _)| *at == 0 || line[..*at].ends_with(|c: char| c.is_whitespace() || c == ';'));
    let line = comment.map_or(line, |(at, _)| &line[..at]);
    line.split(';').flat_map(|part| part.split("&&")).flat_map(|part| part.split("||"))
}

struct Place<'a> {
    file: &'a str,
    line: usize,
    conditional: bool,
}

impl Place<'_> {
    fn read(&self, words: &[&str], found: &mut Vec<Setting>) {
        let Some((&first, rest)) = words.split_first() else { return };
        match first {
            "umask" => {
                if let Some(value) = rest.iter().find(|word| !word.starts_with('-')) {
                    found.push(self.setting("umask", Some(value)));
                }
            }
            "export" | "readonly" | "declare" | "typeset" => {
                let flags = rest.iter().filter(|word| word.starts_with('-'));
                let flags: String = flags.copied().collect();
                let exported = first == "export" || flags.contains('x');
                let readonly = first == "readonly" || flags.contains('r');
                for word in rest.iter().filter(|word| !word.starts_with('-')) {
                    let assigned = self.assigned(word);
                    found.extend(assigned.map(|one| Setting { exported, readonly, ..one }));
                }
            }
            "setenv" if rest.first() == Some(&"PATH") => {
                found.push(self.setting("PATH", rest.get(1).copied()));
            }
            "set" => self.csh(rest, found),
            // `TMOUT=600 PATH=/bin` sets both; a command after it would see them only itself.
            _ => found.extend(
                words
                    .iter()
                    .map_while(|word| {
                        word.contains('=')
                            .then(|| self.assigned(word).filter(|one| one.value.is_some()))
                    })
                    .flatten(),
            ),
        }
    }

    /// `NAME=value`, or `NAME` alone.
    fn assigned(&self, word: &str) -> Option<Setting> {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        let name = NAMES.into_iter().find(|known| *known == name)?;
        Some(self.setting(name, value))
    }

    /// csh: `set autologout=10`, `set path = ( . $path )`.
    fn csh(&self, words: &[&str], found: &mut Vec<Setting>) {
        let whole = words.iter().filter(|word| **word != "-r").copied().collect::<Vec<_>>();
        let whole = whole.join(" ");
        let (name, value) = whole.split_once('=').or(whole.split_once(' ')).unwrap_or((&whole, ""));
        let value = value.trim();
        match name.trim() {
            "autologout" => found.push(self.setting("autologout", Some(value))),
            "path" => {
                let inner = value.trim_matches(|c| c == '(' || c == ')');
                let joined = inner.split_whitespace().collect::<Vec<_>>().join(":");
                found.push(self.setting("PATH", Some(&joined)));
            }
            _ => {}
        }
    }

    fn setting(&self, name: &str, value: Option<&str>) -> Setting {
        let bare = |value: &str| super::short(value.trim_matches(|c| c == '"' || c == '\''));
        Setting {
            file: self.file.to_owned(),
            line: self.line,
            name: name.to_owned(),
            value: value.map(bare),
            exported: false,
            readonly: false,
            conditional: self.conditional,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let show = |one: &Setting| {
            let mut shown = format!("{}:{}", one.line, one.name);
            if let Some(value) = &one.value {
                shown = format!("{shown}={value}");
            }
            let flags = [(one.exported, " x"), (one.readonly, " r"), (one.conditional, " ?")];
            flags.iter().filter(|(on, _)| *on).for_each(|(_, flag)| shown.push_str(flag));
            shown
        };
        let found: Vec<String> = settings("f", text).iter().map(show).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn assignments_of_any_form() {
        check(
            "TMOUT=600\nreadonly TMOUT\nexport TMOUT\n",
            &["1:TMOUT=600", "2:TMOUT r", "3:TMOUT x"],
        );
        check("export TMOUT=\"300\" PATH SECRET=1", &["1:TMOUT=300 x", "1:PATH x"]);
        check("declare -xr TMOUT=900 # idle", &["1:TMOUT=900 x r"]);
        check("TMOUT=600; export TMOUT", &["1:TMOUT=600", "1:TMOUT x"]);
        check("#TMOUT=1\n  # umask 000\n", &[]);
        check("DB_PASSWORD=hunter2\necho umask 000\n", &[]);
        check("PATH=.:$PATH:/usr/bin", &["1:PATH=.:$PATH:/usr/bin"]);
        check("MYPATH=.\nexport -f x\nTMOUT\n", &[]);
    }

    #[test]
    fn what_stands_inside_a_condition_is_told() {
        let text = "if [ $UID -gt 199 ]; then\n  umask 002\nelse umask 022\nfi\numask 077\n";
        check(text, &["2:umask=002 ?", "3:umask=022 ?", "5:umask=077"]);
        check("[ `umask` -eq 0 ] && umask 022", &["1:umask=022"]);
        check("case \"$TERM\" in\nesac\nTMOUT=5", &["3:TMOUT=5"]);
    }

    #[test]
    fn csh_says_it_otherwise() {
        check("set -r autologout 15\nset autologout=10\n", &["1:autologout=15", "2:autologout=10"]);
        check(
            "set path = ( . /usr/bin )\nsetenv PATH .:/bin\n",
            &["1:PATH=.:/usr/bin", "2:PATH=.:/bin"],
        );
        check("set -o vi\nset", &[]);
    }

    #[test]
    fn a_file_without_end_gives_a_bounded_list() {
        assert_eq!(settings("f", &"umask 022\n".repeat(10_000)).len(), SETTINGS_MAX);
    }
}
