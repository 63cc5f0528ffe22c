//! What proves control of a mailbox: the mailed token, or the address with the mailed code.

use crate::fields::Fields;
use vestibule_ops::Proof;

impl Fields {
    /// Reads `token`, or `email` and `code`.
    pub fn proof(&mut self) -> Proof {
        if self.has("code") && !self.has("token") {
            Proof::Code {
                email: self.text("email"),
                code: self.text("code"),
            }
        } else {
            Proof::Token(self.text("token"))
        }
    }
}
