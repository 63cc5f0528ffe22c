//! Budgets of client addresses and locks of accounts.

use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Barrier;
use vestibule_testkit::{Answer, Front, PASSWORD, Rakomi, Server, Way, races, refused, stories};

const MINUTE: Duration = Duration::from_mins(1);
const SECOND: Duration = Duration::from_secs(1);

/// A request that costs one of the sign-in budget and no work at all.
async fn probe(app: &Rakomi<'_>) -> Answer {
    app.post("/v1/auth/verify-email", json!({})).await
}

/// How many of `count` probes from an address pass.
async fn passed(t: &Server, count: usize, address: impl Fn(usize) -> String) -> usize {
    let mut passed = 0;
    for number in 0..count {
        passed += usize::from(probe(&t.rakomi().from(&address(number))).await.status != 429);
    }
    passed
}

/// What the limits show of themselves in an answer.
fn shown(answer: &Answer) -> [Option<String>; 3] {
    ["ratelimit-policy", "ratelimit", "retry-after"].map(|name| answer.header(name).map(str::to_owned))
}

/// A probe through a way in of its own, with these headers.
async fn probe_by(front: &Front, t: &Server, peer: &str, headers: &[(&str, &str)]) -> Answer {
    let request = t
        .request("POST", "/v1/auth/verify-email")
        .from(peer.parse().unwrap())
        .json(&json!({}));
    front
        .send(
            headers
                .iter()
                .fold(request, |request, (name, value)| request.header(name, value)),
        )
        .await
}

/// Tries a wrong password from a new address each time, and says what came of it.
async fn fail(t: &Server, email: &str, number: usize) -> Answer {
    t.rakomi()
        .from(&format!("10.{}.{}.1", number / 256, number % 256))
        .login(email, "wrong")
        .await
}

stories! {
    async fn l01_of_a_thousand_wrong_passwords_from_a_thousand_addresses_ten_are_looked_at(t: Server) {
        let ada = t.user("ada@example.org").await;

        let (refused, cost) = t.cost_of(async {
            let mut refused = (0, 0);
            for number in 0..1_000 {
                match fail(&t, &ada.email, number).await.status {
                    401 => refused.0 += 1,
                    429 => refused.1 += 1,
                    other => panic!("{other}"),
                }
            }
            refused
        }).await;

        assert_eq!((refused, cost.hashes), ((10, 990), 10));
    }

    async fn l01_l14_the_lock_lasts_1_then_5_then_15_minutes_and_never_longer(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi();
        for number in 0..10 {
            fail(&t, &ada.email, number).await.refused(401, "auth/invalid_credentials");
        }
        for (number, minutes) in [1_u64, 5, 15, 15, 15].into_iter().enumerate() {
            let locked = app.login(&ada.email, &ada.password).await;
            locked.refused(429, "auth/account_locked");
            assert_eq!(locked.header("retry-after"), Some((minutes * 60).to_string().as_str()));
            t.advance(Duration::from_secs(minutes * 60 - 1));
            let locked = fail(&t, &ada.email, 20 + number).await;
            locked.refused(429, "auth/account_locked");
            assert_eq!(locked.header("retry-after"), Some("1"), "trying meanwhile prolongs nothing");
            t.advance(SECOND);
            fail(&t, &ada.email, 30 + number).await.refused(401, "auth/invalid_credentials");
        }
        t.advance(MINUTE * 15);

        app.login(&ada.email, &ada.password).await.ok(200);

        for number in 0..9 {
            fail(&t, &ada.email, 40 + number).await.refused(401, "auth/invalid_credentials");
        }
        app.login(&ada.email, &ada.password).await.ok(200);
    }

    async fn l14_e11_a_locked_account_answers_alike_whether_or_not_it_exists(t: Server) {
        let ada = t.user("ada@example.org").await;
        for number in 0..12 {
            let known = t.rakomi().from(&format!("10.1.0.{number}")).login(&ada.email, "wrong").await;
            let unknown = t.rakomi().from(&format!("10.2.0.{number}")).login("nobody@example.org", "wrong").await;
            assert_eq!((shown(&known), known.clone().masked()), (shown(&unknown), unknown.masked()));
            assert_eq!(known.status, if number < 10 { 401 } else { 429 });
        }
        refused!(t.rakomi().login("nobody@example.org", "wrong").await, 429, @r#"{"type":"about:blank","title":"Too Many Requests","status":429,"code":"auth/account_locked","detail":"The account is locked for a while after too many failed attempts; see the Retry-After header","request_id":"req_…","error":{"code":"auth/account_locked","message":"The account is locked for a while after too many failed attempts; see the Retry-After header","request_id":"req_…"}}"#);
    }

    async fn e12_the_budget_counts_down_alike_for_known_and_unknown_names(t: Server) {
        let ada = t.user("ada@example.org").await;
        for number in 0..8 {
            let known = t.rakomi().from("192.0.2.1").login(&ada.email, "wrong").await;
            let unknown = t.rakomi().from("192.0.2.2").login("nobody@example.org", "wrong").await;
            assert_eq!(shown(&known), shown(&unknown));
            assert_eq!(known.header("ratelimit"), Some(format!("limit=60, remaining={}, reset=60", 59 - number).as_str()));
            let known = t.rakomi().from("192.0.2.1").forgot(&ada.email).await;
            let unknown = t.rakomi().from("192.0.2.2").forgot("nobody@example.org").await;
            assert_eq!(shown(&known), shown(&unknown));
        }
    }

    async fn l02_one_address_tries_one_password_on_sixty_accounts_a_minute(t: Server) {
        let app = t.rakomi();
        for number in 0..60 {
            app.login(&format!("user{number}@example.org"), "Password1").await.refused(401, "auth/invalid_credentials");
        }

        let (refused, cost) = t.cost_of(app.login("user60@example.org", "Password1")).await;

        refused.refused(429, "rate_limit/exceeded");
        assert_eq!(cost.hashes, 0);
        t.rakomi().from("192.0.2.1").login("user60@example.org", "Password1").await.refused(401, "auth/invalid_credentials");
    }

    async fn l04_l05_a_client_cannot_choose_its_address(t: Server) {
        let names = ["x-forwarded-for", "x_forwarded_for", "x-real-ip", "true-client-ip", "forwarded", "cf-connecting-ip", "x-client-ip", "client-ip"];
        for number in 0..60 {
            let request = t.rakomi().request("POST", "/v1/auth/verify-email").json(&json!({}));
            let address = format!("198.51.100.{number}");
            let request = names.iter().fold(request, |request, name| request.header(name, &address));
            let request = request.header("x-forwarded-for", &format!("{address}, 10.0.0.{number}"));
            assert_eq!(request.send().await.status, 400);
        }
        for name in names {
            for value in ["203.0.113.99", "a", "", "for=203.0.113.99", "unknown, 203.0.113.99"] {
                let request = t.rakomi().request("POST", "/v1/auth/verify-email").json(&json!({})).header(name, value);
                request.send().await.refused(429, "rate_limit/exceeded");
            }
        }
    }

    async fn l04_l06_behind_a_named_proxy_the_rightmost_stranger_is_the_client(t: Server) {
        let front = t.front(Way { trusted_proxies: vec!["10.0.0.0/8", "fd00::/8"], ..Way::default() });
        for number in 0..60 {
            // What the client itself wrote stands to the left, and is not believed.
            let forged = format!("198.51.100.{number}, 203.0.113.7");
            assert_eq!(probe_by(&front, &t, "10.0.0.1", &[("x-forwarded-for", &forged)]).await.status, 401);
        }
        for same in [
            "203.0.113.7", "203.0.113.7:54321", "6.6.6.6, 203.0.113.7", "203.0.113.7, 10.9.9.9", "::ffff:203.0.113.7", "[::ffff:203.0.113.7]:443",
        ] {
            assert_eq!(probe_by(&front, &t, "10.0.0.2", &[("x-forwarded-for", same)]).await.status, 429, "{same}");
        }
        assert_eq!(probe_by(&front, &t, "10.0.0.1", &[("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "203.0.113.7")]).await.status, 429);
        for other in ["203.0.113.8", "[2001:db8::1]:443", "2001:db8:0:1::1"] {
            assert_eq!(probe_by(&front, &t, "fd00::1", &[("x-forwarded-for", other)]).await.status, 401, "{other}");
        }
        assert_eq!(probe_by(&front, &t, "192.0.2.1", &[("x-forwarded-for", "203.0.113.7")]).await.status, 401, "a stranger's word");
    }

    async fn l07_users_of_a_proxy_that_names_nobody_still_log_in(t: Server) {
        let front = t.front(Way { trusted_proxies: vec!["10.0.0.0/8"], ..Way::default() });
        for (number, garbage) in [&[][..], &[("x-forwarded-for", "unknown")], &[("x-forwarded-for", "a")], &[("x-real-ip", "203.0.113.7")]].iter().cycle().enumerate().take(200) {
            let answer = probe_by(&front, &t, "10.0.0.1", garbage).await;
            assert_eq!(answer.status, 401, "request {number}");
        }
        for _ in 0..60 {
            assert_eq!(probe_by(&front, &t, "10.0.0.1", &[("x-forwarded-for", "203.0.113.7")]).await.status, 401);
        }
        assert_eq!(probe_by(&front, &t, "10.0.0.1", &[("x-forwarded-for", "203.0.113.7")]).await.status, 429);
    }

    async fn l08_an_ipv6_subscriber_is_one_client_and_wider_networks_have_more(t: Server) {
        assert_eq!(passed(&t, 200, |host| format!("2001:db8::{:x}:{host:x}", host * 7)).await, 60, "a /64");
        t.advance(MINUTE * 2);
        assert_eq!(passed(&t, 400, |net| format!("2001:db8:0:{net:x}::1", net = net % 256)).await, 4 * 60, "a /56");
        t.advance(MINUTE * 2);
        assert_eq!(passed(&t, 1_200, |net| format!("2001:db8:0:{net:x}00::1", net = net % 256)).await, 16 * 60, "a /48");
    }

    async fn l09_a_mapped_address_is_the_address(t: Server) {
        assert_eq!(passed(&t, 100, |number| if number % 2 == 0 { "192.0.2.9".to_owned() } else { "::ffff:192.0.2.9".to_owned() }).await, 60);
    }

    async fn l10_e11_every_spelling_of_a_name_counts_for_one_account(t: Server) {
        let ada = t.user("ada@example.org").await;
        for (email, spellings) in [
            (ada.email.as_str(), ["ada@example.org", "ADA@example.org", " ada@EXAMPLE.org", "Ada@example.org\t", "aDa@Example.Org "]),
            ("nobody@bücher.example", ["nobody@bücher.example", "NOBODY@BÜCHER.example", "nobody@xn--bcher-kva.example", " Nobody@bücher.EXAMPLE ", "nobody@XN--BCHER-KVA.example"]),
            ("no address at all", ["no address at all", "No Address At All", " no address at all ", "NO ADDRESS AT ALL", "no address at all\n"]),
        ] {
            for number in 0..10 {
                let answer = t.rakomi().login(spellings[number % 5], "wrong").await;
                answer.refused(401, "auth/invalid_credentials");
            }
            for spelling in spellings {
                t.rakomi().login(spelling, PASSWORD).await.refused(429, "auth/account_locked");
            }
            t.rakomi().login(email, PASSWORD).await.refused(429, "auth/account_locked");
            t.advance(MINUTE);
        }
    }

    async fn l11_p15_every_door_counts_in_one_counter_and_the_lock_holds_at_all(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        for _ in 0..5 {
            app.login(&ada.email, "wrong").await.refused(401, "auth/invalid_credentials");
            app.change_password("wrong", "a new and better one").await.refused(400, "auth/current_password_incorrect");
        }

        let (locked, cost) = t.cost_of(app.change_password(&ada.password, "a new and better one")).await;

        locked.refused(429, "auth/account_locked");
        assert_eq!((locked.header("retry-after"), cost.hashes), (Some("60"), 0));
        app.login(&ada.email, &ada.password).await.refused(429, "auth/account_locked");
        app.me().await.ok(200);
        app.refresh(app.refresh_token()).await.ok(200);
        t.advance(MINUTE);
        app.change_password(&ada.password, "a new and better one").await.ok(200);
    }

    async fn l11_a_weak_new_password_costs_no_attempt(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        for _ in 0..15 {
            app.change_password("wrong", "short").await.refused(400, "auth/weak_password");
        }
        app.change_password(&ada.password, "a new and better one").await.ok(200);
    }

    async fn l14_a_victim_who_is_locked_out_resets_the_password_and_is_in(t: Server) {
        let ada = t.user("ada@example.org").locked().await;
        let app = t.rakomi();
        app.login(&ada.email, &ada.password).await.refused(429, "auth/account_locked");

        app.forgot(&ada.email).await.ok(200);
        app.reset(&t.mail_to(&ada.email).await.token(), "a new and better one").await.ok(200);

        app.login(&ada.email, "a new and better one").await.ok(200);
    }

    async fn l14_after_a_thousand_failures_the_victim_waits_at_most_fifteen_minutes(t: Server) {
        let ada = t.user("ada@example.org").await;
        for number in 0..1_000 {
            fail(&t, &ada.email, number).await;
            t.advance(SECOND * 10);
        }
        t.advance(MINUTE * 15);
        t.rakomi().login(&ada.email, &ada.password).await.ok(200);
    }

    async fn the_lock_of_one_environment_is_not_that_of_the_other(t: Server) {
        let live = t.user("ada@example.org").locked().await;
        let test = t.user("ada@example.org").in_test().await;

        t.rakomi().login(&live.email, &live.password).await.refused(429, "auth/account_locked");
        t.rakomi().with_key(&t.keys.test.api).login(&test.email, &test.password).await.ok(200);
    }

    async fn l16_a_refused_client_hears_when_to_come_again(t: Server) {
        let app = t.rakomi();
        for number in 0..60 {
            let answer = probe(&app).await;
            let left = format!("limit=60, remaining={}, reset=60", 59 - number);
            assert_eq!(shown(&answer), [Some("60;w=60".to_owned()), Some(left), None]);
        }

        let refused = probe(&app).await;

        refused!(refused, 429, @r#"{"type":"about:blank","title":"Too Many Requests","status":429,"code":"rate_limit/exceeded","detail":"Too many requests; see the Retry-After header","request_id":"req_…","error":{"code":"rate_limit/exceeded","message":"Too many requests; see the Retry-After header","request_id":"req_…"}}"#);
        let headers = [Some("60;w=60"), Some("limit=60, remaining=0, reset=60"), Some("60")];
        assert_eq!(shown(&refused), headers.map(|it| it.map(str::to_owned)));
        t.advance(SECOND * 45);
        assert_eq!(shown(&probe(&app).await), [Some("60;w=60"), Some("limit=60, remaining=0, reset=15"), Some("15")].map(|it| it.map(str::to_owned)));
        t.advance(SECOND * 15);
        assert_eq!(probe(&app).await.status, 400, "refused requests prolong nothing");
    }

    async fn l18_no_minute_has_more_than_its_sixty_wherever_it_begins(t: Server) {
        let app = t.rakomi();
        let mut times = Vec::new();
        for step in 0..600_u32 {
            // A burst of thirty every twelve seconds, which is more than twice the rate.
            if step % 12 == 0 {
                for _ in 0..30 {
                    if probe(&app).await.status != 429 {
                        times.push(step);
                    }
                }
            }
            t.advance(SECOND);
        }
        let most = (0..600).map(|begin| times.iter().filter(|time| (begin..begin + 60).contains(*time)).count()).max();
        assert_eq!(most, Some(60));
        assert!(times.len() >= 9 * 60, "{} in ten minutes", times.len());
    }

    async fn l19_each_kind_of_request_has_a_budget_of_its_own(t: Server) {
        let app = t.rakomi();
        let send = async |method: &str, path: &str| app.request(method, path).json(&json!({})).send().await;
        for (limit, status, method, path) in [
            (20, 400, "POST", "/v1/auth/forgot-password"),
            (60, 400, "POST", "/v1/auth/verify-email"),
            (60, 400, "POST", "/v1/auth/register"),
            (600, 400, "POST", "/v1/auth/refresh"),
            (600, 200, "GET", "/.well-known/jwks.json"),
            (600, 401, "GET", "/v1/auth/me"),
        ] {
            for number in 0..limit {
                let answer = send(method, path).await;
                assert_eq!(answer.status, status, "{path} {number}");
                assert_eq!(answer.header("ratelimit-policy"), Some(format!("{limit};w=60").as_str()), "{path}");
            }
            send(method, path).await.refused(429, "rate_limit/exceeded");
        }
        for (method, path) in [
            ("POST", "/v1/auth/resend-verification"), ("POST", "/v1/auth/login"), ("POST", "/v1/auth/reset-password"),
            ("POST", "/v1/auth/change-password"), ("GET", "/p/default/.well-known/jwks.json"), ("GET", "/v1/auth/me/sessions"),
            ("POST", "/v1/auth/logout"), ("GET", "/v1/health"), ("GET", "/v1/nonsense"), ("PUT", "/v1/auth/me"),
        ] {
            send(method, path).await.refused(429, "rate_limit/exceeded");
        }
        for path in ["/oauth/token", "/oauth/revoke"] {
            let answer = app.request("POST", path).form(&[("token", "x")]).send().await;
            let said = (answer.status, answer.string("error"), answer.header("retry-after"));
            assert_eq!(said, (429, "temporarily_unavailable".to_owned(), Some("60")), "{path}");
        }
        app.clone().from("192.0.2.1").me().await.refused(401, "auth/not_authenticated");
    }
}

races! {
    /// However many arrive at once, the slot is taken before the hash.
    async fn l12_of_two_hundred_wrong_passwords_at_once_at_most_ten_are_looked_at(t: Arc<Server>) {
        let ada = t.user("ada@example.org").await;
        let before = t.tally().await.hashes;
        let gate = Arc::new(Barrier::new(200));
        let racers: Vec<_> = (0..200)
            .map(|racer| {
                let (t, gate, email) = (Arc::clone(&t), Arc::clone(&gate), ada.email.clone());
                tokio::spawn(async move {
                    gate.wait().await;
                    fail(&t, &email, racer).await.status
                })
            })
            .collect();
        let mut refused = (0, 0);
        for racer in racers {
            match racer.await.unwrap() {
                401 => refused.0 += 1,
                429 => refused.1 += 1,
                other => panic!("{other}"),
            }
        }
        assert_eq!((refused, t.tally().await.hashes - before), ((10, 190), 10));
    }
}

races! {
    /// The opposite failure: an owner with many devices is not locked out by the guard against guessing.
    async fn l13_of_twenty_right_passwords_at_once_all_are_let_in(t: Arc<Server>) {
        let ada = t.user("ada@example.org").await;
        let gate = Arc::new(Barrier::new(20));
        let logins: Vec<_> = (0..20)
            .map(|_| {
                let (t, gate, ada) = (Arc::clone(&t), Arc::clone(&gate), ada.clone());
                tokio::spawn(async move {
                    gate.wait().await;
                    t.rakomi().login(&ada.email, &ada.password).await.status
                })
            })
            .collect();
        for login in logins {
            assert_eq!(login.await.unwrap(), 200);
        }
    }
}
