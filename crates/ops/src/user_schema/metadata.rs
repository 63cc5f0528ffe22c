//! What an app keeps beside a user's profile.

use serde_json::{Map, Value};
use vestibule_model::refusal::FieldError;

/// Largest public metadata, in bytes of their JSON.
const MAX_METADATA: usize = 4_096;

/// Checks public metadata, which no schema describes.
pub(crate) fn check_metadata(metadata: &Map<String, Value>) -> Result<(), FieldError> {
    if serde_json::to_string(metadata).map_or(usize::MAX, |text| text.len()) <= MAX_METADATA {
        return Ok(());
    }
    let message = format!("must be at most {MAX_METADATA} bytes of JSON");
    Err(FieldError::new("public_metadata", "maxLength", message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn metadata_beyond_four_kibibytes_are_refused() {
        let of = |length: usize| check_metadata(json!({"a": "b".repeat(length)}).as_object().unwrap());
        assert!(of(4_000).is_ok());
        assert_eq!(of(4_096).unwrap_err().field, "public_metadata");
    }
}
