//! The tables that move, in an order in which no row refers to one that comes later.

use super::Kind;
use vestibule_sql::Sql;

/// A table, its columns, and the sentences that move its rows. The columns of the primary key come first.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [(&'static str, Kind)],
    /// How many columns the primary key has.
    pub(super) key: usize,
    /// The first rows by key.
    pub(super) first: Sql,
    /// The rows after a key.
    pub(super) after: Sql,
    pub(super) insert: Sql,
    pub(super) any: Sql,
    pub(super) count: Sql,
}

/// Names with commas between them.
macro_rules! list {
    ($first:ident $($rest:ident)*) => { concat!(stringify!($first) $(, ", ", stringify!($rest))*) };
}

/// As many placeholders as there are columns.
macro_rules! places {
    ([$column:ident] $number:literal $($more:literal)*) => { concat!("$", $number) };
    ([$column:ident $($columns:ident)+] $number:literal $($more:literal)*) => {
        concat!("$", $number, ", ", places!([$($columns)+] $($more)*))
    };
}

macro_rules! tables {
    ($($table:ident: $($key:ident $key_kind:ident),+; $($column:ident $kind:ident),*;)*) => {
        pub(super) const TABLES: &[Table] = &[$(Table {
            name: stringify!($table),
            columns: &[$((stringify!($key), Kind::$key_kind),)+ $((stringify!($column), Kind::$kind),)*],
            key: [$(stringify!($key)),+].len(),
            first: Sql::same(concat!(
                "SELECT ", list!($($key)+ $($column)*), " FROM ", stringify!($table),
                " ORDER BY ", list!($($key)+), " LIMIT $1"
            )),
            after: Sql::same(concat!(
                "SELECT ", list!($($key)+ $($column)*), " FROM ", stringify!($table),
                " WHERE (", list!($($key)+), ") > (", places!([$($key)+] 2 3 4 5 6), ")",
                " ORDER BY ", list!($($key)+), " LIMIT $1"
            )),
            insert: Sql::same(concat!(
                "INSERT INTO ", stringify!($table), " (", list!($($key)+ $($column)*), ") VALUES (",
                places!([$($key)+ $($column)*] 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24), ")"
            )),
            any: Sql::same(concat!("SELECT 1 FROM ", stringify!($table), " LIMIT 1")),
            count: Sql::same(concat!("SELECT COUNT(*) FROM ", stringify!($table))),
        }),*];
    };
}

// A test compares this list with the schema of both databases: a table or a column that it lacks fails.
tables! {
    instance: name Text; value Text;
    projects: id Bytes; slug Text, name Text, settings Text, created_at Int, updated_at Int, disabled_at Int;
    allowed_origins: origin Text, project Bytes; ;
    project_hosts: host Text; project Bytes, environment Text;
    api_keys: id Bytes; project Bytes, environment Text, kind Text, hash Bytes, hint Text, name Text, created_at Int,
        revoked_at Int;
    secret_keys: id Bytes; project Bytes, environment Text, dialect Text, purpose Text, algorithm Text, kid Text,
        sealed Bytes, created_at Int, active_from Int, retired_at Int, expires_at Int, revoked_at Int;
    user_numbers: project Bytes, environment Text; last Int;
    users: id Bytes; project Bytes, environment Text, number Int, email Text, email_typed Text, email_verified_at Int,
        profile Text, public_metadata Text, disabled_at Int, created_at Int, updated_at Int;
    identifiers: project Bytes, environment Text, path Text, value Text; user_id Bytes;
    credentials: user_id Bytes; version Int, hash Text, changed_at Int;
    login_attempts: project Bytes, environment Text, account Bytes; failures Int, locked_until Int, updated_at Int;
    sessions: id Bytes; user_id Bytes, project Bytes, environment Text, dialect Text, salt Bytes, created_at Int,
        expires_at Int, revoked_at Int, revoked_why Text, leaf Int, parent Int, rotated_at Int, leaf_used_at Int,
        user_agent Text, ip_hash Text, idle_until Int;
    mailed_secrets: id Bytes; user_id Bytes, project Bytes, environment Text, purpose Text, email Text,
        token_hash Bytes, code_hash Bytes, code_failures Int, created_at Int, expires_at Int, used_at Int,
        voided_at Int;
    outbox: id Bytes; project Bytes, environment Text, kind Text, payload Bytes, created_at Int, expires_at Int,
        next_attempt_at Int, attempts Int, last_error Text, sent_at Int, dead_at Int, claimed_by Bytes;
    audit: id Bytes; project Bytes, environment Text, at Int, act Text, outcome Text, actor Text, user_id Bytes,
        session_id Bytes, dialect Text, ip Text, user_agent Text, request_id Text, detail Text;
    roles: id Bytes; project Bytes, environment Text, name Text, superuser Bool, created_at Int, updated_at Int;
    permissions: id Bytes; project Bytes, environment Text, role Bytes, resource Text, action Text, created_at Int,
        updated_at Int;
    role_assignments: id Bytes; project Bytes, environment Text, user_id Bytes, role Bytes, configured Bool,
        created_at Int, updated_at Int;
    departed_roles: role Bytes; ;
}

/// The tables that do not move, each with the reason.
#[cfg(test)]
pub(super) const STAY: &[(&str, &str)] = &[
    ("schema_migrations", "each database keeps the history of its own schema"),
    ("moving", "it is the state of the move itself"),
    ("nodes", "its processes have ended"),
    ("budget_windows", "budgets begin anew, as after any restart"),
    ("news", "nobody has asked the target yet"),
];
