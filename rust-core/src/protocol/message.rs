//! Requests and answers as values, so that what is sent and how an answer is read can be specified and tested without
//! I/O.

use std::fmt;

use serde::{Serialize, Serializer};
use url::Url;

use crate::model::secret::SecretBytes;
use crate::protocol::endpoint::{Endpoint, Server};
use crate::protocol::error::ProtocolError;

/// One HTTP request. `Debug` shows the method and the host, and nothing that could contain a secret.
#[derive(Clone)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The target. A URL never contains secrets.
    pub url: Url,
    /// Header names in lower case, and values.
    pub headers: Vec<(String, SecretBytes)>,
    /// The body, if there is one; its `content-type` is among the headers.
    pub body: Option<SecretBytes>,
}

/// The methods that Pilotlight uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Sends a form or JSON.
    Post,
    /// Changes a part.
    Patch,
}

impl Method {
    /// The name as it is sent.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
        }
    }
}

impl HttpRequest {
    /// A `GET` that accepts `accept` (a media type).
    pub fn get(url: Url, accept: &str) -> Self {
        Self {
            method: Method::Get,
            url,
            headers: Vec::new(),
            body: None,
        }
        .with_header("accept", accept)
    }

    /// A `POST` of an `application/x-www-form-urlencoded` form that accepts JSON (RFC 6749 appendix B).
    pub fn post_form<'a>(url: Url, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let fields: Vec<_> = fields.into_iter().collect();
        // Room for every byte to be escaped ("%XX"), so that the buffer never grows and leaves no parts of tokens in
        // freed memory.
        let texts = fields.iter().flat_map(|(name, value)| [name, "=", value, "&"]);
        let room = texts.map(|text| 3 * text.len()).sum();
        let mut form = url::form_urlencoded::Serializer::new(String::with_capacity(room));
        let form = form.extend_pairs(fields).finish();
        Self {
            method: Method::Post,
            url,
            headers: Vec::new(),
            body: Some(SecretBytes::new(form.into_bytes())),
        }
        .with_header("content-type", "application/x-www-form-urlencoded")
        .with_header("accept", "application/json")
    }

    /// A `POST` of a JSON object whose members are strings; it accepts JSON. No part of a password stays in freed
    /// memory.
    ///
    /// # Errors
    /// [`ProtocolError::NotWritable`] if the object cannot be serialized.
    pub fn post_json(url: Url, members: &[(&str, &str)]) -> Result<Self, ProtocolError> {
        struct Members<'a>(&'a [(&'a str, &'a str)]);
        impl Serialize for Members<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(self.0.iter().copied())
            }
        }
        let body = SecretBytes::from_json(&Members(members));
        let body = body.map_err(|_| ProtocolError::NotWritable)?;
        let request = Self {
            method: Method::Post,
            url,
            headers: Vec::new(),
            body: Some(body),
        };
        Ok(request
            .with_header("content-type", "application/json")
            .with_header("accept", "application/json"))
    }

    /// The request with one more header; `name` in lower case.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers
            .push((name.to_owned(), SecretBytes::new(value.as_bytes().to_vec())));
        self
    }

    /// The request with the access token as specified in RFC 6750 2.1.
    pub fn with_bearer(self, token: &crate::model::secret::Secret) -> Self {
        let value = zeroize::Zeroizing::new(format!("Bearer {}", token.expose()));
        self.with_header("authorization", &value)
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.method, self.url.host_str().unwrap_or_default())
    }
}

/// One HTTP answer, complete. `Debug` shows the status and the size.
#[derive(Clone)]
pub struct HttpAnswer {
    /// The host that was asked, for errors. The session sets it, whatever the transport reports.
    pub host: String,
    /// The status code.
    pub status: u16,
    /// Header names in lower case, and values as text. Bytes that are not UTF-8 are replaced by U+FFFD.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: SecretBytes,
}

impl HttpAnswer {
    /// The answer, attributed to this host.
    #[must_use]
    pub fn from_host(mut self, host: String) -> Self {
        self.host = host;
        self
    }

    /// The server that answered.
    pub fn server(&self, endpoint: Endpoint) -> Server {
        Server::new(endpoint, self.host.clone())
    }

    /// The first header of that name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The `content-type` without its parameters, in lower case; empty if there is none.
    pub fn media_type(&self) -> String {
        let value = self.header("content-type").unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// Whether the status is a success, and the server's own.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status) && !self.is_from_a_firewall()
    }

    /// Whether AWS WAF answered in the server's place, with a challenge: 202 or 405 (AWS WAF Developer Guide: "How the
    /// AWS WAF Challenge and CAPTCHA rule actions work").
    pub fn is_from_a_firewall(&self) -> bool {
        self.header("x-amzn-waf-action").is_some()
    }
}

impl fmt::Debug for HttpAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {:?}", self.status, self.body)
    }
}
