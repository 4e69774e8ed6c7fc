//! Parameters of requests: query strings, forms and JSON bodies.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, header};
use serde_json::Value;
use url::form_urlencoded;

/// The parameters of one request. Empty values count as absent (RFC 6749 section 3.1).
#[derive(Clone, Default)]
pub(crate) struct Params {
    values: BTreeMap<String, String>,
    /// A repeated parameter name, which OAuth forbids for all except `resource` (RFC 8707 2).
    pub(crate) repeated: Option<String>,
}

impl Params {
    /// Parses `a=1&b=2`.
    pub(crate) fn from_form(encoded: &[u8]) -> Self {
        let mut params = Self::default();
        for (name, value) in form_urlencoded::parse(encoded).filter(|(_, value)| !value.is_empty()) {
            let before = params.values.insert(name.clone().into_owned(), value.into_owned());
            if before.is_some() && name != "resource" {
                params.repeated = Some(name.into_owned());
            }
        }
        params
    }

    /// Parses a body that may be a form or JSON. `None` if it is JSON but not an object.
    pub(crate) fn from_body(headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        if !is_json(headers) {
            return Some(Self::from_form(body));
        }
        let Ok(Value::Object(object)) = serde_json::from_slice(body) else {
            return None;
        };
        let text = |value: Value| match value {
            Value::String(text) if !text.is_empty() => Some(text),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let values = object
            .into_iter()
            .filter_map(|(name, value)| Some((name, text(value)?)))
            .collect();
        Some(Self { values, repeated: None })
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    pub(crate) fn owned(&self, name: &str) -> Option<String> {
        self.values.get(name).cloned()
    }
}

pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .eq_ignore_ascii_case("application/json")
}

/// The words of a `scope`, each once, in order.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_ascii_whitespace() {
        if !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    words
}

/// The value of a cookie.
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut pairs = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

/// Appends parameters to a URL without changing the existing ones.
pub(crate) fn with_query(address: &str, parameters: &[(&str, &str)]) -> String {
    if parameters.is_empty() {
        return address.to_owned();
    }
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    let separator = if address.contains('?') { '&' } else { '?' };
    format!("{address}{separator}{query}")
}
