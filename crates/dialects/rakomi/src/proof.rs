//! What proves control of a mailbox: the mailed token, or the address with the mailed code.

use vestibule_ops::Proof;
use vestibule_web::Fields;

/// Reads `token`, or `email` and `code`.
pub(crate) fn proof(fields: &mut Fields) -> Proof {
    if fields.has("code") && !fields.has("token") {
        Proof::Code {
            email: fields.text("email"),
            code: fields.text("code"),
        }
    } else {
        Proof::Token(fields.text("token"))
    }
}
