//! Java and JBoss from `ps` and from configurations that an archive happens to hold.
//!
//! Of command lines the allow-list of `carepack_shared::daemon` is kept, of configurations that of
//! `carepack_shared::jboss`, as on a host.

use carepack_shared::{Content, daemon, jboss};
use serde_json::{Value, json};

use super::Seen;

/// Most Java processes told.
const RUNNING_MAX: usize = 100;
/// Most words of a command line looked at.
const WORDS_MAX: usize = 2_000;

struct Process {
    pid: u64,
    user: String,
    argv: Vec<String>,
}

/// The survey's shape; what is installed and what crashes left is not told.
pub fn jdk(seen: &Seen<'_>) -> Option<Content> {
    let running: Vec<Value> = processes(seen)?.iter().map(running).collect();
    Some(Content::Json(json!({ "running": running })))
}

fn running(one: &Process) -> Value {
    let home = one.argv.first().and_then(|exe| exe.strip_suffix("/bin/java"));
    let home = home.map(|home| home.strip_suffix("/jre").unwrap_or(home));
    json!({ "pid": one.pid, "user": one.user, "argv": one.argv, "home": home })
}

/// The survey's shape; users' files and deployments are not told.
pub fn jboss(seen: &Seen<'_>) -> Option<Content> {
    let processes = processes(seen)?;
    let instances: Vec<Value> =
        processes.iter().filter_map(|process| instance(seen, process)).collect();
    Some(Content::Json(json!({ "looked_at_processes": true, "instances": instances })))
}

fn instance(seen: &Seen<'_>, process: &Process) -> Option<Value> {
    let option = |name: &str| process.argv.iter().find_map(|word| word.strip_prefix(name));
    let has = |name: &str| process.argv.iter().any(|word| word.starts_with(name));
    if has("-D[Server:") || has("-D[Process Controller]") {
        return None;
    }
    let home = option("-Djboss.home.dir=")?.trim_end_matches('/');
    let domain = has("-D[Host Controller]");
    let (mode, default) =
        if domain { ("domain", "host.xml") } else { ("standalone", "standalone.xml") };
    let variable = if domain { "-Djboss.domain.base.dir=" } else { "-Djboss.server.base.dir=" };
    let base = option(variable).map_or_else(|| format!("{home}/{mode}"), str::to_owned);
    let after = process.argv.iter().position(|word| word == "-c").map(|at| at + 1);
    let named = option("--server-config=").or_else(|| option("--host-config="));
    let named = named.or_else(|| process.argv.get(after?).map(String::as_str));
    let config = named.and_then(|path| path.rsplit('/').next()).unwrap_or(default);
    let files: Vec<Value> = if domain {
        vec![file(seen, &base, config, "host"), file(seen, &base, "domain.xml", "domain")]
    } else {
        vec![file(seen, &base, config, "server")]
    };
    Some(json!({
        "home": home,
        "base": base,
        "mode": mode,
        "config": config,
        "process": { "pid": process.pid, "user": process.user, "argv": process.argv },
        "version": seen.file(&format!("{home}/version.txt")),
        "files": files,
    }))
}

/// A configuration, reduced; what the archive lacks was not looked at by anybody.
fn file(seen: &Seen<'_>, base: &str, name: &str, kind: &str) -> Value {
    let path = format!("{base}/configuration/{name}");
    let Some(text) = seen.file(&path) else {
        return json!({ "path": path, "kind": kind, "unseen": "absent" });
    };
    match jboss::reduce(&text) {
        Ok(tree) => json!({ "path": path, "kind": kind, "tree": tree }),
        Err(_) => json!({ "path": path, "kind": kind, "unseen": "malformed" }),
    }
}

/// Java's processes; none when no output names command lines whole.
fn processes(seen: &Seen<'_>) -> Option<Vec<Process>> {
    let text = seen.command(&["ps_alxwww", "ps_auxwww", "ps_auxww"])?;
    let mut lines =
        text.lines().skip_while(|line| !line.contains(" PID ") || !line.contains("COMMAND"));
    let columns: Vec<&str> = lines.next()?.split_whitespace().collect();
    let at = |name: &str| columns.iter().position(|column| *column == name);
    let command = at("COMMAND")?;
    let one = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().take(WORDS_MAX).collect();
        let argv = words.get(command..)?;
        let program = daemon::program(argv.first()?).filter(|one| one.product == "java")?;
        Some(Process {
            pid: words.get(at("PID")?)?.parse().ok()?,
            user: (*words.get(at("USER").or_else(|| at("UID"))?)?).to_owned(),
            argv: program.kept(argv).into_iter().map(str::to_owned).collect(),
        })
    };
    Some(lines.filter_map(one).take(RUNNING_MAX).collect())
}
