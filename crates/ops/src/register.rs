//! Registration: a new account by address and password.

use crate::cx::Cx;
use crate::error::{Error, KeepingWrites, Stop};
use crate::issue::{self, SignedIn};
use crate::post::{self, SecretMail, Sender};
use crate::user_schema::{self, By, Identifier};
use crate::{audit, passwords, unique_values};
use serde_json::{Map, Value};
use vestibule_model::id::UserId;
use vestibule_model::mail::{MailKind, Purpose};
use vestibule_model::refusal::{Conflict, FieldError, Input, Permission};
use vestibule_model::user::User;
use vestibule_model::{Email, Timestamp};
use vestibule_store::audit::{Act, Entry};
use vestibule_store::outbox::OutboxRow;
use vestibule_store::{Tx, credentials, users};

/// What somebody registers with.
pub struct Register {
    /// The e-mail address as typed.
    pub email: String,
    /// The password.
    pub password: String,
    /// Profile fields by the project's user schema.
    pub profile: Map<String, Value>,
    /// What the app stores beside the profile.
    pub public_metadata: Map<String, Value>,
}

/// The answer to a registration.
pub struct Registered {
    /// The new user; a made-up one when the address was taken and the project hides that.
    pub user: User,
}

/// Registers an account and mails its owner a link and a code to verify the address. That an address is taken is said
/// only after the same hash work; with `registration.hide_existing` it is told to its owner by mail, and to nobody else.
pub async fn register(cx: &Cx, input: Register) -> Result<Registered, Error> {
    if !cx.project.settings.registration.open {
        return Err(Permission::RegistrationClosed.into());
    }
    let candidate = Candidate::check(cx, input)?;
    let hash = passwords::hash(cx, &candidate.password).await?;
    let user = candidate.user;
    let hide_existing = cx.project.settings.registration.hide_existing;
    let creation = Creation {
        hash,
        identifiers: candidate.identifiers,
        mail: post::secret_mail(Sender::of(cx), Some(&user), Purpose::VerifyEmail).await?,
        entry: audit::done(cx, Act::UserRegistered).about(user.id),
        taken: Taken {
            notice: if hide_existing {
                Some(post::notice(
                    Sender::of(cx),
                    MailKind::AlreadyRegistered,
                    &user.email,
                    None,
                )?)
            } else {
                None
            },
            entry: audit::refused(cx, Act::UserRegisteredAgain),
        },
        user,
    };
    let user = cx.write(create, creation).await?;
    cx.core.mail_queued.notify_one();
    Ok(Registered { user })
}

/// Registers and signs in at once, where a new user may: not where the address has to be verified first, and not where
/// the project hides which addresses are taken, because a made-up user cannot sign in.
pub async fn register_and_sign_in(cx: &Cx, input: Register) -> Result<(Registered, Option<SignedIn>), Error> {
    let registered = register(cx, input).await?;
    if cx.policy().verified_email || cx.project.settings.registration.hide_existing {
        return Ok((registered, None));
    }
    let credential = credentials::find(&cx.core.store.db, registered.user.id).await?;
    let version = credential.map_or(0, |credential| credential.version);
    let signed_in = issue::sign_in(cx, &registered.user, version).await?;
    Ok((registered, Some(signed_in)))
}

/// A registration whose every field is in order.
struct Candidate {
    user: User,
    password: vestibule_keys::Password,
    identifiers: Vec<Identifier>,
}

impl Candidate {
    fn check(cx: &Cx, input: Register) -> Result<Self, Error> {
        let rules = user_schema::of(&cx.project)?.rules()?;
        let email = Email::parse(&input.email)
            .map_err(|problem| FieldError::new("email", "format", problem.to_string()));
        let metadata = user_schema::check_metadata(&input.public_metadata);
        let (email, profile) = match (email, rules.admit(input.profile, By::Owner), metadata) {
            (Ok(email), Ok(profile), Ok(())) => (email, profile),
            (email, profile, metadata) => {
                let profile = profile.err().into_iter().flatten();
                let wrong = email.err().into_iter().chain(profile).chain(metadata.err());
                return Err(Input::Fields(wrong.collect()).into());
            }
        };
        let now = cx.now();
        let user = User {
            id: UserId::new(cx.core.entropy.as_ref(), now),
            realm: cx.realm(),
            number: 0,
            email,
            email_typed: input.email.trim().to_owned(),
            email_verified_at: None,
            profile: profile.fields,
            public_metadata: input.public_metadata,
            disabled_at: None,
            created_at: now,
            updated_at: now,
        };
        let password = passwords::admit(cx, &user, &input.password)?;
        Ok(Self {
            user,
            password,
            identifiers: profile.identifiers,
        })
    }
}

struct Creation {
    user: User,
    hash: String,
    identifiers: Vec<Identifier>,
    mail: SecretMail,
    entry: Entry,
    taken: Taken,
}

/// What is written when the address has an account already.
struct Taken {
    /// The mail to its owner, where the project hides what exists.
    notice: Option<OutboxRow>,
    entry: Entry,
}

async fn create(tx: &mut Tx, new: &Creation) -> Result<User, Stop> {
    let mut user = new.user.clone();
    if let Some(owner) = users::find_by_email_in(tx, user.realm, &user.email).await? {
        return taken(tx, &new.taken, &owner, user).await;
    }
    user.number = users::next_number(tx, user.realm).await?;
    if !users::insert(tx, &user).await? {
        // Another registration of the address was committed since it was looked for.
        let owner = users::find_by_email_in(tx, user.realm, &user.email)
            .await?
            .ok_or(Conflict::EmailTaken)?;
        return taken(tx, &new.taken, &owner, user).await;
    }
    insert_rest(tx, &user, &new.identifiers, Some(&new.hash), user.created_at).await?;
    post::send_secret(tx, &new.mail).await?;
    vestibule_store::audit::write(tx, &new.entry).await?;
    Ok(user)
}

/// Writes what belongs to a new user's row: unique values and the password.
pub(crate) async fn insert_rest(
    tx: &mut Tx,
    user: &User,
    identifiers: &[Identifier],
    hash: Option<&str>,
    now: Timestamp,
) -> Result<(), Stop> {
    unique_values::claim(tx, user, identifiers).await?;
    if let Some(hash) = hash {
        credentials::set(tx, user.id, hash, now).await?;
    }
    Ok(())
}

async fn taken(tx: &mut Tx, taken: &Taken, owner: &User, mut made_up: User) -> Result<User, Stop> {
    let entry = taken.entry.clone().about(owner.id);
    let Some(notice) = &taken.notice else {
        vestibule_store::audit::write(tx, &entry).await?;
        return Err(Conflict::EmailTaken.keeping_writes());
    };
    // The notice counts the earlier rows of this act, so it goes first.
    post::send_registered_again(tx, owner.id, notice).await?;
    vestibule_store::audit::write(tx, &entry).await?;
    if made_up.number == 0 {
        // A real number is spent on it, so that neither a missing nor a repeated one gives it away.
        made_up.number = users::next_number(tx, made_up.realm).await?;
    }
    Ok(made_up)
}
