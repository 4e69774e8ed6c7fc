//! What is stored, and what the app hands over as JSON.

use pilotlight_core::model::metadata::{check_patch, of_user, parse_object, select};
use pilotlight_core::model::secret::SecretBytes;
use pilotlight_core::storage::envelope::{EnvelopeError, StoredItem};
use serde_json::Value;

use super::assert_presentable;

/// The input is a stored item. What decodes can be written again and is the same then, what a newer release added
/// included.
pub fn envelope(input: &[u8]) {
    match StoredItem::decode(&SecretBytes::new(input.to_vec())) {
        Ok(item) => {
            let Ok(written) = item.encode() else {
                // Only what is as large as an item may be grows over that limit.
                assert!(input.len() > 100_000, "{} bytes cannot be written", input.len());
                return;
            };
            let again = StoredItem::decode(&written).unwrap();
            let after: Value = serde_json::from_slice(written.expose()).unwrap();
            // What is skipped while decoding need not be JSON in every detail.
            let Ok(before) = serde_json::from_slice::<Value>(input) else {
                return;
            };
            assert!(again == item, "written and read again it is another");
            assert_eq!(again.encode().unwrap().expose(), written.expose());
            let lost = before
                .as_object()
                .unwrap()
                .keys()
                .find(|name| after.get(name).is_none());
            assert!(lost.is_none_or(|name| is_left_out(&before[name])), "lost: {lost:?}");
        }
        Err(EnvelopeError::NewerVersion(version)) => assert!(version > 1),
        Err(EnvelopeError::Undecodable) => {}
    }
}

/// Absent, null, an empty list and the number of no changes mean the same.
fn is_left_out(value: &Value) -> bool {
    value.is_null() || *value == 0 || *value == false || value.as_array().is_some_and(Vec::is_empty)
}

/// The input is metadata as an app hands it over.
pub fn metadata(input: &[u8]) {
    match parse_object("metadata", &String::from_utf8_lossy(input)) {
        Ok(object) => {
            if let Err(error) = check_patch(&object) {
                assert_presentable(&error.into());
            }
            let keys: Vec<String> = object.keys().take(3).cloned().collect();
            let (some, others) = (
                select(object.clone(), &keys, true),
                select(object.clone(), &keys, false),
            );
            assert!(keys.is_empty() || (some.len() == keys.len() && some.len() + others.len() == object.len()));
            let _ = of_user(object);
        }
        Err(error) => assert_presentable(&error.into()),
    }
}
