//! What a store can refuse or fail with, in words that do not depend on the database.

use std::sync::Arc;

/// The driver's own error, shared because one failed commit answers many callers.
pub type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// Every way in which the store says no.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    #[error(
        "database address {0:?} is neither sqlite:PATH nor postgres://… nor a libpq string such as \
         \"host=/run/postgresql user=carepack\""
    )]
    Address(String),
    #[error(
        "PostgreSQL host {0:?} is not on this machine; this version connects only through a unix \
         socket or loopback, because the connection is not encrypted"
    )]
    Remote(String),
    #[error("PostgreSQL runs with {setting} = {value}; a receipt would not mean durable")]
    NotDurable { setting: &'static str, value: String },
    #[error("the store at {at} cannot be opened")]
    Open {
        at: String,
        #[source]
        source: Cause,
    },
    #[error("the store at {at} is damaged ({detail}); restore a backup")]
    Corrupt { at: String, detail: String },
    #[error("the store at {at} cannot be brought to this version's schema")]
    Migrate {
        at: String,
        #[source]
        source: Cause,
    },
    #[error("it exists already ({query})")]
    Exists { query: &'static str },
    #[error("it names something that does not exist ({query})")]
    Dangling { query: &'static str },
    #[error("{what} {name:?} names more than one; use its id")]
    Ambiguous { what: &'static str, name: String },
    #[error("the store has no space left")]
    Full,
    #[error(
        "the store met a read or write error and accepts nothing until the collector is restarted"
    )]
    Unhealthy,
    #[error("the store does not answer ({query})")]
    Unavailable {
        query: &'static str,
        #[source]
        source: Cause,
    },
    #[error("the store has been closed")]
    Closed,
    #[error("column {column} is missing or holds another shape")]
    Shape { column: &'static str },
    #[error("query {query} failed")]
    Query {
        query: &'static str,
        #[source]
        source: Cause,
    },
}
