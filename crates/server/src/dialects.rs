//! The dialects that this binary serves: one line for each.

use crate::config::Config;
use vestibule_ops::Door;
use vestibule_web::Dialect;

/// All of them, in the order of listing.
pub fn all() -> Vec<Dialect> {
    vec![
        vestibule_rakomi::dialect(),
        vestibule_rakcha::dialect(),
        vestibule_koolbase::dialect(),
        vestibule_darukaa::dialect(),
    ]
}

/// What operations know of them, in the same order.
pub fn doors() -> Vec<&'static Door> {
    all().iter().map(|dialect| dialect.door).collect()
}

/// All of them, limited as this configuration says.
pub fn limited(config: &Config) -> Vec<Dialect> {
    let limited = |dialect: Dialect| match config.rate_limits.get(dialect.door.name.as_str()) {
        Some(set) => set.applied(dialect),
        None => dialect,
    };
    all().into_iter().map(limited).collect()
}

/// Their names, in the same order.
pub fn names() -> Vec<&'static str> {
    doors().iter().map(|door| door.name.as_str()).collect()
}
