//! Schemas of bodies, by type.

use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A type's schema and those that it refers to.
#[derive(Clone, Copy)]
pub struct SchemaOf {
    name: fn() -> String,
    collect: fn(&mut Vec<(String, RefOr<Schema>)>),
}

impl SchemaOf {
    /// The schema of `T`.
    pub const fn new<T: ToSchema>() -> Self {
        Self {
            name: || T::name().into_owned(),
            collect: |schemas| {
                schemas.push((T::name().into_owned(), <T as PartialSchema>::schema()));
                T::schemas(schemas);
            },
        }
    }

    /// A reference to it among the document's components.
    pub(crate) fn reference(self) -> RefOr<Schema> {
        RefOr::Ref(Ref::from_schema_name((self.name)()))
    }

    /// Adds it, and those that it refers to, to the document's components.
    pub(crate) fn collect_into(self, schemas: &mut Vec<(String, RefOr<Schema>)>) {
        (self.collect)(schemas);
    }
}
