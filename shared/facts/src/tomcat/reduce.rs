//! The allow-list: which elements and attributes of Tomcat's server and context files are kept.
//!
//! Names are those of Tomcat's configuration reference, versions 7 to 11. Whatever is not named
//! here stays on the host; of a secret only `NAME_set` remains.

use carepack_shared::jdbc;
use carepack_shared::xml::Element;
use serde_json::{Map, Value, json};

/// An element, and its attributes.
type Allowed = (&'static str, &'static [&'static str]);

const ALLOWED: [Allowed; 28] = [
    ("Server", &["address", "port", "portOffset"]),
    (
        "Listener",
        &[
            "SSLEngine",
            "className",
            "rmiRegistryPortPlatform",
            "rmiServerPortPlatform",
            "useLocalPorts",
            "minimumUmask",
            "checkedOsUsers",
        ],
    ),
    ("GlobalNamingResources", &[]),
    ("Service", &["name"]),
    (
        "Executor",
        &[
            "className",
            "maxIdleTime",
            "maxQueueSize",
            "maxThreads",
            "minSpareThreads",
            "name",
            "namePrefix",
            "prestartminSpareThreads",
        ],
    ),
    (
        "Connector",
        &[
            "SSLEnabled",
            "SSLHonorCipherOrder",
            "SSLProtocol",
            "SSLVerifyClient",
            "URIEncoding",
            "acceptCount",
            "acceptorThreadCount",
            "address",
            "allowTrace",
            "asyncTimeout",
            "bindOnInit",
            "ciphers",
            "clientAuth",
            "compressibleMimeType",
            "compression",
            "compressionMinSize",
            "connectionLinger",
            "connectionTimeout",
            "connectionUploadTimeout",
            "disableUploadTimeout",
            "discardFacades",
            "enableLookups",
            "executor",
            "keepAliveTimeout",
            "maxConnections",
            "maxHttpHeaderSize",
            "maxHttpRequestHeaderSize",
            "maxKeepAliveRequests",
            "maxParameterCount",
            "maxPostSize",
            "maxSavePostSize",
            "maxSwallowSize",
            "maxThreads",
            "minSpareThreads",
            "packetSize",
            "parseBodyMethods",
            "port",
            "protocol",
            "proxyName",
            "proxyPort",
            "redirectPort",
            "rejectIllegalHeader",
            "relaxedPathChars",
            "relaxedQueryChars",
            "scheme",
            "secretRequired",
            "secure",
            "server",
            "serverRemoveAppProvidedValues",
            "socketBuffer",
            "sslEnabledProtocols",
            "sslProtocol",
            "sslProtocols",
            "tcpNoDelay",
            "tomcatAuthentication",
            "useBodyEncodingForURI",
            "useIPVHosts",
            "useServerCipherSuitesOrder",
            "xpoweredBy",
            "allowedRequestAttributesPattern",
            "throwOnFailure",
        ],
    ),
    (
        "SSLHostConfig",
        &[
            "certificateVerification",
            "ciphers",
            "disableCompression",
            "disableSessionTickets",
            "honorCipherOrder",
            "hostName",
            "insecureRenegotiation",
            "protocols",
            "sslProtocol",
        ],
    ),
    (
        "Certificate",
        &[
            "certificateChainFile",
            "certificateFile",
            "certificateKeyAlias",
            "certificateKeyFile",
            "certificateKeystoreFile",
            "certificateKeystoreType",
            "type",
        ],
    ),
    (
        "UpgradeProtocol",
        &[
            "className",
            "keepAliveTimeout",
            "maxConcurrentStreams",
            "maxConcurrentStreamExecution",
            "overheadCountFactor",
            "readTimeout",
            "streamReadTimeout",
        ],
    ),
    (
        "Engine",
        &["backgroundProcessorDelay", "defaultHost", "jvmRoute", "name", "startStopThreads"],
    ),
    (
        "Host",
        &[
            "appBase",
            "autoDeploy",
            "createDirs",
            "deployOnStartup",
            "deployXML",
            "name",
            "startStopThreads",
            "undeployOldVersions",
            "unpackWARs",
            "workDir",
            "xmlBase",
            "xmlValidation",
            "errorReportValveClass",
        ],
    ),
    ("Alias", &[]),
    (
        "Context",
        &[
            "allowCasualMultipartParsing",
            "allowLinking",
            "antiJARLocking",
            "antiResourceLocking",
            "cachingAllowed",
            "cookies",
            "crossContext",
            "docBase",
            "path",
            "privileged",
            "reloadable",
            "sessionCookieName",
            "sessionCookiePath",
            "swallowOutput",
            "unloadDelay",
            "useHttpOnly",
            "clearReferencesStopThreads",
            "logEffectiveWebXml",
        ],
    ),
    ("Realm", &["cacheSize", "className", "failureCount", "lockOutTime"]),
    ("CredentialHandler", &["algorithm", "className", "iterations"]),
    (
        "Valve",
        &[
            "allow",
            "buffered",
            "className",
            "connectorPort",
            "denyStatus",
            "directory",
            "fileDateFormat",
            "interruptThreadThreshold",
            "maxDays",
            "pattern",
            "prefix",
            "protocolHeader",
            "remoteIpHeader",
            "requestAttributesEnabled",
            "rotatable",
            "showReport",
            "showServerInfo",
            "suffix",
            "threshold",
            "internalProxies",
        ],
    ),
    ("Cluster", &["channelSendOptions", "channelStartOptions", "className"]),
    (
        "Manager",
        &[
            "className",
            "distributable",
            "expireSessionsOnShutdown",
            "maxActiveSessions",
            "maxInactiveInterval",
            "notifyListenersOnReplication",
            "pathname",
            "saveOnRestart",
            "sessionIdLength",
            "maxIdleBackup",
            "maxIdleSwap",
            "minIdleSwap",
            "processExpiresFrequency",
        ],
    ),
    ("Store", &["className", "directory"]),
    ("Channel", &["className"]),
    ("Membership", &["address", "className", "dropTime", "frequency", "port"]),
    (
        "Receiver",
        &[
            "address",
            "autoBind",
            "className",
            "maxThreads",
            "minThreads",
            "port",
            "selectorTimeout",
        ],
    ),
    ("Sender", &["className"]),
    ("Transport", &["className", "timeout", "maxRetryAttempts"]),
    ("Interceptor", &["className"]),
    ("CookieProcessor", &["className", "sameSiteCookies", "partitioned"]),
    ("Resources", &["allowLinking", "cacheMaxSize", "cacheTtl", "cachingAllowed", "className"]),
    (
        "Resource",
        &[
            "auth",
            "closeMethod",
            "defaultAutoCommit",
            "driverClassName",
            "factory",
            "global",
            "initialSize",
            "jmxEnabled",
            "logAbandoned",
            "maxActive",
            "maxAge",
            "maxConnLifetimeMillis",
            "maxIdle",
            "maxTotal",
            "maxWait",
            "maxWaitMillis",
            "minEvictableIdleTimeMillis",
            "minIdle",
            "name",
            "pathname",
            "poolPreparedStatements",
            "readonly",
            "removeAbandoned",
            "removeAbandonedOnBorrow",
            "removeAbandonedOnMaintenance",
            "removeAbandonedTimeout",
            "scope",
            "suspectTimeout",
            "testOnBorrow",
            "testOnConnect",
            "testOnReturn",
            "testWhileIdle",
            "timeBetweenEvictionRunsMillis",
            "type",
            "validationInterval",
            "validationQuery",
            "validationQueryTimeout",
            "connectionTimeout",
            "maximumPoolSize",
            "minimumIdle",
            "idleTimeout",
            "maxLifetime",
            "singleton",
        ],
    ),
];

/// Attributes of which only remains that they are set.
const SECRETS: [&str; 12] = [
    "SSLPassword",
    "certificateKeyPassword",
    "certificateKeystorePassword",
    "connectionPassword",
    "keyPass",
    "keystorePass",
    "password",
    "requiredSecret",
    "secret",
    "truststorePass",
    "truststorePassword",
    "localDataSourcePassword",
];

/// Longest value that is kept, in bytes.
const VALUE_BYTES_MAX: usize = 2_000;

/// An element of the list with those of its children that are in the list; none for another.
pub fn element(element: &Element) -> Option<Value> {
    let (_, allowed) = ALLOWED.iter().find(|(name, _)| *name == element.name)?;
    let mut attributes = Map::new();
    for (name, value) in &element.attributes {
        if SECRETS.contains(&name.as_str()) {
            attributes.insert(format!("{name}_set"), (!value.is_empty()).into());
        } else if element.name == "Server" && name == "shutdown" {
            // The word that stops the server is as good as a password.
            attributes.insert("shutdown_default".to_owned(), (value == "SHUTDOWN").into());
        } else if allowed.contains(&name.as_str()) && value.len() <= VALUE_BYTES_MAX {
            attributes.insert(name.clone(), folded(value).into());
        } else if matches!(name.as_str(), "url" | "jdbcUrl") {
            attributes.extend(target(value));
        }
    }
    let children: Vec<Value> = element.children.iter().filter_map(self::element).collect();
    let mut told = json!({"element": element.name, "attributes": attributes});
    if !children.is_empty() {
        told["children"] = children.into();
    }
    if element.name == "Alias" {
        told["text"] = super::cut(&element.text).into();
    }
    Some(told)
}

/// Where a pool connects to: `{"kind", "host", "hosts", "port", "database", "encoding"}`; only the kind
/// where the rest is no address. Users, passwords and other options of the address are dropped.
fn target(url: &str) -> Map<String, Value> {
    let mut told = Map::new();
    let Some(target) = jdbc::target(url) else { return told };
    if let Some(first) = target.hosts.first() {
        told.insert("host".to_owned(), first.host.as_str().into());
        told.insert("hosts".to_owned(), target.hosts.len().into());
        told.insert("port".to_owned(), first.port.into());
        told.insert("database".to_owned(), target.database.unwrap_or_default().into());
    }
    let is_encoding = |name: &str| name.eq_ignore_ascii_case("characterEncoding");
    let encoding = target.options.iter().find(|(name, _)| is_encoding(name));
    if let Some((_, value)) = encoding {
        told.insert("encoding".to_owned(), value.as_str().into());
    }
    told.insert("kind".to_owned(), target.scheme.into());
    told
}

/// A list of ciphers may be broken over lines.
fn folded(value: &str) -> String {
    crate::text::folded(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tomcat::tree;

    #[test]
    fn a_pool_has_the_first_of_its_hosts() {
        let told = |url: &str| Value::from(target(url));
        assert_eq!(
            told("jdbc:mariadb:replication://u:hunter2@db1,db2/shop?password=hunter2"),
            json!({"kind": "mariadb", "host": "db1", "hosts": 2, "port": 3306, "database": "shop"})
        );
        assert_eq!(
            told("jdbc:log4jdbc:mysql://db1"),
            json!({"kind": "log4jdbc", "host": "db1", "hosts": 1, "port": null, "database": ""})
        );
        let url = "jdbc:mysql://db1/shop?user=hunter2&characterEncoding=EUC-KR&useSSL=false";
        assert_eq!(
            told(url),
            json!({"kind": "mysql", "host": "db1", "hosts": 1, "port": 3306, "database": "shop",
                "encoding": "EUC-KR"})
        );
        assert_eq!(told("jdbc:h2:mem:test;PASSWORD=hunter2"), json!({"kind": "h2"}));
        assert_eq!(told("hunter2"), json!({}));
    }

    #[test]
    fn secrets_stay_and_say_that_they_are_set() {
        let text = r#"<Server port="8005" shutdown="SHUTDOWN" x="hunter2"><Service name="C">
            <Connector port="8009" protocol="AJP/1.3" secret="hunter2" keystorePass="hunter2"/>
            <Connector port="8010" secret=""/><Unknown a="hunter2"><Valve/></Unknown>
            <Realm className="JNDIRealm" connectionPassword="hunter2" connectionName="cn=x"/>
            </Service><GlobalNamingResources><Resource name="jdbc/shop" username="shop"
            password="hunter2" maxTotal="50"
            url="jdbc:mysql://shop:hunter2@10.0.0.9:3306/shop?password=hunter2&amp;useSSL=true"/>
            </GlobalNamingResources></Server>"#;
        let told = tree(text).unwrap().to_string();
        assert!(!told.contains("hunter2"), "{told}");
        for part in [
            r#""secret_set":true"#,
            r#""secret_set":false"#,
            r#""password_set":true"#,
            r#""keystorePass_set":true"#,
            r#""host":"10.0.0.9""#,
            r#""port":3306"#,
            r#""database":"shop""#,
            r#""maxTotal":"50""#,
            r#""connectionPassword_set":true"#,
        ] {
            assert!(told.contains(part), "{part} in {told}");
        }
        assert!(!told.contains("Unknown"));
    }
}
