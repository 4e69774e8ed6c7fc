//! Where the endpoints of older Auth0 tenants are, for the parts that call them: tokens, sign-in and legacy.

use std::collections::HashMap;

use url::Url;

use crate::machine::error::Error;
use crate::model::configuration::{Configuration, IssuerUrl, parse_parameters};

/// The base of the legacy endpoints.
///
/// # Errors
/// [`Error::Configuration`] unless the configuration allows them.
pub(super) fn legacy_base(configuration: &Configuration) -> Result<&Url, Error> {
    match &configuration.issuer {
        IssuerUrl::Auth0(base) if configuration.legacy => Ok(base),
        _ => Err(Error::Configuration {
            field: "legacy",
            problem: "is off, and this call uses Auth0's endpoints of before June 2017; switch it on only for a \
                      tenant that still has them"
                .to_owned(),
        }),
    }
}

/// Validates additional parameters of a legacy call; `taken` are those that the call itself sets.
pub(super) fn parse_more(parameters: HashMap<String, String>, taken: &[&str]) -> Result<Vec<(String, String)>, Error> {
    let parsed = parse_parameters("parameters", parameters)?;
    match parsed.iter().find(|(name, _)| taken.contains(&name.as_str())) {
        Some((name, _)) => Err(Error::Argument {
            name: "parameters",
            problem: format!("sets {name:?}, which is a separate argument"),
        }),
        None => Ok(parsed),
    }
}
