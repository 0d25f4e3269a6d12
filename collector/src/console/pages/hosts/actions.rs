//! What is done with a host: its role and importance, a fresh snapshot, its end of contract.

use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{IMPORTANCES, ROLE_MAX, importances};
use crate::cases::{self, Actor};
use crate::console::Console;
use crate::console::access::Caller;
use crate::console::describe::maybe;
use crate::console::gate::Detail;
use crate::console::input::{Filled, optional};
use crate::console::page::{Id, Refusal, Told, done};

#[derive(Deserialize, ToSchema)]
pub struct Edited {
    #[serde(default)]
    #[schema(schema_with = maybe::<{ ROLE_MAX }>)]
    role: String,
    /// Its weight in the contract's score.
    #[schema(schema_with = importances)]
    importance: u8,
}

pub async fn edit(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Filled(form): Filled<Edited>,
) -> Told<Id> {
    let (host, contract) = console.view(&caller).host(id).await?;
    let role = optional("role", &form.role, ROLE_MAX)?;
    if !IMPORTANCES.contains(&form.importance) {
        return Err(Refusal::malformed(
            "refused.value",
            format!("importance: {}", form.importance),
        ));
    }
    console.store.edit_host(id, &role, form.importance).await?;
    let told =
        |role: &str, importance: u8| serde_json::json!({"role": role, "importance": importance});
    let detail = Detail {
        customer: Some(contract.customer),
        before: told(&host.role, host.importance),
        after: told(&role, form.importance),
    };
    done(&caller, &format!("/hosts/{id}"), &Id(id), detail)
}

#[derive(Deserialize, ToSchema)]
pub struct Linked {
    /// Its number.
    case: String,
    rule: String,
}

/// Links what fails on a host to a case of its contract.
pub async fn link_finding(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Filled(form): Filled<Linked>,
) -> Told<String> {
    let view = console.view(&caller);
    let (host, contract) = view.host(id).await?;
    let (case, _) = view.case(&form.case).await?;
    let failing = console.store.failing(Some(id), Some(&form.rule), 1).await?.pop();
    let failing = failing.ok_or(Refusal::NotFound)?;
    let by = Actor { name: &caller.person.name, is_staff: caller.person.role.is_staff() };
    let what = (&host, &failing, by);
    cases::link_finding(&console.store, &case, what, Timestamp::now()).await?;
    let number = case.number();
    let after = serde_json::json!({"case": number, "rule": form.rule});
    let detail = Detail { customer: Some(contract.customer), after, ..Detail::default() };
    done(&caller, &format!("/cases/{number}"), &number, detail)
}

/// The host sees the request at its next poll, and may refuse it by its own policy.
pub async fn collect(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Told<Id> {
    let (host, contract) = console.view(&caller).host(id).await?;
    if host.refuses_on_demand {
        return Err(Refusal::conflict("refused.on_demand", host.hostname));
    }
    let request = Uuid::now_v7();
    if !console.store.request_collect(id, request, Timestamp::now()).await? {
        return Err(Refusal::conflict("refused.retired", host.hostname));
    }
    let after = serde_json::json!({"request": request});
    let detail = Detail { customer: Some(contract.customer), after, ..Detail::default() };
    done(&caller, &format!("/hosts/{id}"), &Id(request), detail)
}

/// Revokes its certificates; its history stays.
pub async fn retire(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Told<Id> {
    let (host, contract) = console.view(&caller).host(id).await?;
    if !console.store.retire_host(id, Timestamp::now()).await? {
        return Err(Refusal::conflict("refused.retired", host.hostname));
    }
    let detail = Detail { customer: Some(contract.customer), ..Detail::default() };
    done(&caller, &format!("/hosts/{id}"), &Id(id), detail)
}
