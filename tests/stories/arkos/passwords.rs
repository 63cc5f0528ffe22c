//! Passwords by this API's rule, and their change.

use serde_json::{Value, json};
use vestibule_testkit::stories;

const CLASSES: &str = "must contain at least one uppercase letter, one lowercase letter, and one number";

stories! {
    async fn the_documented_rule_holds_at_sign_up_and_at_a_change(t: Server) {
        let ada = t.user("ada@example.org").password("StrongP@ss123").await;
        let app = t.arkos().signed_in(&ada).await;
        for (number, (weak, why)) in [
            ("strongp@ss123", CLASSES), ("STRONGP@SS123", CLASSES), ("StrongPassword", CLASSES), ("12345678", CLASSES), ("Sp1", "must be at least 8 characters"), ("Strong1", "must be at least 8 characters"),
        ].into_iter().enumerate() {
            let app = app.clone().from(&format!("10.0.0.{number}"));
            let body = json!({"email": "new@example.org", "password": weak});
            app.signup(body).await.refused_by_arkos(400, &format!("The password {why}"));
            app.update_password("StrongP@ss123", weak).await.refused_by_arkos(400, &format!("The new password {why}"));
        }
        app.clone().from("10.0.0.9").update_password("StrongP@ss123", "EvenStronger@456").await.ok(200);
    }

    async fn the_documents_sample_passwords_are_accepted(t: Server) {
        for (number, password) in ["SecureP@ss123", "StrongP@ss123", "EvenStronger@456", "newSecurePassword123"].into_iter().enumerate() {
            let body = json!({"email": format!("user{number}@example.com"), "password": password});
            t.arkos().signup(body).await.ok(201);
        }
    }

    async fn p15_a_change_needs_the_current_password_and_a_wrong_one_counts(t: Server) {
        let ada = t.user("ada@example.org").password("StrongP@ss123").await;
        let app = t.arkos().signed_in(&ada).await;
        for (number, body) in [
            json!({}), json!({"currentPassword": "StrongP@ss123"}), json!({"newPassword": "EvenStronger@456"}), json!({"currentPassword": "", "newPassword": "EvenStronger@456"}),
            json!({"currentPassword": null, "newPassword": "EvenStronger@456"}), json!({"currentPassword": 1, "newPassword": "EvenStronger@456"}), json!({"current_password": "StrongP@ss123", "new_password": "EvenStronger@456"}),
        ].into_iter().enumerate() {
            let app = app.clone().from(&format!("10.0.0.{number}"));
            app.post("/api/auth/update-password", body).await.refused_by_arkos(400, "currentPassword and newPassword are required");
        }
        for number in 0..10 {
            let app = app.clone().from(&format!("10.0.1.{number}"));
            app.update_password("wrong", "EvenStronger@456").await.refused_by_arkos(400, "Current password is incorrect.");
        }
        app.update_password("StrongP@ss123", "EvenStronger@456").await.refused_by_arkos(429, "Too many requests, please try again later");
        t.rakomi().login(&ada.email, &ada.password).await.refused(429, "auth/account_locked");
    }

    async fn a_change_ends_every_other_session_and_keeps_its_own(t: Server) {
        let ada = t.user("ada@example.org").password("StrongP@ss123").await;
        let (app, other) = (t.arkos().signed_in(&ada).await, t.arkos().in_browser(&ada).await);
        let rakomi = t.rakomi().signed_in(&ada).await;
        app.update_password("StrongP@ss123", "EvenStronger@456").await.ok(200);
        app.me().await.ok(200);
        other.me().await.refused_by_arkos(401, "You are not logged in! Please log in to get access.");
        rakomi.me().await.refused(401, "token/revoked");
        assert_eq!(app.me().await.json()["data"]["password"], Value::Null);
    }
}
