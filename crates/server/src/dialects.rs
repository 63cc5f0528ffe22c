//! The dialects that this binary serves: one line for each.

use vestibule_ops::Door;
use vestibule_web::Dialect;

/// All of them, in the order of listing.
pub fn all() -> Vec<Dialect> {
    vec![vestibule_rakomi::dialect(), vestibule_rakcha::dialect()]
}

/// What operations know of them, in the same order.
pub fn doors() -> Vec<&'static Door> {
    all().iter().map(|dialect| dialect.door).collect()
}

/// Their names, in the same order.
pub fn names() -> Vec<&'static str> {
    doors().iter().map(|door| door.name.as_str()).collect()
}
