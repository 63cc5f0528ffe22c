//! Access tokens: which are believed, and which keys they are signed with.

use crate::rakomi::forge::{
    Forgery, decoded, encoded, live, message, signed, signed_pss, signed_rs256_by, with_signature,
};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::Duration;
use tokio::time::timeout;
use vestibule_ops::admin::keys::{self, State};
use vestibule_testkit::{
    Act, Answer, BEGINNING, Environment, PASSWORD, Rakomi, Server, answered, operator, refused, stories,
};

/// The moment at which every story begins, in seconds.
const NOW: i64 = BEGINNING.seconds();

/// Asserts that a token is as good as none that is ours.
async fn is_not_ours(t: &Server, what: &str, token: &str) {
    let answer = t.rakomi().bearing(token).me().await;
    assert_eq!(answer.status, 401, "{what}: {answer}");
    answer.refused(401, "auth/not_authenticated");
    assert_eq!(
        answer.header("www-authenticate"),
        Some(r#"Bearer realm="vestibule", error="invalid_token""#),
        "{what}"
    );
}

/// Somebody signed in, and a copy of their token that can be changed. Signed unchanged, the copy is good: whatever is
/// refused below is refused for its change.
async fn copied(t: &Server) -> (Rakomi<'_>, Forgery) {
    let ada = t.user("ada@example.org").await;
    let app = t.rakomi().signed_in(&ada).await;
    let copy = Forgery::of(&app);
    t.rakomi().bearing(&copy.signed()).me().await.ok(200);
    (app, copy)
}

/// The public key as its `kid`, `n` and `e` stand in the document.
async fn published(t: &Server, target: &str) -> Vec<Value> {
    let answer = t.request("GET", target).send().await.ok(200);
    answer.json()["keys"].as_array().unwrap().clone()
}

fn kids(keys: &[Value]) -> Vec<String> {
    keys.iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

fn kid(app: &Rakomi<'_>) -> String {
    Forgery::of(app).header["kid"].as_str().unwrap().to_owned()
}

stories! {
    async fn t01_no_algorithm_is_no_signature(t: Server) {
        let (_, copy) = copied(&t).await;
        for alg in ["none", "None", "nOnE", "NONE", ""] {
            let copy = copy.clone().header("alg", alg);
            for signature in ["", "AA"] {
                is_not_ours(&t, alg, &format!("{}.{signature}", copy.message())).await;
            }
            is_not_ours(&t, alg, &copy.signed()).await;
            is_not_ours(&t, alg, &copy.message()).await;
        }
        is_not_ours(&t, "missing", &copy.clone().without_header("alg").signed()).await;
        for alg in [json!(null), json!(["RS256"]), json!({"RS256": 1}), json!(1)] {
            is_not_ours(&t, "no text", &copy.clone().header("alg", alg).signed()).await;
        }
        is_not_ours(&t, "empty signature", &format!("{}.", copy.message())).await;
    }

    async fn t02_the_public_key_is_no_secret_to_sign_with(t: Server) {
        let (_, copy) = copied(&t).await;
        let key = live();
        let spki: PublicKeyX509Der<'_> = key.public_key().as_der().unwrap();
        let document = published(&t, "/.well-known/jwks.json").await;
        let jwk = document[0].to_string();
        let modulus = decoded(document[0]["n"].as_str().unwrap());
        let lines: Vec<_> = STANDARD.encode(spki.as_ref()).as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", lines.join("\n"));
        let forms: [&[u8]; 8] = [
            pem.as_bytes(), &[pem.as_bytes(), b"\n"].concat(), spki.as_ref(), key.public_key().as_ref(),
            jwk.as_bytes(), &modulus, document[0]["n"].as_str().unwrap().as_bytes(), b"",
        ];
        for alg in ["HS256", "HS384", "HS512", "RS256"] {
            let message = copy.clone().header("alg", alg).message();
            let hash = match alg { "HS384" => hmac::HMAC_SHA384, "HS512" => hmac::HMAC_SHA512, _ => hmac::HMAC_SHA256 };
            for secret in forms {
                let tag = hmac::sign(&hmac::Key::new(hash, secret), message.as_bytes());
                is_not_ours(&t, alg, &with_signature(&message, tag)).await;
            }
        }
    }

    async fn t03_the_key_chooses_the_algorithm_and_never_the_header(t: Server) {
        let (_, copy) = copied(&t).await;
        for alg in ["RS384", "RS512", "PS256", "ES256", "EdDSA", "HS256", "rs256", "RS256 "] {
            let message = copy.clone().header("alg", alg).message();
            is_not_ours(&t, alg, &signed(&message)).await;
            is_not_ours(&t, alg, &signed_pss(&message)).await;
        }
        is_not_ours(&t, "PS256 as RS256", &signed_pss(&copy.message())).await;
        let foreign = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        is_not_ours(&t, "a key of the attacker's", &signed_rs256_by(&foreign, &copy.message())).await;
    }

    async fn t04_a_kid_is_looked_up_and_nothing_else(t: Server) {
        let (app, copy) = copied(&t).await;
        let other = t.another_project("other").await;
        let theirs = t.rakomi().with_key(&other.keys.live.api);
        theirs.register("eve@example.org", PASSWORD).await.ok(201);
        let login = theirs.login("eve@example.org", PASSWORD).await.ok(200);
        let long = "k".repeat(4_000);
        let strange = [
            "", "../../../../dev/null", "/dev/null", "file:///dev/null", "' OR '1'='1", "' UNION SELECT sealed FROM secret_keys --",
            "a\u{0}b", "\u{202e}", "%00", "http://127.0.0.1:1/", &long,
        ];
        for kid in strange {
            is_not_ours(&t, kid, &copy.clone().header("kid", kid).signed()).await;
            let without_key = t.rakomi().without_key().bearing(&copy.clone().header("kid", kid).signed()).me().await;
            without_key.refused(401, "api_key/missing");
        }
        for kid in [json!(null), json!([kid(&app)]), json!({}), json!(1)] {
            is_not_ours(&t, "no text", &copy.clone().header("kid", kid).signed()).await;
        }
        is_not_ours(&t, "absent", &copy.clone().without_header("kid").signed()).await;
        is_not_ours(&t, "another project's", &copy.clone().header("kid", kid(&theirs.with_tokens(&login))).signed()).await;
        let of_test = published(&t, "/.well-known/jwks.json?env=test").await;
        is_not_ours(&t, "the test environment's", &copy.clone().header("kid", kids(&of_test).remove(0)).signed()).await;
        is_not_ours(&t, "10 KiB", &copy.clone().header("kid", "k".repeat(10_240)).signed()).await;
    }

    async fn t05_t06_t07_a_header_that_points_elsewhere_or_changes_the_rules_is_not_followed(t: Server) {
        let (_, copy) = copied(&t).await;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}/keys.json", listener.local_addr().unwrap());
        let foreign = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let own = json!({"kty": "RSA", "n": encoded(foreign.public_key().modulus().big_endian_without_leading_zero()), "e": "AQAB"});
        for (name, value) in [
            ("jku", json!(url)), ("x5u", json!(url)), ("jwk", own), ("x5c", json!([STANDARD.encode("certificate")])),
            ("crit", json!(["exp"])), ("crit", json!(["b64"])), ("crit", json!([])), ("b64", json!(false)), ("zip", json!("DEF")),
        ] {
            let copy = copy.clone().header(name, value);
            is_not_ours(&t, name, &copy.signed()).await;
            is_not_ours(&t, name, &signed_rs256_by(&foreign, &copy.message())).await;
        }
        assert!(listener.accept().is_err(), "somebody came to fetch a key");
    }

    async fn t08_the_expiry_is_a_whole_number_of_seconds_and_must_be_there(t: Server) {
        let (_, copy) = copied(&t).await;
        is_not_ours(&t, "absent", &copy.clone().without_claim("exp").signed()).await;
        let claims = serde_json::to_string(&copy.claims).unwrap();
        let written = format!(r#""exp":{}"#, NOW + 900);
        assert!(claims.contains(&written), "{claims}");
        let header = serde_json::to_string(&copy.header).unwrap();
        for exp in [
            r#""9999999999""#, "9999999999.5", "9999999999.0", "1e10", "-1", "1e400", "9223372036854775808", "18446744073709551616",
            "null", "[9999999999]", "{}", "true",
        ] {
            let claims = claims.replace(&written, &format!(r#""exp":{exp}"#));
            is_not_ours(&t, exp, &signed(&message(&header, &claims))).await;
        }
        for exp in [NOW - 30, 0] {
            let expired = t.rakomi().bearing(&copy.clone().claim("exp", exp).signed()).me().await;
            refused_as_expired(&expired);
        }
    }

    async fn t09_nbf_and_iat_are_judged_and_a_merely_future_iat_is_fine(t: Server) {
        let (_, copy) = copied(&t).await;
        for (name, value) in [
            ("nbf", json!(NOW + 31)), ("nbf", json!("0")), ("nbf", json!(null)), ("nbf", json!(0.5)), ("nbf", json!(-1)),
            ("iat", json!("0")), ("iat", json!(null)), ("iat", json!([])), ("iat", json!(0.5)), ("iat", json!(NOW + 86_401)),
        ] {
            is_not_ours(&t, &format!("{name} {value}"), &copy.clone().claim(name, value).signed()).await;
        }
        for (name, value) in [("nbf", NOW), ("nbf", NOW + 30), ("iat", NOW + 3_600), ("iat", NOW + 86_400)] {
            t.rakomi().bearing(&copy.clone().claim(name, value).signed()).me().await.ok(200);
        }
    }

    async fn t10_a_token_lives_29_seconds_beyond_its_expiry_and_not_31(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;

        t.advance(Duration::from_secs(900 + 29));
        app.me().await.ok(200);
        t.advance(Duration::from_secs(2));

        refused!(app.me().await, 401, @r#"{"type":"about:blank","title":"Unauthorized","status":401,"code":"token/expired","detail":"The access token has expired","request_id":"req_…","error":{"code":"token/expired","message":"The access token has expired","request_id":"req_…"}}"#);
        refused_as_expired(&app.me().await);
    }

    async fn t11_t12_x13_issuer_audience_tenant_and_environment_are_exactly_ours(t: Server) {
        let (app, copy) = copied(&t).await;
        let (audience, other) = (t.project.id.to_string(), t.another_project("other").await.project.id.to_string());
        for (name, values) in [
            ("iss", vec![json!("rakomi.com/"), json!("Rakomi.com"), json!("https://rakomi.com"), json!("rakomi.co"), json!(["rakomi.com"]), json!("")]),
            ("aud", vec![json!(other), json!([audience]), json!([audience, other]), json!(audience.to_uppercase()), json!(1), json!("")]),
            ("tenant_id", vec![json!(other), json!(null), json!("default")]),
            ("rkm_env", vec![json!("test"), json!("LIVE"), json!(null)]),
            ("sid", vec![json!(other), json!(null), json!(app.session().to_uppercase())]),
            ("jti", vec![json!(app.session()), json!(format!("{}.01", app.session())), json!(format!("{}.-1", app.session())), json!(1)]),
        ] {
            for value in values {
                is_not_ours(&t, &format!("{name} {value}"), &copy.clone().claim(name, value).signed()).await;
            }
            is_not_ours(&t, name, &copy.clone().without_claim(name).signed()).await;
        }
    }

    async fn t11_t12_a_project_that_renames_itself_believes_only_the_new_names(t: Server) {
        let ada = t.user("ada@example.org").await;
        let before = t.rakomi().signed_in(&ada).await;
        before.me().await.ok(200);
        t.set("dialects.rakomi.issuer", "https://api.rakomi.com").await;
        t.set("dialects.rakomi.audience", "my-app").await;

        let after = before.clone().refreshed().await;

        let token = after.claims();
        assert_eq!((token.claim("iss").as_str(), token.claim("aud").as_str()), ("https://api.rakomi.com", "my-app"));
        after.me().await.ok(200);
        before.me().await.refused(401, "auth/not_authenticated");
    }

    async fn t13_no_other_secret_of_ours_is_an_access_token_and_the_reverse(t: Server) {
        let (app, copy) = copied(&t).await;
        app.forgot("ada@example.org").await.ok(200);
        let mailed = t.mail_to("ada@example.org").await.token();
        for typ in [json!("JWT"), json!("jwt"), json!("AT+JWT"), json!("application/at+jwt"), json!("logout+jwt"), json!("dpop+jwt"), json!(null), json!(1)] {
            is_not_ours(&t, &typ.to_string(), &copy.clone().header("typ", typ.clone()).signed()).await;
        }
        is_not_ours(&t, "without typ", &copy.clone().without_header("typ").signed()).await;
        for secret in [app.refresh_token(), &mailed, &t.keys.live.api] {
            is_not_ours(&t, secret, secret).await;
        }
        for secret in [app.access(), app.refresh_token()] {
            app.reset(secret, "a new and better one").await.refused(400, "auth/token_invalid");
            app.verify(secret).await.refused(400, "auth/token_invalid");
        }
        for secret in [app.access(), &mailed] {
            app.refresh(secret).await.refused(401, "auth/invalid_refresh_token");
        }
        app.reset(&mailed, "a new and better one").await.ok(200);
    }

    async fn t14_a_token_has_one_spelling(t: Server) {
        let (app, copy) = copied(&t).await;
        let genuine = app.access();
        let [header, payload, signature] = genuine.split('.').collect::<Vec<_>>().try_into().unwrap();
        let json_form = json!({"protected": header, "payload": payload, "signature": signature}).to_string();
        let texts = (String::from_utf8(decoded(header)).unwrap(), String::from_utf8(decoded(payload)).unwrap());
        let doubled = |text: &str, member: &str| text.replacen('{', &format!("{{{member},"), 1);
        let spellings = [
            json_form.clone(), encoded(&json_form), format!("{genuine}."), format!(".{genuine}"), format!("{genuine}.."),
            format!("{header}.{payload}.{signature}.{signature}.{signature}"), format!("{header}.{payload}"), format!("{header}..{signature}"),
            format!("{genuine}="), format!("{header}=.{payload}.{signature}"), format!("{header}.{payload}==.{signature}"),
            format!("{genuine}A"), format!("{header}A.{payload}.{signature}"), genuine.replace('.', "%2E"),
            genuine[..genuine.len() - 1].to_owned(), genuine.to_lowercase(), noncanonical(genuine),
            signed(&message(&texts.0, &doubled(&texts.1, r#""sub":"x""#))),
            signed(&message(&doubled(&texts.0, r#""alg":"RS256""#), &texts.1)),
            signed(&message(&texts.0, &doubled(&texts.1, r#""\u0073ub":"x""#))),
            signed(&message(&texts.0, &format!("{}{{}}", texts.1))),
            signed(&message(&texts.0, &format!("\u{feff}{}", texts.1))),
            signed(&message(&texts.0, &format!("[{}]", texts.1))),
            signed(&message(&texts.0, &encoded(genuine))),
            signed(&format!("{}.{}", encoded(&texts.0), STANDARD.encode(&texts.1))),
        ];
        for spelling in &spellings {
            if spelling != genuine {
                is_not_ours(&t, spelling, spelling).await;
            }
        }
        for spelling in [format!(" {genuine}"), format!("{genuine} "), format!("{genuine} x"), format!("{header}. {payload}.{signature}")] {
            is_not_ours(&t, "white space", &spelling).await;
        }
        t.rakomi().bearing(&copy.signed()).me().await.ok(200);
    }

    async fn t15_encrypted_and_compressed_tokens_are_not_opened(t: Server) {
        let (_, copy) = copied(&t).await;
        for header in [
            json!({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 2_147_483_647, "p2s": "AAAA"}),
            json!({"alg": "dir", "enc": "A256GCM", "zip": "DEF"}),
            json!({"alg": "RSA-OAEP", "enc": "A256GCM", "kid": copy.header["kid"]}),
        ] {
            is_not_ours(&t, "JWE", &format!("{}.AAAA.AAAA.AAAA.AAAA", encoded(header.to_string()))).await;
            is_not_ours(&t, "JWS with enc", &signed(&message(&header.to_string(), &serde_json::to_string(&copy.claims).unwrap()))).await;
        }
    }

    async fn t20_the_documents_hold_public_keys_only_each_with_its_own_kid(t: Server) {
        t.set("jwks.publish_test_keys", true).await;
        for target in ["/.well-known/jwks.json", "/p/default/.well-known/jwks.json", "/.well-known/jwks.json?env=live", "/.well-known/jwks.json?env=test"] {
            let keys = published(&t, target).await;
            for key in &keys {
                let members: Vec<_> = key.as_object().unwrap().keys().collect();
                assert_eq!(members, ["kty", "kid", "alg", "use", "n", "e"], "{target}");
                assert_eq!((&key["kty"], &key["alg"], &key["use"]), (&json!("RSA"), &json!("RS256"), &json!("sig")));
                let thumbprint = format!(r#"{{"e":{},"kty":"RSA","n":{}}}"#, key["e"], key["n"]);
                let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, thumbprint.as_bytes());
                assert_eq!(key["kid"], encoded(digest), "RFC 7638");
            }
            let kids: BTreeSet<_> = kids(&keys).into_iter().collect();
            assert_eq!(kids.len(), keys.len());
            assert_eq!(keys.len(), if target.contains("env=") { 1 } else { 2 }, "{target}");
        }
    }

    async fn t21_a_key_is_published_before_it_signs_and_until_its_last_token_has_expired(t: Server) {
        const MAX_AGE: Duration = Duration::from_mins(5);
        let ada = t.user("ada@example.org").await;
        let first = t.rakomi().signed_in(&ada).await;
        let document = async || kids(&published(&t, "/.well-known/jwks.json").await);
        let old = kid(&first);
        assert_eq!(document().await, std::slice::from_ref(&old));
        t.audit_rows().await;

        let door = t.core().doors[0];
        let made = keys::rotate(t.core(), &operator(), &t.project, Environment::Live, door).await.unwrap();

        t.audited([Act::KeyRotated]).await;
        let both: BTreeSet<_> = document().await.into_iter().collect();
        assert_eq!(both, [old.clone(), made.kid.clone()].into(), "published at once");
        let second = first.clone().refreshed().await;
        assert_eq!(kid(&second), old, "and not yet used");
        t.advance(MAX_AGE);
        let third = second.clone().refreshed().await;
        assert_eq!(kid(&third), old, "not while a verifier may hold the old document");
        t.advance(Duration::from_secs(5));
        let fourth = third.clone().refreshed().await;
        assert_eq!(kid(&fourth), made.kid, "and then it signs");
        for app in [&first, &second, &third, &fourth] {
            app.me().await.ok(200);
        }
        t.advance(Duration::from_secs(900 + 29));
        let both: BTreeSet<_> = document().await.into_iter().collect();
        assert_eq!(both, [old, made.kid.clone()].into(), "until the last token of the old key has expired");
        fourth.me().await.ok(200);
        t.advance(Duration::from_hours(25));
        assert_eq!(document().await, [made.kid]);
    }

    async fn t21_a_signing_key_that_grew_old_is_replaced_by_itself_and_nobody_is_refused(t: Server) {
        t.set("tokens.key_rotation_days", 1).await;
        let ada = t.user("ada@example.org").await;
        let mut app = t.rakomi().signed_in(&ada).await;
        for _ in 0..3 {
            let old = kid(&app);
            t.advance(Duration::from_hours(24));
            let before = app.clone();
            app = app.refreshed().await;
            assert_eq!(kid(&app), old, "the old key signs until its successor is known everywhere");
            let successor = timeout(Duration::from_mins(1), successor(&t, &before)).await.expect("it is made by itself, and published");
            t.advance(Duration::from_mins(5));
            app = app.refreshed().await;
            assert_eq!(kid(&app), old);
            let last = app.clone();
            t.advance(Duration::from_secs(5));
            app = app.refreshed().await;
            assert_eq!(kid(&app), successor);
            last.me().await.ok(200);
            app.me().await.ok(200);
        }
    }

    async fn t22_a_revoked_key_is_refused_and_unpublished_at_once_and_the_next_login_works(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        app.me().await.ok(200);
        let stolen = kid(&app);
        published(&t, "/.well-known/jwks.json").await;
        t.audit_rows().await;

        assert!(keys::revoke(t.core(), &operator(), &stolen).await.unwrap());

        t.audited([Act::KeyRevoked]).await;
        app.me().await.refused(401, "auth/not_authenticated");
        app.logout().await.refused(401, "auth/not_authenticated");
        app.clone().without_key().me().await.refused(401, "api_key/missing");
        assert!(!kids(&published(&t, "/.well-known/jwks.json").await).contains(&stolen));
        let again = app.clone().refreshed().await;
        assert_ne!(kid(&again), stolen);
        again.me().await.ok(200);
        assert_eq!(kids(&published(&t, "/.well-known/jwks.json").await), [kid(&again)]);
    }

    async fn t24_a_huge_authorization_header_is_not_looked_at(t: Server) {
        let huge = t.rakomi().bearing(&"a".repeat(1 << 20)).me().await;
        assert_eq!(huge.status, 431, "{huge}");
        let large = t.rakomi().bearing(&"a".repeat(9_000)).me().await;
        large.refused(401, "auth/not_authenticated");
    }

    async fn t25_metadata_that_is_named_like_claims_changes_no_claim(t: Server) {
        let app = t.rakomi();
        let names = ["iss", "sub", "aud", "exp", "iat", "jti", "sid", "tenant_id", "role", "roles", "permissions", "project_id", "rkm_env", "email"];
        let evil: serde_json::Map<_, _> = names.iter().map(|name| ((*name).to_owned(), json!("evil"))).collect();
        let body = json!({"email": "eve@example.org", "password": PASSWORD, "public_metadata": evil});
        app.post("/v1/auth/register", body).await.ok(201);

        let login = app.login("eve@example.org", PASSWORD).await.ok(200);
        let app = app.with_tokens(&login);

        assert!(!app.claims().claims.contains("evil"), "{}", app.claims().claims);
        assert_eq!(app.claims().claim("iss"), "rakomi.com");
        app.me().await.ok(200);
    }

    async fn t27_a_request_that_names_two_tokens_names_none(t: Server) {
        let ada = t.user("ada@example.org").await;
        let app = t.rakomi().signed_in(&ada).await;
        let good = format!("Bearer {}", app.access());
        let with = async |values: &[&str]| {
            let me = t.rakomi().request("GET", "/v1/auth/me");
            values.iter().fold(me, |me, value| me.header("authorization", value)).send().await
        };
        for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
            with(&[&format!("{scheme} {}", app.access())]).await.ok(200);
        }
        let (twice, joined) = (format!("Bearer  {}", app.access()), format!("{good}, {good}"));
        for values in [
            &[good.as_str(), &good][..], &[&good, "Basic YTpi"], &["Basic YTpi", &good], &[&joined], &[&twice], &["Basic YTpi"],
            &[&format!("Bearer\t{}", app.access())], &["Bearer"], &["Bearer "], &[app.access()], &[&format!("Token {}", app.access())], &[""],
        ] {
            with(values).await.refused(401, "auth/not_authenticated");
        }
        let cookie = t.rakomi().request("GET", "/v1/auth/me").header("cookie", &format!("access_token={}", app.access()));
        cookie.send().await.refused(401, "auth/not_authenticated");
    }

    async fn the_challenge_tells_a_bad_token_from_a_missing_one(t: Server) {
        let missing = t.rakomi().me().await;
        refused!(missing, 401, @r#"{"type":"about:blank","title":"Unauthorized","status":401,"code":"auth/not_authenticated","detail":"A valid access token is required","request_id":"req_…","error":{"code":"auth/not_authenticated","message":"A valid access token is required","request_id":"req_…"}}"#);
        assert_eq!(missing.header("www-authenticate"), Some(r#"Bearer realm="vestibule""#));
        let neither = t.rakomi().without_key().me().await;
        refused!(neither, 401, @r#"{"type":"about:blank","title":"Unauthorized","status":401,"code":"api_key/missing","detail":"An API key is required: send it in the X-API-Key header","request_id":"req_…","error":{"code":"api_key/missing","message":"An API key is required: send it in the X-API-Key header","request_id":"req_…"}}"#);
        assert_eq!(neither.header("www-authenticate"), Some(r#"Bearer realm="vestibule""#));
        let login = t.rakomi().login("nobody@example.org", "wrong").await;
        assert_eq!((login.status, login.header("www-authenticate")), (401, None));
    }

    async fn the_document_of_an_unknown_environment_or_project_is_refused(t: Server) {
        refused!(t.request("GET", "/.well-known/jwks.json?env=production").send().await, 400, @r#"{"type":"about:blank","title":"Bad Request","status":400,"code":"request/invalid_body","detail":"env must be live or test","request_id":"req_…","errors":[{"field":"env","message":"must be live or test"}],"error":{"code":"request/invalid_body","message":"env must be live or test","request_id":"req_…"}}"#);
        t.request("GET", "/.well-known/jwks.json?env=live&env=test").send().await.refused(400, "request/invalid_body");
        t.request("GET", "/p/nobody/.well-known/jwks.json").send().await.refused(404, "route/not_found");
        let missing = t.request("GET", "/p/default/.well-known/jwks.json?env=test").send().await.ok(200);
        answered!(missing, 200, @r#"{"keys":[{"kty":"RSA","kid":"xhIc13iW6Ui6mLFAJ3abdzrTEFudvPYEm1-K7CP3Vgw","alg":"RS256","use":"sig","n":"3-I1fBhHqkVRjmWdSjUF30sANU6nfFKr9KM4OPcnOMMU2o-MH1KisU7U2x70kVQYjRtIKCTaXn5otBIh4drj18hrX4BTntTEKkTkSE0tbwUgPK66xoOYak__37kY2gAOZPLtu37cLm1EdQbPuHEPWL4rB8yGBqyQKcuDv2zHeNwbpTznK_AArUyEDQNLu5w21wkxZdrXzCVaERJCTAxBuu907gocJ8DzHUwpWLw1XkT1zvZ3KqmW6YQDoo_C_TWK8iWBvaZ8kwJQVVl-DQwPHSxc5ILcwJKIMvDJZ0I4BjrMGV3Umy1WdOHKMiPFZX2dulAlnvRR56kljpIL8bPUow","e":"AQAB"}]}"#);
    }
}

fn refused_as_expired(answer: &Answer) {
    answer.refused(401, "token/expired");
    assert_eq!(
        answer.header("www-authenticate"),
        Some(r#"Bearer realm="vestibule", error="invalid_token""#)
    );
}

/// The same token with other bits in the last character of its signature, which stand for no byte.
fn noncanonical(token: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (rest, last) = token.split_at(token.len() - 1);
    let place = ALPHABET
        .iter()
        .position(|letter| *letter == last.as_bytes()[0])
        .unwrap();
    // 256 bytes are 342 characters, the last of which has four unused bits.
    format!("{rest}{}", char::from(ALPHABET[place ^ 1]))
}

/// Repeats a refresh until the key that is made beside such requests is there, and names it. While one is being made no
/// other is begun, so that it may take more than one of them. It is there when it is published: the database shows it a
/// moment before the caches are told.
async fn successor(t: &Server, app: &Rakomi<'_>) -> String {
    for number in 0.. {
        let keys = keys::list(t.core(), t.project.id).await.unwrap();
        if let Some(waiting) = keys.into_iter().find(|key| key.state == State::Waiting)
            && kids(&published(t, "/.well-known/jwks.json").await).contains(&waiting.kid)
        {
            return waiting.kid;
        }
        let app = app
            .clone()
            .from(&format!("10.0.{}.{}", number / 256 % 256, number % 256));
        app.refresh(app.refresh_token()).await.ok(200);
        tokio::task::yield_now().await;
    }
    unreachable!("the story is given up before")
}
