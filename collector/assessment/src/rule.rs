//! A rule as its folder has it: `rule.yaml`, parsed and checked, its expressions compiled.
//!
//! The schema is closed: a key that is not known is refused, so that a typing error never turns
//! a check off silently.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::expression::{Expression, ExpressionError, is_fact};
use crate::model::{Area, Remedy, Verdict};

/// How a rule asks a member for a fact: `node.kernel.release`, `from.httpd.mpm`.
pub const PREFIXES: [&str; 4] = ["node.", "from.", "to.", "peer."];

/// A rule ready to judge.
#[derive(Debug)]
pub struct Rule {
    pub id: String,
    pub area: Area,
    pub spec: Spec,
    pub applies_if: Option<Expression>,
    /// Names and expressions, in the order they are evaluated.
    pub lets: Vec<(String, Expression)>,
    pub value: Option<Expression>,
    /// Days that it watches.
    pub dates: Option<Expression>,
    /// In order; the first that does not hold gives its verdict.
    pub expect: Vec<(Verdict, Expression)>,
    /// Likelihoods raised by evidence, highest first.
    pub raise_to: Vec<(u8, Expression)>,
}

/// `rule.yaml` as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    pub id: String,
    pub rev: u32,
    #[serde(default)]
    pub status: Status,
    pub kind: Kind,
    #[serde(default)]
    pub product: Product,
    pub applies_if: Option<String>,
    /// Fact keys without which there is no verdict; those of a group's members as
    /// `node.KEY`, `from.KEY`, `to.KEY`, `peer.KEY`.
    pub needs: Vec<String>,
    /// Facts of members that a rule of a whole looks at where they are known.
    #[serde(default)]
    pub wants: Vec<String>,
    #[serde(default)]
    pub scope: Scope,
    #[serde(default)]
    pub params: BTreeMap<String, Param>,
    #[serde(default, rename = "let")]
    pub lets: serde_yaml_ng::Mapping,
    pub value: Option<String>,
    pub expect: Vec<BTreeMap<String, String>>,
    pub impact: u8,
    pub likelihood: Likelihood,
    #[serde(default)]
    pub confidence: Confidence,
    pub text: BTreeMap<String, Text>,
    pub remedy: Vec<Remedy>,
    #[serde(default)]
    pub refs: BTreeMap<String, Refs>,
    /// Days that the rule watches, whatever its verdict: a list of `{'what': text, 'at': seconds}`,
    /// for the calendar.
    pub dates: Option<String>,
    /// Sources named as evidence; those of `needs` when empty.
    #[serde(default)]
    pub sources: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Draft,
    /// Runs, reaches no customer.
    Shadow,
    #[default]
    Active,
    Retired,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    BestPractice,
    Pattern,
    Capacity,
    Lifecycle,
    Drift,
    Compliance,
}

impl Kind {
    /// The word of `rule.yaml`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BestPractice => "best-practice",
            Self::Pattern => "pattern",
            Self::Capacity => "capacity",
            Self::Lifecycle => "lifecycle",
            Self::Drift => "drift",
            Self::Compliance => "compliance",
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    #[default]
    Host,
    /// The nodes of one cluster together.
    Cluster,
    /// Two tiers and the link between them: web → app, app → database.
    Tiers,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    pub name: String,
    #[serde(default)]
    pub versions: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Param {
    pub default: Json,
    /// Whether a contract may set another value.
    #[serde(default)]
    pub overridable: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Likelihood {
    pub base: u8,
    #[serde(default)]
    pub raise_to: BTreeMap<u8, String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    #[default]
    Confirmed,
    Likely,
    /// Shown, never scored.
    Hint,
}

impl Confidence {
    /// The word of `rule.yaml`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Likely => "likely",
            Self::Hint => "hint",
        }
    }
}

/// One language's words, with `{name}` placeholders of lets and params.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    pub title: String,
    pub expected: String,
    pub why: String,
    pub finding: String,
}

/// References are written as one text or as a list.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Refs {
    One(String),
    Many(Vec<String>),
}

impl Refs {
    /// The references, without empty ones.
    #[must_use]
    pub fn list(&self) -> Vec<String> {
        let all = match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many.as_slice(),
        };
        all.iter().filter(|one| !one.is_empty()).cloned().collect()
    }
}

/// What is wrong with a rule's folder.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    #[error("rule.yaml does not have the shape of a rule")]
    Shape(#[source] serde_yaml_ng::Error),
    #[error("the rule is called {id:?}, its folder {folder:?}; they must be the same")]
    Name { id: String, folder: String },
    #[error("area {0:?} is not one of availability, security, stability, performance, hygiene")]
    Area(String),
    #[error("{0}")]
    Field(String),
    #[error("in `{place}`")]
    Expression {
        place: String,
        #[source]
        source: ExpressionError,
    },
}

impl Rule {
    /// Parses and compiles one `rule.yaml`.
    ///
    /// # Errors
    /// [`RuleError`] names the field and what is expected there.
    pub fn parse(area: &str, folder: &str, yaml: &str) -> Result<Self, RuleError> {
        let spec: Spec = serde_yaml_ng::from_str(yaml).map_err(RuleError::Shape)?;
        if spec.id != folder {
            return Err(RuleError::Name { id: spec.id, folder: folder.to_owned() });
        }
        check_fields(&spec)?;
        let mut lets: Vec<(String, Expression)> = Vec::new();
        let compile = |place: &str, source: &str, lets: &[(String, Expression)]| {
            Expression::compile(source, lets.iter().map(|(name, _)| name.as_str()))
                .map_err(|source| RuleError::Expression { place: place.to_owned(), source })
        };
        let applies_if = spec.applies_if.as_deref();
        let applies_if = applies_if.map(|source| compile("applies_if", source, &[])).transpose()?;
        for (name, source) in &spec.lets {
            let (Some(name), Some(source)) = (name.as_str(), source.as_str()) else {
                return Err(RuleError::Field("`let` holds names and expressions".to_owned()));
            };
            let expression = compile(&format!("let {name}"), source, &lets)?;
            lets.push((name.to_owned(), expression));
        }
        let value = spec.value.as_deref();
        let value = value.map(|source| compile("value", source, &lets)).transpose()?;
        let dates = spec.dates.as_deref();
        let dates = dates.map(|source| compile("dates", source, &lets)).transpose()?;
        let mut expect = Vec::new();
        for (verdict, source) in spec.expect.iter().flatten() {
            expect.push((failing(verdict)?, compile("expect", source, &lets)?));
        }
        let mut raise_to = Vec::new();
        for (likelihood, source) in spec.likelihood.raise_to.iter().rev() {
            raise_to.push((*likelihood, compile("likelihood.raise_to", source, &lets)?));
        }
        let rule = Self {
            id: spec.id.clone(),
            area: parse_area(area)?,
            spec,
            applies_if,
            lets,
            value,
            dates,
            expect,
            raise_to,
        };
        rule.check_placeholders()?;
        Ok(rule)
    }

    fn check_placeholders(&self) -> Result<(), RuleError> {
        for (language, text) in &self.spec.text {
            for part in [&text.title, &text.expected, &text.why, &text.finding] {
                for name in placeholders(part) {
                    let known = self.lets.iter().any(|(l, _)| l == name)
                        || self.spec.params.contains_key(name);
                    if !known {
                        return Err(RuleError::Field(format!(
                            "text.{language} names {{{name}}}, which is neither a let nor a param"
                        )));
                    }
                }
            }
        }
        Ok(())
    }
}

/// The names between braces.
pub fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| {
        let name = rest.split_once('}')?.0;
        let ok = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        ok.then_some(name)
    })
}

fn check_fields(spec: &Spec) -> Result<(), RuleError> {
    let fault = |text: &str| Err(RuleError::Field(text.to_owned()));
    if !(1..=4).contains(&spec.impact) {
        return fault("impact must be 1 to 4");
    }
    let raised = spec.likelihood.raise_to.keys().copied();
    if !raised.chain([spec.likelihood.base]).all(|l| (1..=4).contains(&l)) {
        return fault("likelihoods must be 1 to 4");
    }
    if spec.expect.is_empty() || spec.expect.iter().any(|entry| entry.len() != 1) {
        return fault("expect must be a list of one verdict: expression each");
    }
    for language in ["ko", "en"] {
        if !spec.text.contains_key(language) {
            return fault(&format!("text.{language} is missing"));
        }
    }
    if spec.needs.is_empty() {
        return fault("needs must name at least one fact");
    }
    if spec.remedy.is_empty() {
        return fault("remedy must offer at least one way out");
    }
    check_members(spec)
}

/// The facts that a rule asks for, without prefix, and whether a group's member is to have them.
fn asked(needs: &[String], wants: &[String]) -> BTreeMap<String, bool> {
    let bare = |key: &String| {
        let rest = PREFIXES.iter().find_map(|prefix| key.strip_prefix(prefix));
        (rest.unwrap_or(key).to_owned(), rest.is_some())
    };
    needs.iter().chain(wants).map(bare).collect()
}

/// Facts of members belong to rules of a whole, and must be facts that there are.
fn check_members(spec: &Spec) -> Result<(), RuleError> {
    for (key, of_member) in asked(&spec.needs, &spec.wants) {
        if of_member && spec.scope == Scope::Host {
            let fault = format!("{key} is asked of a member: the rule needs a scope");
            return Err(RuleError::Field(fault));
        }
        if of_member && !is_fact(&key) {
            return Err(RuleError::Field(format!("there is no fact {key} that a member has")));
        }
    }
    Ok(())
}

fn failing(word: &str) -> Result<Verdict, RuleError> {
    match word {
        "danger" => Ok(Verdict::Danger),
        "attention" => Ok(Verdict::Attention),
        "unknown" => Ok(Verdict::Unknown),
        other => Err(RuleError::Field(format!(
            "expect says {other:?}; a verdict there is danger, attention or unknown"
        ))),
    }
}

fn parse_area(word: &str) -> Result<Area, RuleError> {
    match word {
        "availability" => Ok(Area::Availability),
        "security" => Ok(Area::Security),
        "stability" => Ok(Area::Stability),
        "performance" => Ok(Area::Performance),
        "hygiene" => Ok(Area::Hygiene),
        other => Err(RuleError::Area(other.to_owned())),
    }
}
