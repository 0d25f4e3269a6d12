//! Virtual hosts, contexts, and the applications that lie in their folders.

use serde_json::{Value, json};

use super::{Instance, Node};

/// Applications that come with every distribution.
const SHIPPED: [&str; 5] = ["docs", "examples", "host-manager", "manager", "sample"];

pub fn hosts(instance: &Instance) -> Vec<Value> {
    let engines = instance.services().flat_map(|service| service.all("Engine"));
    engines
        .flat_map(|engine| {
            engine.all("Host").map(move |host| one(instance, engine, host)).collect::<Vec<_>>()
        })
        .collect()
}

fn one(instance: &Instance, engine: Node<'_>, host: Node<'_>) -> Value {
    let valves: Vec<Node<'_>> = engine.all("Valve").chain(host.all("Valve")).collect();
    let valve = |class: &str| valves.iter().find(|valve| valve.class() == class).copied();
    let access = valves.iter().find(|valve| valve.class().ends_with("AccessLogValve")).copied();
    let errors = valve("ErrorReportValve").or_else(|| valve("JsonErrorReportValve"));
    let shown = |name: &str| errors.and_then(|valve| valve.flag(name)).unwrap_or(true);
    let stuck = valve("StuckThreadDetectionValve");
    json!({
        "instance": instance.base,
        "name": host.text("name"),
        "app_base": host.text("appBase").unwrap_or("webapps"),
        "auto_deploy": host.flag("autoDeploy").unwrap_or(true),
        "deploy_on_startup": host.flag("deployOnStartup").unwrap_or(true),
        "unpack_wars": host.flag("unpackWARs").unwrap_or(true),
        "deploy_xml": host.flag("deployXML").unwrap_or(true),
        "access_log": access.is_some(),
        "access_pattern": access.and_then(|valve| valve.text("pattern")),
        "access_rotates": access.map(|valve| valve.flag("rotatable").unwrap_or(true)),
        "access_max_days": access.and_then(|valve| valve.number("maxDays")),
        "shows_server_info": shown("showServerInfo"),
        "shows_report": shown("showReport"),
        "remote_ip": valve("RemoteIpValve").is_some(),
        "stuck_seconds": stuck.map(|valve| valve.number("threshold").unwrap_or(600)),
    })
}

/// Contexts of every file: the server's own, the one of all, each application's.
pub fn contexts(instance: &Instance) -> Vec<Value> {
    let mut rows = Vec::new();
    let inside = instance.server().below("Context");
    rows.extend(inside.into_iter().map(|one| context(instance, one, "conf/server.xml")));
    if Node(&instance.context).name() == "Context" {
        rows.push(context(instance, Node(&instance.context), "conf/context.xml"));
    }
    for told in &instance.contexts {
        let file = told["file"].as_str().unwrap_or_default();
        if Node(&told["tree"]).name() == "Context" {
            rows.push(context(instance, Node(&told["tree"]), file));
        }
    }
    rows
}

fn context(instance: &Instance, one: Node<'_>, file: &str) -> Value {
    let resources = one.all("Resources").next();
    let links = one
        .flag("allowLinking")
        .or_else(|| resources.and_then(|resources| resources.flag("allowLinking")));
    let filters = one.all("Valve").filter(|valve| {
        matches!(valve.class(), "RemoteAddrValve" | "RemoteHostValve" | "RemoteCIDRValve")
    });
    let cookies = one.all("CookieProcessor").next();
    json!({
        "instance": instance.base,
        "file": file,
        "path": one.text("path"),
        "reloadable": one.flag("reloadable").unwrap_or(false),
        "privileged": one.flag("privileged").unwrap_or(false),
        "cross_context": one.flag("crossContext").unwrap_or(false),
        "allow_linking": links.unwrap_or(false),
        "use_http_only": one.flag("useHttpOnly"),
        "same_site": cookies.and_then(|one| one.text("sameSiteCookies")),
        "address_filter": filters.count() > 0,
    })
}

/// What lies in the folders of applications.
pub fn apps(instance: &Instance) -> Vec<Value> {
    let row = |app: &Value| {
        let name = app["name"].as_str().unwrap_or_default();
        let stem = name.strip_suffix(".war").unwrap_or(name);
        let file = format!("{stem}/META-INF/context.xml");
        let deployed = format!("/{stem}.xml");
        let guards = instance.contexts.iter().filter(|told| {
            let path = told["file"].as_str().unwrap_or_default();
            path.ends_with(&file) || path.ends_with(&deployed)
        });
        let filtered = guards.map(|told| context(instance, Node(&told["tree"]), ""));
        let filtered = filtered.filter(|row| row["address_filter"] == true).count() > 0;
        json!({
            "instance": instance.base,
            "host": app["host"],
            "name": name,
            "kind": app["kind"],
            "shipped": SHIPPED.contains(&stem),
            "address_filter": filtered,
        })
    };
    instance.apps.iter().flatten().map(row).collect()
}
