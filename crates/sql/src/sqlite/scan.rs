//! Lists, search and exports: reads too long for the calling task.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::queue::{Pull, Queue};
use super::session::all;
use crate::{Error, Row, Value};

/// A read that waits for a thread.
pub struct Scan {
    deadline: Instant,
    sql: &'static str,
    bind: Vec<Value>,
    tell: oneshot::Sender<Result<Vec<Row>, Error>>,
}

impl Scan {
    /// A read, and where its rows arrive.
    pub fn new(
        deadline: Instant,
        sql: &'static str,
        bind: Vec<Value>,
    ) -> (Self, oneshot::Receiver<Result<Vec<Row>, Error>>) {
        let (tell, answer) = oneshot::channel();
        (
            Self {
                deadline,
                sql,
                bind,
                tell,
            },
            answer,
        )
    }
}

/// Serves reads until the queue ends. Nobody waits for one that is late or was given up.
pub fn serve(connection: &Connection, scans: &Queue<Scan>) {
    loop {
        match scans.pull(Duration::from_hours(1)) {
            Pull::Item(scan) if scan.tell.is_closed() || Instant::now() >= scan.deadline => {}
            Pull::Item(scan) => {
                // The requester may have gone meanwhile; its rows go with it.
                let _ = scan.tell.send(all(connection, scan.sql, &scan.bind));
            }
            Pull::Idle => {}
            Pull::Closed => return,
        }
    }
}
