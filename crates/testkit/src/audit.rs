//! What was written down.

use crate::Server;
use vestibule_model::{Environment, Timestamp};
use vestibule_store::audit::{self, Act, Entry};

impl Server {
    /// The audit rows of both environments since the last time that somebody asked, oldest first as far as the clock
    /// tells them apart.
    pub async fn audit_rows(&self) -> Vec<Entry> {
        let mut fresh = Vec::new();
        for environment in Environment::ALL {
            let end = Timestamp::from_micros(i64::MAX);
            let rows = audit::of_realm(
                &self.core().store.db,
                self.project.realm(environment),
                end,
                10_000,
            )
            .await;
            fresh.extend(rows.expect("the audit rows"));
        }
        let mut seen = self
            .audited
            .lock()
            .expect("no story panics while it reads audit rows");
        fresh.retain(|row| seen.insert(row.id));
        fresh.reverse();
        fresh
    }

    /// Asserts that exactly these acts were written down since the last time that somebody asked, in any order.
    #[track_caller]
    pub fn audited(&self, acts: impl IntoIterator<Item = Act>) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        let mut expected: Vec<_> = acts.into_iter().map(Act::as_str).collect();
        async move {
            let mut written: Vec<_> = self
                .audit_rows()
                .await
                .iter()
                .map(|row| row.act.as_str())
                .collect();
            written.sort_unstable();
            expected.sort_unstable();
            assert_eq!(written, expected, "audit rows at {place}");
        }
    }
}
