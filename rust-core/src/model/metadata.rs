//! `user_metadata`: the rules for changes, and how it is read from the answer. Pure.

use serde_json::{Map, Value};

use crate::model::depth::has_deeper;
use crate::model::invalid::InvalidValue;
use crate::model::json::DEEPEST;

/// The field of an Auth0 user that the user may change.
pub const USER_METADATA: &str = "user_metadata";

/// Levels of one value. The metadata is itself one level deep in the user object.
const DEEPEST_LEVELS: usize = DEEPEST - 1;

/// The scopes that users can have for their own data ("Get Access Tokens for the Management API": scopes of the current
/// user), sorted.
pub const CURRENT_USER_SCOPES: [&str; 3] = [
    "create:current_user_metadata",
    "read:current_user",
    "update:current_user_metadata",
];

/// Checks a change as the server would, so that a mistake costs no request.
///
/// # Errors
/// [`InvalidValue`]: a key, at any depth, that is empty or contains a `.` or a `$` (Auth0: "Metadata Field Names and
/// Data Types"; the server answers 400); or a value that is nested so deep that the user object with it could not be read
/// again.
pub fn check_patch(patch: &Map<String, Value>) -> Result<(), InvalidValue> {
    if has_deeper(patch, DEEPEST_LEVELS) {
        let problem = format!("is nested deeper than {DEEPEST_LEVELS} levels");
        return Err(InvalidValue::new("metadata", problem));
    }
    check_level(patch, 1)
}

fn check_level(patch: &Map<String, Value>, level: usize) -> Result<(), InvalidValue> {
    patch.iter().try_for_each(|(key, value)| {
        check_key_at(key, level)?;
        check_inside(value, level + 1)
    })
}

fn check_inside(value: &Value, level: usize) -> Result<(), InvalidValue> {
    match value {
        Value::Object(object) => check_level(object, level),
        Value::Array(elements) => elements.iter().try_for_each(|element| check_inside(element, level)),
        _ => Ok(()),
    }
}

/// Checks one key of the first level.
///
/// # Errors
/// As [`check_patch`].
pub fn check_key(key: &str) -> Result<(), InvalidValue> {
    check_key_at(key, 1)
}

/// The error contains the key's level but not the key: a key can be personal data too.
fn check_key_at(key: &str, level: usize) -> Result<(), InvalidValue> {
    let wrong = |problem: &str| {
        Err(InvalidValue::new(
            "metadata",
            format!("has {problem} (at level {level})"),
        ))
    };
    if key.is_empty() {
        return wrong("an empty key");
    }
    if key.contains(['.', '$']) {
        return wrong("a key with a \".\" or a \"$\", which the server does not accept");
    }
    Ok(())
}

/// The change that turns `current` into `wanted`.
pub fn replacement(current: Map<String, Value>, wanted: Map<String, Value>) -> Map<String, Value> {
    let mut patch = deletion(current.keys());
    patch.extend(wanted);
    patch
}

/// The change that deletes these keys.
pub fn deletion<'a>(keys: impl Iterator<Item = &'a String>) -> Map<String, Value> {
    let mut patch = Map::new();
    patch.extend(keys.map(|key| (key.clone(), Value::Null)));
    patch
}

/// The change that merges `changes` into `current` at every level: objects are merged, `null` deletes a member,
/// anything else replaces the old value (RFC 7396). It names only the keys of `changes`, so that other concurrent
/// changes stay.
pub fn deep_patch(mut current: Map<String, Value>, changes: Map<String, Value>) -> Map<String, Value> {
    let mut merged = changes;
    for (key, change) in &mut merged {
        *change = merge(current.remove(key).unwrap_or(Value::Null), change.take());
    }
    merged
}

fn merge(current: Value, change: Value) -> Value {
    let Value::Object(change) = change else { return change };
    let mut merged = match current {
        Value::Object(current) => current,
        _ => Map::new(),
    };
    for (key, value) in change {
        if value.is_null() {
            merged.remove(&key);
        } else {
            let old = merged.remove(&key).unwrap_or(Value::Null);
            merged.insert(key, merge(old, value));
        }
    }
    Value::Object(merged)
}

/// Parses an argument that must be a JSON object.
///
/// # Errors
/// [`InvalidValue`] when it is not; the text is not quoted.
pub fn parse_object(name: &'static str, json: &str) -> Result<Map<String, Value>, InvalidValue> {
    serde_json::from_slice(json.as_bytes()).map_err(|_| InvalidValue::new(name, "is not a JSON object"))
}

/// The user's metadata in a user object: an absent field and `null` both mean that there is none yet.
pub fn of_user(mut user: Map<String, Value>) -> Map<String, Value> {
    match user.remove(USER_METADATA) {
        Some(Value::Object(metadata)) => metadata,
        _ => Map::new(),
    }
}

/// Only the given keys (`include`), or all others; everything if none is given.
pub fn select(mut metadata: Map<String, Value>, keys: &[String], include: bool) -> Map<String, Value> {
    if !keys.is_empty() {
        metadata.retain(|key, _| keys.contains(key) == include);
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
        assert!(check_patch(&object(json!({"first_name": "A. da", "nested": {"ab": [{"x": "$"}]}}))).is_ok());
        for refused in [
            json!({"a.b": 1}),
            json!({"": 1}),
            json!({"$a": 1}),
            json!({"nested": {"a.b": 1}}),
            json!({"nested": [1, [{"": 1}]]}),
        ] {
            assert!(check_patch(&object(refused.clone())).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_replacement_leaves_nothing_else() {
        let patch = replacement(
            object(json!({"a": 1, "b": {"c": 2}})),
            object(json!({"b": {"d": 3}, "e": 4})),
        );
        assert_eq!(patch, object(json!({"a": null, "b": {"d": 3}, "e": 4})));
    }

    #[test]
    fn a_deep_merge_follows_rfc_7396_and_names_only_what_changes() {
        let current = object(json!({"a": {"b": {"x": 1, "y": 2}, "l": [1]}, "other": 1, "text": "t"}));
        for (change, patch) in [
            (
                json!({"a": {"b": {"y": null, "z": 3}}}),
                json!({"a": {"b": {"x": 1, "z": 3}, "l": [1]}}),
            ),
            (
                json!({"a": {"l": [2]}}),
                json!({"a": {"b": {"x": 1, "y": 2}, "l": [2]}}),
            ),
            (json!({"a": null}), json!({"a": null})),
            (json!({"text": {"n": {"m": null}}}), json!({"text": {"n": {}}})),
            (json!({"new": {"k": null}}), json!({"new": {}})),
            (json!({}), json!({})),
        ] {
            assert_eq!(deep_patch(current.clone(), object(change)), object(patch));
        }
    }

    #[test]
    fn numbers_stay_what_they_are() {
        for text in [
            r#"{"a":985.6906946328695}"#,
            r#"{"a":[212.91890726713459,0.1,-479.60756426982596,2.5e-17]}"#,
            r#"{"a":18446744073709551615,"b":-9223372036854775808}"#,
        ] {
            assert_eq!(Value::Object(parse_object("metadata", text).unwrap()).to_string(), text);
        }
    }

    #[test]
    fn a_user_without_metadata_has_an_empty_one() {
        assert!(of_user(object(json!({"user_id": "x"}))).is_empty());
        assert!(of_user(object(json!({"user_metadata": null}))).is_empty());
    }

    #[test]
    fn selecting_nothing_selects_all() {
        let all = object(json!({"a": 1, "b": 2}));
        assert_eq!(select(all.clone(), &[], true), all);
        assert_eq!(select(all.clone(), &[], false), all);
        assert_eq!(select(all.clone(), &["b".to_owned()], false), object(json!({"a": 1})));
        assert_eq!(
            select(all, &["b".to_owned(), "c".to_owned()], true),
            object(json!({"b": 2}))
        );
    }
}
