//! The language of rules: CEL over facts, with a few functions of our own.
//!
//! Expressions are compiled once per pack. Evaluation is deterministic: CEL's own maps iterate in
//! no particular order, so iterating over a fact that is a map is refused when the pack is
//! loaded; `keys(map)` gives its keys sorted.

mod functions;
mod tree;

use std::sync::{Arc, OnceLock};

use cel::common::ast::{Expr, IdedExpr};
use cel::{Context, Env, Program, Value};

pub use tree::{facts_tree, known_keys, show, to_cel};

/// Longest expression in bytes: a rule that needs more wants to be two.
const SOURCE_BYTES_MAX: usize = 4_000;

/// A compiled expression and its source, which errors quote.
#[derive(Debug)]
pub struct Expression {
    source: String,
    program: Program,
}

/// Why an expression does not compile or does not evaluate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    #[error("the expression is {bytes} bytes, over the limit of {SOURCE_BYTES_MAX}")]
    TooLong { bytes: usize },
    #[error("`{source_text}` does not parse: {reason}")]
    Parse { source_text: String, reason: String },
    #[error(
        "`{source_text}` iterates over the map `{map}`, whose order is chance; use keys({map})"
    )]
    MapOrder { source_text: String, map: String },
    #[error("`{source_text}` cannot be evaluated: {reason}")]
    Evaluate { source_text: String, reason: String },
    #[error("`{source_text}` should say true or false, and says {found}")]
    NotBool { source_text: String, found: String },
}

impl Expression {
    /// Compiles `source`; `maps` are the fact keys whose values are maps.
    ///
    /// # Errors
    /// [`ExpressionError`] quotes the expression.
    pub fn compile(source: &str, maps: &[&str]) -> Result<Self, ExpressionError> {
        if source.len() > SOURCE_BYTES_MAX {
            return Err(ExpressionError::TooLong { bytes: source.len() });
        }
        let program = Program::compile(source).map_err(|error| ExpressionError::Parse {
            source_text: source.to_owned(),
            reason: error.to_string(),
        })?;
        if let Some(map) = iterated_map(program.expression(), maps) {
            return Err(ExpressionError::MapOrder { source_text: source.to_owned(), map });
        }
        Ok(Self { source: source.to_owned(), program })
    }

    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Evaluates in a scope.
    ///
    /// # Errors
    /// [`ExpressionError::Evaluate`] with CEL's own word.
    pub fn evaluate(&self, scope: &Context<'_, '_>) -> Result<Value, ExpressionError> {
        self.program.execute(scope).map_err(|error| ExpressionError::Evaluate {
            source_text: self.source.clone(),
            reason: error.to_string(),
        })
    }

    /// Evaluates to true or false.
    ///
    /// # Errors
    /// As [`Self::evaluate`], and when the value is neither.
    pub fn holds(&self, scope: &Context<'_, '_>) -> Result<bool, ExpressionError> {
        match self.evaluate(scope)? {
            Value::Bool(holds) => Ok(holds),
            other => Err(ExpressionError::NotBool {
                source_text: self.source.clone(),
                found: other.type_of().to_string(),
            }),
        }
    }
}

/// A root scope with the standard and our own functions.
#[must_use]
pub fn root_scope<'v>() -> Context<'static, 'v> {
    // The standard library is the same for every host and every pack.
    static STANDARD: OnceLock<Arc<Env>> = OnceLock::new();
    let standard = STANDARD.get_or_init(|| Arc::new(Env::stdlib()));
    let mut scope = Context::with_env(Arc::clone(standard));
    functions::add(&mut scope);
    scope
}

/// The first comprehension over `facts.<map>` or `prev.<map>`.
fn iterated_map(expression: &IdedExpr, maps: &[&str]) -> Option<String> {
    let inside = |e: &IdedExpr| iterated_map(e, maps);
    match &expression.expr {
        Expr::Comprehension(loops) => {
            let over = path(&loops.iter_range);
            over.filter(|path| {
                let key = path.split_once('.').map(|(_, key)| key);
                key.is_some_and(|key| maps.contains(&key))
            })
            .or_else(|| inside(&loops.iter_range))
            .or_else(|| inside(&loops.loop_cond))
            .or_else(|| inside(&loops.loop_step))
            .or_else(|| inside(&loops.result))
        }
        Expr::Call(call) => {
            call.target.as_deref().and_then(inside).or_else(|| call.args.iter().find_map(inside))
        }
        Expr::Select(select) => inside(&select.operand),
        Expr::List(list) => list.elements.iter().find_map(inside),
        _ => None,
    }
}

/// `facts.a.b` of a chain of selections.
fn path(expression: &IdedExpr) -> Option<String> {
    match &expression.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) => Some(format!("{}.{}", path(&select.operand)?, select.field)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(source: &str) -> String {
        let mut scope = root_scope();
        let facts = serde_json::json!({
            "fs": {"usage": [{"mount": "/", "used_pct": 91.25}, {"mount": "/var", "used_pct": 3.0}]},
            "sysctl": {"live": {"vm.swappiness": "60", "a": "1"}},
            "n": 3,
        });
        scope.add_variable_from_value("facts", to_cel(&facts));
        let value = Expression::compile(source, &["sysctl.live"])
            .and_then(|expression| expression.evaluate(&scope));
        value.map_or_else(|e| e.to_string(), |v| show(&v))
    }

    fn check(source: &str, expected: &str) {
        assert_eq!(told(source), expected, "{source}");
    }

    #[test]
    fn the_language_and_our_functions() {
        check("facts.n + 1", "4");
        check("facts.fs.usage.filter(f, f.used_pct > 90.0).map(f, f.mount)", "/");
        check("join(['b', 'a'], ', ')", "b, a");
        check("join(keys(facts.sysctl.live), ',')", "a,vm.swappiness");
        check("round1(91.25)", "91.3");
        check("pct(1, 3)", "33.333333333333336");
        check("pct(1, 0)", "0");
        check("version_cmp('2.4.6-99.el7', '2.4.6-100.el7')", "-1");
        check("version_cmp('1:1.0-1', '2.0-1')", "1");
        check("days_between(0, 86400 * 3 + 5)", "3");
        check("human_bytes(1536)", "1.5 KiB");
        check("human_kib(16 * 1024 * 1024)", "16.0 GiB");
        check("to_int('42')", "42");
        check("to_int('x')", "-1");
        check("join(distinct(['a', 'b', 'a']), ' ')", "a b");
        check("has(facts.fs.nothing)", "false");
        check("'vm.swappiness' in facts.sysctl.live", "true");
        check("facts.sysctl.live['vm.swappiness']", "60");
    }

    #[test]
    fn what_cannot_be_said_is_refused_with_its_text() {
        let refused = |source, part| {
            let told = told(source);
            assert!(told.contains(part), "{source}: {told}");
        };
        refused("1 +", "`1 +` does not parse");
        refused("facts.sysctl.live.exists(k, k == 'a')", "use keys(facts.sysctl.live)");
        refused("facts.nothing.at_all", "`facts.nothing.at_all` cannot be evaluated");
    }
}
