//! SQL sentences, each written once.

/// Which database answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The bundled `SQLite`.
    Sqlite,
    /// `PostgreSQL`.
    Postgres,
}

/// A sentence: one text for both databases, or a visible pair made by [`both!`](crate::both).
///
/// Placeholders are `$1…`, bound by number: `$1` may stand anywhere and any number of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sql {
    sqlite: &'static str,
    postgres: &'static str,
}

impl Sql {
    /// The same text for both databases.
    pub const fn same(text: &'static str) -> Self {
        Self {
            sqlite: text,
            postgres: text,
        }
    }

    /// A text for each database. Written as [`both!`](crate::both), which `xtask` counts.
    pub const fn pair(sqlite: &'static str, postgres: &'static str) -> Self {
        Self { sqlite, postgres }
    }

    /// The text for one database.
    pub const fn text(self, engine: Engine) -> &'static str {
        match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        }
    }
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Self::same(text)
    }
}

/// A sentence that must differ: `both!(sqlite: "…", postgres: "…")`.
#[macro_export]
macro_rules! both {
    (sqlite: $sqlite:expr, postgres: $postgres:expr $(,)?) => {
        $crate::Sql::pair($sqlite, $postgres)
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_gives_each_database_its_own_text() {
        const PAIR: Sql = both!(sqlite: "SELECT 1", postgres: "SELECT 2");
        assert_eq!(PAIR.text(Engine::Sqlite), "SELECT 1");
        assert_eq!(PAIR.text(Engine::Postgres), "SELECT 2");
        assert_eq!(Sql::from("SELECT 3").text(Engine::Postgres), "SELECT 3");
    }
}
