//! Sign-ups of one address, one after the other.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Mutex as Line, OwnedMutexGuard};

/// A line per client. Many sign-ups sent at once so learn of no more accounts than the same many in a row, and
/// none of them is refused for having been sent at once.
#[derive(Default)]
pub(crate) struct Turns(Mutex<HashMap<IpAddr, Arc<Line<()>>>>);

/// A client's turn, until it is dropped.
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    client: IpAddr,
    held: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits for the client's turn. Memory is bounded by the requests that wait.
    pub(crate) async fn wait(&self, client: IpAddr) -> Turn<'_> {
        let client = match client {
            IpAddr::V4(_) => client,
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        };
        let mut turn = Turn {
            turns: self,
            client,
            held: None,
        };
        let line = Arc::clone(self.lines().entry(client).or_default());
        turn.held = Some(line.lock_owned().await);
        turn
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<IpAddr, Arc<Line<()>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        drop(self.held.take());
        let mut lines = self.turns.lines();
        // Clones are made under the lock of the map, so a line that only the map holds has nobody in it.
        if lines
            .get(&self.client)
            .is_some_and(|line| Arc::strong_count(line) == 1)
        {
            lines.remove(&self.client);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::task::yield_now;

    #[tokio::test]
    async fn one_client_goes_one_at_a_time_and_leaves_nothing_behind() {
        let (turns, working) = (Arc::new(Turns::default()), Arc::new(Mutex::new((0, 0))));
        let tasks = (0..20).map(|host| {
            let (turns, working) = (Arc::clone(&turns), Arc::clone(&working));
            tokio::spawn(async move {
                let _turn = turns.wait(format!("2001:db8::{host:x}").parse().unwrap()).await;
                {
                    let mut working = working.lock().unwrap();
                    working.0 += 1;
                    working.1 = working.1.max(working.0);
                }
                yield_now().await;
                working.lock().unwrap().0 -= 1;
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        assert_eq!(*working.lock().unwrap(), (0, 1));
        assert!(turns.lines().is_empty());
    }

    #[tokio::test]
    async fn another_client_does_not_wait_and_one_that_gives_up_leaves_the_line() {
        let turns = Turns::default();
        let (first, second) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let held = turns.wait(first).await;
        let _other = turns.wait(second).await;
        tokio::select! {
            biased;
            _ = turns.wait(first) => panic!("two at a time"),
            () = yield_now() => {}
        }
        drop(held);
        assert_eq!(turns.lines().len(), 1);
    }
}
