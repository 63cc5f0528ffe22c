//! The people of the stories.

use crate::Server;
use serde_json::{Map, Value};
use std::future::IntoFuture;
use std::pin::Pin;
use vestibule_model::id::{SessionId, UserId};
use vestibule_model::user::User;
use vestibule_model::{Environment, Realm, Timestamp};
use vestibule_ops::admin::{Operator, sessions, users};
use vestibule_store::attempts::{self, Account};
use vestibule_store::{Error, Tx};

/// The password of everybody who was given none.
pub const PASSWORD: &str = "correct horse battery";

/// Somebody with an account.
#[derive(Clone, Debug)]
pub struct Persona {
    /// The id.
    pub id: UserId,
    /// The address.
    pub email: String,
    /// The password; empty when there is none.
    pub password: String,
    /// In which half of the project.
    pub environment: Environment,
}

/// Somebody who is getting an account. `await` makes it.
pub struct Builder<'t> {
    server: &'t Server,
    email: String,
    password: Option<users::NewPassword>,
    plain: String,
    environment: Environment,
    profile: Map<String, Value>,
    verified: bool,
    locked: bool,
    disabled: bool,
}

impl Server {
    /// Somebody with an account, unverified and with the usual [`PASSWORD`] unless more is said. It is made by an
    /// operator: no mail is sent, no budget is used, and its audit rows count as read.
    pub fn user(&self, email: &str) -> Builder<'_> {
        Builder {
            server: self,
            email: email.to_owned(),
            password: Some(users::NewPassword::Plain(PASSWORD.to_owned())),
            plain: PASSWORD.to_owned(),
            environment: Environment::Live,
            profile: Map::new(),
            verified: false,
            locked: false,
            disabled: false,
        }
    }

    /// The user of a persona as it is now.
    pub async fn stored(&self, persona: &Persona) -> Option<User> {
        users::find(self.core(), self.project.realm(persona.environment), persona.id)
            .await
            .expect("the users")
    }
}

impl Builder<'_> {
    /// With this password.
    #[must_use]
    pub fn password(mut self, password: &str) -> Self {
        (self.plain, self.password) = (
            password.to_owned(),
            Some(users::NewPassword::Plain(password.to_owned())),
        );
        self
    }

    /// With the hash that another system stored of this password.
    #[must_use]
    pub fn imported(mut self, hash: &str, password: &str) -> Self {
        (self.plain, self.password) = (
            password.to_owned(),
            Some(users::NewPassword::Hash(hash.to_owned())),
        );
        self
    }

    /// Without any password.
    #[must_use]
    pub fn passwordless(mut self) -> Self {
        (self.plain, self.password) = (String::new(), None);
        self
    }

    /// With a field of the profile.
    #[must_use]
    pub fn profile(mut self, field: &str, value: &str) -> Self {
        self.profile.insert(field.to_owned(), value.into());
        self
    }

    /// In the test environment.
    #[must_use]
    pub const fn in_test(mut self) -> Self {
        self.environment = Environment::Test;
        self
    }

    /// With a proven address.
    #[must_use]
    pub const fn verified(mut self) -> Self {
        self.verified = true;
        self
    }

    /// Locked a moment ago, after ten wrong passwords.
    #[must_use]
    pub const fn locked(mut self) -> Self {
        self.locked = true;
        self
    }

    /// Disabled by an operator.
    #[must_use]
    pub const fn disabled(mut self) -> Self {
        self.disabled = true;
        self
    }

    /// The persona, or why an operator may not make it.
    pub async fn try_make(self) -> Result<Persona, vestibule_ops::Error> {
        let (server, by) = (self.server, operator());
        let new = users::NewUser {
            email: self.email,
            email_verified: self.verified,
            password: self.password,
            profile: self.profile,
            public_metadata: Map::new(),
        };
        let user = users::create(server.core(), &by, &server.project, self.environment, new).await?;
        if self.locked {
            server.lock(user.realm, Account::User(user.id)).await;
        }
        if self.disabled {
            users::disable(server.core(), &by, &user)
                .await
                .expect("to disable the persona");
        }
        server.audit_rows().await;
        Ok(Persona {
            id: user.id,
            email: user.email.as_str().to_owned(),
            password: self.plain,
            environment: self.environment,
        })
    }
}

impl<'t> IntoFuture for Builder<'t> {
    type Output = Persona;
    type IntoFuture = Pin<Box<dyn Future<Output = Persona> + Send + 't>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let made = self.try_make().await;
            made.unwrap_or_else(|error| panic!("the persona was not made: {error:?}"))
        })
    }
}

impl Server {
    /// Disables somebody, as an operator does.
    pub async fn disable(&self, persona: &Persona) {
        let user = self.stored(persona).await.expect("a user");
        assert!(
            users::disable(self.core(), &operator(), &user)
                .await
                .expect("to disable")
        );
    }

    /// The live user of an address, if there is one.
    pub async fn find(&self, email: &str) -> Option<User> {
        users::find_by_email(self.core(), self.project.realm(Environment::Live), email)
            .await
            .expect("the users")
    }

    /// Ends the lock of somebody's account, as an operator does.
    pub async fn unlock(&self, persona: &Persona) {
        let user = self.stored(persona).await.expect("a user");
        users::unlock(self.core(), &operator(), &user)
            .await
            .expect("to unlock");
    }

    /// Ends a session, as an operator does.
    pub async fn end_session(&self, session: SessionId) {
        let ended = sessions::revoke(self.core(), &operator(), session).await;
        assert!(ended.expect("to end a session"), "there is such a session");
    }

    /// Deletes somebody, as an operator does.
    pub async fn delete(&self, persona: &Persona) {
        let user = self.stored(persona).await.expect("a user");
        assert!(
            users::delete(self.core(), &operator(), &user)
                .await
                .expect("to delete")
        );
    }

    /// Locks an account as ten wrong passwords would.
    pub async fn lock(&self, realm: Realm, account: Account) {
        let core = self.core();
        let lockout = core.settings.lockout;
        for _ in 0..lockout.failures {
            let attempt = (realm, account, lockout, core.clock.now());
            let charged = core.store.db.write(core.deadline(), charge, attempt).await;
            charged.expect("to lock the account");
        }
    }
}

type Attempt = (Realm, Account, vestibule_model::lockout::Lockout, Timestamp);

async fn charge(tx: &mut Tx, (realm, account, lockout, now): &Attempt) -> Result<(), Error> {
    attempts::charge(tx, *realm, account, lockout, *now)
        .await
        .map(drop)
}

/// Who runs the command line in stories.
pub fn operator() -> Operator {
    Operator {
        name: "story".to_owned(),
    }
}
