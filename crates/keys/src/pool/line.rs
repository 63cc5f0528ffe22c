//! The line of waiting jobs, and who may join it.

use super::pace::Pace;
use super::{PoolError, Settings, Stats};
use crate::password::{Password, StoredHash};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use vestibule_model::Entropy;

/// A finished check.
pub(super) struct Checked {
    pub(super) matches: bool,
    pub(super) begun: Instant,
}

pub(super) enum Task {
    Hash {
        password: Password,
        reply: oneshot::Sender<Result<StoredHash, PoolError>>,
    },
    Verify {
        password: Password,
        against: StoredHash,
        reply: oneshot::Sender<Result<Checked, PoolError>>,
    },
}

impl Task {
    fn refuse(self, error: PoolError) {
        // Whoever asked may have gone; then nobody needs the answer.
        match self {
            Self::Hash { reply, .. } => drop(reply.send(Err(error))),
            Self::Verify { reply, .. } => drop(reply.send(Err(error))),
        }
    }
}

pub(super) struct Job {
    pub(super) task: Task,
    /// Work, in thousandths of a floor hash.
    pub(super) cost: u32,
    pub(super) deadline: Instant,
}

impl Job {
    /// Whether it is still worth beginning: before its deadline, and somebody waits for it.
    fn wanted(&self, now: Instant) -> bool {
        let abandoned = match &self.task {
            Task::Hash { reply, .. } => reply.is_closed(),
            Task::Verify { reply, .. } => reply.is_closed(),
        };
        now < self.deadline && !abandoned
    }
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Job>,
    /// Cost of what waits and of what runs.
    cost: u64,
    busy: usize,
    closed: bool,
}

/// What a worker is told to do next.
pub(super) enum Next {
    Work(Job),
    /// Nothing came for a while: give the memory back.
    Rest,
    End,
}

pub(super) struct Line {
    pub(super) settings: Settings,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) pace: Pace,
    /// Held during a hash of unusual memory, so that at most one runs at a time.
    pub(super) large: Mutex<()>,
    state: Mutex<State>,
    arrived: Condvar,
    done: AtomicU64,
    shed: AtomicU64,
}

impl Line {
    pub(super) fn new(settings: Settings, entropy: Arc<dyn Entropy>) -> Self {
        let (pace, large, state) = (Pace::default(), Mutex::default(), Mutex::default());
        let (arrived, done, shed) = (Condvar::new(), AtomicU64::new(0), AtomicU64::new(0));
        Self {
            settings,
            entropy,
            pace,
            large,
            state,
            arrived,
            done,
            shed,
        }
    }

    /// Lets a job wait, unless it would not be done in time: then it is refused now rather than after a wait.
    pub(super) fn join(&self, job: Job) -> Result<(), PoolError> {
        let mut state = self.state();
        self.room(&state, job.cost, job.deadline)?;
        state.cost += u64::from(job.cost);
        state.waiting.push_back(job);
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// Whether a job of this cost could join now; nothing joins.
    pub(super) fn admits(&self, cost: u32, deadline: Instant) -> Result<(), PoolError> {
        self.room(&self.state(), cost, deadline)
    }

    fn room(&self, state: &State, cost: u32, deadline: Instant) -> Result<(), PoolError> {
        if state.closed {
            return Err(PoolError::Stopped);
        }
        let (wait, left) = (
            self.wait(state),
            deadline.saturating_duration_since(Instant::now()),
        );
        // Only another hash can tell that they are fast again, after a machine stood still in the middle of some.
        let idle = state.busy == 0 && state.waiting.is_empty() && !left.is_zero();
        let late = !idle && wait + self.pace.time_of(cost.into()) > left;
        if late || state.waiting.len() >= self.settings.queue {
            return Err(self.shed(wait));
        }
        Ok(())
    }

    /// Blocks until there is something to do. Jobs past their deadline and jobs that nobody waits for any more
    /// are dropped on the way, not begun.
    pub(super) fn next(&self, resting: bool) -> Next {
        let mut state = self.state();
        loop {
            if state.closed {
                return Next::End;
            }
            if let Some(job) = state.waiting.pop_front() {
                if job.wanted(Instant::now()) {
                    state.busy += 1;
                    return Next::Work(job);
                }
                state.cost = state.cost.saturating_sub(job.cost.into());
                let wait = self.wait(&state);
                job.task.refuse(self.shed(wait));
            } else if resting {
                state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
            } else {
                let waited = self
                    .arrived
                    .wait_timeout(state, self.settings.idle)
                    .unwrap_or_else(PoisonError::into_inner);
                state = waited.0;
                if waited.1.timed_out() && state.waiting.is_empty() && !state.closed {
                    return Next::Rest;
                }
            }
        }
    }

    /// Notes that a worker has finished a job of this cost.
    pub(super) fn finished(&self, cost: u32) {
        let mut state = self.state();
        state.busy = state.busy.saturating_sub(1);
        state.cost = state.cost.saturating_sub(cost.into());
        self.done.fetch_add(1, Relaxed);
    }

    /// Refuses newcomers, drops what waits and ends the workers; what runs is finished.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        self.arrived.notify_all();
        for job in waiting {
            job.task.refuse(PoolError::Stopped);
        }
    }

    /// Why a reply never came: the pool was closed, or the computation panicked.
    pub(super) fn gone(&self) -> PoolError {
        if self.state().closed {
            PoolError::Stopped
        } else {
            PoolError::Failed
        }
    }

    pub(super) fn stats(&self) -> Stats {
        let state = self.state();
        Stats {
            workers: self.settings.workers,
            busy: state.busy,
            queued: state.waiting.len(),
            done: self.done.load(Relaxed),
            shed: self.shed.load(Relaxed),
            hash_time: self.pace.unit(),
        }
    }

    fn shed(&self, wait: Duration) -> PoolError {
        self.shed.fetch_add(1, Relaxed);
        PoolError::Overloaded {
            retry_after: wait.max(Duration::from_secs(1)),
        }
    }

    /// How long it takes until nobody waits for a worker, or until each has done so many hashes.
    pub(super) fn backlog(&self, hashes: u32) -> Duration {
        let unit = self.pace.unit();
        self.wait(&self.state()).saturating_sub(unit).min(unit * hashes)
    }

    /// How long a newcomer would wait for a worker.
    fn wait(&self, state: &State) -> Duration {
        if state.waiting.is_empty() && state.busy < self.settings.workers {
            return Duration::ZERO;
        }
        self.pace.time_of(state.cost / self.settings.workers as u64)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemEntropy;
    use crate::password::Params;
    use crate::password::hash::UNIT;

    type Answer = oneshot::Receiver<Result<StoredHash, PoolError>>;

    fn line(workers: usize, queue: usize) -> Line {
        let settings = Settings {
            workers,
            queue,
            ..Settings::for_this_machine(Params::default())
        };
        Line::new(settings, Arc::new(SystemEntropy))
    }

    fn job(within: Duration) -> (Job, Answer) {
        let (reply, answer) = oneshot::channel();
        let task = Task::Hash {
            password: Password::for_login("password"),
            reply,
        };
        (
            Job {
                task,
                cost: UNIT,
                deadline: Instant::now() + within,
            },
            answer,
        )
    }

    fn begin(line: &Line) -> Job {
        match line.next(false) {
            Next::Work(job) => job,
            Next::Rest | Next::End => panic!("no work"),
        }
    }

    const LONG: Duration = Duration::from_mins(10);

    #[test]
    fn a_job_that_cannot_be_done_in_time_is_refused_before_it_waits() {
        let line = line(2, 1_024);
        let (under_way, answer) = job(LONG);
        line.join(under_way).unwrap();
        let (_under_way, mut answers) = (begin(&line), vec![answer]);
        assert!(
            line.join(job(Duration::from_millis(9)).0).is_err(),
            "a hash is expected to take 10 ms"
        );
        for _ in 0..199 {
            let (job, answer) = job(LONG);
            line.join(job).unwrap();
            answers.push(answer);
        }
        // 200 hashes of 10 ms by two workers: one second; and its own 10 ms.
        let refused = line.join(job(Duration::from_millis(1_005)).0);
        assert_eq!(
            refused,
            Err(PoolError::Overloaded {
                retry_after: Duration::from_secs(1)
            })
        );
        assert_eq!(line.join(job(Duration::from_millis(1_100)).0), Ok(()));
        assert_eq!((line.stats().shed, line.stats().queued), (2, 200));
    }

    #[test]
    fn the_backlog_is_over_when_nobody_waits_although_the_workers_are_busy() {
        let line = line(2, 1_024);
        let join = |count| -> Vec<Answer> {
            let jobs = (0..count).map(|_| job(LONG));
            jobs.map(|(job, answer)| line.join(job).map(|()| answer).unwrap())
                .collect()
        };
        let _answers = join(2);
        let _under_way = [begin(&line), begin(&line)];
        assert_eq!(line.backlog(9), Duration::ZERO);
        let _waiting = join(6);
        assert_eq!(line.backlog(9), Duration::from_millis(30), "three rounds");
        assert_eq!(line.backlog(2), Duration::from_millis(20));
    }

    #[test]
    fn asking_is_answered_as_joining_would_be_and_joins_nothing() {
        let line = line(2, 3);
        let within = |milliseconds| Instant::now() + Duration::from_millis(milliseconds);
        let (under_way, _answer) = job(LONG);
        line.join(under_way).unwrap();
        let _under_way = begin(&line);
        assert!(line.admits(UNIT, within(9)).is_err());
        for _ in 0..10 {
            assert_eq!(line.admits(UNIT, within(1_000)), Ok(()));
        }
        assert_eq!((line.stats().shed, line.stats().queued), (1, 0));
        let _waiting = [(); 3]
            .map(|()| job(LONG))
            .map(|(job, answer)| (line.join(job), answer));
        assert!(line.admits(UNIT, within(1_000)).is_err(), "the queue is full");
    }

    #[test]
    fn a_slow_machine_is_noticed_and_so_is_that_it_is_fast_again() {
        let line = line(2, 1_024);
        for _ in 0..100 {
            line.pace.usual(UNIT, Duration::from_millis(100));
        }
        assert!(line.stats().hash_time > Duration::from_millis(95));
        let soon = Duration::from_millis(90);
        let (first, _answer) = job(soon);
        assert_eq!(line.join(first), Ok(()), "nobody else would tell");
        let first = begin(&line);
        assert!(line.join(job(soon).0).is_err(), "one is enough to tell");
        line.finished(first.cost);
        assert!(line.join(job(Duration::ZERO).0).is_err(), "it is late already");
    }

    #[test]
    fn the_queue_is_bounded_whatever_the_deadlines() {
        let line = line(2, 3);
        let waiting: Vec<_> = (0..4)
            .map(|_| job(LONG))
            .map(|(job, answer)| (line.join(job), answer))
            .collect();
        let admitted: Vec<bool> = waiting.iter().map(|(joined, _)| joined.is_ok()).collect();
        assert_eq!(admitted, [true, true, true, false]);
    }

    #[test]
    fn work_that_nobody_waits_for_is_dropped_unless_it_has_begun() {
        let line = line(1, 1_024);
        let (first, first_answer) = job(LONG);
        let (second, second_answer) = job(LONG);
        let (third, _third_answer) = job(LONG);
        let third_deadline = third.deadline;
        for job in [first, second, third] {
            line.join(job).unwrap();
        }

        let begun = begin(&line);
        drop((first_answer, second_answer));
        assert_eq!(
            (line.stats().busy, line.stats().queued),
            (1, 2),
            "what has begun keeps its worker"
        );
        line.finished(begun.cost);
        assert_eq!(begin(&line).deadline, third_deadline, "the second is skipped");
        assert_eq!(
            (line.stats().done, line.stats().shed, line.stats().busy),
            (1, 1, 1)
        );
    }

    #[test]
    fn work_past_its_deadline_is_not_begun() {
        let (job, _answer) = job(LONG);
        let deadline = job.deadline;
        assert!(job.wanted(deadline.checked_sub(Duration::from_nanos(1)).unwrap()));
        assert!(!job.wanted(deadline));
    }

    #[test]
    fn what_waits_when_the_pool_stops_is_told_so() {
        let line = line(1, 1_024);
        let (job_waiting, mut answer) = job(LONG);
        line.join(job_waiting).unwrap();
        line.close();
        assert_eq!(answer.try_recv().unwrap().unwrap_err(), PoolError::Stopped);
        assert_eq!(line.join(job(LONG).0), Err(PoolError::Stopped));
        assert!(matches!(line.next(true), Next::End));
    }
}
