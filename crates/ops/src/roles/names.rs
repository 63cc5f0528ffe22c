//! What roles, resources and actions may be called.

use vestibule_model::Refusal;
use vestibule_model::refusal::FieldError;
use vestibule_model::settings::Roles;
use vestibule_store::{permissions, roles};

/// Longest name of a role, in characters; of a resource or an action, in bytes.
const LONGEST: usize = 64;

/// What is wrong with the name of a role. A comma is refused because gateways write names side by side.
pub(crate) fn role(name: &str) -> Result<(), &'static str> {
    if name.trim() != name || !(1..=LONGEST).contains(&name.chars().count()) {
        Err("must be 1 to 64 characters without space at either end")
    } else if name.chars().any(|c| c.is_control() || c == ',') {
        Err("must not contain control characters or commas")
    } else {
        Ok(())
    }
}

/// What is wrong with the name of a resource.
pub(crate) fn resource(name: &str) -> Result<(), &'static str> {
    let word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    if name.len() <= LONGEST
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.split('-').all(word)
    {
        Ok(())
    } else {
        Err(
            "must be 1 to 64 lower-case letters and digits in words joined by single dashes, such as blog-post",
        )
    }
}

/// What is wrong with the name of an action.
pub(crate) fn action(name: &str) -> Result<(), &'static str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.len() <= LONGEST
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(allowed)
    {
        Ok(())
    } else {
        Err(
            "must be 1 to 64 letters, digits, dashes and underscores, and begin with a letter, such as Create",
        )
    }
}

/// A permission that is written as `resource:action`.
pub(crate) fn pair(text: &str) -> Result<(&str, &str), &'static str> {
    let pair = text
        .split_once(':')
        .ok_or("must be resource:action, such as blog-post:Create")?;
    resource(pair.0)?;
    action(pair.1)?;
    Ok(pair)
}

/// Every field that is wrong, as one refusal.
pub(crate) fn fields<const N: usize>(checks: [(&str, Result<(), &'static str>); N]) -> Result<(), Refusal> {
    let wrong = checks
        .into_iter()
        .filter_map(|(field, check)| Some(FieldError::new(field, "pattern", check.err()?)));
    let wrong: Vec<_> = wrong.collect();
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(vestibule_model::refusal::Input::Fields(wrong).into())
    }
}

/// The static roles of a project's settings, by the rules of stored ones (A16).
pub(crate) fn configured(settings: &Roles) -> Result<(), Refusal> {
    let at = |name: &str| format!("roles.static.{name}");
    if settings.fixed.len() as u64 > roles::MAX_OF_REALM.unsigned_abs() {
        return Err(Refusal::field("roles.static", "must be at most 1000 roles"));
    }
    let mut permissions = 0;
    for (name, fixed) in &settings.fixed {
        role(name).map_err(|message| Refusal::field(&at(name), message))?;
        permissions += fixed.permissions.len() as u64;
        if fixed.permissions.len() as u64 > permissions::MAX_OF_ROLE.unsigned_abs() {
            return Err(Refusal::field(&at(name), "must have at most 400 permissions"));
        }
        for text in &fixed.permissions {
            let wrong = |message: &str| Refusal::field(&format!("{}.permissions", at(name)), message);
            pair(text).map_err(|message| wrong(&format!("'{text}' {message}")))?;
        }
    }
    if permissions > permissions::MAX_OF_REALM.unsigned_abs() {
        return Err(Refusal::field(
            "roles.static",
            "must have at most 10000 permissions together",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_model::settings::FixedRole;

    #[test]
    fn a_name_of_a_role_is_short_and_visible() {
        let long = "x".repeat(65);
        for good in ["admin", "Cinema Manager", "rôle", "a", &"é".repeat(64)] {
            assert_eq!(role(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            " ",
            " admin",
            "admin ",
            "ad\nmin",
            "a\0b",
            "editor,admin",
            &long,
        ] {
            assert!(role(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn resources_are_in_kebab_case_and_actions_are_words() {
        for good in ["post", "auth-role", "v2", "a-1-b"] {
            assert_eq!(resource(good), Ok(()), "{good}");
        }
        let long = "x".repeat(65);
        for bad in [
            "",
            "Post",
            "blog_post",
            "-post",
            "post-",
            "a--b",
            "2v",
            "post:View",
            "*",
            "pöst",
            &long,
        ] {
            assert!(resource(bad).is_err(), "{bad:?}");
        }
        for good in ["View", "Create", "publish", "Send-2", "a_b"] {
            assert_eq!(action(good), Ok(()), "{good}");
        }
        for bad in ["", "2fa", "-x", "a b", "*", "View:Create", "Sénd", &long] {
            assert!(action(bad).is_err(), "{bad:?}");
        }
        assert_eq!(pair("post:Create"), Ok(("post", "Create")));
        assert!(pair("post").is_err() && pair("post:Create:x").is_err() && pair(":").is_err());
    }

    #[test]
    fn static_roles_obey_the_rules_of_stored_ones() {
        let roles = |name: &str, permissions: &[&str]| Roles {
            fixed: [(
                name.to_owned(),
                FixedRole {
                    permissions: permissions.iter().map(|it| (*it).to_owned()).collect(),
                    superuser: false,
                },
            )]
            .into(),
            ..Roles::default()
        };
        assert_eq!(
            configured(&roles("editor", &["post:View", "post:Create"])),
            Ok(())
        );
        assert!(configured(&roles("edi,tor", &[])).is_err());
        assert!(configured(&roles("editor", &["post.View"])).is_err());
        assert!(configured(&roles("editor", &["post:View"; 401])).is_err());
    }
}
