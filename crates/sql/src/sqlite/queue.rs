//! A bounded queue between tasks that never wait and threads that do.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::Error;

/// A first-in, first-out queue with a bound and an end.
pub struct Queue<T> {
    state: Mutex<State<T>>,
    ready: Condvar,
    bound: usize,
}

struct State<T> {
    items: VecDeque<T>,
    /// Threads asleep in `pull`: waking costs a system call, so nobody is woken who is not asleep.
    asleep: usize,
    /// How many items they sleep for.
    wanted: usize,
    /// Whether patient items let them sleep.
    biding: bool,
    closed: bool,
}

/// What a thread finds in the queue.
pub enum Pull<T> {
    /// The oldest item.
    Item(T),
    /// Nothing came in time.
    Idle,
    /// The queue is closed and empty.
    Closed,
}

impl<T> Queue<T> {
    pub fn new(bound: usize) -> Self {
        let state = State {
            items: VecDeque::new(),
            asleep: 0,
            wanted: 1,
            biding: false,
            closed: false,
        };
        Self {
            state: Mutex::new(state),
            ready: Condvar::new(),
            bound,
        }
    }

    /// Adds an item, or sheds it: [`Error::Busy`] when the queue is full, [`Error::Closed`] after its end.
    pub fn push(&self, item: T) -> Result<(), Error> {
        self.add(item, false)
    }

    /// As [`push`](Self::push); a patient item wakes nobody who [bides](Self::bide).
    pub fn add(&self, item: T, patient: bool) -> Result<(), Error> {
        let mut state = self.state();
        if state.closed {
            return Err(Error::Closed);
        }
        if state.items.len() >= self.bound {
            return Err(Error::Busy);
        }
        state.items.push_back(item);
        let wake = state.asleep > 0 && state.items.len() >= state.wanted && !(patient && state.biding);
        drop(state);
        if wake {
            self.ready.notify_one();
        }
        Ok(())
    }

    /// Takes the oldest item, waiting for one.
    pub fn pull(&self, patience: Duration) -> Pull<T> {
        let mut state = self.wait(1, patience);
        match state.items.pop_front() {
            Some(item) => Pull::Item(item),
            None if state.closed => Pull::Closed,
            None => Pull::Idle,
        }
    }

    /// Waits until so many items are in the queue, or the patience is over. For a queue with one taker: while it
    /// waits, nobody else is woken by fewer.
    pub fn gather(&self, wanted: usize, patience: Duration) {
        self.wait(wanted, patience).wanted = 1;
    }

    /// Waits until the patience is over, or an item is in the queue that is not patient. For a queue with one
    /// taker.
    pub fn bide(&self, patience: Duration, is_patient: impl Fn(&T) -> bool) {
        let until = Instant::now() + patience;
        let mut state = self.state();
        state.biding = true;
        while !state.closed && state.items.iter().all(&is_patient) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.sleep(state, left);
        }
        state.biding = false;
    }

    fn wait(&self, wanted: usize, patience: Duration) -> MutexGuard<'_, State<T>> {
        let mut state = self.state();
        if state.items.len() >= wanted || state.closed {
            return state;
        }
        let until = Instant::now() + patience;
        state.wanted = wanted;
        while state.items.len() < wanted && !state.closed {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.sleep(state, left);
        }
        state
    }

    fn sleep<'s>(
        &'s self,
        mut state: MutexGuard<'s, State<T>>,
        longest: Duration,
    ) -> MutexGuard<'s, State<T>> {
        state.asleep += 1;
        let (mut state, _) = self
            .ready
            .wait_timeout(state, longest)
            .unwrap_or_else(PoisonError::into_inner);
        state.asleep -= 1;
        state
    }

    /// How many items are in the queue.
    pub fn waiting(&self) -> usize {
        self.state().items.len()
    }

    /// Takes the oldest item if there is one and it is wanted.
    pub fn next_if(&self, wanted: impl FnOnce(&T) -> bool) -> Option<T> {
        self.state().items.pop_front_if(|item| wanted(item))
    }

    /// Whether any waiting item is so.
    pub fn any(&self, is_so: impl Fn(&T) -> bool) -> bool {
        self.state().items.iter().any(is_so)
    }

    /// Ends the queue: nothing more goes in, and what is in comes out.
    pub fn close(&self) {
        self.state().closed = true;
        self.ready.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_sheds_and_a_closed_one_drains() {
        let queue = Queue::new(2);
        assert_eq!(queue.push(1), Ok(()));
        assert_eq!(queue.push(2), Ok(()));
        assert_eq!(queue.push(3), Err(Error::Busy));
        queue.close();
        assert_eq!(queue.push(4), Err(Error::Closed));
        assert!(matches!(queue.pull(Duration::ZERO), Pull::Item(1)));
        assert!(queue.any(|item| *item == 2) && !queue.any(|item| *item == 1));
        assert_eq!(queue.next_if(|item| *item != 2), None);
        assert_eq!(queue.next_if(|item| *item == 2), Some(2));
        assert!(matches!(queue.pull(Duration::MAX / 4), Pull::Closed));
    }

    #[test]
    fn an_empty_queue_is_idle_after_the_patience() {
        assert!(matches!(Queue::<()>::new(1).pull(Duration::ZERO), Pull::Idle));
    }
}
