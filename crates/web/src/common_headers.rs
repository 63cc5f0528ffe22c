//! The headers that the answers of a route have in common, put together once: to copy them all is cheaper than to find
//! each its place in every answer.

use crate::answer::{Answer, Kind};
use crate::cors::{self, Readers};
use crate::limit::Rate;
use crate::limit_headers::{self, LimitHeaders};
use crate::reply::REQUEST_ID;
use crate::request_id::RequestId;
use crate::security;
use http::{HeaderMap, HeaderValue};
use std::sync::OnceLock;
use vestibule_model::Timestamp;
use vestibule_model::budget::Standing;

/// The common headers of one route.
#[derive(Default)]
pub(crate) struct CommonHeaders {
    of_successes: OnceLock<Common>,
    of_refusals: OnceLock<Common>,
}

/// What the first answer said.
struct Common {
    headers: HeaderMap,
    kind: Kind,
    rate: Rate,
}

/// What there is to say of an answer beside what is in it.
pub(crate) struct Circumstances<'a> {
    pub(crate) id: &'a RequestId,
    pub(crate) style: LimitHeaders,
    pub(crate) standing: &'a Standing,
    pub(crate) readers: Readers,
    /// Whether clients reach us by TLS.
    pub(crate) https: bool,
}

impl CommonHeaders {
    /// The headers of an answer to a request that `arrived` then, without those that only this answer sets. Style, TLS
    /// and whether anybody may read it are the same for all answers of the route.
    pub(crate) fn of(
        &self,
        answer: &Answer,
        of: Circumstances<'_>,
        arrived: impl FnOnce() -> Timestamp,
    ) -> HeaderMap {
        let common = if answer.status.is_success() {
            &self.of_successes
        } else {
            &self.of_refusals
        };
        let common = common.get_or_init(|| Common::new(answer, &of));
        let mut headers = common.headers.clone();
        let mut places = headers.values_mut();
        let mut fill = |value| {
            if let Some(place) = places.next() {
                *place = value;
            }
        };
        fill(of.id.header());
        limit_headers::tell_standing(of.style, of.standing, arrived, |_, value| fill(value));
        if of.standing.rate != common.rate {
            limit_headers::add_policy(&mut headers, of.style, of.standing.rate);
        }
        if answer.kind != common.kind {
            answer.kind.say(&mut headers);
        }
        cors::name_origin(&mut headers, of.readers);
        headers
    }
}

impl Common {
    /// The places of what every answer says differently come first.
    fn new(answer: &Answer, of: &Circumstances<'_>) -> Self {
        let (mut headers, rate) = (HeaderMap::with_capacity(16), of.standing.rate);
        headers.insert(REQUEST_ID, HeaderValue::from_static(""));
        let epoch = || Timestamp::from_micros(0);
        limit_headers::tell_standing(of.style, of.standing, epoch, |name, _| {
            headers.insert(name, HeaderValue::from_static(""));
        });
        limit_headers::add_policy(&mut headers, of.style, rate);
        answer.kind.say(&mut headers);
        cors::say_whose(&mut headers, &of.readers);
        security::add(&mut headers, of.https);
        Self {
            headers,
            kind: answer.kind,
            rate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Endpoint;
    use crate::limit::Shown;
    use crate::reply::Reply;
    use crate::request_id::RequestIds;
    use crate::sample::{self, Zero};
    use http::Method;
    use std::time::Duration;

    fn shown(requests: u32, refused: bool) -> Shown {
        let window = Duration::from_mins(1);
        let rate = Rate { requests, window };
        let (remaining, reset) = (if refused { 0 } else { requests - 1 }, window / 2);
        let standing = Standing {
            rate,
            remaining,
            reset,
        };
        Shown { standing, refused }
    }

    fn answers() -> impl Iterator<Item = (Answer, Readers)> {
        let page = HeaderValue::from_static("https://app.example.org");
        let answers = [
            Answer::json(200, &"hello"),
            Answer::json(200, &"hello").cached(Duration::from_mins(5)),
            Answer::empty(204),
            Answer::problem(200, &"hello").header("x-own", "1"),
            Answer::problem(401, &"no").header("www-authenticate", "Bearer"),
            Answer::json(409, &"no"),
        ];
        let readers = [
            Readers::OwnOrigin,
            Readers::Origin(page.clone()),
            Readers::OriginWithCookies(page),
        ];
        answers.into_iter().flat_map(move |answer| {
            let pair = move |readers| (answer.clone(), readers);
            readers.clone().map(pair)
        })
    }

    #[test]
    fn what_is_copied_is_what_would_be_put_together_anew() {
        let (id, dialect) = (RequestIds::new(&Zero).next(), sample::dialect());
        let sent = |reply: Reply<'_>| {
            let arrived = || Timestamp::from_seconds(7);
            let response = reply.into_response(&Method::GET, &id, true, arrived);
            (response.status(), response.headers().clone())
        };
        for (first, _) in answers() {
            let [_, route, ..] = &*sample::routes() else {
                panic!("the sample has routes")
            };
            let style = dialect.limit_headers;
            let _ = sent(Reply::at_route(
                first,
                (&dialect, route),
                shown(60, false),
                Readers::OwnOrigin,
            ));
            for (answer, readers) in answers() {
                for shown in [shown(60, false), shown(60, true), shown(240, false)] {
                    let copied = Reply::at_route(answer.clone(), (&dialect, route), shown, readers.clone());
                    let anew = Reply::of(answer.clone(), Endpoint::Login, &dialect)
                        .showing(style, shown)
                        .read_by(readers.clone());
                    assert_eq!(sent(copied), sent(anew));
                }
            }
        }
    }
}
