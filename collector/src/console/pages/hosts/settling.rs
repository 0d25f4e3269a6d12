//! What a person decides of a host: its contract, and what another machine under its certificate
//! is.

use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::console::Console;
use crate::console::access::{Caller, Right};
use crate::console::gate::Detail;
use crate::console::input::Filled;
use crate::console::page::{Id, Refusal, Told, done};
use crate::settling::{self, SettlingError};
use crate::store::{Contract, Host, Settlement};

/// Moves shown of a host.
const MOVES_MAX: u32 = 50;

impl From<SettlingError> for Refusal {
    fn from(error: SettlingError) -> Self {
        match error {
            SettlingError::Store(error) => Self::from(error),
            SettlingError::OtherCustomer(name) => Self::conflict("refused.other_customer", name),
            SettlingError::Same(name) => Self::conflict("refused.same_contract", name),
            SettlingError::Over(name) => Self::conflict("refused.contract_over", name),
            SettlingError::Retired(name) => Self::conflict("refused.retired", name),
            SettlingError::NoMachine { .. } => Self::NotFound,
            SettlingError::Changed => Self::conflict("refused.changed", ""),
        }
    }
}

/// A machine under a host's certificate that nobody has said what it is.
#[derive(Serialize, ToSchema)]
pub struct OtherMachine {
    /// SHA-256 of its machine id.
    pub(super) machine: String,
    pub(super) first_seen: Timestamp,
    pub(super) last_seen: Timestamp,
    /// The last snapshot that came from it.
    pub(super) snapshot: Uuid,
}

impl OtherMachine {
    /// The beginning of its digest, for people.
    pub(super) fn short(&self) -> &str {
        self.machine.get(..12).unwrap_or(&self.machine)
    }
}

/// A move of a host between contracts.
#[derive(Serialize, ToSchema)]
pub struct Moved {
    pub(super) at: Timestamp,
    pub(super) by: String,
    pub(super) from: String,
    pub(super) to: String,
}

/// What is to be decided of a host, and what was.
#[derive(Default, Serialize, ToSchema)]
pub struct Decisions {
    pub(super) machines: Vec<OtherMachine>,
    pub(super) moves: Vec<Moved>,
    /// Contracts that it may be moved to.
    #[serde(skip)]
    pub(super) contracts: Vec<(Uuid, String)>,
}

impl Decisions {
    /// Of a host that the caller has seen; nothing for those who decide nothing of it.
    pub async fn of(
        console: &Console,
        caller: &Caller,
        (host, contract): (&Host, &Contract),
    ) -> Result<Self, Refusal> {
        if !caller.may(Right::Staff) {
            return Ok(Self::default());
        }
        let all = console.view(caller).contracts_by_id().await?;
        let name = |id: &Uuid| all.get(id).map(|c| c.name.clone()).unwrap_or_default();
        let machines = console.store.machines(host.id).await?.into_iter();
        let machines = machines.filter(|one| one.settled.is_none()).map(|one| OtherMachine {
            machine: one.machine,
            first_seen: one.first_seen,
            last_seen: one.last_seen,
            snapshot: one.snapshot,
        });
        let moves = console.store.host_moves(host.id, MOVES_MAX).await?.into_iter();
        let moves = moves.map(|one| Moved {
            at: one.at,
            from: name(&one.from),
            to: name(&one.to),
            by: one.by,
        });
        let others = all
            .values()
            .filter(|other| other.customer == contract.customer && other.id != contract.id);
        Ok(Self {
            machines: machines.collect(),
            moves: moves.collect(),
            contracts: others.map(|other| (other.id, other.name.clone())).collect(),
        })
    }

    /// The decisions and their words, for the form.
    pub(super) fn settlements(&self) -> &'static [Settlement] {
        Settlement::ALL
    }
}

#[derive(Deserialize, ToSchema)]
pub struct MoveTo {
    /// Another contract of the same customer.
    contract: Uuid,
}

/// Moves a host to another contract of its customer; its history goes with it.
pub async fn move_to(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Filled(form): Filled<MoveTo>,
) -> Told<Id> {
    let view = console.view(&caller);
    let (host, from) = view.host(id).await?;
    let to = view.contract(form.contract).await?;
    let by = (caller.person.name.as_str(), Timestamp::now());
    settling::move_host(&console.store, &host, (&from, &to), by).await?;
    let told = |contract: &Contract| serde_json::json!({"contract": contract.name});
    let detail = Detail { customer: Some(from.customer), before: told(&from), after: told(&to) };
    done(&caller, &format!("/hosts/{id}"), &Id(id), detail)
}

#[derive(Deserialize, ToSchema)]
pub struct Settled {
    /// SHA-256 of the machine's id, as the host's page has it.
    machine: String,
    #[schema(value_type = Settlement)]
    settlement: String,
}

/// Says what another machine under a host's certificate is: the same server rebuilt, a clone, or
/// the end of the host.
pub async fn settle(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Filled(form): Filled<Settled>,
) -> Told<Id> {
    let (host, contract) = console.view(&caller).host(id).await?;
    let wrong = || Refusal::malformed("refused.value", form.settlement.clone());
    let settlement = Settlement::of(&form.settlement).ok_or_else(wrong)?;
    let by = (caller.person.name.as_str(), Timestamp::now());
    settling::settle(&console.store, &host, (&form.machine, settlement), by).await?;
    let detail = Detail {
        customer: Some(contract.customer),
        before: serde_json::json!({"machine": host.machine}),
        after: serde_json::json!({"machine": form.machine, "settlement": form.settlement}),
    };
    done(&caller, &format!("/hosts/{id}"), &Id(id), detail)
}
