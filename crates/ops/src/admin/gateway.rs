//! What no table of the gateway may say.

use std::collections::HashSet;
use vestibule_model::{Environment, GatewayRule, Refusal};

/// Most tables that one project may have: each request that no route takes looks at all of them.
const MOST: usize = 100;
/// Longest that an upstream may take to begin its answer, in seconds.
const LONGEST: u64 = 3_600;

/// Says what is wrong with a project's tables. `routes` are the paths that the server itself answers, with `{name}`
/// where anything may stand.
pub fn judge(rules: &[GatewayRule], dialects: &[&str], routes: &[&str]) -> Result<(), Refusal> {
    if rules.len() > MOST {
        return Err(Refusal::field("gateway", "must have at most 100 tables"));
    }
    let mut taken = HashSet::new();
    for (number, rule) in rules.iter().enumerate() {
        let wrong = |field: &str, message: &str| {
            let setting = format!("gateway[{number}].{field}");
            Err(Refusal::field(&setting, message))
        };
        if !is_prefix(&rule.prefix) {
            return wrong(
                "prefix",
                "must be a path such as /api/films: segments of letters, digits, dots, dashes and underscores, \
                 without a slash at its end",
            );
        }
        if let Some(route) = routes.iter().find(|route| covers(&rule.prefix, route)) {
            return wrong(
                "prefix",
                &format!("would cover {route}, which Vestibule itself answers"),
            );
        }
        for environment in environments(rule) {
            if !taken.insert((rule.prefix.to_ascii_lowercase(), environment)) {
                return wrong("prefix", "is guarded by an earlier table already");
            }
        }
        if !is_upstream(&rule.upstream) {
            return wrong(
                "upstream",
                "must be http:// or https://, a host, and perhaps a port, such as http://127.0.0.1:9000",
            );
        }
        if !dialects.contains(&rule.dialect.as_str()) {
            let known = format!("is not an API that this release serves: {}", dialects.join(", "));
            return wrong("dialect", &known);
        }
        if rule
            .roles
            .iter()
            .any(|role| role.is_empty() || role.contains(','))
        {
            return wrong("roles", "must hold names of roles");
        }
        if !(1..=LONGEST).contains(&rule.timeout) {
            return wrong("timeout", "must be from 1 to 3600 seconds");
        }
    }
    Ok(())
}

/// The environments that a table may be about.
fn environments(rule: &GatewayRule) -> impl Iterator<Item = Environment> {
    Environment::ALL
        .into_iter()
        .filter(|environment| rule.admits(*environment, Environment::Test))
}

/// Segments that every program reads alike, and none that climbs.
fn is_prefix(prefix: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let segment = |text: &str| !matches!(text, "" | "." | "..") && text.bytes().all(plain);
    prefix
        .strip_prefix('/')
        .is_some_and(|rest| rest.split('/').all(segment))
}

/// Whether a path under the prefix may lead to the route.
fn covers(prefix: &str, route: &str) -> bool {
    let mut own = route.split('/');
    prefix.split('/').all(|segment| {
        own.next()
            .is_some_and(|own| own.starts_with('{') || own.eq_ignore_ascii_case(segment))
    })
}

/// A scheme, a host and a port alone: no user, no path, no query.
fn is_upstream(text: &str) -> bool {
    let authority = text
        .strip_prefix("http://")
        .or_else(|| text.strip_prefix("https://"));
    let Some(authority) = authority else { return false };
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) if address.parse::<std::net::Ipv6Addr>().is_ok() => (
            "v6",
            rest.strip_prefix(':').or_else(|| rest.is_empty().then_some("80")),
        ),
        Some(_) => return false,
        None => authority
            .split_once(':')
            .map_or((authority, Some("80")), |(host, port)| (host, Some(port))),
    };
    let named = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let digits = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port
        .filter(|port| digits(port))
        .and_then(|port| port.parse::<u16>().ok());
    !host.is_empty() && host.bytes().all(named) && port.is_some_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_model::refusal::Input;

    fn rule(prefix: &str, upstream: &str) -> GatewayRule {
        let table = serde_json::json!({"prefix": prefix, "upstream": upstream, "dialect": "rakomi"});
        serde_json::from_value(table).unwrap()
    }

    fn told(rules: &[GatewayRule]) -> String {
        let routes = ["/api/users/auth", "/api/roles/{id}", "/docs"];
        match judge(rules, &["rakomi"], &routes) {
            Ok(()) => String::new(),
            Err(Refusal::Input(Input::Fields(wrong))) => format!("{} {}", wrong[0].field, wrong[0].message),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_prefix_is_a_plain_path_that_no_route_lies_under() {
        for good in [
            "/api/films",
            "/Films",
            "/a.b/c_d~e",
            "/api/users/other",
            "/api/roles/x/y",
        ] {
            assert_eq!(told(&[rule(good, "http://h")]), "", "{good}");
        }
        for bad in [
            "",
            "/",
            "api",
            "/api/",
            "//api",
            "/api/../x",
            "/a/.",
            "/a b",
            "/a%20b",
            "/a;b",
            "/a?b",
            "/*",
            "/é",
        ] {
            assert!(
                told(&[rule(bad, "http://h")]).starts_with("gateway[0].prefix must be"),
                "{bad}"
            );
        }
        for covering in [
            "/api",
            "/api/users",
            "/api/users/auth",
            "/API/Users",
            "/api/roles/x",
            "/docs",
        ] {
            let told = told(&[rule(covering, "http://h")]);
            assert!(told.contains("would cover /"), "{covering}: {told}");
        }
    }

    #[test]
    fn an_upstream_is_an_origin() {
        for good in [
            "http://h",
            "https://films.example.com",
            "http://127.0.0.1:9000",
            "http://[::1]:9000",
            "http://[::1]",
        ] {
            assert_eq!(told(&[rule("/films", good)]), "", "{good}");
        }
        for bad in [
            "",
            "h:80",
            "ftp://h",
            "HTTP//h",
            "http://",
            "http://:80",
            "http://h:",
            "http://h:0",
            "http://h:65536",
            "http://h:+8",
            "http://h/",
            "http://h/x",
            "http://h?x",
            "http://h#x",
            "http://u@h",
            "http://u:p@h",
            "http://h h",
            "http://[::1",
            "http://[x]",
            "http://[::1]x",
            "http://h\\x",
        ] {
            assert!(
                told(&[rule("/films", bad)]).starts_with("gateway[0].upstream must be"),
                "{bad}"
            );
        }
    }

    #[test]
    fn one_path_has_one_table_in_each_environment() {
        let (films, mut test) = (rule("/films", "http://h"), rule("/Films", "http://t"));
        assert!(told(&[films.clone(), test.clone()]).contains("gateway[1].prefix is guarded"));
        test.environment = Some(Environment::Test);
        let mut live = films.clone();
        live.environment = Some(Environment::Live);
        assert_eq!(told(&[live, test.clone()]), "");
        assert!(told(&[films, test]).contains("gateway[1].prefix is guarded"));
    }

    #[test]
    fn dialects_roles_and_times_are_judged() {
        let films = rule("/films", "http://h");
        let changed = |change: fn(&mut GatewayRule)| {
            let mut rule = films.clone();
            change(&mut rule);
            told(&[rule])
        };
        assert!(changed(|it| it.dialect = "rakomy".into()).contains("gateway[0].dialect is not an API"));
        assert!(changed(|it| it.roles = vec![String::new()]).contains("gateway[0].roles"));
        assert!(changed(|it| it.roles = vec!["admin,client".into()]).contains("gateway[0].roles"));
        assert!(changed(|it| it.timeout = 0).contains("gateway[0].timeout"));
        assert!(told(&vec![films.clone(); 101]).contains("at most 100"));
    }
}
