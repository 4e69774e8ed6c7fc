//! The items of apps with Lock for iOS, version 1: strings in SimpleKeychain, and the archived profile.
//!
//! Lock stored nothing itself; Auth0's tutorials did ("Lock iOS: Saving and Refreshing JWT Tokens"): under the service
//! `Auth0` the accounts `id_token`, `refresh_token` and `access_token`, UTF-8 strings, and `profile`, an archived
//! `A0UserProfile`. Its fields are those of its `encodeWithCoder:`: `userId`, `name`, `nickname`, `email`, `picture`
//! (an `NSURL`), `createdAt` (an `NSDate`), `extraInfo` (a dictionary with all other data about the user) and
//! `identities` (an array of `A0UserIdentity`: `userId`, `provider`, `connection`, `isSocial`, `profileData`, and the
//! social provider's `accessToken` and `accessTokenSecret`, which are not imported). Sources: auth0/Lock.iOS-OSX 1.x,
//! `A0UserProfile.m` and `A0UserIdentity.m`; auth0/SimpleKeychain 0.12.5, `A0SimpleKeychain.m`.

use serde_json::{Map, Value};

use super::archive::{Archive, Object};
use super::foreign_session::ProfileClaims;
use super::json;
use crate::model::secret::SecretBytes;

/// The service that the tutorials use.
pub const SERVICE: &str = "Auth0";
/// The account of the ID token.
pub const ID_TOKEN: &str = "id_token";
/// The account of the refresh token.
pub const REFRESH_TOKEN: &str = "refresh_token";
/// The account of the access token.
pub const ACCESS_TOKEN: &str = "access_token";
/// The account of the archived profile.
pub const PROFILE: &str = "profile";
/// All accounts, the profile last: the remains of an interrupted removal must not be a session.
pub const ACCOUNTS: [&str; 4] = [REFRESH_TOKEN, ACCESS_TOKEN, ID_TOKEN, PROFILE];

const CLASS: &str = "A0UserProfile";

/// The claims of the archived profile, with the names that the userinfo endpoint of the same tenants uses; dates are
/// seconds since 1970. `None` if it contains no such profile: the tokens are useful without one.
pub fn read_profile(bytes: &SecretBytes) -> Option<ProfileClaims> {
    let archive = Archive::read(bytes.expose()).ok()?;
    let root = archive.root();
    if !root.is_a(CLASS) {
        return None;
    }
    let user_id = root.plain_text("userId")?;
    let mut claims = match json::field(&root, "extraInfo") {
        Some(Value::Object(extra)) => extra,
        _ => Map::new(),
    };
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            claims.insert(name.to_owned(), value);
        }
    };
    for (name, field) in [("name", "name"), ("nickname", "nickname"), ("email", "email")] {
        set(name, root.plain_text(field).map(Value::from));
    }
    set("picture", root.url("picture").map(Value::from));
    set(
        "created_at",
        root.moment("createdAt").map(|moment| Value::from(moment.0)),
    );
    let identities: Vec<_> = root.objects("identities").iter().map(identity).collect();
    set(
        "identities",
        (!identities.is_empty()).then_some(Value::Array(identities)),
    );
    set("user_id", Some(Value::from(user_id.as_str())));
    set("sub", Some(Value::from(user_id)));
    Some(ProfileClaims(claims))
}

fn identity(object: &Object<'_>) -> Value {
    let fields = [
        ("user_id", "userId"),
        ("provider", "provider"),
        ("connection", "connection"),
        ("isSocial", "isSocial"),
        ("profileData", "profileData"),
    ];
    let members = fields
        .into_iter()
        .filter_map(|(name, field)| Some((name.to_owned(), json::field(object, field)?)));
    let mut identity = Map::new();
    identity.extend(members);
    Value::Object(identity)
}
