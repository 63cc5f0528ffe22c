//! The frame of a story: a module with one test per database.

/// The databases on which every story is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// A new file in a folder that goes with the story.
    Sqlite,
    /// A new database in a cluster that goes with the process; none where `PostgreSQL` is not installed.
    Postgres,
}

impl Database {
    /// Whether stories can be told on it here.
    pub fn is_here(self) -> bool {
        match self {
            Self::Sqlite => true,
            Self::Postgres => vestibule_cluster::installed(),
        }
    }
}

/// Declares stories: `async fn` with one [`Server`](crate::Server), told once on each database.
///
/// ```ignore
/// stories! {
///     async fn a_stranger_is_not_let_in(t: Server) {
///         t.rakomi().login("nobody@example.org", "wrong").await.refused(401, "auth/invalid_credentials");
///     }
/// }
/// ```
#[macro_export]
macro_rules! stories {
    ($($(#[doc = $doc:literal])* async fn $name:ident($t:ident: Server) $story:block)*) => { $(
        $(#[doc = $doc])*
        async fn $name($t: $crate::Server) $story

        // Beside the story of the same name: functions and modules do not share theirs.
        mod $name {
            #[tokio::test]
            async fn sqlite() {
                super::$name($crate::Server::start($crate::Database::Sqlite).await).await;
            }

            #[tokio::test]
            async fn postgres() {
                if $crate::Database::Postgres.is_here() {
                    super::$name($crate::Server::start($crate::Database::Postgres).await).await;
                }
            }
        }
    )* };
}

/// Declares stories that many take part in at once: as [`stories!`](crate::stories), with threads and a server to share.
#[macro_export]
macro_rules! races {
    ($($(#[doc = $doc:literal])* async fn $name:ident($t:ident: Arc<Server>) $story:block)*) => { $(
        $(#[doc = $doc])*
        async fn $name($t: ::std::sync::Arc<$crate::Server>) $story

        // Beside the story of the same name: functions and modules do not share theirs.
        mod $name {
            async fn told_on(database: $crate::Database) {
                if database.is_here() {
                    super::$name(::std::sync::Arc::new($crate::Server::start(database).await)).await;
                }
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn sqlite() {
                told_on($crate::Database::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn postgres() {
                told_on($crate::Database::Postgres).await;
            }
        }
    )* };
}

/// Asserts a snapshot in the story's text, which is told on each database and the same on all.
#[doc(hidden)]
#[macro_export]
macro_rules! same_on_each {
    ($($asserted:tt)*) => {
        $crate::snapshots::allow_duplicates! { $crate::snapshots::assert_snapshot!($($asserted)*) }
    };
}

/// Asserts a whole refusal, the request id shown as `req_…` once header and body were seen to agree on it.
#[macro_export]
macro_rules! refused {
    ($answer:expr, $status:literal, @$body:literal) => {{
        let answer = &$answer;
        assert_eq!(answer.status, $status, "{answer}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer}");
        $crate::insta::assert_snapshot!(answer.body_as_documented(), @$body);
    }};
}

/// Asserts a whole success with a JSON body.
#[macro_export]
macro_rules! answered {
    ($answer:expr, $status:literal, @$body:literal) => {{
        let answer = &$answer;
        assert_eq!(answer.status, $status, "{answer}");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{answer}");
        $crate::insta::assert_snapshot!(answer.body_as_documented(), @$body);
    }};
}
