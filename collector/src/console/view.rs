//! The one tenant filter: what of the store a caller sees.
//!
//! Pages read customers' affairs through here only. What a caller may not see is not there for
//! it: [`Refusal::NotFound`], the same answer as for what nobody has.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::Console;
use super::access::{Caller, Right, Scope};
use super::page::Refusal;
use crate::store::{
    Attachment, Case, CaseEvent, Contract, Customer, FailingRule, Host, Inspection, Notice,
    SnapshotRow, Store,
};

/// Snapshots listed of one host: a decade of monthly ones.
const SNAPSHOTS_MAX: u32 = 120;
/// Rules in lists: several packs.
const RULES_MAX: u32 = 20_000;

/// The store as a caller sees it.
pub struct View<'c> {
    store: &'c Store,
    scope: &'c Scope,
    /// Sees what is internal to the vendor.
    is_staff: bool,
}

impl Console {
    /// The store as `caller` sees it.
    pub(super) fn view<'c>(&'c self, caller: &'c Caller) -> View<'c> {
        View { store: &self.store, scope: &caller.scope, is_staff: caller.may(Right::Staff) }
    }
}

impl View<'_> {
    pub async fn customers(&self) -> Result<Vec<Customer>, Refusal> {
        let mut all = self.store.customers().await?;
        all.retain(|customer| self.scope.has(customer.id));
        Ok(all)
    }

    pub async fn customer(&self, id: Uuid) -> Result<Customer, Refusal> {
        let found = self.store.customer(id).await?;
        found.filter(|customer| self.scope.has(customer.id)).ok_or(Refusal::NotFound)
    }

    pub async fn contracts(&self) -> Result<Vec<Contract>, Refusal> {
        let mut all = self.store.contracts().await?;
        all.retain(|contract| self.scope.has(contract.customer));
        Ok(all)
    }

    pub async fn contract(&self, id: Uuid) -> Result<Contract, Refusal> {
        let found = self.store.contract(id).await?;
        found.filter(|contract| self.scope.has(contract.customer)).ok_or(Refusal::NotFound)
    }

    /// Contract → itself, for joining.
    pub async fn contracts_by_id(&self) -> Result<BTreeMap<Uuid, Contract>, Refusal> {
        Ok(self.contracts().await?.into_iter().map(|contract| (contract.id, contract)).collect())
    }

    /// Hosts of one contract or of all that are seen, the retired ones too.
    pub async fn hosts(&self, contract: Option<Uuid>) -> Result<Vec<Host>, Refusal> {
        let contracts = self.contracts_by_id().await?;
        let mut all = self.store.hosts(contract).await?;
        all.retain(|host| contracts.contains_key(&host.contract));
        Ok(all)
    }

    /// A host and its contract.
    pub async fn host(&self, id: Uuid) -> Result<(Host, Contract), Refusal> {
        let host = self.store.host(id).await?.ok_or(Refusal::NotFound)?;
        let contract = self.contract(host.contract).await?;
        Ok((host, contract))
    }

    /// A host's snapshots, newest first; the caller has seen the host.
    pub async fn snapshots(&self, host: &Host) -> Result<Vec<SnapshotRow>, Refusal> {
        Ok(self.store.snapshots(host.id, SNAPSHOTS_MAX).await?)
    }

    /// A snapshot, its host and contract.
    pub async fn snapshot(&self, id: Uuid) -> Result<(SnapshotRow, Host, Contract), Refusal> {
        let row = self.store.snapshot(id).await?.ok_or(Refusal::NotFound)?;
        let (host, contract) = self.host(row.host).await?;
        Ok((row, host, contract))
    }

    /// Inspections of one contract or of all that are seen.
    pub async fn inspections(&self, contract: Option<Uuid>) -> Result<Vec<Inspection>, Refusal> {
        let contracts = self.contracts_by_id().await?;
        let mut all = self.store.inspections(contract).await?;
        all.retain(|inspection| contracts.contains_key(&inspection.contract));
        Ok(all)
    }

    /// An inspection and its contract.
    pub async fn inspection(&self, id: Uuid) -> Result<(Inspection, Contract), Refusal> {
        let inspection = self.store.inspection_by_id(id).await?.ok_or(Refusal::NotFound)?;
        let contract = self.contract(inspection.contract).await?;
        Ok((inspection, contract))
    }

    /// Rules that fail on hosts that are seen.
    pub async fn failing_rules(&self) -> Result<Vec<FailingRule>, Refusal> {
        let customers = match self.scope {
            Scope::All => None,
            Scope::Customers(ids) => Some(ids.as_slice()),
        };
        Ok(self.store.failing_rules(customers, RULES_MAX).await?)
    }

    /// Notices that are open, and those revised since a moment; oldest first.
    pub async fn notices(&self, since: Timestamp) -> Result<Vec<Notice>, Refusal> {
        let contracts = self.contracts_by_id().await?;
        let mut all = self.store.notices(None, since).await?;
        all.retain(|notice| contracts.contains_key(&notice.contract));
        Ok(all)
    }

    /// A notice and its contract.
    pub async fn notice(&self, id: Uuid) -> Result<(Notice, Contract), Refusal> {
        let notice = self.store.notice(id).await?.ok_or(Refusal::NotFound)?;
        let contract = self.contract(notice.contract).await?;
        Ok((notice, contract))
    }

    /// Cases of one contract or of all that are seen, newest first.
    pub async fn cases(&self, contract: Option<Uuid>) -> Result<Vec<Case>, Refusal> {
        let contracts = self.contracts_by_id().await?;
        let mut all = self.store.cases(contract).await?;
        all.retain(|case| contracts.contains_key(&case.contract));
        Ok(all)
    }

    /// Cases that nobody has answered.
    pub async fn cases_unanswered(&self) -> Result<Vec<Case>, Refusal> {
        let contracts = self.contracts_by_id().await?;
        let mut all = self.store.cases_unanswered().await?;
        all.retain(|case| contracts.contains_key(&case.contract));
        Ok(all)
    }

    /// A case by number or id, and its contract.
    pub async fn case(&self, text: &str) -> Result<(Case, Contract), Refusal> {
        let case = self.store.find_case(text).await?.ok_or(Refusal::NotFound)?;
        let contract = self.contract(case.contract).await?;
        Ok((case, contract))
    }

    /// A case's timeline, oldest first, without what is internal to others; the caller has seen
    /// the case.
    pub async fn case_events(&self, case: &Case) -> Result<Vec<CaseEvent>, Refusal> {
        let mut events = self.store.case_events(case.id).await?;
        events.retain(|event| self.is_staff || !event.internal);
        Ok(events)
    }

    /// A case's attachments without what is internal to others; the caller has seen the case.
    pub async fn attachments(&self, case: &Case) -> Result<Vec<Attachment>, Refusal> {
        let mut all = self.store.attachments(case.id).await?;
        all.retain(|attachment| self.is_staff || !attachment.internal);
        Ok(all)
    }
}
