//! What a program says about who may use its server over HTTP.

use std::fmt;

use aws_lc_rs::digest;

use super::principal::Principal;
use super::resource::Resource;
use super::scope::{self, Hierarchy};
use super::{Guard, Issuer};
use crate::error::Error;
use crate::limits::{ISSUERS_MAX, STATIC_TOKENS_MAX};

/// SHA-256 of a token: what is kept of it.
pub(super) type TokenDigest = [u8; 32];

pub(super) fn token_digest(token: &str) -> TokenDigest {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    out
}

/// Shortest static token, in bytes: what is shorter can be tried out.
const STATIC_TOKEN_BYTES_MIN: usize = 16;

/// Whose tokens a server takes on HTTP, and for what. Everything there needs a token then, except
/// the pages that say whether the server lives and where to get one. Other transports are not
/// concerned: who may open them is decided by the system.
///
/// ```
/// use mcpring::{Authorization, Issuer, Jwks};
///
/// let jwks = Jwks::url("https://login.example.com/keys.json");
/// let authorization = Authorization::new("https://tools.example.com/mcp")
///     .issuer(Issuer::new("https://login.example.com", jwks))
///     .require(["tools:use"])
///     .implies("tools:admin", ["tools:use"]);
/// ```
#[derive(Clone)]
pub struct Authorization {
    pub(super) resource: String,
    pub(super) name: Option<String>,
    pub(super) servers: Vec<String>,
    pub(super) supported: Vec<Box<str>>,
    pub(super) required: Vec<Box<str>>,
    pub(super) hierarchy: Hierarchy,
    pub(super) issuers: Vec<Issuer>,
    pub(super) tokens: Vec<(TokenDigest, Principal)>,
    /// A static token that is none; told when everything is checked.
    is_token_bad: bool,
}

impl Authorization {
    /// Authorization for the server that clients reach at the URL `resource`, which is also the
    /// audience its tokens must have.
    pub fn new(resource: impl Into<String>) -> Self {
        Self {
            resource: resource.into(),
            name: None,
            servers: Vec::new(),
            supported: Vec::new(),
            required: Vec::new(),
            hierarchy: Hierarchy::default(),
            issuers: Vec::new(),
            tokens: Vec::new(),
            is_token_bad: false,
        }
    }

    /// Takes tokens of `issuer`. Again for more.
    pub fn issuer(mut self, issuer: Issuer) -> Self {
        self.issuers.push(issuer);
        self
    }

    /// Takes exactly `token` for `principal`: for development and for machines that have no
    /// authorization server. Only its digest is kept.
    pub fn static_token(mut self, token: impl AsRef<str>, principal: Principal) -> Self {
        let token = token.as_ref();
        self.is_token_bad |=
            token.len() < STATIC_TOKEN_BYTES_MIN || super::token::bearer_text(token).is_err();
        self.tokens.push((token_digest(token), principal));
        self
    }

    /// Names an authorization server to clients, by its URL; without any, the issuers are named.
    pub fn server(mut self, url: impl Into<String>) -> Self {
        self.servers.push(url.into());
        self
    }

    /// The server's name for people, on the page that clients read.
    pub fn resource_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Scopes that every request needs.
    pub fn require<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.required.extend(scopes.into_iter().map(|scope| Box::from(scope.as_ref())));
        self
    }

    /// Scopes clients may ask for, beside the required ones.
    pub fn support<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.supported.extend(scopes.into_iter().map(|scope| Box::from(scope.as_ref())));
        self
    }

    /// Whoever has `scope` has `implied` too.
    pub fn implies<S: AsRef<str>>(
        mut self,
        scope: impl AsRef<str>,
        implied: impl IntoIterator<Item = S>,
    ) -> Self {
        let implied = implied.into_iter().map(|scope| Box::from(scope.as_ref()));
        self.hierarchy.add(scope.as_ref(), implied);
        self
    }

    /// Checks everything, and makes what requests are checked with.
    pub fn build(self) -> Result<Guard, Error> {
        let resource = Resource::parse(&self.resource)?;
        for server in &self.servers {
            Resource::parse(server)?;
        }
        if self.is_token_bad {
            let least = STATIC_TOKEN_BYTES_MIN;
            return Err(Error::usage(format!(
                "a static token has {least} bytes or more of A-Z a-z 0-9 - . _ ~ + / and = at its \
                 end"
            )));
        }
        if self.issuers.is_empty() && self.tokens.is_empty() {
            return Err(Error::usage("authorization without an issuer or a static token"));
        }
        if self.issuers.len() > ISSUERS_MAX || self.tokens.len() > STATIC_TOKENS_MAX {
            return Err(Error::usage(format!(
                "more than {ISSUERS_MAX} issuers or {STATIC_TOKENS_MAX} static tokens"
            )));
        }
        for (at, issuer) in self.issuers.iter().enumerate() {
            issuer.check()?;
            if self.issuers[..at].iter().any(|other| other.name == issuer.name) {
                return Err(Error::usage(format!("issuer {:?} is there twice", issuer.name)));
            }
        }
        let scopes = self.supported.iter().chain(&self.required).map(|scope| &**scope);
        scope::check(scopes.chain(self.hierarchy.words()))?;
        Guard::new(&resource, self)
    }
}

/// Tokens are left out.
impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("resource", &self.resource)
            .field("issuers", &self.issuers)
            .field("required", &self.required)
            .field("static_tokens", &self.tokens.len())
            .finish_non_exhaustive()
    }
}
