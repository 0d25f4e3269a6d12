//! `contact`, `notice`, `plan`: who is told, what of, and what was agreed.

mod contact;
mod notice;
mod plan;
mod queue;

use std::sync::Arc;

use anyhow::Context;
use jiff::Timestamp;

pub use contact::Contact;
pub use notice::Notice;
pub use plan::Plan;

use super::open::Opened;
use crate::notices::Notices;
use crate::serve::Addresses;
use crate::store;

/// The parts that notices work with. Links begin with the configured address, else with that of
/// the serving collector.
pub(super) fn notices(opened: &Opened) -> anyhow::Result<Notices> {
    let objects = opened.objects()?;
    let config = Arc::new(opened.config.clone());
    let url = config.people.url.clone().unwrap_or_else(|| {
        let file = config.data.join("run/addresses.json");
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let serving = serde_json::from_str::<Addresses>(&text).map(|addresses| addresses.people);
        format!("http://{}", serving.unwrap_or(config.people.listen))
    });
    Ok(Notices::open((opened.store.clone(), objects), config, url)?)
}

/// A notice by its id, or by its advisory's, which must then be one.
async fn find(
    opened: &Opened,
    text: &str,
    contract: Option<&str>,
) -> anyhow::Result<store::Notice> {
    let missing = || format!("there is no notice {text:?}; see: carepack-collector notice list");
    if let Ok(id) = text.parse() {
        return opened.store.notice(id).await?.with_context(missing);
    }
    let contract = match contract {
        Some(contract) => Some(opened.contract(contract).await?.id),
        None => None,
    };
    let mut found = opened.store.notices(contract, Timestamp::UNIX_EPOCH).await?;
    found.retain(|notice| notice.advisory == text);
    anyhow::ensure!(
        found.len() <= 1,
        "{text} was told to {} contracts; name one with --contract, or give the notice's id",
        found.len()
    );
    found.pop().with_context(missing)
}
