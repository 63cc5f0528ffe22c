//! One thread, one hasher, one block of memory.

use super::line::{Checked, Job, Line, Next, Task};
use super::{PoolError, priority};
use crate::password::StoredHash;
use crate::password::argon2::{Argon2, HashFailed};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;
use std::time::Instant;
use vestibule_model::entropy;

/// Above this, in KiB, a hash runs alone: only imported ones or very careful settings come here.
const LARGE_KIB: u32 = 64 * 1_024;

pub(super) fn run(line: &Line) {
    priority::lower();
    let mut hasher = line.settings.engine.hasher();
    let mut resting = true;
    loop {
        match line.next(resting) {
            Next::Work(job) => {
                let cost = job.cost;
                // A library that panics on a stored hash costs that one login, not the worker.
                if catch_unwind(AssertUnwindSafe(|| work(line, hasher.as_mut(), job))).is_err() {
                    tracing::error!("a password hash panicked; the worker goes on");
                    hasher = line.settings.engine.hasher();
                }
                line.finished(cost);
                resting = false;
            }
            Next::Rest => {
                hasher.release();
                resting = true;
            }
            Next::End => return,
        }
    }
}

fn work(line: &Line, hasher: &mut dyn Argon2, job: Job) {
    let params = line.settings.params;
    let begun = Instant::now();
    match job.task {
        Task::Hash { password, reply } => {
            let salt = entropy::bytes(line.entropy.as_ref());
            let made = alone(line, params.memory_kib(), || {
                StoredHash::make(hasher, params, &password, salt)
            });
            line.pace.usual(job.cost, begun.elapsed());
            drop(reply.send(made.map_err(failed)));
        }
        Task::Verify {
            password,
            against,
            reply,
        } => {
            let matches = alone(line, against.memory_kib(), || against.matches(hasher, &password));
            if against.usual(params) {
                line.pace.usual(job.cost, begun.elapsed());
            } else {
                line.pace.unusual(begun.elapsed());
            }
            if against.memory_kib() > params.memory_kib() {
                hasher.release();
            }
            drop(reply.send(matches.map(|matches| Checked { matches, begun }).map_err(failed)));
        }
    }
}

fn alone<T>(line: &Line, memory_kib: u32, hash: impl FnOnce() -> T) -> T {
    let guard = (memory_kib > LARGE_KIB).then(|| line.large.lock().unwrap_or_else(PoisonError::into_inner));
    let made = hash();
    drop(guard);
    made
}

fn failed(error: HashFailed) -> PoolError {
    tracing::error!(%error, "a password could not be hashed");
    PoolError::Failed
}
