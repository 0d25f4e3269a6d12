//! The one-time link by which somebody chooses a password: the set-up of the first account and a
//! forgotten password are the same.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::console::Console;
use crate::console::frame::Frame;
use crate::console::input::Filled;
use crate::console::page::{Answer, Refusal, to};
use crate::console::sign_in::PASSWORD_CHARACTERS;
use crate::store::{Act, Invitation, Person};

#[derive(Template)]
#[template(path = "invitation.html")]
struct InvitationPage<'p> {
    frame: Frame,
    person: &'p Person,
    error: Option<&'static str>,
    characters_min: usize,
}

#[derive(Deserialize, ToSchema)]
pub struct Chosen {
    password: String,
    again: String,
}

pub async fn show(State(console): State<Console>, Path(secret): Path<String>) -> Answer {
    let (_, person) = open(&console, &secret).await?;
    page(StatusCode::OK, &person, None)
}

pub async fn accept(
    State(console): State<Console>,
    Path(secret): Path<String>,
    Filled(form): Filled<Chosen>,
) -> Answer {
    let (invitation, person) = open(&console, &secret).await?;
    if let Err(key) = check(&person, &form.password, &form.again) {
        return page(StatusCode::UNPROCESSABLE_ENTITY, &person, Some(key));
    }
    let hash = console.hash(form.password).await?;
    let now = Timestamp::now();
    if !console.store.accept_invitation(&invitation, &hash, now).await? {
        return Err(Refusal::NotFound);
    }
    let act = Act {
        at: now,
        actor: person.login,
        customer: None,
        address: String::new(),
        action: "POST /invitation/{secret}".to_owned(),
        object: format!("/people/{}", person.id),
        detail: "{}".to_owned(),
    };
    console.store.audit(&act).await?;
    Ok(to("/sign-in"))
}

/// Whether a password may be chosen; else the key of the reason.
///
/// # Errors
/// A key of the words.
pub fn check(person: &Person, password: &str, again: &str) -> Result<(), &'static str> {
    if password != again {
        return Err("password.differ");
    }
    if !PASSWORD_CHARACTERS.contains(&password.chars().count()) {
        return Err("password.length");
    }
    let lower = password.to_lowercase();
    let mut characters: Vec<char> = lower.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    // What a guesser tries first: the name, one character again and again.
    if lower.contains(&person.login.to_lowercase()) || characters.len() < 5 {
        return Err("password.weak");
    }
    Ok(())
}

async fn open(console: &Console, secret: &str) -> Result<(Invitation, Person), Refusal> {
    let found = console.store.invitation(secret).await?;
    let open = |invitation: &Invitation| {
        invitation.used_at.is_none() && Timestamp::now() < invitation.expires_at
    };
    let invitation = found.filter(open).ok_or(Refusal::NotFound)?;
    let person = console.store.person(invitation.person).await?;
    let person = person.filter(|person| person.disabled_at.is_none()).ok_or(Refusal::NotFound)?;
    Ok((invitation, person))
}

fn page(status: StatusCode, person: &Person, error: Option<&'static str>) -> Answer {
    let mut frame = Frame::stranger();
    frame.language = person.language;
    let characters_min = *PASSWORD_CHARACTERS.start();
    let text = InvitationPage { frame, person, error, characters_min }.render();
    let text = text.map_err(|error| Refusal::broken("the page of an invitation", &error))?;
    Ok((status, Html(text)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Role;

    #[test]
    fn a_password_is_long_and_not_the_name() {
        let person = Person::new("kim", "김", Role::Engineer, Timestamp::UNIX_EPOCH);
        let check = |password: &str| check(&person, password, password);
        assert_eq!(check("정기점검은 매월 첫 월요일에"), Ok(()));
        assert_eq!(check("short"), Err("password.length"));
        assert_eq!(check(&"ab".repeat(20)), Err("password.weak"));
        assert_eq!(check("my name is kim and so on"), Err("password.weak"));
        assert_eq!(super::check(&person, "a", "b"), Err("password.differ"));
    }
}
