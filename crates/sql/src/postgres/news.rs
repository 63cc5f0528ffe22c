//! Asking whether there is news, where nothing is heard.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::connector::Connector;
use super::readers::Readers;
use super::shared::Shared;
use crate::{Error, Listener};

/// Leaves a mark for those who ask, in the transaction that has news: a number that nobody has seen before, so that a
/// database that fell back behind it cannot come to it again.
pub const TELL: &str = "UPDATE news SET told = $1";
const TOLD: &str = "SELECT told FROM news";
/// How long one answer is waited for.
pub const PATIENCE: Duration = Duration::from_secs(1);
/// How long nobody asks after one that did not come.
const REST: Duration = Duration::from_millis(250);

/// Asks on a connection of its own: when that is given up, nobody else loses an answer.
pub struct News {
    readers: Readers,
    asked: Mutex<Asked>,
}

#[derive(Default)]
struct Asked {
    /// When the last answer was asked for, and whether it came.
    last: Option<(Instant, Result<(), Error>)>,
    /// The last that came.
    told: Option<i64>,
}

impl News {
    /// Connects when it is first asked.
    pub fn new(connector: &Arc<Connector>, prepare: bool, shared: &Arc<Shared>) -> Self {
        Self {
            readers: Readers::new(connector, 1, prepare, shared).patient_for(PATIENCE),
            asked: Mutex::default(),
        }
    }

    /// Asks, unless somebody else has since this was called: whoever comes meanwhile shares the next answer. The caches
    /// forget everything if there is news, and are then told when it was asked for.
    pub async fn ask(&self, listener: &dyn Listener) -> Result<(), Error> {
        let came = Instant::now();
        let mut asked = self.asked.lock().await;
        match &asked.last {
            Some((at, answer)) if *at >= came => return answer.clone(),
            Some((at, Err(error))) if at.elapsed() < PATIENCE + REST => return Err(error.clone()),
            _ => {}
        }
        let at = Instant::now();
        let told = self.told().await;
        asked.last = Some((at, told.as_ref().map(drop).map_err(Clone::clone)));
        let told = Some(told?);
        if asked.told != told {
            listener.foreign_commit();
            asked.told = told;
        }
        listener.asked(at);
        Ok(())
    }

    async fn told(&self) -> Result<i64, Error> {
        let row = self.readers.read(TOLD, &[]).await?.one(TOLD)?;
        row.ok_or(Error::Lost)?.get(0)
    }

    pub fn close(&self) {
        self.readers.close();
    }
}
