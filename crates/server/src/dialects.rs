//! The dialects that this binary serves: one line for each.

use vestibule_web::Dialect;

/// All of them, in the order of listing.
pub fn all() -> Vec<Dialect> {
    vec![vestibule_rakomi::dialect()]
}

/// Their names, in the same order.
pub fn names() -> Vec<&'static str> {
    all().iter().map(|dialect| dialect.door.name.as_str()).collect()
}
