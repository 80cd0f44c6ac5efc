//! The setting "authorization": whom HTTP is served to.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::auth::{Algorithm, Authorization, Issuer, Jwks, Principal};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    resource: String,
    resource_name: Option<String>,
    #[serde(default)]
    servers: Vec<String>,
    #[serde(default)]
    issuers: Vec<IssuerKeys>,
    #[serde(default)]
    static_tokens: BTreeMap<String, PrincipalKeys>,
    #[serde(default)]
    require: Vec<String>,
    #[serde(default)]
    support: Vec<String>,
    #[serde(default)]
    implies: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PrincipalKeys {
    subject: String,
    client_id: Option<String>,
    #[serde(default)]
    scopes: Vec<String>,
}

/// Of the four places of keys there is one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IssuerKeys {
    name: String,
    jwks_url: Option<String>,
    jwks_file: Option<String>,
    jwks: Option<Value>,
    secret: Option<String>,
    every_s: Option<u64>,
    asked_every_s: Option<u64>,
    #[serde(default)]
    audiences: Vec<String>,
    algorithms: Option<Vec<String>>,
    leeway_s: Option<u64>,
}

/// The setting's value.
pub(super) fn read(value: &Value) -> Result<Authorization, String> {
    let keys = Keys::deserialize(value).map_err(|fault| format!("has a fault: {fault}"))?;
    let mut all = Authorization::new(keys.resource).require(keys.require).support(keys.support);
    if let Some(name) = keys.resource_name {
        all = all.resource_name(name);
    }
    all = keys.servers.into_iter().fold(all, Authorization::server);
    for (scope, implied) in keys.implies {
        all = all.implies(scope, implied);
    }
    for (token, PrincipalKeys { subject, client_id, scopes }) in keys.static_tokens {
        let mut principal = Principal::new(subject).with_scopes(scopes);
        if let Some(client_id) = client_id {
            principal = principal.with_client_id(client_id);
        }
        all = all.static_token(token, principal);
    }
    for issuer in keys.issuers {
        all = all.issuer(issuer.read()?);
    }
    // What is wrong shows here and not when the server starts.
    all.clone().build().map_err(|fault| format!("has a fault: {fault}"))?;
    Ok(all)
}

impl IssuerKeys {
    fn read(self) -> Result<Issuer, String> {
        let name = self.name;
        let refuse = |words: &str| format!("has a fault: issuer {name:?}: {words}");
        let jwks = |jwks: Jwks| {
            let jwks = match self.every_s {
                Some(every) => jwks.every(Duration::from_secs(every)),
                None => jwks,
            };
            match self.asked_every_s {
                Some(every) => jwks.asked_every(Duration::from_secs(every)),
                None => jwks,
            }
        };
        let mut issuer = match (self.jwks_url, self.jwks_file, self.jwks, self.secret) {
            (Some(url), None, None, None) => Issuer::new(&*name, jwks(Jwks::url(url))),
            (None, Some(file), None, None) => Issuer::new(&*name, jwks(Jwks::file(file))),
            (None, None, Some(set), None) => Issuer::new(&*name, Jwks::text(set.to_string())),
            (None, None, None, Some(secret)) => Issuer::shared_secret(&*name, secret.into_bytes()),
            _ => return Err(refuse("wants one of jwks_url, jwks_file, jwks and secret")),
        };
        issuer = self.audiences.into_iter().fold(issuer, Issuer::audience);
        if let Some(names) = self.algorithms {
            let parse = |name: &String| {
                Algorithm::parse(name)
                    .ok_or_else(|| refuse(&format!("there is no algorithm {name:?}")))
            };
            issuer = issuer.algorithms(names.iter().map(parse).collect::<Result<Vec<_>, _>>()?);
        }
        Ok(match self.leeway_s {
            Some(leeway_s) => issuer.leeway_s(leeway_s),
            None => issuer,
        })
    }
}
