//! Names that no user schema may give a field, and no client may set: what the server itself says about a user.

/// As compared: lower-case, without `_` and `-`.
const RESERVED: [&str; 35] = [
    "active",
    "admin",
    "appmetadata",
    "banned",
    "constructor",
    "createdat",
    "deletedat",
    "disabled",
    "disabledat",
    "email",
    "emailtyped",
    "emailverified",
    "emailverifiedat",
    "environment",
    "id",
    "isactive",
    "isadmin",
    "isstaff",
    "issuperuser",
    "isverified",
    "password",
    "passwordhash",
    "permissions",
    "projectid",
    "proto",
    "prototype",
    "publicmetadata",
    "role",
    "roles",
    "sub",
    "superuser",
    "updatedat",
    "userid",
    "usermetadata",
    "verified",
];

/// Whether a field of this name is the server's own, in whatever spelling (`isSuperUser`, `is_super_user`).
pub(super) fn is_reserved(name: &str) -> bool {
    let folded: String = name
        .chars()
        .filter(|c| !matches!(c, '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect();
    RESERVED.binary_search(&folded.as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r01_every_spelling_of_a_name_of_the_servers_is_reserved() {
        assert!(RESERVED.is_sorted());
        for name in [
            "id",
            "_id",
            "role",
            "roles",
            "permissions",
            "isSuperUser",
            "is_super_user",
            "IS-STAFF",
            "isActive",
            "is_admin",
            "emailVerified",
            "email_verified",
            "verified",
            "createdAt",
            "updated_at",
            "project_id",
            "password_hash",
            "password",
            "email",
            "user_metadata",
            "__proto__",
            "constructor",
        ] {
            assert!(is_reserved(name), "{name}");
        }
        for name in [
            "name",
            "status",
            "identity",
            "roleplay",
            "username",
            "e_mail_note",
        ] {
            assert!(!is_reserved(name), "{name}");
        }
    }
}
