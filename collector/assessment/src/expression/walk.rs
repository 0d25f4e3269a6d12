//! Evaluation: one walk over the nodes, CEL's meaning, a bounded amount of work.

use std::collections::BTreeMap;
use std::sync::Arc;

use carepack_facts::Facts;
use jiff::Timestamp;
use serde_json::Value as Json;

use super::fault::Fault;
use super::node::{Arithmetic, Compare, Gives, Loop, Month, Node};
use super::value::Value;

/// Most turns of all loops of one rule: quadratic over two thousand packages, and no more.
const TURNS_MAX: u32 = 5_000_000;

/// What an expression sees.
pub struct Frame<'f> {
    facts: &'f Facts,
    previous: &'f Facts,
    now: Timestamp,
    params: BTreeMap<&'f str, &'f Json>,
    /// Values of `let`s, then of the loops' variables.
    slots: Vec<Value<'f>>,
    turns_left: u32,
}

impl<'f> Frame<'f> {
    #[must_use]
    pub const fn new(
        facts: &'f Facts,
        previous: &'f Facts,
        now: Timestamp,
        params: BTreeMap<&'f str, &'f Json>,
    ) -> Self {
        Self { facts, previous, now, params, slots: Vec::new(), turns_left: TURNS_MAX }
    }

    /// Adds the value of the next `let`.
    pub fn push(&mut self, value: Value<'f>) {
        self.slots.push(value);
    }

    /// # Errors
    /// Why a part of the expression has no value.
    pub fn value(&mut self, node: &'f Node) -> Result<Value<'f>, Fault> {
        match node {
            Node::Constant(value) => Ok(value.clone()),
            Node::Text(text) => Ok(Value::Text(text)),
            Node::Now => Ok(Value::Int(self.now.as_second())),
            Node::Fact(month, key) => self.fact(*month, key),
            Node::Known(month, key) => Ok(Value::Bool(self.month(*month).known.contains_key(key))),
            Node::Param(name) => match self.params.get(name.as_str()) {
                Some(value) => Ok(Value::of(value)),
                None => Err(Fault::new(format!("there is no param {name}"))),
            },
            Node::Slot(at) => Ok(self.slots[*at].clone()),
            Node::Field(of, field) => {
                let of = self.value(of)?;
                of.field(field).ok_or_else(|| no_key(&of, field))
            }
            Node::HasField(of, field) => {
                let of = self.value(of)?;
                match of.type_name() {
                    "map" => Ok(Value::Bool(of.field(field).is_some())),
                    other => Err(Fault::new(format!("has() asks a map, not a {other}"))),
                }
            }
            Node::Index(of, at) => index(&self.value(of)?, &self.value(at)?),
            Node::In(item, of) => contains(&self.value(item)?, &self.value(of)?),
            Node::Not(of) => Ok(Value::Bool(!self.holds(of)?)),
            Node::Negate(of) => match self.value(of)? {
                Value::Int(n) => n.checked_neg().map(Value::Int).ok_or_else(overflow),
                Value::Double(x) => Ok(Value::Double(-x)),
                other => Err(Fault::new(format!("- cannot take {}", other.type_name()))),
            },
            Node::And(a, b) => self.either(a, b, false),
            Node::Or(a, b) => self.either(a, b, true),
            Node::If(parts) => {
                let [test, yes, no] = parts.as_ref();
                let taken = if self.holds(test)? { yes } else { no };
                self.value(taken)
            }
            Node::Arithmetic(which, a, b) => {
                let (a, b) = (self.value(a)?, self.value(b)?);
                arithmetic(*which, &a, &b)
            }
            Node::Compare(which, a, b) => {
                let (a, b) = (self.value(a)?, self.value(b)?);
                compare(*which, &a, &b).map(Value::Bool)
            }
            Node::List(items) => {
                let items = items.iter().map(|item| self.value(item));
                Ok(Value::List(items.collect::<Result<Vec<_>, _>>()?.into()))
            }
            Node::Map(entries) => {
                let entries = entries.iter().map(|(key, of)| Ok((key.clone(), self.value(of)?)));
                Ok(Value::Map(Arc::new(entries.collect::<Result<_, _>>()?)))
            }
            Node::Loop(parts) => self.turns(parts),
            Node::Call(function, arguments) => {
                let arguments = arguments.iter().map(|argument| self.value(argument));
                function.call(&arguments.collect::<Result<Vec<_>, _>>()?)
            }
            Node::Matches(text, pattern) => {
                let text = self.value(text)?;
                let matched = text.text().map(|text| Value::Bool(pattern.is_match(text)));
                matched
                    .ok_or_else(|| Fault::new(format!("matches cannot take {}", text.type_name())))
            }
        }
    }

    /// # Errors
    /// Why there is no value, or that it is not true or false.
    pub fn holds(&mut self, node: &'f Node) -> Result<bool, Fault> {
        match self.value(node)? {
            Value::Bool(value) => Ok(value),
            other => Err(Fault::new(format!("says {}, not true or false", other.type_name()))),
        }
    }

    const fn month(&self, month: Month) -> &'f Facts {
        match month {
            Month::This => self.facts,
            Month::Last => self.previous,
        }
    }

    fn fact(&self, month: Month, key: &str) -> Result<Value<'f>, Fault> {
        match self.month(month).known.get(key) {
            Some(fact) => Ok(Value::of(&fact.value)),
            None => Err(Fault::new(format!("{key} is not known"))),
        }
    }

    /// `&&` and `||`: either side decides alone, whatever fault the other has.
    fn either(&mut self, a: &'f Node, b: &'f Node, decides: bool) -> Result<Value<'f>, Fault> {
        let left = self.holds(a);
        if left == Ok(decides) {
            return Ok(Value::Bool(decides));
        }
        let right = self.holds(b)?;
        if right == decides { Ok(Value::Bool(decides)) } else { left.map(Value::Bool) }
    }

    fn turns(&mut self, parts: &'f Loop) -> Result<Value<'f>, Fault> {
        let over = self.value(&parts.over)?;
        let items = over.items().or_else(|| over.keys()).ok_or_else(|| {
            Fault::new(format!("a loop goes over a list or a map, not a {}", over.type_name()))
        })?;
        let turns = u32::try_from(items.len()).unwrap_or(u32::MAX);
        self.turns_left = self.turns_left.checked_sub(turns).ok_or_else(|| {
            Fault::new(format!("the rule's loops take more than {TURNS_MAX} turns"))
        })?;
        debug_assert_eq!(self.slots.len(), parts.slot, "slots are numbered as they are pushed");
        self.slots.push(Value::Null);
        let given = self.give(parts, items);
        self.slots.pop();
        given
    }

    fn give(&mut self, parts: &'f Loop, items: Vec<Value<'f>>) -> Result<Value<'f>, Fault> {
        match &parts.gives {
            Gives::Any(test) => self.decide(parts.slot, items, test, true),
            Gives::All(test) => self.decide(parts.slot, items, test, false),
            Gives::One(test) => {
                let mut held = 0_u32;
                for item in items {
                    self.slots[parts.slot] = item;
                    held += u32::from(self.holds(test)?);
                }
                Ok(Value::Bool(held == 1))
            }
            Gives::Items { test, item: out } => {
                let mut given = Vec::new();
                for item in items {
                    self.slots[parts.slot] = item;
                    if let Some(test) = test
                        && !self.holds(test)?
                    {
                        continue;
                    }
                    given.push(self.value(out)?);
                }
                Ok(Value::List(given.into()))
            }
        }
    }

    /// `exists` is decided by one true, `all` by one false; a fault stands only if nothing
    /// decides.
    fn decide(
        &mut self,
        slot: usize,
        items: Vec<Value<'f>>,
        test: &'f Node,
        decides: bool,
    ) -> Result<Value<'f>, Fault> {
        let mut fault = None;
        for item in items {
            self.slots[slot] = item;
            match self.holds(test) {
                Ok(held) if held == decides => return Ok(Value::Bool(decides)),
                Ok(_) => {}
                Err(first) => fault = fault.or(Some(first)),
            }
        }
        fault.map_or(Ok(Value::Bool(!decides)), Err)
    }
}

fn no_key(of: &Value<'_>, key: &str) -> Fault {
    match of.type_name() {
        "map" => Fault::new(format!("there is no {key} in it")),
        other => Fault::new(format!("a {other} has no {key}")),
    }
}

fn overflow() -> Fault {
    Fault::new("the number is too large")
}

fn index<'f>(of: &Value<'f>, at: &Value<'_>) -> Result<Value<'f>, Fault> {
    if let (Value::Json(Json::Object(_)) | Value::Map(_), Some(key)) = (of, at.text()) {
        return of.field(key).ok_or_else(|| no_key(of, key));
    }
    let found = match (of, at) {
        (Value::Json(Json::Array(items)), Value::Int(n)) => {
            usize::try_from(*n).ok().and_then(|n| items.get(n)).map(Value::of)
        }
        (Value::List(items), Value::Int(n)) => {
            usize::try_from(*n).ok().and_then(|n| items.get(n)).cloned()
        }
        _ => {
            let (of, at) = (of.type_name(), at.type_name());
            return Err(Fault::new(format!("a {of} has no place [{at}]")));
        }
    };
    found.ok_or_else(|| Fault::new("the list is shorter than that"))
}

fn contains<'f>(item: &Value<'_>, of: &Value<'_>) -> Result<Value<'f>, Fault> {
    let found = match of {
        Value::Json(Json::Array(items)) => items.iter().any(|own| Value::of(own) == *item),
        Value::List(items) => items.iter().any(|own| own == item),
        Value::Json(Json::Object(_)) | Value::Map(_) => {
            item.text().is_some_and(|key| of.field(key).is_some())
        }
        other => return Err(Fault::new(format!("nothing is in a {}", other.type_name()))),
    };
    Ok(Value::Bool(found))
}

fn arithmetic<'f>(which: Arithmetic, a: &Value<'f>, b: &Value<'f>) -> Result<Value<'f>, Fault> {
    use Arithmetic::{Add, Divide, Multiply, Remainder, Subtract};
    match (which, a, b) {
        (Divide | Remainder, Value::Int(_), Value::Int(0)) => Err(Fault::new("a division by zero")),
        (_, Value::Int(a), Value::Int(b)) => match which {
            Add => a.checked_add(*b),
            Subtract => a.checked_sub(*b),
            Multiply => a.checked_mul(*b),
            Divide => a.checked_div(*b),
            Remainder => a.checked_rem(*b),
        }
        .map(Value::Int)
        .ok_or_else(overflow),
        (Add, Value::Double(a), Value::Double(b)) => Ok(Value::Double(a + b)),
        (Subtract, Value::Double(a), Value::Double(b)) => Ok(Value::Double(a - b)),
        (Multiply, Value::Double(a), Value::Double(b)) => Ok(Value::Double(a * b)),
        (Divide, Value::Double(a), Value::Double(b)) => Ok(Value::Double(a / b)),
        (Add, _, _) => joined(a, b).ok_or_else(|| mixed(a, b)),
        _ => Err(mixed(a, b)),
    }
}

fn mixed(a: &Value<'_>, b: &Value<'_>) -> Fault {
    Fault::new(format!("{} and {} do not go together", a.type_name(), b.type_name()))
}

/// Text and text, list and list.
fn joined<'f>(a: &Value<'f>, b: &Value<'f>) -> Option<Value<'f>> {
    if let (Some(a), Some(b)) = (a.text(), b.text()) {
        return Some(Value::Made(Arc::from(format!("{a}{b}"))));
    }
    let mut items = a.items()?;
    items.extend(b.items()?);
    Some(Value::List(items.into()))
}

fn compare(which: Compare, a: &Value<'_>, b: &Value<'_>) -> Result<bool, Fault> {
    match which {
        Compare::Equal => return Ok(a == b),
        Compare::NotEqual => return Ok(a != b),
        _ => {}
    }
    let order = a.order(b).ok_or_else(|| mixed(a, b))?;
    Ok(match which {
        Compare::Less => order.is_lt(),
        Compare::LessOrEqual => order.is_le(),
        Compare::Greater => order.is_gt(),
        Compare::GreaterOrEqual => order.is_ge(),
        Compare::Equal | Compare::NotEqual => unreachable!("answered above"),
    })
}
