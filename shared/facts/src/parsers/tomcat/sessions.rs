//! Sessions: how long, which cookies, and whether another node has them too.

use serde_json::{Value, json};

use super::{Instance, Node};

/// `channelSendOptions` (org.apache.catalina.tribes.Channel): 2 waits for the answer, 4 for the
/// work to be done, 8 sends aside.
const ACKNOWLEDGED: i64 = 2;
const SYNCHRONOUS: i64 = 4;
const ASYNCHRONOUS: i64 = 8;

/// Puts what `web.xml` says for all applications into an instance's row.
pub fn settings(instance: &Instance, row: &mut Value) {
    let web = &instance.web;
    let known = web.get("session_timeout_min").is_some();
    row["web_xml"] = known.into();
    let or = |name: &str, default: Value| match &web[name] {
        Value::Null => default,
        value => value.clone(),
    };
    row["session_timeout_min"] = or("session_timeout_min", 30.into());
    // HttpOnly is on unless a context says otherwise, since Tomcat 7.
    let context = Node(&instance.context).flag("useHttpOnly");
    row["cookie_http_only"] = or("http_only", context.unwrap_or(true).into());
    row["cookie_secure"] = or("secure", false.into());
    row["listings"] = or("listings", false.into());
    row["readonly"] = or("readonly", true.into());
    row["directory_server_info"] = or("show_server_info", true.into());
    row["error_pages"] = or("error_pages", 0.into());
    row["jsp_development"] = or("jsp_development", true.into());
    row["filters"] = or("filters", Value::Array(Vec::new()));
    row["cgi"] = or("cgi", false.into());
    row["invoker"] = or("invoker", false.into());
    row["clustered"] = (!instance.server().below("Cluster").is_empty()).into();
}

pub fn clusters(instance: &Instance) -> Vec<Value> {
    let row = |cluster: &Node<'_>| {
        let options = cluster.number("channelSendOptions").unwrap_or(ASYNCHRONOUS);
        let manager = cluster.all("Manager").next();
        let one = |name: &'static str| cluster.below(name).into_iter().next();
        let (membership, receiver) = (one("Membership"), one("Receiver"));
        let statics = cluster.below("Interceptor");
        let fixed = |node: &Node<'_>| node.class() == "StaticMembershipInterceptor";
        json!({
            "instance": instance.base,
            "manager": manager.map_or("DeltaManager", |one| match one.class() {
                "" => "DeltaManager",
                class => class,
            }),
            "send_options": options,
            "asynchronous": options & ASYNCHRONOUS != 0,
            "acknowledged": options & (ACKNOWLEDGED | SYNCHRONOUS) != 0,
            "membership_address": membership.and_then(|one| one.text("address"))
                .unwrap_or("228.0.0.4"),
            "membership_port": membership.and_then(|one| one.number("port")).unwrap_or(45_564),
            "drop_time_ms": membership.and_then(|one| one.number("dropTime")).unwrap_or(3_000),
            "static_members": statics.iter().any(fixed),
            "receiver_address": receiver.and_then(|one| one.text("address")).unwrap_or("auto"),
            "encrypted": statics.iter().any(|one| one.class() == "EncryptInterceptor"),
        })
    };
    instance.server().below("Cluster").iter().map(row).collect()
}
