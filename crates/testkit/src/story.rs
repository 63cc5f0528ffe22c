//! The frame of a story: a module with one test per database.

/// The databases on which every story is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// A new file in a folder that goes with the story.
    Sqlite,
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
        }
    )* };
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
