//! Tokens against a guard: one issuer with real keys, and everything an attacker might send.

mod forgery;
mod issued;

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};

use super::*;

const RESOURCE: &str = "https://tools.example.com/mcp";
const METADATA: &str = "https://tools.example.com/.well-known/oauth-protected-resource/mcp";
const ISSUER: &str = "https://login.example.com";
const NOW: u64 = 1_800_000_000;

/// A key pair that signs tokens.
enum Signer {
    Ed(Ed25519KeyPair),
    Ec(EcdsaKeyPair),
    Rsa(Box<RsaKeyPair>),
}

impl Signer {
    fn ed(seed: u8) -> Self {
        Self::Ed(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a seed"))
    }

    fn ec() -> Self {
        Self::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"))
    }

    fn rsa() -> Self {
        Self::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).expect("a key")))
    }

    fn jwk(&self, id: &str) -> Value {
        match self {
            Self::Ed(pair) => {
                let x = BASE64.encode(pair.public_key());
                json!({"kty": "OKP", "crv": "Ed25519", "kid": id, "x": x})
            }
            Self::Ec(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                let (x, y) = (BASE64.encode(x), BASE64.encode(y));
                json!({"kty": "EC", "crv": "P-256", "kid": id, "x": x, "y": y})
            }
            Self::Rsa(pair) => {
                let key = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                let (n, e) = (BASE64.encode(key.n), BASE64.encode(key.e));
                json!({"kty": "RSA", "kid": id, "n": n, "e": e})
            }
        }
    }

    /// Signs as the head says, if this key can.
    fn sign(&self, head: &Value, claims: &Value) -> String {
        let message = message(head, claims);
        let rng = SystemRandom::new();
        let signature = match self {
            Self::Ed(pair) => pair.sign(message.as_bytes()).as_ref().to_vec(),
            Self::Ec(pair) => pair.sign(&rng, message.as_bytes()).expect("signs").as_ref().to_vec(),
            Self::Rsa(pair) => {
                let is_pss = head["alg"] == "PS256";
                let scheme = if is_pss { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(scheme, &rng, message.as_bytes(), &mut signature).expect("signs");
                signature
            }
        };
        format!("{message}.{}", BASE64.encode(signature))
    }
}

fn message(head: &Value, claims: &Value) -> String {
    format!("{}.{}", BASE64.encode(head.to_string()), BASE64.encode(claims.to_string()))
}

fn key_set(keys: &[Value]) -> String {
    json!({"keys": keys}).to_string()
}

fn claims() -> Value {
    json!({"iss": ISSUER, "sub": "ann", "aud": RESOURCE, "exp": NOW + 300, "scope": "read"})
}

/// `of` with the member `name` set, or removed by `null`.
fn with(mut of: Value, name: &str, value: Value) -> Value {
    match value {
        Value::Null => of.as_object_mut().expect("an object").remove(name),
        value => of.as_object_mut().expect("an object").insert(name.to_owned(), value),
    };
    of
}

fn guard(settings: Authorization) -> Arc<Guard> {
    Arc::new(settings.build().expect("settings that hold"))
}

fn authorization(keys: &[Value]) -> Authorization {
    Authorization::new(RESOURCE).issuer(Issuer::new(ISSUER, Jwks::text(key_set(keys))))
}

fn verify(guard: &Arc<Guard>, token: &str) -> Result<Arc<Principal>, Challenge> {
    Verifier::new(Arc::clone(guard)).verify(Some(&format!("Bearer {token}")), NOW)
}

/// Expects a refusal with this status whose header and text say `words`.
#[track_caller]
fn check_refused(found: Result<Arc<Principal>, Challenge>, status: u16, words: &str) {
    let challenge = found.expect_err(words);
    let (name, value) = challenge.header();
    assert_eq!(challenge.status(), status, "{value}");
    assert!(challenge.text().contains(words), "{} does not say {words:?}", challenge.text());
    assert!(name == "retry-after" || value.contains(METADATA), "{value}");
    assert!(!value.contains(['\r', '\n']), "{value}");
}
