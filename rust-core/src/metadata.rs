//! `user_metadata`: the rules of what may be sent, and what is read from the answer. Pure.

use serde_json::{Map, Value};

use crate::error::Error;

/// The field of an Auth0 user that the user may change.
pub const USER_METADATA: &str = "user_metadata";

/// Checks a change as the server would, so that a mistake costs no request.
///
/// # Errors
/// [`Error::Argument`]: an empty key, or a key with a `.` (Auth0 answers 400 to it).
pub fn check_patch(patch: &Map<String, Value>) -> Result<(), Error> {
    let wrong = |problem: &str| {
        Err(Error::Argument {
            name: "metadata",
            problem: problem.to_owned(),
        })
    };
    for key in patch.keys() {
        if key.is_empty() {
            return wrong("has an empty key");
        }
        if key.contains('.') {
            return wrong("has a key with a \".\", which the server does not accept");
        }
    }
    Ok(())
}

/// Reads an argument that must be a JSON object.
///
/// # Errors
/// [`Error::Argument`] when it is not; the text is not quoted.
pub fn parse_object(name: &'static str, json: &str) -> Result<Map<String, Value>, Error> {
    serde_json::from_str(json).map_err(|_| Error::Argument {
        name,
        problem: "is not a JSON object".to_owned(),
    })
}

/// The user's metadata in a user object: an absent field and `null` both mean that there is none yet.
pub fn of_user(mut user: Map<String, Value>) -> Map<String, Value> {
    match user.remove(USER_METADATA) {
        Some(Value::Object(metadata)) => metadata,
        _ => Map::new(),
    }
}

/// Only the keys asked for; all of them when none is named.
pub fn select(mut metadata: Map<String, Value>, keys: &[String]) -> Map<String, Value> {
    if !keys.is_empty() {
        metadata.retain(|key, _| keys.contains(key));
    }
    metadata
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn keys_the_server_would_refuse_are_refused_here() {
        assert!(check_patch(&object(json!({"first_name": "Ada", "nested": {"a.b": 1}}))).is_ok());
        assert!(check_patch(&object(json!({"a.b": 1}))).is_err());
        assert!(check_patch(&object(json!({"": 1}))).is_err());
    }

    #[test]
    fn a_user_without_metadata_has_an_empty_one() {
        assert!(of_user(object(json!({"user_id": "x"}))).is_empty());
        assert!(of_user(object(json!({"user_metadata": null}))).is_empty());
    }

    #[test]
    fn selecting_nothing_selects_all() {
        let all = object(json!({"a": 1, "b": 2}));
        assert_eq!(select(all.clone(), &[]), all);
        assert_eq!(select(all, &["b".to_owned(), "c".to_owned()]), object(json!({"b": 2})));
    }
}
