//! What a route asks of its caller. Every route declares one; stories check each against a matrix of callers.

/// The permission that a route declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody, without a key: health, keys, documents.
    Public,
    /// An API key (or what stands for one) and nothing else: registration, login, mailed secrets.
    ApiKey,
    /// A live session's access token; an API key is optional but must fit.
    Bearer,
    /// The secret in the body is the authority (OAuth token endpoints, logout by refresh token).
    Secret,
}
