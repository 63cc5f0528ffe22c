//! The time claims `exp`, `nbf` and `iat` (RFC 7519 §4.1.4–4.1.6).

use serde_json::{Map, Value};
use vestibule_model::Timestamp;

/// How far clocks may differ, in seconds.
pub const LEEWAY: i64 = 30;

/// How far ahead `iat` may lie, in seconds. Merely future ones are accepted, or else a clock that is set back
/// would log everybody out.
const MAX_IAT_AHEAD: i64 = 24 * 60 * 60;

/// Why the times of a token do not allow it now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeProblem {
    /// `exp` is absent, or one of the three is not a whole number of seconds from 0 to 2⁶³ − 1.
    #[error("exp, nbf or iat is missing or not a whole number of seconds")]
    Malformed,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `nbf` is still to come, or `iat` lies more than a day ahead.
    #[error("the token is not valid yet")]
    NotYet,
}

/// Judges the times of authentic claims, with [`LEEWAY`] either way. `exp` must be there; `nbf` and `iat` may be.
pub fn check(claims: &Map<String, Value>, now: Timestamp) -> Result<(), TimeProblem> {
    let expires = seconds(claims, "exp")?.ok_or(TimeProblem::Malformed)?;
    let (not_before, issued) = (seconds(claims, "nbf")?, seconds(claims, "iat")?);
    let now = now.seconds();
    if now >= expires.saturating_add(LEEWAY) {
        return Err(TimeProblem::Expired);
    }
    let too_early = not_before.is_some_and(|at| at > now.saturating_add(LEEWAY));
    let too_far = issued.is_some_and(|at| at > now.saturating_add(MAX_IAT_AHEAD));
    if too_early || too_far {
        Err(TimeProblem::NotYet)
    } else {
        Ok(())
    }
}

/// A `NumericDate` that is an exact, non-negative integer: never a float, a text or a null.
fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, TimeProblem> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    value
        .as_i64()
        .filter(|seconds| *seconds >= 0)
        .map(Some)
        .ok_or(TimeProblem::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: i64 = 1_800_000_000;

    fn verdict(claims: &Value) -> Result<(), TimeProblem> {
        check(claims.as_object().unwrap(), Timestamp::from_seconds(NOW))
    }

    #[test]
    fn exp_must_be_a_whole_number_of_seconds() {
        for exp in [
            json!("9999999999"),
            json!(1.5),
            json!(9e18),
            json!(-1),
            json!(u64::MAX),
            json!(null),
            json!([9_999_999_999_i64]),
            json!(true),
        ] {
            assert_eq!(
                verdict(&json!({ "exp": exp })),
                Err(TimeProblem::Malformed),
                "{exp}"
            );
        }
        assert_eq!(verdict(&json!({})), Err(TimeProblem::Malformed));
        assert_eq!(verdict(&json!({ "exp": i64::MAX })), Ok(()));
    }

    #[test]
    fn a_token_lives_thirty_seconds_beyond_exp() {
        assert_eq!(verdict(&json!({ "exp": NOW - 29 })), Ok(()));
        assert_eq!(verdict(&json!({ "exp": NOW - 30 })), Err(TimeProblem::Expired));
        assert_eq!(verdict(&json!({ "exp": NOW - 31 })), Err(TimeProblem::Expired));
        assert_eq!(verdict(&json!({ "exp": 0 })), Err(TimeProblem::Expired));
    }

    #[test]
    fn nbf_and_iat_are_judged_where_present() {
        let with = |name: &str, value: Value| verdict(&json!({ "exp": NOW + 900, name: value }));
        assert_eq!(with("nbf", json!(NOW + 30)), Ok(()));
        assert_eq!(with("nbf", json!(NOW + 31)), Err(TimeProblem::NotYet));
        assert_eq!(with("iat", json!(NOW + 86_400)), Ok(()));
        assert_eq!(with("iat", json!(NOW + 86_401)), Err(TimeProblem::NotYet));
        for name in ["nbf", "iat"] {
            for value in [json!("1"), json!(1.0), json!(-1), json!(null), json!({})] {
                assert_eq!(
                    with(name, value.clone()),
                    Err(TimeProblem::Malformed),
                    "{name} {value}"
                );
            }
        }
    }
}
