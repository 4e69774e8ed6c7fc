//! Faults on demand: what can go wrong, and how often.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::tamper::IdTokenFault;

/// A fault in the handling of a request: once, [several times](Fault::times) or [for ever](Fault::for_ever).
///
/// By default the request is *not* processed, because the fault comes first. With
/// [`after_processing`](Fault::after_processing) the server does what was asked (for example, rotates a token) but the
/// client gets no answer. Effects that alter an answer ([truncate](Fault::truncate), [`stall_body`](Fault::stall_body),
/// [`answer`](Fault::answer), dates, ID tokens) need one and always come after processing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    pub effect: Effect,
    #[serde(default)]
    pub after_processing: bool,
    /// How many requests it affects. Default 1.
    #[serde(default = "once")]
    pub times: u32,
    /// Never used up.
    #[serde(default)]
    pub for_ever: bool,
    /// How many requests it ignores first. Default 0.
    #[serde(default)]
    pub skip: u32,
    /// On the token endpoint: affects only this grant type.
    #[serde(default)]
    pub grant_type: Option<String>,
}

fn once() -> u32 {
    1
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// A custom answer.
    Status {
        status: u16,
        #[serde(default)]
        headers: BTreeMap<String, String>,
        #[serde(default)]
        body: String,
    },
    /// 200 with invalid JSON.
    GarbageJson,
    /// A captive portal's page, with any status.
    Html { status: u16 },
    /// 200 with a JSON string of that many bytes.
    HugeBody { bytes: usize },
    /// A 302 redirect to another location.
    Redirect { location: String },
    /// TCP reset.
    Reset,
    /// No answer, and the connection stays open.
    Stall,
    /// The headers and half the body, then nothing more, and the connection stays open.
    StallBody,
    /// The headers and half the body, then the connection ends.
    Truncate,
    /// Delays the request.
    Delay { milliseconds: u64 },
    /// Waits until the test releases it.
    Hold,
    /// A `Date` header that is wrong by that many seconds.
    Date { shift_seconds: i64 },
    /// No `Date` header.
    NoDate,
    /// Changed members of a JSON answer. The `remove`d ones are removed first.
    Answer {
        #[serde(default)]
        set: Map<String, Value>,
        #[serde(default)]
        remove: Vec<String>,
    },
    /// Bytes inserted around and into a JSON answer.
    Bytes {
        #[serde(default)]
        before: Vec<u8>,
        /// Before the object's first member.
        #[serde(default)]
        within: Vec<u8>,
        #[serde(default)]
        after: Vec<u8>,
    },
    /// The body with a `Content-Encoding`: `gzip` and `deflate` are really encoded; any other name is only set as the
    /// header.
    Coded { coding: String },
    /// Other headers on a normal answer. An empty value removes the header.
    Headers { headers: BTreeMap<String, String> },
    /// An ID token that a client should refuse.
    IdToken(IdTokenFault),
}

impl Effect {
    /// For the request log.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::GarbageJson => "garbage_json",
            Self::Html { .. } => "html",
            Self::HugeBody { .. } => "huge_body",
            Self::Redirect { .. } => "redirect",
            Self::Reset => "reset",
            Self::Stall => "stall",
            Self::StallBody => "stall_body",
            Self::Truncate => "truncate",
            Self::Delay { .. } => "delay",
            Self::Hold => "hold",
            Self::Date { .. } => "date",
            Self::NoDate => "no_date",
            Self::Answer { .. } => "answer",
            Self::Bytes { .. } => "bytes",
            Self::Coded { .. } => "coded",
            Self::Headers { .. } => "headers",
            Self::IdToken(_) => "id_token",
        }
    }
}

impl Fault {
    #[must_use]
    pub fn new(effect: Effect) -> Self {
        Self {
            effect,
            after_processing: false,
            times: 1,
            for_ever: false,
            skip: 0,
            grant_type: None,
        }
    }

    /// An answer with an empty body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::new(Effect::Status {
            status,
            headers: BTreeMap::new(),
            body: String::new(),
        })
    }

    /// An OAuth error: `{error, error_description}`.
    #[must_use]
    pub fn oauth_error(status: u16, error: &str, description: &str) -> Self {
        Self::json(status, &json!({ "error": error, "error_description": description }))
    }

    /// A JSON answer.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self::status(status)
            .header("content-type", "application/json")
            .body(&body.to_string())
    }

    #[must_use]
    pub fn garbage_json() -> Self {
        Self::new(Effect::GarbageJson)
    }

    #[must_use]
    pub fn html(status: u16) -> Self {
        Self::new(Effect::Html { status })
    }

    #[must_use]
    pub fn huge_body(bytes: usize) -> Self {
        Self::new(Effect::HugeBody { bytes })
    }

    #[must_use]
    pub fn redirect(location: &str) -> Self {
        Self::new(Effect::Redirect {
            location: location.into(),
        })
    }

    #[must_use]
    pub fn reset() -> Self {
        Self::new(Effect::Reset)
    }

    #[must_use]
    pub fn stall() -> Self {
        Self::new(Effect::Stall)
    }

    #[must_use]
    pub fn stall_body() -> Self {
        Self::new(Effect::StallBody)
    }

    #[must_use]
    pub fn truncate() -> Self {
        Self::new(Effect::Truncate)
    }

    #[must_use]
    pub fn delay(delay: Duration) -> Self {
        Self::new(Effect::Delay {
            milliseconds: u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
        })
    }

    /// Holds the request until [`Control::release`](crate::Control::release).
    #[must_use]
    pub fn hold() -> Self {
        Self::new(Effect::Hold)
    }

    #[must_use]
    pub fn date_shifted(seconds: i64) -> Self {
        Self::new(Effect::Date { shift_seconds: seconds })
    }

    #[must_use]
    pub fn no_date() -> Self {
        Self::new(Effect::NoDate)
    }

    /// Sets members of a JSON answer: `Fault::answer(json!({"expires_in": "3600"}))`.
    #[must_use]
    pub fn answer(set: Value) -> Self {
        let set = if let Value::Object(set) = set { set } else { Map::new() };
        Self::new(Effect::Answer {
            set,
            remove: Vec::new(),
        })
    }

    /// Leaves members out of a JSON answer.
    #[must_use]
    pub fn answer_without(members: &[&str]) -> Self {
        let remove = members.iter().map(|member| (*member).to_owned()).collect();
        Self::new(Effect::Answer {
            set: Map::new(),
            remove,
        })
    }

    /// Puts bytes before a JSON answer, before its first member, and after it.
    #[must_use]
    pub fn bytes(before: &[u8], within: &[u8], after: &[u8]) -> Self {
        Self::new(Effect::Bytes {
            before: before.to_vec(),
            within: within.to_vec(),
            after: after.to_vec(),
        })
    }

    /// Encodes the answer although the client did not ask for it.
    #[must_use]
    pub fn coded(coding: &str) -> Self {
        Self::new(Effect::Coded { coding: coding.into() })
    }

    #[must_use]
    pub fn id_token(fault: IdTokenFault) -> Self {
        Self::new(Effect::IdToken(fault))
    }

    /// Adds a header to a [`status`](Fault::status), [`json`](Fault::json) or [`headers`](Fault::headers) fault.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Effect::Status { headers, .. } | Effect::Headers { headers } = &mut self.effect {
            headers.insert(name.to_ascii_lowercase(), value.into());
        }
        self
    }

    /// Sets headers on a normal answer; an empty value removes one.
    #[must_use]
    pub fn headers(headers: &[(&str, &str)]) -> Self {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), (*value).to_owned()));
        Self::new(Effect::Headers {
            headers: headers.collect(),
        })
    }

    /// The body of a [`status`](Fault::status).
    #[must_use]
    pub fn body(mut self, text: &str) -> Self {
        if let Effect::Status { body, .. } = &mut self.effect {
            *body = text.into();
        }
        self
    }

    #[must_use]
    pub fn after_processing(mut self) -> Self {
        self.after_processing = true;
        self
    }

    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    #[must_use]
    pub fn for_ever(mut self) -> Self {
        self.for_ever = true;
        self
    }

    #[must_use]
    pub fn skip(mut self, requests: u32) -> Self {
        self.skip = requests;
        self
    }

    #[must_use]
    pub fn grant(mut self, grant_type: &str) -> Self {
        self.grant_type = Some(grant_type.into());
        self
    }
}
