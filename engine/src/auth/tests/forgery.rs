//! Tokens nobody has issued, and headers that hold none.

use aws_lc_rs::hmac;

use super::*;

#[test]
fn headers_that_hold_no_token_are_told_apart() {
    let settings = authorization(&[Signer::ed(1).jwk("k")]).require(["use"]);
    let guard = guard(settings);
    let check = |header: Option<&str>, status: u16, want: &str| {
        let found = Verifier::new(Arc::clone(&guard)).verify(header, NOW);
        let challenge = found.expect_err(want);
        let (_, value) = challenge.header();
        assert_eq!((challenge.status(), value), (status, want), "{header:?}");
    };
    let absent = format!("Bearer scope=\"use\", resource_metadata=\"{METADATA}\"");
    check(None, 401, &absent);
    check(Some(""), 401, &absent);
    check(Some("Basic YTpi"), 401, &absent);
    check(Some("BearerX abc"), 401, &absent);
    let malformed = format!(
        "Bearer error=\"invalid_request\", error_description=\"the Authorization header is not a \
         bearer token\", scope=\"use\", resource_metadata=\"{METADATA}\""
    );
    for header in ["Bearer", "Bearer ", "bearer a b", "Bearer a,b", "Bearer =", "Bearer \u{e9}"] {
        check(Some(header), 400, &malformed);
    }
    let long = format!("Bearer {}", "a".repeat(crate::limits::TOKEN_BYTES_MAX + 1));
    check(
        Some(&long),
        400,
        &malformed
            .replace("the Authorization header is not a bearer token", "the token is over 8 KiB"),
    );
}

#[test]
fn a_static_token_is_itself_and_nothing_near_it() {
    let token = "dev-0123456789abcdef";
    let guard = guard(
        Authorization::new(RESOURCE)
            .static_token(token, Principal::new("ann").with_scopes(["all"]))
            .implies("all", ["read"]),
    );
    let principal = verify(&guard, token).expect("the token");
    assert!(principal.has_scope("read"));
    let mut verifier = Verifier::new(Arc::clone(&guard));
    assert!(verifier.verify(Some(&format!("bEARER   {token}")), NOW).is_ok());
    for other in ["dev-0123456789abcde", "dev-0123456789abcdef0", "Dev-0123456789abcdef", "x.y"] {
        check_refused(verify(&guard, other), 401, "not known");
    }
}

#[test]
fn heads_cannot_choose_how_they_are_checked() {
    let (signer, ec) = (Signer::ed(1), Signer::ec());
    let guard = guard(authorization(&[signer.jwk("k"), ec.jwk("ec")]));
    let check = |head: Value, words: &str| {
        check_refused(verify(&guard, &signer.sign(&head, &claims())), 401, words);
    };
    for alg in ["none", "None", "NONE", "", "eddsa", "ES512", "HS256"] {
        check(json!({"alg": alg, "kid": "k"}), "not allowed");
    }
    check(json!({"kid": "k"}), "head");
    check(json!({"alg": null, "kid": "k"}), "head");
    check(json!({"alg": ["EdDSA"], "kid": "k"}), "head");
    check(json!({"alg": "ES256", "kid": "k"}), "not for its algorithm");
    check(json!({"alg": "EdDSA", "kid": "ec"}), "not for its algorithm");
    check(json!({"alg": "EdDSA", "kid": 1}), "head");
    for kid in ["", "K", "k\u{0}", "../../../etc/passwd", "file:///dev/null", "' OR 1=1 --"] {
        check(json!({"alg": "EdDSA", "kid": kid}), "does not publish");
    }
    for crit in [json!(["exp"]), json!([]), json!(null), json!("b64")] {
        check(json!({"alg": "EdDSA", "kid": "k", "crit": crit}), "critical");
    }
    for typ in ["id+jwt", "JWE", "application/secevent+jwt", ""] {
        check(json!({"alg": "EdDSA", "kid": "k", "typ": typ}), "not an access token");
    }
    // Keys and places of keys that a token brings along are not looked at.
    let other = Signer::ed(2);
    let head = json!({"alg": "EdDSA", "kid": "k", "jku": "https://evil/", "jwk": other.jwk("k")});
    check_refused(verify(&guard, &other.sign(&head, &claims())), 401, "signature");
}

#[test]
fn two_keys_of_one_name_are_no_key() {
    let (one, two, ec) = (Signer::ed(1), Signer::ed(2), Signer::ec());
    let guard = guard(authorization(&[one.jwk("k"), two.jwk("k"), ec.jwk("k")]));
    let head = json!({"alg": "EdDSA", "kid": "k"});
    check_refused(verify(&guard, &one.sign(&head, &claims())), 401, "more than one key");
    let head = json!({"alg": "EdDSA"});
    check_refused(verify(&guard, &one.sign(&head, &claims())), 401, "more than one key");
    // Of another kind it is another key (RFC 7517, 4.5).
    let head = json!({"alg": "ES256", "kid": "k"});
    assert!(verify(&guard, &ec.sign(&head, &claims())).is_ok());
}

#[test]
fn a_public_key_is_no_shared_secret() {
    let rsa = Signer::rsa();
    let jwk = rsa.jwk("k");
    let head = json!({"alg": "HS256", "kid": "k"});
    let message = message(&head, &claims());
    let forge = |secret: &[u8]| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        format!("{message}.{}", BASE64.encode(hmac::sign(&key, message.as_bytes())))
    };
    let modulus = BASE64.decode(jwk["n"].as_str().expect("a text")).expect("base64");
    let published = json!({"kty": "oct", "kid": "k", "k": BASE64.encode(&modulus)});
    let asymmetric = guard(authorization(&[jwk.clone(), published]));
    for secret in [&modulus[..], jwk.to_string().as_bytes(), b""] {
        check_refused(verify(&asymmetric, &forge(secret)), 401, "not allowed");
    }
    let secret = [7; 32];
    let shared = guard(Authorization::new(RESOURCE).issuer(Issuer::shared_secret(ISSUER, secret)));
    assert!(verify(&shared, &forge(&secret)).is_ok());
    check_refused(verify(&shared, &forge(&[8; 32])), 401, "signature");
    let head = json!({"alg": "RS256", "kid": "k"});
    check_refused(verify(&shared, &rsa.sign(&head, &claims())), 401, "not allowed");
}

#[test]
fn a_changed_token_is_refused() {
    let signer = Signer::ed(1);
    let guard = guard(authorization(&[signer.jwk("k")]));
    let token = signer.sign(&json!({"alg": "EdDSA", "kid": "k"}), &claims());
    assert!(verify(&guard, &token).is_ok());
    for at in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).expect("ASCII");
        assert!(verify(&guard, &changed).is_err(), "{changed}");
        assert!(verify(&guard, &token[..at]).is_err(), "cut at {at}");
    }
    let (message, signature) = token.rsplit_once('.').expect("three parts");
    for other in [
        format!("{message}."),
        format!("{message}.{signature}="),
        format!("{message}.{signature}.x"),
        format!("{token}.{token}"),
        format!(".{token}"),
        "..".to_owned(),
        "a.b.c".to_owned(),
        "e30.e30.".to_owned(),
    ] {
        assert!(verify(&guard, &other).is_err(), "{other}");
    }
}

#[test]
fn a_token_of_one_issuer_is_not_checked_with_the_keys_of_another() {
    let (ours, theirs) = (Signer::ed(1), Signer::ed(2));
    let other = "https://other.example.com";
    let guard = guard(
        authorization(&[ours.jwk("k")])
            .issuer(Issuer::new(other, Jwks::text(key_set(&[theirs.jwk("k")])))),
    );
    let head = json!({"alg": "EdDSA", "kid": "k"});
    let at_other = with(claims(), "iss", json!(other));
    let one = verify(&guard, &ours.sign(&head, &claims())).expect("a good token");
    let two = verify(&guard, &theirs.sign(&head, &at_other)).expect("a good token");
    assert_ne!(one.key(), two.key(), "the same subject of another issuer is somebody else");
    check_refused(verify(&guard, &theirs.sign(&head, &claims())), 401, "signature");
    check_refused(verify(&guard, &ours.sign(&head, &at_other)), 401, "signature");
}

#[test]
fn key_sets_that_cannot_be_used_are_refused() {
    let check = |text: &str, words: &str| {
        let fault = KeySet::parse(text.as_bytes()).map(|keys| keys.len()).expect_err(words);
        assert!(fault.to_string().contains(words), "{fault} should say {words}");
    };
    check("", "not a JSON Web Key Set");
    check("<html>", "not a JSON Web Key Set");
    check("{}", "not a JSON Web Key Set");
    check(&key_set(&[]), "no key");
    check(&key_set(&[json!({"kty": "oct", "k": "AAAA"})]), "no key");
    check(&key_set(&[json!({"kty": "new", "x": 1})]), "no key");
    let key = Signer::ed(1).jwk("k");
    check(&key_set(&[with(key.clone(), "use", json!("enc"))]), "no key");
    check(&key_set(&[with(key.clone(), "key_ops", json!(["sign"]))]), "no key");
    check(&key_set(&[with(key.clone(), "alg", json!("ES256"))]), "no key");
    check(&key_set(&vec![key.clone(); 65]), "over 64 keys");
    check(&" ".repeat(crate::limits::JWKS_BYTES_MAX + 1), "over 262144 bytes");
    let kept = [json!({"kty": "new"}), with(key, "alg", json!("EdDSA"))];
    assert_eq!(KeySet::parse(key_set(&kept).as_bytes()).map(|keys| keys.len()), Ok(1));
}
