//! Requests under a dialect's prefix that no route takes.

use crate::answer::Answer;
use crate::app::App;
use crate::arrived::Arrived;
use crate::cors::{self, Readers};
use crate::dialect::Dialect;
use crate::endpoint::Endpoint;
use crate::limit::Budget;
use crate::refuse::throttled;
use crate::reply::Reply;
use crate::router::Place;
use vestibule_model::Access;
use vestibule_model::refusal::NotFound;

impl App {
    pub(crate) async fn at_other_method<'a>(
        &'a self,
        dialect: &'a Dialect,
        place: &Place,
        arrived: Box<Arrived>,
    ) -> Reply<'a> {
        let asked = &arrived.parts.headers;
        if cors::is_preflight(&arrived.parts.method, asked) {
            let public = place
                .routes()
                .iter()
                .any(|it| it.guard.access() == Access::Public);
            let readers = if public {
                Readers::Anybody { asking: true }
            } else {
                self.readers(dialect, cors::origin(asked), None).await
            };
            if readers != Readers::OwnOrigin {
                let mut answer = Answer::empty(204);
                cors::allow_request(&mut answer.headers, asked);
                return Reply::of(answer, Endpoint::Unrouted, dialect).read_by(readers);
            }
        }
        self.unrouted(
            dialect,
            NotFound::Method {
                allow: place.allow().to_owned(),
            },
            arrived,
        )
        .await
    }

    pub(crate) async fn unrouted<'a>(
        &'a self,
        dialect: &'a Dialect,
        refusal: NotFound,
        arrived: Box<Arrived>,
    ) -> Reply<'a> {
        let own = dialect.own_budget(arrived.parts.uri.path());
        let shown = self
            .limits
            .charge(own, Budget::Default, arrived.client, arrived.at);
        let error = if shown.refused {
            throttled(&shown)
        } else {
            refusal.into()
        };
        let answer = self.refuse(dialect, Endpoint::Unrouted, error, &arrived.id);
        let readers = self
            .readers(dialect, cors::origin(&arrived.parts.headers), None)
            .await;
        Reply::of(answer, Endpoint::Unrouted, dialect)
            .showing(dialect.limit_headers, shown)
            .read_by(readers)
    }
}
