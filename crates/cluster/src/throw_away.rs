//! A database that goes.

use crate::Cluster;
use std::path::PathBuf;

/// A database of a test; dropped, with all its connections, when this is.
pub struct ThrowAway<'c> {
    cluster: &'c Cluster,
    name: String,
}

impl<'c> ThrowAway<'c> {
    pub(crate) const fn new(cluster: &'c Cluster, name: String) -> Self {
        Self { cluster, name }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The cluster that it is in.
    pub const fn cluster(&self) -> &Cluster {
        self.cluster
    }

    /// Where its files are, once everything is in them.
    pub fn folder(&self) -> PathBuf {
        let oid = self.cluster.run(&format!(
            "CHECKPOINT; SELECT oid FROM pg_database WHERE datname = '{}'",
            self.name
        ));
        self.cluster.data().join("base").join(oid)
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.cluster.url(&self.name)
    }
}

impl Drop for ThrowAway<'_> {
    fn drop(&mut self) {
        let name = &self.name;
        self.cluster
            .admin()
            .leave(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
    }
}
