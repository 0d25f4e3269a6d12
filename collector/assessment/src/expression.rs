//! The language of rules: CEL over facts, with a few functions of our own.
//!
//! The `cel` crate parses; [`compile`] resolves every name once, when the pack is loaded; [`walk`]
//! evaluates over the facts as they lie. Evaluation is deterministic and bounded: maps go in the
//! order of their keys, loops have a limit of turns. That the walk means what CEL means is held
//! against the crate's own interpreter, for every rule and case (`tests/oracle.rs`).

mod compile;
mod fault;
mod functions;
mod node;
mod value;
mod walk;

use cel::Program;

pub use compile::is_fact;
pub use value::{Value, show};
pub use walk::Frame;

use compile::Scope;
use fault::Fault;
use node::Node;

/// Longest expression in bytes: a rule that needs more wants to be two.
const SOURCE_BYTES_MAX: usize = 4_000;

/// A compiled expression and its source, which errors quote.
#[derive(Debug)]
pub struct Expression {
    source: String,
    node: Node,
}

/// Why an expression does not compile or does not evaluate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    #[error("the expression is {bytes} bytes, over the limit of {SOURCE_BYTES_MAX}")]
    TooLong { bytes: usize },
    #[error("`{source_text}` does not parse: {reason}")]
    Parse { source_text: String, reason: String },
    #[error("`{source_text}` cannot be used: {reason}")]
    Refused { source_text: String, reason: String },
    #[error("`{source_text}` cannot be evaluated: {reason}")]
    Evaluate { source_text: String, reason: String },
}

impl Expression {
    /// Compiles `source`; `lets` are the names of the values that will be in the frame, in order.
    ///
    /// # Errors
    /// [`ExpressionError`] quotes the expression.
    pub fn compile<'n>(
        source: &str,
        lets: impl Iterator<Item = &'n str>,
    ) -> Result<Self, ExpressionError> {
        if source.len() > SOURCE_BYTES_MAX {
            return Err(ExpressionError::TooLong { bytes: source.len() });
        }
        let program = Program::compile(source).map_err(|error| ExpressionError::Parse {
            source_text: source.to_owned(),
            reason: error.to_string(),
        })?;
        let node = Scope::new(lets).node(program.expression()).map_err(|reason| {
            ExpressionError::Refused { source_text: source.to_owned(), reason }
        })?;
        Ok(Self { source: source.to_owned(), node })
    }

    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Evaluates in a frame.
    ///
    /// # Errors
    /// [`ExpressionError::Evaluate`] says which part has no value.
    pub fn evaluate<'f>(&'f self, frame: &mut Frame<'f>) -> Result<Value<'f>, ExpressionError> {
        frame.value(&self.node).map_err(|fault| self.fault(&fault))
    }

    /// Evaluates to true or false.
    ///
    /// # Errors
    /// As [`Self::evaluate`], and when the value is neither.
    pub fn holds<'f>(&'f self, frame: &mut Frame<'f>) -> Result<bool, ExpressionError> {
        frame.holds(&self.node).map_err(|fault| self.fault(&fault))
    }

    fn fault(&self, fault: &Fault) -> ExpressionError {
        ExpressionError::Evaluate { source_text: self.source.clone(), reason: fault.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use carepack_facts::Facts;
    use jiff::Timestamp;
    use serde_json::{Value as Json, json};

    use super::*;

    fn told(source: &str) -> String {
        let mut facts = Facts::default();
        facts.put(
            "fs.usage",
            json!([{"mount": "/", "used_pct": 91.25}, {"mount": "/var", "used_pct": 3.0}]),
            "test",
        );
        facts.put("sysctl.live", json!({"vm.swappiness": "60", "a": "1"}), "test");
        facts.put("cpu.count", 3, "test");
        let limit: Json = json!({"pct": 90, "names": ["/", "/home"]});
        let params = BTreeMap::from([("limit", &limit)]);
        let previous = Facts::default();
        let now = Timestamp::from_second(86_400).unwrap();
        let expression = match Expression::compile(source, std::iter::empty()) {
            Ok(expression) => expression,
            Err(refusal) => return refusal.to_string(),
        };
        let mut frame = Frame::new(&facts, &previous, now, params);
        expression.evaluate(&mut frame).map_or_else(|e| e.to_string(), |value| show(&value))
    }

    fn check(source: &str, expected: &str) {
        assert_eq!(told(source), expected, "{source}");
    }

    #[test]
    fn facts_params_and_time() {
        check("facts.cpu.count + 1", "4");
        check("facts.fs.usage.filter(f, f.used_pct > 90.0).map(f, f.mount)", "/");
        check("facts.fs.usage.filter(f, f.used_pct > double(params.limit.pct)).size()", "1");
        check("facts.fs.usage.filter(f, f.mount in params.limit.names).map(f, f.mount)", "/");
        check("facts.fs.usage[1].mount", "/var");
        check("now", "86400");
        check("has(facts.cpu.count)", "true");
        check("has(prev.cpu.count)", "false");
        check("has(facts.fs.usage[0].mount)", "true");
        check("has(facts.fs.usage[0].nothing)", "false");
        check("'vm.swappiness' in facts.sysctl.live", "true");
        check("facts.sysctl.live['vm.swappiness']", "60");
        check("join(keys(facts.sysctl.live), ',')", "a,vm.swappiness");
        check("facts.sysctl.live.map(k, k)", "a, vm.swappiness");
        check("facts.fs.usage == facts.fs.usage.filter(f, true)", "true");
    }

    #[test]
    fn functions_of_our_own() {
        check("join(['b', 'a'], ', ')", "b, a");
        check("round1(91.25)", "91.3");
        check("pct(1, 3)", "33.333333333333336");
        check("pct(1, 0)", "0");
        check("version_cmp('2.4.6-99.el7', '2.4.6-100.el7')", "-1");
        check("version_cmp('1:1.0-1', '2.0-1')", "1");
        check("days_between(0, 86400 * 3 + 5)", "3");
        check("date_end('1970-01-02')", "172799");
        check("human_bytes(1536)", "1.5 KiB");
        check("human_kib(16 * 1024 * 1024)", "16.0 GiB");
        check("to_int('42')", "42");
        check("to_int('x')", "-1");
        check("join(distinct(['a', 'b', 'a']), ' ')", "a b");
        check("distinct((facts.fs.usage + facts.fs.usage).map(f, f.mount))", "/, /var");
    }

    #[test]
    fn a_side_that_decides_hides_the_others_fault() {
        check("prev.cpu.count > 1 || true", "true");
        check("true || prev.cpu.count > 1", "true");
        check("prev.cpu.count > 1 && false", "false");
        check("[1, 0].exists(n, 1 / n == 1)", "true");
        check("[0, 1].exists(n, 1 / n == 1)", "true");
        check("[0, 2].all(n, 1 / n == 1)", "false");
        let refused = told("prev.cpu.count > 1 || false");
        assert!(refused.contains("cpu.count is not known"), "{refused}");
    }

    #[test]
    fn what_cannot_be_said_is_refused_with_its_text() {
        let refused = |source, part| {
            let told = told(source);
            assert!(told.contains(part), "{source}: {told}");
            assert!(told.contains(source), "{source}: {told}");
        };
        refused("1 +", "does not parse");
        refused("facts.nothing.at_all", "there is no fact nothing.at_all");
        refused("facts", "name a part of it");
        refused("nobody + 1", "there is no nobody");
        refused("shell('rm')", "there is no function shell");
        refused("size(1, 2)", "size takes 1 arguments, not 2");
        refused("'x'.matches('(')", "not a regular expression");
        refused("prev.cpu.count", "cpu.count is not known");
        refused("facts.fs.usage[2]", "shorter than that");
        refused("params.other", "there is no param other");
        refused("1 + 1.0", "int and double do not go together");
        refused("9223372036854775807 + 1", "too large");
        refused("1 / 0", "division by zero");
        refused("size(1)", "size cannot take int");
    }

    #[test]
    fn loops_have_a_limit() {
        let hundred = format!("[{}]", vec!["0"; 100].join(","));
        let told = told(&format!(
            "{hundred}.all(a, {hundred}.all(b, {hundred}.all(c, {hundred}.all(d, a == 0))))"
        ));
        assert!(told.contains("more than 5000000 turns"), "{told}");
    }
}
