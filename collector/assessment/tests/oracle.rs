//! Our walk over CEL's parse tree against the `cel` crate's own interpreter: every expression of
//! every rule on the facts of every case, and a list of corners. Both give the same value, or
//! both give none.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use carepack_assessment::Pack;
use carepack_assessment::expression::{Expression, Frame, show};
use carepack_assessment::rule::Rule;
use carepack_facts::Facts;
use cel::extractors::Arguments;
use cel::objects::Key;
use cel::{Context, ExecutionError, Program, Value as Cel};
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

const NOW: i64 = 1_795_392_000;

/// What both sides are asked about.
struct Evidence {
    facts: Facts,
    previous: Facts,
    now: i64,
}

#[test]
fn every_rule_on_every_case() {
    let mut files = BTreeMap::new();
    read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../rules")), "", &mut files);
    let pack = Pack::load("oracle", &files).unwrap();
    let mut compared = 0;
    for rule in &pack.rules {
        for (_, file, text) in pack.cases.iter().filter(|(id, ..)| *id == rule.id) {
            let case: Json = serde_yaml_ng::from_str(text).unwrap();
            let evidence = Evidence {
                facts: known(&case["facts"]),
                previous: known(&case["prev"]),
                now: case["now"].as_i64().unwrap_or(NOW),
            };
            compared += compare(rule, &evidence, &format!("{}/{file}", rule.id));
        }
    }
    assert!(compared > 2_000, "only {compared} expressions were compared");
}

#[test]
fn corners_of_the_language() {
    let mut facts = Facts::default();
    facts.put("fs.usage", json!([{"mount": "/", "used_pct": 91.25, "n": 3}]), "test");
    facts.put("sysctl.live", json!({"b": "60", "a": "1"}), "test");
    facts.put("cpu.count", 3, "test");
    let evidence = Evidence { facts, previous: Facts::default(), now: NOW };
    let none = Map::new();
    for source in [
        "1 + 2 * 3 - 4",
        "7 / 2",
        "-7 / 2",
        "-7 % 3",
        "7.0 / 2.0",
        "1 + 1.0",
        "1 / 0",
        "1.0 / 0.0",
        "9223372036854775807 + 1",
        "-(-9223372036854775807 - 1)",
        "1 == 1.0",
        "1 < 1.5",
        "2.5 >= 2",
        "'a' < 'b'",
        "'a' == 1",
        "'a' < 1",
        "true && 1 == 1",
        "1 / 0 == 1 || true",
        "1 / 0 == 1 && false",
        "false || 1 / 0 == 1",
        "!false",
        "!1",
        "-'a'",
        "1 > 0 ? 'yes' : 'no'",
        "[1, 2] + [3]",
        "[1, 2] == [1.0, 2.0]",
        "[1, 2] == [2, 1]",
        "[1, 2][1]",
        "[1, 2][2]",
        "2 in [1, 2]",
        "'a' in facts.sysctl.live",
        "'c' in facts.sysctl.live",
        "facts.sysctl.live['c']",
        "facts.sysctl.live.a",
        "has(facts.sysctl.live.a)",
        "has(facts.sysctl.live.c)",
        "has(facts.cpu.model)",
        "has(prev.cpu.count)",
        "prev.cpu.count",
        "{'a': 1}.a",
        "{'a': [1, 2]}['a'][0]",
        "[1, 2, 3].filter(n, n > 1).map(n, n * 2)",
        "[1, 2, 3].map(n, n > 1, n * 2)",
        "[1, 2, 3].exists(n, n == 2)",
        "[1, 2, 3].all(n, n > 0)",
        "[1, 2, 2].exists_one(n, n == 2)",
        "[1, 2].exists_one(n, n == 2)",
        "[0, 1].exists(n, 1 / n == 1)",
        "[0, 2].exists(n, 1 / n == 1)",
        "[1, 0].all(n, 1 / n == 1)",
        "[[1, 2], [3]].map(l, l.map(n, n + size(l)))",
        "[1].map(n, [2].map(n, n))",
        "3.map(n, n)",
        "size('한글')",
        "'abc'.size()",
        "size([1, 2])",
        "size(3)",
        "'abc'.contains('b') && 'abc'.startsWith('a') && 'abc'.endsWith('c')",
        "'ab12'.matches('^[a-z]+[0-9]{2}$')",
        "'abc'.contains(1)",
        "string(3) + string(2.5) + string(true) + string('x')",
        "string(3.0)",
        "string(1e21)",
        "int(3.9) + int('4')",
        "int(-3.9)",
        "int('x')",
        "int(1e300)",
        "double(3) + double('0.5')",
        "double('x')",
        "facts.fs.usage[0].n + 1",
        "facts.fs.usage.map(f, f.mount + string(f.used_pct))",
        "facts.fs.usage.exists(f, f.nothing == 1)",
        "now - 60",
        "null == null",
    ] {
        same(source, &[], &evidence, &none, "corner");
    }
}

/// Every expression of a rule, the `let`s of both sides growing together; how many.
fn compare(rule: &Rule, evidence: &Evidence, place: &str) -> usize {
    let params: Map<String, Json> =
        rule.spec.params.iter().map(|(name, p)| (name.clone(), p.default.clone())).collect();
    let mut lets: Vec<(&str, &str)> = Vec::new();
    let mut compared = 0;
    if let Some(expression) = &rule.applies_if {
        same(expression.source(), &[], evidence, &params, place);
        compared += 1;
    }
    for (name, expression) in &rule.lets {
        if !same(expression.source(), &lets, evidence, &params, place) {
            // Without this let the later ones mean nothing, on either side.
            return compared + 1;
        }
        lets.push((name, expression.source()));
        compared += 1;
    }
    let last = rule.value.iter();
    let all =
        last.chain(rule.expect.iter().map(|(_, e)| e)).chain(rule.raise_to.iter().map(|(_, e)| e));
    for expression in all {
        same(expression.source(), &lets, evidence, &params, place);
        compared += 1;
    }
    compared
}

/// Asks both and asserts that they agree; whether there is a value.
fn same(
    source: &str,
    lets: &[(&str, &str)],
    evidence: &Evidence,
    params: &Map<String, Json>,
    place: &str,
) -> bool {
    let ours = ours(source, lets, evidence, params);
    let theirs = theirs(source, lets, evidence, params);
    assert_eq!(ours.as_ref().ok(), theirs.as_ref().ok(), "{place}: {source}\n{ours:?}\n{theirs:?}");
    ours.is_ok()
}

fn ours(
    source: &str,
    lets: &[(&str, &str)],
    evidence: &Evidence,
    params: &Map<String, Json>,
) -> Result<String, String> {
    let compile = |source: &str, known: usize| {
        let names = lets[..known].iter().map(|(name, _)| *name);
        Expression::compile(source, names).map_err(|error| error.to_string())
    };
    let compiled: Vec<Expression> = lets
        .iter()
        .enumerate()
        .map(|(at, (_, source))| compile(source, at))
        .collect::<Result<_, _>>()?;
    let asked = compile(source, lets.len())?;
    let params = params.iter().map(|(name, value)| (name.as_str(), value)).collect();
    let now = Timestamp::from_second(evidence.now).unwrap();
    let mut frame = Frame::new(&evidence.facts, &evidence.previous, now, params);
    for expression in &compiled {
        let value = expression.evaluate(&mut frame).map_err(|error| error.to_string())?;
        frame.push(value);
    }
    asked.evaluate(&mut frame).map(|value| show(&value)).map_err(|error| error.to_string())
}

fn theirs(
    source: &str,
    lets: &[(&str, &str)],
    evidence: &Evidence,
    params: &Map<String, Json>,
) -> Result<String, String> {
    let run = |source: &str, scope: &Context<'_, '_>| {
        let program = Program::compile(source).map_err(|error| error.to_string())?;
        program.execute(scope).map_err(|error| error.to_string())
    };
    let mut scope = Context::default();
    add_functions(&mut scope);
    scope.add_variable_from_value("facts", tree(&evidence.facts));
    scope.add_variable_from_value("prev", tree(&evidence.previous));
    scope.add_variable_from_value("params", to_cel(&Json::Object(params.clone())));
    scope.add_variable_from_value("now", evidence.now);
    for (name, source) in lets {
        let value = run(source, &scope)?;
        scope.add_variable_from_value(*name, value);
    }
    run(source, &scope).map(|value| shown(&value))
}

fn add_functions(scope: &mut Context<'_, '_>) {
    let human = |bytes: i64| {
        let told = Expression::compile(&format!("human_bytes({bytes})"), std::iter::empty());
        let (facts, now) = (Facts::default(), Timestamp::UNIX_EPOCH);
        let told = told.unwrap();
        let mut frame = Frame::new(&facts, &facts, now, BTreeMap::new());
        show(&told.evaluate(&mut frame).unwrap())
    };
    let added = [
        scope.add_function("join", |list: Arc<Vec<Cel>>, between: Arc<String>| {
            list.iter().map(shown).collect::<Vec<_>>().join(&between)
        }),
        scope.add_function("keys", keys),
        scope.add_function("distinct", |list: Arc<Vec<Cel>>| {
            let mut seen: Vec<Cel> = Vec::new();
            for value in list.iter() {
                if !seen.contains(value) {
                    seen.push(value.clone());
                }
            }
            Cel::List(Arc::new(seen))
        }),
        scope.add_function("round1", |x: f64| (x * 10.0).round() / 10.0),
        scope.add_function("pct", pct),
        scope.add_function("version_cmp", |a: Arc<String>, b: Arc<String>| {
            rpm_version::rpm_evr_compare(&a, &b) as i64
        }),
        scope.add_function("days_between", |a: i64, b: i64| b.saturating_sub(a) / 86_400),
        scope.add_function("date_end", |day: Arc<String>| {
            let day: jiff::civil::Date = day.parse().expect("a date in a rule");
            let last = day.at(23, 59, 59, 0);
            jiff::tz::Offset::UTC.to_timestamp(last).expect("in range").as_second()
        }),
        scope.add_function("human_bytes", human),
        scope.add_function("human_kib", move |kib: i64| human(kib.saturating_mul(1024))),
        scope.add_function("to_int", |text: Arc<String>| text.trim().parse::<i64>().unwrap_or(-1)),
    ];
    assert!(added.iter().all(Result::is_ok));
}

fn keys(Arguments(arguments): Arguments) -> Result<Cel, ExecutionError> {
    let Some(Cel::Map(map)) = arguments.first() else {
        return Err(ExecutionError::function_error("keys", "takes one map"));
    };
    let mut keys: Vec<String> = map.map.keys().map(|key| shown(&Cel::from(key))).collect();
    keys.sort_unstable();
    Ok(Cel::from(keys))
}

fn pct(Arguments(arguments): Arguments) -> Result<f64, ExecutionError> {
    let number = |value: &Cel| match value {
        #[expect(clippy::cast_precision_loss, reason = "as ours")]
        Cel::Int(n) => Some(*n as f64),
        Cel::Float(x) => Some(*x),
        _ => None,
    };
    match arguments.as_slice() {
        [a, b] => match (number(a), number(b)) {
            (Some(_), Some(0.0)) => Ok(0.0),
            (Some(a), Some(b)) => Ok(a * 100.0 / b),
            _ => Err(ExecutionError::function_error("pct", "takes two numbers")),
        },
        _ => Err(ExecutionError::function_error("pct", "takes two numbers")),
    }
}

fn shown(value: &Cel) -> String {
    match value {
        Cel::List(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        Cel::Map(map) => {
            let entry =
                |(key, value): (&Key, &Cel)| format!("{}={}", shown(&Cel::from(key)), shown(value));
            let mut entries: Vec<String> = map.map.iter().map(entry).collect();
            entries.sort_unstable();
            entries.join(", ")
        }
        Cel::Int(n) => n.to_string(),
        Cel::Float(x) => x.to_string(),
        Cel::String(text) => text.to_string(),
        Cel::Bool(value) => value.to_string(),
        Cel::Null => "-".to_owned(),
        other => format!("{other:?}"),
    }
}

fn to_cel(json: &Json) -> Cel {
    match json {
        Json::Null => Cel::Null,
        Json::Bool(value) => Cel::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(int) => Cel::Int(int),
            None => Cel::Float(number.as_f64().unwrap()),
        },
        Json::String(text) => Cel::from(text.as_str()),
        Json::Array(items) => Cel::List(items.iter().map(to_cel).collect::<Vec<_>>().into()),
        Json::Object(map) => {
            let map: HashMap<Key, Cel> =
                map.iter().map(|(key, value)| (Key::from(key.as_str()), to_cel(value))).collect();
            Cel::from(map)
        }
    }
}

/// `fs.usage` at `facts.fs.usage`; the parents of all keys are there.
fn tree(facts: &Facts) -> Cel {
    let mut tree = Map::new();
    for spec in carepack_facts::catalogue().chain(carepack_assessment::derived::DERIVED) {
        parent(&mut tree, spec.key);
    }
    for (key, fact) in &facts.known {
        let name = key.rsplit('.').next().unwrap().to_owned();
        parent(&mut tree, key).insert(name, fact.value.clone());
    }
    to_cel(&Json::Object(tree))
}

fn parent<'t>(tree: &'t mut Map<String, Json>, key: &str) -> &'t mut Map<String, Json> {
    let parents = key.rsplit_once('.').map_or("", |(parents, _)| parents);
    parents.split('.').filter(|part| !part.is_empty()).fold(tree, |map, part| {
        map.entry(part).or_insert_with(|| json!({})).as_object_mut().expect("no key ends another")
    })
}

fn known(values: &Json) -> Facts {
    let mut facts = Facts::default();
    for (key, value) in values.as_object().into_iter().flatten() {
        facts.put(key, value.clone(), "case");
    }
    facts
}

fn read(dir: &Path, prefix: &str, files: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            read(&entry.path(), &format!("{name}/"), files);
        } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
            files.insert(name, text);
        }
    }
}
