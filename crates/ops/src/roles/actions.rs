//! What can be permitted at all, as far as it is known.

use super::change::{Collection, demand};
use super::permissions;
use crate::authenticate::Caller;
use crate::cx::Cx;
use crate::error::Error;
use std::collections::BTreeSet;
use vestibule_model::role::ACTIONS;

/// Every pair of resource and action that this server itself asks for, or that a role of the realm permits; sorted.
pub async fn actions(cx: &Cx, caller: &Caller) -> Result<Vec<(String, String)>, Error> {
    demand(cx, caller, Collection::Permissions, "View").await?;
    let built_in = Collection::ALL
        .into_iter()
        .flat_map(|collection| ACTIONS.map(|action| (collection.resource().to_owned(), action.to_owned())));
    let mut known: BTreeSet<_> = built_in.collect();
    let permitted = permissions::all(&cx.core, (&cx.project, cx.environment), cx.deadline).await?;
    known.extend(permitted.into_iter().map(|it| (it.resource, it.action)));
    Ok(known.into_iter().collect())
}
