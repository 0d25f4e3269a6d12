//! CEL's parse tree → [`Node`]: every name is resolved, and what the language of rules has not is
//! refused, when the pack is loaded.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, MapExpr, SelectExpr,
    operators,
};
use regex::Regex;

use super::functions::Function;
use super::node::{Arithmetic, Compare, Gives, Loop, Month, Node};
use super::value::Value;

/// Why a parsed expression is refused, in words for its author.
pub type Refusal = String;

/// The names that an expression may use beside `facts`, `prev`, `params` and `now`: the rule's
/// `let`s so far, then the variables of the loops around.
pub struct Scope {
    names: Vec<String>,
}

impl Scope {
    pub fn new<'n>(lets: impl Iterator<Item = &'n str>) -> Self {
        Self { names: lets.map(str::to_owned).collect() }
    }

    /// # Errors
    /// What the language of rules has not, or a name that nothing has.
    pub fn node(&mut self, parsed: &IdedExpr) -> Result<Node, Refusal> {
        match &parsed.expr {
            Expr::Literal(literal) => constant(literal),
            Expr::Ident(name) => self.name(name),
            Expr::Select(select) => self.select(select),
            Expr::Call(call) => self.call(call),
            Expr::List(list) => {
                let items = list.elements.iter().map(|item| self.node(item));
                Ok(Node::List(items.collect::<Result<_, _>>()?))
            }
            Expr::Map(map) => self.map(map),
            Expr::Comprehension(parsed) => self.comprehension(parsed),
            Expr::Struct(_) | Expr::Unspecified => Err("a structure is no value here".to_owned()),
        }
    }

    fn boxed(&mut self, parsed: &IdedExpr) -> Result<Box<Node>, Refusal> {
        self.node(parsed).map(Box::new)
    }

    fn name(&self, name: &str) -> Result<Node, Refusal> {
        // The innermost of equal names is meant.
        if let Some(slot) = self.names.iter().rposition(|own| own == name) {
            return Ok(Node::Slot(slot));
        }
        match name {
            "now" => Ok(Node::Now),
            "facts" | "prev" | "params" => Err(format!("{name} is no value: name a part of it")),
            _ => Err(format!("there is no {name}: neither a let above nor a loop's variable")),
        }
    }

    /// `a.b.c`, or `has(a.b.c)`.
    fn select(&mut self, select: &SelectExpr) -> Result<Node, Refusal> {
        let mut path = vec![select.field.as_str()];
        let mut operand = &select.operand.expr;
        while let Expr::Select(inner) = operand {
            if inner.test {
                break;
            }
            path.push(&inner.field);
            operand = &inner.operand.expr;
        }
        path.reverse();
        let root = match operand {
            Expr::Ident(name) if !self.names.contains(name) => Some(name.as_str()),
            _ => None,
        };
        match root {
            Some("facts") => fact(Month::This, &path, select.test),
            Some("prev") => fact(Month::Last, &path, select.test),
            Some("params") => {
                let (name, rest) = path.split_first().expect("a selection has a field");
                fields(Node::Param((*name).to_owned()), rest, select.test)
            }
            _ => {
                let of = self.boxed(&select.operand)?;
                let field = select.field.clone();
                Ok(if select.test { Node::HasField(of, field) } else { Node::Field(of, field) })
            }
        }
    }

    fn map(&mut self, map: &MapExpr) -> Result<Node, Refusal> {
        let entry = |entry: &cel::common::ast::IdedEntryExpr| match &entry.expr {
            EntryExpr::MapEntry(entry) => match &entry.key.expr {
                Expr::Literal(LiteralValue::String(key)) => {
                    Ok((key.inner().to_owned(), self.node(&entry.value)?))
                }
                _ => Err("a map literal's keys are texts".to_owned()),
            },
            EntryExpr::StructField(_) => Err("a structure is no value here".to_owned()),
        };
        Ok(Node::Map(map.entries.iter().map(entry).collect::<Result<_, _>>()?))
    }

    fn call(&mut self, call: &CallExpr) -> Result<Node, Refusal> {
        let parts: Vec<&IdedExpr> = call.target.as_deref().into_iter().chain(&call.args).collect();
        match (call.func_name.as_str(), parts.as_slice()) {
            (operators::CONDITIONAL, [test, yes, no]) => {
                Ok(Node::If(Box::new([self.node(test)?, self.node(yes)?, self.node(no)?])))
            }
            (operators::LOGICAL_NOT, [of]) => Ok(Node::Not(self.boxed(of)?)),
            (operators::NEGATE, [of]) => Ok(Node::Negate(self.boxed(of)?)),
            ("matches", [text, pattern]) => self.matches(text, pattern),
            (name, [a, b]) if Operator::of(name).is_some() => {
                let (a, b) = (self.boxed(a)?, self.boxed(b)?);
                Ok(match Operator::of(name).expect("just seen") {
                    Operator::And => Node::And(a, b),
                    Operator::Or => Node::Or(a, b),
                    Operator::In => Node::In(a, b),
                    Operator::Index => Node::Index(a, b),
                    Operator::Arithmetic(which) => Node::Arithmetic(which, a, b),
                    Operator::Compare(which) => Node::Compare(which, a, b),
                })
            }
            (name, _) => {
                let function = Function::named(name, parts.len())?;
                let arguments = parts.into_iter().map(|part| self.node(part));
                Ok(Node::Call(function, arguments.collect::<Result<_, _>>()?))
            }
        }
    }

    fn matches(&mut self, text: &IdedExpr, pattern: &IdedExpr) -> Result<Node, Refusal> {
        let text = self.node(text)?;
        let Expr::Literal(LiteralValue::String(pattern)) = &pattern.expr else {
            let pattern = self.node(pattern)?;
            return Ok(Node::Call(Function::Matches, vec![text, pattern]));
        };
        let compiled = Regex::new(pattern.inner())
            .map_err(|_| format!("{:?} is not a regular expression", pattern.inner()))?;
        Ok(Node::Matches(Box::new(text), compiled))
    }

    /// The loops that CEL's macros expand to, told apart by what they begin with.
    fn comprehension(&mut self, parsed: &ComprehensionExpr) -> Result<Node, Refusal> {
        let refused = || "only exists, exists_one, all, filter and map are loops here".to_owned();
        let Expr::Call(step) = &parsed.loop_step.expr else { return Err(refused()) };
        let over = self.node(&parsed.iter_range)?;
        let slot = self.names.len();
        self.names.push(parsed.iter_var.clone());
        let gives = match (&parsed.accu_init.expr, step.args.as_slice()) {
            (Expr::Literal(LiteralValue::Boolean(init)), [_, test]) => {
                let test = self.node(test)?;
                if *init.inner() { Gives::All(test) } else { Gives::Any(test) }
            }
            (Expr::Literal(LiteralValue::Int(_)), [test, ..]) => Gives::One(self.node(test)?),
            (Expr::List(_), [test, appended, _]) => {
                Gives::Items { test: Some(self.node(test)?), item: self.node(item(appended)?)? }
            }
            (Expr::List(_), [_, item]) => {
                Gives::Items { test: None, item: self.node(only(item).ok_or_else(refused)?)? }
            }
            _ => return Err(refused()),
        };
        self.names.pop();
        Ok(Node::Loop(Box::new(Loop { over, slot, gives })))
    }
}

/// `x` of `@result + [x]`.
fn item(appended: &IdedExpr) -> Result<&IdedExpr, Refusal> {
    match &appended.expr {
        Expr::Call(call) => call.args.get(1).and_then(only),
        _ => None,
    }
    .ok_or_else(|| "only filter and map make lists here".to_owned())
}

fn only(list: &IdedExpr) -> Option<&IdedExpr> {
    match &list.expr {
        Expr::List(list) => list.elements.first(),
        _ => None,
    }
}

fn constant(literal: &LiteralValue) -> Result<Node, Refusal> {
    Ok(Node::Constant(match literal {
        LiteralValue::String(text) => return Ok(Node::Text(text.inner().to_owned())),
        LiteralValue::Boolean(value) => Value::Bool(*value.inner()),
        LiteralValue::Double(x) => Value::Double(*x.inner()),
        LiteralValue::Int(n) => Value::Int(*n.inner()),
        LiteralValue::Null => Value::Null,
        LiteralValue::Bytes(_) | LiteralValue::UInt(_) => {
            return Err("bytes and unsigned numbers are not used here".to_owned());
        }
    }))
}

/// A fact is named by its whole key; what follows the key are fields of its value.
fn fact(month: Month, path: &[&str], test: bool) -> Result<Node, Refusal> {
    let key_of = |parts: usize| path[..parts].join(".");
    let parts = (1..=path.len()).rev().find(|parts| catalogue().contains(key_of(*parts).as_str()));
    let Some(parts) = parts else {
        let key = key_of(path.len());
        return Err(format!("there is no fact {key}; `carepack-collector rules facts` lists them"));
    };
    if test && parts == path.len() {
        return Ok(Node::Known(month, key_of(parts)));
    }
    fields(Node::Fact(month, key_of(parts)), &path[parts..], test)
}

fn fields(of: Node, rest: &[&str], test: bool) -> Result<Node, Refusal> {
    let Some((last, before)) = rest.split_last() else {
        return if test { Err("has() asks for a field".to_owned()) } else { Ok(of) };
    };
    let of = before.iter().fold(of, |of, field| Node::Field(Box::new(of), (*field).to_owned()));
    let (of, last) = (Box::new(of), (*last).to_owned());
    Ok(if test { Node::HasField(of, last) } else { Node::Field(of, last) })
}

/// Whether a parser, or the assessment itself, may put this key.
#[must_use]
pub fn is_fact(key: &str) -> bool {
    catalogue().contains(key)
}

/// Every key that a parser, or the assessment itself, may put.
fn catalogue() -> &'static BTreeSet<&'static str> {
    static KEYS: OnceLock<BTreeSet<&'static str>> = OnceLock::new();
    KEYS.get_or_init(|| {
        carepack_facts::catalogue().chain(crate::derived::DERIVED).map(|spec| spec.key).collect()
    })
}

/// An operator between two parts.
enum Operator {
    And,
    Or,
    In,
    Index,
    Arithmetic(Arithmetic),
    Compare(Compare),
}

impl Operator {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            operators::LOGICAL_AND => Self::And,
            operators::LOGICAL_OR => Self::Or,
            operators::IN => Self::In,
            operators::INDEX => Self::Index,
            operators::ADD => Self::Arithmetic(Arithmetic::Add),
            operators::SUBSTRACT => Self::Arithmetic(Arithmetic::Subtract),
            operators::MULTIPLY => Self::Arithmetic(Arithmetic::Multiply),
            operators::DIVIDE => Self::Arithmetic(Arithmetic::Divide),
            operators::MODULO => Self::Arithmetic(Arithmetic::Remainder),
            operators::EQUALS => Self::Compare(Compare::Equal),
            operators::NOT_EQUALS => Self::Compare(Compare::NotEqual),
            operators::LESS => Self::Compare(Compare::Less),
            operators::LESS_EQUALS => Self::Compare(Compare::LessOrEqual),
            operators::GREATER => Self::Compare(Compare::Greater),
            operators::GREATER_EQUALS => Self::Compare(Compare::GreaterOrEqual),
            _ => return None,
        })
    }
}
