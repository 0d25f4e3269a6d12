//! The three names under a report: their order, and when they must be different people. Pure.

use super::ReviewError;
use crate::store::{Review, Signed};

/// The three names under a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Author,
    Reviewer,
    Approver,
}

impl Role {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::Reviewer => "reviewer",
            Self::Approver => "approver",
        }
    }
}

/// The review with one name more: in order, and by different people where the contract says so.
/// A name given again takes those after it away. Pure.
///
/// # Errors
/// [`ReviewError::Unsigned`] and [`ReviewError::SamePerson`].
pub fn signed(
    review: &Review,
    role: Role,
    signed: Signed,
    four_eyes: bool,
) -> Result<Review, ReviewError> {
    let mut review = review.clone();
    let before: Vec<(Role, Option<Signed>)> = match role {
        Role::Author => Vec::new(),
        Role::Reviewer => vec![(Role::Author, review.author.clone())],
        Role::Approver => {
            vec![(Role::Author, review.author.clone()), (Role::Reviewer, review.reviewer.clone())]
        }
    };
    for (earlier, one) in &before {
        let Some(one) = one else {
            return Err(ReviewError::Unsigned { missing: earlier.as_str() });
        };
        if four_eyes && same_person(&one.name, &signed.name) {
            return Err(ReviewError::SamePerson { name: signed.name, role: earlier.as_str() });
        }
    }
    let place = match role {
        Role::Author => {
            (review.reviewer, review.approver) = (None, None);
            &mut review.author
        }
        Role::Reviewer => {
            review.approver = None;
            &mut review.reviewer
        }
        Role::Approver => &mut review.approver,
    };
    *place = Some(signed);
    Ok(review)
}

/// Names are compared without case and spaces: `Kim Do-hyun` signs once, however it is written.
fn same_person(a: &str, b: &str) -> bool {
    let bare = |name: &str| -> String {
        name.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
    };
    bare(a) == bare(b)
}
