//! The signature algorithms tokens may use. There is no word for "none" here.

use jsonwebtoken::Algorithm as Jws;

/// A signature algorithm of RFC 7518, by the name it has in a token's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA PKCS#1 with SHA-256.
    Rs256,
    /// RSA PKCS#1 with SHA-384.
    Rs384,
    /// RSA PKCS#1 with SHA-512.
    Rs512,
    /// RSA PSS with SHA-256.
    Ps256,
    /// RSA PSS with SHA-384.
    Ps384,
    /// RSA PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// Ed25519.
    EdDsa,
    /// HMAC with SHA-256: whoever can check such a token can also make one. Only with
    /// [`Issuer::shared_secret`](super::Issuer::shared_secret).
    Hs256,
}

impl Algorithm {
    /// What is allowed unless said otherwise: everything whose checking key is no secret.
    pub const ASYMMETRIC: [Self; 9] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
    ];

    /// The algorithm of that exact name.
    pub fn parse(name: &str) -> Option<Self> {
        let all = Self::ASYMMETRIC.into_iter().chain([Self::Hs256]);
        all.into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    /// The name in a token's head.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
            Self::Hs256 => "HS256",
        }
    }

    /// The same for the library that checks signatures.
    pub(super) const fn jws(self) -> Jws {
        match self {
            Self::Rs256 => Jws::RS256,
            Self::Rs384 => Jws::RS384,
            Self::Rs512 => Jws::RS512,
            Self::Ps256 => Jws::PS256,
            Self::Ps384 => Jws::PS384,
            Self::Ps512 => Jws::PS512,
            Self::Es256 => Jws::ES256,
            Self::Es384 => Jws::ES384,
            Self::EdDsa => Jws::EdDSA,
            Self::Hs256 => Jws::HS256,
        }
    }
}
