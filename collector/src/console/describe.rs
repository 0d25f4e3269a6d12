//! What a route takes and gives, read off the signature of its handler: a description of the API
//! that is made of it cannot say something else than what is parsed and serialized.
//!
//! A handler whose input has no schema cannot be put into the table of routes.

use std::future::Future;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{ContentBuilder, RefOr};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use super::Console;
use super::access::Caller;
use super::gate::Origin;
use super::input::{Asked, Filled};
use super::page::{Refusal, Shown};

/// A schema, or the name of one.
pub type AnySchema = RefOr<Schema>;

/// What a handler takes and gives.
#[derive(Default)]
pub struct Described {
    /// Of the parts of its path, in their order.
    pub parts: Vec<AnySchema>,
    /// An object whose fields are the filters in its address.
    pub query: Option<AnySchema>,
    /// Content type and schema of its body.
    pub body: Option<(&'static str, AnySchema)>,
    /// What it shows as JSON; none gives a file.
    pub answer: Option<AnySchema>,
    /// What the others name.
    pub named: Vec<(String, AnySchema)>,
}

impl Described {
    /// The schema of a type itself; what it names is kept.
    fn of<T: ToSchema>(&mut self) -> AnySchema {
        T::schemas(&mut self.named);
        T::schema()
    }
}

/// What a handler takes from a request.
pub trait Input {
    /// Adds itself to a description; most are not a caller's to say.
    fn describe(_: &mut Described) {}
}

impl Input for State<Console> {}
impl Input for Caller {}
impl Input for HeaderMap {}
impl Input for Extension<Origin> {}

impl<T: Parts> Input for Path<T> {
    fn describe(told: &mut Described) {
        told.parts = T::parts();
    }
}

impl<T: ToSchema> Input for Filled<T> {
    fn describe(told: &mut Described) {
        let schema = told.of::<T>();
        told.body = Some(("application/json", schema));
    }
}

impl<T: ToSchema> Input for Asked<T> {
    fn describe(told: &mut Described) {
        let schema = told.of::<T>();
        told.query = Some(schema);
    }
}

/// A part of a path.
pub trait Part {
    fn part() -> AnySchema;
}

impl Part for Uuid {
    fn part() -> AnySchema {
        string().format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid))).into()
    }
}

impl Part for String {
    fn part() -> AnySchema {
        string().into()
    }
}

impl Part for u32 {
    fn part() -> AnySchema {
        <Self as PartialSchema>::schema()
    }
}

impl Part for i16 {
    fn part() -> AnySchema {
        <Self as PartialSchema>::schema()
    }
}

/// The parts of a path.
pub trait Parts {
    fn parts() -> Vec<AnySchema>;
}

impl<A: Part> Parts for A {
    fn parts() -> Vec<AnySchema> {
        vec![A::part()]
    }
}

impl<A: Part, B: Part> Parts for (A, B) {
    fn parts() -> Vec<AnySchema> {
        vec![A::part(), B::part()]
    }
}

impl<A: Part, B: Part, C: Part> Parts for (A, B, C) {
    fn parts() -> Vec<AnySchema> {
        vec![A::part(), B::part(), C::part()]
    }
}

/// What a handler gives.
pub trait Output {
    fn describe(_: &mut Described) {}
}

/// A file, or a page that is for browsers only.
impl Output for Result<Response, Refusal> {}

impl<T: ToSchema> Output for Result<Shown<T>, Refusal> {
    fn describe(told: &mut Described) {
        let schema = told.of::<T>();
        told.answer = Some(schema);
    }
}

/// The description of the API itself.
impl Output for axum::Json<utoipa::openapi::OpenApi> {
    fn describe(told: &mut Described) {
        told.answer = Some(ObjectBuilder::new().schema_type(Type::Object).into());
    }
}

/// A handler that tells what it takes and gives; `T` is as in [`axum::handler::Handler`].
pub trait Signature<T> {
    fn described() -> Described;
}

macro_rules! signatures {
    ($($input:ident),*) => {
        impl<F, Gives, Via, $($input,)*> Signature<(Via, $($input,)*)> for F
        where
            F: FnOnce($($input),*) -> Gives,
            Gives: Future<Output: Output>,
            $($input: Input,)*
        {
            fn described() -> Described {
                let mut told = Described::default();
                $($input::describe(&mut told);)*
                <Gives::Output as Output>::describe(&mut told);
                told
            }
        }
    };
}

signatures!();
signatures!(A);
signatures!(A, B);
signatures!(A, B, C);
signatures!(A, B, C, D);
signatures!(A, B, C, D, E);

/// A text that must be there, within the limit that is checked when it comes.
pub fn said<const CHARACTERS_MAX: usize>() -> AnySchema {
    string().min_length(Some(1)).max_length(Some(CHARACTERS_MAX)).into()
}

/// A text that may be empty.
pub fn maybe<const CHARACTERS_MAX: usize>() -> AnySchema {
    string().max_length(Some(CHARACTERS_MAX)).into()
}

/// One of some words.
pub fn one_of(words: &[&str]) -> AnySchema {
    string().enum_values(Some(words.iter().copied())).into()
}

/// One of some words, or none: a filter that keeps all.
pub fn any_or(words: &[&str]) -> AnySchema {
    string().enum_values(Some(words.iter().copied().chain([""]))).into()
}

/// One of some numbers.
pub fn any_of(numbers: &[u8]) -> AnySchema {
    whole_number().enum_values(Some(numbers.iter().copied())).into()
}

/// A number between two.
pub fn whole(least: u32, most: u32) -> AnySchema {
    whole_number().minimum(Some(least)).maximum(Some(most)).into()
}

fn whole_number() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Integer)
}

fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// A content of a schema.
pub fn content(schema: AnySchema) -> utoipa::openapi::Content {
    ContentBuilder::new().schema(Some(schema)).build()
}
