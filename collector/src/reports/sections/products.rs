//! The products under contract, in the order of their parts on a host's pages.
//!
//! What is about no product of this list is about the host itself and stands under its area.

/// One product's part.
pub struct Part {
    /// Names in `product.name` of rules.
    names: &'static [&'static str],
    /// Key of its heading.
    pub word: &'static str,
}

pub const PARTS: &[Part] = &[
    Part { names: &["httpd", "mod_jk"], word: "product.httpd" },
    Part { names: &["tomcat"], word: "product.tomcat" },
    Part { names: &["jboss", "wildfly", "eap"], word: "product.jboss" },
    Part { names: &["jdk", "java", "jvm"], word: "product.jdk" },
    Part { names: &["mysql", "mariadb"], word: "product.mysql" },
    Part { names: &["drbd"], word: "product.drbd" },
    Part { names: &["cluster", "pacemaker", "corosync"], word: "product.cluster" },
];

impl Part {
    pub fn is_of(&self, product: &str) -> bool {
        self.names.contains(&product)
    }
}

/// Whether a product has a part of its own.
pub fn has_part(product: &str) -> bool {
    PARTS.iter().any(|part| part.is_of(product))
}
