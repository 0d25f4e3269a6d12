//! The description of the API (OpenAPI 3.1), made from the table of routes.

use std::collections::BTreeMap;

use axum::Json;
use utoipa::openapi::path::{Operation, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, HttpMethod, InfoBuilder, OpenApi, OpenApiBuilder, Paths,
    PathsBuilder, Ref, RefOr, Required, ResponseBuilder, SecurityRequirement, ServerBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use super::access::Need;
use super::describe::{AnySchema, Described, content};
use super::gate::API;
use super::page::Problem;
use super::routes::{Route, catalogue};

const SCHEME: &str = "token";

/// Serves the description.
pub async fn show() -> Json<OpenApi> {
    Json(description())
}

/// The description of every route that programs have.
#[must_use]
pub fn description() -> OpenApi {
    let mut paths: Paths = PathsBuilder::new().build();
    let mut named = BTreeMap::from([(Problem::name().into_owned(), Problem::schema())]);
    for route in catalogue().into_iter().filter(|route| route.api) {
        let path = if route.rule.path == "/" { "/home" } else { route.rule.path };
        let is_write = route.rule.method == axum::http::Method::POST;
        let method = if is_write { HttpMethod::Post } else { HttpMethod::Get };
        let told = (route.told)();
        paths.add_path_operation(path, vec![method], operation(&route, is_write, &told));
        named.extend(told.named);
    }
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "A token from the page of one's own account; its scope is reading, or writing too.",
        ))
        .build();
    let info = InfoBuilder::new()
        .title("Carepack collector")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Every page of the console as JSON. Errors are {status, code, about, ko, en}.",
        ))
        .build();
    let components = ComponentsBuilder::new()
        .schemas_from_iter(named)
        .security_scheme(SCHEME, SecurityScheme::Http(scheme))
        .build();
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([ServerBuilder::new().url(API).build()]))
        .paths(paths)
        .components(Some(components))
        .security(Some([SecurityRequirement::new(SCHEME, Vec::<String>::new())]))
        .build()
}

fn operation(route: &Route, is_write: bool, told: &Described) -> Operation {
    let needs = match route.rule.need {
        Need::Right(right) => format!("Needs the right {right:?}."),
        _ => "Needs an account.".to_owned(),
    };
    let id = format!("{} {}", route.rule.method.as_str().to_lowercase(), route.rule.path);
    let id: String = id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let ok = ResponseBuilder::new().description("OK");
    let ok = match &told.answer {
        Some(schema) => ok.content("application/json", content(schema.clone())),
        None => ok.content("application/octet-stream", ContentBuilder::new().build()),
    };
    let refused = |text: &str| {
        let problem = Ref::from_schema_name(Problem::name());
        let content = content(problem.into());
        ResponseBuilder::new().description(text).content("application/json", content).build()
    };
    let mut operation = OperationBuilder::new()
        .operation_id(Some(id))
        .summary(Some(route.about))
        .description(Some(needs))
        .response("200", ok.build())
        .response("401", refused("No token, or one that is over"))
        .response("403", refused("The role or the token does not allow it"))
        .response("404", refused("Not there, or not this caller's to see"))
        .response("422", refused("What was sent is not sound; `about` names it"));
    if is_write {
        operation = operation
            .response("409", refused("It exists already, or was changed meanwhile"))
            .response("413", refused("It is longer than we take; `about` names the limit"));
    }
    if let Some((kind, schema)) = &told.body {
        let body = RequestBodyBuilder::new()
            .content(*kind, content(schema.clone()))
            .required(Some(Required::True));
        operation = operation.request_body(Some(body.build()));
    }
    let schemas = told.parts.iter().cloned();
    let parts = names(route.rule.path).zip(schemas).map(|(name, schema)| {
        parameter(name, ParameterIn::Path).required(Required::True).schema(Some(schema))
    });
    parts.chain(filters(told)).fold(operation, |all, one| all.parameter(one.build())).build()
}

/// The filters in an address: the fields of its query.
fn filters(told: &Described) -> Vec<ParameterBuilder> {
    let Some(RefOr::T(Schema::Object(query))) = &told.query else { return Vec::new() };
    let one = |(name, schema): (&String, &AnySchema)| {
        let required = if query.required.contains(name) { Required::True } else { Required::False };
        parameter(name, ParameterIn::Query).required(required).schema(Some(schema.clone()))
    };
    query.properties.iter().map(one).collect()
}

fn parameter(name: &str, place: ParameterIn) -> ParameterBuilder {
    ParameterBuilder::new().name(name).parameter_in(place)
}

/// The parameters of a path.
fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_of_programs_is_described_once() {
        let text = serde_json::to_value(description()).unwrap();
        let mut operations = std::collections::BTreeSet::new();
        for (path, methods) in text["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                assert!(operations.insert(operation["operationId"].as_str().unwrap().to_owned()));
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                let parts = parameters.filter(|one| one["in"] == "path").count();
                assert_eq!(parts, path.matches('{').count(), "{method} {path}");
            }
        }
        let routes = catalogue().into_iter().filter(|route| route.api).count();
        assert_eq!(operations.len(), routes);
        assert!(text["paths"]["/hosts/{host}"]["get"].is_object());
        assert!(text["paths"].get("/sign-in").is_none());
    }

    #[test]
    fn a_writing_route_describes_its_body_unless_it_takes_none() {
        let without: Vec<&str> = catalogue()
            .into_iter()
            .filter(|route| route.rule.method == axum::http::Method::POST)
            .filter(|route| (route.told)().body.is_none())
            .map(|route| route.rule.path)
            .collect();
        let expected = [
            "/sign-out",
            "/hosts/{host}/collect",
            "/hosts/{host}/retire",
            "/inspections/{inspection}/review",
            "/patterns/{pattern}/try",
            "/patterns/{pattern}/shadow",
            "/patterns/{pattern}/publish",
            "/patterns/{pattern}/retire",
            "/me/tokens/{token}/revoke",
            "/me/sessions/end",
            "/people/{person}/invite",
        ];
        assert_eq!(without, expected);
    }

    #[test]
    fn a_name_is_that_of_one_schema() {
        let mut known = BTreeMap::new();
        for route in catalogue() {
            for (name, schema) in (route.told)().named {
                let schema = serde_json::to_value(schema).unwrap();
                let before = known.insert(name.clone(), schema.clone());
                let path = route.rule.path;
                assert!(before.is_none_or(|before| before == schema), "{name}, again of {path}");
            }
        }
        let text = serde_json::to_string(&description()).unwrap();
        for found in text.split("#/components/schemas/").skip(1) {
            let name = found.split('"').next().unwrap();
            assert!(known.contains_key(name) || name == Problem::name(), "{name}");
        }
        assert!(known.len() > 40, "{}", known.len());
    }
}
