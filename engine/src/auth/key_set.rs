//! A set of public keys (RFC 7517), reduced to what can check a token.

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyOperations, PublicKeyUse,
};

use super::Algorithm;
use super::token::Fault;
use crate::error::Error;
use crate::limits::{JWKS_BYTES_MAX, JWKS_KEYS_MAX};

/// One issuer's keys at one time.
#[derive(Default)]
pub struct KeySet {
    keys: Vec<Key>,
    /// The one key is an issuer's only one, whatever a token calls it.
    is_nameless: bool,
}

struct Key {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    material: DecodingKey,
}

impl KeySet {
    /// Reads a key set. Keys that cannot check a signature, or not without being secret, are left
    /// out; a set without any is refused, so that a page of errors does not replace good keys.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        if text.len() > JWKS_BYTES_MAX {
            return Err(Error::limit(format!("the key set is over {JWKS_BYTES_MAX} bytes")));
        }
        let set: JwkSet = serde_json::from_slice(text)
            .map_err(|fault| Error::peer(format!("not a JSON Web Key Set: {fault}")))?;
        if set.keys.len() > JWKS_KEYS_MAX {
            return Err(Error::limit(format!("the key set has over {JWKS_KEYS_MAX} keys")));
        }
        let keys: Vec<Key> = set.keys.iter().filter_map(key).collect();
        if keys.is_empty() {
            return Err(Error::peer("the key set has no key that can check a signature"));
        }
        Ok(Self { keys, is_nameless: false })
    }

    /// The set of one shared secret.
    pub(super) fn secret(secret: &[u8]) -> Self {
        let (algorithms, material) = (vec![Algorithm::Hs256], DecodingKey::from_secret(secret));
        let keys = vec![Key { id: None, algorithms, material }];
        Self { keys, is_nameless: true }
    }

    /// Keys in the set.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is no key, as before the first set was read.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The one key that a token of this head can have been signed with. A key id is compared and
    /// nothing else: it never becomes part of a path or a query.
    pub(super) fn find(&self, id: Option<&str>, by: Algorithm) -> Result<&DecodingKey, Fault> {
        let id = id.filter(|_| !self.is_nameless);
        let named = || self.keys.iter().filter(|key| id.is_none() || key.id.as_deref() == id);
        let mut fitting = named().filter(|key| key.algorithms.contains(&by));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(&key.material),
            (Some(_), Some(_)) => Err(Fault::AmbiguousKey),
            (None, _) if id.is_some() && named().next().is_some() => Err(Fault::KeyAlgorithm),
            (None, _) => Err(Fault::UnknownKey),
        }
    }
}

fn key(jwk: &Jwk) -> Option<Key> {
    let common = &jwk.common;
    let is_for_signatures =
        common.public_key_use.as_ref().is_none_or(|using| *using == PublicKeyUse::Signature)
            && common
                .key_operations
                .as_ref()
                .is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    let fitting: &[Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => &Algorithm::ASYMMETRIC[..6],
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            &[Algorithm::Es256]
        }
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => {
            &[Algorithm::Es384]
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            &[Algorithm::EdDsa]
        }
        // A secret has no place in a published set, and other curves are not checked here.
        _ => &[],
    };
    let named = common.key_algorithm.map(|algorithm| algorithm.to_string());
    let algorithms: Vec<Algorithm> = fitting
        .iter()
        .copied()
        .filter(|algorithm| named.as_ref().is_none_or(|named| named == algorithm.as_str()))
        .collect();
    if !is_for_signatures || algorithms.is_empty() {
        return None;
    }
    let material = DecodingKey::from_jwk(jwk).ok()?;
    Some(Key { id: common.key_id.clone(), algorithms, material })
}
