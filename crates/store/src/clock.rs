//! The database's clock: what nodes decide together, they decide by one.

/// Microseconds since 1970, read when the row is made and not when its sentence began.
macro_rules! clock {
    (sqlite) => {
        "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"
    };
    (postgres) => {
        "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"
    };
}

pub(crate) use clock;
