//! What `web.xml` sets for every application, and what `tomcat-users.xml` lets in.

use carepack_shared::xml::Element;
use serde_json::{Value, json};

use super::cut;

/// Passwords of the examples that ship with Tomcat, its containers and its manuals.
const KNOWN_PASSWORDS: [&str; 13] = [
    "<must-be-changed>",
    "admin",
    "admin123",
    "changeit",
    "changethis",
    "manager",
    "must-be-changed",
    "password",
    "role1",
    "root",
    "s3cret",
    "secret",
    "tomcat",
];

pub fn web(root: &Element) -> Value {
    let session = root.all("session-config").last();
    let cookie = session.and_then(|session| session.first("cookie-config"));
    let text = |element: Option<&Element>, name: &str| {
        element.and_then(|element| element.first(name)).map(|child| child.text.clone())
    };
    let flag = |name: &str| text(cookie, name).map(|text| text.eq_ignore_ascii_case("true"));
    let timeout = text(session, "session-timeout").and_then(|text| text.parse::<i64>().ok());
    let servlet = |class: &str| {
        let is =
            |one: &&Element| one.first("servlet-class").is_some_and(|c| c.text.ends_with(class));
        root.all("servlet").find(is)
    };
    let default = servlet("DefaultServlet");
    let parameter = |servlet: Option<&Element>, name: &str| {
        let is = |p: &&Element| p.first("param-name").is_some_and(|n| n.text == name);
        let found = servlet?.all("init-param").find(is)?;
        Some(found.first("param-value")?.text.clone())
    };
    let on = |servlet: Option<&Element>, name: &str| {
        parameter(servlet, name).map(|text| text.eq_ignore_ascii_case("true"))
    };
    let filters = root.all("filter").filter_map(|one| one.first("filter-class"));
    let filters: Vec<&str> =
        filters.filter_map(|class| class.text.rsplit('.').next()).map(cut).take(50).collect();
    let jsp = servlet("JspServlet");
    json!({
        "session_timeout_min": timeout,
        "http_only": flag("http-only"),
        "secure": flag("secure"),
        "listings": on(default, "listings"),
        "readonly": on(default, "readonly"),
        "show_server_info": on(default, "showServerInfo"),
        "jsp_development": on(jsp, "development"),
        "error_pages": root.all("error-page").count(),
        "filters": filters,
        "cgi": servlet("CGIServlet").is_some(),
        "invoker": servlet("InvokerServlet").is_some(),
    })
}

/// `{"users", "roles", "manager_users", "script_users", "empty_passwords", "passwords_as_name",
/// "known_passwords"}`.
pub fn users(root: &Element) -> Value {
    let users: Vec<&Element> = root.all("user").collect();
    let count = |fits: &dyn Fn(&Element) -> bool| users.iter().filter(|user| fits(user)).count();
    let password = |user: &Element| user.attribute("password").map(str::to_owned);
    let name = |user: &Element| {
        let name = user.attribute("username").or_else(|| user.attribute("name"));
        name.unwrap_or_default().to_owned()
    };
    let has = |user: &Element, prefix: &str| {
        let roles = user.attribute("roles").unwrap_or_default();
        roles.split(',').any(|role| role.trim().starts_with(prefix))
    };
    let mut roles: Vec<&str> = users
        .iter()
        .filter_map(|user| user.attribute("roles"))
        .flat_map(|r| r.split(','))
        .collect();
    roles = roles.into_iter().map(str::trim).filter(|role| is_role(role)).map(cut).collect();
    roles.sort_unstable();
    roles.dedup();
    let known = |user: &Element| {
        password(user).is_some_and(|text| KNOWN_PASSWORDS.contains(&&*text.to_ascii_lowercase()))
    };
    json!({
        "users": users.len(),
        "roles": roles,
        "manager_users": count(&|user| has(user, "manager-") || has(user, "manager")),
        "script_users": count(&|user| has(user, "manager-script") || has(user, "manager-jmx")),
        "empty_passwords": count(&|user| password(user).is_none_or(|text| text.is_empty())),
        "passwords_as_name": count(&|user| {
            password(user).is_some_and(|text| !text.is_empty() && text == name(user))
        }),
        "known_passwords": count(&known),
    })
}

/// Roles of Tomcat's own applications; what an application calls its roles stays.
fn is_role(role: &str) -> bool {
    role.starts_with("manager") || role.starts_with("admin")
}

#[cfg(test)]
mod tests {
    use crate::tomcat::{users, web};

    #[test]
    fn users_are_counted_and_never_named() {
        let text = r#"<tomcat-users xmlns="x"><role rolename="manager-gui"/>
            <user username="tomcat" password="s3cret" roles="manager-gui,own"/>
            <user username="kim" password="kim" roles="manager-script"/>
            <user username="lee" password="" roles="own"/>
            <user username="ops" password="Very-Long-1" roles="admin-gui"/></tomcat-users>"#;
        let told = users(text).unwrap();
        let expected = r#"{"empty_passwords":1,"known_passwords":1,"manager_users":2,"passwords_as_name":1,"roles":["admin-gui","manager-gui","manager-script"],"script_users":1,"users":4}"#;
        assert_eq!(told.to_string(), expected);
    }

    #[test]
    fn settings_of_every_application() {
        let text = "<web-app><servlet><servlet-name>default</servlet-name>\
            <servlet-class>org.apache.catalina.servlets.DefaultServlet</servlet-class>\
            <init-param><param-name>listings</param-name><param-value>true</param-value></init-param>\
            </servlet><session-config><session-timeout>30</session-timeout><cookie-config>\
            <http-only>true</http-only></cookie-config></session-config>\
            <error-page><location>/e</location></error-page></web-app>";
        let told = web(text).unwrap();
        assert_eq!(told["session_timeout_min"], 30);
        assert_eq!(told["listings"], true);
        assert_eq!(told["readonly"], serde_json::Value::Null);
        assert_eq!((&told["http_only"], &told["error_pages"]), (&true.into(), &1.into()));
    }
}
