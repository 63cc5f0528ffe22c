//! Those who are ready travel together: whoever has the lane takes along all that are, and one commit, with its wait for the
//! disk, serves them all.

use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot::error::RecvError;
use tokio::sync::{Mutex as Lane, MutexGuard, Notify, oneshot};

/// How long one convoy may keep the next from leaving.
const HOLDUP: Duration = Duration::from_millis(50);
/// How long it waits until as many are ready as rode in the last one and came meanwhile: while many write at once, fewer
/// and longer convoys leave more of the processors to everybody. Who writes alone never waits.
const LINGER: Duration = Duration::from_millis(3);
/// Riders in one convoy, at most.
pub const LONGEST: usize = 24;

pub struct Convoy<R> {
    ready: Mutex<Ready<R>>,
    /// Told when somebody gets ready.
    came: Notify,
    /// Held by the one on its way, with how many the next one waits for: with more at once, each would take fewer along.
    lane: Lane<usize>,
}

/// Those who are ready, in the order in which they came.
struct Ready<R> {
    riders: Vec<R>,
    /// How many have left.
    left: u64,
}

impl<R> Convoy<R> {
    pub const fn new() -> Self {
        let ready = Ready {
            riders: Vec::new(),
            left: 0,
        };
        Self {
            ready: Mutex::new(ready),
            came: Notify::const_new(),
            lane: Lane::const_new(0),
        }
    }

    /// Waits for a rider's answer, and leads when the lane is free while the rider is still ready: the first of those who
    /// are, with whoever is still waited for.
    pub async fn ride<A, D: Future<Output = ()>>(
        &self,
        rider: R,
        mut answer: oneshot::Receiver<A>,
        is_waited_for: impl Fn(&R) -> bool,
        drive: impl Fn(Vec<R>) -> D,
    ) -> Result<A, RecvError> {
        let place = self.join(rider);
        loop {
            let lane = tokio::select! {
                biased;
                answered = &mut answer => return answered,
                lane = self.lane.lock() => lane,
            };
            if self.has_left(place) {
                // One of those who are ready leads the next convoy: their answers are not this one's to wait for.
                drop(lane);
                return answer.await;
            }
            self.lead(lane, &is_waited_for, &drive).await;
        }
    }

    /// Answers which one it is of all who ever came.
    fn join(&self, rider: R) -> u64 {
        let place = self.with(|ready| {
            ready.riders.push(rider);
            ready.left + ready.riders.len() as u64
        });
        self.came.notify_one();
        place
    }

    fn has_left(&self, place: u64) -> bool {
        self.with(|ready| place <= ready.left)
    }

    async fn lead<D: Future<Output = ()>>(
        &self,
        mut lane: MutexGuard<'_, usize>,
        is_waited_for: impl Fn(&R) -> bool,
        drive: impl Fn(Vec<R>) -> D,
    ) {
        self.gather(*lane).await;
        let mut riders = self.with(Ready::leave);
        riders.retain(is_waited_for);
        let size = riders.len();
        let mut driving = pin!(drive(riders));
        if tokio::time::timeout(HOLDUP, &mut driving).await.is_err() {
            // Somebody's row is locked, or the database is slow: the next need not wait for that.
            drop(lane);
            driving.await;
        } else {
            *lane = size + self.ready();
        }
    }

    /// Waits for so many to be ready, or a little less long.
    async fn gather(&self, wanted: usize) {
        // Those whom the last one brought home make room for others, who are ready in a moment.
        tokio::task::yield_now().await;
        let all = async {
            while self.ready() < wanted.min(LONGEST) {
                self.came.notified().await;
            }
        };
        // Those who are ready go.
        let _ = tokio::time::timeout(LINGER, all).await;
    }

    fn ready(&self) -> usize {
        self.with(|ready| ready.riders.len())
    }

    fn with<T>(&self, change: impl FnOnce(&mut Ready<R>) -> T) -> T {
        change(&mut self.ready.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<R> Ready<R> {
    /// The first, as many as ride together.
    fn leave(&mut self) -> Vec<R> {
        let length = self.riders.len().min(LONGEST);
        self.left += length as u64;
        self.riders.drain(..length).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::Pin;
    use tokio::sync::oneshot::Sender;

    /// A rider and who waits for it.
    struct Rider(&'static str, Sender<()>);

    type Drive<'d> = Pin<Box<dyn Future<Output = ()> + 'd>>;

    async fn ride<'d>(convoy: &Convoy<Rider>, name: &'static str, drive: impl Fn(Vec<Rider>) -> Drive<'d>) {
        let (tell, answer) = oneshot::channel();
        let rode = convoy.ride(Rider(name, tell), answer, |it| !it.1.is_closed(), drive);
        rode.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_under_way_in_another_ones_convoy_leads_none() {
        let (convoy, opened) = (Convoy::new(), Notify::new());
        let led = Mutex::new(Vec::new());
        let leads = |leader: &'static str| {
            let (led, opened) = (&led, &opened);
            move |riders: Vec<Rider>| -> Drive<'_> {
                let names: Vec<_> = riders.iter().map(|rider| rider.0).collect();
                led.lock().unwrap().push((leader, names));
                Box::pin(async move {
                    // A locked row keeps the first convoy on its way.
                    if leader == "a" {
                        opened.notified().await;
                    }
                    for rider in riders {
                        rider.1.send(()).unwrap();
                    }
                })
            }
        };
        let late = async {
            tokio::time::sleep(2 * HOLDUP).await;
            ride(&convoy, "c", leads("c")).await;
            opened.notify_one();
        };
        tokio::join!(
            ride(&convoy, "a", leads("a")),
            ride(&convoy, "b", leads("b")),
            late
        );
        let led = led.into_inner().unwrap();
        assert_eq!(led, [("a", vec!["a", "b"]), ("c", vec!["c"])]);
    }
}
