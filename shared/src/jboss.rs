//! What of a JBoss EAP or WildFly configuration may travel: elements and attributes of allow-lists.
//!
//! The XML holds passwords of data sources, key stores, mail and messaging. Of a password only its
//! form is kept (`clear`, `expression`, `vault`, …), of a database URL where it leads
//! ([`crate::jdbc`]), of system properties the names. What this file does not name stays on the
//! host. It does not judge and does not know where files lie.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::jdbc;
use crate::xml::{self, Element, XmlError};

mod words;

/// Most elements kept of one document; a domain of three profiles in use has some 2,000.
pub const KEPT_MAX: usize = 8_000;
/// Longest value kept, in bytes.
const VALUE_BYTES_MAX: usize = 300;
/// Deepest nesting of `${a:${b:c}}`.
const EXPRESSION_DEPTH_MAX: u32 = 8;

/// An element, reduced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Its name.
    #[serde(default)]
    pub e: String,
    /// Attributes of the allow-list; `credential` stands for a password's form.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub a: BTreeMap<String, String>,
    /// Its text, where the element is in the list.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub t: String,
    /// Where a database URL leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<jdbc::Target>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub c: Vec<Node>,
}

/// A document, reduced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reduced {
    pub root: Node,
    /// More than [`KEPT_MAX`] elements were there.
    #[serde(default)]
    pub truncated: bool,
}

/// Reduces a configuration: `standalone*.xml`, `domain.xml`, `host*.xml`.
///
/// # Errors
/// Why the text is no document.
pub fn reduce(text: &str) -> Result<Reduced, XmlError> {
    let document = xml::parse(text)?;
    let mut left = KEPT_MAX;
    let used = used_profiles(&document);
    let root = kept(&document, "", &used, &mut left);
    Ok(Reduced { root, truncated: left == 0 })
}

/// The profiles that server groups use; empty where there are no groups, then all are kept.
fn used_profiles(document: &Element) -> Vec<&str> {
    let groups = document.all("server-groups").flat_map(|groups| groups.all("server-group"));
    groups.filter_map(|group| group.attribute("profile")).collect()
}

fn kept(element: &Element, parent: &str, used: &[&str], left: &mut usize) -> Node {
    *left = left.saturating_sub(1);
    let mut node = Node { e: cut(&element.name), ..Node::default() };
    attributes(element, &mut node);
    text(element, &mut node);
    if is_leaf(element, parent, used) {
        return node;
    }
    for child in &element.children {
        if *left == 0 {
            break;
        }
        if !words::DROPPED.contains(&child.name.as_str()) {
            node.c.push(kept(child, &element.name, used, left));
        }
    }
    node
}

/// Whether what is inside stays on the host.
fn is_leaf(element: &Element, parent: &str, used: &[&str]) -> bool {
    match element.name.as_str() {
        "subsystem" => {
            let known = element.attribute("xmlns").and_then(subsystem);
            !known.is_some_and(|name| words::SUBSYSTEMS.contains(&name))
        }
        "profile" if parent == "profiles" && !used.is_empty() => {
            // A profile may include another one, so one that nobody uses directly is kept when
            // any included it; includes are rare and only say a name.
            element.attribute("name").is_none_or(|name| !used.contains(&name))
        }
        _ => false,
    }
}

/// The name of a subsystem by its name space: `urn:jboss:domain:undertow:10.0`,
/// `urn:wildfly:elytron:8.0`, `urn:jboss:domain:undertow:community:14.0`.
#[must_use]
pub fn subsystem(namespace: &str) -> Option<&str> {
    let rest = namespace
        .strip_prefix("urn:jboss:domain:")
        .or_else(|| namespace.strip_prefix("urn:wildfly:"))?;
    rest.split(':').next()
}

fn attributes(element: &Element, node: &mut Node) {
    let name = element.name.as_str();
    let is_property = words::PROPERTIES_OF.contains(&name);
    let key = element.attribute("name").or_else(|| element.attribute("key"));
    let open = key.is_some_and(|key| words::PROPERTIES.contains(&key));
    for (attribute, value) in &element.attributes {
        let attribute = attribute.as_str();
        let fits = match attribute {
            "value" => words::VALUES_OF.contains(&name) || is_property && open,
            _ => words::ATTRIBUTES.contains(&attribute),
        };
        if words::is_secret(attribute) || name == "secret" && attribute == "value" {
            node.a.insert("credential".to_owned(), form(value).to_owned());
        } else if attribute == "connection-url" {
            node.url = jdbc::target(&settled(value, &|_| None));
        } else if fits {
            node.a.insert(attribute.to_owned(), cut(value));
        }
    }
    if words::is_secret(name) && !element.text.is_empty() {
        node.a.insert("credential".to_owned(), form(&element.text).to_owned());
    }
}

fn text(element: &Element, node: &mut Node) {
    let name = element.name.as_str();
    let property = element.attribute("name").unwrap_or("");
    let is_property = words::PROPERTIES_OF.contains(&name);
    if name == "connection-url" || is_property && property.eq_ignore_ascii_case("url") {
        node.url = jdbc::target(&settled(&element.text, &|_| None));
    } else if words::TEXTS_OF.contains(&name)
        || is_property && words::PROPERTIES.contains(&property)
    {
        node.t = cut(&element.text);
    }
}

/// How a password stands there, never the password.
#[must_use]
pub fn form(value: &str) -> &'static str {
    let value = value.trim();
    let Some(inner) = value.strip_prefix("${") else {
        return match value {
            "" => "none",
            _ if value.starts_with("MASK-") => "masked",
            _ => "clear",
        };
    };
    let inner = inner.trim_end_matches('}');
    if inner.starts_with("VAULT::") {
        return "vault";
    }
    if inner.starts_with("ENC::") {
        return "encrypted";
    }
    match inner.split_once(':') {
        Some((_, default)) if default.to_ascii_uppercase().contains("CHANGE ME") => "shipped",
        Some((_, default)) if !default.is_empty() && !default.starts_with("${") => "clear",
        _ => "expression",
    }
}

/// `${name:default}` with what `known` says of a name, else the default; one without stays.
pub fn settled(text: &str, known: &dyn Fn(&str) -> Option<String>) -> String {
    settled_in(text, known, EXPRESSION_DEPTH_MAX)
}

fn settled_in(text: &str, known: &dyn Fn(&str) -> Option<String>, depth: u32) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        plain.push_str(&rest[..at]);
        let Some(end) = closing(&rest[at + 2..]) else { break };
        let inner = &rest[at + 2..at + 2 + end];
        let (names, default) = match inner.split_once(':') {
            Some((names, default)) => (names, Some(default)),
            None => (inner, None),
        };
        let found = names.split(',').find_map(|name| known(name.trim()));
        match (found, default) {
            (Some(value), _) => plain.push_str(&value),
            (None, Some(default)) if depth > 0 => {
                plain.push_str(&settled_in(default, known, depth - 1));
            }
            _ => {
                plain.push_str("${");
                plain.push_str(names);
                plain.push('}');
            }
        }
        rest = &rest[at + 3 + end..];
    }
    plain.push_str(rest);
    plain
}

/// Where the brace that is open closes.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_u32;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn cut(text: &str) -> String {
    let mut end = text.len().min(VALUE_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let reduced = reduce(text).unwrap();
        assert_eq!(serde_json::to_string(&reduced.root).unwrap(), expected, "{text}");
    }

    #[test]
    fn secrets_leave_only_their_form() {
        check(
            "<security><user-name>u</user-name><password>hunter2</password></security>",
            r#"{"e":"security","c":[{"e":"user-name"},{"e":"password","a":{"credential":"clear"}}]}"#,
        );
        check(
            "<security user-name='u' password='${VAULT::ds::pw::1}'/>",
            r#"{"e":"security","a":{"credential":"vault"}}"#,
        );
        check("<secret value='aHVudGVyMg=='/>", r#"{"e":"secret","a":{"credential":"clear"}}"#);
        check(
            "<keystore path='a.jks' keystore-password='hunter2' alias='x'/>",
            r#"{"e":"keystore","a":{"alias":"x","credential":"clear","path":"a.jks"}}"#,
        );
        check(
            "<property name='my.password' value='hunter2'/>",
            r#"{"e":"property","a":{"name":"my.password"}}"#,
        );
        check(
            "<auth-protocol type='AUTH'><digest-token><shared-secret-reference \
             clear-text='hunter2'/></digest-token></auth-protocol>",
            r#"{"e":"auth-protocol","a":{"type":"AUTH"},"c":[{"e":"digest-token","c":[{"e":"shared-secret-reference","a":{"credential":"clear"}}]}]}"#,
        );
        check(
            "<protocol type='AUTH'><property name='auth_value'>hunter2</property></protocol>",
            r#"{"e":"protocol","a":{"type":"AUTH"},"c":[{"e":"property","a":{"name":"auth_value"}}]}"#,
        );
    }

    #[test]
    fn urls_and_texts() {
        check(
            "<connection-url>jdbc:mysql://${db.host:10.0.0.5}/shop?password=hunter2</connection-url>",
            r#"{"e":"connection-url","url":{"scheme":"mysql","hosts":[{"host":"10.0.0.5","port":3306}],"database":"shop"}}"#,
        );
        check("<max-pool-size>20</max-pool-size>", r#"{"e":"max-pool-size","t":"20"}"#);
        check(
            "<xa-datasource-property name='Password'>hunter2</xa-datasource-property>",
            r#"{"e":"xa-datasource-property","a":{"name":"Password"}}"#,
        );
        check(
            "<xa-datasource-property name='ServerName'>db1</xa-datasource-property>",
            r#"{"e":"xa-datasource-property","a":{"name":"ServerName"},"t":"db1"}"#,
        );
    }

    #[test]
    fn only_known_subsystems_and_used_profiles_are_open() {
        check(
            "<profile><subsystem xmlns='urn:jboss:domain:mail:3.0'><x/></subsystem>\
             <subsystem xmlns='urn:jboss:domain:io:3.0'><worker name='d'/></subsystem></profile>",
            r#"{"e":"profile","c":[{"e":"subsystem","a":{"xmlns":"urn:jboss:domain:mail:3.0"}},{"e":"subsystem","a":{"xmlns":"urn:jboss:domain:io:3.0"},"c":[{"e":"worker","a":{"name":"d"}}]}]}"#,
        );
        check(
            "<domain><profiles><profile name='a'><x/></profile><profile name='b'><y/></profile>\
             </profiles><server-groups><server-group name='g' profile='b'/></server-groups></domain>",
            r#"{"e":"domain","c":[{"e":"profiles","c":[{"e":"profile","a":{"name":"a"}},{"e":"profile","a":{"name":"b"},"c":[{"e":"y"}]}]},{"e":"server-groups","c":[{"e":"server-group","a":{"name":"g","profile":"b"}}]}]}"#,
        );
    }

    #[test]
    fn expressions() {
        let known = |name: &str| (name == "a").then(|| "1".to_owned());
        let check = |text, expected| assert_eq!(settled(text, &known), expected, "{text}");
        check("${a:2}", "1");
        check("${b:2}", "2");
        check("x${b:${c:${a}}}y", "x1y");
        check("${b}", "${b}");
        check("${b,a:9}", "1");
        check("${open", "${open");
        check(&"${b:".repeat(50), &"${b:".repeat(50));
    }

    #[test]
    fn forms_of_passwords() {
        let check = |text, expected| assert_eq!(form(text), expected, "{text}");
        check("hunter2", "clear");
        check("", "none");
        check("MASK-1a2b;saltsalt;20", "masked");
        check("${VAULT::a::b::1}", "vault");
        check("${ENC::r:abc}", "encrypted");
        check("${db.password}", "expression");
        check("${db.password:hunter2}", "clear");
        check("${jboss.messaging.cluster.password:CHANGE ME!!}", "shipped");
    }

    #[test]
    fn large_documents_end() {
        let text = format!("<a>{}</a>", "<b/>".repeat(KEPT_MAX + 5));
        let reduced = reduce(&text).unwrap();
        assert!(reduced.truncated);
        assert_eq!(reduced.root.c.len(), KEPT_MAX - 1);
    }
}
