//! The sentences of an aggregate, written so that none is forgotten by the test that prepares them all.

/// Defines each sentence as a constant, and `SENTENCES` with all of them.
macro_rules! sentences {
    ($($name:ident = $text:expr;)*) => {
        $(const $name: ::vestibule_sql::Sql = ::vestibule_sql::Sql::same($text);)*

        /// Every sentence of this aggregate, with its name.
        #[cfg(test)]
        pub(crate) const SENTENCES: &[(&str, ::vestibule_sql::Sql)] =
            &[$((concat!(module_path!(), "::", stringify!($name)), $name)),*];
    };
}

pub(crate) use sentences;
