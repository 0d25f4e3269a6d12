//! Instances, virtual hosts, and the settings that every request meets.

use serde_json::{Map, Value, json};

use super::Server;
use crate::httpd::{Directive, SERVER};
use crate::text::base;

/// Addresses of `Listen`, and the user: what an instance is to the outside.
pub fn instance(server: &Server<'_>, processes_seen: bool) -> Value {
    let config = &server.config;
    let listens = config.all(SERVER, "listen").map(|directive| {
        let (address, port) = address(directive.arg(0));
        json!({"address": address, "port": port, "source": config.place(directive)})
    });
    let word = |name: &str| config.last(SERVER, name).map(|d| d.arg(0).to_owned());
    json!({
        "main": server.instance.main,
        "root": config.root,
        "binary": server.instance.binary,
        "version": Some(&server.version).filter(|version| !version.is_empty()),
        "running": processes_seen.then_some(server.instance.running),
        "pid": server.daemon.as_ref().map(|daemon| daemon.pid),
        "started_by": server.daemon.as_ref().map(|daemon| &daemon.user),
        "user": word("user"),
        "group": word("group"),
        "server_name": word("servername"),
        "document_root": word("documentroot").map(|path| config.path(&path)),
        "listens": listens.collect::<Vec<_>>(),
        "files": config.files.len(),
        "missing": config.missing,
        "unbalanced": config.unbalanced,
        "truncated": config.truncated,
    })
}

/// Address and port of `80`, `10.0.0.1:80`, `[::]:80`, `*:80`.
pub fn address(text: &str) -> (String, Option<i64>) {
    let text = text.trim_start_matches("http://").trim_start_matches("https://");
    match text.rsplit_once(':') {
        Some((address, port)) if !port.ends_with(']') => {
            (address.trim_matches(['[', ']']).to_owned(), port.parse().ok())
        }
        _ => match text.parse() {
            Ok(port) => ("*".to_owned(), Some(port)),
            Err(_) => (text.to_owned(), None),
        },
    }
}

pub fn rows(server: &Server<'_>) -> Vec<Value> {
    let config = &server.config;
    let row = |site: usize| {
        let section = &config.sections[site];
        let (address, port) = address(section.args.first().map_or("", String::as_str));
        let word = |name: &str| config.effective(site, name).map(|d| d.arg(0).to_owned());
        let aliases = config.all(site, "serveralias").flat_map(|d| d.args.clone());
        let redirects = config.all(site, "redirect").chain(config.all(site, "redirectmatch"));
        let rewrites = config.every("rewriterule").filter(|d| config.site(d.section) == site);
        let to_tls = redirects.chain(rewrites).any(|d| d.args.iter().any(|a| a.contains("https:")));
        json!({
            "instance": server.instance.main,
            "name": server.site_name(site),
            "aliases": aliases.take(50).collect::<Vec<_>>(),
            "address": address,
            "port": port,
            "tls": tls(server, site),
            "redirects_to_tls": to_tls,
            "document_root": word("documentroot").map(|path| config.path(&path)),
            "own_error_log": config.last(site, "errorlog").is_some(),
            "source": config.at(section.file, section.line),
        })
    };
    config.sites().map(row).collect()
}

/// Whether TLS is on in a virtual host.
pub fn tls(server: &Server<'_>, site: usize) -> bool {
    let engine = server.config.effective(site, "sslengine");
    engine.is_some_and(|directive| !directive.arg(0).eq_ignore_ascii_case("off"))
}

/// Effective settings of the server and of each virtual host that changes one.
pub fn settings(server: &Server<'_>) -> Vec<Value> {
    let changes = |&site: &usize| {
        WATCHED.iter().any(|(name, _)| server.config.last(site, name).is_some())
            || server.config.all(site, "header").next().is_some()
            || tls(server, site)
    };
    let sites = server.config.sites().filter(changes);
    std::iter::once(SERVER).chain(sites).map(|site| one(server, site)).collect()
}

/// A directive that is watched, and how its value is told.
type Watched = (&'static str, fn(Option<&Directive>, bool) -> Value);

/// Defaults are those of httpd 2.4; where 2.2 differs, the flag says that it is old.
const WATCHED: [Watched; 14] = [
    ("timeout", |d, old| number(d, if old { 300 } else { 60 })),
    ("keepalive", |d, _| switch(d, true)),
    ("keepalivetimeout", |d, _| seconds(d, 5)),
    ("maxkeepaliverequests", |d, _| number(d, 100)),
    ("servertokens", |d, _| word(d, "Full")),
    ("serversignature", |d, _| word(d, "Off")),
    ("traceenable", |d, _| word(d, "On")),
    ("hostnamelookups", |d, _| word(d, "Off")),
    ("usecanonicalname", |d, _| word(d, "Off")),
    ("limitrequestbody", |d, _| number(d, 0)),
    ("limitrequestfields", |d, _| number(d, 100)),
    ("proxytimeout", |d, _| d.and_then(Directive::number).into()),
    ("requestreadtimeout", |d, _| d.map(Directive::line_of_args).into()),
    ("loglevel", |d, _| word(d, "warn")),
];

fn one(server: &Server<'_>, site: usize) -> Value {
    let config = &server.config;
    let mut row = Map::new();
    let mut sources = Map::new();
    row.insert("instance".to_owned(), server.instance.main.as_str().into());
    row.insert("site".to_owned(), server.site_name(site).into());
    row.insert("tls".to_owned(), tls(server, site).into());
    for (name, told) in WATCHED {
        let found = config.effective(site, name);
        row.insert(name.to_owned(), told(found, server.is_old()));
        if let Some(directive) = found {
            sources.insert(name.to_owned(), config.place(directive).into());
        }
    }
    let header = |wanted: &str| {
        let all = config.all(SERVER, "header").chain(config.all(site, "header"));
        let mut named = all.filter(|d| d.args.iter().any(|arg| arg.eq_ignore_ascii_case(wanted)));
        named.next_back().map(Directive::line_of_args)
    };
    row.insert("hsts".to_owned(), header("strict-transport-security").into());
    row.insert("frame_options".to_owned(), header("x-frame-options").into());
    row.insert("content_type_options".to_owned(), header("x-content-type-options").into());
    let errors = config.all(SERVER, "errordocument").chain(config.all(site, "errordocument"));
    row.insert("error_documents".to_owned(), errors.count().into());
    row.insert("sources".to_owned(), sources.into());
    row.into()
}

fn number(directive: Option<&Directive>, default: i64) -> Value {
    directive.and_then(Directive::number).unwrap_or(default).into()
}

/// Seconds, also of `500ms` (rounded down).
fn seconds(directive: Option<&Directive>, default: i64) -> Value {
    let text = directive.map_or("", |d| d.arg(0));
    let value = match text.strip_suffix("ms") {
        Some(ms) => ms.parse::<i64>().ok().map(|ms| ms / 1000),
        None => text.trim_end_matches('s').parse().ok(),
    };
    value.unwrap_or(default).into()
}

fn switch(directive: Option<&Directive>, default: bool) -> Value {
    let off = |d: &Directive| matches!(d.arg(0), "0") || d.on() == Some(false);
    directive.map_or(default, |d| !off(d)).into()
}

fn word(directive: Option<&Directive>, default: &str) -> Value {
    directive.map_or(default, |d| base(d.arg(0))).into()
}
