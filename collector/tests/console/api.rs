//! The description of the API against the API: what it says is demanded is demanded, what it says
//! is answered is answered.

use axum::http::{Method, StatusCode};
use carepack_collector::console::catalogue;
use carepack_collector::store::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{World, filled, text, world};

/// Deepest schema that is followed.
const DEPTH_MAX: usize = 12;

/// The world, its description, and the token of somebody who may do everything.
async fn described() -> (World, Value, String) {
    let world = world().await;
    let (_, token) = world.person(Role::Operator).await;
    let answer = world.api(&Method::GET, "/openapi.json", Some(&token)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let document = serde_json::from_str(&text(answer).await).unwrap();
    (world, document, token)
}

/// A schema behind its name.
fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    match schema["$ref"].as_str() {
        Some(name) => document.pointer(name.trim_start_matches('#')).expect(name),
        None => schema,
    }
}

/// What is wrong with a value.
fn fault(document: &Value, schema: &Value, value: &Value, depth: usize) -> Option<String> {
    assert!(depth < DEPTH_MAX, "{schema}");
    let schema = resolved(document, schema);
    let inner = |schema: &Value, value: &Value| fault(document, schema, value, depth + 1);
    if let Some(all) = schema["oneOf"].as_array() {
        let faults: Vec<String> = all.iter().map_while(|one| inner(one, value)).collect();
        return (faults.len() == all.len()).then(|| faults.join(" | "));
    }
    if let Some(words) = schema["enum"].as_array().filter(|words| !words.contains(value)) {
        return Some(format!("{value} is none of {words:?}"));
    }
    let mut kinds = schema["type"].as_array().cloned().unwrap_or_default();
    kinds.extend(schema["type"].as_str().map(Value::from));
    let is = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let fits = |kind: &Value| kind == is || (kind == "number" && is == "integer");
    if !kinds.is_empty() && !kinds.iter().any(fits) {
        return Some(format!("{value} is {is}, not {kinds:?}"));
    }
    match value {
        Value::Array(items) => {
            let firsts = schema["prefixItems"].as_array().into_iter().flatten();
            let faulty = items.iter().zip(firsts).find_map(|(item, one)| inner(one, item));
            let all = schema.get("items").filter(|items| items.is_object());
            faulty.or_else(|| items.iter().find_map(|item| inner(all?, item)))
        }
        Value::Object(fields) => {
            let (known, required) = properties(document, schema);
            if known.is_empty() {
                return None;
            }
            if let Some(name) = required.iter().find(|name| !fields.contains_key(*name)) {
                return Some(format!("{name} is not there"));
            }
            fields.iter().find_map(|(name, value)| match known.get(name) {
                Some(schema) => inner(schema, value).map(|fault| format!("{name}: {fault}")),
                None => Some(format!("{name} is not described")),
            })
        }
        _ => None,
    }
}

/// The fields of an object, of all its parts, and those that must be there.
fn properties(document: &Value, schema: &Value) -> (serde_json::Map<String, Value>, Vec<String>) {
    let schema = resolved(document, schema);
    let mut known = schema["properties"].as_object().cloned().unwrap_or_default();
    let required = schema["required"].as_array().into_iter().flatten();
    let mut required: Vec<String> =
        required.map(|name| name.as_str().unwrap().to_owned()).collect();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        let (more, needed) = properties(document, part);
        known.extend(more);
        required.extend(needed);
    }
    (known, required)
}

/// A value that a schema allows.
fn sample(document: &Value, name: &str, schema: &Value, world: &World) -> Value {
    let schema = resolved(document, schema);
    let words = schema["enum"].as_array();
    if let Some(word) = words.and_then(|words| words.iter().find(|word| *word != "")) {
        return word.clone();
    }
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("string"), Some("uuid")) => match name {
            "contract" => json!(world.ours.contract),
            _ => json!(world.ours.host),
        },
        (Some("string"), Some("date")) => json!("2026-01-01"),
        (Some("string"), Some("date-time")) => json!("2026-01-01T00:00:00Z"),
        (Some("integer"), _) => schema.get("minimum").cloned().unwrap_or(json!(1)),
        (Some("array"), _) => json!([sample(document, name, &schema["items"], world)]),
        _ => json!("abc"),
    }
}

/// Values that a schema does not allow.
fn wrong(document: &Value, schema: &Value) -> Vec<Value> {
    let schema = resolved(document, schema);
    let mut all = Vec::new();
    if let Some(most) = schema["maxLength"].as_u64().filter(|most| *most < 50_000) {
        all.push(json!("x".repeat(usize::try_from(most).unwrap() + 1)));
    }
    if let Some(most) = schema["maximum"].as_u64() {
        all.push(json!(most + 1));
    }
    if let Some(words) = schema["enum"].as_array() {
        all.push(if words[0].is_string() { json!("no such word") } else { json!(77) });
    }
    if schema["minLength"] == 1 {
        all.push(json!(""));
    }
    all
}

#[tokio::test]
async fn what_the_description_demands_is_demanded() {
    let (world, document, token) = described().await;
    let case = json!({"contract": world.ours.contract, "title": "느림", "description": "느림",
        "severity": "important"});
    let opened = world.send("/cases", Some(&token), &case).await;
    assert_eq!(opened.status(), StatusCode::OK);
    let number: String = serde_json::from_str(&text(opened).await).unwrap();
    let (mut tried, mut whole) = (0, 0);
    for route in catalogue().into_iter().filter(|r| r.api && r.rule.method == Method::POST) {
        let described = &document["paths"][route.rule.path]["post"]["requestBody"]["content"];
        let schema = &described["application/json"]["schema"];
        if schema.is_null() {
            continue;
        }
        let path = filled(&route.rule.path.replace("{case}", &number), &world.ours);
        // What is not there is not found before its fields are looked at.
        let (fields, required) = properties(&document, schema);
        let nobodys = path.contains(&Uuid::nil().to_string()) || fields.contains_key("case");
        let sound: serde_json::Map<String, Value> = required
            .iter()
            .map(|name| (name.clone(), sample(&document, name, &fields[name], &world)))
            .collect();
        let refused = |status: StatusCode, what: &str| {
            let is = status == StatusCode::UNPROCESSABLE_ENTITY
                || (nobodys && status == StatusCode::NOT_FOUND)
                // A case's state is looked at before the words to it.
                || (path.ends_with("/state") && status == StatusCode::CONFLICT);
            assert!(is, "{path} {what}: {status}");
        };
        for name in &required {
            let mut body = sound.clone();
            body.remove(name);
            refused(world.send(&path, Some(&token), &json!(body)).await.status(), name);
            tried += 1;
        }
        for (name, schema) in &fields {
            for value in wrong(&document, schema) {
                let mut body = sound.clone();
                body.insert(name.clone(), value);
                // A new contract's name is demanded, that of one that is there is not read.
                if (route.rule.path, name.as_str()) != ("/contracts/{contract}", "name") {
                    let status = world.send(&path, Some(&token), &json!(body)).await.status();
                    refused(status, &format!("wrong {name}"));
                    tried += 1;
                }
            }
        }
        let status = world.send(&path, Some(&token), &json!(sound)).await.status();
        whole += usize::from(status == StatusCode::OK);
    }
    assert!(tried > 60, "{tried}");
    // The same with everything that is demanded is taken: nothing else was wrong with it.
    assert!(whole >= 7, "{whole}");
}

#[tokio::test]
async fn answers_are_as_they_are_described() {
    let (world, document, token) = described().await;
    let mut looked = 0;
    for route in catalogue().into_iter().filter(|r| r.api && r.rule.method == Method::GET) {
        let path = if route.rule.path == "/" { "/home" } else { route.rule.path };
        let answers = &document["paths"][path]["get"]["responses"];
        for (status, kind) in [("200", "application/json"), ("404", "application/json")] {
            assert!(answers[status]["content"].is_object(), "{path}");
            let schema = &answers[status]["content"][kind]["schema"];
            let answer = world.api(&Method::GET, &filled(path, &world.ours), Some(&token)).await;
            if schema.is_null() || answer.status().as_str() != status {
                continue;
            }
            let value = serde_json::from_str(&text(answer).await).unwrap();
            let fault = fault(&document, schema, &value, 0);
            assert_eq!(fault, None, "{path} {status}: {value}");
            looked += 1;
        }
    }
    assert!(looked > 35, "{looked}");
}
