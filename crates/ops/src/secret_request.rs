//! Asking for a mailed secret: the same work and the same answer for every address.

use crate::audit;
use crate::cx::Cx;
use crate::error::{Error, Stop};
use crate::post::{self, SecretMail, Sender};
use vestibule_model::Email;
use vestibule_model::mail::Purpose;
use vestibule_model::user::User;
use vestibule_store::audit::{Act, Entry};
use vestibule_store::{Tx, users};

/// Mails a secret to the user of an address, if there is one and `entitled` says so. For everybody else the same
/// sentences are run and a row is written that is mailed to nobody.
pub(crate) async fn request(
    cx: &Cx,
    email: &str,
    purpose: Purpose,
    entitled: fn(&User) -> bool,
) -> Result<(), Error> {
    let user = match Email::parse(email) {
        Ok(email) => users::find_by_email(&cx.core.store.db, cx.realm(), &email).await?,
        Err(_) => None,
    };
    let entry = audit::refused(cx, Act::MailRequested).saying(purpose.as_str());
    let recipient = user
        .as_ref()
        .filter(|user| user.disabled_at.is_none() && entitled(user));
    let entry = match (recipient, &user) {
        (Some(user), _) => audit::done(cx, Act::MailRequested)
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
    Ok(())
}

struct Request {
    mail: SecretMail,
    entry: Entry,
}

async fn write(tx: &mut Tx, request: &Request) -> Result<(), Stop> {
    post::send_secret(tx, &request.mail).await?;
    Ok(vestibule_store::audit::write(tx, &request.entry).await?)
}
