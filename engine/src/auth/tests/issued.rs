//! Tokens an issuer has made, good and not so good.

use super::*;

#[test]
fn every_algorithm_that_is_allowed_is_taken() {
    let (ed, ec, rsa) = (Signer::ed(1), Signer::ec(), Signer::rsa());
    let guard = guard(authorization(&[ed.jwk("ed"), ec.jwk("ec"), rsa.jwk("rsa")]));
    for (signer, alg, kid) in
        [(&ed, "EdDSA", "ed"), (&ec, "ES256", "ec"), (&rsa, "RS256", "rsa"), (&rsa, "PS256", "rsa")]
    {
        let head = json!({"alg": alg, "kid": kid, "typ": "at+jwt"});
        let principal = verify(&guard, &signer.sign(&head, &claims())).expect(alg);
        assert_eq!((principal.issuer(), principal.subject()), (ISSUER, "ann"));
        // Without an id the one key that fits is meant; RSA keys fit several algorithms.
        let head = json!({"alg": alg});
        assert!(verify(&guard, &signer.sign(&head, &claims())).is_ok(), "{alg}");
    }
}

#[test]
fn claims_are_held_against_the_terms() {
    let signer = Signer::ed(1);
    let guard = guard(authorization(&[signer.jwk("k")]));
    let head = json!({"alg": "EdDSA", "kid": "k"});
    let found = |name: &str, value: Value| {
        verify(&guard, &signer.sign(&head, &with(claims(), name, value)))
    };
    let leeway = crate::limits::TOKEN_LEEWAY_S;
    for (name, value) in [
        ("aud", json!(["https://other.example.com", RESOURCE])),
        ("aud", json!("HTTPS://TOOLS.example.com:443/mcp/")),
        ("exp", json!(NOW as f64 + 0.5)),
        ("exp", json!(NOW - leeway + 1)),
        ("exp", json!(1e300)),
        ("nbf", json!(NOW + leeway)),
        ("nbf", json!(0)),
        ("sub", json!("\u{1f600}")),
        ("extra", json!({"deep": [1, {"a": null}]})),
    ] {
        assert!(found(name, value.clone()).is_ok(), "{name} {value}");
    }
    for (name, value, words) in [
        ("aud", json!("https://tools.example.com"), "audience"),
        ("aud", json!("https://tools.example.com/mcp/other"), "audience"),
        ("aud", json!([]), "audience"),
        ("aud", Value::Null, "audience"),
        ("aud", json!({"0": RESOURCE}), "claims"),
        ("iss", json!("https://login.example.com/"), "issuer"),
        ("iss", json!("https://evil.example.com"), "issuer"),
        ("iss", json!([ISSUER]), "claims"),
        ("iss", Value::Null, "claims"),
        ("exp", json!(NOW - leeway), "expired"),
        ("exp", json!(-1), "expired"),
        ("exp", json!("9999999999"), "claims"),
        ("exp", Value::Null, "no expiry"),
        ("nbf", json!(NOW + leeway + 1), "not valid yet"),
        ("nbf", json!("soon"), "claims"),
        ("sub", Value::Null, "subject"),
        ("sub", json!(""), "subject"),
        ("sub", json!(7), "claims"),
    ] {
        check_refused(found(name, value), 401, words);
    }
}

#[test]
fn a_principal_has_what_its_token_says() {
    let signer = Signer::ed(1);
    let head = json!({"alg": "EdDSA", "kid": "k"});
    let guard = guard(authorization(&[signer.jwk("k")]).implies("admin", ["read", "write"]));
    let find = |changes: &[(&str, Value)]| {
        let claims = changes
            .iter()
            .fold(claims(), |claims, (name, value)| with(claims, name, value.clone()));
        verify(&guard, &signer.sign(&head, &claims)).expect("a good token")
    };
    let scopes = |principal: &Principal| principal.scopes().map(str::to_owned).collect::<Vec<_>>();
    let plain = find(&[]);
    assert_eq!(
        (plain.subject(), plain.client_id(), scopes(&plain)),
        ("ann", None, vec!["read".into()])
    );
    let admin = find(&[("scope", json!("admin a\"b  x")), ("client_id", json!("app"))]);
    assert_eq!(
        (scopes(&admin), admin.client_id()),
        (vec!["admin".into(), "x".into()], Some("app"))
    );
    assert!(admin.has_scope("write") && admin.has_scope("x") && !admin.has_scope("other"));
    let other = find(&[("scope", Value::Null), ("scp", json!(["a", "b"])), ("azp", json!("app"))]);
    assert_eq!((scopes(&other), other.client_id()), (vec!["a".into(), "b".into()], Some("app")));
    let machine = find(&[("sub", Value::Null), ("client_id", json!("app"))]);
    assert_eq!(machine.subject(), "app");
    assert_eq!(admin.key(), other.key(), "the same person through the same client");
    assert_ne!(admin.key(), plain.key());
    let rich = json!({"deep": [1, {"a": null}]});
    let want = with(claims(), "extra", rich.clone());
    assert_eq!(Some(find(&[("extra", rich)]).claims()), want.as_object());
    let token = Principal::new("ann").with_client_id("app");
    assert!(token.claims().is_empty());
    let claims = admin.claims().clone();
    let token = Principal::new("ann").with_claims(claims).with_scopes(["a"]).with_client_id("app");
    assert_eq!(token.claims(), admin.claims(), "kept by whatever else is set");
}

#[test]
fn required_scopes_are_named_when_they_are_missing() {
    let signer = Signer::ed(1);
    let head = json!({"alg": "EdDSA", "kid": "k"});
    let settings = authorization(&[signer.jwk("k")]).require(["use"]).implies("all", ["use"]);
    let guard = guard(settings);
    let found =
        |scope: &str| verify(&guard, &signer.sign(&head, &with(claims(), "scope", json!(scope))));
    assert!(found("use").is_ok() && found("all read").is_ok());
    check_refused(found("read"), 403, "use");
    let header = found("read").expect_err("a challenge").header().1.to_owned();
    assert_eq!(
        header,
        format!(
            "Bearer error=\"insufficient_scope\", error_description=\"the token lacks a scope \
             that this needs\", scope=\"use\", resource_metadata=\"{METADATA}\""
        )
    );
    let principal = found("use").expect("a good token");
    let tool: [Box<str>; 2] = ["write".into(), "use".into()];
    let challenge = guard.permit(&principal, &tool).expect_err("it cannot write");
    assert!(challenge.header().1.contains("scope=\"use write\""), "{challenge:?}");
}

#[test]
fn good_tokens_are_remembered_until_they_expire_or_keys_change() {
    let signer = Signer::ed(1);
    let jwks = Jwks::url("https://login.example.com/keys");
    let guard = guard(Authorization::new(RESOURCE).issuer(Issuer::new(ISSUER, jwks).leeway_s(0)));
    let store = || Arc::clone(guard.sources().next().expect("a source").2);
    let replace = |keys: &[Value]| {
        store().replace(KeySet::parse(key_set(keys).as_bytes()).expect("keys"));
    };
    let head = json!({"alg": "EdDSA", "kid": "k"});
    let token = signer.sign(&head, &with(claims(), "exp", json!(NOW + 10)));
    let header = format!("Bearer {token}");
    let mut verifier = Verifier::new(Arc::clone(&guard));
    check_refused(verifier.verify(Some(&header), NOW), 503, "could not be read yet");
    assert!(store().take_asked());
    replace(&[signer.jwk("k")]);
    for now in [NOW, NOW + 9] {
        assert!(verifier.verify(Some(&header), now).is_ok());
        assert_eq!(verifier.cached(), 1);
    }
    check_refused(verifier.verify(Some(&header), NOW + 10), 401, "expired");
    assert!(!store().is_asked(), "a known key is no reason to ask");
    replace(&[Signer::ed(2).jwk("other")]);
    check_refused(verifier.verify(Some(&header), NOW), 401, "does not publish");
    assert!(store().take_asked(), "an unknown key is one");
    assert_eq!(verifier.cached(), 0);
    replace(&[signer.jwk("k"), Signer::ed(2).jwk("other")]);
    assert!(verifier.verify(Some(&header), NOW).is_ok());
}

/// Streams end by this number, requests are refused by the check: they must be one.
#[test]
fn a_token_is_refused_from_its_end_on_and_not_before() {
    let signer = Signer::ed(1);
    for (expires, leeway_s, until) in [
        (json!(NOW + 10), 0, NOW + 10),
        (json!(NOW + 10), 30, NOW + 40),
        (json!(NOW as f64 + 10.25), 0, NOW + 11),
        (json!(1e300), 30, u64::MAX),
    ] {
        let jwks = Jwks::text(key_set(&[signer.jwk("k")]));
        let issuer = Issuer::new(ISSUER, jwks).leeway_s(leeway_s);
        let guard = guard(Authorization::new(RESOURCE).issuer(issuer));
        let head = json!({"alg": "EdDSA", "kid": "k"});
        let token = signer.sign(&head, &with(claims(), "exp", expires.clone()));
        let header = format!("Bearer {token}");
        let mut verifier = Verifier::new(guard);
        let principal = verifier.verify(Some(&header), until - 1).expect("it is good");
        assert_eq!(principal.until_unix_s(), Some(until), "{expires}");
        check_refused(verifier.verify(Some(&header), until), 401, "expired");
    }
    assert_eq!(Principal::new("static").until_unix_s(), None);
}

#[test]
fn the_cache_is_bounded() {
    let signer = Signer::ed(1);
    let mut verifier = Verifier::new(guard(authorization(&[signer.jwk("k")])));
    let most = crate::limits::TOKENS_CACHED_MAX;
    for n in 0..most + 10 {
        let head = json!({"alg": "EdDSA", "kid": "k"});
        let token = signer.sign(&head, &with(claims(), "sub", json!(format!("u{n}"))));
        verifier.verify(Some(&format!("Bearer {token}")), NOW).expect("a good token");
    }
    assert_eq!(verifier.cached(), most);
}

#[test]
fn a_waker_is_called_once_for_many_that_ask() {
    let store = KeyStore::default();
    let (told, heard) = std::sync::mpsc::channel();
    store.on_ask(move || told.send(()).expect("a listener"));
    for _ in 0..3 {
        store.ask();
    }
    assert!(store.take_asked() && !store.take_asked());
    store.ask();
    assert_eq!(heard.try_iter().count(), 2);
}

#[test]
fn settings_that_cannot_work_are_named() {
    let check = |settings: Authorization, want: &str| {
        let fault = settings.build().expect_err(want).to_string();
        assert!(fault.contains(want), "{fault} should say {want}");
    };
    let ann = || Principal::new("ann");
    let with_token =
        |resource| Authorization::new(resource).static_token("0123456789abcdef", ann());
    assert!(with_token(RESOURCE).build().is_ok());
    check(Authorization::new(RESOURCE), "without an issuer");
    check(with_token("https://tools.example.com/#a"), "resource URL");
    check(with_token(RESOURCE).static_token("short", ann()), "static token");
    check(with_token(RESOURCE).static_token("0123456789 abcdef", ann()), "static token");
    check(with_token(RESOURCE).require(["a b"]), "scope");
    check(with_token(RESOURCE).support(["offline_access"]), "offline_access");
    check(with_token(RESOURCE).implies("a", ["\""]), "scope");
    check(with_token(RESOURCE).server("login"), "resource URL");
    check(authorization(&[]), "no key");
    let twice = authorization(&[Signer::ed(1).jwk("k")]);
    let jwks = Jwks::text(key_set(&[Signer::ed(1).jwk("k")]));
    check(twice.issuer(Issuer::new(ISSUER, jwks)), "twice");
}

#[test]
fn the_page_tells_where_to_get_a_token() {
    let check = |settings: Authorization, want: Value| {
        let guard = guard(settings);
        let page: Value = serde_json::from_slice(guard.metadata()).expect("JSON");
        assert_eq!(page, want);
        guard.metadata_paths("/mcp/")
    };
    let keys = [Signer::ed(1).jwk("k")];
    let settings = authorization(&keys).require(["use"]).support(["read", "use"]);
    let paths = check(
        settings.resource_name("Tools"),
        json!({
            "resource": RESOURCE,
            "authorization_servers": [ISSUER],
            "scopes_supported": ["read", "use"],
            "bearer_methods_supported": ["header"],
            "resource_name": "Tools",
        }),
    );
    assert_eq!(paths, [WELL_KNOWN.to_owned(), format!("{WELL_KNOWN}/mcp")]);
    let token = Authorization::new("https://Tools.example.com/a/mcp/");
    let paths = check(
        token.static_token("0123456789abcdef", Principal::new("ann")).server("https://login/"),
        json!({
            "resource": "https://tools.example.com/a/mcp",
            "authorization_servers": ["https://login/"],
            "bearer_methods_supported": ["header"],
        }),
    );
    assert_eq!(paths.len(), 3);
}

#[test]
fn no_token_is_printed() {
    let secret = "0123456789abcdef-secret";
    let settings = authorization(&[Signer::ed(1).jwk("k")])
        .static_token(secret, Principal::new("ann").with_scopes(["read"]))
        .issuer(Issuer::shared_secret("https://other", secret.repeat(2)));
    let mut text = format!("{settings:?}");
    let guard = guard(settings);
    text += &format!("{guard:?} {:?}", verify(&guard, secret).expect("a good token"));
    text += &format!("{:?}", verify(&guard, "0123456789abcdef-secre").expect_err("not this one"));
    assert!(!text.contains("0123") && text.contains("ann"), "{text}");
}
