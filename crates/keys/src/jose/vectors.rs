//! Other people's tokens and other people's attacks: `jsonwebtoken`, Wycheproof, and the ones of RFC 8725.

use super::key::verifier;
use super::{Compact, Key, MAX_TOKEN, Malformed, Untrusted, encode_header};
use crate::jose::BadKey;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::{Value, json};
use std::sync::LazyLock;
use vestibule_model::token::Algorithm;
use wycheproof::TestResult;

const ALL: [Algorithm; 4] = [
    Algorithm::Rs256,
    Algorithm::Es256,
    Algorithm::EdDsa,
    Algorithm::Hs256,
];
const CLAIMS: &str = r#"{"sub":"42","exp":9999999999}"#;

/// One key of each algorithm for all tests: an RSA key takes its time.
static KEYS: LazyLock<[(Key, Vec<u8>); 4]> = LazyLock::new(|| {
    ALL.map(|algorithm| {
        Key::generate(algorithm)
            .map(|(key, material)| (key, material.to_vec()))
            .unwrap()
    })
});

fn header(key: &Key) -> String {
    format!(
        r#"{{"alg":"{}","typ":"JWT","kid":"{}"}}"#,
        key.algorithm().as_str(),
        key.kid()
    )
}

fn token(key: &Key) -> String {
    key.sign(&encode_header(&header(key)), CLAIMS).unwrap()
}

/// A token with an authentic signature over exactly this header and payload.
fn signed(key: &Key, header: &str, payload: &str) -> String {
    key.sign(&encode_header(header), payload).unwrap()
}

fn foreign(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    algorithm.as_str().parse().unwrap()
}

#[test]
fn jsonwebtoken_believes_our_tokens_by_our_jwk() {
    for (key, material) in KEYS.iter() {
        let decoding = match key.jwk() {
            Some(jwk) => {
                let jwk = serde_json::from_value(serde_json::to_value(jwk).unwrap()).unwrap();
                jsonwebtoken::DecodingKey::from_jwk(&jwk).unwrap()
            }
            None => jsonwebtoken::DecodingKey::from_secret(material),
        };
        let validation = jsonwebtoken::Validation::new(foreign(key.algorithm()));
        let read = jsonwebtoken::decode::<Value>(token(key), &decoding, &validation).unwrap();
        assert_eq!(read.claims, serde_json::from_str::<Value>(CLAIMS).unwrap());
        assert_eq!(read.header.kid.as_deref(), Some(key.kid()));
    }
}

#[test]
fn we_believe_jsonwebtokens_tokens_of_the_same_key() {
    for (key, material) in KEYS.iter().filter(|(key, _)| key.algorithm() != Algorithm::Rs256) {
        let encoding = match key.algorithm() {
            Algorithm::Es256 => jsonwebtoken::EncodingKey::from_ec_der(material),
            Algorithm::EdDsa => jsonwebtoken::EncodingKey::from_ed_der(material),
            Algorithm::Rs256 | Algorithm::Hs256 => jsonwebtoken::EncodingKey::from_secret(material),
        };
        let made = jsonwebtoken::encode(
            &jsonwebtoken::Header::new(foreign(key.algorithm())),
            &json!({"sub": "ada"}),
            &encoding,
        )
        .unwrap();
        assert_eq!(Compact::parse(&made).unwrap().verify(key).unwrap()["sub"], "ada");
    }
}

#[test]
fn a_key_is_the_same_after_storing_it() {
    for (key, material) in KEYS.iter() {
        let again = Key::from_material(key.algorithm(), material).unwrap();
        assert_eq!(again.kid(), key.kid());
        assert!(Compact::parse(&token(key)).unwrap().verify(&again).is_ok());
    }
}

#[test]
fn only_the_keys_own_algorithm_and_signature_are_believed() {
    for (signer, _) in KEYS.iter() {
        for (verifier, _) in KEYS.iter() {
            let token = token(signer);
            let verdict = Compact::parse(&token).unwrap().verify(verifier).map(|_| ());
            assert_eq!(
                verdict,
                if signer.kid() == verifier.kid() {
                    Ok(())
                } else {
                    Err(Untrusted::Algorithm)
                }
            );
            let claimed = signed(signer, &header(verifier), CLAIMS);
            let verdict = Compact::parse(&claimed).unwrap().verify(verifier).map(|_| ());
            assert_eq!(
                verdict,
                if signer.kid() == verifier.kid() {
                    Ok(())
                } else {
                    Err(Untrusted::Signature)
                }
            );
        }
    }
    for (key, _) in KEYS.iter() {
        let (other, _) = Key::generate(key.algorithm()).unwrap();
        assert_eq!(
            Compact::parse(&token(&other)).unwrap().verify(key),
            Err(Untrusted::Signature)
        );
    }
}

#[test]
fn an_algorithm_of_none_or_of_another_family_is_refused() {
    for (key, _) in KEYS.iter() {
        for alg in [
            "none", "None", "nOnE", "", "RS384", "RS512", "PS256", "ES384", "HS512", "rs256", "Ed25519",
        ] {
            let (head, body) = (
                encode_header(&format!(r#"{{"alg":"{alg}"}}"#)),
                B64.encode(CLAIMS),
            );
            let unsigned = format!("{head}.{body}.");
            assert_eq!(
                Compact::parse(&unsigned).unwrap().verify(key),
                Err(Untrusted::Algorithm),
                "{alg}"
            );
            let signed = key.sign(&head, CLAIMS).unwrap();
            assert_eq!(
                Compact::parse(&signed).unwrap().verify(key),
                Err(Untrusted::Algorithm),
                "{alg}"
            );
        }
        let empty = token(key)
            .rsplit_once('.')
            .map(|(message, _)| format!("{message}."))
            .unwrap();
        assert_eq!(
            Compact::parse(&empty).unwrap().verify(key),
            Err(Untrusted::Signature)
        );
        for header in [r#"{"typ":"JWT"}"#, r#"{"alg":null}"#, r#"{"alg":["RS256"]}"#] {
            assert_eq!(
                Compact::parse(&signed(key, header, CLAIMS)).unwrap_err(),
                Malformed,
                "{header}"
            );
        }
    }
}

#[test]
fn the_public_key_as_shared_secret_is_refused() {
    let (rsa, _) = &KEYS[0];
    let jwk = serde_json::to_value(rsa.jwk().unwrap()).unwrap();
    let modulus = B64.decode(jwk["n"].as_str().unwrap()).unwrap();
    for secret in [
        modulus,
        jwk.to_string().into_bytes(),
        jwk["n"].as_str().unwrap().as_bytes().to_vec(),
    ] {
        let forger = Key::from_material(Algorithm::Hs256, &secret).unwrap();
        let confused = signed(
            &forger,
            &format!(r#"{{"alg":"HS256","kid":"{}"}}"#, rsa.kid()),
            CLAIMS,
        );
        assert_eq!(
            Compact::parse(&confused).unwrap().verify(rsa),
            Err(Untrusted::Algorithm)
        );
        let disguised = signed(&forger, &header(rsa), CLAIMS);
        assert_eq!(
            Compact::parse(&disguised).unwrap().verify(rsa),
            Err(Untrusted::Signature)
        );
    }
}

#[test]
fn a_header_that_points_elsewhere_or_changes_the_rules_is_refused() {
    let (key, _) = &KEYS[2];
    for member in [
        r#""crit":["exp"]"#,
        r#""crit":[]"#,
        r#""b64":false"#,
        r#""b64":true"#,
        r#""jku":"http://127.0.0.1/"#,
        r#""x5u":"http://127.0.0.1/"#,
        r#""jwk":{"kty":"OKP"}"#,
        r#""x5c":[]"#,
        r#""zip":"DEF"#,
        r#""enc":"A256GCM"#,
        r#""kid":["a"]"#,
        r#""kid":null"#,
        r#""kid":7"#,
        r#""alg":"EdDSA","alg":"EdDSA"#,
        r#""x":{"y":1,"y":2}"#,
        r#""kid":"a\u0000b"#,
    ] {
        let closing = if member.matches('"').count() % 2 == 1 {
            "\""
        } else {
            ""
        };
        let header = format!(r#"{{"alg":"EdDSA",{member}{closing}}}"#);
        assert!(serde_json::from_str::<Value>(&header).is_ok(), "{header}");
        assert_eq!(
            Compact::parse(&signed(key, &header, CLAIMS)).unwrap_err(),
            Malformed,
            "{header}"
        );
    }
    let odd = r#"{"alg":"EdDSA","kid":"../../dev/null'; DROP TABLE keys"}"#;
    assert_eq!(
        Compact::parse(&signed(key, odd, CLAIMS)).unwrap().kid(),
        Some("../../dev/null'; DROP TABLE keys")
    );
}

#[test]
fn a_token_has_exactly_one_spelling() {
    for (key, _) in KEYS.iter() {
        let token = token(key);
        let (message, signature) = token.rsplit_once('.').unwrap();
        let (head, body) = message.split_once('.').unwrap();
        let odd = [
            String::new(),
            ".".into(),
            "..".into(),
            "...".into(),
            message.into(),
            format!("{token}."),
            format!(".{token}"),
            format!("{token}.x.y"),
            format!("{token}="),
            format!("{token} "),
            format!(" {token}"),
            format!("{token}\n"),
            format!("{head}=.{body}.{signature}"),
            json!({"protected": head, "payload": body, "signature": signature}).to_string(),
            format!("{}.{body}.{signature}", &head[..head.len() - 1]),
            format!("{}.{body}.{signature}", B64.encode(b"{\"alg\":\"RS256\"} x")),
            format!("{}.{body}.{signature}", B64.encode(b"[]")),
            format!(
                "{}.{body}.{signature}",
                B64.encode(b"\xef\xbb\xbf{\"alg\":\"RS256\"}")
            ),
            format!("{head}.{body}.{}", "A".repeat(MAX_TOKEN)),
        ];
        for odd in odd {
            assert_eq!(Compact::parse(&odd).unwrap_err(), Malformed, "{odd}");
        }
        // Any other last character differs only in bits beyond the last byte, or in the signature itself.
        for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
            .chars()
            .filter(|last| !token.ends_with(*last))
        {
            let altered = format!("{}{last}", &token[..token.len() - 1]);
            assert!(
                Compact::parse(&altered).map_or(true, |parsed| parsed.verify(key).is_err()),
                "{last}"
            );
        }
    }
}

#[test]
fn claims_are_one_object_without_duplicates_even_when_signed() {
    let (key, _) = &KEYS[3];
    for claims in [
        "",
        "[]",
        "null",
        "{\"a\":1}x",
        "{\"exp\":1,\"exp\":2}",
        "{\"a\":{\"b\":1,\"b\":2}}",
        "{\"a\":1e400}",
        "{\"a\":NaN}",
        "{\"a\":\"\\u0000\"}",
    ] {
        assert_eq!(
            Compact::parse(&signed(key, &header(key), claims))
                .unwrap()
                .verify(key),
            Err(Untrusted::Claims),
            "{claims}"
        );
    }
    // Unsigned, the claims are not even read.
    let unread = format!("{}.%%%.AAAA", encode_header(&header(key)));
    assert_eq!(
        Compact::parse(&unread).unwrap().verify(key),
        Err(Untrusted::Signature)
    );
}

#[test]
fn t18_t19_weak_keys_are_refused() {
    for secret in [
        &b""[..],
        b"secret",
        &[0; 32],
        &[0; 64],
        b"your-256-bit-secret",
        &[1; 31],
        b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        assert_eq!(
            Key::from_material(Algorithm::Hs256, secret).unwrap_err(),
            BadKey::WeakSecret,
            "{secret:?}"
        );
    }
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        for (other, material) in KEYS.iter().filter(|(key, _)| key.algorithm() != algorithm) {
            assert_eq!(
                Key::from_material(algorithm, material).unwrap_err(),
                BadKey::Material(algorithm),
                "{other:?}"
            );
        }
        let cut = &KEYS
            .iter()
            .find(|(key, _)| key.algorithm() == algorithm)
            .unwrap()
            .1;
        assert_eq!(
            Key::from_material(algorithm, &cut[..cut.len() - 1]).unwrap_err(),
            BadKey::Material(algorithm)
        );
    }
}

/// A sound RSA key of 1,024 bits in PKCS#8, made by OpenSSL for this test.
const SHORT_RSA: &str = "MIICXAIBAAKBgQDFept_qCFYBGJJmzIylmJqVS3lYPEpyaOTpq6huP0tK5oXXzwSbOUcEAbWb7e-PCzdIcBt6SScuL1c_zeW\
    o31SgJlIiYCHNXF3cYq5ABqCbvn7sldji2cEn0s5mzBeiXrHSGFlbsQPJ2Uzl9w3XTvbVq53mQbSeE1Iup_Ddg_vrwIDAQAB\
    AoGAN1K57XF0pevUfTp1PabTu2ZRjUkzRrmukdbIZZYll1n3uUR818yaAtqaj8iMeUbyaqDh_-io0R8QLdVyBUmX-d7lOyQm\
    TFk6LQOS1rUXV54l8HyT64QR4qomASThYTSnLUGBrWKbpV65dMAmzc6FBjRFHl3pwQJnK-NV8z6OpUECQQDqjpJs8pg4WiLs\
    8aJGR6Y8FhvsdBQ37RZa8evPKItxMF7hp15QxX-9LyVXOzRENWGJqYnvxRh-I_yKPm2ob_KbAkEA14hI40-SaU_orvzkMjW8\
    jfJIXmwtMWESzFCrO6dc_oSb0Jl4uUDRwJCVUDIpuvOriF8iC8A8UUbhoHWLgYYOfQJAREFOzNNfhm58YVUDcs4gyrVoVMuG\
    oqukaLyjcToMMdjwk1u_72M5g9T3WcYJtJuQEZ47XIGPWg2gzJ3UDULeZwJBALQh9fDszwvvOiQNvdZs7OKhjHRF6ttrKx_R\
    h9r6fJFHWUZVDf2eO--5puD4m8Hg5wq5n6W8i2zOVcIam3asCK0CQD91_EAw48EjMv3rPAUNYfXEHTnLJjtZvM2yEGEt0eWM\
    03VHj5-1jYstYUCPgolAyoT_ygkTZOBSMbkZ8ORAVhI";

#[test]
fn t18_a_short_rsa_key_is_refused() {
    let material = B64.decode(SHORT_RSA).unwrap();
    let refused = Key::from_material(Algorithm::Rs256, &material).unwrap_err();
    assert_eq!(refused, BadKey::Material(Algorithm::Rs256));
}

/// No command imports a key, so what is left of T18 is material that somebody changed in the database.
#[test]
fn t18_an_rsa_key_with_an_even_exponent_is_refused() {
    let (_, material) = &KEYS[0];
    let (odd, even) = ([2, 3, 1, 0, 1], [2, 3, 1, 0, 0]);
    let at = material.windows(odd.len()).position(|seen| seen == odd).unwrap();
    let mut changed = material.clone();
    changed[at..at + even.len()].copy_from_slice(&even);
    let refused = Key::from_material(Algorithm::Rs256, &changed).unwrap_err();
    assert_eq!(refused, BadKey::Material(Algorithm::Rs256));
}

#[test]
fn a_jwk_shows_nothing_secret_and_kids_differ() {
    let published: Vec<Value> = KEYS
        .iter()
        .filter_map(|(key, _)| key.jwk())
        .map(|jwk| serde_json::to_value(jwk).unwrap())
        .collect();
    assert_eq!(published.len(), 3, "HS256 is never published");
    for jwk in &published {
        for private in ["d", "p", "q", "dp", "dq", "qi", "k", "oth"] {
            assert!(jwk.get(private).is_none());
        }
        assert_ne!(jwk["kty"], "oct");
        assert_eq!(
            published
                .iter()
                .filter(|other| other["kid"] == jwk["kid"])
                .count(),
            1
        );
    }
    assert_eq!(
        serde_json::to_string(&published[1]).unwrap().matches('"').count() / 4,
        7
    );
    for (key, material) in KEYS.iter() {
        let shown = format!("{key:?}");
        assert!(shown.contains(key.kid()) && shown.len() < 100 && !shown.contains(&B64.encode(material)));
    }
}

/// Runs a Wycheproof set: valid ones pass, invalid ones fail, acceptable ones may do either.
fn judge(expected: TestResult, found: bool, case: usize) -> usize {
    match expected {
        TestResult::Valid => assert!(found, "case {case} is valid"),
        TestResult::Invalid => assert!(!found, "case {case} is invalid"),
        TestResult::Acceptable => {}
    }
    1
}

#[test]
fn t18_wycheproof_rsa_signatures() {
    let set =
        wycheproof::rsa_pkcs1_verify::TestSet::load(wycheproof::rsa_pkcs1_verify::TestName::Rsa2048Sha256)
            .unwrap();
    let judged: usize = set
        .test_groups
        .iter()
        .flat_map(|group| group.tests.iter().map(move |test| (group, test)))
        .map(|(group, test)| {
            let found = verifier(Algorithm::Rs256, &group.asn_key)
                .is_some_and(|key| key.verify_sig(&test.msg, &test.sig).is_ok());
            judge(test.result, found, test.tc_id)
        })
        .sum();
    assert!(judged > 200, "{judged}");
}

#[test]
fn t16_wycheproof_ecdsa_signatures_as_r_and_s() {
    let set =
        wycheproof::ecdsa::TestSet::load(wycheproof::ecdsa::TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    let judged: usize = set
        .test_groups
        .iter()
        .flat_map(|group| group.tests.iter().map(move |test| (group, test)))
        .map(|(group, test)| {
            let found = verifier(Algorithm::Es256, &group.key.key)
                .is_some_and(|key| key.verify_sig(&test.msg, &test.sig).is_ok());
            judge(test.result, found, test.tc_id)
        })
        .sum();
    assert!(judged > 200, "{judged}");
}

#[test]
fn t17_wycheproof_ed25519_signatures() {
    let set = wycheproof::eddsa::TestSet::load(wycheproof::eddsa::TestName::Ed25519).unwrap();
    let judged: usize = set
        .test_groups
        .iter()
        .flat_map(|group| group.tests.iter().map(move |test| (group, test)))
        .map(|(group, test)| {
            let found = verifier(Algorithm::EdDsa, &group.key.pk)
                .is_some_and(|key| key.verify_sig(&test.msg, &test.sig).is_ok());
            judge(test.result, found, test.tc_id)
        })
        .sum();
    assert!(judged > 100, "{judged}");
}

#[test]
fn wycheproof_hmac_tags() {
    let set = wycheproof::mac::TestSet::load(wycheproof::mac::TestName::HmacSha256).unwrap();
    let whole = set
        .test_groups
        .iter()
        .filter(|group| group.tag_size == 256)
        .flat_map(|group| group.tests.iter());
    let judged: usize = whole
        .filter_map(|test| Some((test, Key::from_material(Algorithm::Hs256, &test.key).ok()?)))
        .map(|(test, key)| judge(test.result, key.authentic(&test.msg, &test.tag), test.tc_id))
        .sum();
    assert!(judged > 50, "{judged}");
}
