//! What similar answers mean that differ in one thing, and which parts of a URL may be shown.

mod failures;
mod legacy;
mod urls;

use crate::model::secret::SecretBytes;
use crate::model::time::Timestamp;
use crate::protocol::message::HttpAnswer;

const NOW: Timestamp = Timestamp(1_700_000_000);

fn answer(status: u16, media_type: &str, body: &str) -> HttpAnswer {
    HttpAnswer {
        host: "issuer.example.com".to_owned(),
        status,
        headers: vec![("content-type".to_owned(), media_type.to_owned())],
        body: SecretBytes::new(body.as_bytes().to_vec()),
    }
}

fn json(status: u16, body: &str) -> HttpAnswer {
    answer(status, "application/json", body)
}

fn error(status: u16, code: &str, description: &str) -> HttpAnswer {
    json(
        status,
        &serde_json::json!({ "error": code, "error_description": description }).to_string(),
    )
}
