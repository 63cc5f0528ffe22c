//! The values that only one user of a realm may have, in the transaction that sets them. The database decides who is
//! first.

use crate::error::Stop;
use crate::user_schema::Identifier;
use vestibule_model::refusal::Conflict;
use vestibule_model::user::User;
use vestibule_store::{Tx, identifiers};

/// Claims values for a user who has none of them; answers the paths of those that somebody else has.
async fn claim_free(tx: &mut Tx, user: &User, wanted: &[&Identifier]) -> Result<Vec<String>, Stop> {
    let mut taken: Vec<String> = Vec::new();
    for Identifier { path, value } in wanted {
        let claimed = identifiers::claim(tx, user.realm, user.id, path, value).await?;
        if !claimed && !taken.contains(path) {
            taken.push(path.clone());
        }
    }
    Ok(taken)
}

/// Claims the values of a new user, all or none.
pub(crate) async fn claim(tx: &mut Tx, user: &User, wanted: &[Identifier]) -> Result<(), Stop> {
    none_taken(claim_free(tx, user, &wanted.iter().collect::<Vec<_>>()).await?)
}

/// Makes the values of a user exactly these, all or none.
pub(crate) async fn replace(tx: &mut Tx, user: &User, wanted: &[Identifier]) -> Result<(), Stop> {
    none_taken(replace_free(tx, user, wanted).await?)
}

/// Makes the values of a user these, but for those that somebody else has, whose paths it answers.
pub(crate) async fn replace_free(
    tx: &mut Tx,
    user: &User,
    wanted: &[Identifier],
) -> Result<Vec<String>, Stop> {
    let present = identifiers::of_user(tx, user.id).await?;
    let is = |it: &Identifier, (path, value): &(String, String)| it.path == *path && it.value == *value;
    for gone in &present {
        if !wanted.iter().any(|it| is(it, gone)) {
            identifiers::release(tx, user.realm, user.id, &gone.0, &gone.1).await?;
        }
    }
    let new = wanted.iter().filter(|it| !present.iter().any(|had| is(it, had)));
    claim_free(tx, user, &new.collect::<Vec<_>>()).await
}

fn none_taken(taken: Vec<String>) -> Result<(), Stop> {
    if taken.is_empty() {
        Ok(())
    } else {
        Err(Conflict::ValueTaken(taken).into())
    }
}
