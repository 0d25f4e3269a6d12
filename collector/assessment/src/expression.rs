//! The language of rules: CEL over facts, with a few functions of our own.
//!
//! Expressions are compiled once per pack. Evaluation is deterministic: facts that are maps keep
//! their keys sorted, and iterating over a map literal, which has no order, is refused when
//! the pack is loaded.

mod functions;
mod tree;
mod value;

use std::sync::{Arc, OnceLock};

use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue};
use cel::common::types::CelBool;
use cel::common::value::CowVal;
use cel::{Context, Env, Program, Value};

pub use tree::{facts_tree, known_keys, show};
pub use value::{Owned, Shared, from_json};

/// What `matches` becomes when an expression is compiled: the same, with patterns kept.
const REGEX_MATCH: &str = "regex_match";

/// Longest expression in bytes: a rule that needs more wants to be two.
const SOURCE_BYTES_MAX: usize = 4_000;

/// A compiled expression and its source, which errors quote.
#[derive(Debug)]
pub struct Expression {
    source: String,
    tree: IdedExpr,
}

/// Why an expression does not compile or does not evaluate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    #[error("the expression is {bytes} bytes, over the limit of {SOURCE_BYTES_MAX}")]
    TooLong { bytes: usize },
    #[error("`{source_text}` does not parse: {reason}")]
    Parse { source_text: String, reason: String },
    #[error(
        "`{source_text}` iterates over a map literal, whose order is chance; iterate over a list"
    )]
    MapLiteral { source_text: String },
    #[error("`{source_text}` holds the pattern {pattern:?}, which is not a regular expression")]
    Pattern { source_text: String, pattern: String },
    #[error("`{source_text}` cannot be evaluated: {reason}")]
    Evaluate { source_text: String, reason: String },
    #[error("`{source_text}` should say true or false, and says {found}")]
    NotBool { source_text: String, found: String },
}

impl Expression {
    /// Compiles `source`.
    ///
    /// # Errors
    /// [`ExpressionError`] quotes the expression.
    pub fn compile(source: &str) -> Result<Self, ExpressionError> {
        if source.len() > SOURCE_BYTES_MAX {
            return Err(ExpressionError::TooLong { bytes: source.len() });
        }
        let program = Program::compile(source).map_err(|error| ExpressionError::Parse {
            source_text: source.to_owned(),
            reason: error.to_string(),
        })?;
        let mut tree = program.expression().clone();
        prepare(&mut tree).map_err(|fault| match fault {
            Fault::MapLiteral => ExpressionError::MapLiteral { source_text: source.to_owned() },
            Fault::Pattern(pattern) => {
                ExpressionError::Pattern { source_text: source.to_owned(), pattern }
            }
        })?;
        Ok(Self { source: source.to_owned(), tree })
    }

    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Evaluates in a scope.
    ///
    /// # Errors
    /// [`ExpressionError::Evaluate`] with CEL's own word.
    pub fn evaluate<'e, 'v>(
        &'e self,
        scope: &'e Context<'_, 'v>,
    ) -> Result<CowVal<'e, 'v>, ExpressionError> {
        Value::resolve_val(&self.tree, scope).map_err(|error| ExpressionError::Evaluate {
            source_text: self.source.clone(),
            reason: error.to_string(),
        })
    }

    /// Evaluates to true or false.
    ///
    /// # Errors
    /// As [`Self::evaluate`], and when the value is neither.
    pub fn holds(&self, scope: &Context<'_, '_>) -> Result<bool, ExpressionError> {
        let value = self.evaluate(scope)?;
        value.downcast_ref::<CelBool>().map(|holds| *holds.inner()).ok_or_else(|| {
            ExpressionError::NotBool {
                source_text: self.source.clone(),
                found: value.get_type().name().to_owned(),
            }
        })
    }
}

/// A root scope with the standard and our own functions.
#[must_use]
pub fn root_scope<'v>() -> Context<'static, 'v> {
    // The functions are the same for every host and every pack.
    static FUNCTIONS: OnceLock<Arc<Env>> = OnceLock::new();
    let functions = FUNCTIONS.get_or_init(|| Arc::new(functions::environment()));
    Context::with_env(Arc::clone(functions))
}

/// What a parsed expression may not hold.
enum Fault {
    MapLiteral,
    Pattern(String),
}

/// Refuses what is not allowed, and lets `matches` be ours.
fn prepare(expression: &mut IdedExpr) -> Result<(), Fault> {
    match &mut expression.expr {
        Expr::Call(call) => {
            if call.func_name == "matches" {
                check_pattern(call)?;
                REGEX_MATCH.clone_into(&mut call.func_name);
            }
            call.target.as_deref_mut().map_or(Ok(()), prepare)?;
            call.args.iter_mut().try_for_each(prepare)
        }
        Expr::Comprehension(loops) => {
            if matches!(loops.iter_range.expr, Expr::Map(_)) {
                return Err(Fault::MapLiteral);
            }
            let parts = [
                &mut loops.iter_range,
                &mut loops.accu_init,
                &mut loops.loop_cond,
                &mut loops.loop_step,
                &mut loops.result,
            ];
            parts.into_iter().try_for_each(prepare)
        }
        Expr::Select(select) => prepare(&mut select.operand),
        Expr::List(list) => list.elements.iter_mut().try_for_each(prepare),
        Expr::Map(map) => map.entries.iter_mut().try_for_each(|entry| match &mut entry.expr {
            EntryExpr::MapEntry(entry) => prepare(&mut entry.value),
            EntryExpr::StructField(field) => prepare(&mut field.value),
        }),
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) | Expr::Struct(_) => Ok(()),
    }
}

/// A pattern written in the rule is tried when the rule is loaded.
fn check_pattern(call: &CallExpr) -> Result<(), Fault> {
    match call.args.last().map(|argument| &argument.expr) {
        Some(Expr::Literal(LiteralValue::String(pattern)))
            if regex::Regex::new(pattern.inner()).is_err() =>
        {
            Err(Fault::Pattern(pattern.inner().to_owned()))
        }
        _ => Ok(()),
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
        scope.add_variable_as_val("facts", from_json(&facts));
        let expression = match Expression::compile(source) {
            Ok(expression) => expression,
            Err(refusal) => return refusal.to_string(),
        };
        expression.evaluate(&scope).map_or_else(|e| e.to_string(), |v| show(v.as_ref()))
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
        check("facts.sysctl.live.map(k, k)", "a, vm.swappiness");
        check("facts.fs.usage == facts.fs.usage.filter(f, true)", "true");
        check("facts.fs.usage[1].mount", "/var");
        check("size(facts.fs.usage + facts.fs.usage)", "4");
        check("distinct((facts.fs.usage + facts.fs.usage).map(f, f.mount))", "/, /var");
        check("'ab12'.matches('^[a-z]+[0-9]{2}$')", "true");
    }

    #[test]
    fn what_cannot_be_said_is_refused_with_its_text() {
        let refused = |source, part| {
            let told = told(source);
            assert!(told.contains(part), "{source}: {told}");
        };
        refused("1 +", "`1 +` does not parse");
        refused("{'b': 1, 'a': 2}.map(k, k)", "iterates over a map literal");
        refused("'x'.matches('(')", "not a regular expression");
        refused("facts.fs.usage[2]", "cannot be evaluated");
        refused("facts.sysctl.live.nothing", "No such key");
        refused("facts.nothing.at_all", "`facts.nothing.at_all` cannot be evaluated");
    }
}
