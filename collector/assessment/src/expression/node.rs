//! An expression ready to be walked: names resolved to facts, params and slots.

use regex::Regex;

use super::functions::Function;
use super::value::Value;

/// Which month's facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Month {
    /// `facts`
    This,
    /// `prev`
    Last,
}

/// One step of an expression.
#[derive(Debug)]
pub enum Node {
    Constant(Value<'static>),
    Text(String),
    Now,
    /// A fact of the catalogue.
    Fact(Month, String),
    /// Whether a fact is known.
    Known(Month, String),
    Param(String),
    /// A `let`, or the variable of a loop: its place in the frame.
    Slot(usize),
    Field(Box<Node>, String),
    HasField(Box<Node>, String),
    Index(Box<Node>, Box<Node>),
    In(Box<Node>, Box<Node>),
    Not(Box<Node>),
    Negate(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    If(Box<[Node; 3]>),
    Arithmetic(Arithmetic, Box<Node>, Box<Node>),
    Compare(Compare, Box<Node>, Box<Node>),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
    Loop(Box<Loop>),
    Call(Function, Vec<Node>),
    /// `text.matches('pattern')`, the pattern compiled with the rule.
    Matches(Box<Node>, Regex),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// One of CEL's loops over a list or over a map's keys.
#[derive(Debug)]
pub struct Loop {
    pub over: Node,
    /// The place of its variable.
    pub slot: usize,
    pub gives: Gives,
}

#[derive(Debug)]
pub enum Gives {
    /// `exists(x, test)`
    Any(Node),
    /// `all(x, test)`
    All(Node),
    /// `exists_one(x, test)`
    One(Node),
    /// `map(x, item)`, `filter(x, test)`, `map(x, test, item)`
    Items { test: Option<Node>, item: Node },
}
