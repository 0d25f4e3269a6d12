//! Tomcat of RHEL's package, reduced to what may be stored: the same allow-list as on a host.
//!
//! An archive has the settings of `/etc/tomcat` alone: whether it runs, under whom, and which
//! applications lie there is not known.

use carepack_facts::tomcat;
use carepack_shared::{Content, Unseen};
use serde_json::{Value, json};

use super::Seen;

const CONF: &str = "/etc/tomcat";
/// Where the package puts the instance; its `conf` is a link to the folder above.
const BASE: &str = "/usr/share/tomcat";

/// `{"instances":[…],"truncated"}`, as the agent's survey; none without a `server.xml`.
pub fn instances(seen: &Seen<'_>) -> Option<Content> {
    let reduced = |name: &str, reduce: fn(&str) -> Result<Value, Unseen>| {
        let text = seen.file(&format!("{CONF}/{name}"));
        let told = text.map(|text| reduce(&text));
        told.map(|told| told.unwrap_or_else(|reason| json!({ "unseen": reason })))
    };
    let server = reduced("server.xml", tomcat::tree)?;
    let flags = seen.file(&format!("{CONF}/tomcat.conf")).map(|text| tomcat::flags(&text));
    let instance = json!({
        "base": BASE,
        "home": BASE,
        "running": null,
        "flags": flags.unwrap_or_default(),
        "server": server,
        "web": reduced("web.xml", tomcat::web),
        "context": reduced("context.xml", tomcat::tree),
        "users": reduced("tomcat-users.xml", tomcat::users),
        "contexts": [],
    });
    Some(Content::Json(json!({"instances": [instance], "truncated": false})))
}
