//! The stories: what Vestibule promises, told by personas through its doors. The ids in the names are the rows of the
//! security catalogue.

#[cfg(test)]
mod budgets;
#[cfg(test)]
mod coverage;
#[cfg(test)]
mod process;
#[cfg(test)]
mod rakomi;

/// A dialect as the binary serves it.
#[cfg(test)]
fn dialect(name: &str) -> vestibule_web::Dialect {
    let mut all = vestibule_server::dialects::all().into_iter();
    all.find(|dialect| dialect.door.name.as_str() == name)
        .expect("a dialect of this name")
}
