//! Access: who may call a handler, as part of the handler's own type.
//!
//! A route takes its handler through one of these functions, so that none is declared without its access, and
//! what the access proves is what the handler is given: a [`Caller`] exists only behind [`signed_in`].

use crate::answer::Answer;
use crate::call::{Call, Open};
use std::pin::Pin;
use vestibule_model::Access;
use vestibule_ops::{Caller, Error};

/// A handler at work.
pub(crate) type Running = Pin<Box<dyn Future<Output = Result<Answer, Error>> + Send>>;

type CallHandler = Box<dyn Fn(Call) -> Running + Send + Sync>;

/// A handler and what must be true before it runs.
pub struct Guarded(pub(crate) Guard);

pub(crate) enum Guard {
    Public(Box<dyn Fn(Open) -> Running + Send + Sync>),
    ApiKey(CallHandler),
    SignedIn(Box<dyn Fn(Call, Caller) -> Running + Send + Sync>),
    Secret(CallHandler),
    SecretOfSession(CallHandler),
    SecretInForm(CallHandler),
}

impl Guard {
    pub(crate) const fn access(&self) -> Access {
        match self {
            Self::Public(_) => Access::Public,
            Self::ApiKey(_) => Access::ApiKey,
            Self::SignedIn(_) => Access::Bearer,
            Self::Secret(_) | Self::SecretOfSession(_) | Self::SecretInForm(_) => Access::Secret,
        }
    }
}

/// [`Access::Public`]: anybody; API keys are ignored, and any origin may read the answer.
pub fn public<R>(handler: impl Fn(Open) -> R + Send + Sync + 'static) -> Guarded
where
    R: Future<Output = Result<Answer, Error>> + Send + 'static,
{
    Guarded(Guard::Public(Box::new(move |open| Box::pin(handler(open)))))
}

/// [`Access::ApiKey`]: a good API key.
pub fn api_key<R>(handler: impl Fn(Call) -> R + Send + Sync + 'static) -> Guarded
where
    R: Future<Output = Result<Answer, Error>> + Send + 'static,
{
    Guarded(Guard::ApiKey(Box::new(move |call| Box::pin(handler(call)))))
}

/// [`Access::Bearer`]: the access token of a live session. An API key, if sent, must be good and of the token's
/// environment; without one the token's `kid` names the project.
pub fn signed_in<R>(handler: impl Fn(Call, Caller) -> R + Send + Sync + 'static) -> Guarded
where
    R: Future<Output = Result<Answer, Error>> + Send + 'static,
{
    Guarded(Guard::SignedIn(Box::new(move |call, caller| {
        Box::pin(handler(call, caller))
    })))
}

/// [`Access::Secret`]: the secret in the body is the authority. An API key, if sent, must be good; without one
/// the request is about the default project.
pub fn secret<R>(handler: impl Fn(Call) -> R + Send + Sync + 'static) -> Guarded
where
    R: Future<Output = Result<Answer, Error>> + Send + 'static,
{
    Guarded(Guard::Secret(Box::new(move |call| Box::pin(handler(call)))))
}

/// [`Access::Secret`], where the form says which project the request is about: by the client that it names, else by the
/// refresh token in it (RFC 6749 §6, RFC 7009 §2.1).
pub fn secret_in_form<R>(handler: impl Fn(Call) -> R + Send + Sync + 'static) -> Guarded
where
    R: Future<Output = Result<Answer, Error>> + Send + 'static,
{
    Guarded(Guard::SecretInForm(Box::new(move |call| Box::pin(handler(call)))))
}

/// [`Access::Secret`], the secret being a token of the session: a good API key, or a bearer whose `kid` names
/// the project. Whether the bearer is still good is the handler's question, as at a logout that is repeated.
pub fn secret_of_session<R>(handler: impl Fn(Call) -> R + Send + Sync + 'static) -> Guarded
where
    R: Future<Output = Result<Answer, Error>> + Send + 'static,
{
    Guarded(Guard::SecretOfSession(Box::new(move |call| {
        Box::pin(handler(call))
    })))
}
