//! The contents of the store's file: `{"format": "pilotlight-store", "version": 1, "items": {"<name>": "<base64>"}}`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::adapters::io_error::failed;
use crate::model::secret::{Secret, SecretBytes};
use crate::ports::StoreError;

const FORMAT: &str = "pilotlight-store";
const VERSION: u32 = 1;

/// Named items, in base64 as in the file.
#[derive(Serialize, Deserialize)]
pub(super) struct Document {
    format: String,
    version: u32,
    items: BTreeMap<String, Secret>,
    /// Members that a later version of the same format added. They are written back unchanged.
    #[serde(flatten)]
    unknown: serde_json::Map<String, serde_json::Value>,
}

impl Document {
    pub(super) fn parse(json: &[u8]) -> Result<Self, StoreError> {
        let document: Self = serde_json::from_slice(json).map_err(|error| {
            // serde's own message may quote a value. The position is enough for a person who looks into the file.
            let (line, column) = (error.line(), error.column());
            failed(&format!(
                "its file is damaged, or Pilotlight did not write it (line {line}, column {column}); it was not changed"
            ))
        })?;
        if document.format != FORMAT || document.version != VERSION {
            return Err(failed(
                "its file has another format or a later version; it was not changed",
            ));
        }
        Ok(document)
    }

    pub(super) fn to_json(&self) -> Result<SecretBytes, StoreError> {
        SecretBytes::from_json(self).map_err(|_| failed("its items cannot be written as JSON"))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(super) fn get(&self, name: &str) -> Result<Option<SecretBytes>, StoreError> {
        let decode = |encoded: &Secret| {
            let decoded = STANDARD.decode(encoded.expose());
            decoded
                .map(SecretBytes::new)
                .map_err(|_| failed("an item in its file is damaged; it was left as it is"))
        };
        self.items.get(name).map(decode).transpose()
    }

    pub(super) fn insert(&mut self, name: &str, value: &SecretBytes) {
        self.items
            .insert(name.to_owned(), Secret::new(STANDARD.encode(value.expose())));
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.items.keys().cloned().collect()
    }

    /// Removes the item. True if there was one.
    pub(super) fn remove(&mut self, name: &str) -> bool {
        self.items.remove(name).is_some()
    }
}

impl Default for Document {
    fn default() -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            items: BTreeMap::new(),
            unknown: serde_json::Map::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_later_version_added_is_kept() {
        let json = br#"{"format":"pilotlight-store","version":1,"items":{},"hint":{"a":[1]}}"#;
        let mut document = Document::parse(json).unwrap();
        document.insert("name", &SecretBytes::new(vec![0, 255]));
        let written = document.to_json().unwrap();
        let written: serde_json::Value = serde_json::from_slice(written.expose()).unwrap();
        assert_eq!(written["hint"], serde_json::json!({"a": [1]}));
        assert_eq!(written["items"], serde_json::json!({"name": "AP8="}));
    }

    #[test]
    fn errors_show_nothing_of_the_file() {
        let texts: [&[u8]; 5] = [
            br#"{"format":"pilotlight-store","version":1,"items":{"name":["planted"]}}"#,
            br#"{"format":"pilotlight-store","version":"planted","items":{}}"#,
            br#"{"format":"planted","version":1,"items":{}}"#,
            br#"{"format":"pilotlight-store","version":2,"items":{}}"#,
            b"planted",
        ];
        for json in texts {
            let Err(error) = Document::parse(json) else {
                panic!("accepted")
            };
            assert!(!format!("{error} {error:?}").contains("planted"), "{error:?}");
        }
        let damaged = br#"{"format":"pilotlight-store","version":1,"items":{"name":"planted!"}}"#;
        let error = Document::parse(damaged).unwrap().get("name").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("planted"), "{error:?}");
    }
}
