//! Follows a configuration from its main file through every include, in httpd's own order.
//!
//! Conditions on modules, names, versions and files are decided on the way, as httpd does; what
//! depends on a request (`<If>`) stays a section. It never opens a file twice in one chain.

use std::collections::BTreeMap;

use super::config::{Config, Directive, SERVER, Section};
use super::words::{Line, logical_lines, words};
use super::{Files, glob};

/// Includes inside of includes; httpd itself stops at 128.
const DEPTH_MAX: usize = 16;
/// Most files of one instance.
const FILES_MAX: usize = 400;
const DIRECTIVES_MAX: usize = 40_000;
const SECTIONS_MAX: usize = 8_000;
/// Most of what is wrong that is told.
const FAULTS_MAX: usize = 50;
/// Variables of one line that are replaced.
const VARIABLES_MAX: usize = 64;

/// What the instance was started with.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Names given with `-D`.
    pub defines: Vec<String>,
    /// Variables of its environment, as far as a file sets them.
    pub environment: BTreeMap<String, String>,
    /// Modules compiled in, as `httpd -l` names them (`mod_ssl.c`); empty when nobody asked.
    pub compiled_in: Vec<String>,
    /// `2.4.57`; empty when nobody knows.
    pub version: String,
}

/// Modules that are part of every httpd.
const ALWAYS: [&str; 3] = ["core_module", "so_module", "http_module"];
/// Compiled into Debian's httpd beside those.
const DEBIAN: [&str; 5] =
    ["log_config_module", "logio_module", "unixd_module", "version_module", "watchdog_module"];

/// Reads a configuration.
#[must_use]
pub fn walk(files: &dyn Files, (main, root): (&str, &str), settings: &Settings) -> Config {
    let mut config = Config { root: root.to_owned(), ..Config::default() };
    config.sections.push(Section {
        name: String::new(),
        args: Vec::new(),
        parent: SERVER,
        file: 0,
        line: 0,
    });
    config.modules.extend(ALWAYS.map(str::to_owned));
    if root.starts_with("/etc/apache2") {
        config.modules.extend(DEBIAN.map(str::to_owned));
    }
    config.modules.extend(settings.compiled_in.iter().filter_map(|name| identifier(name)));
    config.defines.extend(settings.defines.iter().map(|name| (name.clone(), String::new())));
    let mut walk = Walk {
        files,
        settings,
        config,
        open: Vec::new(),
        stack: Vec::new(),
        skip: None,
        loads: !settings.compiled_in.is_empty(),
    };
    walk.file(main);
    for frame in std::mem::take(&mut walk.stack) {
        walk.unbalanced(frame.file, frame.line);
    }
    walk.config
}

/// `ssl_module` of what stands in `<IfModule>` or in the list of `httpd -l`.
fn identifier(name: &str) -> Option<String> {
    if name.ends_with("_module") {
        return Some(name.to_owned());
    }
    let stem = name.strip_suffix(".c").or_else(|| name.strip_suffix(".so"))?;
    Some(match stem {
        "prefork" | "worker" | "event" => format!("mpm_{stem}_module"),
        "http_core" => "http_module".to_owned(),
        stem => format!("{}_module", stem.strip_prefix("mod_").unwrap_or(stem)),
    })
}

/// A section or a condition that is open.
struct Frame {
    name: String,
    /// The section to return to.
    back: usize,
    file: usize,
    line: u32,
}

struct Walk<'a> {
    files: &'a dyn Files,
    settings: &'a Settings,
    config: Config,
    /// Files that are being read, outermost first.
    open: Vec<String>,
    stack: Vec<Frame>,
    /// A condition that does not hold: its name, and how often it was opened inside.
    skip: Option<(String, usize)>,
    /// Whether anything is known of the modules.
    loads: bool,
}

impl Walk<'_> {
    fn file(&mut self, path: &str) {
        if self.open.len() >= DEPTH_MAX || self.config.files.len() >= FILES_MAX {
            self.config.truncated = true;
            return;
        }
        if self.open.iter().any(|open| open == path) {
            return;
        }
        let files = self.files;
        let Some(text) = files.text(path) else {
            if self.config.missing.len() < FAULTS_MAX {
                self.config.missing.push(path.to_owned());
            }
            return;
        };
        let index = self.config.files.len();
        self.config.files.push(path.to_owned());
        self.open.push(path.to_owned());
        for line in logical_lines(&text) {
            if self.config.directives.len() >= DIRECTIVES_MAX {
                self.config.truncated = true;
                break;
            }
            self.line(index, &line);
        }
        self.open.pop();
    }

    /// The innermost section that is open; conditions keep the one around them.
    fn section(&self) -> usize {
        self.stack.last().map_or(SERVER, |frame| frame.back)
    }

    fn line(&mut self, file: usize, line: &Line) {
        if let Some(rest) = line.text.strip_prefix("</") {
            let name = rest.trim_end_matches('>').trim().to_ascii_lowercase();
            return self.close(&name, file, line.number);
        }
        if let Some(rest) = line.text.strip_prefix('<') {
            let rest = rest.trim_end();
            let rest = rest.strip_suffix('>').unwrap_or(rest);
            let text = self.substituted(rest);
            let mut args = words(&text);
            if args.is_empty() {
                return;
            }
            let name = args.remove(0).to_ascii_lowercase();
            return self.begin(name, args, (file, line.number));
        }
        if self.skip.is_some() {
            return;
        }
        let text = self.substituted(&line.text);
        let mut args = words(&text);
        if args.is_empty() {
            return;
        }
        let name = args.remove(0).to_ascii_lowercase();
        let section = self.section();
        let directive = Directive { name, args, section, file, line: line.number };
        self.act(&directive);
        self.config.directives.push(directive);
    }

    /// Directives that httpd carries out while it reads.
    fn act(&mut self, directive: &Directive) {
        match directive.name.as_str() {
            "serverroot" if directive.section == SERVER && !directive.arg(0).is_empty() => {
                self.config.root = directive.arg(0).to_owned();
            }
            "define" => {
                let value = directive.arg(1).to_owned();
                self.config.defines.insert(directive.arg(0).to_owned(), value);
            }
            "undefine" => {
                self.config.defines.remove(directive.arg(0));
            }
            "loadmodule" => {
                self.loads = true;
                self.config.modules.insert(directive.arg(0).to_owned());
                let base = crate::text::base(directive.arg(1));
                self.config.modules.extend(identifier(base));
            }
            "include" | "includeoptional" if !directive.arg(0).is_empty() => {
                let pattern = self.config.path(directive.arg(0));
                for path in glob::expand(self.files, &pattern) {
                    self.file(&path);
                }
            }
            _ => {}
        }
    }

    fn begin(&mut self, name: String, args: Vec<String>, (file, line): (usize, u32)) {
        if let Some((skipped, depth)) = &mut self.skip {
            *depth += usize::from(*skipped == name);
            return;
        }
        let back = self.section();
        if let Some(holds) = self.condition(&name, &args) {
            if holds {
                self.stack.push(Frame { name, back, file, line });
            } else {
                self.skip = Some((name, 1));
            }
            return;
        }
        if self.config.sections.len() >= SECTIONS_MAX {
            self.config.truncated = true;
            return;
        }
        let index = self.config.sections.len();
        self.config.sections.push(Section { name: name.clone(), args, parent: back, file, line });
        self.stack.push(Frame { name, back: index, file, line });
    }

    fn close(&mut self, name: &str, file: usize, line: u32) {
        if let Some((skipped, depth)) = &mut self.skip {
            if skipped == name {
                *depth -= 1;
                if *depth == 0 {
                    self.skip = None;
                }
            }
            return;
        }
        match self.stack.iter().rposition(|frame| frame.name == name) {
            Some(at) => {
                let inner: Vec<Frame> = self.stack.drain(at..).skip(1).collect();
                inner.iter().for_each(|frame| self.unbalanced(frame.file, frame.line));
            }
            None => self.unbalanced(file, line),
        }
    }

    fn unbalanced(&mut self, file: usize, line: u32) {
        if self.config.unbalanced.len() < FAULTS_MAX {
            let place = self.config.at(file, line);
            self.config.unbalanced.push(place);
        }
    }

    /// Whether a condition holds; none for what is no condition.
    fn condition(&self, name: &str, args: &[String]) -> Option<bool> {
        let word = args.first().map_or("", String::as_str);
        let (word, inverse) = match word.strip_prefix('!') {
            Some(rest) => (rest, true),
            None => (word, false),
        };
        let holds = match name {
            "ifmodule" => self.module(word),
            "ifdefine" => self.config.defines.contains_key(word),
            "ifversion" => self.version(args),
            "iffile" => self.files.text(&self.config.path(word)).is_some(),
            "ifdirective" | "ifsection" => true,
            _ => return None,
        };
        Some(holds != inverse)
    }

    /// Whether a module is there. Where nothing at all is known of the modules (an archive without
    /// them), what is asked for is taken to be there, and of the MPMs the oldest.
    fn module(&self, name: &str) -> bool {
        let Some(id) = identifier(name) else { return false };
        if self.config.modules.contains(&id) {
            return true;
        }
        if self.loads {
            return false;
        }
        match id.strip_prefix("mpm_") {
            Some(mpm) => mpm == "prefork_module",
            None => true,
        }
    }

    /// `<IfVersion >= 2.4>`; without an operator it is equality. An unknown version is 2.4.
    fn version(&self, args: &[String]) -> bool {
        let version = Some(self.settings.version.as_str()).filter(|text| !text.is_empty());
        let numbers = |text: &str| -> Vec<u32> {
            text.trim_matches(|c: char| !c.is_ascii_digit())
                .split('.')
                .map(|part| part.parse().unwrap_or(0))
                .collect()
        };
        let (operator, wanted) = match args {
            [wanted] => ("=", wanted.as_str()),
            [operator, wanted, ..] => (operator.as_str(), wanted.as_str()),
            [] => return false,
        };
        let (operator, inverse) = match operator.strip_prefix('!') {
            Some(rest) => (rest, true),
            None => (operator, false),
        };
        let wanted = numbers(wanted);
        let mut have = numbers(version.unwrap_or("2.4"));
        // Equality looks at as many numbers as are asked for, order at all of them.
        if matches!(operator, "=" | "==") {
            have.truncate(wanted.len());
        }
        let holds = match operator {
            "=" | "==" => have == wanted,
            ">" => have > wanted,
            ">=" => have >= wanted,
            "<" => have < wanted,
            "<=" => have <= wanted,
            _ => true,
        };
        holds != inverse
    }

    /// `${NAME}` replaced by what was defined, or by the environment; others stay as they are.
    fn substituted(&self, text: &str) -> String {
        let mut done = String::new();
        let mut rest = text;
        for _ in 0..VARIABLES_MAX {
            let Some((before, after)) = rest.split_once("${") else { break };
            let Some((name, behind)) = after.split_once('}') else { break };
            done.push_str(before);
            let value = self.config.defines.get(name).filter(|value| !value.is_empty());
            match value.or_else(|| self.settings.environment.get(name)) {
                Some(value) => done.push_str(value),
                None => {
                    done.push_str("${");
                    done.push_str(name);
                    done.push('}');
                }
            }
            rest = behind;
        }
        done.push_str(rest);
        done
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Texts;
    use super::*;

    const MAIN: &str = "/etc/httpd/conf/httpd.conf";

    fn read(files: &[(&str, &str)]) -> Config {
        walk(&Texts::of(files), (MAIN, "/etc/httpd"), &Settings::default())
    }

    fn lines(config: &Config, name: &str) -> Vec<String> {
        config.every(name).map(Directive::line_of_args).collect()
    }

    #[test]
    fn includes_are_followed_in_order_and_the_last_value_counts() {
        let config = read(&[
            (MAIN, "ServerRoot \"/etc/httpd\"\nTimeout 60\nInclude conf.d/*.conf\nTimeout 70\n"),
            ("/etc/httpd/conf.d/a.conf", "Timeout 10\n"),
            ("/etc/httpd/conf.d/b.conf", "Include conf.d/*.conf\nTimeout 20\n"),
        ]);
        // b includes a once more, as httpd does, and itself never.
        assert_eq!(lines(&config, "timeout"), ["60", "10", "10", "20", "70"]);
        let last = config.last(SERVER, "timeout").unwrap();
        assert_eq!((last.number(), config.place(last)), (Some(70), format!("{MAIN}:4")));
        assert!(!config.truncated);
    }

    #[test]
    fn conditions_and_variables() {
        let text = "LoadModule ssl_module modules/mod_ssl.so\nDefine P 8443\n\
            <IfModule mod_ssl.c>\n<IfModule !mod_x.c>\nListen ${P} https\n</IfModule>\n</IfModule>\n\
            <IfModule prefork.c>\n<IfModule a.c>\n</IfModule>\nMaxClients 9\n</IfModule>\n\
            <IfDefine DEV>\nListen 81\n</IfDefine>\n<IfVersion < 2.4>\nListen 82\n</IfVersion>\n\
            Listen ${UNKNOWN}\n";
        let config = read(&[(MAIN, text)]);
        assert_eq!(lines(&config, "listen"), ["8443 https", "${UNKNOWN}"]);
        assert_eq!(lines(&config, "maxclients"), Vec::<String>::new());
        assert!(config.unbalanced.is_empty());
    }

    #[test]
    fn virtual_hosts_inherit() {
        let text = "Timeout 60\n<VirtualHost *:80>\nServerName a\n<Location /x>\nTimeout 1\n\
            </Location>\n</VirtualHost>\n<VirtualHost *:81>\nTimeout 5\n</VirtualHost>\n";
        let config = read(&[(MAIN, text)]);
        let timeouts: Vec<i64> = config
            .sites()
            .map(|site| config.effective(site, "timeout").unwrap().number().unwrap())
            .collect();
        assert_eq!(timeouts, [60, 5]);
        let inner = config.every("timeout").find(|d| d.arg(0) == "1").unwrap();
        assert_eq!(config.sections[config.site(inner.section)].args, ["*:80"]);
    }

    #[test]
    fn what_is_missing_or_unbalanced_is_told() {
        let config = read(&[(MAIN, "Include no.conf\nIncludeOptional x/*.conf\n</Foo>\n<Bar>\n")]);
        assert_eq!(config.missing, ["/etc/httpd/no.conf"]);
        assert_eq!(config.unbalanced, [format!("{MAIN}:3"), format!("{MAIN}:4")]);
    }

    #[test]
    fn hostile_configurations_end() {
        let deep = "<Directory /x>\n".repeat(SECTIONS_MAX * 2);
        assert!(read(&[(MAIN, &deep)]).truncated);
        let circle = read(&[
            (MAIN, "Include a.conf\n"),
            ("/etc/httpd/a.conf", "Include b.conf\n"),
            ("/etc/httpd/b.conf", "Include a.conf\nInclude conf/httpd.conf\nListen 1\n"),
        ]);
        assert_eq!(lines(&circle, "listen"), ["1"]);
        let many = "Listen 80\n".repeat(DIRECTIVES_MAX * 2);
        assert!(read(&[(MAIN, &many)]).truncated);
        read(&[(MAIN, "< >\n<\n<>\n</>\n${\n\"\n\\\n<IfVersion>\n</IfVersion>\n<IfModule>\n")]);
    }
}
