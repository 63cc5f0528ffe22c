//! From method and path to a route.

use crate::dialect::Dialect;
use crate::path;
use crate::route::Route;
use http::Method;

/// Two routes for one request; the binary is wrong.
#[derive(Debug, thiserror::Error)]
pub enum RouteConflict {
    /// Two routes have the same method and path.
    #[error("{method} {path} is declared twice")]
    Twice {
        /// The method.
        method: Method,
        /// The path.
        path: &'static str,
    },
    /// Two paths cannot be told apart.
    #[error("the path {path} of {dialect} cannot be told from another: {cause}")]
    Ambiguous {
        /// The dialect.
        dialect: &'static str,
        /// The path.
        path: &'static str,
        /// The router's reason.
        cause: matchit::InsertError,
    },
}

/// All routes of all dialects.
pub(crate) struct Router {
    dialects: Vec<Dialect>,
    places: Vec<Place>,
    by_path: matchit::Router<usize>,
}

/// One path and what it takes.
pub(crate) struct Place {
    dialect: usize,
    path: &'static str,
    routes: Vec<Route>,
    allow: String,
}

/// Where a request leads.
pub(crate) enum Found<'r> {
    /// To a route, with what stands in its path's places.
    Route(&'r Dialect, &'r Route, Vec<(String, String)>),
    /// To a path that does not take the method but these.
    OtherMethods(&'r Dialect, &'r Place),
    /// Nowhere; the envelope is this dialect's.
    Nowhere(Option<&'r Dialect>),
}

impl Place {
    /// The methods that it takes: the `Allow` header.
    pub(crate) fn allow(&self) -> &str {
        &self.allow
    }

    /// Its routes.
    pub(crate) fn routes(&self) -> &[Route] {
        &self.routes
    }
}

impl Router {
    pub(crate) fn new(dialects: Vec<Dialect>) -> Result<Self, RouteConflict> {
        let (mut places, mut by_path) = (Vec::<Place>::new(), matchit::Router::new());
        for (number, dialect) in dialects.iter().enumerate() {
            for route in (dialect.routes)() {
                let known = places
                    .iter_mut()
                    .find(|place| place.dialect == number && place.path == route.path);
                if let Some(place) = known {
                    place.add(route)?;
                    continue;
                }
                for path in route.paths() {
                    by_path
                        .insert(path, places.len())
                        .map_err(|cause| RouteConflict::Ambiguous {
                            dialect: dialect.door.name.as_str(),
                            path,
                            cause,
                        })?;
                }
                let mut place = Place {
                    dialect: number,
                    path: route.path,
                    routes: Vec::new(),
                    allow: String::new(),
                };
                place.add(route)?;
                places.push(place);
            }
        }
        Ok(Self {
            dialects,
            places,
            by_path,
        })
    }

    pub(crate) fn dialects(&self) -> &[Dialect] {
        &self.dialects
    }

    /// Finds the route. `HEAD` leads where `GET` does.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Found<'_> {
        let matched = path::is_plain(path).then(|| self.by_path.at(path).ok()).flatten();
        let place = matched
            .as_ref()
            .and_then(|matched| self.places.get(*matched.value));
        let (Some(matched), Some(place)) = (matched, place) else {
            return Found::Nowhere(self.owner(path));
        };
        let Some(dialect) = self.dialects.get(place.dialect) else {
            return Found::Nowhere(None);
        };
        let method = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        match place.routes.iter().find(|route| route.method == *method) {
            Some(route) => {
                let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
                Found::Route(dialect, route, matched.params.iter().map(own).collect())
            }
            None => Found::OtherMethods(dialect, place),
        }
    }

    /// The dialect with the longest prefix of the path.
    fn owner(&self, path: &str) -> Option<&Dialect> {
        let covering = |dialect: &Dialect| {
            dialect
                .prefixes
                .iter()
                .filter(|prefix| path::is_under(prefix, path))
                .map(|prefix| prefix.len())
                .max()
        };
        let owners = self
            .dialects
            .iter()
            .filter_map(|dialect| Some((covering(dialect)?, dialect)));
        owners
            .max_by_key(|(length, _)| *length)
            .map(|(_, dialect)| dialect)
    }
}

impl Place {
    fn add(&mut self, route: Route) -> Result<(), RouteConflict> {
        if self.routes.iter().any(|known| known.method == route.method) {
            return Err(RouteConflict::Twice {
                method: route.method,
                path: route.path,
            });
        }
        let also_head = if route.method == Method::GET { ", HEAD" } else { "" };
        let comma = if self.allow.is_empty() { "" } else { ", " };
        self.allow = format!("{}{comma}{}{also_head}", self.allow, route.method);
        self.routes.push(route);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Endpoint;
    use crate::sample;

    fn router() -> Router {
        let nested = Dialect {
            prefixes: &["/v1/sdk"],
            routes: Vec::new,
            ..sample::dialect()
        };
        Router::new(vec![nested, sample::dialect()]).unwrap()
    }

    fn led(method: &Method, path: &str) -> String {
        match router().find(method, path) {
            Found::Route(_, route, captures) => format!("{:?} {captures:?}", route.endpoint),
            Found::OtherMethods(_, place) => format!("405 {}", place.allow()),
            Found::Nowhere(dialect) => format!("404 {:?}", dialect.map(|dialect| dialect.prefixes)),
        }
    }

    #[test]
    fn a_path_and_a_method_lead_to_a_route() {
        assert_eq!(
            led(&Method::GET, "/v1/health"),
            format!("{:?} []", Endpoint::Health)
        );
        assert_eq!(
            led(&Method::HEAD, "/v1/health"),
            format!("{:?} []", Endpoint::Health)
        );
        assert_eq!(
            led(&Method::DELETE, "/v1/sessions/7"),
            r#"RevokeSession [("id", "7")]"#
        );
    }

    #[test]
    fn w13_another_method_is_told_which_there_are() {
        assert_eq!(led(&Method::POST, "/v1/health"), "405 GET, HEAD");
        assert_eq!(led(&Method::TRACE, "/v1/login"), "405 POST");
        assert_eq!(led(&Method::HEAD, "/v1/login"), "405 POST");
    }

    #[test]
    fn an_unknown_path_belongs_to_the_longest_prefix() {
        assert_eq!(led(&Method::GET, "/v1/none"), r#"404 Some(["/v1"])"#);
        assert_eq!(led(&Method::GET, "/v1/sdk/none"), r#"404 Some(["/v1/sdk"])"#);
        assert_eq!(led(&Method::GET, "/v12"), "404 None");
    }

    #[test]
    fn i14_w10_other_spellings_of_a_path_lead_nowhere() {
        for path in [
            "/v1/health/",
            "/v1//health",
            "/v1/healt%68",
            "/v1/health;.js",
            "/v1/health/x.css",
            "/V1/health",
        ] {
            assert!(led(&Method::GET, path).starts_with("404"), "{path}");
        }
    }

    #[test]
    fn a_request_never_has_two_routes() {
        let twice = Dialect {
            routes: || sample::routes().into_iter().chain(sample::routes()).collect(),
            ..sample::dialect()
        };
        assert!(matches!(
            Router::new(vec![twice]),
            Err(RouteConflict::Twice { .. })
        ));
        let two = Router::new(vec![sample::dialect(), sample::dialect()]);
        assert!(matches!(two, Err(RouteConflict::Ambiguous { .. })));
    }
}
