//! Where a finding stands: on a host or on a group, found by the words that people use. Pure.

use carepack_assessment::model::{Assessment, Finding};
use uuid::Uuid;

use super::ReviewError;

/// Where a finding stands.
pub struct Place<'a> {
    pub subject: String,
    pub name: &'a str,
    /// The hosts that an accepted risk is for.
    pub hosts: Vec<Uuid>,
    pub findings: &'a [Finding],
}

/// A host by name or id, or a group by name or subject.
pub fn find<'a>(assessment: &'a Assessment, text: &str) -> Result<Place<'a>, ReviewError> {
    let id = |text: &str| text.parse::<Uuid>().ok();
    let hosts = assessment.hosts.iter();
    let mut named = hosts
        .filter(|page| page.host.id == text || page.host.name == text || page.subject() == text);
    if let Some(page) = named.next() {
        if named.next().is_some() {
            return Err(ReviewError::Ambiguous(text.to_owned()));
        }
        return Ok(Place {
            subject: page.subject(),
            name: &page.host.name,
            hosts: id(&page.host.id).into_iter().collect(),
            findings: &page.findings,
        });
    }
    let mut named = assessment.groups.iter().filter(|g| g.name == text || g.subject() == text);
    match (named.next(), named.next()) {
        (Some(group), None) => Ok(Place {
            subject: group.subject(),
            name: &group.name,
            hosts: assessment
                .hosts
                .iter()
                .filter(|page| group.members.contains(&page.host.name))
                .filter_map(|page| id(&page.host.id))
                .collect(),
            findings: &group.findings,
        }),
        (Some(_), Some(_)) => Err(ReviewError::Ambiguous(text.to_owned())),
        (None, _) => Err(ReviewError::NoPlace(text.to_owned())),
    }
}

/// Every finding with its subject and the name of its place.
pub fn findings(assessment: &Assessment) -> impl Iterator<Item = (String, &str, &Finding)> {
    let hosts = assessment.hosts.iter().flat_map(|page| {
        page.findings.iter().map(|f| (page.subject(), page.host.name.as_str(), f))
    });
    let groups = assessment
        .groups
        .iter()
        .flat_map(|group| group.findings.iter().map(|f| (group.subject(), group.name.as_str(), f)));
    hosts.chain(groups)
}
