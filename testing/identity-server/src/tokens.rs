//! Tokens: their claims, and the answer that contains them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use serde_json::{Map, Value, json};

use crate::accounts::Account;
use crate::device_secrets;
use crate::grant::{AccessToken, Grant, Issued};
use crate::jws;
use crate::keys::Algorithm;
use crate::random;
use crate::settings::{AccessTokens, Settings};
use crate::state::{Db, Shared};
use crate::tamper::IdTokenFault;

/// The data for an answer of the token endpoint.
pub(crate) struct Issue<'a> {
    pub(crate) grant: &'a Grant,
    pub(crate) account: &'a Account,
    /// The scope of this answer: the grant's scope or, on a refresh, a part of it.
    pub(crate) scope: &'a [String],
    pub(crate) audience: Option<&'a str>,
    pub(crate) family: Option<u64>,
    pub(crate) refresh_token: Option<String>,
    /// Whether this is a refresh.
    pub(crate) again: bool,
    pub(crate) id_token_fault: Option<&'a IdTokenFault>,
}

impl Issue<'_> {
    /// The JSON answer in Auth0's format, and a record of the issued tokens.
    pub(crate) fn answer(self, shared: &Shared, db: &mut Db, settings: &Settings) -> (Value, Issued) {
        let (access_token, key) = self.access_token(shared, db, settings);
        let mut answer = json!({
            "access_token": access_token,
            "scope": self.scope.join(" "),
            "expires_in": settings.access_token_lifetime,
            "token_type": if self.grant.key.is_some() { "DPoP" } else { "Bearer" },
        });
        if let Some(refresh_token) = &self.refresh_token {
            answer["refresh_token"] = json!(refresh_token);
        }
        let of = (self.grant, self.scope);
        let device_secret = device_secrets::secret(db, settings, of, (self.family, self.again));
        if let Some((secret, true)) = &device_secret {
            answer["device_secret"] = json!(secret);
        }
        if self.scope.iter().any(|scope| scope == "openid") {
            let device_secret = device_secret.as_ref().map(|(secret, _)| secret.as_str());
            answer["id_token"] = json!(self.id_token(shared, settings, &access_token, device_secret));
        }
        (
            answer,
            Issued {
                access_token: key,
                family: self.family,
            },
        )
    }

    /// The token, and the key under which it is stored.
    pub(crate) fn access_token(&self, shared: &Shared, db: &mut Db, settings: &Settings) -> (String, String) {
        let now = shared.clock.now();
        let expires_at = now.saturating_add(settings.access_token_lifetime);
        let jwt = match settings.access_tokens {
            AccessTokens::ByAudience => self.audience.is_some(),
            AccessTokens::Opaque => false,
            AccessTokens::Jwt => true,
        };
        let (token, key) = if jwt {
            let id = random::identifier();
            let mut claims = Map::new();
            let mut set = |name: &str, value: Value| claims.insert(name.into(), value);
            set("iss", json!(shared.issuer));
            set("sub", json!(self.account.id));
            set("aud", self.audiences(shared));
            set("iat", json!(now));
            set("exp", json!(expires_at));
            set("scope", json!(self.scope.join(" ")));
            set("azp", json!(self.grant.client_id));
            set("jti", json!(id));
            if let Some(acr) = &self.grant.acr {
                set("acr", json!(acr));
                set("auth_time", json!(self.grant.auth_time));
            }
            if let Some(actor) = &self.grant.actor {
                set("act", json!({ "sub": actor }));
            }
            if let Some(key) = &self.grant.key {
                set("cnf", json!({ "jkt": key }));
            }
            (jws::sign(&shared.keys.current(settings.algorithm), &claims), id)
        } else {
            let token = random::token();
            (token.clone(), token)
        };
        let record = AccessToken {
            user_id: self.account.id.clone(),
            client_id: self.grant.client_id.clone(),
            scope: self.scope.to_vec(),
            audience: self.audience.map(str::to_owned),
            family: self.family,
            authentication: (self.grant.acr.clone(), self.grant.auth_time),
            expires_at,
            revoked: false,
            key: self.grant.key.clone(),
        };
        db.access_tokens.insert(key.clone(), record);
        (token, key)
    }

    /// One audience is a string; with `openid`, the userinfo endpoint is added.
    fn audiences(&self, shared: &Shared) -> Value {
        let userinfo = shared.userinfo_url();
        match self.audience {
            Some(audience) if audience != userinfo && self.scope.iter().any(|scope| scope == "openid") => {
                json!([audience, userinfo])
            }
            Some(audience) => json!(audience),
            None => json!(userinfo),
        }
    }

    fn id_token(
        &self,
        shared: &Shared,
        settings: &Settings,
        access_token: &str,
        device_secret: Option<&str>,
    ) -> String {
        let mut claims = self.id_token_claims(shared, settings);
        if settings.at_hash {
            claims.insert("at_hash".into(), json!(half_of_hash(access_token, settings.algorithm)));
        }
        if let Some(secret) = device_secret {
            claims.insert("ds_hash".into(), json!(half_of_hash(secret, settings.algorithm)));
        }
        let key = shared.keys.current(settings.algorithm);
        match self.id_token_fault {
            Some(fault) => fault.apply(&key, claims),
            None => jws::sign(&key, &claims),
        }
    }

    pub(crate) fn id_token_claims(&self, shared: &Shared, settings: &Settings) -> Map<String, Value> {
        let now = shared.clock.now();
        let grant = self.grant;
        let mut claims = self.account.profile(self.scope, &grant.client_id, settings);
        let mut set = |name: &str, value: Value| claims.insert(name.into(), value);
        set("iss", json!(shared.issuer));
        set("aud", json!(grant.client_id));
        set("iat", json!(now));
        set("exp", json!(now.saturating_add(settings.id_token_lifetime)));
        set("sid", json!(grant.session));
        if let Some(nonce) = grant
            .nonce
            .as_ref()
            .filter(|_| !self.again || settings.refresh_repeats_nonce)
        {
            set("nonce", json!(nonce));
        }
        if grant.wants_auth_time {
            set("auth_time", json!(grant.auth_time));
        }
        if let Some(acr) = &grant.acr {
            set("acr", json!(acr));
        }
        if let Some(organization) = &grant.organization {
            set("org_id", json!(organization));
        }
        claims
    }
}

/// OpenID Connect Core section 3.1.3.6: the left half of the hash that goes with the signature algorithm (SHA-512 for
/// Ed25519).
pub(crate) fn half_of_hash(token: &str, algorithm: Algorithm) -> String {
    let hash = match algorithm {
        Algorithm::EdDSA => digest::digest(&digest::SHA512, token.as_bytes()),
        _ => digest::digest(&digest::SHA256, token.as_bytes()),
    };
    let bytes = hash.as_ref();
    URL_SAFE_NO_PAD.encode(&bytes[..bytes.len() / 2])
}
