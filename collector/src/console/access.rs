//! Who may do what: rights by role in one table, and the caller of a request.
//!
//! What a caller may *see* is not decided here but in [`super::view`].

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use uuid::Uuid;

use crate::store::{Person, Role};

/// What a route asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: the way in.
    Nobody,
    /// A right password, the second factor not yet.
    HalfSignedIn,
    /// An account, whatever its role.
    SignedIn,
    /// A right.
    Right(Right),
}

/// What somebody may do, within the customers it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Read what a customer may read of itself.
    Read,
    /// See the evidence as the host sent it.
    Evidence,
    /// Decide for the customer: answer notices, acknowledge reports, open cases.
    Decide,
    /// Read what is the vendor's own: queues, patterns, alarms.
    Staff,
    /// Do an engineer's work.
    Work,
    /// Approve and publish.
    Approve,
    /// Make customers, contracts and enrolment tokens.
    Contracts,
    /// Accounts, settings, the audit log.
    Operate,
}

/// The table of rights.
const RIGHTS: &[(Role, &[Right])] = &[
    (
        Role::Operator,
        &[
            Right::Read,
            Right::Evidence,
            Right::Decide,
            Right::Staff,
            Right::Work,
            Right::Approve,
            Right::Contracts,
            Right::Operate,
        ],
    ),
    (
        Role::Reviewer,
        &[
            Right::Read,
            Right::Evidence,
            Right::Decide,
            Right::Staff,
            Right::Work,
            Right::Approve,
            Right::Contracts,
        ],
    ),
    (
        Role::Engineer,
        &[Right::Read, Right::Evidence, Right::Decide, Right::Staff, Right::Work, Right::Contracts],
    ),
    (Role::CustomerManager, &[Right::Read, Right::Evidence, Right::Decide]),
    (Role::CustomerReader, &[Right::Read]),
];

/// Whether a role has a right.
#[must_use]
pub fn has(role: Role, right: Right) -> bool {
    RIGHTS.iter().any(|(known, rights)| *known == role && rights.contains(&right))
}

/// The customers whose affairs a caller sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    All,
    Customers(Vec<Uuid>),
}

impl Scope {
    /// Of a person: staff without customers is for all; a customer's account without a customer
    /// sees nothing.
    #[must_use]
    pub fn of(role: Role, customers: Vec<Uuid>) -> Self {
        if customers.is_empty() && role.is_staff() { Self::All } else { Self::Customers(customers) }
    }

    #[must_use]
    pub fn has(&self, customer: Uuid) -> bool {
        match self {
            Self::All => true,
            Self::Customers(customers) => customers.contains(&customer),
        }
    }
}

/// What the answer is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    Html,
    Json,
}

/// Who asks; put into every request that has passed the gate.
#[derive(Clone, Debug)]
pub struct Caller {
    pub person: Person,
    pub scope: Scope,
    pub wants: Wants,
    /// Digest of the session's secret; none for a token.
    pub session: Option<String>,
    pub address: IpAddr,
    /// Path that was asked for, without `/api/v1`, for the navigation.
    pub path: String,
}

impl Caller {
    #[must_use]
    pub fn may(&self, right: Right) -> bool {
        has(self.person.role, right)
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        // A route without a gate has no caller: that is a bug of ours, and refused.
        parts.extensions.get::<Self>().cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_never_have_a_right_of_the_staff() {
        for role in [Role::CustomerManager, Role::CustomerReader] {
            for right in
                [Right::Staff, Right::Work, Right::Approve, Right::Contracts, Right::Operate]
            {
                assert!(!has(role, right), "{role:?} {right:?}");
            }
        }
        assert!(has(Role::Reviewer, Right::Approve) && !has(Role::Engineer, Right::Approve));
        assert!(!has(Role::Reviewer, Right::Operate));
    }

    #[test]
    fn every_role_stands_in_the_table() {
        for role in Role::ALL {
            assert!(RIGHTS.iter().any(|(known, _)| known == role), "{role:?}");
        }
    }

    #[test]
    fn a_customers_account_without_a_customer_sees_nothing() {
        let customer = Uuid::now_v7();
        assert!(!Scope::of(Role::CustomerManager, Vec::new()).has(customer));
        assert!(Scope::of(Role::Engineer, Vec::new()).has(customer));
        assert!(!Scope::of(Role::Engineer, vec![Uuid::now_v7()]).has(customer));
        assert!(Scope::of(Role::CustomerReader, vec![customer]).has(customer));
    }
}
