//! The users, and their claims at the endpoints.

use serde_json::{Map, Value, json};

use crate::clock::rfc3339;
use crate::secret::Secret;
use crate::settings::{Settings, UpdatedAt};

/// One user.
#[derive(Debug, Clone)]
pub struct Account {
    /// Such as `auth0|5f7c8ec7c33c6c004bbafe82`; `sub` in tokens.
    pub id: String,
    pub email: String,
    pub password: Secret,
    /// Claims: standard ones are sent according to the scope, others (namespaced) always.
    pub claims: Map<String, Value>,
    pub user_metadata: Map<String, Value>,
    pub app_metadata: Map<String, Value>,
    /// Seconds since the epoch.
    pub created_at: i64,
    /// Seconds since the epoch.
    pub updated_at: i64,
    /// Refused at sign-in (`unauthorized`) and at refresh (403 `access_denied` "user is blocked").
    pub blocked: bool,
    /// Refused at refresh with 403 `mfa_required` and an `mfa_token`.
    pub mfa_required: bool,
    /// Spent by `mfa-recovery-code`, which returns another.
    pub recovery_code: String,
}

/// The code of every user's authenticator app and of every message to a device.
pub const OTP: &str = "123456";

/// The password of the initial accounts.
pub const PASSWORD: &str = "correct horse";

impl Account {
    /// A bare account: an email address, a password and a name made from the address.
    #[must_use]
    pub fn new(id: &str, email: &str, password: &str) -> Self {
        let nickname = email.split('@').next().unwrap_or(email);
        let claims = json!({
            "name": email, "nickname": nickname, "email": email, "email_verified": false,
            "picture": "https://images.example.com/avatar.png",
        });
        Self {
            id: id.into(),
            email: email.into(),
            password: Secret::new(password),
            claims: into_object(claims),
            user_metadata: Map::new(),
            app_metadata: Map::new(),
            created_at: 1_600_000_000,
            updated_at: 1_700_000_000,
            blocked: false,
            mfa_required: false,
            recovery_code: "RECOVERYCODE000000000001".into(),
        }
    }

    /// `ada@example.com`, `auth0|ada`: a full profile and metadata with a nested object.
    #[must_use]
    pub fn ada() -> Self {
        let claims = json!({
            "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace", "middle_name": "King",
            "nickname": "ada", "preferred_username": "ada", "profile": "https://example.com/ada",
            "picture": "/pictures/ada.png", "website": "https://example.com/",
            "gender": "female", "birthdate": "1815-12-10", "zoneinfo": "Europe/London", "locale": "en-GB",
            "email": "ada@example.com", "email_verified": true,
            "phone_number": "+44 20 7946 0001", "phone_number_verified": true,
            "address": {
                "formatted": "12 St James's Square\nLondon SW1Y 4JH\nUnited Kingdom",
                "street_address": "12 St James's Square", "locality": "London", "region": "England",
                "postal_code": "SW1Y 4JH", "country": "GB",
            },
            "https://example.com/roles": ["mathematician", "author"],
        });
        let metadata = json!({
            "first_name": "Ada", "last_name": "Lovelace", "country": "UK",
            "preferences": { "theme": "dark", "language": "en" }, "logins_this_week": 3,
        });
        Self {
            claims: into_object(claims),
            user_metadata: into_object(metadata),
            app_metadata: into_object(json!({ "plan": "full" })),
            ..Self::new("auth0|ada", "ada@example.com", PASSWORD)
        }
    }

    /// `grace@example.com`, `auth0|grace`: a full profile and little metadata.
    #[must_use]
    pub fn grace() -> Self {
        let claims = json!({
            "name": "Grace Hopper", "given_name": "Grace", "family_name": "Hopper", "nickname": "grace",
            "picture": "/pictures/grace.png", "zoneinfo": "America/New_York", "locale": "en-US",
            "email": "grace@example.com", "email_verified": true,
            "phone_number": "+1 202 555 0109", "phone_number_verified": false,
            "address": { "locality": "Arlington", "region": "Virginia", "country": "US" },
            "https://example.com/roles": ["admiral"],
        });
        Self {
            claims: into_object(claims),
            user_metadata: into_object(json!({ "first_name": "Grace" })),
            ..Self::new("auth0|grace", "grace@example.com", PASSWORD)
        }
    }

    /// The same account, with an absolute picture URL if it is one of the server's own pictures.
    pub(crate) fn at(mut self, issuer: &str) -> Self {
        if let Some(Value::String(picture)) = self.claims.get_mut("picture")
            && let Some(path) = picture.strip_prefix('/')
        {
            *picture = format!("{issuer}{path}");
        }
        self
    }

    /// The claims for `/userinfo` and the ID token (OpenID Connect Core section 5.4).
    pub(crate) fn profile(&self, scope: &[String], client_id: &str, settings: &Settings) -> Map<String, Value> {
        let has = |name: &str| scope.iter().any(|scope| scope == name);
        let mut profile = Map::new();
        profile.insert("sub".into(), json!(self.id));
        for (name, value) in &self.claims {
            let granted = match name.as_str() {
                "email" | "email_verified" => has("email"),
                "phone_number" | "phone_number_verified" => has("phone"),
                "address" => has("address"),
                namespaced if namespaced.contains("://") => true,
                _ => has("profile"),
            };
            if granted {
                profile.insert(name.clone(), value.clone());
            }
        }
        if has("profile") {
            profile.insert("updated_at".into(), moment(self.updated_at, settings));
            if settings.older_tenant_profile {
                profile.insert("user_id".into(), json!(self.id));
                profile.insert("identities".into(), self.identities());
                profile.insert("clientID".into(), json!(client_id));
                profile.insert("created_at".into(), moment(self.created_at, settings));
            }
        }
        profile
    }

    /// The user object of the Management API.
    pub(crate) fn management_object(&self) -> Map<String, Value> {
        let mut user = self.claims.clone();
        user.retain(|name, _| !name.contains("://"));
        user.insert("user_id".into(), json!(self.id));
        user.insert("identities".into(), self.identities());
        user.insert("created_at".into(), json!(rfc3339(self.created_at)));
        user.insert("updated_at".into(), json!(rfc3339(self.updated_at)));
        user.insert("user_metadata".into(), Value::Object(self.user_metadata.clone()));
        user.insert("app_metadata".into(), Value::Object(self.app_metadata.clone()));
        user.insert("last_ip".into(), json!("127.0.0.1"));
        user
    }

    fn identities(&self) -> Value {
        let (provider, id) = self.id.split_once('|').unwrap_or(("auth0", &self.id));
        json!([{
            "provider": provider, "user_id": id, "connection": CONNECTION, "isSocial": false,
        }])
    }
}

/// The only connection, under the name of the first database of an Auth0 tenant.
pub(crate) const CONNECTION: &str = "Username-Password-Authentication";

fn moment(seconds: i64, settings: &Settings) -> Value {
    match settings.updated_at {
        UpdatedAt::Iso8601 => json!(rfc3339(seconds)),
        UpdatedAt::Number => json!(seconds),
    }
}

/// Converts a literal that is an object.
fn into_object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
