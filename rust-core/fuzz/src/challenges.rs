//! `WWW-Authenticate` headers: written by an API, or by a proxy in its name.

use pilotlight_core::protocol::challenge::{challenges, insufficient_authentication};

/// The input is the header.
pub fn challenge(input: &[u8]) {
    let header = String::from_utf8_lossy(input).into_owned();
    let all = challenges(&header);
    let quoted: String = header.chars().filter(|c| *c != '\\').collect();
    for challenge in &all {
        assert!(!challenge.scheme.is_empty() && !challenge.scheme.contains(char::is_uppercase));
        assert!(header.to_lowercase().contains(&challenge.scheme));
        for (name, value) in &challenge.parameters {
            assert!(!name.is_empty() && !name.contains(['=', '"', ',', ' ']), "{name:?}");
            // Nothing is read that is not there.
            let value: String = value.chars().filter(|c| *c != '\\').collect();
            assert!(quoted.contains(&value), "{value:?}");
            assert!(!value.chars().any(|c| c.is_control() && c != '\t'), "{value:?}");
        }
    }
    if let Some(asked) = insufficient_authentication(&[header]) {
        assert!(
            asked
                .acr_values
                .iter()
                .all(|class| !class.is_empty() && !class.contains(' '))
        );
        let says_so = |value: &str| value == "insufficient_user_authentication";
        let parameters = || all.iter().flat_map(|challenge| &challenge.parameters);
        assert!(parameters().any(|(name, value)| name == "error" && says_so(value)));
    }
}
