//! One token: taken from its header, taken apart, and held against an issuer's terms.

use jsonwebtoken::DecodingKey;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use serde::de::{Deserialize, Deserializer, IgnoredAny};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use super::{Algorithm, Issuer, Principal, resource, scope};
use crate::limits::TOKEN_BYTES_MAX;

/// What is wrong with a token or its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Absent,
    OtherScheme,
    Syntax,
    TooLong,
    NotKnown,
    Head,
    Algorithm,
    Critical,
    Type,
    Claims,
    Issuer,
    NoKeysYet,
    UnknownKey,
    AmbiguousKey,
    KeyAlgorithm,
    Signature,
    NoExpiry,
    Expired,
    NotYet,
    Audience,
    Subject,
}

/// What a fault means for the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Nothing was shown.
    Absent,
    /// It could not be read.
    Malformed,
    /// It was read and not accepted.
    Invalid,
    /// It cannot be checked at present.
    Unready,
}

impl Fault {
    pub(super) fn class(self) -> Class {
        match self {
            Self::Absent | Self::OtherScheme => Class::Absent,
            Self::Syntax | Self::TooLong => Class::Malformed,
            Self::NoKeysYet => Class::Unready,
            _ => Class::Invalid,
        }
    }

    /// Words that fit in a quoted string of a header.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Absent => "there is no access token",
            Self::OtherScheme => "only bearer tokens are taken",
            Self::Syntax => "the Authorization header is not a bearer token",
            Self::TooLong => "the token is over 8 KiB",
            Self::NotKnown => "the token is not known here",
            Self::Head => "the head of the token is not readable",
            Self::Algorithm => "the token is signed with an algorithm that is not allowed",
            Self::Critical => "the token has critical extensions, which are not understood here",
            Self::Type => "the token is not an access token",
            Self::Claims => "the claims of the token are not readable",
            Self::Issuer => "the issuer of the token is not trusted",
            Self::NoKeysYet => "the keys of the issuer could not be read yet",
            Self::UnknownKey => "the token is signed with a key that the issuer does not publish",
            Self::AmbiguousKey => "more than one key of the issuer fits the token",
            Self::KeyAlgorithm => "the key of the token is not for its algorithm",
            Self::Signature => "the signature of the token is wrong",
            Self::NoExpiry => "the token has no expiry",
            Self::Expired => "the token has expired",
            Self::NotYet => "the token is not valid yet",
            Self::Audience => "the token is for another audience",
            Self::Subject => "the token names neither a subject nor a client",
        }
    }
}

/// The token in an Authorization header.
pub(super) fn bearer(header: Option<&str>) -> Result<&str, Fault> {
    let header = header.ok_or(Fault::Absent)?;
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(if header.is_empty() { Fault::Absent } else { Fault::OtherScheme });
    }
    bearer_text(token.trim_matches(' '))
}

/// `token` if it is one: RFC 6750's `b64token`, not too long.
pub(super) fn bearer_text(token: &str) -> Result<&str, Fault> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(Fault::TooLong);
    }
    let text = token.trim_end_matches('=');
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    if text.is_empty() || !text.bytes().all(is_allowed) {
        return Err(Fault::Syntax);
    }
    Ok(token)
}

/// A JSON Web Token, unproven.
pub(super) struct Token<'t> {
    head: Head,
    claims: Claims,
    /// Head and claims as they were signed.
    message: &'t str,
    signature: &'t str,
}

#[derive(serde::Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    /// Whether the member is there at all: nothing it can list is understood here.
    #[serde(default, deserialize_with = "present")]
    crit: bool,
}

#[derive(serde::Deserialize)]
struct Claims {
    iss: String,
    sub: Option<String>,
    aud: Option<Words>,
    exp: Option<f64>,
    nbf: Option<f64>,
    client_id: Option<String>,
    azp: Option<String>,
    scope: Option<Words>,
    scp: Option<Words>,
}

/// One text or several.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Words {
    One(String),
    Many(Vec<String>),
}

impl Words {
    fn iter(&self) -> impl Iterator<Item = &str> {
        let (one, many) = match self {
            Self::One(one) => (Some(one), &[][..]),
            Self::Many(many) => (None, &many[..]),
        };
        one.into_iter().chain(many).map(String::as_str)
    }
}

fn present<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(from).map(|_| true)
}

impl<'t> Token<'t> {
    /// Takes `text` apart. What is no JWT is no token of anyone's here.
    pub(super) fn parse(text: &'t str) -> Result<Self, Fault> {
        let (message, signature) = text.rsplit_once('.').ok_or(Fault::NotKnown)?;
        let (head, claims) = message.split_once('.').ok_or(Fault::NotKnown)?;
        if claims.contains('.') {
            return Err(Fault::NotKnown);
        }
        let head: Head = read(head).ok_or(Fault::Head)?;
        let claims = read(claims).ok_or(Fault::Claims)?;
        Ok(Self { head, claims, message, signature })
    }

    /// Who claims to have issued it.
    pub(super) fn issuer(&self) -> &str {
        &self.claims.iss
    }

    /// The algorithm, if `issuer` may use it and the head asks for nothing else.
    pub(super) fn algorithm(&self, issuer: &Issuer) -> Result<Algorithm, Fault> {
        let algorithm = Algorithm::parse(&self.head.alg)
            .filter(|algorithm| issuer.algorithms.contains(algorithm))
            .ok_or(Fault::Algorithm)?;
        if self.head.crit {
            return Err(Fault::Critical);
        }
        // An ID token proves a login to a client and nothing to this server (RFC 9068, 4).
        let is_access = self.head.typ.as_deref().is_none_or(|typ| {
            let typ = typ.rsplit_once('/').map_or(typ, |(_, name)| name);
            ["jwt", "at+jwt"].iter().any(|name| typ.eq_ignore_ascii_case(name))
        });
        is_access.then_some(algorithm).ok_or(Fault::Type)
    }

    /// Which key it says it was signed with.
    pub(super) fn key_id(&self) -> Option<&str> {
        self.head.kid.as_deref()
    }

    pub(super) fn check_signature(
        &self,
        key: &DecodingKey,
        algorithm: Algorithm,
    ) -> Result<(), Fault> {
        let signature = BASE64.decode(self.signature).map_err(|_| Fault::Signature)?;
        let verifier = (DEFAULT_PROVIDER.verifier_factory)(&algorithm.jws(), key)
            .map_err(|_| Fault::KeyAlgorithm)?;
        verifier.verify(self.message.as_bytes(), &signature).map_err(|_| Fault::Signature)
    }

    /// Holds the claims against the issuer's terms; gives the first second in which the token is
    /// refused.
    pub(super) fn check_claims(&self, issuer: &Issuer, now_unix_s: u64) -> Result<u64, Fault> {
        let claims = &self.claims;
        let expires = claims.exp.ok_or(Fault::NoExpiry)?;
        let (now, leeway) = (now_unix_s as f64, issuer.leeway_s as f64);
        // A conversion that saturates: below zero has expired, beyond all time is "late".
        let until_unix_s = (expires + leeway).ceil() as u64;
        if now_unix_s >= until_unix_s {
            return Err(Fault::Expired);
        }
        if claims.nbf.is_some_and(|begins| now + leeway < begins) {
            return Err(Fault::NotYet);
        }
        let is_ours =
            |audience: &str| issuer.audiences.iter().any(|ours| resource::is_same(ours, audience));
        if !claims.aud.iter().flat_map(Words::iter).any(is_ours) {
            return Err(Fault::Audience);
        }
        Ok(until_unix_s)
    }

    /// Whom it speaks for.
    pub(super) fn principal(&self) -> Result<Principal, Fault> {
        let Claims { iss, sub, client_id, azp, scope, scp, .. } = &self.claims;
        let present = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let client_id = present(client_id).or_else(|| present(azp));
        let subject = present(sub).or_else(|| client_id.clone()).ok_or(Fault::Subject)?;
        let scopes = scope.iter().chain(scp).flat_map(Words::iter);
        let scopes = scopes.flat_map(|words| words.split(' ')).filter(|word| scope::is_scope(word));
        let principal = Principal::of(iss, &subject, client_id.as_deref()).with_scopes(scopes);
        // Read whole only now that the token is good.
        let claims = self.message.split_once('.').and_then(|(_, claims)| read(claims));
        Ok(principal.with_claims(claims.ok_or(Fault::Claims)?))
    }
}

fn read<T: serde::de::DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&BASE64.decode(part).ok()?).ok()
}
