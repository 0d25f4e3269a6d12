//! Log files of the server and its virtual hosts, and what rotates each.

use serde_json::{Value, json};

use super::Server;
use crate::httpd::{Directive, SERVER};
use crate::text::base;

/// Most rows of one instance.
const ROWS_MAX: usize = 500;
/// Folders that are links on RHEL (httpd-filesystem, httpd24-httpd).
const LINKED: [(&str, &str); 2] = [
    ("/etc/httpd/logs/", "/var/log/httpd/"),
    ("/opt/rh/httpd24/root/etc/httpd/logs/", "/var/log/httpd24/"),
];

/// `rotation`: `rotatelogs`, `pipe` (another program), `syslog`, `logrotate` (a pattern in
/// /etc/logrotate.d fits), `none`; null when the rules of logrotate were not seen.
pub fn rows(server: &Server<'_>) -> Vec<Value> {
    let config = &server.config;
    let named = |d: &&Directive| matches!(&*d.name, "errorlog" | "customlog" | "transferlog");
    let at_site = |d: &&Directive| config.site(d.section) == d.section;
    let all = config.directives.iter().filter(named).filter(at_site);
    let rotated = patterns(server);
    let row = |directive: &Directive| {
        // Of the server's own error log only the last one counts.
        let last = config.last(directive.section, &directive.name);
        if directive.name == "errorlog" && last != Some(directive) {
            return None;
        }
        let target = target(server, directive.arg(0));
        let kind = if directive.name == "errorlog" { "error" } else { "access" };
        let site = server.site_name(directive.section);
        Some(json!({
            "instance": server.instance.main,
            "site": if directive.section == SERVER { String::new() } else { site },
            "kind": kind,
            "target": target,
            "rotation": rotation(&target, rotated.as_deref()),
            "source": config.place(directive),
        }))
    };
    all.filter_map(row).take(ROWS_MAX).collect()
}

fn target(server: &Server<'_>, word: &str) -> String {
    if word.starts_with('|') || word.starts_with("syslog") {
        return word.to_owned();
    }
    let path = server.config.path(word);
    let linked = LINKED
        .iter()
        .find_map(|(from, to)| path.strip_prefix(from).map(|rest| format!("{to}{rest}")));
    linked.unwrap_or(path)
}

fn rotation(target: &str, patterns: Option<&[String]>) -> Option<&'static str> {
    if let Some(command) = target.strip_prefix('|') {
        let program = command.trim_start_matches(['|', '$']).split_whitespace().next();
        return match program.map(|program| base(program.trim_matches('"'))) {
            Some(name) if name.starts_with("rotatelogs") => Some("rotatelogs"),
            Some(name) if name.starts_with("logger") => Some("syslog"),
            _ => Some("pipe"),
        };
    }
    if target.starts_with("syslog") || target == "/dev/null" || target.starts_with("/dev/std") {
        return Some("syslog");
    }
    let fits = |pattern: &String| crate::httpd::path_fits(pattern, target);
    patterns.map(|patterns| if patterns.iter().any(fits) { "logrotate" } else { "none" })
}

/// The paths that logrotate turns; none when its files were not seen.
fn patterns(server: &Server<'_>) -> Option<Vec<String>> {
    let main = server.evidence.text("/etc/logrotate.conf").ok();
    let rest = server.evidence.folder("/etc/logrotate.d", "").ok()?;
    if main.is_none() && rest.is_empty() {
        return None;
    }
    let texts = main.into_iter().chain(rest.into_iter().map(|(_, text)| text));
    let of_text = |text: &str| -> Vec<String> {
        let lines = text.lines().map(str::trim).filter(|line| line.starts_with(['/', '"']));
        let words = lines.flat_map(|line| line.split_whitespace());
        let path = |word: &str| word.trim_end_matches('{').trim_matches('"').to_owned();
        words.map(path).filter(|path| path.starts_with('/')).collect()
    };
    Some(texts.flat_map(of_text).collect())
}
