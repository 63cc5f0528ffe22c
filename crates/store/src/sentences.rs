//! The sentences of an aggregate, written so that none is forgotten by the test that prepares them all.

/// Defines each sentence as a constant, and `SENTENCES` with all of them. One that must differ is a pair:
/// `NAME = both!(…);`
macro_rules! sentences {
    (@each [$($done:ident)*] $name:ident = both! $pair:tt; $($rest:tt)*) => {
        const $name: ::vestibule_sql::Sql = ::vestibule_sql::both! $pair;
        $crate::sentences::sentences! { @each [$($done)* $name] $($rest)* }
    };
    (@each [$($done:ident)*] $name:ident = $text:expr; $($rest:tt)*) => {
        const $name: ::vestibule_sql::Sql = ::vestibule_sql::Sql::same($text);
        $crate::sentences::sentences! { @each [$($done)* $name] $($rest)* }
    };
    (@each [$($name:ident)*]) => {
        /// Every sentence of this aggregate, with its name.
        #[cfg(test)]
        pub(crate) const SENTENCES: &[(&str, ::vestibule_sql::Sql)] =
            &[$((concat!(module_path!(), "::", stringify!($name)), $name)),*];
    };
    ($($sentences:tt)*) => {
        $crate::sentences::sentences! { @each [] $($sentences)* }
    };
}

pub(crate) use sentences;
