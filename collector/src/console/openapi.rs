//! The description of the API (OpenAPI 3.1), made from the table of routes.

use axum::Json;
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, HttpMethod, InfoBuilder, OpenApi, OpenApiBuilder, Paths,
    PathsBuilder, ResponseBuilder, SecurityRequirement, ServerBuilder,
};

use super::access::Need;
use super::gate::API;
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
    for route in catalogue().into_iter().filter(|route| route.api) {
        let path = if route.rule.path == "/" { "/home" } else { route.rule.path };
        let is_write = route.rule.method == axum::http::Method::POST;
        let method = if is_write { HttpMethod::Post } else { HttpMethod::Get };
        paths.add_path_operation(path, vec![method], operation(&route, is_write));
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
    let components =
        ComponentsBuilder::new().security_scheme(SCHEME, SecurityScheme::Http(scheme)).build();
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([ServerBuilder::new().url(API).build()]))
        .paths(paths)
        .components(Some(components))
        .security(Some([SecurityRequirement::new(SCHEME, Vec::<String>::new())]))
        .build()
}

fn operation(route: &Route, is_write: bool) -> utoipa::openapi::path::Operation {
    let object = || ObjectBuilder::new().schema_type(Type::Object).build();
    let content = || ContentBuilder::new().schema(Some(object())).build();
    let told = |text: &str| ResponseBuilder::new().description(text).build();
    let needs = match route.rule.need {
        Need::Right(right) => format!("Needs the right {right:?}."),
        _ => "Needs an account.".to_owned(),
    };
    let id = format!("{} {}", route.rule.method.as_str().to_lowercase(), route.rule.path);
    let id: String = id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let found = ResponseBuilder::new().description("OK").content("application/json", content());
    let mut operation = OperationBuilder::new()
        .operation_id(Some(id))
        .summary(Some(route.about))
        .description(Some(needs))
        .response("200", found.build())
        .response("401", told("No token, or one that is over"))
        .response("403", told("The role or the token does not allow it"))
        .response("404", told("Not there, or not this caller's to see"));
    if is_write {
        let form = if route.files { "multipart/form-data" } else { "application/json" };
        let body = RequestBodyBuilder::new().content(form, content()).build();
        operation = operation
            .request_body(Some(body))
            .response("422", told("What was sent is not sound; `about` names it"))
            .response("409", told("It exists already, or was changed meanwhile"));
    }
    for name in names(route.rule.path) {
        let text = ObjectBuilder::new().schema_type(Type::String).build();
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(utoipa::openapi::Required::True)
            .schema(Some(text));
        operation = operation.parameter(parameter.build());
    }
    operation.build()
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
                let parameters = operation["parameters"].as_array().map_or(0, Vec::len);
                assert_eq!(parameters, path.matches('{').count(), "{method} {path}");
            }
        }
        let routes = catalogue().into_iter().filter(|route| route.api).count();
        assert_eq!(operations.len(), routes);
        assert!(text["paths"]["/hosts/{host}"]["get"].is_object());
        assert!(text["paths"].get("/sign-in").is_none());
    }
}
