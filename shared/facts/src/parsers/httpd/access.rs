//! What folders and locations allow, and the pages that show or steer the server itself.

use serde_json::{Value, json};

use super::Server;
use crate::httpd::{Directive, Section};

/// Most rows of one instance.
const ROWS_MAX: usize = 1_000;
const PLACES: [&str; 6] =
    ["directory", "directorymatch", "location", "locationmatch", "files", "filesmatch"];
/// Handlers that show or steer the server.
const HANDLERS: [&str; 5] =
    ["server-status", "server-info", "balancer-manager", "jk-status", "ldap-status"];

/// Folders, locations and files that are set up, with what each says itself.
pub fn directories(server: &Server<'_>) -> Vec<Value> {
    let places = (1..server.config.sections.len())
        .filter(|&at| PLACES.contains(&server.config.sections[at].name.as_str()));
    places.take(ROWS_MAX).map(|at| directory(server, at)).collect()
}

fn directory(server: &Server<'_>, at: usize) -> Value {
    let config = &server.config;
    let section = &config.sections[at];
    let options = config.last(at, "options");
    let words: Vec<&str> = options.map_or(Vec::new(), |d| d.args.iter().map(|a| &**a).collect());
    // `+Indexes` and `Indexes` give it, `-Indexes` takes it, `All` has it.
    let has = |option: &str| {
        words.iter().any(|word| {
            let word = word.trim_start_matches('+');
            word.eq_ignore_ascii_case(option)
                || word.eq_ignore_ascii_case("all") && option != "multiviews"
        })
    };
    let dav = config.last(at, "dav").map(|d| !d.arg(0).eq_ignore_ascii_case("off"));
    json!({
        "instance": server.instance.main,
        "site": server.site_name(config.site(at)),
        "kind": section.name,
        "path": path(section),
        "options": words,
        "indexes": has("indexes"),
        "includes": has("includes"),
        "exec_cgi": has("execcgi"),
        "follow_links": has("followsymlinks"),
        "allow_override": config.last(at, "allowoverride").map(Directive::line_of_args),
        "dav": dav.unwrap_or(false),
        "access": access(server, at),
        "who": who(server, at),
        "source": options.map_or_else(
            || config.at(section.file, section.line),
            |directive| config.place(directive),
        ),
    })
}

/// Its path or pattern; `~` only says that a pattern follows.
fn path(section: &Section) -> &str {
    section.args.iter().find(|arg| arg.as_str() != "~").map_or("", String::as_str)
}

/// Status and management pages, wherever `SetHandler` or `JkMount` puts one.
pub fn handlers(server: &Server<'_>) -> Vec<Value> {
    let config = &server.config;
    let set = config.every("sethandler").filter(|d| HANDLERS.contains(&d.arg(0)));
    let row = |directive: &Directive| {
        let section = &config.sections[directive.section];
        json!({
            "instance": server.instance.main,
            "site": server.site_name(config.site(directive.section)),
            "handler": directive.arg(0),
            "path": path(section),
            "access": access(server, directive.section),
            "who": who(server, directive.section),
            "source": config.place(directive),
        })
    };
    set.take(ROWS_MAX).map(row).collect()
}

/// `open`, `restricted` or `denied` by what stands in the section itself; `unset` when nothing
/// does. What is inside `<RequireAny>` and the like counts as its own.
fn access(server: &Server<'_>, at: usize) -> &'static str {
    let rules = rules(server, at);
    if rules.is_empty() {
        return "unset";
    }
    let all = |d: &&Directive, verbs: [&str; 2], word: &str| {
        verbs.contains(&d.name.as_str())
            && d.args.iter().any(|arg| arg.eq_ignore_ascii_case(word))
            && d.args.iter().any(|arg| arg.eq_ignore_ascii_case("all"))
    };
    let granted = |d: &&Directive| all(d, ["require", "require"], "granted");
    let allowed = |d: &&Directive| all(d, ["allow", "allow"], "from");
    let refused = |d: &&Directive| {
        all(d, ["require", "require"], "denied") || all(d, ["deny", "deny"], "from")
    };
    if rules.iter().any(|d| granted(d) || allowed(d)) {
        "open"
    } else if rules.iter().all(|d| refused(d) || d.name == "order") {
        "denied"
    } else if rules.iter().all(|d| d.name == "order" || d.name == "satisfy") {
        "unset"
    } else {
        "restricted"
    }
}

fn who(server: &Server<'_>, at: usize) -> Vec<String> {
    let told = |d: &&Directive| format!("{} {}", d.name, d.line_of_args());
    rules(server, at).iter().map(told).take(20).collect()
}

fn rules<'s>(server: &'s Server<'_>, at: usize) -> Vec<&'s Directive> {
    let config = &server.config;
    let inside = |d: &&Directive| {
        let mut section = d.section;
        while section != at && config.sections[section].name.starts_with("require") {
            section = config.sections[section].parent;
        }
        section == at
    };
    let names = ["require", "allow", "deny", "order", "satisfy"];
    config.directives.iter().filter(|d| names.contains(&&*d.name)).filter(inside).collect()
}
