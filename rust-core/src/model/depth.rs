//! How deep stored JSON may be nested. Parsers have a limit (serde_json's is 127 levels), and a stored value is nested
//! some levels deeper than in the answer that it came from. Without this limit, a value that was just accepted could
//! not be read again.

use serde_json::{Map, Value};

/// The maximum depth of a value that is stored with the session; far more than any profile or metadata needs.
pub const DEEPEST_STORED: usize = 100;

/// Whether a member of the object is nested too deep to be stored.
pub fn is_too_deep_to_store(members: &Map<String, Value>) -> bool {
    has_deeper(members, DEEPEST_STORED)
}

/// Whether a member of the object is nested deeper than that many levels.
pub fn has_deeper(members: &Map<String, Value>, levels: usize) -> bool {
    members.values().any(|value| is_deeper_than(value, levels))
}

/// Stops at the limit, however deep the value is.
fn is_deeper_than(value: &Value, levels: usize) -> bool {
    let Some(below) = levels.checked_sub(1) else {
        return matches!(value, Value::Array(_) | Value::Object(_));
    };
    match value {
        Value::Array(values) => values.iter().any(|value| is_deeper_than(value, below)),
        Value::Object(members) => members.values().any(|value| is_deeper_than(value, below)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_that_is_allowed_is_and_one_more_is_not() {
        let nested = |levels| (0..levels).fold(Value::from(1), |inside, _| Value::Array(vec![inside]));
        assert!(!is_deeper_than(&nested(DEEPEST_STORED), DEEPEST_STORED));
        assert!(is_deeper_than(&nested(DEEPEST_STORED + 1), DEEPEST_STORED));
        assert!(!is_deeper_than(&Value::from(1), 0));
    }
}
