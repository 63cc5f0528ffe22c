//! A body that names one address.

use utoipa::ToSchema;
use vestibule_web::Fields;

/// An e-mail address.
#[derive(ToSchema)]
pub(crate) struct EmailBody {
    #[schema(example = "user@example.com")]
    pub(crate) email: String,
}

pub(crate) fn body(fields: &mut Fields) -> EmailBody {
    EmailBody {
        email: fields.text("email"),
    }
}
