//! Whom httpd calls: `ProxyPass`, `BalancerMember`, rewrites with `[P]`, and mod_jk's workers.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Server, jk};
use crate::httpd::Directive;

/// Most targets of one instance.
const TARGETS_MAX: usize = 1_000;

/// One target, before it is told.
pub struct Target<'a> {
    pub url: &'a str,
    /// What of the site is handed on.
    pub path: &'a str,
    pub balancer: Option<&'a str>,
    /// `max=…`, `timeout=…`; names in small letters.
    pub parameters: BTreeMap<String, String>,
    pub directive: &'a Directive,
}

pub fn rows(server: &Server<'_>) -> Vec<Value> {
    let mut rows: Vec<Value> =
        targets(server).iter().filter_map(|target| told(server, target)).collect();
    rows.extend(jk::rows(server));
    rows.truncate(TARGETS_MAX);
    rows
}

fn targets<'s>(server: &'s Server<'_>) -> Vec<Target<'s>> {
    let config = &server.config;
    let mut targets = Vec::new();
    for directive in &config.directives {
        let section = &config.sections[directive.section];
        let inside = section.args.first().map_or("", String::as_str);
        let target = match directive.name.as_str() {
            "proxypass" | "proxypassmatch" => {
                // Inside of a location its path is the section's.
                let in_place = section.name.starts_with("location");
                let (path, rest) = match in_place {
                    true => (section.args.last().map_or("", String::as_str), &directive.args[..]),
                    false => (directive.arg(0), directive.args.get(1..).unwrap_or_default()),
                };
                target(directive, path, None, rest)
            }
            "balancermember" => match inside.starts_with("balancer://") {
                true => target(directive, "", Some(inside), &directive.args),
                // Outside of a section the balancer comes first.
                false => {
                    let rest = directive.args.get(1..).unwrap_or_default();
                    target(directive, "", Some(directive.arg(0)), rest)
                }
            },
            "rewriterule" if proxies(directive.arg(2)) => {
                let target = &directive.args[1..2];
                self::target(directive, directive.arg(0), None, target)
            }
            _ => None,
        };
        targets.extend(target);
        if targets.len() >= TARGETS_MAX {
            break;
        }
    }
    targets
}

/// `[P,L]`, `[proxy]`.
fn proxies(flags: &str) -> bool {
    let flags = flags.trim_matches(['[', ']']);
    flags.split(',').any(|flag| matches!(flag.trim(), "P" | "proxy"))
}

fn target<'a>(
    directive: &'a Directive,
    path: &'a str,
    balancer: Option<&'a str>,
    words: &'a [String],
) -> Option<Target<'a>> {
    let url = words.first()?.as_str();
    if url == "!" || !url.contains("://") {
        return None;
    }
    let parameters = words[1..].iter().filter_map(|word| word.split_once('='));
    let parameters =
        parameters.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    let balancer = balancer.map(balancer_name);
    Some(Target { url, path, balancer, parameters, directive })
}

/// `app` of `balancer://app/`.
fn balancer_name(url: &str) -> &str {
    url.trim_start_matches("balancer://").split('/').next().unwrap_or_default()
}

/// Scheme, host and port of a target's address.
fn address(url: &str) -> Option<(&str, String, Option<i64>)> {
    let (scheme, rest) = url.split_once("://")?;
    let rest = rest.split(['/', '?']).next()?;
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse::<i64>().ok()),
        _ => (rest, None),
    };
    let default = match scheme {
        "http" | "ws" | "h2c" => Some(80),
        "https" | "wss" | "h2" => Some(443),
        "ajp" => Some(8009),
        _ => None,
    };
    // `$1` of a pattern is a guess for a request to fill in.
    let host = host.trim_matches(['[', ']']);
    (!host.is_empty()).then(|| (scheme, host.to_owned(), port.or(default)))
}

fn told(server: &Server<'_>, target: &Target<'_>) -> Option<Value> {
    let config = &server.config;
    let (scheme, host, port) = address(target.url)?;
    if matches!(scheme, "balancer" | "unix" | "fcgi" | "scgi" | "uwsgi") {
        return None;
    }
    let site = config.site(target.directive.section);
    let set = proxy_set(server, target.url);
    let parameter = |name: &str| target.parameters.get(name).or_else(|| set.get(name));
    let number = |name: &str| parameter(name).and_then(|text| seconds(text));
    let setting = |name: &str| config.effective(site, name).and_then(Directive::number);
    let (timeout, by) = match (number("timeout"), setting("proxytimeout"), setting("timeout")) {
        (Some(own), ..) => (own, "target"),
        (_, Some(proxy), _) => (proxy, "proxytimeout"),
        (_, _, Some(timeout)) => (timeout, "timeout"),
        _ => (if server.is_old() { 300 } else { 60 }, "default"),
    };
    let switch = |name: &str| parameter(name).map(|text| text.eq_ignore_ascii_case("on"));
    Some(json!({
        "instance": server.instance.main,
        "site": server.site_name(site),
        "module": "proxy",
        "scheme": scheme,
        "host": host,
        "port": port,
        "path": target.path,
        "balancer": target.balancer,
        "route": parameter("route"),
        "max": number("max"),
        "timeout_s": timeout,
        "timeout_by": by,
        "connection_timeout_s": number("connectiontimeout"),
        "acquire_ms": parameter("acquire").and_then(|text| text.parse::<i64>().ok()),
        "ttl_s": number("ttl"),
        "retry_s": number("retry").unwrap_or(60),
        "keepalive": switch("keepalive"),
        "disable_reuse": switch("disablereuse").unwrap_or(false),
        "status": parameter("status"),
        "secret_set": parameter("secret").is_some(),
        "source": config.place(target.directive),
    }))
}

/// `ProxySet` in the section of this target.
fn proxy_set(server: &Server<'_>, url: &str) -> BTreeMap<String, String> {
    let config = &server.config;
    let mut found = BTreeMap::new();
    for directive in config.every("proxyset") {
        let section = &config.sections[directive.section];
        let same = |arg: &String| arg.trim_end_matches('/') == url.trim_end_matches('/');
        if section.name == "proxy" && section.args.first().is_some_and(same) {
            let pairs = directive.args.iter().filter_map(|word| word.split_once('='));
            found.extend(pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())));
        }
    }
    found
}

/// Whole seconds of `30`, `500ms`, `2min`.
pub fn seconds(text: &str) -> Option<i64> {
    let (number, unit) = match text.find(|c: char| !c.is_ascii_digit()) {
        Some(at) => text.split_at(at),
        None => (text, "s"),
    };
    let number: i64 = number.parse().ok()?;
    match unit {
        "s" => Some(number),
        "ms" => Some(number / 1000),
        "mi" | "min" => number.checked_mul(60),
        "h" => number.checked_mul(3600),
        _ => None,
    }
}

/// Balancers of mod_proxy and mod_jk: members and how a session finds its member again.
pub fn balancers(server: &Server<'_>) -> Vec<Value> {
    let config = &server.config;
    let mut members: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for target in targets(server).iter().filter(|target| target.balancer.is_some()) {
        let member = json!({
            "url": target.url,
            "route": target.parameters.get("route"),
            "status": target.parameters.get("status"),
        });
        let name = target.balancer.unwrap_or_default().to_owned();
        members.entry(name).or_default().push(member);
    }
    let mut rows = Vec::new();
    for (name, members) in members {
        let mut set = proxy_set(server, &format!("balancer://{name}"));
        let passes = config.directives.iter().filter(|d| d.name.starts_with("proxypass"));
        for directive in passes {
            let ours = |arg: &&String| arg.starts_with("balancer://") && balancer_name(arg) == name;
            if let Some(at) = directive.args.iter().position(|arg| ours(&arg)) {
                let pairs = directive.args[at + 1..].iter().filter_map(|arg| arg.split_once('='));
                set.extend(pairs.map(|(k, v)| (k.to_ascii_lowercase(), v.to_owned())));
            }
        }
        rows.push(json!({
            "instance": server.instance.main,
            "name": name,
            "module": "proxy",
            "members": members,
            "sticky": set.get("stickysession"),
            "method": set.get("lbmethod").map_or("byrequests", String::as_str),
            "no_failover": set.get("nofailover").is_some_and(|on| on.eq_ignore_ascii_case("on")),
        }));
    }
    rows.extend(jk::balancers(server));
    rows
}
