//! Routes: the table from which requests are routed, access is checked, and documents are made.

use crate::access::{Guard, Guarded};
use crate::call::BodyRule;
use crate::common_headers::CommonHeaders;
use crate::dialect::Dialect;
use crate::endpoint::Endpoint;
use crate::limit::Budget;
use crate::meter::Meter;
use crate::schema::SchemaOf;
use http::Method;
use utoipa::ToSchema;
use vestibule_model::Access;

/// One method on one path, what it is for, and who may call it.
pub struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) also_at: &'static [&'static str],
    pub(crate) endpoint: Endpoint,
    pub(crate) guard: Guard,
    pub(crate) budget: Budget,
    pub(crate) body: BodyRule,
    pub(crate) docs: Docs,
    pub(crate) meter: Meter,
    pub(crate) headers: CommonHeaders,
}

/// What the `OpenAPI` document says of a route beyond what its type implies.
#[derive(Default)]
pub(crate) struct Docs {
    pub(crate) summary: &'static str,
    pub(crate) description: &'static str,
    pub(crate) takes: Option<SchemaOf>,
    pub(crate) gives: Vec<Success>,
    pub(crate) query: Vec<(&'static str, &'static str)>,
    pub(crate) refuses: Vec<u16>,
    pub(crate) refuses_as: Option<(&'static str, SchemaOf)>,
}

/// One success that a route answers with.
pub(crate) struct Success {
    pub(crate) status: u16,
    pub(crate) description: &'static str,
    pub(crate) body: Given,
}

/// What a success carries.
pub(crate) enum Given {
    Nothing,
    Json,
    Of(SchemaOf),
}

impl Route {
    /// A route for `GET`, and so for `HEAD`.
    pub fn get(path: &'static str, endpoint: Endpoint, handler: Guarded) -> Self {
        Self::new(Method::GET, path, endpoint, handler)
    }

    /// A route for `POST`.
    pub fn post(path: &'static str, endpoint: Endpoint, handler: Guarded) -> Self {
        Self::new(Method::POST, path, endpoint, handler)
    }

    /// A route for `PUT`.
    pub fn put(path: &'static str, endpoint: Endpoint, handler: Guarded) -> Self {
        Self::new(Method::PUT, path, endpoint, handler)
    }

    /// A route for `PATCH`.
    pub fn patch(path: &'static str, endpoint: Endpoint, handler: Guarded) -> Self {
        Self::new(Method::PATCH, path, endpoint, handler)
    }

    /// A route for `DELETE`.
    pub fn delete(path: &'static str, endpoint: Endpoint, handler: Guarded) -> Self {
        Self::new(Method::DELETE, path, endpoint, handler)
    }

    fn new(method: Method, path: &'static str, endpoint: Endpoint, handler: Guarded) -> Self {
        let (guard, body, budget) = (handler.0, BodyRule::Ignored, Budget::Default);
        Self {
            method,
            path,
            also_at: &[],
            endpoint,
            guard,
            budget,
            body,
            docs: Docs::default(),
            meter: Meter::default(),
            headers: CommonHeaders::default(),
        }
    }

    /// Serves it at these paths too. All routes of one path have the same other ones.
    #[must_use]
    pub const fn also_at(mut self, paths: &'static [&'static str]) -> Self {
        self.also_at = paths;
        self
    }

    /// All paths that it is served at.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.path).chain(self.also_at.iter().copied())
    }

    /// Counts its requests against this budget; otherwise it is [`Budget::Default`].
    #[must_use]
    pub const fn budget(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    /// What it does, in a few words.
    #[must_use]
    pub const fn summary(mut self, summary: &'static str) -> Self {
        self.docs.summary = summary;
        self
    }

    /// What a caller must know beyond the summary, in Markdown.
    #[must_use]
    pub const fn describe(mut self, description: &'static str) -> Self {
        self.docs.description = description;
        self
    }

    /// Takes a JSON object of this shape.
    #[must_use]
    pub fn takes<T: ToSchema>(self) -> Self {
        self.body::<T>(BodyRule::Json)
    }

    /// Takes a JSON object of this shape, or no body, which is an empty one.
    #[must_use]
    pub fn takes_optional<T: ToSchema>(self) -> Self {
        self.body::<T>(BodyRule::OptionalJson)
    }

    /// Takes a form (`application/x-www-form-urlencoded`) of this shape.
    #[must_use]
    pub fn takes_form<T: ToSchema>(self) -> Self {
        self.body::<T>(BodyRule::Form)
    }

    fn body<T: ToSchema>(mut self, rule: BodyRule) -> Self {
        (self.body, self.docs.takes) = (rule, Some(SchemaOf::new::<T>()));
        self
    }

    /// Succeeds with a JSON body of this shape.
    #[must_use]
    pub fn gives<T: ToSchema>(self, status: u16, description: &'static str) -> Self {
        self.success(status, description, Given::Of(SchemaOf::new::<T>()))
    }

    /// Succeeds with a JSON body whose shape is defined elsewhere.
    #[must_use]
    pub fn gives_json(self, status: u16, description: &'static str) -> Self {
        self.success(status, description, Given::Json)
    }

    /// Succeeds without a body.
    #[must_use]
    pub fn gives_nothing(self, status: u16, description: &'static str) -> Self {
        self.success(status, description, Given::Nothing)
    }

    fn success(mut self, status: u16, description: &'static str, body: Given) -> Self {
        self.docs.gives.push(Success {
            status,
            description,
            body,
        });
        self
    }

    /// Reads this optional query parameter.
    #[must_use]
    pub fn query(mut self, name: &'static str, description: &'static str) -> Self {
        self.docs.query.push((name, description));
        self
    }

    /// Refuses with these statuses beyond those that its access, budget and body imply.
    #[must_use]
    pub fn refuses(mut self, statuses: &[u16]) -> Self {
        self.docs.refuses.extend_from_slice(statuses);
        self
    }

    /// Refuses in this shape and media type instead of the dialect's own.
    #[must_use]
    pub fn refuses_as<T: ToSchema>(mut self, content_type: &'static str) -> Self {
        self.docs.refuses_as = Some((content_type, SchemaOf::new::<T>()));
        self
    }
}

/// A row of the authorisation table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteInfo {
    /// The dialect.
    pub dialect: &'static str,
    /// The method.
    pub method: Method,
    /// The path, with `{name}` where anything may stand.
    pub path: &'static str,
    /// What it is for.
    pub endpoint: Endpoint,
    /// Who may call it.
    pub access: Access,
    /// What its requests are counted against.
    pub budget: Budget,
}

/// Every route of these dialects: what stories check against their matrix of callers.
pub fn table(dialects: &[Dialect]) -> Vec<RouteInfo> {
    let rows = |dialect: &Dialect| {
        let name = dialect.door.name.as_str();
        (dialect.routes)().into_iter().flat_map(move |route| {
            route.paths().map(move |path| RouteInfo {
                dialect: name,
                method: route.method.clone(),
                path,
                endpoint: route.endpoint,
                access: route.guard.access(),
                budget: route.budget,
            })
        })
    };
    dialects.iter().flat_map(rows).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a02_every_route_stands_in_the_table_with_its_access() {
        let rows = table(&[sample::dialect()]);
        let accesses: Vec<_> = rows
            .iter()
            .map(|row| (row.path, row.access, row.budget))
            .collect();
        assert_eq!(
            accesses,
            [
                ("/v1/health", Access::Public, Budget::Default),
                ("/v1/login", Access::ApiKey, Budget::SignIn),
                ("/v1/sessions/{id}", Access::Bearer, Budget::Default),
            ]
        );
    }
}
