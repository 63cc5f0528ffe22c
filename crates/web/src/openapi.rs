//! A dialect's `OpenAPI` 3.1 document, made from its routes.

use crate::access::Guard;
use crate::call::BodyRule;
use crate::dialect::{Dialect, KeyRule};
use crate::route::{Given, Route, Success};
use http::Method;
use std::collections::BTreeSet;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem, Paths,
};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    Components, ComponentsBuilder, Content, Info, OpenApi, OpenApiBuilder, RefOr, Required, Response, Schema,
    Server,
};

const API_KEY: &str = "api_key";
const BEARER: &str = "bearer";
const COOKIE: &str = "cookie";

/// The document of one dialect, as served at `/openapi/{dialect}.json`.
pub fn openapi(dialect: &Dialect, public_url: &str) -> OpenApi {
    let (mut paths, mut schemas, mut ids) = (Paths::new(), Vec::new(), BTreeSet::new());
    dialect.error_schema.collect_into(&mut schemas);
    for route in (dialect.routes)() {
        collect_schemas(&route, &mut schemas);
        for path in route.paths() {
            let id = unique_id(&mut ids, route.endpoint.as_str());
            let operation = operation(dialect, &route, id);
            let item = PathItem::new(method(&route.method), operation);
            match paths.paths.get_mut(path) {
                Some(known) => known.merge_operations(item),
                None => drop(paths.paths.insert(path.to_owned(), item)),
            }
        }
    }
    OpenApiBuilder::new()
        .info(Info::new(dialect.title, env!("CARGO_PKG_VERSION")))
        .servers(Some([Server::new(public_url)]))
        .paths(paths)
        .components(Some(components(dialect, schemas)))
        .build()
}

fn components(dialect: &Dialect, schemas: Vec<(String, RefOr<Schema>)>) -> Components {
    let key = ApiKey::Header(ApiKeyValue::new(dialect.key_header));
    let mut components = ComponentsBuilder::new();
    if let Some(name) = dialect.cookie {
        let cookie = ApiKey::Cookie(ApiKeyValue::new(name));
        components = components.security_scheme(COOKIE, SecurityScheme::ApiKey(cookie));
    }
    components
        .schemas_from_iter(schemas)
        .security_scheme(API_KEY, SecurityScheme::ApiKey(key))
        .security_scheme(BEARER, SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)))
        .build()
}

/// The endpoint's name, with a number from the second route on that serves it.
fn unique_id(ids: &mut BTreeSet<String>, endpoint: &str) -> String {
    let numbered = (2_u32..).map(|number| format!("{endpoint}_{number}"));
    let id = std::iter::once(endpoint.to_owned())
        .chain(numbered)
        .find(|id| !ids.contains(id));
    let id = id.unwrap_or_default();
    ids.insert(id.clone());
    id
}

fn collect_schemas(route: &Route, schemas: &mut Vec<(String, RefOr<Schema>)>) {
    let given = route.docs.gives.iter().filter_map(|success| match success.body {
        Given::Of(schema) => Some(schema),
        Given::Nothing | Given::Json => None,
    });
    let refused = route.docs.refuses_as.map(|(_, schema)| schema);
    for schema in route.docs.takes.into_iter().chain(given).chain(refused) {
        schema.collect_into(schemas);
    }
}

fn method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::DELETE => HttpMethod::Delete,
        Method::PUT => HttpMethod::Put,
        Method::PATCH => HttpMethod::Patch,
        _ => HttpMethod::Get,
    }
}

fn operation(dialect: &Dialect, route: &Route, id: String) -> Operation {
    let said = |text: &'static str| (!text.is_empty()).then_some(text);
    let mut operation = OperationBuilder::new()
        .operation_id(Some(id))
        .summary(said(route.docs.summary))
        .description(said(route.docs.description))
        .parameters(Some(parameters(route)))
        .request_body(request_body(route))
        .securities(Some(securities(dialect, &route.guard)));
    for success in &route.docs.gives {
        operation = operation.response(success.status.to_string(), answer(dialect, success));
    }
    let given: BTreeSet<u16> = route.docs.gives.iter().map(|success| success.status).collect();
    for status in refusals(route).difference(&given) {
        operation = operation.response(status.to_string(), refusal(dialect, route, *status));
    }
    operation.build()
}

fn parameters(route: &Route) -> Vec<Parameter> {
    let places = route
        .path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let in_path = places.map(|name| {
        let place = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True);
        // The path has one spelling, without escapes, so only such characters can stand in it.
        place
            .schema(Some(
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .pattern(Some("^[A-Za-z0-9_-]+$")),
            ))
            .build()
    });
    let in_query = route.docs.query.iter().map(|(name, description)| {
        let parameter = ParameterBuilder::new()
            .name(*name)
            .parameter_in(ParameterIn::Query);
        let parameter = parameter
            .required(Required::False)
            .description(Some(*description));
        parameter.schema(Some(Object::with_type(Type::String))).build()
    });
    in_path.chain(in_query).collect()
}

fn request_body(route: &Route) -> Option<RequestBody> {
    let schema = route.docs.takes?;
    let (content_type, required) = match route.body {
        BodyRule::Form => ("application/x-www-form-urlencoded", Required::True),
        BodyRule::OptionalJson => ("application/json", Required::False),
        BodyRule::Json | BodyRule::Ignored => ("application/json", Required::True),
    };
    let content = Content::new(Some(schema.reference()));
    Some(
        RequestBodyBuilder::new()
            .content(content_type, content)
            .required(Some(required))
            .build(),
    )
}

fn securities(dialect: &Dialect, guard: &Guard) -> Vec<SecurityRequirement> {
    let none = SecurityRequirement::default;
    let with = |before: SecurityRequirement, scheme: &str| before.add::<_, [String; 0], String>(scheme, []);
    let key = || with(none(), API_KEY);
    let mut tokens = vec![BEARER];
    tokens.extend(dialect.cookie.map(|_| COOKIE));
    let both = || tokens.iter().map(|token| with(key(), token));
    let token = || tokens.iter().map(|token| with(none(), token));
    match (guard, dialect.key) {
        (Guard::Public(_), _) => vec![],
        (Guard::ApiKey(_), KeyRule::Required | KeyRule::OrBearer) => vec![key()],
        (Guard::ApiKey(_), KeyRule::Optional) | (Guard::Secret(_) | Guard::SecretInForm(_), _) => {
            vec![none(), key()]
        }
        (Guard::SignedIn(_), KeyRule::Required) => both().collect(),
        (Guard::SignedIn(_), KeyRule::OrBearer)
        | (Guard::SignedIn(_) | Guard::SecretOfSession(_), KeyRule::Optional) => {
            both().chain(token()).collect()
        }
        (Guard::SecretOfSession(_), KeyRule::Required) => both().chain([key()]).collect(),
        (Guard::SecretOfSession(_), KeyRule::OrBearer) => both().chain(token()).chain([key()]).collect(),
    }
}

/// The statuses of refusals: those declared and those that budget, guard and body imply.
fn refusals(route: &Route) -> BTreeSet<u16> {
    let mut statuses: BTreeSet<u16> = route
        .docs
        .refuses
        .iter()
        .copied()
        .chain([429, 500, 503])
        .collect();
    if !matches!(route.guard, Guard::Public(_)) {
        statuses.extend([401, 404]);
    }
    if route.body != BodyRule::Ignored {
        statuses.extend([400, 413, 415]);
    }
    if !route.docs.query.is_empty() {
        statuses.insert(400);
    }
    statuses
}

fn answer(dialect: &Dialect, success: &Success) -> Response {
    let response = common(dialect, ResponseBuilder::new().description(success.description));
    match success.body {
        Given::Nothing => response,
        Given::Json => response.content(
            "application/json",
            Content::new(Some(Object::with_type(Type::Object))),
        ),
        Given::Of(schema) => response.content("application/json", Content::new(Some(schema.reference()))),
    }
    .build()
}

fn refusal(dialect: &Dialect, route: &Route, status: u16) -> Response {
    let reason = http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    let mut response = common(
        dialect,
        ResponseBuilder::new().description(reason.unwrap_or_default()),
    );
    if matches!(status, 429 | 503) {
        response = response.header("Retry-After", header(Type::Integer, "Seconds to wait"));
    }
    let (content_type, schema) = route
        .docs
        .refuses_as
        .unwrap_or((dialect.error_type, dialect.error_schema));
    response
        .content(content_type, Content::new(Some(schema.reference())))
        .build()
}

fn common(dialect: &Dialect, response: ResponseBuilder) -> ResponseBuilder {
    let id = header(Type::String, "Names this request in the log");
    let limits = dialect.limit_headers.described();
    limits.fold(response.header("X-Request-Id", id), |response, (name, text)| {
        response.header(name, header(Type::String, text))
    })
}

fn header(schema: Type, description: &str) -> Header {
    let mut header = Header::new(Object::with_type(schema));
    header.description = Some(description.to_owned());
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use serde_json::{Value, json};

    fn document() -> Value {
        serde_json::to_value(openapi(&sample::dialect(), "https://auth.example.org")).unwrap()
    }

    #[test]
    fn every_route_is_described_with_its_access_and_its_refusals() {
        let document = document();
        assert_eq!(document["openapi"], "3.1.0");
        let login = &document["paths"]["/v1/login"]["post"];
        assert_eq!(login["operationId"], "login");
        assert_eq!(login["security"], json!([{"api_key": []}]));
        let statuses: Vec<_> = login["responses"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(
            statuses,
            [
                "200", "400", "401", "403", "404", "413", "415", "429", "500", "503"
            ]
        );
        assert!(login["responses"]["429"]["headers"]["Retry-After"].is_object());
        let sessions = &document["paths"]["/v1/sessions/{id}"]["delete"];
        assert_eq!(
            sessions["security"],
            json!([{"api_key": [], "bearer": []}, {"bearer": []}])
        );
        assert_eq!(sessions["parameters"][0]["name"], "id");
    }

    #[test]
    fn every_reference_leads_to_a_component() {
        let document = document();
        let components = &document["components"]["schemas"];
        let text = document.to_string();
        let mut references = text
            .split(r##""$ref":"#/components/schemas/"##)
            .skip(1)
            .peekable();
        assert!(references.peek().is_some());
        for reference in references {
            let name = reference.split('"').next().unwrap();
            assert!(components[name].is_object(), "{name}");
        }
    }

    #[test]
    fn operations_on_one_endpoint_have_ids_of_their_own() {
        let mut ids = BTreeSet::new();
        let drawn: Vec<_> = (0..3).map(|_| unique_id(&mut ids, "jwks")).collect();
        assert_eq!(drawn, ["jwks", "jwks_2", "jwks_3"]);
    }
}
