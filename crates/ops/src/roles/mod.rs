//! Roles, what they permit, and who has them. The three collections of a realm are changed here and nowhere else:
//! by a signed-in caller who is permitted to, and by an operator.
//!
//! Nobody grants what they do not hold, and the last enabled user who may do everything stays. Both are judged inside
//! the transaction that changes something, with the project's row held, so that they are true under concurrency.

mod actions;
mod assignment_list;
pub mod assignments;
mod authority;
mod book;
pub(crate) mod change;
mod listing;
pub(crate) mod names;
pub mod permissions;
pub(crate) mod role;
mod superusers;
pub(crate) mod sweep;

pub use actions::actions;
pub use authority::authority;
pub use change::{Collection, demand};
pub use listing::{Column, List, Page};
pub use role::{NewRole, RoleChange, RoleColumn, create, delete, get, list, update};

pub(crate) use authority::Known;
pub(crate) use book::Book;
pub(crate) use change::Change;
pub(crate) use superusers::leave;
