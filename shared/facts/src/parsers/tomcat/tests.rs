//! Facts of literal server files, reduced as on a host.

use serde_json::{Value, json};

use super::*;
use crate::testing;
use crate::tomcat::{tree, users, web};

fn facts(survey: &Value) -> Facts {
    let snapshot = testing::snapshot([("survey:tomcat".to_owned(), testing::survey(survey))]);
    let mut facts = Facts::default();
    parse(&Evidence::of(&snapshot), &mut facts);
    facts
}

fn instance(version: &str, server: &str) -> Value {
    json!({"base": "/opt/t", "home": "/opt/t", "version": version, "server": tree(server).unwrap()})
}

fn of(version: &str, server: &str) -> Facts {
    facts(&json!({"instances": [instance(version, server)]}))
}

fn pick(row: &Value, names: &[&str]) -> Value {
    names.iter().map(|name| row[*name].clone()).collect()
}

#[test]
fn connectors_have_the_defaults_of_their_version() {
    let server = r#"<Server port="-1"><Service name="Catalina">
        <Executor name="x" maxThreads="300"/>
        <Connector port="8080" executor="x" connectionTimeout="20000"/>
        <Connector port="8009" protocol="AJP/1.3"/>
        <Connector port="8443" SSLEnabled="true" maxThreads="50" keepAliveTimeout="5000">
          <SSLHostConfig protocols="all,-TLSv1"><Certificate certificateFile="a.pem"/></SSLHostConfig>
        </Connector></Service></Server>"#;
    let rows = |version| of(version, server).value("tomcat.connectors").unwrap().clone();
    let names = ["kind", "max_threads", "accept_count", "connection_timeout_ms", "uri_encoding"];
    let new = rows("9.0.87");
    assert_eq!(pick(&new[0], &names), json!(["http", 300, 100, 20_000, "UTF-8"]));
    assert_eq!(pick(&new[1], &names), json!(["ajp", 200, 100, -1, "UTF-8"]));
    let ajp = ["secret_set", "secret_required", "loopback"];
    assert_eq!(pick(&new[1], &ajp), json!([false, true, true]));
    assert_eq!(pick(&rows("8.5.50")[1], &ajp), json!([false, false, false]));
    assert_eq!(rows("7.0.76")[0]["uri_encoding"], "ISO-8859-1");
    assert_eq!(new[2]["protocols"], json!(["TLSv1.1", "TLSv1.2", "TLSv1.3"]));
    assert_eq!(pick(&new[2], &["keep_alive_timeout_ms", "certificates"]), json!([5000, ["a.pem"]]));
}

#[test]
fn pools_drop_settings_of_another_generation() {
    let server = r#"<Server><GlobalNamingResources>
        <Resource name="jdbc/a" type="javax.sql.DataSource" maxActive="200" maxWait="1"
          url="jdbc:mysql://10.0.0.9:3306/shop"/>
        <Resource name="jdbc/b" type="javax.sql.DataSource" maxTotal="50" maxWaitMillis="5000"
          testOnBorrow="true" validationQuery="SELECT 1" removeAbandonedOnBorrow="true" password="x"/>
        <Resource name="UserDatabase" type="org.apache.catalina.UserDatabase"/>
        </GlobalNamingResources></Server>"#;
    let names = ["name", "host", "max_total", "max_wait_ms", "validates", "ignored"];
    let rows = of("9.0.87", server).value("tomcat.datasources").unwrap().clone();
    assert_eq!(rows.as_array().unwrap().len(), 2);
    assert_eq!(
        pick(&rows[0], &names),
        json!(["jdbc/a", "10.0.0.9", 8, -1, false, ["maxActive", "maxWait"]])
    );
    assert_eq!(pick(&rows[1], &names), json!(["jdbc/b", null, 50, 5000, true, []]));
    assert_eq!(pick(&rows[1], &["removes_abandoned", "password_in_file"]), json!([true, true]));
    let old = of("7.0.76", server).value("tomcat.datasources").unwrap().clone();
    assert_eq!(pick(&old[0], &names[2..]), json!([200, 1, false, []]));
}

#[test]
fn an_instance_with_everything() {
    let mut one = instance(
        "9.0.87",
        r#"<Server port="8005" shutdown="X9"><Service name="C"><Engine name="C" jvmRoute="n1">
        <Cluster className="org.apache.catalina.ha.tcp.SimpleTcpCluster" channelSendOptions="6">
        <Channel><Membership address="228.0.0.9" port="45570"/><Receiver address="10.0.0.1"/></Channel>
        </Cluster><Realm className="org.apache.catalina.realm.LockOutRealm"/>
        <Host name="localhost" autoDeploy="false"><Valve className="org.apache.catalina.valves.AccessLogValve"/>
        <Valve className="org.apache.catalina.valves.ErrorReportValve" showServerInfo="false"/></Host>
        </Engine></Service></Server>"#,
    );
    one["running"] = true.into();
    one["user"] = "tomcat".into();
    one["flags"] = json!([
        "-Xmx512m",
        "-Xmx2g",
        "-XX:+HeapDumpOnOutOfMemoryError",
        "-Xss512k",
        "-Xlog:gc*:file=/l/gc.log",
        "-Dcom.sun.management.jmxremote.port=9010",
        "-Dcom.sun.management.jmxremote.authenticate=false",
        "-XX:+UseG1GC"
    ]);
    one["apps"] = json!([{"host": "localhost", "name": "manager", "kind": "dir"},
        {"host": "localhost", "name": "shop.war", "kind": "war"}]);
    one["contexts"] = json!([{"file": "/opt/t/webapps/manager/META-INF/context.xml",
        "tree": tree(r#"<Context privileged="true"><Valve className="x.RemoteAddrValve" allow="127"/></Context>"#).unwrap()}]);
    one["web"] = web(
        "<web-app><session-config><session-timeout>60</session-timeout></session-config></web-app>",
    )
    .unwrap();
    one["users"] = users(
        r#"<tomcat-users><user username="a" password="a" roles="manager-gui"/></tomcat-users>"#,
    )
    .unwrap();
    let facts = facts(&json!({"instances": [one]}));
    let row = |key: &str| facts.value(key).unwrap()[0].clone();
    assert_eq!(
        pick(
            &row("tomcat.instances"),
            &[
                "line",
                "jvm_route",
                "shutdown_port",
                "shutdown_word_default",
                "session_timeout_min",
                "cookie_http_only",
                "readonly",
                "clustered"
            ]
        ),
        json!(["9.0", "n1", 8005, false, 60, true, true, true])
    );
    assert_eq!(
        pick(
            &row("tomcat.jvm"),
            &[
                "heap_max_mib",
                "heap_dump",
                "gc_log",
                "stack_kib",
                "jmx_port",
                "jmx_authenticates",
                "jmx_tls",
                "collector"
            ]
        ),
        json!([2048, true, true, 512, 9010, false, true, "G1GC"])
    );
    assert_eq!(
        pick(
            &row("tomcat.hosts"),
            &["auto_deploy", "access_log", "shows_server_info", "shows_report"]
        ),
        json!([false, true, false, true])
    );
    assert_eq!(
        pick(
            &row("tomcat.clusters"),
            &["manager", "asynchronous", "acknowledged", "membership_port"]
        ),
        json!(["DeltaManager", false, true, 45_570])
    );
    assert_eq!(pick(&row("tomcat.apps"), &["shipped", "address_filter"]), json!([true, true]));
    assert_eq!(
        pick(&row("tomcat.users"), &["manager_users", "passwords_as_name", "lock_out"]),
        json!([1, 1, true])
    );
}

#[test]
fn a_server_file_that_was_not_seen_hides_all() {
    let facts = facts(&json!({"instances": [{"base": "/opt/t", "server": {"unseen": "denied"}}]}));
    assert_eq!(facts.missing["tomcat.connectors"].reason, Unseen::Denied);
    assert_eq!(facts.missing["tomcat.instances"].source, "/opt/t/conf/server.xml");
}
