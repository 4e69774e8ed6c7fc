//! What is stored, and what the app hands over as JSON.

use pilotlight_core::envelope::{EnvelopeError, StoredItem};
use pilotlight_core::metadata::{check_patch, of_user, parse_object, select};
use pilotlight_core::secret::SecretBytes;
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
            assert!(again == item, "written and read again it is another");
            assert_eq!(again.encode().unwrap().expose(), written.expose());
            let (before, after): (Value, Value) = (parsed(input), parsed(written.expose()));
            for (name, value) in after.as_object().unwrap() {
                assert!(
                    before.get(name).is_some_and(|sent| !sent.is_null()) || value.is_null() || name == "signed_out"
                );
            }
        }
        Err(EnvelopeError::NewerVersion(version)) => assert!(version > 1),
        Err(EnvelopeError::Undecodable) => {}
    }
}

fn parsed(json: &[u8]) -> Value {
    serde_json::from_slice(json).unwrap()
}

/// The input is metadata as an app hands it over.
pub fn metadata(input: &[u8]) {
    match parse_object("metadata", &String::from_utf8_lossy(input)) {
        Ok(object) => {
            if let Err(error) = check_patch(&object) {
                assert_presentable(&error);
            }
            let keys: Vec<String> = object.keys().take(3).cloned().collect();
            assert!(select(object.clone(), &keys).len() == keys.len() || keys.is_empty());
            let _ = of_user(object);
        }
        Err(error) => assert_presentable(&error),
    }
}
