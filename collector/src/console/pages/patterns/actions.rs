//! What an engineer does with a pattern: draft, write, try, shadow, publish, retire.

use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::console::Console;
use crate::console::access::Caller;
use crate::console::describe::said;
use crate::console::gate::Detail;
use crate::console::input::{Filled, parsed, text};
use crate::console::page::{Refusal, Told, done};
use crate::reports::review::Texts;
use crate::store::PatternState;
use crate::support_patterns::draft::{self as drafting, Birth};
use crate::support_patterns::{self, YAML_BYTES_MAX, hunt, tell};

/// Longest sentence about a pattern, in characters.
const TEXT_CHARS_MAX: usize = 2_000;

#[derive(Deserialize, ToSchema)]
pub struct New {
    #[schema(schema_with = said::<{ TEXT_CHARS_MAX }>)]
    id: String,
    #[schema(schema_with = said::<{ TEXT_CHARS_MAX }>)]
    area: String,
    /// Its number.
    case: String,
    host: Uuid,
    /// When it happened.
    #[schema(value_type = Timestamp)]
    at: String,
    #[schema(schema_with = said::<{ TEXT_CHARS_MAX }>)]
    title_ko: String,
    #[schema(schema_with = said::<{ TEXT_CHARS_MAX }>)]
    title_en: String,
    #[schema(schema_with = said::<{ TEXT_CHARS_MAX }>)]
    why_ko: String,
    #[schema(schema_with = said::<{ TEXT_CHARS_MAX }>)]
    why_en: String,
    #[schema(schema_with = said::<{ TEXT_CHARS_MAX }>)]
    remedy_ko: String,
    #[schema(schema_with = said::<{ TEXT_CHARS_MAX }>)]
    remedy_en: String,
}

/// Drafts a pattern from the snapshot of a case's host.
pub async fn draft(
    State(console): State<Console>,
    caller: Caller,
    Filled(form): Filled<New>,
) -> Told<String> {
    let view = console.view(&caller);
    let (case, contract) = view.case(&form.case).await?;
    let (host, of) = view.host(form.host).await?;
    if of.id != contract.id {
        return Err(Refusal::conflict("refused.case_host", ""));
    }
    let texts = |ko: &str, en: &str, field: &str| -> Result<Texts, Refusal> {
        let ko = text(field, ko, TEXT_CHARS_MAX)?;
        Ok(Texts { ko, en: text(field, en, TEXT_CHARS_MAX)? })
    };
    let birth = Birth {
        id: text("id", &form.id, TEXT_CHARS_MAX)?,
        area: text("area", &form.area, TEXT_CHARS_MAX)?,
        case_id: case.number(),
        incident_at: parsed("at", &form.at)?,
        title: texts(&form.title_ko, &form.title_en, "title")?,
        why: texts(&form.why_ko, &form.why_en, "why")?,
        remedy: texts(&form.remedy_ko, &form.remedy_en, "remedy")?,
        by: caller.person.name.clone(),
    };
    let pattern = drafting::draft(&console.inspector(), &host, &birth, Timestamp::now()).await?;
    support_patterns::add(&console.store, &pattern).await?;
    let after = json!({"pattern": pattern.id, "case": pattern.case_id});
    let detail = Detail { customer: Some(contract.customer), after, ..Detail::default() };
    done(&caller, &format!("/patterns/{}", pattern.id), &pattern.yaml, detail)
}

#[derive(Deserialize, ToSchema)]
pub struct Written {
    #[schema(schema_with = said::<{ YAML_BYTES_MAX }>)]
    yaml: String,
}

/// Puts another text in its place: a draft again.
pub async fn edit(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
    Filled(form): Filled<Written>,
) -> Told<u32> {
    // Browsers send CRLF; the rule is kept as Unix text.
    let yaml = text("yaml", &form.yaml.replace("\r\n", "\n"), YAML_BYTES_MAX)?;
    let by = (caller.person.name.as_str(), Timestamp::now());
    let to = support_patterns::edit(&console.store, &id, &yaml, by).await?;
    let after = json!({"revision": to.revision});
    done(&caller, &format!("/patterns/{id}"), &to.revision, detail(after))
}

/// Tries it against every stored snapshot, beside this answer: its page tells how far it is.
pub async fn attempt(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Told<u32> {
    let pattern = support_patterns::get(&console.store, &id).await?;
    support_patterns::compiled(&pattern)?;
    let running = console
        .hunting
        .begin(&id)
        .map_err(|other| Refusal::conflict("refused.pattern_running", other))?;
    let revision = pattern.revision;
    tokio::spawn(async move {
        let stores = (&console.store, &console.objects);
        let progress = |done, all| running.tell(done, all);
        if let Err(error) = hunt::hunt(stores, &pattern, Timestamp::now(), progress).await {
            tracing::error!(pattern = %pattern.id, "pattern.trial_failed: {error}");
        }
        drop(running);
    });
    done(
        &caller,
        &format!("/patterns/{id}#trial"),
        &revision,
        detail(json!({"revision": revision})),
    )
}

/// It runs in assessments and reaches no customer.
pub async fn shadow(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Told<Advanced> {
    advance(&console, &caller, &id, PatternState::Shadow).await
}

/// It judges; customers whose hosts have it get a notice that waits for an engineer.
pub async fn publish(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Told<Advanced> {
    advance(&console, &caller, &id, PatternState::Published).await
}

/// It is taken out.
pub async fn retire(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Told<Advanced> {
    advance(&console, &caller, &id, PatternState::Retired).await
}

/// Where a pattern has come to.
#[derive(Serialize, ToSchema)]
pub struct Advanced {
    #[schema(value_type = PatternState)]
    state: &'static str,
    /// Notices that were drafted for it.
    notices: usize,
}

async fn advance(console: &Console, caller: &Caller, id: &str, to: PatternState) -> Told<Advanced> {
    let now = Timestamp::now();
    let by = (caller.person.name.as_str(), now);
    let moved = support_patterns::advance(&console.store, id, to, by).await?;
    let notices = match to {
        PatternState::Published => tell::draft(&console.store, &moved, now).await?,
        _ => 0,
    };
    let after = Advanced { state: moved.state.as_str(), notices };
    let told = detail(serde_json::to_value(&after).unwrap_or_default());
    done(caller, &format!("/patterns/{id}"), &after, told)
}

fn detail(after: serde_json::Value) -> Detail {
    Detail { after, ..Detail::default() }
}
