//! The multi-processing module's limits in effect, and what memory they may need.
//!
//! Defaults: httpd's documentation of mpm_common, prefork, worker and event (2.4), and of 2.2.

use serde_json::{Value, json};

use super::Server;
use crate::httpd::{Directive, SERVER};

/// The module: loaded, or what the program's name says (RHEL 6), or for 2.2 the only one.
fn name(server: &Server<'_>) -> Option<&'static str> {
    let loaded = ["event", "worker", "prefork"]
        .into_iter()
        .find(|mpm| server.config.modules.contains(&format!("mpm_{mpm}_module")));
    let program = ["worker", "event"]
        .into_iter()
        .find(|mpm| server.instance.binary.ends_with(&format!("httpd.{mpm}")));
    loaded.or(program).or_else(|| server.is_old().then_some("prefork"))
}

/// `{name, max_request_workers, server_limit, threads_per_child, thread_limit, …}`, all as they
/// are in effect: httpd lowers what does not fit and says so only in its log.
pub fn told(server: &Server<'_>) -> Option<Value> {
    let name = name(server)?;
    let find = |names: &[&'static str]| {
        names.iter().filter_map(|name| server.config.last(SERVER, name)).next_back()
    };
    let number =
        |names: &[&'static str]| find(names).and_then(Directive::number).filter(|n| *n > 0);
    let threaded = name != "prefork";
    let thread_limit = number(&["threadlimit"]).unwrap_or(64);
    let threads = match threaded {
        true => number(&["threadsperchild"]).unwrap_or(25).min(thread_limit),
        false => 1,
    };
    let server_limit = number(&["serverlimit"]).unwrap_or(if threaded { 16 } else { 256 });
    let room = server_limit.saturating_mul(threads);
    let asked = number(&["maxclients", "maxrequestworkers"]);
    let whole = |n: i64| if n >= threads { n / threads * threads } else { threads };
    let max = whole(asked.unwrap_or(room).min(room));
    let recycled = find(&["maxrequestsperchild", "maxconnectionsperchild"]);
    let source = find(&["maxclients", "maxrequestworkers"]);
    Some(json!({
        "instance": server.instance.main,
        "name": name,
        "max_request_workers": max,
        "max_request_workers_asked": asked,
        "server_limit": server_limit,
        "threads_per_child": threads,
        "thread_limit": if threaded { thread_limit } else { 1 },
        "start_servers": number(&["startservers"]).unwrap_or(if threaded { 3 } else { 5 }),
        "min_spare": number(if threaded { &["minsparethreads"] } else { &["minspareservers"] }),
        "max_spare": number(if threaded { &["maxsparethreads"] } else { &["maxspareservers"] }),
        "max_connections_per_child": recycled.and_then(Directive::number).unwrap_or(0),
        "listen_backlog": number(&["listenbacklog"]).unwrap_or(511),
        "source": source.map(|directive| server.config.place(directive)),
    }))
}

/// Memory of the workers that run, and of as many as the limits allow.
pub fn memory(server: &Server<'_>) -> Vec<Value> {
    let (Some(daemon), Some(mpm)) = (&server.daemon, told(server)) else { return Vec::new() };
    if daemon.workers <= 0 {
        return Vec::new();
    }
    let number = |key: &str| mpm[key].as_i64().unwrap_or(1).max(1);
    let processes_max = number("max_request_workers").div_euclid(number("threads_per_child"));
    let worker_rss_kib = daemon.workers_rss_kib / daemon.workers;
    vec![json!({
        "instance": server.instance.main,
        "processes": daemon.workers,
        "processes_max": processes_max,
        "worker_rss_kib": worker_rss_kib,
        "worker_rss_kib_max": daemon.worker_rss_kib_max,
        "workers_rss_kib": daemon.workers_rss_kib,
        "needed_kib": worker_rss_kib.saturating_mul(processes_max),
    })]
}
