//! The product tree: which package of which platform a product id stands for.

use std::collections::HashMap;

use super::super::{Fault, Faults, FeedError, limit, words};
use super::component::{Component, Package};
use super::document::{Branch, Product, Str, Tree};

/// Most products of one document; a kernel's VEX file has some 20,000.
pub const PRODUCTS_MAX: usize = 500_000;
/// Most products that are components of others; a VEX file of Red Hat has up to 100,000.
pub const RELATIONSHIPS_MAX: usize = 2_000_000;
/// Deepest branch that is followed; Red Hat's are four deep.
pub const BRANCH_DEPTH_MAX: usize = 32;
/// Longest chain from a package over its module to the platform.
pub const CHAIN_MAX: usize = 4;

/// The tree, by product id.
pub(super) struct Products<'a> {
    products: HashMap<&'a str, Known<'a>>,
    /// From a product to what it is a component of, and what that is one of.
    chains: HashMap<&'a str, Vec<&'a str>>,
}

struct Known<'a> {
    cpe: Option<&'a str>,
    component: Component,
}

/// What a product id stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target<'p> {
    /// A package of a platform.
    Package { cpe: &'p str, module: Option<&'p str>, package: &'p Package },
    /// Something that RPM does not install, or a product as a whole.
    Other,
    /// It cannot be told.
    Unknown(Fault),
}

impl<'a> Products<'a> {
    pub fn of(tree: &'a Tree<'a>, faults: &mut Faults) -> Result<Self, FeedError> {
        let links = tree.relationships.len().saturating_add(tree.product_paths.len());
        limit(super::FORM, "relationships", links, RELATIONSHIPS_MAX)?;
        let mut products = HashMap::new();
        for product in &tree.full_product_names {
            add(&mut products, product);
        }
        branches(&tree.branches, 0, &mut products, faults);
        limit(super::FORM, "products", products.len(), PRODUCTS_MAX)?;
        let mut chains = HashMap::with_capacity(links);
        for link in &tree.relationships {
            let chain =
                vec![link.product_reference.as_str(), link.relates_to_product_reference.as_str()];
            chains.insert(link.full_product_name.product_id.as_str(), chain);
        }
        for path in &tree.product_paths {
            let next = path.subpaths.iter().map(|path| path.next_product_reference.as_str());
            let first = path.beginning_product_reference.as_str();
            let chain = std::iter::once(first).chain(next).take(CHAIN_MAX).collect();
            chains.insert(path.full_product_name.product_id.as_str(), chain);
        }
        Ok(Self { products, chains })
    }

    /// What a product id stands for.
    pub fn target(&self, id: &str) -> Target<'_> {
        let Some(chain) = self.chains.get(id) else {
            // A product as a whole (`Red Hat JBoss EAP 7`), or nothing at all.
            let known = self.products.contains_key(id);
            return if known { Target::Other } else { Target::Unknown(Fault::Product) };
        };
        let mut links = chain.as_slice();
        let mut package = None;
        let mut module = None;
        for _ in 0..CHAIN_MAX {
            let Some((last, inner)) = links.split_last() else { break };
            for id in inner {
                match self.products.get(id).map(|known| &known.component) {
                    Some(Component::Package(found)) => package = package.or(Some(found)),
                    Some(Component::Module(name)) => module = Some(name.as_str()),
                    Some(Component::Other) => return Target::Other,
                    Some(Component::Broken(fault)) => return Target::Unknown(*fault),
                    None => return Target::Unknown(Fault::Product),
                }
            }
            // What a package is part of may be part of something itself: a module of a platform.
            match self.chains.get(last) {
                Some(chain) => links = chain,
                None => return self.end(last, package, module),
            }
        }
        Target::Unknown(Fault::Depth)
    }

    fn end<'p>(
        &'p self,
        platform: &str,
        package: Option<&'p Package>,
        module: Option<&'p str>,
    ) -> Target<'p> {
        let cpe = self.products.get(platform).and_then(|known| known.cpe);
        match (package, cpe.filter(|cpe| words::is_name(cpe))) {
            (None, _) => Target::Other,
            (Some(_), None) => Target::Unknown(Fault::Platform),
            (Some(package), Some(cpe)) => {
                let module = package.module.as_deref().or(module);
                Target::Package { cpe, module, package }
            }
        }
    }
}

fn branches<'a>(
    list: &'a [Branch<'a>],
    depth: usize,
    products: &mut HashMap<&'a str, Known<'a>>,
    faults: &mut Faults,
) {
    for branch in list {
        if let Some(product) = &branch.product {
            add(products, product);
        }
        if depth < BRANCH_DEPTH_MAX {
            branches(&branch.branches, depth + 1, products, faults);
        } else if !branch.branches.is_empty() {
            faults.add(Fault::Depth, "branches");
        }
    }
}

fn add<'a>(products: &mut HashMap<&'a str, Known<'a>>, product: &'a Product<'a>) {
    let helper = product.product_identification_helper.as_ref();
    let cpe = helper.and_then(|helper| helper.cpe.as_ref()).map(Str::as_str);
    let component = Component::of(product);
    products.insert(product.product_id.as_str(), Known { cpe, component });
}
