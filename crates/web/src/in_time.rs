//! Work that is given up when its time is over, whatever it waits for.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};
use vestibule_model::Fault;
use vestibule_ops::Error;

/// How long after its deadline a request may still be answered: a transaction that began in time may end a little late.
const GRACE: Duration = Duration::from_millis(600);

/// What came of the work; none when it outlived its deadline. What it has handed over to the database runs to its end.
/// An alarm is set only for work that has to wait.
pub(crate) async fn within<T>(deadline: Instant, mut work: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    let mut alarm = None;
    poll_fn(|context| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(Some(done));
        }
        let set = || Box::pin(tokio::time::sleep_until((deadline + GRACE).into()));
        let over = alarm.get_or_insert_with(set).as_mut().poll(context);
        over.map(|()| None)
    })
    .await
}

/// The same for work that may fail.
pub(crate) async fn in_time<T>(
    deadline: Instant,
    work: Pin<&mut impl Future<Output = Result<T, Error>>>,
) -> Result<T, Error> {
    let late = || Err(Fault::Unknown("there was no end of it in time".to_owned()).into());
    within(deadline, work).await.unwrap_or_else(late)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;

    #[tokio::test(start_paused = true)]
    async fn rl10_work_that_never_ends_is_given_up_a_little_after_its_deadline_and_other_work_is_not() {
        let begun = tokio::time::Instant::now();
        let deadline = begun.into_std() + Duration::from_secs(5);
        let given_up = in_time(deadline, pin!(std::future::pending::<Result<(), Error>>())).await;
        assert!(matches!(given_up, Err(Error::Fault(Fault::Unknown(_)))));
        assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
        let late = async {
            tokio::time::sleep(GRACE / 2).await;
            Ok(1)
        };
        let now = tokio::time::Instant::now().into_std();
        assert_eq!(in_time(now, pin!(late)).await.ok(), Some(1));
    }
}
