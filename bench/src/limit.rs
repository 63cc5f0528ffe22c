//! What each figure of a server is compared with, and how.

use crate::load::{Load, Measured};
use crate::reference::{BareAxum, raw_hashes, raw_signatures};
use crate::server::Server;
use crate::turns::{self, Compared};
use crate::{Arguments, Failed};

/// The limit of a figure.
#[derive(Clone, Copy)]
pub enum Limit {
    /// CPU time of bare axum for a JSON answer.
    BareAnswer,
    /// Answers per second of bare axum with a document.
    BareDocument,
    /// Password hashes per second.
    Hashes,
    /// RS256 signatures per second.
    Signatures,
}

/// A server beside its references.
pub struct Stage<'a> {
    /// What is measured.
    pub server: &'a Server,
    /// The reference for requests.
    pub bare: &'a BareAxum,
    /// Seconds that each load lasts.
    pub seconds: u64,
    /// How often each figure and its limit are measured in turn.
    pub turns: u32,
}

impl<'a> Stage<'a> {
    /// A server beside bare axum, for as long and as often as was asked for.
    pub fn new(server: &'a Server, bare: &'a BareAxum, arguments: &Arguments) -> Self {
        Self {
            server,
            bare,
            seconds: arguments.seconds,
            turns: arguments.turns,
        }
    }

    /// The server under a load by turns with the limit. Each turn has a load of its own, for what one uses up; it is made
    /// before the limit is reached, so that nothing is done between the two.
    pub fn against(
        &self,
        limit: Limit,
        mut load: impl FnMut() -> Result<Load, Failed>,
    ) -> Result<Compared, Failed> {
        turns::compare(self.turns, limit.standing(), || {
            let load = load()?;
            Ok((self.reach(limit)?, load.run(&self.server.child)?))
        })
    }

    /// Seconds that a load of hashes lasts: as many are under way when it ends as it makes in a tenth of a second, and
    /// they are not counted.
    pub const fn hashing(&self) -> u64 {
        4 * self.seconds
    }

    fn reach(&self, limit: Limit) -> Result<f64, Failed> {
        let bare = |path| self.bare.answers(path, self.seconds).run(&self.bare.child);
        match limit {
            Limit::BareAnswer => Ok(bare("/")?.cpu),
            Limit::BareDocument => Ok(bare("/document")?.rate),
            Limit::Hashes => raw_hashes(self.hashing()),
            Limit::Signatures => raw_signatures(self.seconds),
        }
    }
}

impl Limit {
    fn standing(self) -> fn(&Measured, f64) -> f64 {
        match self {
            Self::BareAnswer => |ours, bare| ours.cpu / bare,
            Self::BareDocument | Self::Hashes | Self::Signatures => |ours, limit| ours.rate / limit,
        }
    }
}
