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
                let known = places.iter_mut().find(|place| place.dialect == number && place.path == route.path);
                if let Some(place) = known {
                    place.add(route)?;
                    continue;
                }
                by_path.insert(route.path, places.len()).map_err(|cause| RouteConflict::Ambiguous {
                    dialect: dialect.door.name.as_str(),
                    path: route.path,
                    cause,
                })?;
                let mut place = Place { dialect: number, path: route.path, routes: Vec::new(), allow: String::new() };
                place.add(route)?;
                places.push(place);
            }
        }
        Ok(Self { dialects, places, by_path })
    }

    pub(crate) fn dialects(&self) -> &[Dialect] {
        &self.dialects
    }

    /// Finds the route. `HEAD` leads where `GET` does.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Found<'_> {
        let matched = path::is_plain(path).then(|| self.by_path.at(path).ok()).flatten();
        let place = matched.as_ref().and_then(|matched| self.places.get(*matched.value));
        let (Some(matched), Some(place)) = (matched, place) else { return Found::Nowhere(self.owner(path)) };
        let Some(dialect) = self.dialects.get(place.dialect) else { return Found::Nowhere(None) };
        let method = if method == Method::HEAD { &Method::GET } else { method };
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
            dialect.prefixes.iter().filter(|prefix| path::is_under(prefix, path)).map(|prefix| prefix.len()).max()
        };
        let owners = self.dialects.iter().filter_map(|dialect| Some((covering(dialect)?, dialect)));
        owners.max_by_key(|(length, _)| *length).map(|(_, dialect)| dialect)
    }
}

impl Place {
    fn add(&mut self, route: Route) -> Result<(), RouteConflict> {
        if self.routes.iter().any(|known| known.method == route.method) {
            return Err(RouteConflict::Twice { method: route.method, path: route.path });
        }
        let also_head = if route.method == Method::GET { ", HEAD" } else { "" };
        let comma = if self.allow.is_empty() { "" } else { ", " };
        self.allow = format!("{}{comma}{}{also_head}", self.allow, route.method);
        self.routes.push(route);
        Ok(())
    }
}
