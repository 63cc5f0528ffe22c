//! API keys, of which none is needed here, and what they select.

use vestibule_ops::admin::api_keys;
use vestibule_testkit::{Environment, PASSWORD, operator, stories};

stories! {
    async fn x05_a_key_is_not_needed_but_a_bad_one_is_never_ignored(t: Server) {
        let ada = t.user("ada@example.org").await;
        let made = t.darukaa_key(&t.project, Environment::Live).await;
        let key = made.text.clone();
        assert!(key.starts_with("drk_prod_"), "{key}");
        for app in [t.darukaa(), t.darukaa().with_key(&key), t.darukaa().with_key(&t.keys.live.api), t.darukaa().with_key(&t.keys.live.publishable)] {
            app.signed_in(&ada).await.user().await.ok(200);
        }

        let app = t.darukaa().signed_in(&ada).await;
        api_keys::revoke(t.core(), &operator(), made.row.id).await.unwrap();
        let (mut mistyped, other_kind) = (key.clone(), key.replace("drk_prod_", "drk_test_"));
        mistyped.pop();
        for bad in [key.as_str(), &mistyped, &other_kind, "junk", "", &t.keys.live.secret, "drk_prod_"] {
            let app = app.clone().with_key(bad);
            for answer in [app.user().await, app.login(&ada.email, &ada.password).await, app.signup("eve@example.org", PASSWORD).await, app.forgot(&ada.email).await] {
                assert_eq!((answer.status, answer.body_as_documented().as_str()), (401, r#"{"error":{"code":"UNAUTHORIZED","message":"Invalid or missing access token","details":"Please provide a valid Bearer token in the Authorization header","request_id":"req_…","timestamp":"2026-03-03T12:00:00Z"}}"#));
            }
        }
        let twice = app.with_key(&t.keys.live.api).request("GET", "/api/v1/auth/user").header("x-api-key", &t.keys.live.api);
        twice.send().await.refused_by_darukaa(401, "UNAUTHORIZED");
        assert!(t.mails_to("eve@example.org").await.is_empty());
    }

    async fn x05_a_bad_key_is_refused_before_the_body_is_looked_at(t: Server) {
        let request = t.request("POST", "/auth/login").header("x-api-key", "drk_prod_junk").raw_json("{");
        request.send().await.refused_by_darukaa(401, "UNAUTHORIZED");
        t.request("POST", "/auth/login").raw_json("{").send().await.refused_by_darukaa(400, "VALIDATION_ERROR");
    }

    async fn x04_the_environments_share_neither_users_nor_tokens(t: Server) {
        let (live, test) = (t.darukaa_key(&t.project, Environment::Live).await.text, t.darukaa_key(&t.project, Environment::Test).await.text);
        assert!(test.starts_with("drk_test_"), "{test}");
        let of_test = t.darukaa().with_key(&test);
        of_test.signup("tess@example.org", PASSWORD).await.ok(201);
        t.user("ada@example.org").await;

        t.darukaa().login("tess@example.org", PASSWORD).await.refused_by_darukaa(401, "INVALID_CREDENTIALS");
        of_test.login("ada@example.org", PASSWORD).await.refused_by_darukaa(401, "INVALID_CREDENTIALS");
        let tess = of_test.clone().with_tokens(&of_test.login("tess@example.org", PASSWORD).await.ok(200));
        tess.user().await.ok(200);
        let ada = t.darukaa().with_tokens(&t.darukaa().login("ada@example.org", PASSWORD).await.ok(200));
        ada.clone().with_key(&live).user().await.ok(200);

        ada.clone().with_key(&test).user().await.refused_by_darukaa(401, "UNAUTHORIZED");
        tess.clone().with_key(&live).user().await.refused_by_darukaa(401, "UNAUTHORIZED");
        t.darukaa().bearing(tess.access()).user().await.refused_by_darukaa(401, "UNAUTHORIZED");
        ada.clone().with_key(&test).refresh(ada.refresh_token()).await.refused_by_darukaa(401, "INVALID_REFRESH_TOKEN");
        tess.clone().with_key(&live).refresh(tess.refresh_token()).await.refused_by_darukaa(401, "INVALID_REFRESH_TOKEN");
    }

    async fn x01_a_key_selects_its_project_and_tokens_of_others_open_nothing_there(t: Server) {
        let other = t.another_project("other").await;
        let key = t.darukaa_key(&other.project, Environment::Live).await.text;
        let theirs = t.darukaa().with_key(&key);
        theirs.signup("ada@example.org", PASSWORD).await.ok(201);
        let login = theirs.login("ada@example.org", PASSWORD).await.ok(200);
        let theirs = theirs.with_tokens(&login);
        theirs.user().await.ok(200);

        t.darukaa().login("ada@example.org", PASSWORD).await.refused_by_darukaa(401, "INVALID_CREDENTIALS");
        t.darukaa().bearing(theirs.access()).user().await.refused_by_darukaa(401, "UNAUTHORIZED");
        let ada = t.user("ada@example.org").await;
        let ours = t.darukaa().signed_in(&ada).await;
        ours.with_key(&key).user().await.refused_by_darukaa(401, "UNAUTHORIZED");
    }
}
