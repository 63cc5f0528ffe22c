//! Asking for a mailed secret: the same work and the same answer for every address, after the same time.

use crate::audit;
use crate::cx::Cx;
use crate::error::{Error, Stop};
use crate::post::{self, SecretMail, Sender};
use std::time::{Duration, Instant};
use vestibule_model::Email;
use vestibule_model::mail::Purpose;
use vestibule_model::user::User;
use vestibule_store::audit::{Act, Entry};
use vestibule_store::{Tx, users};

/// Answers leave on this beat, counted from when the work began. Equal sentences are not quite equal work: those that
/// find a row of the user's take some microseconds longer, and thousands of answers would show it.
const BEAT: Duration = Duration::from_millis(5);

/// Mails a secret to the user of an address, if there is one and `entitled` says so. For everybody else the same
/// sentences are run and a row is written that is mailed to nobody.
pub(crate) async fn request(
    cx: &Cx,
    email: &str,
    purpose: Purpose,
    entitled: fn(&User) -> bool,
) -> Result<(), Error> {
    let begun = Instant::now();
    let user = match Email::parse(email) {
        Ok(email) => users::find_by_email(&cx.core.store.db, cx.realm(), &email).await?,
        Err(_) => None,
    };
    let entry = audit::refused(cx, Act::MailRequested).saying(purpose.as_str());
    let recipient = user
        .as_ref()
        .filter(|user| user.disabled_at.is_none() && entitled(user));
    let entry = match (recipient, &user) {
        (Some(user), _) => audit::asked(cx, Act::MailRequested)
            .saying(purpose.as_str())
            .about(user.id),
        (None, Some(user)) => entry.about(user.id),
        (None, None) => entry,
    };
    let input = Request {
        mail: post::secret_mail(Sender::of(cx), recipient, purpose).await?,
        entry,
    };
    cx.write(write, input).await?;
    cx.core.mail_queued.notify_one();
    wait_for_the_beat(begun).await;
    Ok(())
}

/// Waits on a thread, because the runtime's timer counts whole milliseconds from the moment at which it is asked: what
/// is left of the work's length would show through.
async fn wait_for_the_beat(begun: Instant) {
    let beat = next_beat(begun, begun.elapsed());
    let waiting = tokio::task::spawn_blocking(move || {
        std::thread::sleep(beat.saturating_duration_since(Instant::now()));
    });
    if let Err(error) = waiting.await {
        tracing::warn!(%error, "an answer left before its beat");
    }
}

fn next_beat(begun: Instant, elapsed: Duration) -> Instant {
    let late = elapsed.as_nanos() % BEAT.as_nanos();
    begun + elapsed + BEAT.saturating_sub(Duration::from_nanos(u64::try_from(late).unwrap_or(0)))
}

struct Request {
    mail: SecretMail,
    entry: Entry,
}

async fn write(tx: &mut Tx, request: &Request) -> Result<(), Stop> {
    post::send_secret(tx, &request.mail).await?;
    Ok(vestibule_store::audit::write(tx, &request.entry).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_of_different_length_is_answered_on_the_same_beat() {
        let begun = Instant::now();
        let after = |micros| next_beat(begun, Duration::from_micros(micros)) - begun;
        assert_eq!((after(0), after(820), after(4_999)), (BEAT, BEAT, BEAT));
        assert_eq!((after(5_000), after(9_999)), (2 * BEAT, 2 * BEAT));
    }
}
