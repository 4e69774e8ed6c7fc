//! Lists of scopes (RFC 6749 3.3).

use crate::model::invalid::{InvalidValue, quoted};

/// Validates a list of scopes (RFC 6749 3.3) and removes duplicates.
///
/// # Errors
/// [`InvalidValue`] naming `field`.
pub fn parse_scopes(
    field: &'static str,
    mut scopes: Vec<String>,
    openid_needed: bool,
) -> Result<Vec<String>, InvalidValue> {
    // The configuration is public; an argument may contain anything.
    let shown = |scope: &str| match openid_needed {
        true => format!("the scope {}", quoted(scope)),
        false => "a scope".to_owned(),
    };
    let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    for scope in &scopes {
        if scope.is_empty() {
            return Err(InvalidValue::new(field, "has an empty scope"));
        }
        if scope.contains(' ') {
            let problem = format!("has {} with a space in it; did you mean two entries?", shown(scope));
            return Err(InvalidValue::new(field, problem));
        }
        if !scope.bytes().all(allowed) {
            let problem = format!("has {} with a character that RFC 6749 3.3 does not allow", shown(scope));
            return Err(InvalidValue::new(field, problem));
        }
    }
    // Of equal scopes, the first one stays.
    for index in (1..scopes.len()).rev() {
        if scopes[..index].contains(&scopes[index]) {
            scopes.remove(index);
        }
    }
    if openid_needed && !scopes.iter().any(|scope| scope == "openid") {
        return Err(InvalidValue::new(field, "does not contain \"openid\""));
    }
    Ok(scopes)
}
