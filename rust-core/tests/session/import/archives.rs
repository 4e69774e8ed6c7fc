//! Archives as `NSKeyedArchiver` writes them, with a test's own tokens. The committed archives come from
//! `testing/foreign-archives/make.py`, an independent writer of the same format.

use pilotlight_core::model::time::Timestamp;
use plist::{Dictionary, Uid, Value};

use super::OldTokens;

/// A value to archive.
pub(crate) enum Archived {
    Nil,
    Text(String),
    Date(Timestamp),
    Truth(bool),
    Object(&'static str, Vec<(&'static str, Archived)>),
}

pub(crate) fn text(text: &str) -> Archived {
    Archived::Text(text.to_owned())
}

pub(crate) fn archive(root: &Archived) -> Vec<u8> {
    let mut objects = vec![Value::String("$null".to_owned())];
    let root = refer(&mut objects, root);
    let file = dictionary([
        ("$version", Value::Integer(100_000.into())),
        ("$archiver", Value::String("NSKeyedArchiver".to_owned())),
        ("$top", dictionary([("root", root)])),
        ("$objects", Value::Array(objects)),
    ]);
    let mut bytes = Vec::new();
    file.to_writer_binary(&mut bytes).unwrap();
    bytes
}

/// The archive of Auth0.swift.
pub(crate) fn credentials(tokens: &OldTokens) -> Vec<u8> {
    credentials_of_type(tokens, "Bearer")
}

/// The same, with tokens of another `token_type`.
pub(crate) fn credentials_of_type(tokens: &OldTokens, kind: &str) -> Vec<u8> {
    archive(&Archived::Object(
        "A0Credentials",
        vec![
            ("accessToken", text(&tokens.access_token)),
            ("tokenType", text(kind)),
            ("idToken", text(&tokens.id_token)),
            ("refreshToken", text(&tokens.refresh_token)),
            ("expiresIn", Archived::Date(tokens.expires_at)),
            ("scope", text("openid profile email offline_access")),
            ("recoveryCode", Archived::Nil),
        ],
    ))
}

/// The archive of AppAuth after a renewal whose answer had no ID token.
pub(crate) fn auth_state(tokens: &OldTokens, client_id: &str) -> Vec<u8> {
    let request = |class| Archived::Object(class, vec![("client_id", text(client_id))]);
    let authorization = vec![
        ("request", request("OIDAuthorizationRequest")),
        ("id_token", text(&tokens.id_token)),
    ];
    let response = vec![
        ("access_token", text(&tokens.access_token)),
        ("expires_in", Archived::Date(tokens.expires_at)),
        ("token_type", text("Bearer")),
        ("id_token", Archived::Nil),
        ("refresh_token", text("the one of the sign-in")),
        ("request", request("OIDTokenRequest")),
    ];
    archive(&Archived::Object(
        "OIDAuthState",
        vec![
            ("refreshToken", text(&tokens.refresh_token)),
            (
                "lastAuthorizationResponse",
                Archived::Object("OIDAuthorizationResponse", authorization),
            ),
            ("lastTokenResponse", Archived::Object("OIDTokenResponse", response)),
            ("needsTokenRefresh", Archived::Truth(false)),
        ],
    ))
}

/// The archive of apps with Lock.
pub(crate) fn profile(user_id: &str) -> Vec<u8> {
    archive(&Archived::Object(
        "A0UserProfile",
        vec![("userId", text(user_id)), ("name", text("Ada of old"))],
    ))
}

fn refer(objects: &mut Vec<Value>, value: &Archived) -> Value {
    let mut add = |value| {
        objects.push(value);
        Value::Uid(Uid::new(objects.len() as u64 - 1))
    };
    match value {
        Archived::Nil => Value::Uid(Uid::new(0)),
        Archived::Text(text) => add(Value::String(text.clone())),
        Archived::Truth(truth) => Value::Boolean(*truth),
        Archived::Date(moment) => {
            let class = add(class("NSDate"));
            add(dictionary([
                ("NS.time", Value::Real((moment.0 - 978_307_200) as f64)),
                ("$class", class),
            ]))
        }
        Archived::Object(name, fields) => {
            let class = add(class(name));
            let mut members: Vec<_> = fields
                .iter()
                .map(|(name, value)| (*name, refer(objects, value)))
                .collect();
            members.push(("$class", class));
            objects.push(dictionary(members));
            Value::Uid(Uid::new(objects.len() as u64 - 1))
        }
    }
}

fn class(name: &str) -> Value {
    let names = [name, "NSObject"].map(|name| Value::String(name.to_owned()));
    dictionary([
        ("$classname", Value::String(name.to_owned())),
        ("$classes", Value::Array(names.to_vec())),
    ])
}

fn dictionary(members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let members = members.into_iter().map(|(name, value)| (name.to_owned(), value));
    Value::Dictionary(members.collect::<Dictionary>())
}
