//! A project's own user schema, as users meet it.

mod sign_up;
