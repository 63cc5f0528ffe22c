//! How many files this process may hold open.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises the soft limit to the hard one: every connection is a file, and the usual 1,024 are fewer than the
/// connections that the server would take.
pub fn raise_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "cannot raise the limit of open files; fewer connections can be served at once");
    }
}
