//! The paths that this server answers itself, so that no gateway covers one of them.

/// All of them, those of `dev` too: what is guarded there should not have to move for production.
pub fn all() -> Vec<&'static str> {
    let rows = vestibule_web::table(&crate::dialects::all());
    let dialects = rows.into_iter().map(|row| row.path);
    dialects.chain(crate::pages::PATHS).collect()
}
