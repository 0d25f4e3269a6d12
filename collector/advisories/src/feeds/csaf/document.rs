//! What is read of a CSAF document, 2.0 and 2.1; everything else in it is passed over.
//!
//! Text is borrowed from the document where it holds no escapes: a VEX file of Red Hat is a few
//! hundred thousand identifiers.

use std::borrow::Cow;

use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Document<'a> {
    #[serde(borrow)]
    pub document: Head<'a>,
    #[serde(borrow, default)]
    pub product_tree: Tree<'a>,
    #[serde(borrow, default)]
    pub vulnerabilities: Vec<Vulnerability<'a>>,
}

/// A text, borrowed where possible.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Str<'a>(#[serde(borrow)] pub Cow<'a, str>);

impl Str<'_> {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Deserialize)]
pub(super) struct Head<'a> {
    #[serde(borrow, default)]
    pub category: Str<'a>,
    #[serde(borrow, default)]
    pub title: Str<'a>,
    #[serde(borrow, default)]
    pub aggregate_severity: Option<Worded<'a>>,
    #[serde(borrow, default)]
    pub notes: Vec<Note<'a>>,
    #[serde(borrow, default)]
    pub references: Vec<Reference<'a>>,
    #[serde(borrow)]
    pub tracking: Tracking<'a>,
}

#[derive(Deserialize)]
pub(super) struct Worded<'a> {
    #[serde(borrow, default)]
    pub text: Str<'a>,
}

#[derive(Deserialize)]
pub(super) struct Note<'a> {
    #[serde(borrow, default)]
    pub category: Str<'a>,
    #[serde(borrow, default)]
    pub text: Str<'a>,
}

#[derive(Deserialize)]
pub(super) struct Reference<'a> {
    #[serde(borrow, default)]
    pub url: Str<'a>,
}

#[derive(Deserialize)]
pub(super) struct Tracking<'a> {
    #[serde(borrow)]
    pub id: Str<'a>,
    #[serde(borrow, default)]
    pub current_release_date: Str<'a>,
    #[serde(borrow, default)]
    pub initial_release_date: Str<'a>,
}

#[derive(Default, Deserialize)]
pub(super) struct Tree<'a> {
    #[serde(borrow, default)]
    pub branches: Vec<Branch<'a>>,
    #[serde(borrow, default)]
    pub full_product_names: Vec<Product<'a>>,
    #[serde(borrow, default)]
    pub relationships: Vec<Relationship<'a>>,
    /// What became of relationships in CSAF 2.1.
    #[serde(borrow, default)]
    pub product_paths: Vec<Path<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Branch<'a> {
    #[serde(borrow, default)]
    pub branches: Vec<Branch<'a>>,
    #[serde(borrow, default)]
    pub product: Option<Product<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Product<'a> {
    #[serde(borrow)]
    pub product_id: Str<'a>,
    #[serde(borrow, default)]
    pub product_identification_helper: Option<Helper<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Helper<'a> {
    #[serde(borrow, default)]
    pub cpe: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub purl: Option<Str<'a>>,
    /// CSAF 2.1: several names of one product.
    #[serde(borrow, default)]
    pub purls: Vec<Str<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Relationship<'a> {
    #[serde(borrow)]
    pub full_product_name: Named<'a>,
    #[serde(borrow)]
    pub product_reference: Str<'a>,
    #[serde(borrow)]
    pub relates_to_product_reference: Str<'a>,
}

#[derive(Deserialize)]
pub(super) struct Path<'a> {
    #[serde(borrow)]
    pub full_product_name: Named<'a>,
    #[serde(borrow)]
    pub beginning_product_reference: Str<'a>,
    #[serde(borrow, default)]
    pub subpaths: Vec<Subpath<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Subpath<'a> {
    #[serde(borrow)]
    pub next_product_reference: Str<'a>,
}

#[derive(Deserialize)]
pub(super) struct Named<'a> {
    #[serde(borrow)]
    pub product_id: Str<'a>,
}

#[derive(Deserialize)]
pub(super) struct Vulnerability<'a> {
    #[serde(borrow, default)]
    pub cve: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub title: Option<Str<'a>>,
    #[serde(borrow, default)]
    pub product_status: Statuses<'a>,
    #[serde(borrow, default)]
    pub remediations: Vec<Remediation<'a>>,
    /// CSAF 2.0.
    #[serde(borrow, default)]
    pub scores: Vec<Score<'a>>,
    /// CSAF 2.1.
    #[serde(borrow, default)]
    pub metrics: Vec<Metric<'a>>,
    #[serde(borrow, default)]
    pub threats: Vec<Threat<'a>>,
}

#[derive(Default, Deserialize)]
pub(super) struct Statuses<'a> {
    #[serde(borrow, default)]
    pub fixed: Vec<Str<'a>>,
    #[serde(borrow, default)]
    pub first_fixed: Vec<Str<'a>>,
    #[serde(borrow, default)]
    pub known_affected: Vec<Str<'a>>,
    #[serde(borrow, default)]
    pub known_not_affected: Vec<Str<'a>>,
    #[serde(borrow, default)]
    pub under_investigation: Vec<Str<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Remediation<'a> {
    #[serde(borrow, default)]
    pub category: Str<'a>,
    #[serde(borrow, default)]
    pub details: Str<'a>,
    #[serde(borrow, default)]
    pub date: Str<'a>,
    #[serde(borrow, default)]
    pub url: Str<'a>,
    /// Products in `group_ids` are not followed: Red Hat's documents have none.
    #[serde(borrow, default)]
    pub product_ids: Vec<Str<'a>>,
    #[serde(borrow, default)]
    pub restart_required: Option<Restart<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Restart<'a> {
    #[serde(borrow, default)]
    pub category: Str<'a>,
}

#[derive(Default, Deserialize)]
pub(super) struct Score<'a> {
    #[serde(borrow, default)]
    pub cvss_v2: Option<Cvss<'a>>,
    #[serde(borrow, default)]
    pub cvss_v3: Option<Cvss<'a>>,
    #[serde(borrow, default)]
    pub cvss_v4: Option<Cvss<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Metric<'a> {
    #[serde(borrow, default)]
    pub content: Score<'a>,
}

#[derive(Deserialize)]
pub(super) struct Cvss<'a> {
    #[serde(borrow, default, rename = "vectorString")]
    pub vector: Str<'a>,
    #[serde(default, rename = "baseScore")]
    pub score: Option<f64>,
}

#[derive(Deserialize)]
pub(super) struct Threat<'a> {
    #[serde(borrow, default)]
    pub category: Str<'a>,
    #[serde(borrow, default)]
    pub details: Str<'a>,
}
