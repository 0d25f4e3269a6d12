//! A pack: all rules of one version, compiled once.
//!
//! Pure: the caller reads the folder and hands over paths and texts.

use std::collections::BTreeMap;

use carepack_shared::digest::sha256_hex;

use crate::kisa;
use crate::model::PackStamp;
use crate::rule::{Rule, RuleError, Status};

/// Most rules in one pack.
pub const RULES_MAX: usize = 5_000;

/// Compiled rules in order of id, and what identifies them.
#[derive(Debug)]
pub struct Pack {
    pub stamp: PackStamp,
    pub rules: Vec<Rule>,
    /// Which rules answer the items of the KISA guide; none in a pack without `kisa.yaml`.
    pub kisa: Option<kisa::Table>,
    /// Case files: (rule id, file name, text).
    pub cases: Vec<(String, String, String)>,
}

/// A pack that cannot be used, with the file at fault.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    #[error("rule pack file {path}")]
    Rule {
        path: String,
        #[source]
        source: RuleError,
    },
    #[error(
        "rule pack file {path}: not of the form <area>/<id>/rule.yaml or <area>/<id>/cases/<case>.yaml"
    )]
    Path { path: String },
    #[error("rule {id} stands twice in the pack")]
    Twice { id: String },
    #[error("the pack holds {count} rules, over the limit of {RULES_MAX}")]
    TooMany { count: usize },
    #[error("rule pack file kisa.yaml")]
    Kisa(#[from] kisa::TableError),
    #[error("the pack holds no rule")]
    Empty,
}

impl Pack {
    /// Compiles a pack from its files: relative path → text. Retired rules and drafts are left
    /// out.
    ///
    /// # Errors
    /// [`PackError`] names the file; a malformed pack is refused whole.
    pub fn load(version: &str, files: &BTreeMap<String, String>) -> Result<Self, PackError> {
        let mut rules: BTreeMap<String, Rule> = BTreeMap::new();
        let mut cases = Vec::new();
        for (path, text) in files {
            match path.split('/').collect::<Vec<_>>().as_slice() {
                [area, id, "rule.yaml"] => {
                    let rule = Rule::parse(area, id, text)
                        .map_err(|source| PackError::Rule { path: path.clone(), source })?;
                    if rules.contains_key(*id) {
                        return Err(PackError::Twice { id: (*id).to_owned() });
                    }
                    rules.insert((*id).to_owned(), rule);
                }
                [_, id, "cases", file] if file.ends_with(".yaml") => {
                    cases.push(((*id).to_owned(), (*file).to_owned(), text.clone()));
                }
                ["kisa.yaml"] => {}
                [.., file] if file.ends_with(".md") => {}
                _ => return Err(PackError::Path { path: path.clone() }),
            }
        }
        rules.retain(|_, rule| matches!(rule.spec.status, Status::Active | Status::Shadow));
        match rules.len() {
            0 => return Err(PackError::Empty),
            count if count > RULES_MAX => return Err(PackError::TooMany { count }),
            _ => {}
        }
        let rules: Vec<Rule> = rules.into_values().collect();
        let ids = rules.iter().map(|rule| rule.id.as_str()).collect();
        let table = files.get("kisa.yaml").map(|text| kisa::Table::parse(text, &ids));
        let kisa = table.transpose()?;
        if let Some(table) = &kisa {
            let has = |rule: &Rule| rule.spec.params.contains_key(kisa::LITERAL);
            table.check_switches(&|id| rules.iter().any(|rule| rule.id == id && has(rule)))?;
        }
        let stamp = PackStamp {
            version: version.to_owned(),
            sha256: digest(files),
            rules: u32::try_from(rules.len()).unwrap_or(u32::MAX),
        };
        Ok(Self { stamp, rules, kisa, cases })
    }
}

/// SHA-256 over `path NUL text NUL …` in order of path.
fn digest(files: &BTreeMap<String, String>) -> String {
    let mut all = Vec::new();
    for (path, text) in files {
        for part in [path, text] {
            all.extend_from_slice(part.as_bytes());
            all.push(0);
        }
    }
    sha256_hex(&all)
}
